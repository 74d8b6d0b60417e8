//! A question in the making, as an agency that does not keep to the protocol might put it.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use ed25519_dalek::SigningKey;
use grondslag_core::blind::{Element, Encrypted, InboundKey};
use grondslag_core::catalogue::{Category, Purpose, QueryKind, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, InquiryId, Oin, Pseudonym, TargetId};
use grondslag_core::inquiry::{Header, Hidden, Inquiry, Part, RawInquiry, Times, Whole};
use grondslag_core::limits::DETAIL_BYTES;
use grondslag_core::seal::{About, seal};
use grondslag_core::statement::{ask_bytes, sign};
use grondslag_core::tier::{Level, Urgency};
use grondslag_proto::v1;
use grondslag_subject::Bsn;
use grondslag_subject::pseudonym::number_point;
use prost::Message as _;

use super::keys::{RegionKeys, rng, sealed};

const DAY_MS: i64 = 24 * 3_600 * 1_000;
const ASK_LIFE_MS: i64 = 60_000;

/// A necessity text that passes every check.
pub const NECESSITY: &str = "Nodig om te beoordelen welke hulp er al is en wat nu moet gebeuren.";

/// Who asks, and what for.
#[derive(Debug, Clone, Copy)]
pub struct Plea<'a> {
    /// In which role.
    pub role: &'a str,
    /// What for.
    pub purpose: &'a str,
    /// What sort of question.
    pub query_kind: &'a str,
    /// About whom.
    pub subject: &'a str,
    /// What is asked.
    pub categories: &'a [&'a str],
    /// What the asker states.
    pub facts: &'a [(&'a str, &'a str)],
}

/// A question in the making: change any field, then sign it.
#[derive(Clone)]
pub struct Sketch {
    /// The inquiry.
    pub id: InquiryId,
    /// 1 or 2.
    pub attempt: u8,
    /// The header.
    pub header: Header,
    /// About whom.
    pub subject: String,
    /// Why.
    pub necessity: String,
    /// What the asker states.
    pub facts: Vec<(String, String)>,
    /// Per target. [`Sketch::sign`] makes details and signatures.
    pub parts: Vec<(Oin, Part)>,
    /// What a detail says of its header, instead of the truth.
    pub header_digest: Option<Digest>,
    /// About whom, hidden, as last signed.
    pub hidden: Option<Hidden>,
    keys: Arc<RegionKeys>,
    signature: [u8; 64],
}

impl Sketch {
    /// An unsigned question under the rules `bundle`.
    ///
    /// # Errors
    /// When a word is no code.
    pub fn of(
        asker: &Oin,
        plea: &Plea<'_>,
        targets: &[&Oin],
        keys: Arc<RegionKeys>,
        bundle: Digest,
        now: Timestamp,
    ) -> Result<Self> {
        let categories = plea.categories.iter().map(|code| Category::parse(code));
        let categories: Vec<Category> = categories.collect::<Result<_, _>>()?;
        let part =
            Part { categories, approvals: Vec::new(), detail: Vec::new(), signature: [0; 64] };
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
        let stated = plea.facts.iter();
        let stated = stated.map(|(column, value)| ((*column).to_owned(), (*value).to_owned()));
        Ok(Self {
            id: InquiryId::new(id),
            attempt: 1,
            header: header(asker, plea, keys.epoch(), bundle, now)?,
            subject: plea.subject.to_owned(),
            necessity: NECESSITY.to_owned(),
            facts: stated.collect(),
            parts: targets.iter().map(|oin| ((*oin).clone(), part.clone())).collect(),
            header_digest: None,
            hidden: None,
            keys,
            signature: [0; 64],
        })
    }

    /// Hides the number and makes details and signatures, all anew.
    ///
    /// # Errors
    /// When the subject is no number, or something does not fit.
    pub fn sign(&mut self, key: &SigningKey) -> Result<()> {
        self.seal_details()?;
        self.sign_parts(key)
    }

    /// Makes the details anew, and signs nothing.
    ///
    /// # Errors
    /// When something does not fit.
    pub fn seal_details(&mut self) -> Result<()> {
        let details = self.parts.iter().map(|(oin, part)| self.detail(oin, part));
        let details: Vec<Vec<u8>> = details.collect::<Result<_>>()?;
        for ((_, part), detail) in self.parts.iter_mut().zip(details) {
            part.detail = detail;
        }
        Ok(())
    }

    /// Hides the number and makes signatures anew, with the details that stand there.
    ///
    /// # Errors
    /// When the subject is no number.
    pub fn sign_parts(&mut self, key: &SigningKey) -> Result<()> {
        for (oin, part) in &mut self.parts {
            let id = TargetId::derive(&self.id, oin);
            part.signature = sign(key, &ask_bytes(&id, oin, &self.header, part));
        }
        self.hide()?;
        self.sign_whole(key)
    }

