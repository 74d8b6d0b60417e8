//! `grondslag audit verify`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use grondslag_certs::Root;
use grondslag_core::checkpoint::{Origin, VerifierKey};
use grondslag_core::clock::Timestamp;
use grondslag_core::operators::Operators;
use grondslag_core::reason::Reason;
use grondslag_evidence::audit::{KeptHead, LEDGERS};
use grondslag_evidence::generation::{name, number, of_name};
use grondslag_evidence::ledger::Leaves as _;
use grondslag_evidence::ledger::audit::{Against, Chain, Problem, Still};
use grondslag_evidence::limits::{LEDGERS_MAX, SCAN_PAGE_MAX};
use grondslag_evidence::records::check;
use grondslag_node::{Decided, Received};
use grondslag_policy::Pack;
use grondslag_policy::retention::Kept;
use indicatif::ProgressBar;

use super::answers::{Held, answers};
use super::decided::decisions;
use super::keys::Keys;
use super::logs::{Log, Logs, founding, take};
use super::party::{BROKER, Party, Processes, find};
use super::report::{Report, all_hold, say};
use super::shown::Shown;
use super::words::Wrong;
use crate::any_process::Role;
use crate::exit::{Exit, Failure};
use crate::limits::TERM_EARLIER_MS_MAX;
use crate::output::Output;
use crate::wait::wait;

/// Arguments of `audit verify`.
#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// Folder of a process, with its configuration and store, or of a demo; may be repeated
    #[arg(long, value_name = "FOLDER", required = true, num_args = 1..)]
    offline: Vec<PathBuf>,
    /// Verifier key (C2SP) of a log or a witness that you were given; its name is then held
    /// against no other; may be repeated
    #[arg(long, value_name = "KEY", value_parser = vkey)]
    vkey: Vec<VerifierKey>,
    /// The region's root certificate as you were given it; else that of the folders
    #[arg(long, value_name = "FILE")]
    root: Option<PathBuf>,
}

fn vkey(text: &str) -> Result<VerifierKey, String> {
    VerifierKey::parse(text).map_err(|error| error.to_string())
}

/// Whom an auditor believes beforehand.
#[derive(Debug, Default)]
pub(crate) struct Trust {
    /// Keys of logs and of witnesses.
    vkeys: Vec<VerifierKey>,
    /// The region's authority.
    root: Option<Root>,
}

pub(super) fn run(args: &VerifyArgs, out: Output) -> Result<Exit, Failure> {
    let root = args.root.as_deref().map(Root::load).transpose()?;
    let trust = Trust { vkeys: args.vkey.clone(), root };
    let found = find(&args.offline)?;
    let bar = out.progress(None, out.tr("vermeldingen", "leaves"));
    let report = wait(verify(&found.into(), &trust, &bar))?;
    bar.finish_and_clear();
    say(&report, out);
    out.json(&report.json(out)?)?;
    Ok(if report.problems == 0 { Exit::Done } else { Exit::Refused })
}

/// What a party has, as it lies there.
struct Laid {
    party: Party,
    ledgers: Vec<Still>,
    heads: Vec<KeptHead>,
    /// Answers that it got, and the ledger that each is recorded in.
    answers: Vec<(String, Received)>,
    /// Decisions on its own questions, likewise.
    decisions: Vec<(String, Decided)>,
}

impl Laid {
    fn is_broker(&self) -> bool {
        self.party.role == Role::Broker
    }

    async fn open(
        file: &Path,
        store: Option<&Path>,
        root: Option<&Root>,
        report: &mut Report,
    ) -> Result<Self, Failure> {
        let party = Party::open(file, store, root).await?;
        let (ledgers, heads) = (party.copied.ledgers().await?, party.heads().await?);
        let answers = answers(&party, &ledgers).await;
        let answers = answers.or_else(|failure| report.unread(&party, failure))?;
        let decisions = decisions(&party, &ledgers).await;
        let decisions = decisions.or_else(|failure| report.unread(&party, failure))?;
        Ok(Self { party, ledgers, heads, answers, decisions })
    }
}

/// Whose ledgers are looked into.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// Processes, each by its configuration and perhaps another store.
    pub(crate) processes: Vec<(PathBuf, Option<PathBuf>)>,
    /// Folders of parties in which no process can be read, and why.
    pub(crate) unreadable: Vec<(PathBuf, Failure)>,
}

impl From<Processes> for Wanted {
    fn from(found: Processes) -> Self {
        let processes = found.configs.into_iter().map(|config| (config, None)).collect();
        Self { processes, unreadable: found.unreadable }
    }
}

