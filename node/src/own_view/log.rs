//! This node's part of a person's log.

use grondslag_core::access_log::{LogCategory, LogEntry, LogHead, LogLine, LogOutcome};
use grondslag_core::answer::{About, Layer, Record};
use grondslag_core::catalogue::Category;
use grondslag_core::clock::Timestamp;
use grondslag_core::limits::LOG_LINES_MAX;
use grondslag_core::reason::Reason;
use grondslag_core::tier::Tier;
use grondslag_policy::Pack;

use super::asked;
use crate::agency::Agency;
use crate::answers::record::{DecisionLine, DecisionRecord, Ruled, Shown, on_subject};
use crate::limits::LOG_LOOKED_THROUGH_MAX;

/// Up to where a log is told: who, when, why and what came of it are facts of status (domain 3.2).
const TIER: Tier = Tier::T3;
/// Where a log comes from, as its holder names it.
const SOURCE: &str = "inzagelog";

/// Whose log it is, and how it is told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whose {
    /// Whose file the agency keeps.
    pub(crate) about: About,
    /// Where they are must stay secret.
    pub(crate) shielded: bool,
    /// The moment of the question.
    pub(crate) now: Timestamp,
}

/// This node's part of a person's log, as records of the category: what holds for the whole, then
/// the lines, newest first.
///
/// # Errors
/// `STORE_CORRUPT` for a record that is none; else those of the store.
pub(crate) async fn records(
    agency: &Agency,
    digits: &str,
    whose: Whose,
) -> Result<Vec<Record>, Reason> {
    let found = on_subject(agency, digits, LOG_LOOKED_THROUGH_MAX).await?;
    let mut more = found.len() >= LOG_LOOKED_THROUGH_MAX;
    let mut lines = Vec::new();
    for opened in &found {
        let record = DecisionRecord::parse(&opened.body).ok_or(Reason::StoreCorrupt)?;
        // That somebody had an own view is told once, by the municipality where they had it.
        if !is_own_view(&record) {
            lines.push(was_asked(agency, record));
        }
    }
    let (own, older) = asked::lines(agency, digits).await?;
    more |= older;
    lines.extend(own);
    let pack = agency.pack();
    lines.retain(|line| is_told(agency, &pack, line));
    lines.sort_by_key(|line| std::cmp::Reverse(line.at));
    more |= lines.len() > LOG_LINES_MAX;
    lines.truncate(LOG_LINES_MAX);
    let head = LogEntry::Head(LogHead { shielded: whose.shielded, more });
    let entries = [(whose.now, head)].into_iter();
    let entries = entries.chain(lines.into_iter().map(|line| (line.at, LogEntry::Line(line))));
    entries.map(|(at, entry)| record(whose.about, at, &entry)).collect()
}

fn record(about: About, dated: Timestamp, entry: &LogEntry) -> Result<Record, Reason> {
    let category = Category::parse(Category::ACCESS_LOG).map_err(|_| Reason::Internal)?;
    let text = entry.to_text().map_err(|_| Reason::Internal)?;
    let layers = [(TIER, Layer::plain(text))].into();
    Ok(Record { category, about, dated, source: SOURCE.to_owned(), layers })
}

fn is_own_view(record: &DecisionRecord) -> bool {
    record.lines.iter().any(|line| line.category.is_access_log())
}

/// A line of what was asked of this node.
fn was_asked(agency: &Agency, record: DecisionRecord) -> LogLine {
    LogLine {
        at: record.decided_at,
        asker: record.asker,
        role: record.role,
        purpose: record.purpose,
        holder: agency.oin.clone(),
        target_id: record.target_id,
        categories: record.lines.into_iter().map(decided).collect(),
    }
}

/// The person concerned is told what was decided, also where the asker was not.
fn decided(line: DecisionLine) -> LogCategory {
    let outcome = match (line.shown, line.outcome) {
        (Shown::Content, _) => LogOutcome::Given,
        (_, Ruled::Permit) => LogOutcome::NothingOnFile,
        (_, Ruled::Review) => LogOutcome::InReview,
        (_, Ruled::Refuse) => LogOutcome::Refused,
        (_, Ruled::Miss) => LogOutcome::NoAnswer,
    };
    LogCategory { category: line.category, outcome, grounds: line.basis.grounds }
}

/// Whether a line may be told. One that may not leaves no trace (domain 4a.31).
fn is_told(agency: &Agency, pack: &Pack, line: &LogLine) -> bool {
    let purpose = pack.catalogue().purpose(&line.purpose);
    // Of a purpose that is not in the catalogue any more nobody knows whether it may be told.
    let open = purpose.is_some_and(|purpose| !purpose.told_after_notice);
    // Who asked has a role; of who was asked and has left the region nobody knows what it was.
    let asker = !line.role.kind().is_shelter()
        && !agency.kind_of(&line.asker).is_some_and(|kind| kind.is_shelter());
    let holder = agency.kind_of(&line.holder).is_some_and(|kind| !kind.is_shelter());
    open && asker && holder
}