    /// Signs what stands there for broker and key holders, and makes nothing anew.
    ///
    /// # Errors
    /// When nothing was hidden yet.
    pub fn sign_whole(&mut self, key: &SigningKey) -> Result<()> {
        let Hidden { one, two, .. } = self.hidden.as_ref().context("nothing is hidden yet")?;
        self.signature = sign(key, &self.whole(one, two));
        Ok(())
    }

    /// Hides the number of the subject for every target, and proves it for what else stands there.
    ///
    /// # Errors
    /// When the subject is no number.
    pub fn hide(&mut self) -> Result<()> {
        let mut rng = rng();
        let number = point(self.keys.region(), &self.subject)?;
        let keys = self.parts.iter().map(|(oin, _)| Ok(self.keys.of(oin)?.inbound));
        let keys: Vec<InboundKey> = keys.collect::<Result<_>>()?;
        let keys: Vec<&InboundKey> = keys.iter().collect();
        let encrypted = Encrypted::new(&number, &keys, &mut rng)?;
        let (one, two) = (encrypted.one(), encrypted.two().to_vec());
        let about = Digest::of(&self.whole(&one, &two));
        let proof = encrypted.prove(&about, &mut rng);
        self.hidden = Some(Hidden { one, two, proof });
        Ok(())
    }

    fn whole(&self, one: &Element, two: &[Element]) -> Vec<u8> {
        Whole::of(&self.id, self.attempt, &self.header, &self.parts, *one, two).signed_bytes()
    }

    fn detail(&self, oin: &Oin, part: &Part) -> Result<Vec<u8>> {
        let stated = self
            .facts
            .iter()
            .map(|(column, value)| v1::StatedFact { column: column.clone(), value: value.clone() });
        let header = self.header.digest(&part.categories, &part.approvals);
        let header = self.header_digest.unwrap_or(header);
        let content = v1::Detail {
            necessity: self.necessity.clone(),
            facts: stated.collect(),
            reference: Vec::new(),
            header_digest: header.as_bytes().to_vec(),
            notice: None,
            criteria: Vec::new(),
        };
        let about = About::detail(TargetId::derive(&self.id, oin), &self.header, oin);
        let to = self.keys.of(oin)?.seal;
        seal(&to, &about, &content.encode_to_vec(), DETAIL_BYTES, &mut rng()).map_err(sealed)
    }

    /// What is asked of one target.
    pub fn part(&self, target: &Oin) -> Option<&Part> {
        self.parts.iter().find(|(oin, _)| oin == target).map(|(_, part)| part)
    }

    /// The keys that it is hidden and sealed under.
    pub fn keys(&self) -> &RegionKeys {
        &self.keys
    }

    /// The question as it travels to the broker.
    ///
    /// # Errors
    /// When it could not be put on the wire at all.
    pub fn to_wire(&self) -> Result<v1::AskRequest> {
        let raw = RawInquiry {
            id: self.id,
            attempt: self.attempt,
            header: self.header.clone(),
            parts: self.parts.clone(),
            hidden: self.hidden.clone().context("it was not signed")?,
            signature: self.signature,
        };
        // Fresh at its own moment, whatever the moment is.
        let parsed = Inquiry::parse(raw, self.header.times.asked_at);
        let parsed = parsed.ok().context("the sketch is no question")?;
        Ok((&parsed).into())
    }
}

/// The point of a number, as everybody in the region makes it.
///
/// # Errors
/// When it is no number.
pub fn point(region: &str, number: &str) -> Result<Element> {
    let number = Bsn::parse(number).map_err(|error| anyhow::anyhow!(error.reason()))?;
    Ok(number_point(region, &number)?)
}

fn header(
    asker: &Oin,
    plea: &Plea<'_>,
    epoch: u32,
    bundle: Digest,
    now: Timestamp,
) -> Result<Header> {
    Ok(Header {
        asker: asker.clone(),
        role: Role::parse(plea.role)?,
        staff: Pseudonym::new([4; 16]),
        purpose: Purpose::parse(plea.purpose)?,
        kind: QueryKind::parse(plea.query_kind)?,
        grounds: Vec::new(),
        urgency: Urgency::Standard,
        break_glass: false,
        level: Level::Person,
        epoch,
        bundle,
        times: Times {
            asked_at: now,
            ask_expires_at: now.plus_ms(ASK_LIFE_MS),
            answer_by: now.plus_ms(DAY_MS),
        },
        approvers: Vec::new(),
    })
}
