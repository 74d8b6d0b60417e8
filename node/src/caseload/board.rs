//! Who may do what at the board.

use std::cmp::Reverse;

use grondslag_core::catalogue::Kind as Party;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::CaseId;
use grondslag_core::limits::LIST_MAX;
use grondslag_core::reason::Reason;
use grondslag_core::tier::Urgency;
use grondslag_evidence::ledger::LedgerError;
use grondslag_evidence::store::Batch;
use grondslag_evidence::store::parts::Seen;
use grondslag_policy::Pack;
use grondslag_policy::catalogue::SEVERITY;
use grondslag_policy::retention::Kept;
use grondslag_proto::v1;
use grondslag_proto::v1::change_case_request::Change as Wire;
use grondslag_subject::{Bsn, admits};
use prost::Message as _;

use super::{CASES, Case, Change, ChildSeen, DAY_MS, Triage, child_key, open_case};
use crate::agency::Agency;
use crate::detail::check_text;
use crate::dossier;
use crate::handover::barred;
use crate::limits::{CASES_BYTES_MAX, SEEN_DAYS_MAX};
use crate::random::random;
use crate::recorded::{Kind, append, entry};
use crate::rows;
use crate::staff::{ActingStaff, Caller};

/// The board of one municipality.
#[derive(Debug, Clone, Copy)]
pub(super) struct Board<'a> {
    pub(super) agency: &'a Agency,
}

/// Somebody who keeps the board, at a moment.
struct Keeper {
    by: ActingStaff,
    now: Timestamp,
}

/// What was read is not there any more as it was.
struct Meanwhile;

impl Board<'_> {
    /// Somebody in a role that keeps the board.
    fn keeper(self, caller: &Caller, role: &str) -> Result<Keeper, Reason> {
        let by = caller.in_role(self.agency, role)?;
        let pack = self.agency.pack();
        if !pack.catalogue().keeps_caseload(by.role()) {
            return Err(Reason::CaseRole);
        }
        Ok(Keeper { by, now: self.agency.clock.now() })
    }

    pub(super) async fn open(
        self,
        caller: &Caller,
        request: v1::OpenCaseRequest,
    ) -> Result<CaseId, Reason> {
        let keeper = self.keeper(caller, &request.role)?;
        let number = Bsn::parse(&request.subject).map_err(|_| Reason::BsnInvalid)?;
        admits(self.agency.mode, &number)?;
        let triage = self.triage(&keeper, request.triage.unwrap_or_default(), &number).await?;
        let case = Case {
            id: CaseId::new(random()?),
            digits: Some(number.expose().to_owned()),
            opened_at: keeper.now,
            triage: triage.clone(),
            severity_since: None,
            seen: None,
            bridged: None,
            closed: None,
            handed_to: None,
        };
        let (store, secret) = (self.agency.store.as_ref(), &self.agency.secret);
        let child = child_key(secret, number.expose());
        let on_board = Batch::new().expect_absent(child.as_slice()).put(child, *case.id.as_bytes());
        // A case that was handed over is this agency's again.
        let on_board = barred::lift(store, on_board, secret, &number).await?;
        let recorded =
            self.record(&keeper, &case, &Change::Triage(triage), case.put(on_board)?).await?;
        recorded.map(|()| case.id).map_err(|Meanwhile| Reason::CaseStands)
    }

    pub(super) async fn change(
        self,
        caller: &Caller,
        request: v1::ChangeCaseRequest,
    ) -> Result<(), Reason> {
        let keeper = self.keeper(caller, &request.role)?;
        let (case, seen, number) = self.find(&request.case_id).await?;
        let change = match request.change.ok_or(Reason::Malformed)? {
            Wire::Triage(triage) => Change::Triage(self.triage(&keeper, triage, &number).await?),
            Wire::Seen(seen) => Change::Seen(self.seen(&keeper, &seen)?),
            Wire::Bridged(bridged) => Change::Bridged(bridged),
            Wire::Closed(why) => {
                check_text(self.agency, &why, &number).await?;
                Change::Closed(why)
            }
        };
        let after = case.after(change.clone(), keeper.now);
        let mut state = after.put_again(&seen)?;
        if after.closed.is_some() {
            state = state.delete(child_key(&self.agency.secret, number.expose()));
        }
        let recorded = self.record(&keeper, &after, &change, state).await?;
        recorded.map_err(|Meanwhile| Reason::CaseChanged)
    }

    /// The board, most pressing first: by severity, then urgency, as they were set; then by how
    /// many days the child waits, then by when the case is to be looked at again.
    pub(super) async fn list(
        self,
        caller: &Caller,
        request: v1::ListCasesRequest,
    ) -> Result<(Vec<v1::BoardCase>, bool), Reason> {
        let (agency, now, pack) = (self.agency, self.agency.clock.now(), self.agency.pack());
        let by = caller.in_role(agency, &request.role)?;
        let catalogue = pack.catalogue();
        if !catalogue.keeps_caseload(by.role()) && !catalogue.informing().sees_all(by.role()) {
            return Err(Reason::CaseRole);
        }
        // A row that is none is told of by the daily round.
        let (cases, _damaged) = rows::all::<Case>(agency.store.as_ref(), CASES).await?;
        let cases = cases.into_iter().map(|(case, _)| case);
        let mut cases: Vec<Case> =
            cases.filter(|case| request.all || case.closed.is_none()).collect();
        cases.sort_by_cached_key(|case| {
            let Triage { severity: word, urgency, due, .. } = &case.triage;
            let pressing = (severity(&pack, word), *urgency, case.waiting_days(now));
            (case.closed.is_some(), Reverse(pressing), *due, case.opened_at)
        });
        let all = cases.len();
        let mut cases = fitting(cases.into_iter().map(|case| wire(agency, case, now)));
        for case in &mut cases {
            let id = CaseId::from_slice(&case.case_id).map_err(|_| Reason::Internal)?;
            let due = dossier::outcome_due(agency, &id).await?;
            case.outcome_due_ms = due.map(Timestamp::ms).unwrap_or_default();
        }
        // Which, before they are shown: the numbers are among them.
        let body = Kind::CasesShown
            .canonical()
            .text(by.person().id().as_str())
            .text(by.role().as_str())
            .list(cases.iter().map(|case| case.case_id.as_slice()));
        append(agency, Kind::CasesShown, body, Batch::new()).await?;
        let more = cases.len() < all;
        Ok((cases, more))
    }

    /// An open case, and whose it is.
    async fn find(self, id: &[u8]) -> Result<(Case, Seen, Bsn), Reason> {
        let id = CaseId::from_slice(id).map_err(|_| Reason::UnknownCase)?;
        open_case(self.agency, &id).await
    }

    async fn triage(
        self,
        keeper: &Keeper,
        wire: v1::Triage,
        number: &Bsn,
    ) -> Result<Triage, Reason> {
        let pack = self.agency.pack();
        let caseload = pack.catalogue().caseload();
        let known =
            caseload.nature(&wire.nature).is_some() && pack.value(SEVERITY, &wire.severity).is_ok();
        if !known {
            return Err(Reason::CaseWord);
        }
        let urgency: Urgency = wire.urgency.parse().map_err(|_| Reason::CaseWord)?;
        check_text(self.agency, &wire.reason, number).await?;
        let days = caseload.again_days(&wire.severity, urgency);
        Ok(Triage {
            nature: wire.nature,
            severity: wire.severity,
            urgency,
            reason: wire.reason,
            by: keeper.by.person().id().clone(),
            at: keeper.now,
            due: keeper.now.plus_calendar(0, days),
        })
    }

    fn seen(self, keeper: &Keeper, wire: &v1::ChildSeen) -> Result<ChildSeen, Reason> {
        let (on, by) = (Timestamp::from_ms(wire.on_ms), Party::parse(&wire.by_kind));
        let by = by.ok().filter(|by| self.agency.pack().catalogue().kind(by).is_some());
        let first = keeper.now.plus_ms(-SEEN_DAYS_MAX * DAY_MS);
        if !(first..=keeper.now).contains(&on) {
            return Err(Reason::SeenDate);
        }
        Ok(ChildSeen { on, by: by.ok_or(Reason::CaseWord)? })
    }

    /// Records a change, and keeps the case so, if nobody else changed it meanwhile.
    async fn record(
        self,
        keeper: &Keeper,
        case: &Case,
        change: &Change,
        state: Batch,
    ) -> Result<Result<(), Meanwhile>, Reason> {
        let said = serde_json::to_string(change).map_err(|_| Reason::Internal)?;
        let body = Kind::Case
            .canonical()
            .bytes(case.id.as_bytes())
            .text(keeper.by.person().id().as_str())
            .text(keeper.by.role().as_str())
            .text(&said)
            .signed(keeper.now.ms())
            .finish();
        let entry = entry(self.agency, Kind::Case, &body, Kept::Decision, state)?;
        match self.agency.ledger.append(entry).await {
            Err(LedgerError::Conflict { .. }) => Ok(Err(Meanwhile)),
            recorded => recorded.map(|_| Ok(())).map_err(LedgerError::reason),
        }
    }
}

