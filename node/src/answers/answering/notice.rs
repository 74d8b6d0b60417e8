//! A consent notice at the agency that it was put to.

use grondslag_evidence::store::Batch;

use super::Stop;
use super::shaped::Shaped;
use crate::agency::Agency;
use crate::answers::record::Ruled;
use crate::answers::verify::Attested;
use crate::consent::take::{Delivered, Taken, take};
use crate::consent::{Changing, store};

/// Writes down what a notice brings, if it holds and the child is known here. Whatever becomes of
/// it, it leaves one leaf.
pub(super) async fn take_notice(
    agency: &Agency,
    attested: &Attested,
    mut shaped: Shaped,
    held: &Changing,
) -> Result<Shaped, Stop> {
    let header = attested.header();
    let Some((digits, receipt)) = shaped.number.clone().zip(shaped.receipt.take()) else {
        store::write_nothing(agency, Batch::new(), held).await.map_err(Stop::of)?;
        return Ok(shaped);
    };
    let lines = &shaped.ruling.lines;
    let delivered = Delivered {
        from: (&header.asker, &header.role),
        digits: &digits,
        receipt: &receipt,
        is_permitted: lines.iter().all(|line| line.outcome == Ruled::Permit),
    };
    if let Taken::Refused(reason) = take(agency, &delivered, held).await.map_err(Stop::Fault)? {
        tracing::error!(reason = reason.code(), "alarm: a notice was not what it should be");
        shaped.ruling.alarm = Some(reason);
    }
    Ok(shaped)
}
