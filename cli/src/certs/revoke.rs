//! What is taken back.

use std::path::{Path, PathBuf};

use clap::Args;
use grondslag_certs::authority::{self, Revoke};
use grondslag_certs::limits::{CRL_DAYS, CRL_DAYS_MAX};
use grondslag_certs::time::tls_now;
use grondslag_certs::{Crl, Serial};
use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use serde_json::json;

use crate::exit::{Exit, Failure};
use crate::output::{Output, bold, green};

use super::{Authority, shown};

/// Arguments of `certs revoke`.
#[derive(Debug, Args)]
#[group(id = "what", required = true, multiple = false, args = ["serial", "oin"])]
pub(crate) struct RevokeArgs {
    #[command(flatten)]
    authority: Authority,

    /// Serial number of one certificate
    #[arg(long, value_parser = Serial::parse)]
    serial: Option<Serial>,

    /// Number of an agency (OIN): every certificate of it
    #[arg(long, value_parser = Oin::parse)]
    oin: Option<Oin>,

    #[command(flatten)]
    list: ListArgs,
}

/// Arguments of `certs crl`.
#[derive(Debug, Args)]
pub(crate) struct CrlArgs {
    #[command(flatten)]
    authority: Authority,

    #[command(flatten)]
    list: ListArgs,
}

/// How a list is made and handed out.
#[derive(Debug, Args)]
struct ListArgs {
    /// Days that the new list is valid
    #[arg(long, default_value_t = CRL_DAYS,
        value_parser = clap::value_parser!(u16).range(1..=i64::from(CRL_DAYS_MAX)))]
    days: u16,

    /// Folder of a broker or node on this machine that gets the new list; may be given more often
    #[arg(long = "publish", value_name = "FOLDER")]
    publish: Vec<PathBuf>,
}

/// Revokes certificates and makes the list that says so.
pub(super) fn revoke(args: &RevokeArgs, out: Output) -> Result<Exit, Failure> {
    let what = match (&args.serial, &args.oin) {
        (Some(serial), _) => Revoke::Certificate(serial.clone()),
        // The group above demands one of the two.
        (None, Some(oin)) => Revoke::Agency(oin.clone()),
        (None, None) => return Err(Reason::Malformed.into()),
    };
    let folder = &args.authority.folder;
    let revoked = authority::revoke(folder, &what, tls_now())?;
    let list = list(folder, &args.list)?;
    for serial in &revoked {
        out.line(&format!("{} {serial}", green(out.tr("Ingetrokken:", "Revoked:"))));
    }
    say(&list, &args.list, out);
    out.json(&json!({
        "revoked": revoked,
        "number": list.number(),
        "next_update": list.next_update().to_string(),
    }))?;
    Ok(Exit::Done)
}

/// Makes a new list.
pub(super) fn crl(args: &CrlArgs, out: Output) -> Result<Exit, Failure> {
    let list = list(&args.authority.folder, &args.list)?;
    say(&list, &args.list, out);
    out.json(&json!({
        "number": list.number(),
        "revoked": list.revoked(),
        "next_update": list.next_update().to_string(),
    }))?;
    Ok(Exit::Done)
}

fn list(folder: &Path, args: &ListArgs) -> Result<Crl, Failure> {
    let list = authority::crl(folder, tls_now(), args.days)?;
    for target in &args.publish {
        authority::publish_crl(folder, target)?;
    }
    Ok(list)
}

fn say(list: &Crl, args: &ListArgs, out: Output) {
    let label = out.tr(
        "Nieuwe lijst van ingetrokken certificaten, nummer",
        "New list of revoked certificates, number",
    );
    let until = out.tr("geldig tot", "valid until");
    let number = bold(&list.number().to_string());
    out.line(&format!("{label} {number}, {until} {}", list.next_update().local()));
    for target in &args.publish {
        out.line(&format!("{} {}", out.tr("Geplaatst in", "Placed in"), shown(target)));
    }
    out.note(out.tr(
        "Een intrekking geldt zodra crl.pem bij de makelaar en de knooppunten staat.",
        "A revocation counts once crl.pem has reached the broker and the nodes.",
    ));
}
