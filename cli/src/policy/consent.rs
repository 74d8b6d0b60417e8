//! Who must say yes before secrecy is lifted.

use clap::Args;
use grondslag_core::catalogue::Kind;
use grondslag_core::lang::Lang;
use grondslag_core::reason::Reason;
use grondslag_policy::Pack;
use grondslag_policy::consent::{AgeBand, Regime, Who};
use serde::Serialize;

use super::FolderArgs;
use crate::exit::{Exit, Failure};
use crate::output::{Output, bold, dim, yellow};

/// Arguments of `policy consent`.
#[derive(Debug, Args)]
pub(crate) struct ConsentArgs {
    #[command(flatten)]
    rules: FolderArgs,

    /// Kind of party that would give the data, such as jha; without it all
    #[arg(long, value_name = "KIND")]
    holder: Option<String>,

    /// Age of the young person in years; without it all
    #[arg(long, value_name = "YEARS")]
    age: Option<u8>,

    /// The young person cannot weigh their interests in this; without it both are shown
    #[arg(long)]
    unable: bool,
}

/// Who must say yes under one law.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    regime: &'a Regime,
    who: Vec<&'a Who>,
}

/// Says who must say yes.
pub(super) fn consent(args: &ConsentArgs, out: Output) -> Result<Exit, Failure> {
    let pack = args.rules.pack()?;
    let shown = shown(&pack, args)?;
    for one in &shown {
        say(one, out);
    }
    say_terms(&pack, out);
    out.json(&shown)?;
    Ok(Exit::Done)
}

/// How long a yes holds, and who may write it down.
fn say_terms(pack: &Pack, out: Output) {
    let (validity, recording) = (pack.consents().validity(), pack.consents().recording());
    let (usual, most) = (validity.months_default, validity.months_max);
    out.line(&match out.lang() {
        Lang::Nl => format!("Een ja geldt {usual} maanden, tenzij anders gezegd; hooguit {most}."),
        Lang::En => format!("A yes holds {usual} months, unless said otherwise; at most {most}."),
    });
    let roles: Vec<String> = recording.recorders.iter().map(ToString::to_string).collect();
    let lead = out.tr("Wie het mag vastleggen:", "Who may write it down:");
    out.line(&format!("{lead} {}", roles.join(", ")));
    for note in validity.note.iter().chain(&recording.note) {
        out.line(&format!("  {}", yellow(note.in_lang(out.lang()))));
    }
    say_certifiers(pack, out);
}

/// Who may certify which measure, and for how long such a statement may be entered.
fn say_certifiers(pack: &Pack, out: Output) {
    let Some(certifying) = pack.consents().certifying() else { return };
    let days = certifying.days_max;
    out.line(&match out.lang() {
        Lang::Nl => format!("Wie een maatregel mag verklaren, hooguit {days} dagen geldig:"),
        Lang::En => format!("Who may certify a measure, valid for at most {days} days:"),
    });
    for one in pack.consents().certifiers() {
        let roles: Vec<String> = one.roles.iter().map(ToString::to_string).collect();
        out.line(&format!("  {}: {}", one.measure, roles.join(", ")));
    }
    let notes = pack.consents().certifiers().iter().filter_map(|one| one.note.as_ref());
    for note in certifying.note.iter().chain(notes) {
        out.line(&format!("  {}", yellow(note.in_lang(out.lang()))));
    }
}

fn shown<'a>(pack: &'a Pack, args: &ConsentArgs) -> Result<Vec<Shown<'a>>, Failure> {
    let consents = pack.consents();
    let regimes: Vec<&Regime> = match &args.holder {
        Some(word) => vec![of_holder(pack, word)?],
        None => consents.regimes().iter().collect(),
    };
    let band = args.age.map(AgeBand::of_years);
    let asked = |who: &&Who| {
        band.is_none_or(|band| who.age.contains(&band))
            && (!args.unable || who.weighs.contains(&false))
    };
    let of = |regime: &&'a Regime| Shown {
        regime,
        who: consents
            .all()
            .iter()
            .filter(|who| who.regime.contains(&regime.id))
            .filter(asked)
            .collect(),
    };
    Ok(regimes.iter().map(of).collect())
}

/// The law of a kind of party.
fn of_holder<'a>(pack: &'a Pack, word: &str) -> Result<&'a Regime, Failure> {
    pack.value("target_kind", word)?;
    let kind = Kind::parse(word).ok();
    let found = kind.and_then(|kind| pack.consents().of_holder(&kind));
    found.ok_or_else(|| Reason::UnknownFact.into())
}

fn say(shown: &Shown<'_>, out: Output) {
    let Shown { regime, who } = shown;
    let holders = regime.holders.iter().map(Kind::as_str).collect::<Vec<_>>().join(", ");
    let title = bold(regime.label.in_lang(out.lang()));
    out.line(&format!("{title} {}", dim(&format!("({holders})"))));
    if let Some(note) = &regime.note {
        out.line(&format!("  {}", yellow(note.in_lang(out.lang()))));
    }
    for one in who {
        let legal = one.legal.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        out.line(&format!("  {} {}", one.text.in_lang(out.lang()), dim(&legal)));
        if let Some(note) = &one.note {
            out.line(&format!("    {}", yellow(note.in_lang(out.lang()))));
        }
    }
}
