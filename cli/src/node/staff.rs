//! The people who may act for an agency.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use grondslag_certs::time::tls_now;
use grondslag_certs::{DeskCertificate, Serial, desk};
use grondslag_core::catalogue::Role;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::StaffId;
use grondslag_core::reason::Reason;
use grondslag_node::config::NodeConfig;
use grondslag_node::serve::Stopped;
use grondslag_node::staff::{Registry, Staff, StaffName};
use grondslag_runtime::config;
use serde_json::{Value, json};

use crate::exit::{Exit, Failure};
use crate::files::{must_be_new, read_text, write_new};
use crate::limits::{DESK_DAYS, PEM_BYTES_MAX};
use crate::output::{Output, bold, green, red, yellow};
use crate::serve::ConfigArgs;
use crate::wait::wait;

use super::open;

/// See, add and revoke the people who may act for the agency.
#[derive(Debug, Args)]
pub(crate) struct StaffArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show everybody in the register (stop the node first)
    List(ConfigArgs),
    /// Add a person (stop the node first)
    Add(AddArgs),
    /// End that a person, or one certificate of theirs, may act (stop the node first)
    Revoke(RevokeArgs),
    /// For a person: make your own desk key and a request for a desk certificate
    Request(RequestArgs),
    /// Give a person a desk certificate
    IssueCert(IssueArgs),
}

/// Arguments of `node staff add`.
#[derive(Debug, Args)]
struct AddArgs {
    /// The person's id, such as n.deboer
    #[arg(value_parser = StaffId::parse)]
    id: StaffId,

    /// The person's name
    #[arg(long)]
    name: String,

    /// A role that the person may act in, such as gem.lokaalteam; give it once per role
    #[arg(long = "role", value_name = "ROLE", required = true, value_parser = Role::parse)]
    roles: Vec<Role>,

    /// Last day of the person's mandate, such as 2028-12-31
    #[arg(long, value_parser = Timestamp::parse_until, value_name = "DATE")]
    mandate_until: Timestamp,

    #[command(flatten)]
    config: ConfigArgs,
}

/// Arguments of `node staff revoke`.
#[derive(Debug, Args)]
struct RevokeArgs {
    /// The person's id
    #[arg(value_parser = StaffId::parse)]
    id: StaffId,

    /// Revoke only the desk certificate with this serial number
    #[arg(long, value_name = "SERIAL", value_parser = Serial::parse)]
    certificate: Option<Serial>,

    #[command(flatten)]
    config: ConfigArgs,
}

/// Arguments of `node staff request`.
#[derive(Debug, Args)]
struct RequestArgs {
    /// Your id, such as n.deboer
    #[arg(value_parser = StaffId::parse)]
    id: StaffId,

    /// Folder that the key and the request are made in
    #[arg(long)]
    folder: PathBuf,
}

/// Arguments of `node staff issue-cert`.
#[derive(Debug, Args)]
#[group(id = "how", required = true, multiple = false, args = ["request", "folder"])]
struct IssueArgs {
    /// The person's id
    #[arg(value_parser = StaffId::parse)]
    id: StaffId,

    /// The person's request, made by `grondslag node staff request`
    #[arg(long, value_name = "FILE", requires = "out")]
    request: Option<PathBuf>,

    /// New file for the certificate
    #[arg(long, value_name = "FILE", conflicts_with = "folder")]
    out: Option<PathBuf>,

    /// For a trial: make the key as well, in this folder
    #[arg(long)]
    folder: Option<PathBuf>,

    /// Days that the certificate is valid, 1 to 366
    #[arg(long, default_value_t = DESK_DAYS)]
    days: u16,

    #[command(flatten)]
    config: ConfigArgs,
}

/// Runs one of the commands.
pub(super) fn run(args: StaffArgs, out: Output) -> Result<Exit, Failure> {
    match args.command {
        Command::List(args) => list(&args, out),
        Command::Add(args) => add(&args, out),
        Command::Revoke(args) => revoke(&args, out),
        Command::Request(args) => request(&args, out),
        Command::IssueCert(args) => issue(&args, out),
    }
}

fn list(args: &ConfigArgs, out: Output) -> Result<Exit, Failure> {
    let (people, now) = wait(async {
        let (_, stopped) = open(&args.config).await?;
        Ok((registry(&stopped).list().await?, stopped.context.clock.clock().now()))
    })?;
    for person in &people {
        let roles: Vec<_> = person.roles.iter().map(ToString::to_string).collect();
        let state = match (person.revoked, now >= person.mandate_until) {
            (true, _) => red(out.tr("ingetrokken", "revoked")),
            (false, true) => yellow(out.tr("mandaat geëindigd", "mandate ended")),
            (false, false) => green(out.tr("mag handelen", "may act")),
        };
        let (id, name) = (bold(&format!("{:<24}", person.id.as_str())), person.name.expose());
        let (until, ends) = (out.tr("tot", "until"), person.mandate_until.local());
        out.line(&format!("{id} {name}; {}; {until} {ends}; {state}", roles.join(", ")));
    }
    let people: Vec<Value> = people.iter().map(|person| person_json(person, now)).collect();
    out.json(&json!({ "staff": people }))?;
    Ok(Exit::Done)
}

