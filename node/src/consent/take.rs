//! Writing down what another agency brought.

use grondslag_core::catalogue::Role;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::Batch;

use super::act::{Act, Written};
use super::brought::{From, unwrap};
use super::check::Names;
use super::gate::Changing;
use super::on_file::OnFile;
use super::store::{About, Body, entry_of, read, write, write_nothing};
use crate::agency::Agency;
use crate::limits::WRITE_TRIES_MAX;
use crate::notices::{Delivered, Taken};

/// Takes a notice. What could open something is taken only when the rules permit the notice; what
/// closes is taken in any case, whatever else it names.
///
/// # Errors
/// Faults of store and ledger: nobody is told that it came.
pub(crate) async fn take(
    agency: &Agency,
    delivered: &Delivered<'_>,
    held: &Changing,
) -> Result<Taken, Reason> {
    let entry = entry_of(&agency.secret, delivered.digits);
    let on_file = read(agency.store.as_ref(), &entry, held).await?;
    match accepted(agency, delivered, &on_file) {
        Ok(Some(written)) => written_down(agency, delivered.digits, written, held).await,
        Ok(None) => {
            write_nothing(agency, Batch::new(), held).await?;
            Ok(Taken::Taken)
        }
        Err(reason) => {
            write_nothing(agency, Batch::new(), held).await?;
            Ok(Taken::Refused(reason))
        }
    }
}

async fn written_down(
    agency: &Agency,
    digits: &str,
    written: Written,
    held: &Changing,
) -> Result<Taken, Reason> {
    let mut failed = Reason::Busy;
    let body = Body::about(digits, written)?;
    for _ in 0..WRITE_TRIES_MAX {
        // Custody is never brought by others.
        let about = About { digits, of_age: None };
        match write(agency, about, body.clone(), Batch::new(), held).await {
            Ok(()) => return Ok(Taken::Taken),
            Err(reason @ (Reason::ConsentsFull | Reason::TooLarge)) => {
                write_nothing(agency, Batch::new(), held).await?;
                return Ok(Taken::Refused(reason));
            }
            // A write of before that was cut off landed meanwhile: read and written anew.
            Err(Reason::Busy) => failed = Reason::Busy,
            Err(reason) => return Err(reason),
        }
    }
    Err(failed)
}

/// The act, if it is to be written down.
fn accepted(
    agency: &Agency,
    delivered: &Delivered<'_>,
    on_file: &OnFile,
) -> Result<Option<Written>, Reason> {
    let (asker, role) = delivered.from;
    let (card, now) = (agency.directory.card(asker)?, agency.clock.now());
    let key = &card.card().sign_key;
    let from = From { asker, role, key, digits: delivered.digits, now };
    let written = unwrap(delivered.notice, &from)?;
    if on_file.all().iter().any(|one| one.id == written.id && one.author == written.author) {
        return Ok(None);
    }
    if let Act::Statement(said) = &written.act
        && !said.holders.contains(&agency.oin)
    {
        return Err(Reason::HeaderMismatch);
    }
    if written.act.closes() {
        return Ok(Some(written));
    }
    let may_open = may_open(agency, role, &written, now)?;
    Ok((delivered.is_permitted && may_open).then_some(written))
}

/// Whether something that could open may be written down: by the rules here it can count, and it
/// has not ended.
fn may_open(
    agency: &Agency,
    role: &Role,
    written: &Written,
    now: Timestamp,
) -> Result<bool, Reason> {
    let pack = agency.pack();
    if !pack.consents().may_record(role) {
        return Err(Reason::ConsentRole);
    }
    let Act::Statement(said) = &written.act else { return Ok(true) };
    let kind_of = |oin: &Oin| agency.kind_of(oin);
    Names { pack: &pack, kind_of: &kind_of }.check(said, written.recorded_at)?;
    Ok(said.yes_until.is_none_or(|until| now < until))
}
