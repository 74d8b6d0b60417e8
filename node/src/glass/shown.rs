//! Uses of break glass as the desk sees them.

use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::parts::Seen;
use grondslag_proto::v1;

use super::{Put, Use};
use crate::agency::Agency;
use crate::answers::inbox;
use crate::answers::record::on_target;

/// A list of them, on both sides.
///
/// # Errors
/// Those of the store.
pub(super) async fn list(
    agency: &Agency,
    uses: &[(Use, Seen)],
    puts: &[(Put, Seen)],
    now: Timestamp,
) -> Result<v1::ListGlassResponse, Reason> {
    let mut shown = Vec::with_capacity(puts.len());
    for (asked, _) in puts {
        shown.push(put(agency, asked).await?);
    }
    let uses = uses.iter().map(|(used, _)| one(agency, used, now)).collect();
    Ok(v1::ListGlassResponse { uses, puts: shown, ..v1::ListGlassResponse::default() })
}

/// One of them; the number for who reviews it.
pub(super) fn whole(
    agency: &Agency,
    used: &Use,
    reviews: bool,
    now: Timestamp,
) -> v1::ShowGlassResponse {
    let subject = used.digits.clone().filter(|_| reviews);
    v1::ShowGlassResponse {
        r#use: Some(one(agency, used, now)),
        subject: subject.unwrap_or_default(),
        necessity: used.necessity.clone(),
        text: used.review.as_ref().map(|review| review.text.clone()).unwrap_or_default(),
        refusal: None,
    }
}

fn one(agency: &Agency, used: &Use, now: Timestamp) -> v1::GlassUse {
    let targets = used.targets.iter().map(|(oin, categories)| v1::GlassTarget {
        oin: oin.to_string(),
        name: agency.name_of(oin),
        categories: categories.iter().map(ToString::to_string).collect(),
    });
    let review = used.review.as_ref();
    v1::GlassUse {
        inquiry_id: used.inquiry.as_bytes().to_vec(),
        staff_id: used.staff.as_str().to_owned(),
        role: used.role.to_string(),
        purpose: used.purpose.to_string(),
        asked_at_ms: used.asked_at.ms(),
        due_ms: used.due.ms(),
        suspends: used.suspends(now),
        targets: targets.collect(),
        verdict: review.map(|review| review.verdict.word().to_owned()).unwrap_or_default(),
        reviewer_id: review.map(|review| review.by.as_str().to_owned()).unwrap_or_default(),
        reviewed_at_ms: review.map_or(0, |review| review.at.ms()),
        late: used.is_late(now),
        seen_at_ms: used.seen_at.map_or(0, Timestamp::ms),
    }
}

async fn put(agency: &Agency, put: &Put) -> Result<v1::GlassPut, Reason> {
    let decided = on_target(agency, &put.target).await?;
    let review = inbox::stands(agency, &put.target).await?;
    Ok(v1::GlassPut {
        target_id: put.target.as_bytes().to_vec(),
        asker_oin: put.asker.to_string(),
        asker_name: agency.name_of(&put.asker),
        role: put.role.to_string(),
        purpose: put.purpose.to_string(),
        at_ms: put.at.ms(),
        outcome: decided.map(|record| record.outcome.to_string()).unwrap_or_default(),
        review: review.map(|state| state.word().to_owned()).unwrap_or_default(),
    })
}
