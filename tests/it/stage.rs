//! What several tests use: a region that only answers, and questions about its children.

use anyhow::{Context as _, Result};
use grondslag_core::answer::{Answer, Line, Outcome};
use grondslag_core::canonical::Reader;
use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use grondslag_evidence::records::{Opening, open};
use grondslag_proto::v1;
use grondslag_runtime::channel::reason_of;
use grondslag_tests::federation::hand::{NECESSITY, Plea, Sketch};
use grondslag_tests::federation::{Federation, Setup};
use tokio::sync::OnceCell;
use tonic::{Code, Status};

/// Noor Terpstra (F1), known to nearly everybody.
pub(crate) const NOOR: &str = "999940004";
/// Jade Willems (F5), not known to the youth health service.
pub(crate) const JADE: &str = "999940144";
/// A valid test number that nobody of the world has.
pub(crate) const NOBODY: &str = "999900018";

/// Who asks in most tests, and who answers.
pub(crate) const VT: &str = "vt-drieveen";
pub(crate) const SCHOOL: &str = "sch-drieveen";
pub(crate) const HEALTH: &str = "jgz-drieveen";
pub(crate) const DOCTOR: &str = "ha-dewierde";
pub(crate) const GEM: &str = "gem-veenwolde";
pub(crate) const POLICE: &str = "pol-drieveen";
pub(crate) const GI: &str = "gi-baken";

/// When the tests play: within F1.
pub(crate) const NOW: &str = "2026-06-24T10:00";

/// Records read at once from a ledger.
const LEDGER_PAGE: usize = 64;

/// A safety assessment by Veilig Thuis after a report: the school may answer it (R14.1), the
/// doctor and the youth health service must look first (R14.3).
pub(crate) const SAFETY: Plea<'static> = Plea {
    role: "vt.veiligheidsbeoordelaar",
    purpose: "D05",
    query_kind: "Q01",
    subject: NOOR,
    categories: &["G05", "G08"],
    facts: &[("vt_report", "report")],
};

/// A question of a local team for which there is no consent: refused by the holder (R07.2).
pub(crate) const HELP: Plea<'static> = Plea {
    role: "gem.lokaalteam",
    purpose: "D01",
    query_kind: "Q02",
    subject: NOOR,
    categories: &["G08", "G16"],
    facts: &[("case_fact", "stated")],
};

/// A region that all tests of this process share. Nobody moves its clock or makes it fail.
pub(crate) async fn stage() -> Result<&'static Federation> {
    static STAGE: OnceCell<Federation> = OnceCell::const_new();
    let agencies = [VT, SCHOOL, HEALTH, DOCTOR, GEM, POLICE, GI];
    STAGE.get_or_try_init(|| Setup::of(agencies).at(NOW).start()).await
}

/// A question as it is put at a desk.
pub(crate) fn wish(
    federation: &Federation,
    plea: &Plea<'_>,
    targets: &[&str],
) -> Result<v1::DeskQuestion> {
    let targets = targets.iter().map(|id| federation.oin(id)).collect::<Result<Vec<_>>>()?;
    Ok(wish_to(plea, &targets))
}

/// The same to these organisations.
pub(crate) fn wish_to(plea: &Plea<'_>, targets: &[Oin]) -> v1::DeskQuestion {
    let categories: Vec<String> = plea.categories.iter().map(ToString::to_string).collect();
    let target = |oin: &Oin| v1::DeskTarget {
        oin: oin.to_string(),
        categories: categories.clone(),
        ..v1::DeskTarget::default()
    };
    let facts = plea.facts.iter().map(|(column, value)| v1::StatedFact {
        column: (*column).to_owned(),
        value: (*value).to_owned(),
    });
    v1::DeskQuestion {
        subject: plea.subject.to_owned(),
        role: plea.role.to_owned(),
        purpose: plea.purpose.to_owned(),
        query_kind: plea.query_kind.to_owned(),
        targets: targets.iter().map(target).collect(),
        necessity: NECESSITY.to_owned(),
        facts: facts.collect(),
        ..v1::DeskQuestion::default()
    }
}

/// The line of one agency.
pub(crate) fn line<'a>(
    heard: &'a grondslag_tests::federation::desk::Heard,
    oin: &Oin,
) -> Result<&'a v1::AgencyLine> {
    heard.line(oin).with_context(|| format!("no line of {oin}: {heard:?}"))
}

/// What a reply to a question says to its asker.
pub(crate) fn body(
    federation: &Federation,
    sketch: &Sketch,
    from: &str,
    reply: &v1::Reply,
) -> Result<Answer> {
    federation.read_reply(sketch, &federation.oin(from)?, reply)
}

/// An answer says nothing: its outcome is neutral and no line holds more than its category.
pub(crate) fn says_nothing(answer: &Answer) -> bool {
    let empty = answer.lines.iter().all(|line| matches!(line, Line::Neutral { .. }));
    empty && answer.outcome == Outcome::Neutraal
}

/// The reasons of the alarms that an agency raised, in its ledger's order.
pub(crate) async fn alarms(federation: &Federation, agency: &str) -> Result<Vec<Reason>> {
    let records = records(federation, agency, "grondslag/record/alarm/v1").await?;
    let reasons = records.into_iter().map(|body| {
        let mut alarm = Reader::new(&body, "grondslag/record/alarm/v1")?;
        alarm.array::<32>()?;
        Ok(grondslag_proto::reply::reason(alarm.text()?))
    });
    reasons.collect()
}

/// What stands behind the leaves of one kind of record in an agency's ledger.
pub(crate) async fn records(
    federation: &Federation,
    agency: &str,
    kind: &str,
) -> Result<Vec<Vec<u8>>> {
    let (ledger, store) = (federation.agency(agency)?.ledger.clone(), federation.store(agency)?);
    let (mut found, mut from) = (Vec::new(), 0);
    loop {
        let page = ledger.read(from, LEDGER_PAGE).await?;
        let Some(last) = page.last() else { return Ok(found) };
        from = last.index + 1;
        for record in &page {
            match open(store.as_ref(), &record.leaf).await? {
                Opening::Opened(opened) if opened.kind == kind => found.push(opened.body),
                _ => {}
            }
        }
    }
}

/// A fault as it left: its code and its stable reason.
pub(crate) fn fault<T: std::fmt::Debug>(failed: Result<T, Status>) -> Result<(Code, Reason)> {
    match failed {
        Err(status) => Ok((status.code(), reason_of(&status))),
        Ok(answered) => anyhow::bail!("no fault, but {answered:?}"),
    }
}
