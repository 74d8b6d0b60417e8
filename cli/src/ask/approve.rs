//! A second person's approval.
//!
//! The approver's own program makes the bytes that it signs from the question as it shows it, from
//! the number that the approver typed, and from nothing that the node says about either: a node
//! that shows one question and has another signed is found out here.

use std::path::PathBuf;

use clap::Args;
use grondslag_core::catalogue::{Category, Ground};
use grondslag_core::id::{Digest, InquiryId, Oin, TargetId};
use grondslag_core::inquiry::Header;
use grondslag_core::lang::Lang;
use grondslag_core::reason::Reason;
use grondslag_core::statement::{approval_bytes, sign};
use grondslag_proto::approved::commitment_of;
use grondslag_proto::v1;
use serde_json::json;

use super::question::Subject;
use super::shown::Names;
use crate::desk::Desk;
use crate::dossier::{about, criterion};
use crate::exit::{Exit, Failure};
use crate::output::{Output, bold, green};
use crate::wait::wait;

/// Approve the question of a colleague, with your own signature
#[derive(Debug, Args)]
pub(crate) struct ApproveArgs {
    /// The question, as `grondslag ask --draft` printed it
    #[arg(value_name = "ID", value_parser = InquiryId::parse)]
    id: InquiryId,

    /// Your own desk folder: it holds desk.toml, your certificate and your key
    #[arg(long, value_name = "FOLDER")]
    desk: PathBuf,

    /// The role in which you approve, such as gem.doorzetter
    #[arg(long)]
    role: String,

    /// The child's number, as you know it yourself; `-` reads it from standard input
    #[arg(long, value_name = "BSN")]
    subject: Subject,
}

/// Shows a draft and signs it.
pub(crate) fn run(args: &ApproveArgs, out: Output) -> Result<Exit, Failure> {
    wait(async {
        let names = Names::load(out.lang())?;
        let desk = Desk::open(&args.desk, out.lang())?;
        let number = args.subject.number()?;
        let shown = desk.show_draft(&args.id).await?;
        let draft = Draft::check(&args.id, desk.oin(), shown, &number)?;
        draft.print(out, &names, &desk.agencies().await?);
        draft.approve(&desk, &args.role).await?;
        out.line(&green(out.tr("goedgekeurd en ondertekend", "approved and signed")));
        out.json(&json!({ "inquiry_id": args.id, "approved": true }))?;
        Ok(Exit::Done)
    })
}

/// A draft whose header, parts and child are those of the question that is shown.
pub(crate) struct Draft {
    id: InquiryId,
    question: v1::DeskQuestion,
    header: Header,
    parts: Vec<(TargetId, Vec<Category>)>,
    commitment: Digest,
}

impl Draft {
    /// Checks what the node shows against itself and against the number that the approver knows.
    pub(crate) fn check(
        id: &InquiryId,
        agency: &Oin,
        shown: v1::ShowDraftResponse,
        number: &str,
    ) -> Result<Self, Failure> {
        let question = shown.question.ok_or(Reason::Malformed)?;
        if question.subject != number {
            return Err(another_child());
        }
        let header = Header::try_from(shown.header.ok_or(Reason::Malformed)?)?;
        let own = header.asker == *agency;
        if !own || !same(&question, &header) || shown.parts.len() != question.targets.len() {
            return Err(Reason::ApprovalAltered.into());
        }
        let pairs = shown.parts.iter().zip(&question.targets);
        let parts = pairs.map(|(part, target)| checked(id, part, target));
        let parts = parts.collect::<Result<Vec<_>, Failure>>()?;
        let salt: [u8; 32] =
            shown.salt.as_slice().try_into().map_err(|_| Failure::from(Reason::Malformed))?;
        let commitment = commitment_of(&salt, &question);
        Ok(Self { id: *id, question, header, parts, commitment })
    }

