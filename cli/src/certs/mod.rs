//! `grondslag certs`: the region's authority, and an agency's own key and request.

mod canaries;
mod issue;
mod revoke;
mod show;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use grondslag_core::catalogue::Kind;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;

use crate::exit::{Exit, Failure};
use crate::output::Output;

use self::canaries::CanariesArgs;
pub(crate) use self::canaries::canary_list;
use self::revoke::{CrlArgs, RevokeArgs};
use self::show::ShowArgs;

/// Make, issue, renew, revoke and show certificates.
///
/// The region's authority is a folder that stays offline: no broker or node needs it. An agency
/// makes its own key and sends the authority a request; the key never travels.
#[derive(Debug, Args)]
pub(crate) struct CertsArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the region's authority in a new folder (keep it offline)
    Init(InitArgs),
    /// For an agency: make your own key and a request for a certificate
    Request(RequestArgs),
    /// For the authority: sign an agency's request
    SignCsr(SignArgs),
    /// For a trial: make key, request and certificate of an agency in one step
    Issue(IssueArgs),
    /// For the authority: sign a request again before the certificate expires
    Renew(RenewArgs),
    /// For the authority: revoke certificates, and make a new list of revoked ones
    Revoke(RevokeArgs),
    /// For the authority: make a new list of revoked certificates and hand it out
    Crl(CrlArgs),
    /// For the authority: admit an agency to the kinds it may act as
    Admit(AdmitArgs),
    /// For the authority: make a list of made-up subjects for all nodes (never for the broker)
    Canaries(CanariesArgs),
    /// Show what a certificate, a list, an admission or a folder holds
    Show(ShowArgs),
}

/// Where the authority is.
#[derive(Debug, Args)]
pub(crate) struct Authority {
    /// Folder of the region's authority
    #[arg(long = "authority", id = "authority", value_name = "FOLDER")]
    folder: PathBuf,
}

/// An agency.
#[derive(Debug, Args)]
pub(crate) struct Agency {
    /// Number of the agency (OIN, 20 positions; 00000099... is a trial)
    #[arg(long, value_parser = Oin::parse)]
    oin: Oin,

    /// Name of the agency
    #[arg(long)]
    name: String,
}

/// Arguments of `certs init`.
#[derive(Debug, Args)]
struct InitArgs {
    #[command(flatten)]
    authority: Authority,

    /// Name of the region
    #[arg(long)]
    region: String,
}

/// Arguments of `certs request`.
#[derive(Debug, Args)]
struct RequestArgs {
    /// Folder that the key and the request are made in
    #[arg(long)]
    folder: PathBuf,

    #[command(flatten)]
    agency: Agency,
}

/// Arguments of `certs sign-csr`.
#[derive(Debug, Args)]
struct SignArgs {
    #[command(flatten)]
    authority: Authority,

    /// The agency's request
    #[arg(long, value_name = "FILE")]
    request: PathBuf,

    /// New file for the certificate
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Arguments of `certs issue`.
#[derive(Debug, Args)]
struct IssueArgs {
    #[command(flatten)]
    authority: Authority,

    /// Folder of the agency
    #[arg(long)]
    folder: PathBuf,

    #[command(flatten)]
    agency: Agency,
}

/// Arguments of `certs renew`.
#[derive(Debug, Args)]
struct RenewArgs {
    #[command(flatten)]
    authority: Authority,

    /// The agency's request, of the same key
    #[arg(long, value_name = "FILE")]
    request: PathBuf,

    /// The certificate that the agency has now
    #[arg(long, value_name = "FILE")]
    current: PathBuf,

    /// New file for the certificate
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Arguments of `certs admit`.
#[derive(Debug, Args)]
struct AdmitArgs {
    #[command(flatten)]
    authority: Authority,

    /// Number of the agency (OIN)
    #[arg(long, value_parser = Oin::parse)]
    oin: Oin,

    /// Kind that the agency may act as, such as gem, sch or gi; give it once per kind
    #[arg(long = "kind", required = true, value_parser = Kind::parse, value_name = "KIND")]
    kinds: Vec<Kind>,

    /// Last day of the admission, such as 2028-12-31
    #[arg(long, value_parser = Timestamp::parse_until, value_name = "DATE")]
    until: Timestamp,

    /// New file for the admission
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Runs one of the commands.
pub(crate) fn run(args: CertsArgs, out: Output) -> Result<Exit, Failure> {
    match args.command {
        Command::Init(args) => issue::init(&args, out),
        Command::Request(args) => issue::request(&args, out),
        Command::SignCsr(args) => issue::sign_csr(&args, out),
        Command::Issue(args) => issue::issue(&args, out),
        Command::Renew(args) => issue::renew(&args, out),
        Command::Revoke(args) => revoke::revoke(&args, out),
        Command::Crl(args) => revoke::crl(&args, out),
        Command::Admit(args) => issue::admit(&args, out),
        Command::Canaries(args) => canaries::make(&args, out),
        Command::Show(args) => show::show(&args, out),
    }
}

/// A path, as a line says it.
fn shown(path: &Path) -> String {
    path.display().to_string()
}