fn person_json(person: &Staff, now: Timestamp) -> Value {
    json!({
        "id": person.id,
        "name": person.name.expose(),
        "roles": person.roles,
        "mandate_until": person.mandate_until.to_string(),
        "may_act": !person.revoked && now < person.mandate_until,
        "revoked": person.revoked,
        "revoked_certificates": person.revoked_certificates,
    })
}

fn add(args: &AddArgs, out: Output) -> Result<Exit, Failure> {
    let name = StaffName::parse(&args.name).ok_or_else(|| {
        Failure::told(
            Reason::Malformed,
            "een naam is 1 tot 200 tekens op één regel",
            "a name is 1 to 200 characters on one line",
        )
    })?;
    let staff = Staff {
        id: args.id.clone(),
        name,
        roles: args.roles.iter().cloned().collect::<BTreeSet<_>>(),
        mandate_until: args.mandate_until,
        revoked: false,
        revoked_certificates: BTreeSet::new(),
    };
    wait(async {
        let (_, stopped) = open(&args.config.config).await?;
        for role in &staff.roles {
            if stopped.pack.catalogue().role(role).is_none() {
                return Err(Failure::new(Reason::UnknownRole, role));
            }
        }
        Ok(registry(&stopped).add(&staff).await?)
    })?;
    out.line(&format!("{} {}", green(out.tr("Toegevoegd:", "Added:")), args.id.as_str()));
    out.json(&json!({ "id": args.id, "added": true }))?;
    Ok(Exit::Done)
}

fn revoke(args: &RevokeArgs, out: Output) -> Result<Exit, Failure> {
    wait(async {
        let (_, stopped) = open(&args.config.config).await?;
        let registry = registry(&stopped);
        let revoked = match &args.certificate {
            Some(serial) => registry.revoke_certificate(&args.id, serial).await,
            None => registry.revoke(&args.id).await,
        };
        revoked.map_err(Failure::from)
    })?;
    out.line(&format!("{} {}", green(out.tr("Ingetrokken:", "Revoked:")), args.id.as_str()));
    out.json(&json!({ "id": args.id, "certificate": args.certificate, "revoked": true }))?;
    Ok(Exit::Done)
}

fn request(args: &RequestArgs, out: Output) -> Result<Exit, Failure> {
    desk::new_desk_key_and_csr(&args.folder, &args.id)?;
    let [key, request] = [desk::KEY_FILE, desk::REQUEST_FILE]
        .map(|file| args.folder.join(file).display().to_string());
    out.line(&green(out.tr("Sleutel en aanvraag zijn gemaakt.", "Key and request were made.")));
    out.line(&format!("{} {key}", out.tr("Blijft hier:", "Stays here:")));
    let give = out.tr("Geef aan de beheerder van uw knooppunt:", "Give to your node's operator:");
    out.line(&format!("{give} {}", bold(&request)));
    out.json(&json!({ "id": args.id, "key": key, "request": request }))?;
    Ok(Exit::Done)
}

fn issue(args: &IssueArgs, out: Output) -> Result<Exit, Failure> {
    let config: NodeConfig = config::load(&args.config.config)?;
    let authority = config.desk.root.path().parent().unwrap_or(Path::new("."));
    let (certificate, file) = match (&args.request, &args.out, &args.folder) {
        (Some(request), Some(file), _) => (signed(authority, request, file, args)?, file.clone()),
        (_, _, Some(folder)) => {
            let made = desk::issue(authority, folder, &args.id, args.days, tls_now())?;
            (made, folder.join(desk::CERT_FILE))
        }
        // The group and the requirement above leave no other way.
        _ => return Err(Reason::Malformed.into()),
    };
    let (issued, until) =
        (out.tr("Deskcertificaat voor", "Desk certificate for"), out.tr("tot", "until"));
    let (id, ends) = (certificate.staff().as_str(), certificate.not_after());
    out.line(&format!("{} {id}, {until} {}", green(issued), ends.local()));
    out.line(&file.display().to_string());
    out.json(&json!({
        "id": id,
        "serial": certificate.serial(),
        "not_after": ends.to_string(),
        "file": file.display().to_string(),
    }))?;
    Ok(Exit::Done)
}

/// Signs a request that names the person it should name.
fn signed(
    authority: &Path,
    request: &Path,
    file: &Path,
    args: &IssueArgs,
) -> Result<DeskCertificate, Failure> {
    must_be_new(file)?;
    let csr = read_text(request, PEM_BYTES_MAX)?;
    let pem = desk::sign_csr(authority, &csr, args.days, tls_now())?;
    let certificate = DeskCertificate::parse_pem(&pem)?;
    if *certificate.staff() != args.id {
        let (named, wanted) = (certificate.staff().as_str(), args.id.as_str());
        return Err(Failure::new(Reason::CertificateInvalid, format!("{named} ≠ {wanted}")));
    }
    write_new(file, &pem)?;
    Ok(certificate)
}

fn registry(stopped: &Stopped) -> Registry {
    Registry::new(stopped.store.clone(), stopped.secret.clone())
}
