//! A new node.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use grondslag_certs::time::tls_now;
use grondslag_core::catalogue::Kind;
use grondslag_core::id::Oin;
use grondslag_node::init::{self, NewNode};
use serde_json::json;

use crate::exit::{Exit, Failure};
use crate::output::{Output, bold, green};

/// Arguments of `node init`.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Folder that the node is made in
    #[arg(long)]
    folder: PathBuf,

    /// Number of the agency (OIN, 20 positions; 00000099... is a trial)
    #[arg(long, value_parser = Oin::parse)]
    oin: Oin,

    /// Name of the agency
    #[arg(long)]
    name: String,

    /// Kind of the agency, such as gem, sch, ha or gi
    #[arg(long, value_parser = Kind::parse)]
    kind: Kind,

    /// Telephone number of the professional on duty
    #[arg(long, value_name = "NUMBER")]
    duty_phone: String,

    /// Address and port where the region's broker calls the node
    #[arg(long, default_value = "127.0.0.1:8443", value_name = "ADDRESS")]
    listen: SocketAddr,

    /// Address and port where the agency's own people call the node
    #[arg(long, default_value = "127.0.0.1:8444", value_name = "ADDRESS")]
    desk: SocketAddr,

    /// Number of the region's broker (OIN)
    #[arg(long, value_parser = Oin::parse, value_name = "OIN")]
    broker: Oin,

    /// Host and port where the region's broker is reached
    #[arg(long, value_name = "HOST:PORT")]
    broker_endpoint: String,
}

/// Makes the folder and says what must still come.
pub(super) fn init(args: InitArgs, out: Output) -> Result<Exit, Failure> {
    let InitArgs { folder, oin, name, kind, duty_phone, listen, desk, broker, broker_endpoint } =
        args;
    let node = NewNode { oin, name, kind, duty_phone, listen, desk, broker, broker_endpoint };
    let made = init::init(&folder, &node, tls_now())?;
    out.line(&green(out.tr("Het knooppunt is gemaakt.", "The node was made.")));
    let send = out.tr("Stuur naar de beheerder van de regio:", "Send to the region's operator:");
    out.line(&format!("{send} {}", bold(&made.request.display().to_string())));
    out.line(out.tr("Plaats daarna wat u terugkrijgt:", "Then place what you get back:"));
    for path in &made.missing {
        out.line(&format!("  {}", path.display()));
    }
    let start = out.tr("Start met:", "Start with:");
    let command = format!("grondslag node serve --config {}", made.config.display());
    out.line(&format!("{start} {}", bold(&command)));
    let missing: Vec<_> = made.missing.iter().map(|path| path.display().to_string()).collect();
    out.json(&json!({
        "config": made.config.display().to_string(),
        "request": made.request.display().to_string(),
        "missing": missing,
    }))?;
    Ok(Exit::Done)
}
