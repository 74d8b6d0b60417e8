//! `grondslag node init`: a folder with all that a node makes itself. Nothing is overwritten, and
//! no private key leaves the folder.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use grondslag_certs::desk::{self, DeskError};
use grondslag_certs::file::{self, FileError};
use grondslag_certs::key::{self, KeyError};
use grondslag_certs::request::{self, RequestError};
use grondslag_core::catalogue::Kind;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use grondslag_core::officers::Appointment;
use grondslag_core::operators::Operator;
use grondslag_core::reason::Reason;
use grondslag_runtime::config::{Region, WITNESSES_FILE};

use crate::keys::{Keys, KeysError};
use crate::secret::{NodeSecret, SecretError};

/// File with the configuration.
pub const CONFIG_FILE: &str = "node.toml";
/// File of the card's sign key.
pub const SIGN_KEY_FILE: &str = "sign.key";
/// File of the node's secret.
pub const SECRET_FILE: &str = "node.secret";
/// File of the key that opens hidden numbers.
pub const PSEUDONYM_KEY_FILE: &str = "pseudonym.key";
/// Folder of the seal keys.
pub const SEAL_FOLDER: &str = "seal";
/// File with the agency's people.
pub const STAFF_FILE: &str = "staff.toml";
/// File that the region's authority gives: what the agency is admitted to.
pub const ADMISSION_FILE: &str = "admission.json";
/// Folder of the desk authority.
pub const DESK_FOLDER: &str = "desk";
/// Folder of accepted cards.
pub const ACCEPTED_FOLDER: &str = "accepted";
/// Folder of the store; the node makes it at its first start.
pub const STORE_FOLDER: &str = "store";

/// What a new node must be told.
#[derive(Debug, Clone)]
pub struct NewNode {
    /// The organisation.
    pub oin: Oin,
    /// Its name.
    pub name: String,
    /// Its kind toward those who ask it.
    pub kind: Kind,
    /// Telephone of the professional on duty.
    pub duty_phone: String,
    /// Where the broker calls the node.
    pub listen: SocketAddr,
    /// Where its own people call it.
    pub desk: SocketAddr,
    /// The region's broker, pinned from now on.
    pub broker: Oin,
    /// Where the broker is reached, `host:port`.
    pub broker_endpoint: String,
    /// Key holders beside the broker.
    pub key_holders: Vec<Oin>,
    /// The region's operators, pinned from now on; none only in a trial.
    pub operators: Vec<Operator>,
    /// The privacy officers who may sign the first rules; none only where none are published.
    pub officers: Vec<Appointment>,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The configuration.
    pub config: PathBuf,
    /// The request (CSR) that goes to the region's authority.
    pub request: PathBuf,
    /// Files that must still come: certificate, root, list of revoked certificates, admission.
    pub missing: Vec<PathBuf>,
}

/// Why a node was not made.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// Something stands there already and nothing was changed, or the folder cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The key or its request.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The sign key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The keys for what is hidden.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The desk authority.
    #[error(transparent)]
    Desk(#[from] DeskError),
}

impl InitError {
    /// The stable reason.
    pub fn reason(&self) -> Reason {
        match self {
            Self::File(error) => error.reason(),
            Self::Request(error) => error.reason(),
            Self::Key(error) => error.reason(),
            Self::Secret(error) => error.reason(),
            Self::Keys(error) => error.reason(),
            Self::Desk(error) => error.reason(),
        }
    }
}

/// Makes a node's folder: private key and request, sign key, secret, desk authority, an empty
/// staff file and the configuration.
///
/// # Errors
/// [`InitError`]; before the first file is written when one of them exists already.
pub fn init(folder: &Path, node: &NewNode, now: Timestamp) -> Result<Made, InitError> {
    let at = |name: &str| folder.join(name);
    let own = [
        CONFIG_FILE,
        SIGN_KEY_FILE,
        SECRET_FILE,
        PSEUDONYM_KEY_FILE,
        SEAL_FOLDER,
        STAFF_FILE,
        DESK_FOLDER,
        ACCEPTED_FOLDER,
    ];
    let theirs = [request::KEY_FILE, request::REQUEST_FILE];
    for path in own.into_iter().chain(theirs).map(at) {
        if path.symlink_metadata().is_ok() {
            return Err(FileError::Exists { path }.into());
        }
    }
    request::new_key_and_csr(folder, &node.oin, &node.name)?;
    key::create_signing_key(&at(SIGN_KEY_FILE))?;
    NodeSecret::create(&at(SECRET_FILE))?;
    Keys::create(&at(PSEUDONYM_KEY_FILE), &at(SEAL_FOLDER))?;
    desk::init(&at(DESK_FOLDER), &node.oin, now)?;
    file::create_folder(&at(ACCEPTED_FOLDER))?;
    file::create(&at(STAFF_FILE), STAFF.as_bytes())?;
    file::create(&at(CONFIG_FILE), config(node).as_bytes())?;
    let witnesses = (!node.operators.is_empty()).then_some(WITNESSES_FILE);
    let missing = ["cert.pem", "ca.pem", "crl.pem", ADMISSION_FILE].into_iter().chain(witnesses);
    Ok(Made {
        config: at(CONFIG_FILE),
        request: at(request::REQUEST_FILE),
        missing: missing.map(at).filter(|path| !path.exists()).collect(),
    })
}