/// Walks the ledgers of some processes.
pub(crate) async fn verify(
    wanted: &Wanted,
    trust: &Trust,
    bar: &ProgressBar,
) -> Result<Report, Failure> {
    let mut report = Report::default();
    let parties = laid(wanted, trust, &mut report).await?;
    one_region(&parties)?;
    let keys = keys_of(&parties, trust, &mut report).await?;
    let heads = parties.iter().flat_map(|one| &one.heads).filter_map(|kept| kept.head.as_ref());
    let answers = parties.iter().flat_map(|one| &one.answers).map(|(_, one)| one.proof.size);
    let lengths = parties.iter().flat_map(|one| &one.ledgers).map(Still::len);
    let decisions = parties.iter().flat_map(|one| &one.decisions).map(|(_, one)| &one.head);
    let sizes = heads.chain(decisions).map(|head| head.checkpoint().size);
    let sizes = sizes.chain(answers).chain(lengths).collect();
    let pins = pins(&parties, &mut report);
    let mut logs = Logs::new();
    for laid in &parties {
        report.logs += 1;
        let walked = whole(laid, (&keys, &pins), &sizes, &mut logs, bar, &mut report).await;
        walked.or_else(|failure| report.broken(&laid.party.folder, failure))?;
    }
    if let Some(laid) = parties.iter().find(|one| one.is_broker()) {
        report.restored(&laid.party, &logs);
    }
    shown(&parties, &logs, &keys, &mut report)?;
    Ok(report)
}

/// Holds what parties were shown against the ledgers, and against what others were shown.
fn shown(parties: &[Laid], logs: &Logs, keys: &Keys, report: &mut Report) -> Result<(), Failure> {
    let nodes = parties.iter().filter(|one| one.party.role == Role::Node);
    let given = nodes.map(|one| one.party.oin.clone()).collect();
    let (held, mut shown) = (Held { logs, keys, given: &given }, Shown::default());
    for Laid { party, heads, answers, decisions, .. } in parties {
        for kept in heads {
            report.head(party, kept, &held, &mut shown);
        }
        for answer in answers {
            report.answer(party, answer, &held, &mut shown)?;
        }
        for decided in decisions {
            report.decision(party, decided, &held, &mut shown);
        }
    }
    Ok(())
}

/// A key counts for whoever the region vouches for: folders of another region would bring theirs.
fn one_region(parties: &[Laid]) -> Result<(), Failure> {
    let mut others = parties.iter().map(|one| &one.party);
    let Some(first) = others.next() else { return Ok(()) };
    match others.find(|one| one.root.fingerprint() != first.root.fingerprint()) {
        Some(other) => Err(Failure::new(Reason::RegionMismatch, other.folder.display())),
        None => Ok(()),
    }
}

/// The operators that parties pinned. All of a region pin the same: who differs from the first node
/// is named. A holder needs none.
fn pins<'a>(parties: &'a [Laid], report: &mut Report) -> Vec<&'a Operators> {
    let of = |operators: &'a Operators| operators.all().iter().collect::<BTreeSet<_>>();
    let pins = |one: &&Party| one.role != Role::Holder || !one.operators.all().is_empty();
    let all: Vec<&Party> = parties.iter().map(|one| &one.party).filter(pins).collect();
    let first = all.iter().find(|one| one.role == Role::Node).or(all.first());
    let Some(first) = first.map(|one| of(&one.operators)) else { return Vec::new() };
    for other in all.iter().filter(|one| of(&one.operators) != first) {
        report.wrong(other, other.role.word(), "region.operators", Wrong::OperatorsDiffer);
    }
    all.iter().map(|one| &one.operators).collect()
}

/// What the parties have. What one of them has that cannot be read keeps nobody from looking at the
/// others; where there is nothing else, that is the answer.
async fn laid(wanted: &Wanted, trust: &Trust, report: &mut Report) -> Result<Vec<Laid>, Failure> {
    let mut parties = Vec::new();
    for (folder, failure) in &wanted.unreadable {
        report.unreadable(folder, failure);
    }
    let alone = wanted.processes.len() == 1;
    for (file, store) in &wanted.processes {
        let opened = Laid::open(file, store.as_deref(), trust.root.as_ref(), report).await;
        match opened {
            Ok(laid) => parties.push(laid),
            Err(failure) if alone => return Err(failure),
            Err(failure) => report.broken(file.parent().unwrap_or(file), failure)?,
        }
    }
    Ok(parties)
}

/// Walks all ledgers of one party, and holds its records against them.
async fn whole(
    laid: &Laid,
    known: (&Keys, &[&Operators]),
    sizes: &BTreeSet<u64>,
    logs: &mut Logs,
    bar: &ProgressBar,
    report: &mut Report,
) -> Result<(), Failure> {
    there(laid, report).await?;
    for still in &laid.ledgers {
        let (origin, log) = walk(laid, still, known, sizes, bar, report).await?;
        let place = origin.to_string();
        if !take(logs, origin, log) {
            report.wrong(&laid.party, still.name(), &place, Wrong::CopiesDiffer);
        }
    }
    records(laid, report).await
}

