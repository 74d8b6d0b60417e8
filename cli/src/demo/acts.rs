//! What is written down in consent registers, by everybody at their own desk, and that it came to
//! the holders that it names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use grondslag_core::clock::Timestamp;
use grondslag_core::informing::{ToldHow, ToldTo};
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_proto::v1::record_act_request::Act as Wire;
use serde::Serialize;
use tokio::time::sleep;

use super::driver::Driver;
use super::limits::{NOTICE_LOOK_MS, NOTICE_WAIT_MS};
use super::world::{Act, ActKind};
use crate::consent::{ConsentDesk, Typed};
use crate::exit::Failure;
use crate::inform::InformDesk;

/// The word for an act that is no yes or no and was written down.
const WRITTEN: &str = "written";

/// The word for somebody who was told.
const INFORMED: &str = "informed";

/// Kinds of party to which the region's rules bring no consent (R43).
const BROUGHT_NONE: [&str; 2] = ["pol", "corp"];

/// Numbers that nodes gave to acts and questions, by the number in the file, and to lines of own
/// views, by the number of the view and what the line says.
#[derive(Debug, Default)]
pub(super) struct Numbers(Mutex<BTreeMap<String, Vec<u8>>>);

/// What came of an act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct ActSeen {
    /// The act.
    pub(super) act: String,
    /// What had to come of it.
    pub(super) expected: String,
    /// What did: a value of `secrecy_consent`, `written`, or a reason code.
    pub(super) seen: String,
    /// Milliseconds until every holder that it names had replied; absent where it names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) came_ms: Option<u64>,
    /// Whether they agree, and it came.
    pub(super) ok: bool,
}

impl Driver<'_> {
    /// Steps to the moment of an act, writes it down, and waits until it came.
    pub(super) async fn write(&self, act: &Act) -> Result<ActSeen, Failure> {
        self.step_to(act.at)?;
        if act.what == ActKind::Inform {
            return self.inform(act).await;
        }
        let desk = ConsentDesk::at(self.desks.of(&act.agency, &act.staff)?);
        let request = v1::RecordActRequest {
            subject: act.subject.0.clone(),
            role: act.role.clone(),
            act: Some(self.act(act)?),
            preview: false,
        };
        let since = Instant::now();
        let (seen, came) = match desk.record(request).await {
            Err(failure) => (failure.reason().code().to_owned(), Some(None)),
            Ok(told) => {
                self.numbers.keep(&act.id, &told.id);
                let came = self.came(&desk, act, &told.id, since).await?;
                (come_to(&told.standing), came)
            }
        };
        let ok = seen == act.expect && came.is_some();
        let (act, expected) = (act.id.clone(), act.expect.clone());
        Ok(ActSeen { act, expected, seen, came_ms: came.flatten(), ok })
    }

    /// Tells the person of a question, as its asker's node lists it.
    async fn inform(&self, act: &Act) -> Result<ActSeen, Failure> {
        let desk = InformDesk::at(self.desks.of(&act.agency, &act.staff)?);
        let of = act.of.as_deref().unwrap_or_default();
        let mut questions = self.world.storylines.iter().flat_map(|one| &one.question);
        let question = questions.find(|one| one.id == of);
        let question = question.ok_or_else(|| Failure::new(Reason::ConfigInvalid, of))?;
        let tasks = desk.list(&act.role, false).await?;
        let task = tasks.into_iter().find(|task| task.asked_at_ms == question.at.ms());
        let told = match task {
            None => Err(Reason::UnknownInquiry.into()),
            Some(task) => {
                desk.done(v1::RecordInformedRequest {
                    inquiry_id: task.inquiry_id,
                    role: act.role.clone(),
                    how: ToldHow::Spoken.into(),
                    told: ToldTo::YoungPerson.into(),
                })
                .await
            }
        };
        let seen = told.map_or_else(
            |failure: Failure| failure.reason().code().to_owned(),
            |()| INFORMED.to_owned(),
        );
        let (expected, ok) = (act.expect.clone(), seen == act.expect);
        Ok(ActSeen { act: act.id.clone(), expected, seen, came_ms: None, ok })
    }

    /// How long a withdrawal takes to reach every other agency of the region that is brought
    /// consents, whether or not it knows the child, in milliseconds; nothing in a world without a
    /// consent.
    pub(super) async fn withdrawal_ms(&self) -> Result<Option<u64>, Failure> {
        let mut acts = self.world.storylines.iter().flat_map(|one| &one.act);
        let Some(given) = acts.find(|act| act.what == ActKind::Give && act.expect == WRITTEN)
        else {
            return Ok(None);
        };
        let others = self.world.agencies.iter().filter(|one| {
            let is_brought = one.kinds.iter().any(|kind| !BROUGHT_NONE.contains(&kind.as_str()));
            is_brought && one.id != given.agency
        });
        let given = Act {
            id: "measured".to_owned(),
            holder: others.map(|one| one.id.clone()).collect(),
            ..given.clone()
        };
        self.write(&given).await?;
        let withdrawn = Act { what: ActKind::Withdraw, of: Some(given.id.clone()), ..given };
        Ok(self.write(&withdrawn).await?.came_ms)
    }

    /// How long it took to come everywhere; nothing within when it did not in time.
    async fn came(
        &self,
        desk: &ConsentDesk,
        act: &Act,
        id: &[u8],
        since: Instant,
    ) -> Result<Option<Option<u64>>, Failure> {
        let mut waited = false;
        loop {
            let request =
                v1::ListActsRequest { subject: act.subject.0.clone(), role: act.role.clone() };
            let listed = desk.acts(request).await?;
            let own = listed.acts.iter().find(|one| one.id == id);
            if own.is_some_and(|one| one.waiting_oins.is_empty()) {
                let ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
                return Ok(Some(waited.then_some(ms)));
            }
            waited = true;
            if since.elapsed() > Duration::from_millis(NOTICE_WAIT_MS) {
                return Ok(None);
            }
            sleep(Duration::from_millis(NOTICE_LOOK_MS)).await;
        }
    }

    fn act(&self, act: &Act) -> Result<Wire, Failure> {
        Ok(match act.what {
            ActKind::Custody => {
                let holders = act.custody.iter().map(|who| speaker(who));
                let from = act.from.as_deref().map(Timestamp::parse).transpose();
                let from = from.map_err(|error| Failure::new(Reason::ConfigInvalid, error))?;
                Wire::Custody(v1::CustodySituation {
                    holders: holders.collect::<Result<_, _>>()?,
                    seen_in: act.seen_in.clone(),
                    from_ms: from.map_or(0, Timestamp::ms),
                    until_ms: 0,
                })
            }
            ActKind::Give | ActKind::Refuse => Wire::Statement(self.statement(act)?),
            ActKind::Withdraw | ActKind::Lift => Wire::TakenBack(v1::TakenBack {
                speaker: Some(by(act)?),
                consent_id: self.numbers.of(act.of.as_deref())?,
                objection: act.what == ActKind::Lift,
            }),
            ActKind::Inform => return Err(Reason::Internal.into()),
        })
    }

    fn statement(&self, act: &Act) -> Result<v1::ConsentStatement, Failure> {
        let oins = |agencies: &[String]| {
            let oin = |id: &String| Ok(self.world.agency(id)?.oin.to_string());
            agencies.iter().map(oin).collect::<Result<Vec<String>, Failure>>()
        };
        let speaker = by(act)?;
        let capacity = if speaker.subject { "young_person" } else { "custody_holders" };
        Ok(v1::ConsentStatement {
            capacity: capacity.to_owned(),
            speaker: Some(speaker),
            objects: act.what == ActKind::Refuse,
            holder_oins: oins(&act.holder)?,
            to_oins: oins(&act.to)?,
            categories: act.categories.clone(),
            purpose: act.purpose.clone(),
            ..v1::ConsentStatement::default()
        })
    }
}

