//! `grondslag status`: how a running broker or node is doing.

use std::path::{Path, PathBuf};

use clap::Args;
use grondslag_core::limits::MESSAGE_BYTES_MAX;
use grondslag_core::reason::Reason;
use grondslag_proto::v1::ShowStatusRequest;
use grondslag_proto::v1::operator_service_client::OperatorServiceClient;
use grondslag_runtime::channel::within;
use grondslag_runtime::status::{
    AskAgainState, PeerContact, PolicyState, RetentionState, Status, ToDo,
};

use crate::exit::{Exit, Failure};
use crate::limits::{CERTIFICATE_DAYS_LOW, CRL_DAYS_LOW};
use crate::output::{Output, bold, dim, green, red, yellow};
use crate::process::Own;
use crate::wait::wait;

/// Show how a running broker or node is doing.
///
/// It asks the process itself, with the process's own certificate. It ends with code 1 when the
/// process does not serve or something needs attention.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Configuration file of the broker or node
    #[arg(long, value_name = "FILE")]
    config: PathBuf,

    /// Where it listens, when that does not follow from the configuration
    #[arg(long, value_name = "HOST:PORT")]
    address: Option<String>,
}

/// Asks and shows.
pub(crate) fn run(args: &StatusArgs, out: Output) -> Result<Exit, Failure> {
    let status = wait(ask(&args.config, args.address.as_deref()))?;
    say(&status, out);
    out.json(&status)?;
    let well = status.serving && status.findings.is_empty();
    Ok(if well { Exit::Done } else { Exit::Refused })
}

/// Asks a process by its configuration file.
pub(crate) fn fetch(config: &Path) -> Result<Status, Failure> {
    wait(ask(config, None))
}

/// Asks a process by its configuration file, and where it listens if that does not follow from it.
pub(crate) async fn ask(config: &Path, address: Option<&str>) -> Result<Status, Failure> {
    let own = Own::open(config, address)?;
    let mut client = OperatorServiceClient::new(own.channel.clone())
        .max_decoding_message_size(MESSAGE_BYTES_MAX);
    let answer = client.show_status(within(ShowStatusRequest {}, own.wait)).await;
    let json = answer.map_err(|status| Failure::from(status).about(&own.endpoint))?.into_inner();
    let status = serde_json::from_str(&json.status_json);
    status.map_err(|_| Failure::new(Reason::Malformed, own.endpoint))
}

/// "1.0.0; 1.1.0 from Wednesday on".
fn rules(policy: &PolicyState, out: Output) -> String {
    let mut told = policy.version.clone();
    if let (Some(next), Some(at)) = (&policy.next, policy.next_at) {
        told = format!("{told}; {next} {} {}", out.tr("vanaf", "from"), at.local());
    }
    if let (Some(reason), Some(from)) = (policy.blocked, policy.blocked_from) {
        let lead = out.tr("niet toe te passen vanaf", "not to be applied from");
        let sentence = reason.sentence(out.lang());
        told = format!("{told}; {lead} {}: {sentence}", from.local());
    }
    told
}

fn say(status: &Status, out: Output) {
    let state = if status.serving {
        green(out.tr("in dienst", "serving"))
    } else {
        red(out.tr("niet in dienst", "not serving"))
    };
    let name = bold(&status.name);
    out.line(&format!("{name} ({}, {}) {state}", status.process, status.oin));
    for finding in &status.findings {
        let sentence = finding.sentence(out.lang());
        out.line(&format!("  {} {sentence}", red(finding.code())));
    }
    let row =
        |label: &str, text: &str| out.line(&format!("  {} {text}", dim(&format!("{label:<22}"))));
    row(out.tr("versie", "version"), &format!("{} ({:?})", status.version, status.mode));
    let days = [
        (out.tr("certificaat", "certificate"), status.certificate_days_left, CERTIFICATE_DAYS_LOW),
        (out.tr("intrekkingslijst", "revocation list"), status.crl_days_left, CRL_DAYS_LOW),
    ];
    for (label, left, low) in days {
        row(label, &days_text(left, low, out));
    }
    row(out.tr("regels", "rules"), status.policy_bundle.as_deref().unwrap_or("-"));
    if let Some(policy) = &status.policy {
        row(out.tr("versie regels", "version of rules"), &rules(policy, out));
    }
    row(out.tr("opslag", "store"), &store_text(status, out));
    row(out.tr("klok", "clock"), &clock_text(status, out));
    if let Some(epoch) = &status.epoch {
        crate::broker::epoch::say(epoch, out);
    }
    if let Some(late @ 1..) = status.late_answers {
        let missed = out.tr("antwoorden misten hun moment", "answers missed their tick");
        row(out.tr("te laat", "late"), &yellow(&format!("{late} {missed}")));
    }
    for (label, to_do) in [
        (out.tr("te vertellen", "to be told"), status.inform),
        (out.tr("te beoordelen", "to be reviewed"), status.inbox),
        (out.tr("casussen", "cases"), status.cases),
        (out.tr("noodknop", "break glass"), status.glass),
        (out.tr("overdrachten", "handovers"), status.handovers),
        (out.tr("verzoeken", "requests"), status.rights),
    ] {
        said(label, to_do.unwrap_or_default(), out, &row);
    }
    if let Some(AskAgainState { ended, ahead, at }) = status.ask_again
        && (ended, ahead) != (0, 0)
    {
        let month = out.tr("binnen een maand", "within a month");
        let label = out.tr("opnieuw te vragen", "to ask again");
        row(label, &format!("{ended}, {month} {ahead} ({})", at.local()));
    }
    if let Some(retention) = &status.retention {
        row(out.tr("bewaartermijnen", "retention"), &retention_text(retention, out));
    }
    for peer in &status.peers {
        out.line(&peer_line(peer, out));
    }
}

