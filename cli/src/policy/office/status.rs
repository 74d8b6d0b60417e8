//! Which rules are in force, which are to come, and which wait for a colleague.

use clap::Args;
use grondslag_core::clock::Timestamp;
use grondslag_core::lang::Lang;
use grondslag_proto::reply::reason;
use grondslag_proto::v1;
use serde_json::{Value, json};

use super::DeskArgs;
use crate::exit::{Exit, Failure};
use crate::output::{Output, bold, dim, red};
use crate::wait::wait;

/// Arguments of `policy status` and `policy proposals`.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    desk: DeskArgs,
}

/// Says which rules are in force.
pub(crate) fn status(args: &StatusArgs, out: Output) -> Result<Exit, Failure> {
    wait(async {
        let known = args.desk.open(out)?.known().await?;
        let v1::ShowPolicyResponse { now, next, blocked, officers, .. } = &known.shown;
        if let Some(one) = now {
            out.line(&format!("{}  {}", bold(out.tr("geldt", "in force")), line(one, out)));
        }
        for one in next {
            out.line(&format!("{}  {}", out.tr("komt", "to come"), line(one, out)));
        }
        if !blocked.is_empty() {
            let why = reason(blocked);
            out.line(&format!("{} {}", red(why.code()), why.sentence(out.lang())));
        }
        for one in officers {
            out.line(&format!("{}  {one}", dim(out.tr("mag ondertekenen", "may sign"))));
        }
        out.json(&json!({
            "now": now.as_ref().map(in_force),
            "next": next.iter().map(in_force).collect::<Vec<_>>(),
            "next_number": known.shown.next_number,
            "officers": officers,
            "blocked": (!blocked.is_empty()).then_some(blocked),
        }))?;
        Ok(Exit::Done)
    })
}

/// Lists what waits for a colleague.
pub(crate) fn proposals(args: &StatusArgs, out: Output) -> Result<Exit, Failure> {
    wait(async {
        let waiting = args.desk.open(out)?.proposals().await?;
        if waiting.is_empty() {
            out.line(out.tr("Er wacht geen voorstel.", "No proposal waits."));
        }
        for one in &waiting {
            let from = Timestamp::from_ms(one.valid_from_ms).local();
            let version = plain(&one.version);
            out.line(&format!("{} {}", bold(&version), dim(&hex::encode(&one.digest))));
            out.line(&format!("  {} {from}", out.tr("gaat gelden vanaf", "in force from")));
            let why = match out.lang() {
                Lang::Nl => &one.why_nl,
                Lang::En => &one.why_en,
            };
            out.line(&format!("  {}", plain(why)));
            for signer in &one.signers {
                let by = out.tr("ondertekend door", "signed by");
                out.line(&format!("  {by} {}", plain(signer)));
            }
        }
        let told = waiting.iter().map(|one| {
            json!({
                "digest": hex::encode(&one.digest),
                "number": one.number,
                "version": one.version,
                "entry": one.entry,
                "made_at": Timestamp::from_ms(one.made_at_ms).to_string(),
                "valid_from": Timestamp::from_ms(one.valid_from_ms).to_string(),
                "why": { "nl": one.why_nl, "en": one.why_en },
                "signers": one.signers,
            })
        });
        out.json(&told.collect::<Vec<_>>())?;
        Ok(Exit::Done)
    })
}

/// Rules and since when, as JSON.
fn in_force(one: &v1::PolicyInForce) -> Value {
    let since = Timestamp::from_ms(one.valid_from_ms);
    json!({
        "number": one.number,
        "version": one.version,
        "bundle": hex::encode(&one.bundle),
        "valid_from": (one.valid_from_ms != 0).then(|| since.to_string()),
    })
}

fn line(one: &v1::PolicyInForce, out: Output) -> String {
    let since = match one.valid_from_ms {
        0 => out.tr("vanaf het begin", "from the beginning").to_owned(),
        ms => format!("{} {}", out.tr("vanaf", "from"), Timestamp::from_ms(ms).local()),
    };
    format!("{} {since} {}", one.version, dim(&format!("({})", one.number)))
}

/// A list is the broker's word until a proposal is opened: nothing in it moves a terminal's cursor.
fn plain(text: &str) -> String {
    text.chars().map(|one| if one.is_control() { ' ' } else { one }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_the_broker_moves_no_cursor() {
        assert_eq!(plain("Goed.\u{1b}[2J\r\nFout"), "Goed. [2J  Fout");
    }
}
