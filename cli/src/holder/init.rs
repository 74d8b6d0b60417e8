//! A new key holder: a folder with all that it makes itself.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use grondslag_certs::request::{KEY_FILE, REQUEST_FILE};
use grondslag_core::id::Oin;

use crate::exit::{Exit, Failure};
use crate::made::{
    FACTORS_FILE, FACTORS_KEY_FILE, NewFolder, OPERATOR_FOLDER, SIGN_KEY_FILE, THEIRS, quoted,
};
use crate::output::Output;

/// File with the configuration.
const CONFIG_FILE: &str = "holder.toml";

/// Arguments of `holder init`.
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Folder that the key holder is made in
    #[arg(long)]
    folder: PathBuf,

    /// Number of the organisation that runs the key holder (OIN, 20 positions)
    #[arg(long, value_parser = Oin::parse)]
    oin: Oin,

    /// Name of the key holder
    #[arg(long)]
    name: String,

    /// Telephone number of the operator on duty
    #[arg(long, value_name = "NUMBER")]
    duty_phone: String,

    /// Number of the region's broker (OIN)
    #[arg(long, value_parser = Oin::parse, value_name = "OIN")]
    broker: Oin,

    /// Address and port where the broker calls the key holder
    #[arg(long, default_value = "127.0.0.1:9444", value_name = "ADDRESS")]
    listen: SocketAddr,
}

/// Makes the folder and says what must still come, and who must be told.
pub(super) fn init(args: &InitArgs, out: Output) -> Result<Exit, Failure> {
    let InitArgs { folder, oin, name, listen, .. } = args;
    let config = (CONFIG_FILE, config(args));
    let folder = NewFolder { folder, oin, name, config, witnesses: false };
    let done = out.tr("De sleutelhouder is gemaakt.", "The key holder was made.");
    let made = folder.make(done, "holder serve", out)?;
    out.line(out.tr("Zet in broker.toml:", "Put in broker.toml:"));
    out.line(&format!("  [key_holder]\n  oin = \"{oin}\"\n  endpoint = \"{listen}\""));
    out.line(out.tr("Zet in elk knooppunt, onder [broker]:", "Put in every node, under [broker]:"));
    out.line(&format!("  key_holders = [\"{oin}\"]"));
    Ok(made)
}

fn config(args: &InitArgs) -> String {
    let [name, duty_phone] = [&args.name, &args.duty_phone].map(|text| quoted(text));
    let (listen, broker) = (args.listen, &args.broker);
    let [cert, root, crl, admission] = THEIRS;
    format!(
        "\
# A key holder beside the broker of a region. Paths are relative to this file.

[identity]
cert = \"{cert}\"                  # from the region's authority, on {REQUEST_FILE}
key = \"{KEY_FILE}\"
root = \"{root}\"                    # from the region's authority
crl = \"{crl}\"                    # from the region's authority, renewed every week

[listen]
address = \"{listen}\"

[store]
path = \"store\"

[holder]
name = {name}
duty_phone = {duty_phone}
admission = \"{admission}\"       # from the region's authority: kind broker
sign_key = \"{SIGN_KEY_FILE}\"
factors = \"{FACTORS_FILE}\"        # made by the key holder; never put it in a backup
factors_key = \"{FACTORS_KEY_FILE}\"       # keep it on another device if you can
operator = \"{OPERATOR_FOLDER}\"              # written by grondslag holder suspend and accept
broker = \"{broker}\"   # nobody else is served
"
    )
}

#[cfg(test)]
mod tests {
    use grondslag_broker::holder::config::HolderConfig;

    use super::*;

    #[test]
    fn a_new_key_holder_has_a_configuration_that_loads() {
        let args = InitArgs {
            folder: PathBuf::from("."),
            oin: Oin::parse("00000099000000009000").unwrap(),
            name: "Sleutelbeheer \"Drieveen\"".into(),
            duty_phone: "088 990 00 00".into(),
            broker: Oin::parse("00000099000000008000").unwrap(),
            listen: "127.0.0.1:9444".parse().unwrap(),
        };
        let parsed: HolderConfig = toml::from_str(&config(&args)).unwrap();
        assert_eq!(parsed.holder.name, "Sleutelbeheer \"Drieveen\"");
        assert_eq!((parsed.listen.address, parsed.holder.broker), (args.listen, args.broker));
    }
}