/// As many as a list shows and one message holds.
fn fitting(cases: impl Iterator<Item = v1::BoardCase>) -> Vec<v1::BoardCase> {
    let mut bytes = 0;
    let cases = cases.take(usize::try_from(LIST_MAX).unwrap_or(usize::MAX));
    let fits = cases.take_while(|case| {
        bytes += case.encoded_len();
        bytes <= CASES_BYTES_MAX
    });
    fits.collect()
}

/// How severe a word is, by its place in the column. One that the rules in force do not know is
/// looked at first.
fn severity(pack: &Pack, word: &str) -> usize {
    let column = pack.catalogue().column(SEVERITY);
    let place = column.and_then(|column| column.values.iter().position(|one| one.id == word));
    place.unwrap_or(usize::MAX)
}

fn wire(agency: &Agency, case: Case, now: Timestamp) -> v1::BoardCase {
    let (overdue, waiting_days) = (case.is_overdue(now), case.waiting_days(now));
    let severity_since_ms = case.severity_since().ms();
    let handed_to = case.handed_to.map(|to| agency.name_of(&to)).unwrap_or_default();
    let (closed_at, closed) = case.closed.map_or((0, String::new()), |(at, why)| (at.ms(), why));
    let Triage { nature, severity, urgency, reason, by, at, due, .. } = case.triage;
    v1::BoardCase {
        case_id: case.id.as_bytes().to_vec(),
        subject: case.digits.unwrap_or_default(),
        triage: Some(v1::Triage { nature, severity, urgency: urgency.into(), reason }),
        staff_id: by.as_str().to_owned(),
        judged_at_ms: at.ms(),
        due_ms: due.ms(),
        overdue,
        opened_at_ms: case.opened_at.ms(),
        seen: case
            .seen
            .map(|seen| v1::ChildSeen { on_ms: seen.on.ms(), by_kind: seen.by.to_string() }),
        bridged: case.bridged,
        closed_at_ms: closed_at,
        closed,
        waiting_days,
        outcome_due_ms: 0,
        handed_to,
        severity_since_ms,
    }
}
