//! How a command ends: its exit code, and the reason of a failure.
//!
//! Every failure has a stable reason code, a sentence in the reader's language, and a detail that
//! names the file, row or party. The exit code follows from the reason.

use std::fmt;
use std::process::ExitCode;

use grondslag_core::lang::{Lang, Text};
use grondslag_core::reason::Reason;
use grondslag_policy::PackError;
use grondslag_runtime::channel::reason_of;
use serde_json::{Value, json};

/// The exit codes, as `--help` lists them.
pub(crate) const EXIT_CODES: &str = "Exit codes:
   0  done
   1  refused, or checked and found wrong; the message gives the reason
   2  the command was not typed as it should be
  64  a configuration file is wrong
  69  the other side was not reached in time; try again later
  70  a fault of this machine: its disk, its clock or the program itself";

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did what was asked.
    Done,
    /// The answer is no, or a check found something wrong.
    Refused,
    /// A configuration file is wrong.
    Config,
    /// The other side was not reached in time.
    Unreachable,
    /// A fault of this machine.
    Fault,
}

impl Exit {
    /// The code of the process. 2 is given by clap, before any command runs.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused => 1,
            Self::Config => 64,
            Self::Unreachable => 69,
            Self::Fault => 70,
        }
    }

    /// The end that belongs to a reason.
    pub(crate) const fn of(reason: Reason) -> Self {
        match reason {
            Reason::ConfigInvalid => Self::Config,
            Reason::Unreachable | Reason::DeadlinePassed | Reason::Busy => Self::Unreachable,
            reason if reason.is_fault() => Self::Fault,
            _ => Self::Refused,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// Why a command did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    reason: Reason,
    /// The particulars: file, row, party, value. Empty when the sentence says all.
    detail: Text,
}

impl Failure {
    /// A failure whose detail reads the same in every language.
    pub(crate) fn new(reason: Reason, detail: impl fmt::Display) -> Self {
        let detail = detail.to_string();
        Self { reason, detail: Text { nl: detail.clone(), en: detail } }
    }

    /// A failure whose detail is written in both languages.
    pub(crate) fn told(reason: Reason, nl: impl Into<String>, en: impl Into<String>) -> Self {
        Self { reason, detail: Text { nl: nl.into(), en: en.into() } }
    }

    /// The same failure, with the party or file that it is about.
    pub(crate) fn about(mut self, what: &str) -> Self {
        let told = |detail: &str| match detail {
            "" => what.to_owned(),
            detail => format!("{what}: {detail}"),
        };
        self.detail = Text { nl: told(&self.detail.nl), en: told(&self.detail.en) };
        self
    }

    /// Code, sentence and particulars on one line.
    pub(crate) fn sentence(&self) -> Text {
        let told = |lang| {
            let (code, sentence) = (self.reason.code(), self.reason.sentence(lang));
            let detail = self.detail(lang).lines().collect::<Vec<_>>().join("; ");
            if detail.is_empty() {
                format!("{code} {sentence}")
            } else {
                format!("{code} {sentence} {detail}")
            }
        };
        Text { nl: told(Lang::Nl), en: told(Lang::En) }
    }

    /// The stable reason.
    pub(crate) const fn reason(&self) -> Reason {
        self.reason
    }

    /// The particulars.
    pub(crate) fn detail(&self, lang: Lang) -> &str {
        self.detail.in_lang(lang)
    }

    /// How the process ends.
    pub(crate) const fn exit(&self) -> Exit {
        Exit::of(self.reason)
    }

    /// As `--json` prints it.
    pub(crate) fn to_json(&self, lang: Lang) -> Value {
        json!({ "error": {
            "reason": self.reason,
            "sentence": self.reason.sentence(lang),
            "detail": self.detail(lang),
        }})
    }
}

impl From<Reason> for Failure {
    fn from(reason: Reason) -> Self {
        Self::new(reason, "")
    }
}

impl From<PackError> for Failure {
    fn from(error: PackError) -> Self {
        let lines = |lang| {
            let lines = error
                .problems
                .iter()
                .map(|problem| format!("{}: {}", problem.place(lang), problem.sentence(lang)));
            lines.collect::<Vec<_>>().join("\n")
        };
        Self::told(error.reason(), lines(Lang::Nl), lines(Lang::En))
    }
}

impl From<tonic::Status> for Failure {
    fn from(status: tonic::Status) -> Self {
        Self::new(reason_of(&status), "")
    }
}

macro_rules! fails_with {
    ($($error:ty),+ $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::new(error.reason(), error)
            }
        })+
    };
}

fails_with!(
    grondslag_certs::authority::AuthorityError,
    grondslag_certs::desk::DeskError,
    grondslag_certs::file::FileError,
    grondslag_certs::key::KeyError,
    grondslag_certs::request::RequestError,
    grondslag_certs::root::TrustError,
    grondslag_certs::tls::LoadError,
    grondslag_certs::x509::X509Error,
    grondslag_evidence::ledger::LedgerError,
    grondslag_evidence::store::StoreError,
    grondslag_node::init::InitError,
    grondslag_node::staff::StaffError,
    grondslag_node::staff::StaffFileError,
    grondslag_node::secret::SecretError,
    grondslag_policy::FactError,
    grondslag_policy::overview::OverviewError,
    grondslag_runtime::channel::DialError,
    grondslag_runtime::clock::OpenClockError,
    grondslag_runtime::config::ConfigError,
    grondslag_runtime::run::RunError,
    grondslag_runtime::run::StartError,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exit_code_stands_in_the_help() {
        let ends = [Exit::Done, Exit::Refused, Exit::Config, Exit::Unreachable, Exit::Fault];
        for exit in ends {
            assert!(EXIT_CODES.contains(&format!("\n  {:>2}  ", exit.code())), "{exit:?}");
        }
    }

    #[test]
    fn the_exit_code_follows_from_the_reason() {
        assert_eq!(Exit::of(Reason::ConfigInvalid).code(), 64);
        assert_eq!(Exit::of(Reason::Unreachable).code(), 69);
        assert_eq!(Exit::of(Reason::StoreInUse).code(), 70);
        assert_eq!(Exit::of(Reason::FileExists).code(), 1);
        assert_eq!(Exit::of(Reason::NoRule).code(), 1);
    }

    #[test]
    fn a_failure_speaks_the_readers_language() {
        let failure = Failure::told(Reason::StoreInUse, "stop de node", "stop the node");
        assert_eq!(failure.to_json(Lang::Nl)["error"]["detail"], "stop de node");
        assert_eq!(failure.to_json(Lang::En)["error"]["detail"], "stop the node");
        assert_eq!(failure.to_json(Lang::En)["error"]["reason"], "STORE_IN_USE");
    }
}
