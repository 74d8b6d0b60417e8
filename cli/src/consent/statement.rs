//! A yes or a no, as typed; what it comes to; and the receipt.

use std::path::PathBuf;

use clap::Args;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_core::lang::Lang;
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_proto::v1::record_act_request::Act;
use serde_json::{Value, json};

use super::desk::ConsentDesk;
use super::page;
use super::speaker::ByArgs;
use super::{ChildArgs, moment, ms, until};
use crate::ask::agencies;
use crate::exit::{Exit, Failure};
use crate::files::{must_be_new, read_bytes, read_text, with_ending, write_new_private};
use crate::limits::{EVIDENCE_BYTES_MAX, NOTICE_BYTES_MAX};
use crate::output::{Output, bold, dim, green, yellow};

/// Words of the protocol for a capacity. The texts of the options explain each word of these.
const CAPACITIES: [&str; 3] = ["young_person", "custody_holders", "representative"];
/// For what a consent is for.
const KINDS: [&str; 3] = ["secrecy", "ground", "help"];
/// For how it was said.
const HOW: [&str; 3] = ["spoken", "written", "portal"];

/// A yes or a no.
#[derive(Debug, Args)]
pub(super) struct StatementArgs {
    #[command(flatten)]
    child: ChildArgs,

    #[command(flatten)]
    by: ByArgs,

    /// The capacity in which they speak: `young_person`, `custody_holders` or `representative`; by
    /// who they are when it is left out
    #[arg(long = "as", value_name = "CAPACITY", value_parser = CAPACITIES)]
    #[arg(hide_possible_values = true)]
    capacity: Option<String>,

    /// What the yes is for: secrecy (to lift it), ground (of a processing) or help (itself)
    #[arg(long, default_value = "secrecy", value_parser = KINDS, hide_possible_values = true)]
    kind: String,

    /// Who may give: names or OINs with commas between; your own agency when it is left out
    #[arg(long, value_delimiter = ',', value_name = "AGENCIES")]
    holder: Vec<String>,

    /// Who may receive: names or OINs with commas between
    #[arg(long, value_delimiter = ',', value_name = "AGENCIES")]
    to: Vec<String>,

    /// Kinds of party that may receive, such as gem
    #[arg(long, value_delimiter = ',', value_name = "KINDS")]
    to_kind: Vec<String>,

    /// Which data, such as G12,G13
    #[arg(long, value_delimiter = ',', value_name = "CODES")]
    category: Vec<String>,

    /// What for, such as D16
    #[arg(long, default_value = "", hide_default_value = true)]
    purpose: String,

    /// The plan that it belongs to
    #[arg(long, default_value = "", hide_default_value = true)]
    plan: String,

    /// How it was said: spoken, written or portal
    #[arg(long, default_value = "spoken", value_parser = HOW, hide_possible_values = true)]
    how: String,

    /// When it was said, at most a week ago; now when it is left out
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    said: Option<Timestamp>,

    /// Since when it holds, never before now
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    from: Option<Timestamp>,

    /// The last day; as the rules say when it is left out
    #[arg(long, value_name = "DAY", value_parser = until)]
    until: Option<Timestamp>,

    /// The paper that shows it: its digest is kept, the paper stays with you
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,

    /// The text that the person was shown, when it was another than the program's
    #[arg(long, value_name = "FILE")]
    notice: Option<PathBuf>,

    /// Language of that text: nl or en; that of this command when it is left out
    #[arg(long, value_name = "LANGUAGE")]
    notice_lang: Option<Lang>,

    /// Only show the text, and whether it could be written down
    #[arg(long)]
    preview: bool,

    /// Write the receipt for the person into new files: this name with .html and .json
    #[arg(long, value_name = "NAME")]
    receipt: Option<PathBuf>,
}

