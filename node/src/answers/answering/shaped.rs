//! What will be said to a question, and the same work where nothing is: for a child who is not
//! known here, and for a made-up subject.

use grondslag_core::seal::About;
use grondslag_proto::v1;

use super::Stop;
use crate::agency::Agency;
use crate::answers::decide::{self, Found, Rules};
use crate::answers::facts::Case;
use crate::answers::record::Ruling;
use crate::answers::release::Draft;
use crate::answers::shape;
use crate::answers::verify::Attested;
use crate::consent::Hold;
use crate::consent::store;
use crate::random::random;
use crate::records::SubjectKey;
use crate::rights::standing;
use crate::secret::INDEX_LEN;

/// What will be said, and what is recorded of it.
pub(super) struct Shaped {
    pub(super) draft: Draft,
    pub(super) ruling: Ruling,
    /// Whose number binds the answer; of nobody on a miss.
    pub(super) number: Option<String>,
    /// What a notice brings.
    pub(super) notice: Option<v1::SignedNotice>,
}

impl Shaped {
    /// Nothing that may be told; bound to a number only for a made-up subject.
    pub(super) fn miss(attested: &Attested, number: Option<String>) -> Self {
        let (draft, lines) = shape::miss(attested);
        Self { draft, ruling: Ruling { lines, ..Ruling::default() }, number, notice: None }
    }

    /// A made-up subject was met: the answer is a neutral one, and bound to its number, which only
    /// who knows the number can see.
    pub(super) fn canary(
        agency: &Agency,
        case: &Case<'_>,
        attested: &Attested,
        key: &SubjectKey,
        rules: Rules<'_>,
    ) -> Self {
        decoy(agency, case, attested, rules);
        let digits = agency.index.canary(key).map(|canary| canary.expose().to_owned());
        Self::miss(attested, digits)
    }

    pub(super) fn known(
        case: &Case<'_>,
        attested: &Attested,
        found: &Found,
        rules: Rules<'_>,
    ) -> Result<Self, Stop> {
        let mut decided = decide::decide(case, attested, found, rules)?;
        let facts = std::mem::take(&mut decided.facts);
        let naming = Some(decided.naming.clone());
        let (draft, lines) = shape::known(attested, decided, found, rules.now)?;
        let number = Some(found.client.number.expose().to_owned());
        let ruling = Ruling { lines, facts, naming, alarm: None };
        Ok(Self { draft, ruling, number, notice: None })
    }

    /// A notice: it is answered with nothing, as for a child who is not known.
    pub(super) fn brought(
        case: &Case<'_>,
        attested: &Attested,
        found: &Found,
        rules: Rules<'_>,
        notice: Option<v1::SignedNotice>,
    ) -> Result<Self, Stop> {
        let mut decided = decide::decide(case, attested, found, rules)?;
        let facts = std::mem::take(&mut decided.facts);
        let naming = Some(decided.naming.clone());
        let (draft, lines) = shape::silent(attested, decided);
        let number = Some(found.client.number.expose().to_owned());
        let ruling = Ruling { lines, facts, naming, alarm: None };
        Ok(Self { draft, ruling, number, notice })
    }
}

/// The looks into the registers of a hit, at nobody's place.
pub(super) async fn nobody(agency: &Agency, held: &Hold) -> Result<(), Stop> {
    let noise: [u8; INDEX_LEN] = random().map_err(Stop::Fault)?;
    let stands = standing::read(agency.store.as_ref(), &noise).await;
    stands.map(drop).map_err(Stop::of)?;
    store::read(agency.store.as_ref(), &noise, held).await.map(drop).map_err(Stop::of)
}

/// The work of a hit, for nobody: a seal that does not open, and a decision that is thrown away.
pub(super) fn decoy(agency: &Agency, case: &Case<'_>, attested: &Attested, rules: Rules<'_>) {
    let nowhere = About {
        reply_no: u32::MAX,
        ..About::detail(attested.target_id(), attested.header(), &agency.oin)
    };
    let _closed = agency.keys.seals.open(&nowhere, attested.sealed_detail());
    let _thrown_away = decide::decide(case, attested, &Found::decoy(rules.now), rules);
}