/// A party has the ledger that it records in, with all before it, and no crowd around them.
async fn there(laid: &Laid, report: &mut Report) -> Result<(), Failure> {
    let Laid { party, ledgers, .. } = laid;
    let base = party.role.word();
    let goes_on = number(party.copied.store().as_ref()).await?;
    for name in (1..=goes_on).take(LEDGERS_MAX).map(|number| name(base, number)) {
        if !ledgers.iter().any(|still| still.name() == name) {
            let origin = party.origin(&name)?;
            report.wrong(party, &name, origin.as_str(), Wrong::LedgerMissing);
        }
    }
    if party.copied.is_crowded().await? {
        report.wrong(party, base, LEDGERS, Wrong::TooManyLedgers);
    }
    Ok(())
}

/// Holds a party's records against its ledgers, one behind the other when it was restored. No kind
/// of record has a least term but that of a decision, which break glass has too; each counts from
/// the moment at which it was made, a little before that at which it was recorded.
async fn records(laid: &Laid, report: &mut Report) -> Result<(), Failure> {
    let base = laid.party.role.word();
    let own = laid.ledgers.iter().filter(|still| of_name(still.name()).0 == base);
    let mut own: Vec<&Still> = own.collect();
    own.sort_by_key(|still| of_name(still.name()).1);
    // The auditor's own bounds: those in a party's folder are the party's word.
    let pack = Pack::open(None)?;
    let least = |_: &str, recorded_at: Timestamp| {
        pack.retention().least_end(Kept::Decision, recorded_at.plus_ms(-TERM_EARLIER_MS_MAX))
    };
    let store = laid.party.copied.store();
    let checked = check(store.as_ref(), &Chain::new(own), &least).await?;
    report.records(&laid.party, base, &checked);
    Ok(())
}

/// Walks one ledger.
async fn walk(
    laid: &Laid,
    still: &Still,
    (keys, pins): (&Keys, &[&Operators]),
    sizes: &BTreeSet<u64>,
    bar: &ProgressBar,
    report: &mut Report,
) -> Result<(Origin, Log), Failure> {
    let party = &laid.party;
    let origin = party.origin(still.name())?;
    let keys = keys.of_log(&origin, &party.oin);
    let against = Against { origin: &origin, keys: &keys, sizes };
    let mut walked = still.walk(against, &|leaves| bar.inc(leaves)).await?;
    report.leaves = report.leaves.saturating_add(walked.leaves);
    if keys.is_empty() {
        // That nothing is signed by a key that nobody knows says nothing.
        walked.findings.listed.retain(|one| one.problem != Problem::Unsigned);
        report.wrong(party, still.name(), origin.as_str(), Wrong::KeyUnknown);
    }
    report.take(party, still.name(), &walked.findings);
    let (base, number) = of_name(still.name());
    let is_brokers = party.role == Role::Broker && base == BROKER;
    let mut founded = None;
    if is_brokers && number > 1 {
        match founding(party, still, number, pins).await? {
            Ok(founding) => founded = Some(founding),
            Err(wrong) => report.wrong(party, still.name(), origin.as_str(), wrong),
        }
    }
    let (size, roots) = (still.len(), walked.roots);
    Ok((origin, Log { is_brokers, keys, size, roots, founding: founded }))
}

/// The keys of everybody whose card somebody keeps, with those before them where something was
/// signed by no key of now.
async fn keys_of(parties: &[Laid], trust: &Trust, report: &mut Report) -> Result<Keys, Failure> {
    let mut keys = Keys::given(&trust.vkeys);
    for Laid { party, .. } in parties {
        let cards = party.cards().await.or_else(|failure| report.unread(party, failure))?;
        for kept in cards {
            if let Some(wrong) = keys.learn(&party.root, &kept) {
                report.wrong(party, party.role.word(), &kept.place, wrong);
            }
        }
    }
    if all_signed(parties, &keys)? {
        return Ok(keys);
    }
    for still in parties.iter().flat_map(|one| &one.ledgers) {
        let mut from = 0;
        loop {
            let page = still.read(from, SCAN_PAGE_MAX).await?;
            let Some(last) = page.last() else { break };
            from = last.index.saturating_add(1);
            for record in &page {
                keys.consider(&record.leaf);
            }
        }
    }
    Ok(keys)
}

/// Whether keys of now signed every head and every line that can be checked.
fn all_signed(parties: &[Laid], keys: &Keys) -> Result<bool, Failure> {
    let mut broker = Vec::new();
    for Laid { party, ledgers, .. } in parties {
        for still in ledgers {
            let of_log = keys.of_log(&party.origin(still.name())?, &party.oin);
            if still.checkpoint().is_some_and(|head| !Keys::signed(&of_log, head)) {
                return Ok(false);
            }
            if of_name(still.name()).0 == BROKER {
                broker = of_log;
            }
        }
    }
    let mut heads = parties.iter().flat_map(|one| &one.heads).filter_map(|kept| kept.head.as_ref());
    let signed = |head| broker.is_empty() || Keys::signed(&broker, head);
    Ok(heads.all(|head| signed(head) && all_hold(head, keys)))
}
