//! This node's part of a person's log.

use grondslag_core::access_log::{LogCategory, LogEntry, LogHead, LogLine, LogOutcome};
use grondslag_core::answer::{About, Layer, Record};
use grondslag_core::catalogue::Category;
use grondslag_core::clock::Timestamp;
use grondslag_core::limits::LOG_LINES_MAX;
use grondslag_core::reason::Reason;
use grondslag_core::tier::Tier;
use grondslag_policy::Pack;
use grondslag_policy::notice::RIGHTS;

use super::asked::{self, Told};
use crate::agency::Agency;
use crate::answers::inbox::released;
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
    /// A parent sees it.
    pub(crate) to_parent: bool,
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
    let (found, mut more) = on_subject(agency, digits, LOG_LOOKED_THROUGH_MAX).await?;
    let mut lines = Vec::with_capacity(found.len());
    for opened in &found {
        let record = DecisionRecord::parse(&opened.body).ok_or(Reason::StoreCorrupt)?;
        let line = came_later(agency, was_asked(agency, record)).await?;
        // A holder never learns whether the person was told: such a line comes from the asker
        // alone.
        lines.push((line, Told(false)));
    }
    let (own, older) = asked::lines(agency, digits, whose.to_parent).await?;
    more |= older;
    lines.extend(own);
    let pack = agency.pack();
    lines.retain(|(line, told)| may_tell(agency, &pack, line, *told));
    let mut lines: Vec<LogLine> = lines.into_iter().map(|(line, _)| line).collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.at));
    more |= lines.len() > LOG_LINES_MAX;
    lines.truncate(LOG_LINES_MAX);
    let head = LogEntry::Head(LogHead { shielded: whose.shielded, more });
    let head = record(whose.about, whose.now, head.to_text().map_err(|_| Reason::Internal)?)?;
    let lines = lines.into_iter().map(|line| record(whose.about, line.at, text(line)?));
    [Ok(head)].into_iter().chain(lines).collect()
}

/// A line as text; one that is too long tells no articles.
fn text(line: LogLine) -> Result<String, Reason> {
    let entry = LogEntry::Line(line.clone());
    let short = || {
        let bare = |one: LogCategory| LogCategory { grounds: Vec::new(), ..one };
        let categories = line.categories.into_iter().map(bare).collect();
        LogEntry::Line(LogLine { categories, ..line }).to_text()
    };
    entry.to_text().or_else(|_| short()).map_err(|_| Reason::Internal)
}

fn record(about: About, dated: Timestamp, text: String) -> Result<Record, Reason> {
    let category = Category::parse(Category::ACCESS_LOG).map_err(|_| Reason::Internal)?;
    let layers = [(TIER, Layer::plain(text))].into();
    Ok(Record { category, about, dated, source: SOURCE.to_owned(), layers })
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

/// The line with what became of the categories that a person looked at.
async fn came_later(agency: &Agency, line: LogLine) -> Result<LogLine, Reason> {
    if line.categories.iter().all(|one| one.outcome != LogOutcome::InReview) {
        return Ok(line);
    }
    let later = released(agency, &line.target_id).await?.unwrap_or_default();
    let came = |one: LogCategory| {
        let mut later = later.iter();
        later.find(|other| other.category == one.category).cloned().unwrap_or(one)
    };
    Ok(LogLine { categories: line.categories.into_iter().map(came).collect(), ..line })
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
fn may_tell(agency: &Agency, pack: &Pack, line: &LogLine, told: Told) -> bool {
    let purpose = pack.catalogue().purpose(&line.purpose);
    // Of a purpose that is not in the catalogue any more nobody knows whether it may be told.
    let open = told.0 || purpose.is_some_and(|purpose| !purpose.told_after_notice);
    // A repair goes to whoever was given the data, also where the person was not told of that yet.
    let open = open && line.purpose.as_str() != RIGHTS.purpose;
    // Who asked has a role; of who was asked and has left the region nobody knows what it was.
    let asker = !line.role.kind().is_shelter()
        && !agency.kind_of(&line.asker).is_some_and(|kind| kind.is_shelter());
    let holder = agency.kind_of(&line.holder).is_some_and(|kind| !kind.is_shelter());
    open && asker && holder
}
