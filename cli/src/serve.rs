//! What `broker serve` and `node serve` have in common.

use std::path::{Path, PathBuf};

use clap::Args;
use grondslag_certs::Leaf;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Mode, Oin};
use grondslag_runtime::clock::ProcessClock;
use grondslag_runtime::config::{self, Clock, Finding, Identity};
use grondslag_runtime::run::ProcessConfig;
use rustix::process::{Signal, getpid, kill_process};
use serde_json::{Value, json};

use crate::exit::{Exit, Failure};
use crate::files::read_text;
use crate::limits::PEM_BYTES_MAX;
use crate::output::{Output, green, red};

/// The configuration file of a process.
#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
}

/// Arguments of a command that serves.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) file: ConfigArgs,

    /// Only check the configuration and the files that it names, and stop
    #[arg(long)]
    pub(crate) check: bool,

    /// End in order as soon as standard input closes: for a program that starts this one
    #[arg(long, hide = true, conflicts_with = "check")]
    with_parent: bool,

    /// Copy all that passes, in plaintext, into this new file; only in a demo region
    #[arg(long, hide = true, value_name = "FILE", conflicts_with = "check")]
    pub(crate) tap: Option<PathBuf>,
}

impl ServeArgs {
    /// Asks this process to end once nobody holds the other end of its standard input, so that a
    /// program that was killed leaves nothing behind.
    pub(crate) fn follow_parent(&self) {
        if !self.with_parent {
            return;
        }
        std::thread::spawn(|| {
            let mut sink = std::io::sink();
            // An end and an error mean the same: the parent has gone.
            let _ = std::io::copy(&mut std::io::stdin(), &mut sink);
            let _ = kill_process(getpid(), Signal::TERM);
        });
    }
}

/// Checks a configuration: its keys, the files it names, and what only this process knows.
pub(crate) fn check<C: ProcessConfig>(
    file: &Path,
    further: impl FnOnce(&C) -> Result<(), Failure>,
    out: Output,
) -> Result<Exit, Failure> {
    let findings = config::check::<C>(file)?;
    if findings.is_empty() {
        further(&config::load(file)?)?;
    }
    for finding in &findings {
        let (reason, path) = (finding.reason, finding.path.display());
        let sentence = reason.sentence(out.lang());
        out.line(&format!("{} {path}: {sentence}", red(reason.code())));
    }
    if findings.is_empty() {
        let sound = out.tr("De configuratie klopt:", "The configuration is right:");
        out.line(&format!("{} {}", green(sound), file.display()));
    }
    let shown: Vec<Value> = findings.iter().map(finding_json).collect();
    out.json(&json!({ "config": file.display().to_string(), "findings": shown }))?;
    Ok(if findings.is_empty() { Exit::Done } else { Exit::Config })
}

fn finding_json(finding: &Finding) -> Value {
    json!({ "path": finding.path.display().to_string(), "reason": finding.reason })
}

/// The organisation of a process, from its certificate.
pub(crate) fn oin(identity: &Identity) -> Result<Oin, Failure> {
    let leaf = Leaf::parse_pem(&read_text(identity.cert.path(), PEM_BYTES_MAX)?)?;
    Ok(leaf.oin().clone())
}

/// The mode of a process, from its certificate.
pub(crate) fn mode(identity: &Identity) -> Result<Mode, Failure> {
    Ok(oin(identity)?.mode())
}

/// The present moment as the process itself takes it.
pub(crate) fn now(identity: &Identity, clock: &Clock) -> Result<Timestamp, Failure> {
    Ok(ProcessClock::open(clock, mode(identity)?)?.clock().now())
}
