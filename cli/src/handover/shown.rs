//! Handovers as a person reads them.

use grondslag_core::clock::Timestamp;
use grondslag_proto::v1;
use serde_json::{Value, json};

use crate::ask::Names;
use crate::output::{Output, bold, dim, green, red, yellow};

/// The lines of one case: who and whom, how it stands, what is missing, and by what it is named.
pub(super) fn lines(of: &v1::Handover, names: &Names, out: Output) -> Vec<String> {
    let comes = of.direction == "in";
    let way = if comes {
        out.tr("u neemt over van", "you take over from")
    } else {
        out.tr("u draagt over aan", "you hand over to")
    };
    let whom = if of.subject.is_empty() { String::new() } else { format!("  {}", of.subject) };
    let id = if comes { &of.inquiry_id } else { &of.target_id };
    let came = Timestamp::from_ms(of.came_at_ms).local();
    let plan = out.tr("plan van", "plan of");
    let mut lines = vec![
        format!("{way} {}{whom}", bold(&of.name)),
        format!("    {plan} {came}; {}", stands(of, comes, out)),
    ];
    for (lead, words) in
        [(out.tr("gedaan", "done"), &of.done), (out.tr("ontbreekt", "missing"), &of.gaps)]
    {
        if !words.is_empty() {
            let words: Vec<String> = words.iter().map(|word| label(names, word)).collect();
            lines.push(format!("    {lead}: {}", words.join("; ")));
        }
    }
    lines.push(dim(&format!("    {}", hex::encode(id))));
    lines
}

fn stands(of: &v1::Handover, comes: bool, out: Output) -> String {
    if of.accepted_at_ms != 0 {
        let at = Timestamp::from_ms(of.accepted_at_ms).local();
        let accepted = green(&format!("{} {at}", out.tr("aanvaard op", "accepted on")));
        if !of.reason.is_empty() {
            let never = out.tr(
                "de oude casushouder kreeg dit niet; aanvaard opnieuw, of vraag opnieuw",
                "the old holder did not get this; accept once more, or ask anew",
            );
            return format!("{accepted}; {}", red(&format!("{never} ({})", of.reason)));
        }
        return if comes && of.told_at_ms == 0 {
            let waits = out.tr(
                "de oude casushouder is nog niet bereikt en blijft tot dan verantwoordelijk",
                "the old holder was not reached yet and is responsible until then",
            );
            format!("{accepted}; {}", yellow(waits))
        } else {
            accepted
        };
    }
    if !of.reason.is_empty() {
        return red(if comes {
            out.tr("niet op tijd aanvaard; vraag opnieuw", "not accepted in time; ask anew")
        } else {
            out.tr(
                "niet op tijd aanvaard; hiermee is niets overgedragen",
                "not accepted in time; nothing was handed over by this",
            )
        });
    }
    let by = Timestamp::from_ms(of.accept_by_ms).local();
    let ends = Timestamp::from_ms(of.ends_at_ms).local();
    let waits = if comes {
        out.tr("te aanvaarden vóór", "accept before")
    } else {
        out.tr("u bent verantwoordelijk; te aanvaarden vóór", "you are responsible; due before")
    };
    let lapses = out.tr("opnieuw te vragen na", "to be asked for anew after");
    let waits = format!("{waits} {by} ({lapses} {ends})");
    yellow(&waits)
}

/// The name of an item; its word when these rules do not know it.
fn label(names: &Names, word: &str) -> String {
    let mut items = names.pack().catalogue().handover().checklist.iter();
    let item = items.find(|item| item.id == word);
    item.map_or_else(|| word.to_owned(), |item| item.label.in_lang(names.lang()).to_owned())
}

/// A case for other programs.
pub(super) fn json(of: &v1::Handover) -> Value {
    let moment = |ms: i64| (ms != 0).then(|| Timestamp::from_ms(ms));
    let given = |bytes: &[u8]| (!bytes.is_empty()).then(|| hex::encode(bytes));
    json!({
        "direction": of.direction,
        "inquiry_id": given(&of.inquiry_id),
        "target_id": given(&of.target_id),
        "oin": of.oin,
        "name": of.name,
        "subject": (!of.subject.is_empty()).then_some(&of.subject),
        "came_at": moment(of.came_at_ms),
        "accept_by": moment(of.accept_by_ms),
        "ends_at": moment(of.ends_at_ms),
        "accepted_at": moment(of.accepted_at_ms),
        "told_at": moment(of.told_at_ms),
        "reason": (!of.reason.is_empty()).then_some(&of.reason),
        "done": of.done,
        "gaps": of.gaps,
    })
}

#[cfg(test)]
mod tests {
    use grondslag_core::lang::Lang;

    use super::*;

    fn told(of: &v1::Handover) -> String {
        let out = Output::new(false, Lang::En);
        lines(of, &Names::load(Lang::En).unwrap(), out).join("\n")
    }

    #[test]
    fn who_is_responsible_is_said_until_the_old_holder_has_the_acceptance() {
        let going = v1::Handover {
            direction: "out".into(),
            subject: "999940235".into(),
            ..v1::Handover::default()
        };
        let text = told(&going);
        assert!(text.contains("you are responsible") && text.contains("999940235"), "{text}");
        let lapsed = v1::Handover { reason: "QUESTION_EXPIRED".into(), ..going.clone() };
        assert!(told(&lapsed).contains("nothing was handed over"));
        let accepted = v1::Handover { accepted_at_ms: 1, gaps: vec!["besluit".into()], ..going };
        let text = told(&accepted);
        assert!(text.contains("accepted on") && text.contains("missing: court order"), "{text}");
        let coming = v1::Handover { direction: "in".into(), accepted_at_ms: 1, ..accepted };
        assert!(told(&coming).contains("not reached yet"));
        let known = v1::Handover { told_at_ms: 2, ..coming };
        assert!(!told(&known).contains("not reached yet"));
        let never = v1::Handover { told_at_ms: 0, reason: "UNKNOWN_INQUIRY".into(), ..known };
        assert!(told(&never).contains("accept once more"));
    }
}