/// Writes a yes or a no down.
pub(super) async fn run(
    typed: &StatementArgs,
    objects: bool,
    out: Output,
) -> Result<Exit, Failure> {
    let desk = ConsentDesk::open(&typed.child, out.lang())?;
    let files =
        typed.receipt.as_ref().map(|name| [with_ending(name, "html"), with_ending(name, "json")]);
    files.iter().flatten().try_for_each(|file| must_be_new(file))?;
    let statement = typed.statement(&desk, objects, out.lang()).await?;
    let lang = typed.notice_lang.unwrap_or(out.lang());
    let told = desk.put(&typed.child, Act::Statement(statement), typed.preview).await?;
    if typed.preview {
        out.line(&told.notice);
        out.note(&dim(&told.who));
        out.json(&json!({ "notice": told.notice, "who": told.who }))?;
        return Ok(Exit::Done);
    }
    let receipt: Value = serde_json::from_str(&told.receipt).map_err(|_| Reason::Malformed)?;
    if let Some([page, json]) = &files {
        write_new_private(page, &page::receipt(&receipt, lang)?)?;
        let text = serde_json::to_string_pretty(&receipt).map_err(|_| Reason::Internal)?;
        write_new_private(json, &text)?;
    }
    show(&told, objects, out);
    out.json(&json!({
        "id": hex::encode(&told.id),
        "standing": told.standing.iter().map(standing_json).collect::<Vec<_>>(),
        "who": told.who,
        "receipt": receipt,
    }))?;
    Ok(Exit::Done)
}

impl StatementArgs {
    async fn statement(
        &self,
        desk: &ConsentDesk,
        objects: bool,
        lang: Lang,
    ) -> Result<v1::ConsentStatement, Failure> {
        let region = desk.desk().agencies().await?;
        let capacity = self.capacity.clone().unwrap_or_else(|| self.by.capacity().to_owned());
        let evidence = self.evidence.as_ref().map(|file| read_bytes(file, EVIDENCE_BYTES_MAX));
        let evidence = evidence.transpose()?;
        let notice = self.notice.as_ref().map(|file| read_text(file, NOTICE_BYTES_MAX));
        Ok(v1::ConsentStatement {
            speaker: Some(self.by.speaker(desk.desk()).await?),
            capacity,
            kind: self.kind.clone(),
            objects,
            holder_oins: agencies(&self.holder, &region)?,
            to_oins: agencies(&self.to, &region)?,
            to_kinds: self.to_kind.clone(),
            categories: self.category.clone(),
            purpose: self.purpose.clone(),
            plan: self.plan.clone(),
            how: self.how.clone(),
            said_at_ms: ms(self.said),
            from_ms: ms(self.from),
            until_ms: ms(self.until),
            evidence: evidence
                .map(|bytes| Digest::of(&bytes).as_bytes().to_vec())
                .unwrap_or_default(),
            lang: self.notice_lang.unwrap_or(lang).to_string(),
            notice: notice.transpose()?.unwrap_or_default(),
        })
    }
}

fn show(told: &v1::RecordActResponse, objects: bool, out: Output) {
    let written = out.tr("Vastgelegd", "Written down");
    out.line(&format!("{} {}", green(written), dim(&hex::encode(&told.id))));
    for line in &told.standing {
        out.line(&format!(
            "  {} {}  {}",
            line.to,
            bold(&line.category),
            consent(&line.consent, out)
        ));
    }
    if told.standing.iter().any(|line| line.consent != "given") {
        out.line(&dim(&format!("  {}", told.who)));
    }
    if objects && told.standing.iter().any(|line| line.consent == "given") {
        out.line(&yellow(out.tr(
            "  Een ja dat meer noemt dan dit nee blijft staan; trek het in met 'consent withdraw'.",
            "  A yes that names more than this no still stands; take it back with 'consent withdraw'.",
        )));
    }
}

/// What everybody's word comes to, in words.
fn consent(word: &str, out: Output) -> String {
    match word {
        "given" => green(out.tr("allen die ja moeten zeggen zeiden ja", "all who must said yes")),
        "partial" => yellow(
            out.tr("nog niet allen die ja moeten zeggen deden dat", "not all who must say yes did"),
        ),
        "refused" => yellow(out.tr("iemand zegt nee", "somebody says no")),
        "withdrawn" => yellow(out.tr("iemand nam het terug", "somebody took it back")),
        "expired" => yellow(out.tr("verlopen", "expired")),
        _ => yellow(out.tr("nog niemand zei ja", "nobody has said yes")),
    }
}

fn standing_json(line: &v1::ConsentStanding) -> Value {
    json!({
        "to": line.to,
        "category": line.category,
        "purpose": line.purpose,
        "secrecy_consent": line.consent,
        "youth_view": line.view,
        "law": line.law,
    })
}
