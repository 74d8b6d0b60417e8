//! A new node.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use grondslag_certs::time::tls_now;
use grondslag_core::catalogue::Kind;
use grondslag_core::id::Oin;
use grondslag_core::officers::Appointment;
use grondslag_core::operators::Operator;
use grondslag_node::init::{self, NewNode};

use crate::exit::{Exit, Failure};
use crate::made::Made;
use crate::output::Output;

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

    /// Number of a key holder beside the broker (OIN), as the region agreed
    #[arg(long, value_parser = Oin::parse, value_name = "OIN")]
    key_holder: Vec<Oin>,

    /// Public line of an operator of the region, of at least two organisations; none in a trial
    #[arg(long, value_parser = Operator::parse, value_name = "LINE")]
    operator: Vec<Operator>,

    /// Public line of a privacy officer with the day on which it ends, such as LINE@2028-01-01; at
    /// least two, who sign the rules that are published
    #[arg(long, value_parser = Appointment::parse, value_name = "LINE@DAY")]
    officer: Vec<Appointment>,
}

/// Makes the folder and says what must still come.
pub(super) fn init(args: InitArgs, out: Output) -> Result<Exit, Failure> {
    let InitArgs { folder, oin, name, kind, duty_phone, listen, desk, .. } = args;
    let InitArgs { broker, broker_endpoint, key_holder, operator, officer, .. } = args;
    let node = NewNode {
        oin,
        name,
        kind,
        duty_phone,
        listen,
        desk,
        broker,
        broker_endpoint,
        key_holders: key_holder,
        operators: operator,
        officers: officer,
    };
    let made = init::init(&folder, &node, tls_now())?;
    let done = out.tr("Het knooppunt is gemaakt.", "The node was made.");
    let (config, request, missing) = (&made.config, &made.request, &made.missing);
    Made { done, serve: "node serve", config, request, missing }.say(out)
}
