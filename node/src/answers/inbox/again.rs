//! A question that waits, looked up and decided once more: on the facts, the consents and the own
//! rules of this moment.

use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::StoreError;
use grondslag_evidence::store::parts;
use grondslag_policy::{Decision, Effect, Overlay};
use grondslag_subject::Bsn;
use tokio::time::Instant;

use super::{Item, QUESTIONS, key};
use crate::agency::Agency;
use crate::answers::answering::{Stop, against, resolve};
use crate::answers::decide::{self, Decided, Found, Rules};
use crate::answers::facts::Case;
use crate::answers::verify::Attested;
use crate::consent::Hold;
use crate::detail::Detail;
use crate::own_rules::InForce;
use crate::records::SubjectKey;
use crate::watch::{NotNow, Witnessed};

/// Obligation of a second pair of eyes.
const SECOND: &str = "vier_ogen";

/// What is so now.
pub(super) struct Again {
    pub(super) attested: Attested,
    pub(super) detail: Detail,
    pub(super) found: Found,
    pub(super) decided: Decided,
    pub(super) in_force: InForce,
    pub(super) witnessed: Witnessed,
}

/// Looks the child of an item up again, and decides again. Nothing when they are known here no
/// longer.
///
/// # Errors
/// Why this node says nothing now, as to a first question; why the question cannot be read, the
/// rules are not at hand, or the registers cannot speak.
pub(super) async fn look(
    agency: &Agency,
    item: &Item,
    (now, held): (Timestamp, &Hold),
) -> Result<Option<Again>, Reason> {
    let kept = parts::read_body(agency.store.as_ref(), &key(QUESTIONS, &item.id)).await;
    let kept = kept.map_err(StoreError::reason)?.ok_or(Reason::StoreCorrupt)?;
    let attested = attested(agency, &kept, now)?;
    agency.may_answer(attested.header().times.asked_at, false)?;
    let witnessed = agency.watching.may_answer(attested.header(), Instant::now());
    let witnessed = witnessed.map_err(NotNow::reason)?;
    let in_force = agency.in_force(attested.header().times.asked_at, now)?;
    let number = Bsn::parse(&item.digits).map_err(|_| Reason::StoreCorrupt)?;
    let key = SubjectKey::of(&agency.secret, &number);
    let found = resolve(agency, &attested, &key, (now, held)).await;
    let Some(found) = found.map_err(Stop::reason)? else { return Ok(None) };
    let detail = attested.open_detail(&agency.oin, &agency.keys.seals)?;
    let decided = {
        let holder = (&agency.oin, &agency.kind);
        let case = Case::of(&in_force.pack, holder, &attested)?.stating(detail.facts.clone())?;
        decide::decide(&case, &attested, &found, Rules::of(&in_force, now))
    };
    let decided = decided.map_err(|error| error.reason())?;
    Ok(Some(Again { attested, detail, found, decided, in_force, witnessed }))
}

fn attested(agency: &Agency, kept: &[u8], now: Timestamp) -> Result<Attested, Reason> {
    against(agency, &agency.pack(), now, |against| Attested::from_stored(kept, against))
}

/// Whether a second person of the holder must confirm: a row that holds a question up for a person
/// says so (R42, or the agency's own rules). The second person that a review asks of the asker is
/// another one, and was there already.
pub(super) fn wants_second(in_force: &InForce, decision: &Decision) -> bool {
    let own = in_force.overlay.as_deref().map(Overlay::rows).unwrap_or_default();
    let rows = in_force.pack.rows().iter().chain(own);
    let mut deciding = rows.filter(|row| decision.rows.contains(&row.id));
    deciding
        .any(|row| row.effect == Effect::Hold && row.obligations.iter().any(|duty| duty == SECOND))
}
