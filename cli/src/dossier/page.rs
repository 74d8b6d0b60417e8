//! A joint file as a page, to read and to print.

use askama::Template;
use grondslag_core::lang::Lang;
use grondslag_core::reason::Reason;

use super::shown::{AgencyStands, Beside, DossierShown, EntryOf, PersonShown, about};
use crate::ask::basis;
use crate::exit::Failure;

/// A file.
#[derive(Debug, Template)]
#[template(path = "dossier.html")]
struct Page {
    lang: Lang,
    title: String,
    /// Whose copy it is.
    mark: String,
    lead: String,
    behind: String,
    persons: Vec<Person>,
    words: Words,
    footer: String,
}

#[derive(Debug)]
struct Words {
    agencies: &'static str,
    timeline: &'static str,
    nothing: &'static str,
    beside: &'static str,
    beside_lead: &'static str,
}

struct Person {
    heading: String,
    why: String,
    made: String,
    /// How many, of what, and whether that is missing.
    tally: Vec<(usize, &'static str, bool)>,
    agencies: Vec<Agency>,
    entries: Vec<Entry>,
    beside: Vec<Side>,
}

#[derive(Debug)]
struct Agency {
    name: String,
    class: &'static str,
    sentence: String,
    gaps: Vec<String>,
}

struct Entry {
    dated: String,
    label: String,
    texts: Vec<String>,
    origin: String,
}

struct Side {
    label: String,
    /// What each agency says.
    sides: Vec<(String, Vec<String>)>,
}

grondslag_core::unprinted!(Person Entry Side);

/// The page of a file.
pub(super) fn page(file: &DossierShown, lang: Lang) -> Result<String, Failure> {
    let tr = |nl: &'static str, en: &'static str| match lang {
        Lang::Nl => nl,
        Lang::En => en,
    };
    let title = tr("Kindveiligheidsdossier", "Child safety file");
    let (made, ends) = (file.made_at.local(), file.expires_at.local());
    let page = Page {
        lang,
        title: title.to_owned(),
        mark: format!(
            "{} {} · {} {} · {made}",
            tr("Casus", "Case"),
            file.case_id,
            tr("exemplaar van", "copy of"),
            file.reader
        ),
        lead: tr(
            "Samengesteld uit de antwoorden van de organisaties zelf. Een gat is een gat: wat hier \
             niet staat, is niet gezegd. Het programma oordeelt niet.",
            "Put together of the agencies' own answers. A gap is a gap: what is not here was not \
             said. The program does not judge.",
        )
        .to_owned(),
        behind: behind(file, lang),
        persons: file.persons.iter().map(|one| person(one, lang)).collect(),
        words: Words {
            agencies: tr("Waar de organisaties staan", "Where the agencies stand"),
            timeline: tr("Tijdlijn", "Timeline"),
            nothing: tr("Er is nog niets gegeven.", "Nothing was given yet."),
            beside: tr("Naast elkaar", "Side by side"),
            beside_lead: tr(
                "Wat meer dan één organisatie over hetzelfde zegt. Of dat strijdig is, beoordeelt u.",
                "What more than one agency says of the same thing. Whether that contradicts is for \
                 you to judge.",
            ),
        },
        footer: match lang {
            Lang::Nl => {
                format!("Vernietig dit exemplaar uiterlijk {ends}; de bron wordt dan vernietigd.")
            }
            Lang::En => format!("Destroy this copy by {ends}; its source is destroyed then."),
        },
    };
    page.render().map_err(|error| Failure::new(Reason::Internal, error))
}

fn behind(file: &DossierShown, lang: Lang) -> String {
    let why = file.behind.map(|reason| match lang {
        Lang::Nl => format!("Niet bijgewerkt. {}", reason.sentence(lang)),
        Lang::En => format!("Not brought up to date. {}", reason.sentence(lang)),
    });
    let more = file.more.then(|| match lang {
        Lang::Nl => "Oudere vragen bij deze casus zijn weggelaten.".to_owned(),
        Lang::En => "Older questions of this case are left out.".to_owned(),
    });
    [why, more].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn person(shown: &PersonShown, lang: Lang) -> Person {
    let criteria: Vec<&str> = shown.criteria.iter().map(|word| word.label.as_str()).collect();
    let (whom, asked, due) =
        (about(&shown.about, lang), shown.asked_at.local(), shown.answer_by.local());
    let (by, signed, criteria) = (&shown.asked_by, shown.signed_by.join(", "), criteria.join("; "));
    let (heading, made) = match lang {
        Lang::Nl => (
            format!("Over {whom}"),
            format!(
                "{criteria}. Gevraagd {asked} door {by}, medeondertekend door {signed}; uitkomst \
                 uiterlijk {due}. Vraag {}",
                shown.inquiry_id
            ),
        ),
        Lang::En => (
            format!("About {whom}"),
            format!(
                "{criteria}. Asked {asked} by {by}, co-signed by {signed}; outcome by {due} at the \
                 latest. Question {}",
                shown.inquiry_id
            ),
        ),
    };
    Person {
        heading,
        why: shown.necessity.clone(),
        made,
        tally: shown.counts.tally(lang),
        agencies: shown.agencies.iter().map(|one| agency(one, lang)).collect(),
        entries: shown.entries.iter().map(|one| entry(one, lang)).collect(),
        beside: shown.beside.iter().map(|one| side(shown, one, lang)).collect(),
    }
}

fn agency(shown: &AgencyStands, lang: Lang) -> Agency {
    let gaps = shown.alike().map(|(labels, gap)| {
        let basis = basis(&gap.rows, &gap.grounds);
        format!("{}: {}{basis}", labels.join(", "), gap.sentence)
    });
    let reviewed = match lang {
        Lang::Nl => " (na beoordeling)",
        Lang::En => " (after review)",
    };
    let is_gap = !matches!(shown.standing.as_str(), "given" | "nothing" | "limited");
    Agency {
        name: shown.name.clone(),
        class: if is_gap { "gap" } else { "" },
        sentence: format!("{}{}", shown.sentence, if shown.reviewed { reviewed } else { "" }),
        gaps: gaps.chain(shown.remarks.iter().cloned()).collect(),
    }
}

fn entry(shown: &EntryOf, lang: Lang) -> Entry {
    let undated = match lang {
        Lang::Nl => "zonder datum",
        Lang::En => "undated",
    };
    let redacted = match (shown.redacted, lang) {
        (false, _) => "",
        (true, Lang::Nl) => " · delen zijn weggelaten",
        (true, Lang::En) => " · parts were left out",
    };
    let source = match shown.source.as_str() {
        "" => String::new(),
        source => format!("{source} · "),
    };
    let came = match lang {
        Lang::Nl => format!("ontvangen {}", shown.came_at.local()),
        Lang::En => format!("received {}", shown.came_at.local()),
    };
    let basis = basis(&shown.rows, &shown.grounds);
    Entry {
        dated: shown.dated.map_or_else(|| undated.to_owned(), |at| at.date().to_string()),
        label: match shown.whose(lang) {
            Some(whose) => format!("{}, {whose} — {}", shown.label, shown.agency),
            None => format!("{} — {}", shown.label, shown.agency),
        },
        texts: told(shown),
        origin: format!(
            "{source}{} · {came}{redacted}{basis} · {}/{}",
            shown.tier, shown.target_id, shown.reply_no
        ),
    }
}

/// The first says only what sort of agency or record it is; it is left out where more follows.
fn told(shown: &EntryOf) -> Vec<String> {
    match shown.texts.as_slice() {
        [_, more @ ..] if !more.is_empty() => more.to_vec(),
        texts => texts.to_vec(),
    }
}

fn side(person: &PersonShown, shown: &Beside, lang: Lang) -> Side {
    let nothing = match lang {
        Lang::Nl => "hiervan is niets vastgelegd",
        Lang::En => "nothing of it is on record",
    };
    let gave = shown.gave.iter().map(|agency| {
        let mut own = person.entries.iter();
        let own =
            own.by_ref().filter(|one| one.oin == agency.oin && one.category == shown.category);
        (agency.name.clone(), own.flat_map(told).collect())
    });
    let none = shown.no_record.iter();
    let none = none.map(|agency| (agency.name.clone(), vec![nothing.to_owned()]));
    Side { label: shown.label.clone(), sides: gave.chain(none).collect() }
}
