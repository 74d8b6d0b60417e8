//! The overview as a page that somebody takes home.

use askama::Template;
use grondslag_core::lang::Lang;
use grondslag_core::reason::Reason;
use grondslag_proto::v1;

use super::shown::NOTHING;
use crate::exit::Failure;

/// An overview.
#[derive(Debug, Template)]
#[template(path = "own_view.html")]
struct Page<'a> {
    lang: Lang,
    title: &'a str,
    made: String,
    lead: &'a str,
    nothing: &'a str,
    role: &'a str,
    why: &'a str,
    time: &'a str,
    by_law: &'a str,
    number: &'a str,
    not_reached: String,
    good_to_know: &'a str,
    lines: Vec<Line<'a>>,
    notes: &'a [String],
}

/// One line of it.
#[derive(Debug)]
struct Line<'a> {
    sentence: &'a str,
    role: &'a str,
    purpose: &'a str,
    time: &'a str,
    categories: &'a [v1::OwnViewCategory],
    number: String,
}

/// The page of an overview.
pub(crate) fn page(view: &v1::OwnView, lang: Lang) -> Result<String, Failure> {
    let tr = |nl, en| match lang {
        Lang::Nl => nl,
        Lang::En => en,
    };
    let lines = view.lines.iter().map(|line| Line {
        sentence: &line.sentence,
        role: &line.role,
        purpose: &line.purpose,
        time: &line.time,
        categories: &line.categories,
        number: hex::encode(&line.target_id),
    });
    let not_reached = view.not_reached.join(", ");
    let page = Page {
        lang,
        title: tr("Wie vroeg wat?", "Who asked what?"),
        made: format!("{} {}", tr("Gemaakt op", "Made on"), view.made_on),
        lead: tr(
            "Dit overzicht is voor u. Het laat zien wie iets vroeg, waarom, en wat er is gegeven.",
            "This overview is for you. It shows who asked something, why, and what was given.",
        ),
        nothing: tr(NOTHING.0, NOTHING.1),
        role: tr("Functie:", "Function:"),
        why: tr("Waarom:", "Why:"),
        time: tr("Tijd:", "Time:"),
        by_law: tr("Wet:", "Law:"),
        number: tr("Nummer", "Number"),
        not_reached: if not_reached.is_empty() {
            String::new()
        } else {
            format!("{} {not_reached}", tr("Niet bereikt:", "Not reached:"))
        },
        good_to_know: tr("Goed om te weten", "Good to know"),
        lines: lines.collect(),
        notes: &view.notes,
    };
    page.render().map_err(|error| Failure::new(Reason::Internal, error))
}
