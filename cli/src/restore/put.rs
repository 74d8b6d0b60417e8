//! A backup put back.

use std::path::Path;

use grondslag_certs::file::{create_secret, read_secret_bytes};
use grondslag_evidence::backup::{self, Place, Put, read_secret, restore};
use serde_json::{Value, json};

use super::finish::go_on;
use crate::any_process::Role;
use crate::backup::process::Process;
use crate::backup::{failure, no_factors};
use crate::exit::{Exit, Failure};
use crate::files::must_be_new;
use crate::limits::{PEM_BYTES_MAX, TEXT_BYTES_MAX};
use crate::output::{Output, bold, green, yellow};
use crate::wait::wait;

/// What was typed.
pub(super) struct Given<'a> {
    pub(super) backup: &'a Path,
    pub(super) key: &'a Path,
    pub(super) config: &'a Path,
    pub(super) factors: Option<&'a Path>,
}

/// Puts it back; a node or a key holder goes on under its next number at once.
pub(super) fn run(given: &Given<'_>, out: Output) -> Result<Exit, Failure> {
    let process = Process::open(given.config)?;
    let secret = read_secret_bytes(given.key, PEM_BYTES_MAX)?;
    let secret = read_secret(given.key, &secret).map_err(failure)?;
    let factors = Factors::read(&process, given.factors)?;
    let len = given.backup.metadata().map(|found| found.len()).ok();
    let bar = out.progress(len, out.tr("terugzetten", "putting back"));
    let put = wait(async {
        let origin = |name: &str| process.origin(name);
        let into = Place {
            folder: &process.store,
            oin: &process.oin,
            origin: &origin,
            keys: &process.keys,
        };
        let put = restore(given.backup, &secret, into, &|bytes| bar.inc(bytes)).await;
        let put = put.map_err(failure)?;
        if process.role != Role::Broker {
            go_on(process.role, given.config).await?;
        }
        Ok(put)
    });
    bar.finish_and_clear();
    let put = put?;
    if let Some(Factors { bytes, to }) = factors {
        create_secret(to, &bytes)?;
    }
    say(&process, &put, given.config, out)
}

/// The copy of the factors, still sealed, and where it belongs.
struct Factors<'a> {
    bytes: zeroize::Zeroizing<Vec<u8>>,
    to: &'a Path,
}

impl<'a> Factors<'a> {
    fn read(process: &'a Process, copy: Option<&Path>) -> Result<Option<Self>, Failure> {
        let Some(copy) = copy else { return Ok(None) };
        let to = process.factors.as_deref().ok_or_else(no_factors)?;
        must_be_new(to)?;
        Ok(Some(Self { bytes: read_secret_bytes(copy, TEXT_BYTES_MAX)?, to }))
    }
}

fn say(process: &Process, put: &Put, config: &Path, out: Output) -> Result<Exit, Failure> {
    let backup::Header { at, .. } = &put.header;
    let told = out.tr("Teruggezet: de back-up van", "Put back: the backup of");
    out.line(&format!("{} {}", green(told), at.local()));
    for (name, size) in &put.ledgers {
        out.line(&format!("  {name:<12} {size} {}", out.tr("vermeldingen", "leaves")));
    }
    let (config, next) = (config.display(), next(process.role));
    for line in next.map(|line| line.replace("CONFIG", &config.to_string())) {
        out.line(&format!("  {}", bold(&line)));
    }
    out.line(&yellow(out.tr(
        "Sleutels, configuratie en de map van de beheerder staan in geen back-up.",
        "Keys, configuration and the operator's folder are in no backup.",
    )));
    let ledgers: serde_json::Map<String, Value> =
        put.ledgers.iter().map(|(name, size)| (name.clone(), (*size).into())).collect();
    out.json(&json!({
        "process": process.role.word(),
        "at": at.to_string(),
        "ledgers": ledgers,
        "records": put.records,
    }))?;
    Ok(Exit::Done)
}

/// The commands that come next.
fn next(role: Role) -> impl Iterator<Item = &'static str> {
    let lines: &[&str] = match role {
        Role::Broker => &[
            "grondslag restore collect --config CONFIG --to found.json",
            "grondslag operator sign-founding --file found.json --operator FOLDER",
            "grondslag restore finish --config CONFIG --founding found.json",
        ],
        Role::Node => {
            &["grondslag node confirm-restored --config CONFIG --index --measures --consents"]
        }
        Role::Holder => &["grondslag holder serve --config CONFIG"],
    };
    lines.iter().copied()
}