const STAFF: &str = "\
# The agency's people. Restart the node after a change.
#
# [[staff]]
# id = \"n.deboer\"                  # as in the subject of the desk certificate
# name = \"N. de Boer\"
# roles = [\"gem.lokaalteam\"]       # roles of the catalogue
# mandate_until = \"2028-12-31\"
";

fn config(node: &NewNode) -> String {
    let NewNode { name, kind, duty_phone, listen, desk, broker, broker_endpoint, .. } = node;
    let key_holders: Vec<_> = node.key_holders.iter().map(|oin| quoted(oin.as_str())).collect();
    let key_holders = key_holders.join(", ");
    let region = Region::section(&node.operators, &node.officers);
    let [name, duty_phone, endpoint] = [name, duty_phone, broker_endpoint].map(|text| quoted(text));
    format!(
        "\
# A node of Grondslag. Paths are relative to this file.

[identity]
cert = \"cert.pem\"                  # from the region's authority, on {request_file}
key = \"key.pem\"
root = \"ca.pem\"                    # from the region's authority
crl = \"crl.pem\"                    # from the region's authority, renewed every week

[listen]
address = \"{listen}\"

[desk]
address = \"{desk}\"
root = \"{DESK_FOLDER}/{desk_root}\"

[store]
path = \"{STORE_FOLDER}\"

[agency]
name = {name}
kind = \"{kind}\"
duty_phone = {duty_phone}
admission = \"{ADMISSION_FILE}\"       # from the region's authority
sign_key = \"{SIGN_KEY_FILE}\"
secret = \"{SECRET_FILE}\"
pseudonym_key = \"{PSEUDONYM_KEY_FILE}\"
seal_keys = \"{SEAL_FOLDER}\"
staff = [\"{STAFF_FILE}\"]
accepted = \"{ACCEPTED_FOLDER}\"

[broker]
oin = \"{broker}\"
endpoint = {endpoint}
key_holders = [{key_holders}]
{region}",
        request_file = request::REQUEST_FILE,
        desk_root = desk::ROOT_FILE,
    )
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::NodeConfig;

    fn node() -> NewNode {
        NewNode {
            oin: Oin::parse("00000099000000001000").unwrap(),
            name: "Praktijk \"De Wierde\"".into(),
            kind: Kind::parse("ha").unwrap(),
            duty_phone: "088 990 00 00".into(),
            listen: "127.0.0.1:8443".parse().unwrap(),
            desk: "127.0.0.1:8444".parse().unwrap(),
            broker: Oin::parse("00000099000000009000").unwrap(),
            broker_endpoint: "127.0.0.1:9443".into(),
            key_holders: vec![Oin::parse("00000099000000012000").unwrap()],
            operators: Vec::new(),
            officers: Vec::new(),
        }
    }

    fn now() -> Timestamp {
        grondslag_certs::time::tls_now()
    }

    #[test]
    fn a_new_node_has_a_configuration_that_loads_and_says_what_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let made = init(folder.path(), &node(), now()).unwrap();
        let config: NodeConfig = grondslag_runtime::config::load(&made.config).unwrap();
        assert_eq!(config.agency.name, "Praktijk \"De Wierde\"");
        assert_eq!(config.broker.oin, node().broker);
        assert!(config.desk.root.path().exists() && config.agency.secret.path().exists());
        assert!(made.request.exists());
        let names: Vec<_> = made.missing.iter().map(|path| path.file_name().unwrap()).collect();
        assert_eq!(names, ["cert.pem", "ca.pem", "crl.pem", "admission.json"]);
    }

    #[test]
    fn a_node_that_pins_operators_waits_for_their_list_of_witnesses() {
        let folder = tempfile::tempdir().unwrap();
        let operator = |number: u8| {
            let oin = Oin::parse(&format!("0000009900000000{number}000")).unwrap();
            Operator::new(oin, &ed25519_dalek::SigningKey::from_bytes(&[number; 32]))
        };
        let operators = vec![operator(1), operator(2)];
        let new = NewNode { operators: operators.clone(), ..node() };
        let made = init(folder.path(), &new, now()).unwrap();
        let config: NodeConfig = grondslag_runtime::config::load(&made.config).unwrap();
        assert_eq!(config.region.unwrap().operators.all(), operators);
        assert!(made.missing.contains(&folder.path().join(WITNESSES_FILE)));
    }

    #[test]
    fn a_second_init_overwrites_nothing_and_makes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(STAFF_FILE), "mine").unwrap();
        let refused = init(folder.path(), &node(), now()).unwrap_err();
        assert_eq!(refused.reason(), Reason::FileExists);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(fs::read_to_string(folder.path().join(STAFF_FILE)).unwrap(), "mine");
    }
}
