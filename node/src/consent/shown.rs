//! The register as people see it.

use grondslag_core::catalogue::Kind;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use grondslag_core::lang::Lang;
use grondslag_policy::consent::acts::Wanted;
use grondslag_proto::v1;

use super::act::{Act, Author, Certified, Measure, Receiver, Speaker, Statement, Written};
use super::on_file::{OnFile, Place};
use crate::limits::STANDING_MAX;

/// Who must say yes here, in words.
pub(super) fn who(on_file: &OnFile, place: &Place<'_>, lang: Lang) -> String {
    let who = place.matrix.who(place.regime, place.age(), on_file.weighs(place.at));
    who.map(|who| who.text.in_lang(lang).to_owned()).unwrap_or_default()
}

/// What everybody's word comes to for each receiver and category of a statement.
pub(super) fn standing(
    on_file: &OnFile,
    said: &Statement,
    place: &Place<'_>,
    kind_of: &dyn Fn(&Oin) -> Option<Kind>,
    lang: Lang,
) -> Vec<v1::ConsentStanding> {
    let Some(purpose) = &said.purpose else { return Vec::new() };
    let law = place.matrix.regimes().iter().find(|regime| regime.id == place.regime);
    let law = law.map(|regime| regime.label.in_lang(lang).to_owned()).unwrap_or_default();
    let pairs = said.to.iter().flat_map(|to| said.categories.iter().map(move |one| (to, one)));
    let line = |(to, category): (&Receiver, _)| {
        let (agency, kind, name) = match to {
            Receiver::Agency(oin) => (oin.clone(), kind_of(oin)?, oin.to_string()),
            // Any of them: one that no other statement names.
            Receiver::Kind(kind) => (place.holder.clone(), kind.clone(), kind.to_string()),
        };
        let category: &grondslag_core::catalogue::Category = category;
        let purpose = purpose.clone();
        let wanted = Wanted { agency, kind, category: category.clone(), purpose };
        let (_, weighed) = on_file.weigh(&wanted, place)?;
        Some(v1::ConsentStanding {
            to: name,
            category: category.to_string(),
            purpose: wanted.purpose.to_string(),
            consent: weighed.consent.word().to_owned(),
            view: weighed.view.word().to_owned(),
            law: law.clone(),
        })
    };
    pairs.filter_map(line).take(STANDING_MAX).collect()
}

/// Every act, in the order in which they were written down.
pub(super) fn acts(
    on_file: &OnFile,
    place: &Place<'_>,
    name_of: &dyn Fn(&Oin) -> String,
    lang: Lang,
) -> Vec<v1::ConsentAct> {
    on_file.in_order().into_iter().map(|one| act(on_file, one, place, name_of, lang)).collect()
}

fn act(
    on_file: &OnFile,
    one: &Written,
    place: &Place<'_>,
    name_of: &dyn Fn(&Oin) -> String,
    lang: Lang,
) -> v1::ConsentAct {
    // A withdrawal holds for good.
    let until = match &one.act {
        Act::Withdrawal(_) | Act::Lift(_) => None,
        act => act.end(),
    };
    let until = until.map_or(0, Timestamp::ms);
    let mut shown = v1::ConsentAct {
        id: one.id.as_bytes().to_vec(),
        act: one.act.word().to_owned(),
        recorded_at_ms: one.recorded_at.ms(),
        staff_id: match &one.author {
            Author::Staff(staff) => staff.as_str().to_owned(),
            Author::Agency(oin) => name_of(oin),
        },
        speaker: one.act.speaker().map(|who| speaker(who, name_of, lang)).unwrap_or_default(),
        until_ms: until,
        told: told(&one.act, name_of, lang),
        certified_by_oin: certifier(&one.act).map(ToString::to_string).unwrap_or_default(),
        ..v1::ConsentAct::default()
    };
    if let Act::Statement(said) = &one.act {
        on_file.state(&one.id, said, place).term().clone_into(&mut shown.state);
        shown.to = said
            .to
            .iter()
            .map(|to| match to {
                Receiver::Agency(oin) => oin.to_string(),
                Receiver::Kind(kind) => kind.to_string(),
            })
            .collect();
        shown.categories = said.categories.iter().map(ToString::to_string).collect();
        shown.purpose = said.purpose.as_ref().map(ToString::to_string).unwrap_or_default();
    }
    shown
}

/// Who spoke.
pub(super) fn speaker(who: &Speaker, name_of: &dyn Fn(&Oin) -> String, lang: Lang) -> String {
    match (who, lang) {
        (Speaker::Subject, Lang::Nl) => "het kind zelf".to_owned(),
        (Speaker::Subject, Lang::En) => "the child".to_owned(),
        (Speaker::Person(named), _) => named.expose(),
        (Speaker::Agency(oin), _) => name_of(oin),
    }
}

/// Who certified a measure.
fn certifier(act: &Act) -> Option<&Oin> {
    act.measure().and_then(|(_, certified)| certified).map(|certified| &certified.by)
}

fn told(act: &Act, name_of: &dyn Fn(&Oin) -> String, lang: Lang) -> String {
    match act {
        Act::Statement(said) => {
            let holders: Vec<String> = said.holders.iter().map(name_of).collect();
            holders.join(", ")
        }
        Act::Withdrawal(back) | Act::Lift(back) => {
            back.of.map(|id| id.to_string()).unwrap_or_default()
        }
        Act::Custody(custody) => {
            let holders: Vec<String> =
                custody.holders.iter().map(|who| speaker(who, name_of, lang)).collect();
            format!("{} ({})", holders.join(", "), custody.seen_in)
        }
        Act::Ability(ability) => {
            let weighs = match (ability.weighs, lang) {
                (true, Lang::Nl) => "kan zelf beslissen",
                (true, Lang::En) => "can decide",
                (false, Lang::Nl) => "kan niet zelf beslissen",
                (false, Lang::En) => "cannot decide",
            };
            format!("{weighs} ({})", ability.seen_in)
        }
        Act::Measure(Measure { value, court_reference, .. })
        | Act::Certified(Certified { measure: Measure { value, court_reference, .. }, .. }) => {
            let by = certifier(act).map(|oin| match lang {
                Lang::Nl => format!(", verklaard door {}", name_of(oin)),
                Lang::En => format!(", certified by {}", name_of(oin)),
            });
            let by = by.unwrap_or_default();
            format!("{value} ({court_reference}){by}")
        }
        Act::Closed => match lang {
            Lang::Nl => "het register over dit kind is vol: geen ja telt meer".to_owned(),
            Lang::En => "the register about this child is full: no yes counts".to_owned(),
        },
    }
}