    /// Signs every part with the approver's own key and hands the signatures in.
    pub(crate) async fn approve(&self, desk: &Desk, role: &str) -> Result<(), Failure> {
        let key = desk.signing_key()?;
        let signature = |(target, categories): &(TargetId, Vec<Category>)| {
            let bytes = approval_bytes(target, &self.header, categories, &self.commitment);
            sign(&key, &bytes).to_vec()
        };
        let signatures = self.parts.iter().map(signature).collect();
        desk.approve_draft(&self.id, signatures, role).await
    }

    /// What is signed, for the approver to read. The child's number is not repeated.
    pub(crate) fn print(&self, out: Output, names: &Names, region: &[v1::AgencySummary]) {
        let Self { question, header, .. } = self;
        let term = header.times.answer_by.local();
        out.line(&bold(out.tr("U ondertekent deze vraag:", "You sign this question:")));
        out.line(&match out.lang() {
            Lang::Nl => {
                format!("  rol {}, doel {}, soort {}", header.role, header.purpose, header.kind)
            }
            Lang::En => {
                format!("  role {}, purpose {}, kind {}", header.role, header.purpose, header.kind)
            }
        });
        out.line(&match out.lang() {
            Lang::Nl => format!("  urgentie {}, antwoord uiterlijk {term}", header.urgency),
            Lang::En => format!("  urgency {}, answer at the latest {term}", header.urgency),
        });
        let grounds = names.grounds_named(&question.grounds);
        for ground in &grounds {
            out.line(&format!("  {}", ground.article));
        }
        if let Some(escalation) = &question.escalation {
            let criteria = escalation.criteria.iter().cloned();
            let criteria: Vec<_> = criteria.map(|word| criterion(names, word).label).collect();
            let whom = about(&escalation.about, out.lang());
            let case = hex::encode(&escalation.case_id);
            out.line(&format!(
                "  {} {case}, {whom}: {}",
                out.tr("casus", "case"),
                criteria.join("; ")
            ));
        }
        for fact in &question.facts {
            out.line(&format!("  {} = {}", fact.column, fact.value));
        }
        if !question.reference.is_empty() {
            out.line(&format!("  {} {}", out.tr("kenmerk", "reference"), question.reference));
        }
        for target in &question.targets {
            let called = region.iter().find(|agency| agency.oin == target.oin);
            let called = called.map_or(target.oin.as_str(), |agency| agency.name.as_str());
            out.line(&format!("  {called}: {}", target.categories.join(", ")));
            if !target.necessity.is_empty() {
                out.line(&format!("      {}", target.necessity));
            }
        }
        out.line(&format!("  {}", question.necessity));
    }
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Draft({}, …)", self.id)
    }
}

/// The header that is signed says what the question says.
fn same(question: &v1::DeskQuestion, header: &Header) -> bool {
    header.role.as_str() == question.role
        && header.purpose.as_str() == question.purpose
        && header.kind.as_str() == question.query_kind
        && header.urgency.word() == question.urgency
        && header.level.word() == question.level
        && header.break_glass == question.break_glass
        && header.grounds.iter().map(Ground::as_str).eq(question.grounds.iter().map(String::as_str))
}

/// The part is that of this inquiry at this target, and asks for what the question asks.
fn checked(
    id: &InquiryId,
    part: &v1::DraftPart,
    target: &v1::DeskTarget,
) -> Result<(TargetId, Vec<Category>), Failure> {
    let oin = Oin::parse(&target.oin).map_err(|_| Failure::from(Reason::UnknownAgency))?;
    let derived = TargetId::derive(id, &oin);
    let same = part.target_oin == target.oin
        && part.target_id == derived.as_bytes()
        && part.categories == target.categories;
    if !same {
        return Err(Reason::ApprovalAltered.into());
    }
    let parse =
        |code: &String| Category::parse(code).map_err(|_| Failure::from(Reason::UnknownCategory));
    Ok((derived, target.categories.iter().map(parse).collect::<Result<_, _>>()?))
}

fn another_child() -> Failure {
    Failure::told(
        Reason::ApprovalAltered,
        "Het nummer dat u opgaf is niet dat van de vraag; er is niets ondertekend.",
        "The number that you gave is not that of the question; nothing was signed.",
    )
}
