//! A new broker: a folder with all that it makes itself. Nothing is overwritten, and no private
//! key leaves the folder.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use grondslag_certs::SealedFile;
use grondslag_certs::key::create_signing_key;
use grondslag_certs::request::{KEY_FILE, REQUEST_FILE, new_key_and_csr};
use grondslag_core::id::Oin;
use serde_json::json;

use crate::exit::{Exit, Failure};
use crate::files::{must_be_new, unwritable, write_new};
use crate::output::{Output, bold, green};

/// File with the configuration.
const CONFIG_FILE: &str = "broker.toml";
/// File of the key that signs attestations.
const SIGN_KEY_FILE: &str = "sign.key";
/// File of the key under which the factors are sealed.
pub(crate) const FACTORS_KEY_FILE: &str = "factors.key";
/// Sealed file of the factors; the broker makes it at its first start.
pub(crate) const FACTORS_FILE: &str = "factors.sealed";
/// Folder of what the operator decides. Without it a broker does not serve: nobody is admitted or
/// suspended by accident.
const OPERATOR_FOLDER: &str = "operator";
/// Files that the region's authority gives.
const THEIRS: [&str; 4] = ["cert.pem", "ca.pem", "crl.pem", "admission.json"];

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
}

/// Makes the folder and says what must still come.
pub(super) fn init(args: &InitArgs, out: Output) -> Result<Exit, Failure> {
    let at = |name: &str| args.folder.join(name);
    let own =
        [CONFIG_FILE, SIGN_KEY_FILE, KEY_FILE, REQUEST_FILE, OPERATOR_FOLDER, FACTORS_KEY_FILE];
    for name in own {
        must_be_new(&at(name))?;
    }
    new_key_and_csr(&args.folder, &args.oin, &args.name)?;
    create_signing_key(&at(SIGN_KEY_FILE))?;
    SealedFile::create_key(&at(FACTORS_KEY_FILE))
        .map_err(|error| Failure::new(error.reason(), error))?;
    let operator = at(OPERATOR_FOLDER);
    std::fs::create_dir(&operator).map_err(|error| unwritable(&operator, &error))?;
    write_new(&at(CONFIG_FILE), &config(args))?;
    let [config, request] = [CONFIG_FILE, REQUEST_FILE].map(|name| at(name).display().to_string());
    out.line(&green(out.tr("De makelaar is gemaakt.", "The broker was made.")));
    let send = out.tr("Stuur naar de beheerder van de regio:", "Send to the region's operator:");
    out.line(&format!("{send} {}", bold(&request)));
    out.line(out.tr("Plaats daarna wat u terugkrijgt:", "Then place what you get back:"));
    let missing = THEIRS.map(at).into_iter().filter(|path| !path.exists());
    let missing: Vec<_> = missing.map(|path| path.display().to_string()).collect();
    for path in &missing {
        out.line(&format!("  {path}"));
    }
    let start = out.tr("Start met:", "Start with:");
    out.line(&format!("{start} {}", bold(&format!("grondslag broker serve --config {config}"))));
    out.json(&json!({ "config": config, "request": request, "missing": missing }))?;
    Ok(Exit::Done)
}

fn config(args: &InitArgs) -> String {
    let [name, duty_phone] =
        [&args.name, &args.duty_phone].map(|text| toml::Value::String(text.clone()).to_string());
    let listen = args.listen;
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
"
    )
}

#[cfg(test)]
mod tests {
    use grondslag_broker::config::BrokerConfig;

    use super::*;

    #[test]
    fn a_new_broker_has_a_configuration_that_loads() {
        let args = InitArgs {
            folder: PathBuf::from("."),
            oin: Oin::parse("00000099000000009000").unwrap(),
            name: "Makelaar \"Drieveen\"".into(),
            duty_phone: "088 990 00 00".into(),
            listen: "127.0.0.1:9443".parse().unwrap(),
        };
        let parsed: BrokerConfig = toml::from_str(&config(&args)).unwrap();
        assert_eq!(parsed.broker.name, "Makelaar \"Drieveen\"");
        assert_eq!(parsed.listen.address, args.listen);
    }
}
