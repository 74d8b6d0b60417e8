//! Whose a pseudonym is, with all that this agency holds on them.

use grondslag_core::answer::About;
use grondslag_core::clock::Timestamp;

use super::Stop;
use crate::agency::Agency;
use crate::answers::decide::Found;
use crate::answers::verify::Attested;
use crate::consent::Hold;
use crate::consent::on_file::OnFile;
use crate::consent::store;
use crate::limits::RESOLVES_MAX;
use crate::own_view::log::{self, Whose};
use crate::own_view::strangers;
use crate::records::{Client, SourceFault, SubjectKey};

/// Column that says whether where a person is must stay secret.
const SHIELDED: &str = "subject_shielded";
/// Its value when it need not.
const OPEN: &str = "no";

/// Somebody who is no client and about whom this agency asked: for an own view alone.
pub(super) async fn stranger(
    agency: &Agency,
    key: &SubjectKey,
    now: Timestamp,
) -> Result<Option<Found>, Stop> {
    let Some(number) = strangers::find(agency.store.as_ref(), key).await? else {
        return Ok(None);
    };
    let found = Found { client: Client::stranger(number, now), ..Found::decoy(now) };
    with_log(agency, found, now).await.map(Some)
}

/// Looks the child up, with all that this agency holds on them at this moment.
pub(super) async fn resolve(
    agency: &Agency,
    attested: &Attested,
    key: &SubjectKey,
    (now, held): (Timestamp, &Hold),
) -> Result<Option<Found>, Stop> {
    for _ in 0..RESOLVES_MAX {
        let Some(client) = agency.source.find(attested, key, now).await? else {
            return Ok(None);
        };
        match read(agency, attested, client, now).await {
            // An import was published in between: what was found is of the old register.
            Err(SourceFault::Changed) => {}
            read => {
                let mut found = read?;
                if attested.header().kind.is_own_view() {
                    found = with_log(agency, found, now).await?;
                }
                let entry = store::entry_of(&agency.secret, found.client.number.expose());
                let consents = store::read(agency.store.as_ref(), &entry, held).await;
                return Ok(Some(Found { consents: consents.map_err(Stop::of)?, ..found }));
            }
        }
    }
    Err(SourceFault::Changed.into())
}

/// For an own view: this node's ledger holds the access log, and no register does.
async fn with_log(agency: &Agency, found: Found, now: Timestamp) -> Result<Found, Stop> {
    let shielded = found.facts.iter().any(|fact| fact.column == SHIELDED && fact.value != OPEN);
    let about = found.records.first().map_or(About::Child, |record| record.about);
    let digits = found.client.number.expose();
    let records = log::records(agency, digits, Whose { about, shielded, now }).await;
    Ok(Found { records: records.map_err(Stop::of)?, ..found })
}

async fn read(
    agency: &Agency,
    attested: &Attested,
    client: Client,
    now: Timestamp,
) -> Result<Found, SourceFault> {
    let records = agency.source.records(attested, &client, now).await?;
    let facts = agency.source.facts(attested, &client, now).await?;
    Ok(Found { client, records, facts, consents: OnFile::default() })
}
