//! The words of a timeline, Dutch (B1) or English.

use std::collections::BTreeSet;

use grondslag_core::access_log::{LogCategory, LogLine, LogOutcome};
use grondslag_core::catalogue::{Kind, Purpose};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use grondslag_core::lang::Lang;
use grondslag_core::limits::GROUNDS_MAX;
use grondslag_policy::Pack;
use grondslag_policy::notice::CONSENT;
use grondslag_proto::v1;

/// Months as they are written in a date.
const MONTHS: [(&str, &str); 12] = [
    ("januari", "January"),
    ("februari", "February"),
    ("maart", "March"),
    ("april", "April"),
    ("mei", "May"),
    ("juni", "June"),
    ("juli", "July"),
    ("augustus", "August"),
    ("september", "September"),
    ("oktober", "October"),
    ("november", "November"),
    ("december", "December"),
];

/// Whose words a timeline is made of.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    /// The catalogue's labels.
    pub(super) pack: &'a Pack,
    /// The name of an agency.
    pub(super) name_of: &'a (dyn Fn(&Oin) -> String + Sync),
    /// The kind of an agency.
    pub(super) kind_of: &'a (dyn Fn(&Oin) -> Option<Kind> + Sync),
}

impl std::fmt::Debug for Words<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Words(…)")
    }
}

/// What sort of line it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Question,
    /// Somebody brought a consent.
    Notice,
    /// Somebody looked at the log.
    OwnView,
}

impl Words<'_> {
    /// The name of an agency.
    pub(super) fn name(&self, oin: &Oin) -> String {
        (self.name_of)(oin)
    }

    /// Whether the law's lists know what a line is made of. Articles that they do not know are left
    /// out.
    pub(super) fn know(&self, line: &LogLine) -> bool {
        let catalogue = self.pack.catalogue();
        let categories = line.categories.iter().map(|one| &one.category);
        catalogue.role(&line.role).is_some()
            && catalogue.purpose(&line.purpose).is_some()
            && categories.into_iter().all(|category| catalogue.category(category).is_some())
    }

    /// A line, for people; without names and hours where it is `unnamed`.
    pub(super) fn line(
        &self,
        line: &LogLine,
        ledgers: &BTreeSet<Oin>,
        unnamed: bool,
        lang: Lang,
    ) -> v1::OwnViewLine {
        let sort = sort(line);
        let (asker, holder) = if unnamed {
            let holder = (self.kind_of)(&line.holder);
            (self.kind(Some(&line.role.kind()), lang), self.kind(holder.as_ref(), lang))
        } else {
            (self.name(&line.asker), self.name(&line.holder))
        };
        let holder = if sort == Sort::OwnView { String::new() } else { holder };
        let role = self.pack.catalogue().role(&line.role);
        let role = role.map_or_else(|| line.role.to_string(), |role| text(&role.label, lang));
        let purpose = self.purpose(&line.purpose, lang);
        let local = line.at.local();
        let time = local.split_once([' ', 'T']).map(|(_, time)| time.to_owned());
        v1::OwnViewLine {
            day: line.at.date().to_string(),
            time: time.filter(|_| !unnamed).unwrap_or_default(),
            sentence: sentence(
                sort,
                &day(line.at, lang),
                who(&asker, &holder, unnamed, lang),
                lang,
            ),
            asker,
            role,
            holder,
            purpose,
            purpose_code: line.purpose.to_string(),
            categories: line.categories.iter().map(|one| self.category(one, sort, lang)).collect(),
            target_id: line.target_id.as_bytes().to_vec(),
            ledger_oins: if unnamed {
                Vec::new()
            } else {
                ledgers.iter().map(ToString::to_string).collect()
            },
        }
    }

    fn kind(&self, kind: Option<&Kind>, lang: Lang) -> String {
        let entry = kind.and_then(|kind| self.pack.catalogue().kind(kind));
        let other = match lang {
            Lang::Nl => "een organisatie",
            Lang::En => "an agency",
        };
        let label = entry.map_or(other, |entry| entry.label.in_lang(lang));
        // What is behind a bracket explains the kind to who knows it.
        label.split(" (").next().unwrap_or(label).to_owned()
    }

    fn purpose(&self, purpose: &Purpose, lang: Lang) -> String {
        let entry = self.pack.catalogue().purpose(purpose);
        entry.map_or_else(|| purpose.to_string(), |entry| text(&entry.label, lang))
    }

    fn category(&self, one: &LogCategory, sort: Sort, lang: Lang) -> v1::OwnViewCategory {
        let entry = self.pack.catalogue().category(&one.category);
        let label =
            entry.map_or_else(|| one.category.to_string(), |entry| text(&entry.label, lang));
        let came = (sort != Sort::Notice).then_some(one.outcome);
        let grounds = one.grounds.iter().take(GROUNDS_MAX);
        let grounds = grounds.filter_map(|ground| self.pack.catalogue().ground(ground));
        let grounds = grounds.map(|entry| text(&entry.article, lang));
        v1::OwnViewCategory {
            code: one.category.to_string(),
            label,
            outcome: came.map(|came| came.word().to_owned()).unwrap_or_default(),
            outcome_label: came.map(|came| outcome(came, lang).to_owned()).unwrap_or_default(),
            grounds: grounds.collect(),
        }
    }
}

