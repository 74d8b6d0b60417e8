//! To whom an act goes that names other agencies.

use std::collections::BTreeSet;

use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::Batch;

use super::act::{Act, Author, Statement, Written};
use super::on_file::OnFile;
use super::store::{entry_of, read};
use crate::agency::Agency;
use crate::notices::outbox::{self, News, Sender};
use crate::staff::Person;

/// The writes that put an act on its way to whom it names; none for one that names nobody else.
///
/// # Errors
/// `TOO_LARGE` for one that does not fit; `INTERNAL` without randomness.
pub(super) fn put(
    agency: &Agency,
    digits: &str,
    (written, by): (&Written, &Person),
    on_file: &OnFile,
) -> Result<Batch, Reason> {
    let to = receivers(&agency.oin, &written.act, on_file);
    let by =
        Sender { role: written.role.clone(), staff: by.id().clone(), pseudonym: by.pseudonym() };
    outbox::put(Batch::new(), agency, (digits, News::Consent(Box::new(written.clone()))), by, to)
}

/// Who must hear of an act: the other holders that it names; of taking something back, those that
/// the yes or no names, and who wrote it down.
fn receivers(own: &Oin, act: &Act, on_file: &OnFile) -> BTreeSet<Oin> {
    let mut to = match act {
        Act::Statement(said) => said.holders.clone(),
        act => on_file.taken_back_by(act).flat_map(|(one, said)| parties(one, said)).collect(),
    };
    to.remove(own);
    to
}

fn parties(one: &Written, said: &Statement) -> Vec<Oin> {
    let author = match &one.author {
        Author::Agency(oin) => Some(oin),
        Author::Staff(_) => None,
    };
    said.holders.iter().chain(author).cloned().collect()
}

/// Whether an act stands in the register still. In one that was closed for want of room it may
/// never have stood.
///
/// # Errors
/// `STORE_CORRUPT`, or those of the store.
pub(crate) async fn stands(
    agency: &Agency,
    digits: &str,
    written: &Written,
) -> Result<bool, Reason> {
    let entry = entry_of(&agency.secret, digits);
    let answering = agency.consents.answer().await;
    let on_file = read(agency.store.as_ref(), &entry, &answering).await?;
    Ok(on_file.all().iter().any(|one| one.id == written.id || one.act == Act::Closed))
}
