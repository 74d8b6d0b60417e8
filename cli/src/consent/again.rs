//! Whom of all children to ask again.

use std::path::PathBuf;

use clap::Args;
use grondslag_core::clock::Timestamp;
use grondslag_proto::v1;
use serde_json::{Value, json};

use super::desk::ConsentDesk;
use crate::ask::Names;
use crate::desk::Desk;
use crate::exit::{Exit, Failure};
use crate::limits::{ASK_AGAIN_DAYS, ASK_AGAIN_DAYS_MAX};
use crate::output::{Output, bold, dim, yellow};

/// What is looked for.
#[derive(Debug, Args)]
pub(super) struct AgainArgs {
    /// Your own desk folder
    #[arg(long, value_name = "FOLDER")]
    desk: PathBuf,

    /// A role that may write down what is said, such as jha.hulpverlener
    #[arg(long)]
    role: String,

    /// So many days ahead; 0 for what ended already
    #[arg(long, value_name = "N", default_value_t = ASK_AGAIN_DAYS)]
    #[arg(value_parser = clap::value_parser!(u32).range(..=i64::from(ASK_AGAIN_DAYS_MAX)))]
    days: u32,
}

/// Words of a list.
struct Words {
    names: Names,
    agencies: Vec<v1::AgencySummary>,
    out: Output,
}

/// Lists them, oldest first.
pub(super) async fn run(typed: &AgainArgs, out: Output) -> Result<Exit, Failure> {
    let desk = ConsentDesk::at(Desk::open(&typed.desk, out.lang())?);
    let listed = desk.ask_again(&typed.role, typed.days).await?;
    let agencies = if listed.lines.is_empty() { vec![] } else { desk.desk().agencies().await? };
    let words = Words { names: Names::load(out.lang())?, agencies, out };
    for line in &listed.lines {
        words.say(line);
    }
    if listed.lines.is_empty() {
        out.line(&dim(out.tr("niemand hoeft opnieuw gevraagd", "nobody is to be asked again")));
    }
    let left = usize::try_from(listed.found).unwrap_or(usize::MAX);
    let left = left.saturating_sub(listed.lines.len());
    if left > 0 {
        let told = out.tr("meer, die later eindigden of eindigen", "more, that ended or end later");
        out.note(&yellow(&format!("{left} {told}")));
    }
    if listed.unreadable > 0 {
        let told = out.tr(
            "kinderen van wie het register niet te lezen is; laat de beheerder kijken",
            "children of whom the register cannot be read; have the operator look",
        );
        out.note(&yellow(&format!("{} {told}", listed.unreadable)));
    }
    out.json(&json!({
        "lines": listed.lines.iter().map(line_json).collect::<Vec<_>>(),
        "found": listed.found,
        "unreadable": listed.unreadable,
    }))?;
    Ok(Exit::Done)
}

impl Words {
    fn say(&self, line: &v1::AskAgain) {
        let (out, at) = (self.out, Timestamp::from_ms(line.at_ms).local());
        out.line(&format!("{at}  {}  {}", bold(&line.subject), yellow(&self.why(line))));
        out.line(&format!("    {}", line.who));
        let categories: Vec<String> =
            line.categories.iter().map(|code| self.names.category_named(code)).collect();
        let purpose = self.names.purpose_named(&line.purpose);
        out.line(&format!("    {}: {}", purpose, categories.join(", ")));
        let (from, to) = (self.agencies(&line.holder_oins), self.agencies(&line.to));
        let (said, speakers) = (out.tr("zei ja", "said yes"), line.speakers.join("; "));
        let told = format!("    {from} -> {to}  {} ({said}: {speakers})", self.kind(line));
        out.line(&dim(&told));
    }

    fn why(&self, line: &v1::AskAgain) -> String {
        match (line.why.as_str(), line.age) {
            ("birthday", age) => {
                format!("{} {age}", self.out.tr("eindigt: het kind wordt", "ends: the child turns"))
            }
            _ => self.out.tr("eindigt door de termijn", "ends by its term").to_owned(),
        }
    }

    fn kind(&self, line: &v1::AskAgain) -> &'static str {
        match line.kind.as_str() {
            "ground" => self.out.tr("grondslag", "ground"),
            "help" => self.out.tr("hulp zelf", "help itself"),
            _ => self.out.tr("geheim doorbreken", "to lift secrecy"),
        }
    }

    /// Agencies by name, and kinds of party by theirs.
    fn agencies(&self, codes: &[String]) -> String {
        let name = |code: &String| {
            let known = self.agencies.iter().find(|agency| agency.oin == *code);
            known.map_or_else(|| self.names.kind_named(code), |agency| agency.name.clone())
        };
        codes.iter().map(name).collect::<Vec<_>>().join(", ")
    }
}

fn line_json(line: &v1::AskAgain) -> Value {
    json!({
        "subject": line.subject,
        "at": Timestamp::from_ms(line.at_ms),
        "why": line.why,
        "age": (line.age != 0).then_some(line.age),
        "who": line.who,
        "speakers": line.speakers,
        "ids": line.ids.iter().map(hex::encode).collect::<Vec<_>>(),
        "kind": line.kind,
        "purpose": line.purpose,
        "holders": line.holder_oins,
        "to": line.to,
        "categories": line.categories,
    })
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command, FromArgMatches as _};

    use super::*;

    #[test]
    fn days_are_a_number_of_at_most_a_year() {
        let typed = |days: &[&str]| {
            let words = ["again", "--desk", "d", "--role", "ha.arts"].into_iter();
            let words = words.chain(days.iter().copied());
            let found = AgainArgs::augment_args(Command::new("again")).try_get_matches_from(words);
            found.map(|found| AgainArgs::from_arg_matches(&found).unwrap().days).ok()
        };
        assert_eq!(typed(&[]), Some(30));
        for (days, read) in [("0", Some(0)), ("366", Some(366)), ("367", None), ("-1", None)] {
            assert_eq!(typed(&["--days", days]), read, "{days}");
        }
        assert_eq!(typed(&["--days", "x"]), None);
        assert_eq!(typed(&["--days", "4294967296"]), None);
    }
}
