//! The region, serving: its clock runs at real speed, and a second terminal can ask.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use grondslag_core::lang::{Lang, Text};
use tokio::time::sleep;

use super::crew::Crew;
use super::place::Place;
use super::world::World;
use crate::output::{Output, bold, dim, yellow};

/// How often the processes are looked at.
const LOOK_MS: u64 = 1_000;

/// Somebody's question about the child of the first story.
struct Example {
    title: Text,
    agency: &'static str,
    staff: &'static str,
    approver: Option<&'static str>,
    words: &'static str,
    necessity: &'static str,
}

/// The same child and the same agencies, three ways to ask.
fn examples() -> [Example; 3] {
    let text = |nl: &str, en: &str| Text { nl: nl.to_owned(), en: en.to_owned() };
    [
        Example {
            title: text(
                "het lokaal team, zonder toestemming van de ouders",
                "the local team, without the parents' consent",
            ),
            agency: "gem-veenwolde",
            staff: "lokaalteam-1",
            approver: None,
            words: "--role gem.lokaalteam --purpose D01",
            necessity: "De buurt maakt zich zorgen; zonder beeld van anderen kan ik niet bepalen \
                        of hulp nodig is.",
        },
        Example {
            title: text(
                "Veilig Thuis, met een melding en een tweede persoon",
                "Veilig Thuis, with a report and a second person",
            ),
            agency: "vt-drieveen",
            staff: "onderzoeker-1",
            approver: Some("onderzoeker-2"),
            words: "--role vt.onderzoeker --purpose D06 --urgency urgent --ground wmo-5.2.6 \
                    --fact vt_report=report --reference VT-2026-0117",
            necessity: "Er is een melding over letsel dat niet goed verklaard is; ik heb het \
                        beeld van anderen nodig om de veiligheid te beoordelen.",
        },
        Example {
            title: text(
                "de politie, voor een eigen doel",
                "the police, for a purpose of their own",
            ),
            agency: "pol-drieveen",
            staff: "jeugdagent-1",
            approver: None,
            words: "--role pol.jeugdagent --purpose D99",
            necessity: "Er is een diefstal gepleegd; ik wil weten wie er die middag op school was.",
        },
    ]
}

/// What all three ask: the safety estimate, the child's medical data, police reports.
const CATEGORIES: &str = "G08,G16,G20";
/// Agencies that all three ask, and enough of their names to know them by.
const ASKED: [(&str, &str); 4] = [
    ("sch-drieveen", "Scholen Drieveen"),
    ("ha-dewierde", "De Wierde"),
    ("jgz-drieveen", "JGZ Drieveen"),
    ("pol-drieveen", "basisteam Drieveen"),
];

/// Prints what can be pasted into a second terminal.
pub(super) fn invite(out: Output, world: &World, place: &Place) {
    let program = std::env::current_exe().unwrap_or_else(|_| "grondslag".into());
    // Dutch is what the program speaks unasked.
    let lang = match out.lang() {
        Lang::Nl => "",
        Lang::En => " --lang en",
    };
    let program = quoted(&program) + lang;
    out.line(&bold(out.tr(
        "\nDe regio draait. Vraag zelf, in een tweede venster (stoppen met Ctrl-C):",
        "\nThe region serves. Ask something yourself, in a second terminal (Ctrl-C ends it):",
    )));
    let subject = world.storylines.first().and_then(|story| story.question.first());
    let subject = subject.map_or("…", |question| question.subject.0.as_str());
    for example in examples() {
        if world.person(example.agency, example.staff).is_err() {
            continue;
        }
        out.line(&format!("\n# {}", dim(example.title.in_lang(out.lang()))));
        out.line(&command(&program, place, &example, subject, &asked(world, example.agency)));
    }
    let folder = quoted(place.folder());
    out.line(&format!("\n# {}", dim(out.tr("de klok een uur vooruit", "the clock an hour ahead"))));
    out.line(&format!("{program} demo advance 1h --dir {folder}"));
    let config = quoted(&place.broker_config());
    out.line(&format!("\n# {}", dim(out.tr("hoe het met de makelaar gaat", "how the broker is"))));
    out.line(&format!("{program} status --config {config}"));
    let title = out.tr("een versleutelde back-up ervan, nu", "an encrypted backup of it, now");
    out.line(&format!("\n# {}", dim(title)));
    out.line(&format!("{program} backup --config {config}"));
}

fn command(
    program: &str,
    place: &Place,
    example: &Example,
    subject: &str,
    asked: &[&str],
) -> String {
    let desk = quoted(&place.desk(example.agency, example.staff));
    let second = example.approver.map_or(String::new(), |second| {
        format!(" \\\n  --approver {}", quoted(&place.desk(example.agency, second)))
    });
    let Example { words, necessity, .. } = example;
    let lines = [
        format!("{program} ask --desk {desk}{second}"),
        words.to_string(),
        format!("--category {CATEGORIES} --subject {subject}"),
        format!("--to '{}'", asked.join(",")),
        format!("--necessity '{necessity}'"),
    ];
    lines.join(" \\\n  ")
}

/// Nobody asks themselves; who is not in this world cannot be asked.
fn asked(world: &World, own: &str) -> Vec<&'static str> {
    let others = ASKED.into_iter().filter(|(id, _)| *id != own && world.agency(id).is_ok());
    others.map(|(_, name)| name).collect()
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// Looks after the processes until the end. One that was killed is told and not replaced: what
/// becomes of a question then is worth seeing.
pub(super) async fn look_after(out: Output, crew: &mut Crew) {
    let mut told = BTreeSet::new();
    loop {
        for name in crew.ended() {
            if told.insert(name.clone()) {
                let said = match out.lang() {
                    Lang::Nl => format!("{name} is gestopt; de anderen draaien door"),
                    Lang::En => format!("{name} has ended; the others go on"),
                };
                out.note(&yellow(&said));
            }
        }
        sleep(Duration::from_millis(LOOK_MS)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_space_or_a_quote_is_quoted() {
        assert_eq!(quoted(Path::new("/tmp/demo-1/x")), "/tmp/demo-1/x");
        assert_eq!(quoted(Path::new("/tmp/my demo")), "'/tmp/my demo'");
        assert_eq!(quoted(Path::new("/tmp/it's")), "'/tmp/it'\\''s'");
    }
}