/// What is left to do, where something is, and how much of it is late.
fn said(label: &str, ToDo { open, overdue }: ToDo, out: Output, row: &dyn Fn(&str, &str)) {
    let late = match overdue {
        0 => String::new(),
        late => format!(", {}", yellow(&format!("{late} {}", out.tr("te laat", "overdue")))),
    };
    if open > 0 {
        row(label, &format!("{open}{late}"));
    }
}

/// How much was forgotten, how many leaves of the ledger prove it, and up to which day.
fn retention_text(retention: &RetentionState, out: Output) -> String {
    let forgotten: u64 = retention.forgotten.values().sum();
    let (went, proofs) = (out.tr("vergeten", "forgotten"), out.tr("bewijzen", "proofs"));
    let done = retention.done_at.map_or_else(
        || out.tr("nog geen ronde", "no round yet").to_owned(),
        |at| format!("{} {}", out.tr("bij tot", "complete up to"), at.local()),
    );
    let failed =
        retention.failed.map_or_else(String::new, |reason| format!(" {}", red(reason.code())));
    format!("{forgotten} {went}, {} {proofs}, {done}{failed}", retention.leaves)
}

fn days_text(left: i64, low: i64, out: Output) -> String {
    let text = format!("{left} {}", out.tr("dagen te gaan", "days left"));
    match left {
        left if left < 0 => red(&text),
        left if left < low => yellow(&text),
        _ => text,
    }
}

fn store_text(status: &Status, out: Output) -> String {
    let store = &status.store;
    let state = match (store.writable, store.reason) {
        (true, _) => green(out.tr("schrijfbaar", "writable")),
        (false, Some(reason)) => red(reason.code()),
        (false, None) => red(out.tr("niet schrijfbaar", "not writable")),
    };
    let used = bytes(store.used_bytes, out.tr("in gebruik", "used"));
    let free = bytes(store.free_bytes, out.tr("vrij", "free"));
    format!("{} {state}{used}{free}", store.backend)
}

fn bytes(count: Option<u64>, label: &str) -> String {
    count.map_or_else(String::new, |count| format!(", {} MB {label}", count / 1_000_000))
}

fn clock_text(status: &Status, out: Output) -> String {
    let clock = &status.clock;
    let whose = if clock.region {
        out.tr("klok van de regio", "region clock")
    } else {
        out.tr("systeemklok", "system clock")
    };
    let offset = clock.offset_ms.map_or_else(String::new, |ms| {
        format!(", {ms} ms {}", out.tr("verschil met de makelaar", "from the broker's"))
    });
    let fault = clock.fault.map_or_else(String::new, |reason| format!(" {}", red(reason.code())));
    format!("{} ({whose}{offset}){fault}", clock.now.local())
}

fn peer_line(peer: &PeerContact, out: Output) -> String {
    let last = match peer.last_contact {
        Some(at) => format!("{} {}", out.tr("laatst gehoord", "last heard"), at.local()),
        None => out.tr("nog niet gehoord", "not heard yet").to_owned(),
    };
    let failure = peer.last_failure.map_or_else(String::new, |reason| {
        format!("; {} {}", yellow(reason.code()), reason.sentence(out.lang()))
    });
    let missed = match peer.missed {
        None | Some(0) => String::new(),
        Some(count) => {
            let missed = out.tr("keer niets gehoord waar het moest", "times silent when due");
            format!("; {}", yellow(&format!("{count} {missed}")))
        }
    };
    format!("  {} {:<36} {last}{failure}{missed}", peer.oin, peer.name)
}
