//! What is asked of one target, as the broker sees it and as every signature and leaf names it by
//! its digest. Whoever keeps the bytes can show later what the digest is of.

use super::{Approval, Approver, Header, Times};
use crate::canonical::{Canonical, NotCanonical, Reader};
use crate::catalogue::Category;
use crate::clock::Timestamp;
use crate::id::{Digest, Pseudonym};
use crate::limits::{APPROVERS_MAX, CATEGORIES_MAX, GROUNDS_MAX};

/// Label of the bytes.
const LABEL: &str = "grondslag/header/v1";
/// Label of one approver in them.
const APPROVER: &str = "grondslag/header-approver/v1";
/// Label of one approval in them.
const APPROVAL: &str = "grondslag/header-approval/v1";

/// The header of a question with what is asked of one target: all that the broker may see of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedOf {
    /// What broker and every target may see.
    pub header: Header,
    /// What is asked of this target.
    pub categories: Vec<Category>,
    /// Second persons' signatures for it.
    pub approvals: Vec<Approval>,
}

impl Header {
    /// The header together with what is asked of one target: everything about the question to that
    /// target that the broker may see.
    pub fn canonical(&self, categories: &[Category], approvals: &[Approval]) -> Vec<u8> {
        let approvers: Vec<Vec<u8>> = self.approvers.iter().map(Approver::canonical).collect();
        let approvals: Vec<Vec<u8>> = approvals.iter().map(Approval::canonical).collect();
        Canonical::new(LABEL)
            .text(self.asker.as_str())
            .text(self.role.as_str())
            .bytes(self.staff.as_bytes())
            .text(self.purpose.as_str())
            .text(self.kind.as_str())
            .list(self.grounds.iter())
            .list(categories.iter())
            .text(self.urgency.word())
            .list(approvers.iter())
            .list(approvals.iter())
            .flag(self.break_glass)
            .text(self.level.word())
            .number(self.epoch.into())
            .bytes(self.bundle.as_bytes())
            .signed(self.times.asked_at.ms())
            .signed(self.times.ask_expires_at.ms())
            .signed(self.times.answer_by.ms())
            .finish()
    }

    /// Digest of these bytes.
    pub fn digest(&self, categories: &[Category], approvals: &[Approval]) -> Digest {
        Digest::of(&self.canonical(categories, approvals))
    }
}

impl AskedOf {
    /// Reads the bytes back.
    ///
    /// # Errors
    /// [`NotCanonical`] for anything that [`Header::canonical`] would not have written.
    pub fn parse(bytes: &[u8]) -> Result<Self, NotCanonical> {
        let mut reader = Reader::new(bytes, LABEL)?;
        let (asker, role) = (reader.word()?, reader.word()?);
        let staff = Pseudonym::new(reader.array()?);
        let (purpose, kind) = (reader.word()?, reader.word()?);
        let (grounds, categories) = (reader.words(GROUNDS_MAX)?, reader.words(CATEGORIES_MAX)?);
        let urgency = reader.word()?;
        let approvers = reader.list(APPROVERS_MAX)?.into_iter().map(Approver::parse);
        let approvers = approvers.collect::<Result<_, _>>()?;
        let approvals = reader.list(APPROVERS_MAX)?.into_iter().map(Approval::parse);
        let approvals = approvals.collect::<Result<_, _>>()?;
        let (break_glass, level) = (reader.flag()?, reader.word()?);
        let epoch = u32::try_from(reader.number()?).map_err(|_| NotCanonical)?;
        let bundle = Digest::new(reader.array()?);
        let mut time = || reader.signed().map(Timestamp::from_ms);
        let times = Times { asked_at: time()?, ask_expires_at: time()?, answer_by: time()? };
        reader.end()?;
        let header = Header {
            asker,
            role,
            staff,
            purpose,
            kind,
            grounds,
            urgency,
            break_glass,
            level,
            epoch,
            bundle,
            times,
            approvers,
        };
        Ok(Self { header, categories, approvals })
    }
}

impl Approver {
    fn canonical(&self) -> Vec<u8> {
        Canonical::new(APPROVER)
            .bytes(self.pseudonym.as_bytes())
            .text(self.role.as_str())
            .signed(self.mandate_until.ms())
            .bytes(&self.public_key)
            .bytes(&self.vouched)
            .finish()
    }

    fn parse(bytes: &[u8]) -> Result<Self, NotCanonical> {
        let mut reader = Reader::new(bytes, APPROVER)?;
        let approver = Self {
            pseudonym: Pseudonym::new(reader.array()?),
            role: reader.word()?,
            mandate_until: Timestamp::from_ms(reader.signed()?),
            public_key: reader.array()?,
            vouched: reader.array()?,
        };
        reader.end()?;
        Ok(approver)
    }
}

impl Approval {
    fn canonical(&self) -> Vec<u8> {
        Canonical::new(APPROVAL)
            .bytes(self.pseudonym.as_bytes())
            .bytes(self.commitment.as_bytes())
            .bytes(&self.signature)
            .finish()
    }

    fn parse(bytes: &[u8]) -> Result<Self, NotCanonical> {
        let mut reader = Reader::new(bytes, APPROVAL)?;
        let approval = Self {
            pseudonym: Pseudonym::new(reader.array()?),
            commitment: Digest::new(reader.array()?),
            signature: reader.array()?,
        };
        reader.end()?;
        Ok(approval)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::header;
    use super::*;
    use crate::catalogue::Role;

    #[test]
    fn what_is_asked_of_a_target_reads_back_and_no_byte_may_change_its_form() {
        let mut header = header();
        let pseudonym = Pseudonym::new([9; 16]);
        header.approvers.push(Approver {
            pseudonym,
            role: Role::parse("gi.gedragswetenschapper").unwrap(),
            mandate_until: header.times.answer_by,
            public_key: [5; 32],
            vouched: [6; 64],
        });
        let approval = Approval { pseudonym, commitment: Digest::new([7; 32]), signature: [8; 64] };
        let categories = vec![Category::parse("G05").unwrap(), Category::parse("G16").unwrap()];
        let asked = AskedOf { header, categories, approvals: vec![approval] };
        let bytes = asked.header.canonical(&asked.categories, &asked.approvals);
        assert_eq!(AskedOf::parse(&bytes), Ok(asked.clone()));
        assert_eq!(
            asked.header.digest(&asked.categories, &asked.approvals),
            Digest::of(&bytes),
            "signatures and leaves name these bytes"
        );
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= 0x80;
            let again = AskedOf::parse(&changed);
            let again = again.map(|read| read.header.canonical(&read.categories, &read.approvals));
            assert!(again.is_err() || again == Ok(changed), "byte {index}");
        }
        for end in 0..bytes.len() {
            assert_eq!(AskedOf::parse(&bytes[..end]), Err(NotCanonical), "{end}");
        }
    }
}