impl Numbers {
    /// Keeps the number behind a line of an own view.
    pub(super) fn keep_line(&self, view: &str, line: &str, number: &[u8]) {
        self.keep(&format!("{view} {line}"), number);
    }

    /// The number behind a line; none where none is meant.
    pub(super) fn line(&self, line: Option<&(String, String)>) -> Result<Vec<u8>, Failure> {
        self.of(line.map(|(view, line)| format!("{view} {line}")).as_deref())
    }

    /// Keeps a number by what it is called.
    pub(super) fn keep(&self, id: &str, number: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(id.to_owned(), number.to_vec());
    }

    /// The number of what is called so; none where nothing is meant.
    pub(super) fn of(&self, id: Option<&str>) -> Result<Vec<u8>, Failure> {
        let Some(id) = id else { return Ok(Vec::new()) };
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(id).cloned().ok_or_else(|| Failure::new(Reason::ConfigInvalid, id))
    }
}

fn by(act: &Act) -> Result<v1::Speaker, Failure> {
    let who = act.by.as_deref();
    speaker(who.ok_or_else(|| Failure::new(Reason::ConfigInvalid, format!("{}: by", act.id)))?)
}

fn speaker(who: &str) -> Result<v1::Speaker, Failure> {
    let typed = Typed::parse(who).map_err(|error| Failure::new(Reason::ConfigInvalid, error))?;
    typed.person().ok_or_else(|| Failure::new(Reason::ConfigInvalid, who))
}

/// What everybody's word comes to for all that is named; each once where they differ.
fn come_to(standing: &[v1::ConsentStanding]) -> String {
    let words: BTreeSet<&str> = standing.iter().map(|line| line.consent.as_str()).collect();
    let words: Vec<&str> = words.into_iter().collect();
    if words.is_empty() { WRITTEN.to_owned() } else { words.join("+") }
}
