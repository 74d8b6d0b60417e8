//! What is made: an authority, requests, certificates and admissions.

use std::path::Path;

use grondslag_certs::Leaf;
use grondslag_certs::authority;
use grondslag_certs::request::{self, KEY_FILE, REQUEST_FILE};
use grondslag_certs::time::tls_now;
use serde_json::json;

use crate::exit::{Exit, Failure};
use crate::files::{must_be_new, read_text, write_new};
use crate::limits::PEM_BYTES_MAX;
use crate::output::{Output, bold, green};

use super::show::leaf_json;
use super::{AdmitArgs, InitArgs, IssueArgs, RenewArgs, RequestArgs, SignArgs, shown};

/// Makes the region's authority.
pub(super) fn init(args: &InitArgs, out: Output) -> Result<Exit, Failure> {
    let folder = &args.authority.folder;
    let root = authority::init(folder, &args.region, tls_now())?;
    let made = out.tr("De autoriteit is gemaakt in", "The authority was made in");
    out.line(&format!("{} {}", green(made), shown(folder)));
    let read = out.tr(
        "Lees deze vingerafdruk door de telefoon voor aan elke organisatie:",
        "Read this fingerprint to every agency over the telephone:",
    );
    out.line(&format!("{read}\n{}", bold(&root.fingerprint().to_string())));
    out.note(out.tr(
        "Bewaar deze map offline. Een makelaar of knooppunt heeft alleen ca.pem en crl.pem nodig.",
        "Keep this folder offline. A broker or node needs ca.pem and crl.pem only.",
    ));
    out.json(&json!({
        "folder": shown(folder),
        "fingerprint": root.fingerprint(),
        "not_after": root.not_after().to_string(),
    }))?;
    Ok(Exit::Done)
}

/// Makes an agency's key and its request.
pub(super) fn request(args: &RequestArgs, out: Output) -> Result<Exit, Failure> {
    request::new_key_and_csr(&args.folder, &args.agency.oin, &args.agency.name)?;
    let (key, request) = (args.folder.join(KEY_FILE), args.folder.join(REQUEST_FILE));
    let made = out.tr("Sleutel en aanvraag zijn gemaakt.", "Key and request were made.");
    out.line(&green(made));
    out.line(&format!("{} {}", out.tr("Blijft hier:", "Stays here:"), shown(&key)));
    let send = out.tr("Stuur naar de beheerder van de regio:", "Send to the region's operator:");
    out.line(&format!("{send} {}", bold(&shown(&request))));
    out.json(&json!({
        "oin": args.agency.oin,
        "key": shown(&key),
        "request": shown(&request),
    }))?;
    Ok(Exit::Done)
}

/// Signs an agency's request.
pub(super) fn sign_csr(args: &SignArgs, out: Output) -> Result<Exit, Failure> {
    must_be_new(&args.out)?;
    let request = read_text(&args.request, PEM_BYTES_MAX)?;
    let pem = authority::sign_csr(&args.authority.folder, &request, tls_now())?;
    hand_over(&pem, &args.out, out)
}

/// Signs an agency's request again.
pub(super) fn renew(args: &RenewArgs, out: Output) -> Result<Exit, Failure> {
    must_be_new(&args.out)?;
    let request = read_text(&args.request, PEM_BYTES_MAX)?;
    let current = read_text(&args.current, PEM_BYTES_MAX)?;
    let pem = authority::renew(&args.authority.folder, &request, &current, tls_now())?;
    hand_over(&pem, &args.out, out)
}

/// Makes an agency's folder ready, key and all: for a trial.
pub(super) fn issue(args: &IssueArgs, out: Output) -> Result<Exit, Failure> {
    let (folder, agency) = (&args.folder, &args.agency);
    let leaf =
        authority::issue(&args.authority.folder, folder, &agency.oin, &agency.name, tls_now())?;
    issued(&leaf, folder, out)
}

/// Admits an agency to kinds.
pub(super) fn admit(args: &AdmitArgs, out: Output) -> Result<Exit, Failure> {
    must_be_new(&args.out)?;
    let folder = &args.authority.folder;
    let admission = authority::admit(folder, &args.oin, &args.kinds, args.until, tls_now())?;
    authority::write_admission(&args.out, &admission)?;
    let kinds: Vec<_> = admission.kinds.iter().map(ToString::to_string).collect();
    let (admitted, until) = (out.tr("Toegelaten als", "Admitted as"), out.tr("tot", "until"));
    let ends = admission.valid_until.local();
    out.line(&format!("{} {} ({until} {ends})", green(admitted), kinds.join(", ")));
    out.line(&shown(&args.out));
    out.json(&json!({
        "oin": admission.oin,
        "kinds": admission.kinds,
        "valid_until": admission.valid_until.to_string(),
        "file": shown(&args.out),
    }))?;
    Ok(Exit::Done)
}

fn hand_over(pem: &str, file: &Path, out: Output) -> Result<Exit, Failure> {
    let leaf = Leaf::parse_pem(pem)?;
    write_new(file, pem)?;
    issued(&leaf, file, out)
}

fn issued(leaf: &Leaf, place: &Path, out: Output) -> Result<Exit, Failure> {
    let (issued, until) =
        (out.tr("Certificaat uitgegeven aan", "Certificate issued to"), out.tr("tot", "until"));
    let ends = leaf.not_after().local();
    out.line(&format!("{} {} ({}), {until} {ends}", green(issued), leaf.name(), leaf.oin()));
    out.line(&shown(place));
    out.json(&json!({ "certificate": leaf_json(leaf), "file": shown(place) }))?;
    Ok(Exit::Done)
}
