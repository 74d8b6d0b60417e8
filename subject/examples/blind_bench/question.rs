//! A whole question as an asker's node makes it: hidden, sealed per target, signed.

use ed25519_dalek::SigningKey;
use getrandom::SysRng;
use grondslag_core::blind::{Encrypted, InboundKey};
use grondslag_core::catalogue::{Category, Purpose, QueryKind, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, InquiryId, Oin, Pseudonym, TargetId};
use grondslag_core::inquiry::{Header, Hidden, Inquiry, Part, RawInquiry, Times, Whole};
use grondslag_core::limits::DETAIL_BYTES;
use grondslag_core::seal::{About, Label, SealKey, seal};
use grondslag_core::statement::{ask_bytes, sign};
use grondslag_core::tier::{Level, Urgency};
use grondslag_subject::Bsn;
use grondslag_subject::pseudonym::number_point;
use rand_core::UnwrapErr;

use super::{EPOCH, Outcome, REGION};

/// Who asks, and under which keys. Every target has the same keys, which costs the same.
pub(crate) struct Asker<'a> {
    sign_key: SigningKey,
    inbound: &'a InboundKey,
    seal_key: SealKey,
    header: Header,
    categories: Vec<Category>,
    targets: Vec<Oin>,
}

impl<'a> Asker<'a> {
    /// An asker of so many targets.
    pub(crate) fn new(inbound: &'a InboundKey, seal_key: SealKey, targets: usize) -> Outcome<Self> {
        let oin = |n: usize| Oin::parse(&format!("00000099{n:08}1000"));
        let header = Header {
            asker: oin(0)?,
            role: Role::parse("vt.veiligheidsbeoordelaar")?,
            staff: Pseudonym::new([4; 16]),
            purpose: Purpose::parse("D05")?,
            kind: QueryKind::parse("Q01")?,
            grounds: Vec::new(),
            urgency: Urgency::Standard,
            break_glass: false,
            level: Level::Person,
            epoch: EPOCH,
            bundle: Digest::new([0; 32]),
            times: Times {
                asked_at: Timestamp::from_ms(0),
                ask_expires_at: Timestamp::from_ms(60_000),
                answer_by: Timestamp::from_ms(600_000),
            },
            approvers: Vec::new(),
        };
        Ok(Self {
            sign_key: SigningKey::from_bytes(&[1; 32]),
            inbound,
            seal_key,
            header,
            categories: vec![Category::parse("G05")?, Category::parse("G08")?],
            targets: (1..=targets).map(oin).collect::<Result<_, _>>()?,
        })
    }

    /// One question about a number.
    pub(crate) fn ask(&self, number: &Bsn) -> Outcome<Inquiry> {
        let (id, mut rng) = (InquiryId::new([3; 16]), UnwrapErr(SysRng));
        let keys = vec![self.inbound; self.targets.len()];
        let encrypted = Encrypted::new(&number_point(REGION, number)?, &keys, &mut rng)?;
        let parts = self.targets.iter().map(|oin| Ok((oin.clone(), self.part(&id, oin)?)));
        let parts = parts.collect::<Outcome<Vec<_>>>()?;
        let (one, two) = (encrypted.one(), encrypted.two().to_vec());
        let whole = Whole::of(&id, 1, &self.header, &parts, one, &two).signed_bytes();
        let proof = encrypted.prove(&Digest::of(&whole), &mut rng);
        let (hidden, header) = (Hidden { one, two, proof }, self.header.clone());
        let signature = sign(&self.sign_key, &whole);
        let raw = RawInquiry { id, attempt: 1, header, parts, hidden, signature };
        let inquiry = Inquiry::parse(raw, self.header.times.asked_at);
        inquiry.map_err(|reason| reason.code().into())
    }

    fn part(&self, id: &InquiryId, to: &Oin) -> Outcome<Part> {
        let (target_id, header) = (TargetId::derive(id, to), &self.header);
        let about = About {
            label: Label::Question,
            target_id,
            from: &header.asker,
            to,
            epoch: EPOCH,
            reply_no: 0,
            part: 1,
            last: true,
            answer_by: header.times.answer_by,
        };
        let content = [7; 1_000];
        let detail = seal(&self.seal_key, &about, &content, DETAIL_BYTES, &mut UnwrapErr(SysRng))?;
        let (categories, approvals) = (self.categories.clone(), Vec::new());
        let mut part = Part { categories, approvals, detail, signature: [0; 64] };
        part.signature = sign(&self.sign_key, &ask_bytes(&target_id, to, header, &part));
        Ok(part)
    }
}
