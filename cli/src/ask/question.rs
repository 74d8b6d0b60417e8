//! What somebody typed, as a question for the desk.

use std::fmt;
use std::io::Read as _;
use std::path::PathBuf;

use clap::Args;
use grondslag_core::limits::TARGETS_MAX;
use grondslag_core::reason::Reason;
use grondslag_core::tier::Urgency;
use grondslag_proto::v1;

use crate::desk::Desk;
use crate::exit::Failure;
use crate::limits::SUBJECT_BYTES_MAX;

/// The word for every agency of the region.
const ALL: &str = "all";

/// A child's number as typed. It is never printed.
#[derive(Clone)]
pub(crate) struct Subject(String);

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subject(…)")
    }
}

impl std::str::FromStr for Subject {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.trim().to_owned()))
    }
}

impl Subject {
    /// The number; read from standard input when `-` was typed.
    pub(crate) fn number(&self) -> Result<String, Failure> {
        if self.0 != "-" {
            return Ok(self.0.clone());
        }
        let mut typed = String::new();
        let read = std::io::stdin().take(SUBJECT_BYTES_MAX).read_to_string(&mut typed);
        read.map_err(|_| Failure::from(Reason::FileUnreadable))?;
        Ok(typed.trim().to_owned())
    }
}

/// A question.
#[derive(Clone, Args)]
pub(crate) struct QuestionArgs {
    /// Your own desk folder: it holds desk.toml, your certificate and your key
    #[arg(long, value_name = "FOLDER")]
    pub(super) desk: PathBuf,

    /// The role in which you ask, such as gem.lokaalteam
    #[arg(long)]
    role: String,

    /// The child's citizen service number; `-` reads it from standard input
    #[arg(long, value_name = "BSN")]
    pub(super) subject: Subject,

    /// What for, such as D01 (see `grondslag policy`)
    #[arg(long)]
    purpose: String,

    /// What sort of question, such as Q02
    #[arg(long, default_value = "Q02")]
    kind: String,

    /// What you want to know, such as G05,G08
    #[arg(long, value_delimiter = ',', required = true, value_name = "CODES")]
    category: Vec<String>,

    /// Whom you ask: names or OINs with commas between, or `all`
    #[arg(long, value_delimiter = ',', required = true, value_name = "AGENCIES")]
    to: Vec<String>,

    /// How soon: standard, urgent or acute
    #[arg(long, default_value_t = Urgency::Standard)]
    urgency: Urgency,

    /// A legal ground that you rely on; may be given more than once
    #[arg(long, value_delimiter = ',', value_name = "CODES")]
    ground: Vec<String>,

    /// A fact that you state, such as `vt_report=report`; may be given more than once
    #[arg(long, value_name = "COLUMN=VALUE", value_parser = fact)]
    fact: Vec<(String, String)>,

    /// A reference, such as a report number
    #[arg(long, default_value = "")]
    reference: String,

    /// Why it is necessary, in at least 30 characters; without names and numbers
    #[arg(long, value_name = "TEXT")]
    necessity: String,

    /// Ask alone in acute danger; a colleague reviews it within 24 hours with `grondslag glass`
    #[arg(long)]
    pub(super) break_glass: bool,
}

impl fmt::Debug for QuestionArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QuestionArgs(…)")
    }
}

impl QuestionArgs {
    /// The question for the desk.
    pub(super) async fn question(&self, desk: &Desk) -> Result<v1::DeskQuestion, Failure> {
        let targets = targets(&self.to, &desk.agencies().await?, desk.oin().as_str())?;
        let target = |oin| v1::DeskTarget {
            oin,
            categories: self.category.clone(),
            ..v1::DeskTarget::default()
        };
        Ok(v1::DeskQuestion {
            subject: self.subject.number()?,
            role: self.role.clone(),
            purpose: self.purpose.clone(),
            query_kind: self.kind.clone(),
            urgency: self.urgency.to_string(),
            break_glass: self.break_glass,
            grounds: self.ground.clone(),
            targets: targets.into_iter().map(target).collect(),
            necessity: self.necessity.clone(),
            reference: self.reference.clone(),
            facts: stated(&self.fact),
            ..v1::DeskQuestion::default()
        })
    }
}

/// The OINs of the agencies that were named. `all` leaves out the asker's own.
fn targets(
    named: &[String],
    region: &[v1::AgencySummary],
    own: &str,
) -> Result<Vec<String>, Failure> {
    if named.len() > TARGETS_MAX {
        return Err(Reason::TargetsTooMany.into());
    }
    if named.iter().any(|one| one == ALL) {
        let others = region.iter().filter(|agency| agency.oin != own);
        return Ok(others.map(|agency| agency.oin.clone()).collect());
    }
    agencies(named, region)
}

