//! What stands in the register about one child.

use grondslag_core::clock::Timestamp;
use grondslag_core::lang::Lang;
use grondslag_proto::v1;
use serde_json::{Value, json};

use super::ChildArgs;
use super::desk::ConsentDesk;
use crate::exit::{Exit, Failure};
use crate::output::{Output, bold, dim, green, yellow};

/// Lists the acts.
pub(super) async fn run(child: &ChildArgs, out: Output) -> Result<Exit, Failure> {
    let desk = ConsentDesk::open(child, out.lang())?;
    let listed = desk.list(child).await?;
    for act in &listed.acts {
        line(act, out);
    }
    if listed.acts.is_empty() {
        out.line(&dim(out.tr("er staat niets", "nothing stands here")));
    }
    out.line(&listed.who);
    out.json(&json!({
        "acts": listed.acts.iter().map(act_json).collect::<Vec<_>>(),
        "who": listed.who,
    }))?;
    Ok(Exit::Done)
}

fn line(act: &v1::ConsentAct, out: Output) {
    let at = Timestamp::from_ms(act.recorded_at_ms).local();
    let state = if counts(&act.state) { green(&act.state) } else { yellow(&act.state) };
    let who = if act.speaker.is_empty() { String::new() } else { format!(" {}", act.speaker) };
    out.line(&format!("{at}  {}{who}  {state}", bold(word(&act.act, out.lang()))));
    let what = [act.to.join(", "), act.categories.join(", "), act.purpose.clone()];
    let what: Vec<String> = what.into_iter().filter(|one| !one.is_empty()).collect();
    if !what.is_empty() {
        out.line(&format!("    {}", what.join("  ")));
    }
    let until = (act.until_ms != 0).then(|| Timestamp::from_ms(act.until_ms).local());
    let until = until.map(|until| format!("  {} {until}", out.tr("tot", "until")));
    let (told, until) = (&act.told, until.unwrap_or_default());
    out.line(&dim(&format!("    {told}{until}  {}", hex::encode(&act.id))));
    if !act.waiting_oins.is_empty() {
        let lead = out.tr("nog onderweg naar", "still on its way to");
        out.line(&yellow(&format!("    {lead} {}", act.waiting_oins.join(", "))));
    }
}

fn counts(state: &str) -> bool {
    matches!(state, "dpv:ConsentGiven" | "dpv:RenewedConsentGiven")
}

fn word(act: &str, lang: Lang) -> &str {
    match (act, lang) {
        ("consent", Lang::Nl) => "ja",
        ("consent", Lang::En) => "yes",
        ("objection", Lang::Nl) => "nee",
        ("objection", Lang::En) => "no",
        ("withdrawal", Lang::Nl) => "ingetrokken",
        ("withdrawal", Lang::En) => "taken back",
        ("lift", Lang::Nl) => "bezwaar teruggenomen",
        ("lift", Lang::En) => "objection taken back",
        ("custody", Lang::Nl) => "gezag",
        ("ability", Lang::Nl) => "zelf beslissen",
        ("measure", Lang::Nl) => "maatregel",
        (other, _) => other,
    }
}

fn act_json(act: &v1::ConsentAct) -> Value {
    json!({
        "id": hex::encode(&act.id),
        "act": act.act,
        "recorded_at": Timestamp::from_ms(act.recorded_at_ms),
        "staff": act.staff_id,
        "speaker": act.speaker,
        "state": act.state,
        "to": act.to,
        "categories": act.categories,
        "purpose": act.purpose,
        "until": (act.until_ms != 0).then(|| Timestamp::from_ms(act.until_ms)),
        "told": act.told,
        "certified_by": (!act.certified_by_oin.is_empty()).then_some(&act.certified_by_oin),
        "waiting": act.waiting_oins,
    })
}
