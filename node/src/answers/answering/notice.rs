//! A notice at the agency that it was put to.

use grondslag_evidence::store::Batch;

use super::Stop;
use super::shaped::Shaped;
use crate::agency::Agency;
use crate::answers::record::Ruled;
use crate::answers::verify::Attested;
use crate::consent::{self, Changing, store};
use crate::notices::{Delivered, Taken};
use crate::rights;

/// Writes down what a notice brings, if it holds and the person is known here. Whatever becomes of
/// it, it leaves one leaf.
pub(super) async fn take_notice(
    agency: &Agency,
    attested: &Attested,
    mut shaped: Shaped,
    held: &Changing,
) -> Result<Shaped, Stop> {
    let header = attested.header();
    let Some((digits, notice)) = shaped.number.clone().zip(shaped.notice.take()) else {
        store::write_nothing(agency, Batch::new(), held).await.map_err(Stop::of)?;
        return Ok(shaped);
    };
    let lines = &shaped.ruling.lines;
    let delivered = Delivered {
        from: (&header.asker, &header.role),
        digits: &digits,
        notice: &notice,
        is_permitted: lines.iter().all(|line| line.outcome == Ruled::Permit),
    };
    let taken = if attested.is_about_rights() {
        rights::take(agency, &delivered, held).await
    } else {
        consent::take::take(agency, &delivered, held).await
    };
    if let Taken::Refused(reason) = taken.map_err(Stop::Fault)? {
        tracing::error!(reason = reason.code(), "alarm: a notice was not what it should be");
        shaped.ruling.alarm = Some(reason);
    }
    Ok(shaped)
}
