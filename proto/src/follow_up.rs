//! Follow-ups: wire to core and back.

use std::fmt;

use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Oin, TargetId};
use grondslag_core::limits::{FOLLOW_UP_BYTES, FOLLOW_UPS_MAX};
use grondslag_core::reason::Reason;
use grondslag_core::statement::{self, FollowUpFields};

use crate::v1;

/// What an asker adds to its question for one target, as it travels.
#[derive(Clone, PartialEq, Eq)]
pub struct FollowUp {
    /// The question as the target knows it.
    pub target_id: TargetId,
    /// 1 for the first one to this target.
    pub number: u32,
    /// Sealed for the target.
    pub body: Vec<u8>,
    /// The asker's signature.
    pub signature: [u8; 64],
}

impl fmt::Debug for FollowUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FollowUp({}, {}, …)", self.target_id, self.number)
    }
}

impl FollowUp {
    /// What the signature covers, of a question from one agency to another with this term.
    pub fn fields<'a>(
        &'a self,
        [from, to]: [&'a Oin; 2],
        answer_by: Timestamp,
    ) -> FollowUpFields<'a> {
        let Self { target_id, number, body, .. } = self;
        FollowUpFields { target_id: *target_id, from, to, number: *number, answer_by, body }
    }

    /// Whether the asker signed it.
    ///
    /// # Errors
    /// `STATEMENT_INVALID`.
    pub fn verify(&self, key: &[u8; 32], fields: &FollowUpFields<'_>) -> Result<(), Reason> {
        statement::verify(key, &fields.canonical(), &self.signature)
            .map_err(|_| Reason::StatementInvalid)
    }
}

impl TryFrom<v1::FollowUp> for FollowUp {
    type Error = Reason;

    /// Reads the fields.
    ///
    /// # Errors
    /// `SEAL_INVALID` for another length, which would tell something of what it holds; `TOO_LARGE`
    /// for a number beyond those that there are; `MALFORMED`, `STATEMENT_INVALID`.
    fn try_from(wire: v1::FollowUp) -> Result<Self, Reason> {
        if wire.body.len() != FOLLOW_UP_BYTES {
            return Err(Reason::SealInvalid);
        }
        match wire.number {
            0 => return Err(Reason::Malformed),
            number if number > FOLLOW_UPS_MAX => return Err(Reason::TooLarge),
            _ => {}
        }
        Ok(Self {
            target_id: TargetId::from_slice(&wire.target_id).map_err(|_| Reason::Malformed)?,
            number: wire.number,
            body: wire.body,
            signature: wire
                .signature
                .as_slice()
                .try_into()
                .map_err(|_| Reason::StatementInvalid)?,
        })
    }
}

impl From<FollowUp> for v1::FollowUp {
    fn from(follow_up: FollowUp) -> Self {
        Self {
            target_id: follow_up.target_id.as_bytes().to_vec(),
            number: follow_up.number,
            body: follow_up.body,
            signature: follow_up.signature.to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire() -> v1::FollowUp {
        v1::FollowUp {
            target_id: vec![1; TargetId::LEN],
            number: 1,
            body: vec![2; FOLLOW_UP_BYTES],
            signature: vec![3; 64],
        }
    }

    #[test]
    fn a_follow_up_reads_back_as_it_was_written() {
        let read = FollowUp::try_from(wire()).unwrap();
        assert_eq!(v1::FollowUp::from(read), wire());
    }

    #[test]
    fn what_is_no_follow_up_has_its_reason() {
        let change = |change: fn(&mut v1::FollowUp)| {
            let mut wire = wire();
            change(&mut wire);
            FollowUp::try_from(wire).unwrap_err()
        };
        assert_eq!(change(|wire| wire.body.truncate(100)), Reason::SealInvalid);
        assert_eq!(change(|wire| wire.body.push(0)), Reason::SealInvalid);
        assert_eq!(change(|wire| wire.number = 0), Reason::Malformed);
        assert_eq!(change(|wire| wire.number = FOLLOW_UPS_MAX + 1), Reason::TooLarge);
        assert_eq!(change(|wire| wire.target_id.truncate(3)), Reason::Malformed);
        assert_eq!(change(|wire| wire.signature.clear()), Reason::StatementInvalid);
    }
}
