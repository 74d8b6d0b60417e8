//! A measure certified for other agencies, as a file.

use std::path::PathBuf;

use clap::Args;
use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use serde_json::json;

use super::desk::ConsentDesk;
use super::situation::SeenArgs;
use super::{ChildArgs, ms, until};
use crate::exit::{Exit, Failure};
use crate::files::{must_be_new, write_new_private};
use crate::output::{Output, dim, green};

/// Arguments of `consent certify`.
#[derive(Debug, Args)]
pub(super) struct CertifyArgs {
    #[command(flatten)]
    child: ChildArgs,

    /// Which: ots, voogdij or jeugdreclassering
    #[arg(long, value_name = "MEASURE")]
    measure: String,

    #[command(flatten)]
    seen: SeenArgs,

    /// The last day on which others may enter it; as long as the rules let when it is left out
    #[arg(long, value_name = "DAY", value_parser = until)]
    valid_until: Option<Timestamp>,

    /// The new file. It holds no name and no number, but handle it as what it is about: a child
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

/// Makes the statement.
pub(super) async fn run(typed: &CertifyArgs, out: Output) -> Result<Exit, Failure> {
    must_be_new(&typed.to)?;
    let desk = ConsentDesk::open(&typed.child, out.lang())?;
    let made = desk
        .certify(v1::CertifyMeasureRequest {
            subject: typed.child.subject.number()?,
            role: typed.child.role.clone(),
            measure: Some(typed.seen.measure(&typed.measure)),
            valid_until_ms: ms(typed.valid_until),
        })
        .await?;
    let text = String::from_utf8(made.statement).map_err(|_| Reason::Malformed)?;
    write_new_private(&typed.to, &text)?;
    let valid_until = Timestamp::from_ms(made.valid_until_ms);
    let line =
        out.tr("Verklaard; anderen kunnen dit vastleggen tot", "Certified; others enter it until");
    out.line(&format!("{} {}", green(line), valid_until.local()));
    out.note(&dim(out.tr(
        "Wie de verklaring vastlegt geeft zelf het burgerservicenummer op.",
        "Whoever enters the statement gives the citizen service number themselves.",
    )));
    out.json(&json!({ "file": typed.to, "valid_until": valid_until }))?;
    Ok(Exit::Done)
}
