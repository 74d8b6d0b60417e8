//! A new broker: a folder with all that it makes itself.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use grondslag_certs::request::{KEY_FILE, REQUEST_FILE};
use grondslag_core::id::Oin;
use grondslag_core::officers::Appointment;
use grondslag_core::operators::Operator;
use grondslag_runtime::config::Region;

use crate::exit::{Exit, Failure};
use crate::made::{
    FACTORS_FILE, FACTORS_KEY_FILE, NewFolder, OPERATOR_FOLDER, SIGN_KEY_FILE, THEIRS, quoted,
};
use crate::output::Output;

/// File with the configuration.
const CONFIG_FILE: &str = "broker.toml";

/// Arguments of `broker init`.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Folder that the broker is made in
    #[arg(long)]
    folder: PathBuf,

    /// Number of the municipality that runs the broker (OIN, 20 positions)
    #[arg(long, value_parser = Oin::parse)]
    oin: Oin,

    /// Name of the broker
    #[arg(long)]
    name: String,

    /// Telephone number of the operator on duty
    #[arg(long, value_name = "NUMBER")]
    duty_phone: String,

    /// Address and port where nodes call the broker
    #[arg(long, default_value = "127.0.0.1:9443", value_name = "ADDRESS")]
    listen: SocketAddr,

    /// Public line of an operator of the region, of at least two organisations; none in a trial
    #[arg(long, value_parser = Operator::parse, value_name = "LINE")]
    operator: Vec<Operator>,

    /// Public line of a privacy officer with the day on which it ends, such as LINE@2028-01-01; at
    /// least two, who sign the rules that are published
    #[arg(long, value_parser = Appointment::parse, value_name = "LINE@DAY")]
    officer: Vec<Appointment>,
}

/// Makes the folder and says what must still come.
pub(super) fn init(args: &InitArgs, out: Output) -> Result<Exit, Failure> {
    let InitArgs { folder, oin, name, .. } = args;
    let (config, witnesses) = ((CONFIG_FILE, config(args)), !args.operator.is_empty());
    let folder = NewFolder { folder, oin, name, config, witnesses };
    folder.make(out.tr("De makelaar is gemaakt.", "The broker was made."), "broker serve", out)
}

fn config(args: &InitArgs) -> String {
    let [name, duty_phone] = [&args.name, &args.duty_phone].map(|text| quoted(text));
    let (listen, region) = (args.listen, Region::section(&args.operator, &args.officer));
    let [cert, root, crl, admission] = THEIRS;
    format!(
        "\
# The broker of a region. Paths are relative to this file.

[identity]
cert = \"{cert}\"                  # from the region's authority, on {REQUEST_FILE}
key = \"{KEY_FILE}\"
root = \"{root}\"                    # from the region's authority
crl = \"{crl}\"                    # from the region's authority, renewed every week

[listen]
address = \"{listen}\"

[store]
path = \"store\"

[broker]
name = {name}
duty_phone = {duty_phone}
admission = \"{admission}\"       # from the region's authority: kind broker
sign_key = \"{SIGN_KEY_FILE}\"
factors = \"{FACTORS_FILE}\"        # made by the broker; never put it in a backup
factors_key = \"{FACTORS_KEY_FILE}\"       # keep it on another device if you can
operator = \"{OPERATOR_FOLDER}\"              # written by grondslag broker admit, suspend and accept
{region}"
    )
}

#[cfg(test)]
mod tests {
    use grondslag_broker::config::BrokerConfig;

    use super::*;

    fn args() -> InitArgs {
        InitArgs {
            folder: PathBuf::from("."),
            oin: Oin::parse("00000099000000009000").unwrap(),
            name: "Makelaar \"Drieveen\"".into(),
            duty_phone: "088 990 00 00".into(),
            listen: "127.0.0.1:9443".parse().unwrap(),
            operator: Vec::new(),
            officer: Vec::new(),
        }
    }

    #[test]
    fn a_broker_pins_the_region_s_operators() {
        let lines = [
            "00000099000000001000+a819a1c1+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c",
            "00000099000000002000+89ad567d+AYE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU",
        ];
        let operator = lines.map(|line| Operator::parse(line).unwrap()).to_vec();
        let args = InitArgs { operator: operator.clone(), ..args() };
        let parsed: BrokerConfig = toml::from_str(&config(&args)).unwrap();
        assert_eq!(parsed.region.unwrap().operators.all(), operator);
    }

    #[test]
    fn a_new_broker_has_a_configuration_that_loads() {
        let args = args();
        let parsed: BrokerConfig = toml::from_str(&config(&args)).unwrap();
        assert_eq!(parsed.broker.name, "Makelaar \"Drieveen\"");
        assert_eq!(parsed.listen.address, args.listen);
    }
}
