//! What somebody typed of an escalation, as a question for the desk.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use grondslag_core::answer::About;
use grondslag_core::id::CaseId;
use grondslag_proto::v1;

use crate::ask::{Subject, agency, fact, stated};
use crate::desk::Desk;
use crate::exit::Failure;

/// One agency, what is asked of it, and why.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct AskOf {
    agency: String,
    categories: Vec<String>,
    why: String,
}

// Why is about a child.
grondslag_core::unprinted!(AskOf);

impl FromStr for AskOf {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let how = || "write AGENCY=CODES: WHY, such as 'De Wierde=G05,G08: …'".to_owned();
        let (agency, rest) = text.split_once('=').ok_or_else(how)?;
        let (codes, why) = rest.split_once(':').ok_or_else(how)?;
        let categories: Vec<String> = codes.split(',').map(|code| code.trim().to_owned()).collect();
        if agency.trim().is_empty() || categories.iter().any(String::is_empty) {
            return Err(how());
        }
        let (agency, why) = (agency.trim().to_owned(), why.trim().to_owned());
        Ok(Self { agency, categories, why })
    }
}

/// An escalation.
#[derive(Clone, Args)]
pub(super) struct DraftArgs {
    /// Your own desk folder: it holds desk.toml, your certificate and your key
    #[arg(long, value_name = "FOLDER")]
    pub(super) desk: PathBuf,

    /// The role in which you ask, such as gem.procesregisseur
    #[arg(long)]
    role: String,

    /// The case, as `cases list` shows it; its severity and urgency are those of the question
    #[arg(long, value_name = "ID", value_parser = CaseId::parse)]
    case: CaseId,

    /// The citizen service number of whom you ask about; `-` reads it from standard input
    #[arg(long, value_name = "BSN")]
    subject: Subject,

    /// Who that is: child, the one of the case, or parent or other, of the household
    #[arg(long, default_value_t = About::Child)]
    about: About,

    /// What bears that the risk is serious, with commas between; `escalate words` shows the words
    #[arg(long, value_delimiter = ',', required = true, value_name = "WORDS")]
    criterion: Vec<String>,

    /// Whom you ask, for what, and why, which that agency alone reads: 'AGENCY=CODES: WHY'; once
    /// for each agency
    #[arg(long, required = true, value_name = "ASK")]
    ask: Vec<AskOf>,

    /// Why a joint file is necessary, in at least 30 characters; without names and numbers
    #[arg(long, value_name = "TEXT")]
    necessity: String,

    /// What for, as `policy` lists purposes
    #[arg(long, default_value = "D13")]
    purpose: String,

    /// What sort of question
    #[arg(long, default_value = "Q04")]
    kind: String,

    /// A legal ground that you rely on; may be given more than once
    #[arg(long, value_delimiter = ',', value_name = "CODES")]
    ground: Vec<String>,

    /// A fact that you state, such as `vt_report=report`; may be given more than once
    #[arg(long, value_name = "COLUMN=VALUE", value_parser = fact)]
    fact: Vec<(String, String)>,

    /// A reference, such as a report number
    #[arg(long, default_value = "")]
    reference: String,

    /// Only say what would be permitted, and why not; nothing is put aside
    #[arg(long)]
    pub(super) dry_run: bool,
}

impl fmt::Debug for DraftArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DraftArgs(…)")
    }
}

impl DraftArgs {
    /// The question for the desk. Severity and urgency are left to the case.
    pub(super) async fn question(&self, desk: &Desk) -> Result<v1::DeskQuestion, Failure> {
        let region = desk.agencies().await?;
        let target = |one: &AskOf| {
            Ok(v1::DeskTarget {
                oin: agency(&one.agency, &region)?,
                categories: one.categories.clone(),
                necessity: one.why.clone(),
            })
        };
        Ok(v1::DeskQuestion {
            subject: self.subject.number()?,
            role: self.role.clone(),
            purpose: self.purpose.clone(),
            query_kind: self.kind.clone(),
            grounds: self.ground.clone(),
            targets: self.ask.iter().map(target).collect::<Result<_, Failure>>()?,
            necessity: self.necessity.clone(),
            reference: self.reference.clone(),
            facts: stated(&self.fact),
            escalation: Some(v1::Escalation {
                case_id: self.case.as_bytes().to_vec(),
                criteria: self.criterion.clone(),
                about: self.about.to_string(),
            }),
            ..v1::DeskQuestion::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agency_is_asked_for_codes_and_told_why() {
        let asked = AskOf {
            agency: "De Wierde".into(),
            categories: vec!["G05".into(), "G08".into()],
            why: "een val: hoe past die erbij?".into(),
        };
        assert_eq!("De Wierde = G05, G08: een val: hoe past die erbij?".parse(), Ok(asked));
        for bad in ["De Wierde", "De Wierde=G05", "=G05: waarom", "De Wierde=G05,: waarom"] {
            assert!(bad.parse::<AskOf>().is_err(), "{bad}");
        }
    }
}