/// The OINs of agencies that were named, each once.
pub(crate) fn agencies(
    named: &[String],
    region: &[v1::AgencySummary],
) -> Result<Vec<String>, Failure> {
    let mut oins = Vec::new();
    for name in named {
        let oin = find(name.trim(), region)?;
        if !oins.contains(&oin) {
            oins.push(oin);
        }
    }
    Ok(oins)
}

/// By OIN, else by name, else by the one name that holds what was typed.
pub(crate) fn find(typed: &str, agencies: &[v1::AgencySummary]) -> Result<String, Failure> {
    let wanted = folded(typed);
    let whole = |agency: &&v1::AgencySummary| agency.oin == typed || folded(&agency.name) == wanted;
    if let Some(agency) = agencies.iter().find(whole) {
        return Ok(agency.oin.clone());
    }
    let partly =
        |agency: &&v1::AgencySummary| !wanted.is_empty() && folded(&agency.name).contains(&wanted);
    let found: Vec<_> = agencies.iter().filter(partly).collect();
    match found.as_slice() {
        [one] => Ok(one.oin.clone()),
        [] => Err(Failure::new(Reason::UnknownAgency, typed)),
        several => {
            let names: Vec<&str> = several.iter().map(|agency| agency.name.as_str()).collect();
            Err(Failure::new(Reason::UnknownAgency, format!("{typed}: {}?", names.join(" / "))))
        }
    }
}

/// Letters and digits in lower case: `de wierde`, `De-Wierde` and `dewierde` all find it.
fn folded(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A fact as it is typed: a column and a value.
pub(crate) fn fact(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((column, value)) if !column.is_empty() && !value.is_empty() => {
            Ok((column.to_owned(), value.to_owned()))
        }
        _ => Err("a fact is written column=value, such as vt_report=report".to_owned()),
    }
}

/// Typed facts, for the desk.
pub(crate) fn stated(typed: &[(String, String)]) -> Vec<v1::StatedFact> {
    let fact = |(column, value): &(String, String)| {
        let (column, value) = (column.clone(), value.clone());
        v1::StatedFact { column, value }
    };
    typed.iter().map(fact).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region() -> Vec<v1::AgencySummary> {
        let named = [
            ("01", "Gemeente Veenwolde"),
            ("02", "Gemeente Marsdrecht"),
            ("03", "Huisartsenpraktijk De Wierde"),
        ];
        let summary = |(oin, name): (&str, &str)| v1::AgencySummary {
            oin: oin.to_owned(),
            name: name.to_owned(),
            ..v1::AgencySummary::default()
        };
        named.map(summary).to_vec()
    }

    fn asked(names: &[&str]) -> Result<Vec<String>, Failure> {
        let named: Vec<String> = names.iter().map(ToString::to_string).collect();
        targets(&named, &region(), "01")
    }

    #[test]
    fn an_agency_is_named_by_oin_by_name_or_by_an_unmistakable_part_of_it() {
        assert_eq!(asked(&["03"]).unwrap(), ["03"]);
        assert_eq!(asked(&["gemeente marsdrecht", "De Wierde"]).unwrap(), ["02", "03"]);
        assert_eq!(asked(&["de wierde", "03"]).unwrap(), ["03"], "named twice, asked once");
    }

    #[test]
    fn a_part_of_two_names_or_of_none_is_refused() {
        assert_eq!(asked(&["gemeente"]).unwrap_err().reason(), Reason::UnknownAgency);
        assert_eq!(asked(&["gemeente zuid"]).unwrap_err().reason(), Reason::UnknownAgency);
        assert_eq!(asked(&[""]).unwrap_err().reason(), Reason::UnknownAgency);
    }

    #[test]
    fn all_is_everybody_but_the_asker() {
        assert_eq!(asked(&["all"]).unwrap(), ["02", "03"]);
    }

    #[test]
    fn a_fact_is_a_column_and_a_value() {
        assert_eq!(fact("vt_report=report"), Ok(("vt_report".into(), "report".into())));
        assert!(fact("vt_report").is_err() && fact("=x").is_err() && fact("x=").is_err());
    }

    #[test]
    fn a_number_does_not_show_in_debug_output() {
        let subject: Subject = "999940004".parse().unwrap();
        assert_eq!(format!("{subject:?}"), "Subject(…)");
    }
}
