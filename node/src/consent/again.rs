//! Whom to ask for a consent again.
//!
//! Nothing marks the day on which a birthday ends a consent, so it is looked for: one pass over the
//! agency's register reads every client's row and their page of acts, some two look-ups a client,
//! and holds the gate for one page at a time. One pass runs at a node at once. For the operator it
//! is counted once a day, without anybody's number (`nca`).

use std::collections::BTreeSet;

use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use grondslag_core::lang::Lang;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::{Batch, StoreError};
use grondslag_policy::Pack;
use grondslag_proto::v1;
use grondslag_runtime::status::AskAgainState;
use prost::Message as _;

use super::act::{Receiver, Statement};
use super::lapse::{Lapse, Looking, Why};
use super::on_file::Place;
use super::shown;
use super::store::{entry_of, read};
use crate::agency::Agency;
use crate::limits::{ASK_AGAIN_BYTES_MAX, ASK_AGAIN_DAYS, ASK_AGAIN_LINES_MAX, PAGE};
use crate::records::{Client, SourceFault, SubjectKey};

/// The count of the day.
const COUNTED: &[u8] = b"nca";

/// What one pass found: the oldest lines, how many there are, and of how many children what stands
/// here cannot be read.
#[derive(Default)]
pub(super) struct Found {
    pub(super) lines: Vec<v1::AskAgain>,
    pub(super) ended: u64,
    pub(super) ahead: u64,
    pub(super) unreadable: u64,
}

impl Found {
    fn take(&mut self, line: v1::AskAgain, now: Timestamp) {
        let is_over = line.at_ms <= now.ms();
        self.ended = self.ended.saturating_add(u64::from(is_over));
        self.ahead = self.ahead.saturating_add(u64::from(!is_over));
        self.lines.push(line);
        if self.lines.len() >= ASK_AGAIN_LINES_MAX.saturating_mul(2) {
            self.cut();
        }
    }

    /// Keeps the oldest.
    fn cut(&mut self) {
        self.lines.sort_by(|one, other| key(one).cmp(&key(other)));
        self.lines.truncate(ASK_AGAIN_LINES_MAX);
        let mut bytes = 0_usize;
        self.lines.retain(|line| {
            bytes = bytes.saturating_add(line.encoded_len());
            bytes <= ASK_AGAIN_BYTES_MAX
        });
    }
}

fn key(line: &v1::AskAgain) -> (i64, &str, &str) {
    (line.at_ms, &line.subject, &line.purpose)
}

/// Looks through the whole register for what ends until so many days from now.
///
/// # Errors
/// `BUSY` while another pass runs; `NOT_READY` for a register that is not loaded; or why register
/// or store cannot be read.
pub(super) async fn look(agency: &Agency, days: u32, lang: Lang) -> Result<Found, Reason> {
    let _one_at_a_time = agency.consents.look().ok_or(Reason::Busy)?;
    let (pack, now) = (agency.pack(), agency.clock.now());
    let pass = Pass { agency, pack: &pack, now, until: now.plus_calendar(0, days), lang };
    let mut found = Found::default();
    let everybody = agency.own.everybody().await.map_err(SourceFault::reason)?;
    for (at, subject) in everybody.iter().enumerate() {
        if at % PAGE == 0 {
            tokio::task::yield_now().await;
        }
        match pass.subject(subject, &mut found).await {
            // One child's keep nobody else's out of sight.
            Err(Reason::StoreCorrupt) => found.unreadable = found.unreadable.saturating_add(1),
            looked => looked?,
        }
    }
    if found.unreadable > 0 {
        tracing::error!(children = found.unreadable, "acts about children cannot be read");
    }
    found.cut();
    Ok(found)
}

/// One pass.
struct Pass<'a> {
    agency: &'a Agency,
    pack: &'a Pack,
    now: Timestamp,
    until: Timestamp,
    lang: Lang,
}

