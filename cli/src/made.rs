//! A new process's folder: what it makes itself, and what must still come. Nothing is overwritten,
//! and no private key leaves the folder.

use std::path::{Path, PathBuf};

use grondslag_certs::SealedFile;
use grondslag_certs::key::create_signing_key;
use grondslag_certs::request::{KEY_FILE, REQUEST_FILE, new_key_and_csr};
use grondslag_core::id::Oin;
use grondslag_runtime::config::WITNESSES_FILE;
use serde_json::json;

use crate::exit::{Exit, Failure};
use crate::files::{must_be_new, unwritable, write_new};
use crate::output::{Output, bold, green};

/// File of the key that signs attestations or links.
pub(crate) const SIGN_KEY_FILE: &str = "sign.key";
/// File of the key under which the factors are sealed.
pub(crate) const FACTORS_KEY_FILE: &str = "factors.key";
/// Sealed file of the factors; the process makes it at its first start.
pub(crate) const FACTORS_FILE: &str = "factors.sealed";
/// Folder of what the operator decides. Without it the process does not serve: nobody is admitted
/// or suspended by accident.
pub(crate) const OPERATOR_FOLDER: &str = "operator";
/// Files that the region's authority gives: certificate, root, revoked certificates, admission.
pub(crate) const THEIRS: [&str; 4] = ["cert.pem", "ca.pem", "crl.pem", "admission.json"];

/// A folder of a broker or a key holder, to be made.
pub(crate) struct NewFolder<'a> {
    /// The folder.
    pub(crate) folder: &'a Path,
    /// The organisation.
    pub(crate) oin: &'a Oin,
    /// Its name.
    pub(crate) name: &'a str,
    /// Name and content of its configuration.
    pub(crate) config: (&'a str, String),
    /// It waits for a list of witnesses too.
    pub(crate) witnesses: bool,
}

impl NewFolder<'_> {
    /// Makes keys, request, configuration and the operator's folder, and says what must still
    /// come.
    pub(crate) fn make(&self, done: &str, serve: &str, out: Output) -> Result<Exit, Failure> {
        let at = |name: &str| self.folder.join(name);
        let (config_file, config) = &self.config;
        let own =
            [config_file, SIGN_KEY_FILE, KEY_FILE, REQUEST_FILE, OPERATOR_FOLDER, FACTORS_KEY_FILE];
        for name in own {
            must_be_new(&at(name))?;
        }
        new_key_and_csr(self.folder, self.oin, self.name)?;
        create_signing_key(&at(SIGN_KEY_FILE))?;
        SealedFile::create_key(&at(FACTORS_KEY_FILE))
            .map_err(|error| Failure::new(error.reason(), error))?;
        let operator = at(OPERATOR_FOLDER);
        std::fs::create_dir(&operator).map_err(|error| unwritable(&operator, &error))?;
        write_new(&at(config_file), config)?;
        let theirs = THEIRS.into_iter().chain(self.witnesses.then_some(WITNESSES_FILE));
        let missing: Vec<PathBuf> = theirs.map(at).filter(|path| !path.exists()).collect();
        let (config, request) = (&at(config_file), &at(REQUEST_FILE));
        Made { done, serve, config, request, missing: &missing }.say(out)
    }
}

/// A string as TOML writes it.
pub(crate) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A folder that was made.
pub(crate) struct Made<'a> {
    /// That it was made, in the reader's language.
    pub(crate) done: &'a str,
    /// The command that serves, such as `broker serve`.
    pub(crate) serve: &'a str,
    /// Its configuration.
    pub(crate) config: &'a Path,
    /// Its request for a certificate.
    pub(crate) request: &'a Path,
    /// Files that the region's authority must still give.
    pub(crate) missing: &'a [PathBuf],
}

impl Made<'_> {
    /// Says so, as text and as JSON.
    pub(crate) fn say(&self, out: Output) -> Result<Exit, Failure> {
        let shown = |path: &Path| path.display().to_string();
        let (config, request) = (shown(self.config), shown(self.request));
        out.line(&green(self.done));
        let send =
            out.tr("Stuur naar de beheerder van de regio:", "Send to the region's operator:");
        out.line(&format!("{send} {}", bold(&request)));
        out.line(out.tr("Plaats daarna wat u terugkrijgt:", "Then place what you get back:"));
        let missing: Vec<String> = self.missing.iter().map(|path| shown(path)).collect();
        for path in &missing {
            out.line(&format!("  {path}"));
        }
        let start = out.tr("Start met:", "Start with:");
        let command = format!("grondslag {} --config {config}", self.serve);
        out.line(&format!("{start} {}", bold(&command)));
        out.json(&json!({ "config": config, "request": request, "missing": missing }))?;
        Ok(Exit::Done)
    }
}
