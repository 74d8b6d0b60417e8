//! Whose a pseudonym is, with all that this agency holds on them.

use grondslag_core::answer::{About, Record};
use grondslag_core::clock::Timestamp;
use grondslag_policy::consent::AgeBand;

use super::Stop;
use crate::agency::Agency;
use crate::answers::decide::Found;
use crate::answers::verify::Attested;
use crate::asks::draft::YOUNG_PERSON;
use crate::consent::Hold;
use crate::consent::on_file::age_band;
use crate::consent::store;
use crate::limits::RESOLVES_MAX;
use crate::own_view::log::{self, Whose};
use crate::own_view::strangers;
use crate::records::{Client, SourceFault, SubjectKey};
use crate::rights::standing::{self, Standing};

/// Column that says whether where a person is must stay secret.
const SHIELDED: &str = "subject_shielded";
/// Its value when it need not.
const OPEN: &str = "no";

/// Somebody who is no client and about whom this agency asked: for an own view, and for what is
/// told of data that this agency was given.
pub(super) async fn stranger(
    agency: &Agency,
    attested: &Attested,
    key: &SubjectKey,
    now: Timestamp,
) -> Result<Option<Found>, Stop> {
    let Some(number) = strangers::find(agency.store.as_ref(), key).await? else {
        return Ok(None);
    };
    let found = Found { client: Client::stranger(number, now), ..Found::decoy(now) };
    if !attested.is_own_view() {
        return Ok(Some(found));
    }
    with_log(agency, attested, found, now).await.map(Some)
}

/// Looks the child up, with all that this agency holds on them at this moment.
pub(in crate::answers) async fn resolve(
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
                if attested.is_own_view() {
                    found = with_log(agency, attested, found, now).await?;
                }
                let digits = found.client.number.expose();
                let entry = store::entry_of(&agency.secret, digits);
                let place = standing::entry_of(&agency.secret, digits);
                let consents = store::read(agency.store.as_ref(), &entry, held).await;
                let stands = standing::read(agency.store.as_ref(), &place).await;
                let (consents, stands) = (consents.map_err(Stop::of)?, stands.map_err(Stop::of)?);
                // Neither an own view nor a notice tells what is disputed.
                let is_told = !attested.is_own_view() && !attested.header().kind.is_notice();
                let standing = if is_told { stands } else { Standing::default() };
                return Ok(Some(Found { consents, standing, ..found }));
            }
        }
    }
    Err(SourceFault::Changed.into())
}

/// For an own view: this node's ledger holds the access log, and no register does.
async fn with_log(
    agency: &Agency,
    attested: &Attested,
    found: Found,
    now: Timestamp,
) -> Result<Found, Stop> {
    let shielded = found.facts.iter().any(|fact| fact.column == SHIELDED && fact.value != OPEN);
    let about = whose_file(&found, now);
    let to_parent = attested.header().role.as_str() != YOUNG_PERSON;
    let digits = found.client.number.expose();
    let records = log::records(agency, digits, Whose { about, shielded, to_parent, now }).await;
    Ok(Found { records: records.map_err(Stop::of)?, ..found })
}

/// A parent's file is a parent's where all that stands in it says so, and they are of age: what a
/// parent may see of themselves is more than of a child.
fn whose_file(found: &Found, now: Timestamp) -> About {
    let is_parents = |record: &Record| record.about == About::Parent;
    let of_age = age_band(found.client.birth_date, now) == AgeBand::Adult;
    let all = !found.records.is_empty() && found.records.iter().all(is_parents);
    if all && of_age { About::Parent } else { About::Child }
}

async fn read(
    agency: &Agency,
    attested: &Attested,
    client: Client,
    now: Timestamp,
) -> Result<Found, SourceFault> {
    let records = agency.source.records(attested, &client, now).await?;
    let facts = agency.source.facts(attested, &client, now).await?;
    Ok(Found { client, records, facts, ..Found::decoy(now) })
}

#[cfg(test)]
mod tests {
    use grondslag_core::catalogue::Category;
    use grondslag_subject::Bsn;

    use super::*;

    fn found(born: &str, files: &[About]) -> Found {
        let now = Timestamp::parse("2026-09-15").unwrap();
        let record = |about: &About| Record {
            category: Category::parse("G08").unwrap(),
            about: *about,
            dated: now,
            source: String::new(),
            layers: [].into(),
        };
        let mut client = Client::stranger(Bsn::parse("999940004").unwrap(), now);
        client.birth_date = Timestamp::parse(born).unwrap().date().into();
        let records = files.iter().map(record).collect();
        Found { client, records, ..Found::decoy(now) }
    }

    /// What a parent may see of themselves is more than of a child: a record about a parent in a
    /// child's file opens nothing.
    #[test]
    fn a_file_is_a_parents_where_all_of_it_is_and_they_are_of_age() {
        use About::{Child, Parent};
        let now = Timestamp::parse("2026-09-15").unwrap();
        for (born, files, whose) in [
            ("1988-01-01", [Parent, Parent].as_slice(), Parent),
            ("1988-01-01", &[Parent, Child], Child),
            ("1988-01-01", &[], Child),
            ("2015-01-01", &[Parent, Child], Child),
            ("2015-01-01", &[Parent], Child),
        ] {
            assert_eq!(whose_file(&found(born, files), now), whose, "{born} {files:?}");
        }
    }
}