impl Pass<'_> {
    /// Whoever left since the pass began is not asked.
    async fn subject(&self, subject: &SubjectKey, found: &mut Found) -> Result<(), Reason> {
        let client = self.agency.own.one(subject, self.now).await;
        match client.map_err(SourceFault::reason)? {
            Some(client) => self.client(&client, found).await,
            None => Ok(()),
        }
    }

    async fn client(&self, client: &Client, found: &mut Found) -> Result<(), Reason> {
        let agency = self.agency;
        let entry = entry_of(&agency.secret, client.number.expose());
        let answering = agency.consents.answer().await;
        let on_file = read(agency.store.as_ref(), &entry, &answering).await?;
        drop(answering);
        if on_file.all().is_empty() {
            return Ok(());
        }
        let place = Place::of(agency, self.pack, client, self.now)?;
        let kind_of = |oin: &Oin| agency.kind_of(oin);
        let looking = Looking { until: self.until, kind_of: &kind_of };
        for lapse in on_file.lapses(&place, looking) {
            let then = Place { at: lapse.at.max(self.now), ..place };
            let who = shown::who(&on_file, &then, self.lang);
            found.take(self.line(client, &lapse, who), self.now);
        }
        Ok(())
    }

    fn line(&self, client: &Client, lapse: &Lapse<'_>, who: String) -> v1::AskAgain {
        let name_of = |oin: &Oin| self.agency.name_of(oin);
        let (why, age) = match lapse.why {
            Why::Birthday(years) => ("birthday", u32::from(years.unsigned_abs())),
            Why::Term => ("term", 0),
        };
        let speakers: BTreeSet<_> = lapse.of.iter().map(|(_, said)| &said.speaker).collect();
        let mut wire = v1::AskAgain {
            subject: client.number.expose().to_owned(),
            at_ms: lapse.at.ms(),
            why: why.to_owned(),
            age,
            who,
            speakers: speakers
                .into_iter()
                .map(|who| shown::speaker(who, &name_of, self.lang))
                .collect(),
            ids: lapse.of.iter().map(|(one, _)| one.id.as_bytes().to_vec()).collect(),
            ..v1::AskAgain::default()
        };
        if let Some((_, said)) = lapse.of.first() {
            scope(said, &mut wire);
        }
        wire
    }
}

fn scope(said: &Statement, wire: &mut v1::AskAgain) {
    said.kind.word().clone_into(&mut wire.kind);
    wire.purpose = said.purpose.as_ref().map(ToString::to_string).unwrap_or_default();
    wire.holder_oins = said.holders.iter().map(ToString::to_string).collect();
    let to = said.to.iter().map(|to| match to {
        Receiver::Agency(oin) => oin.to_string(),
        Receiver::Kind(kind) => kind.to_string(),
    });
    wire.to = to.collect();
    wire.categories = said.categories.iter().map(ToString::to_string).collect();
}

/// Counts anew when that was not done today. A register that is not loaded is counted once it is.
///
/// # Errors
/// As [`look`].
pub(crate) async fn count_daily(agency: &Agency) -> Result<(), Reason> {
    let now = agency.clock.now();
    if state(agency).await?.is_some_and(|counted| counted.at.date() == now.date()) {
        return Ok(());
    }
    match look(agency, ASK_AGAIN_DAYS, Lang::Nl).await {
        Ok(found) => keep(agency, &found, now).await,
        // It is done at a later turn.
        Err(Reason::NotReady | Reason::Busy) => Ok(()),
        Err(reason) => Err(reason),
    }
}

async fn keep(agency: &Agency, found: &Found, at: Timestamp) -> Result<(), Reason> {
    let state = AskAgainState { ended: found.ended, ahead: found.ahead, at };
    let row = serde_json::to_vec(&state).map_err(|_| Reason::Internal)?;
    let kept = agency.store.commit(Batch::new().put(COUNTED, row)).await;
    kept.map_err(StoreError::reason)
}

/// What was counted last; nothing before the first time.
///
/// # Errors
/// `STORE_CORRUPT` for a count that is none; else those of the store.
pub(crate) async fn state(agency: &Agency) -> Result<Option<AskAgainState>, Reason> {
    let row = agency.store.get(COUNTED).await.map_err(StoreError::reason)?;
    let state = row.map(|row| serde_json::from_slice(&row)).transpose();
    state.map_err(|_| Reason::StoreCorrupt)
}