/// Stands in every view, whether or not something was left out (domain 4a.31).
const MISSING: (&str, &str) = (
    "Er kunnen regels ontbreken. Sommige vragen mogen pas later worden verteld, bijvoorbeeld bij \
     een onderzoek naar veiligheid.",
    "Lines may be missing. Some questions may only be told later, such as those of an \
     investigation into safety.",
);
const BY_AGE: (&str, &str) = (
    "Is het kind 12 jaar of ouder? Dan ziet u minder, of niets, als het kind dat niet wil of niet is \
     gehoord. Moet een professional daarover beslissen? Wij vragen dat niet; vraag het aan de organisatie.",
    "Is the child 12 or older? Then you see less, or nothing, when the child does not want it or was \
     not heard. Must a professional decide on that? We do not ask them to; ask the agency.",
);
const UNNAMED: (&str, &str) = (
    "De namen van organisaties staan er niet bij. Dat is zo als niet iedereen antwoordde, als \
     niemand keek of namen noemen veilig is, of als dat niet veilig is. Vraag de gemeente ernaar.",
    "The names of agencies are left out. That is so when not everybody answered, when nobody looked \
     whether naming them is safe, or when it is not. Ask the municipality about it.",
);
const MORE: (&str, &str) = (
    "Er zijn oudere regels die hier niet bij pasten. Vraag ze aan de organisatie zelf.",
    "There are older lines that did not fit. Ask the agency itself for them.",
);
const STAFF: (&str, &str) = (
    "Wilt u weten welke medewerker het was? Vraag het aan de organisatie.",
    "Do you want to know which member of staff it was? Ask the agency.",
);
const WRONG: (&str, &str) = (
    "Klopt er iets niet, of bent u het er niet mee eens? Zeg het bij de gemeente of bij de \
     organisatie, met het nummer van de regel. U kunt vragen het te verbeteren of te vernietigen, uw \
     eigen verklaring toevoegen, of bezwaar maken. U kunt ook een klacht indienen bij de Autoriteit \
     Persoonsgegevens, of naar de rechter gaan.",
    "Is something wrong, or do you disagree? Tell the municipality or the agency, with the number \
     of the line. You can ask to correct or destroy it, add a statement of your own, or object. You \
     can also complain to the Dutch Data Protection Authority, or go to court.",
);
const PROOF: (&str, &str) = (
    "Elke regel heeft een nummer. Daarmee kan een controleur nakijken dat hij klopt.",
    "Every line has a number. With it an auditor can check that it is true.",
);

/// What everybody is told who has a view.
pub(super) fn notes(is_of_child: bool, unnamed: bool, more: bool, lang: Lang) -> Vec<String> {
    let mut notes = vec![MISSING];
    notes.extend(is_of_child.then_some(BY_AGE));
    notes.extend(unnamed.then_some(UNNAMED));
    notes.extend(more.then_some(MORE));
    notes.extend([STAFF, WRONG, PROOF]);
    notes.into_iter().map(|(nl, en)| tr(lang, nl, en).to_owned()).collect()
}

fn sort(line: &LogLine) -> Sort {
    let is_log = line.categories.iter().any(|one| one.category.is_access_log());
    if line.purpose.as_str() == CONSENT.purpose {
        Sort::Notice
    } else if is_log {
        Sort::OwnView
    } else {
        Sort::Question
    }
}

/// Who asked whom, as they stand in a sentence: a kind of agency is no name.
fn who(asker: &str, holder: &str, unnamed: bool, lang: Lang) -> (String, String) {
    let an_agency = tr(lang, "een organisatie", "an agency");
    let in_words = |who: &str| {
        if unnamed { format!("{an_agency} ({who})") } else { who.to_owned() }
    };
    (in_words(asker), in_words(holder))
}

fn sentence(sort: Sort, day: &str, (asker, holder): (String, String), lang: Lang) -> String {
    match (sort, lang) {
        (Sort::Question, Lang::Nl) => format!("Op {day} vroeg {asker} iets aan {holder}."),
        (Sort::Question, Lang::En) => format!("On {day} {asker} asked {holder} something."),
        (Sort::Notice, Lang::Nl) => {
            format!("Op {day} vertelde {asker} aan {holder} wat er over toestemming is gezegd.")
        }
        (Sort::Notice, Lang::En) => {
            format!("On {day} {asker} told {holder} what was said about consent.")
        }
        (Sort::OwnView, Lang::Nl) => {
            format!("Op {day} vroeg iemand bij {asker} zo'n overzicht op.")
        }
        (Sort::OwnView, Lang::En) => {
            format!("On {day} somebody asked for such an overview at {asker}.")
        }
    }
}

const fn outcome(outcome: LogOutcome, lang: Lang) -> &'static str {
    match outcome {
        LogOutcome::Given => tr(lang, "Dit is gegeven", "This was given"),
        LogOutcome::NothingOnFile => {
            tr(lang, "Er was niets om te geven", "There was nothing to give")
        }
        LogOutcome::InReview => tr(lang, "Een medewerker beslist", "A member of staff decides"),
        LogOutcome::Refused => tr(lang, "Dit is geweigerd", "This was refused"),
        LogOutcome::NotRecorded => {
            tr(lang, "Wat ervan kwam is niet vastgelegd", "What came of it was not recorded")
        }
        LogOutcome::NoAnswer => tr(lang, "Er is niets gegeven", "Nothing was given"),
    }
}

/// A day as it is written: 2 juni 2026.
pub(super) fn day(at: Timestamp, lang: Lang) -> String {
    let date = at.date();
    let month = usize::try_from(date.month()).ok().and_then(|month| MONTHS.get(month - 1));
    let (nl, en) = month.copied().unwrap_or_default();
    format!("{} {} {}", date.day(), tr(lang, nl, en), date.year())
}

fn text(label: &grondslag_core::lang::Text, lang: Lang) -> String {
    label.in_lang(lang).to_owned()
}

const fn tr<'a>(lang: Lang, nl: &'a str, en: &'a str) -> &'a str {
    match lang {
        Lang::Nl => nl,
        Lang::En => en,
    }
}
