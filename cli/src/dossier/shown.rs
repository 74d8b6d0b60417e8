//! A joint file as a person reads it, as data: `--json` prints it, and page and lines are made of
//! it.

use grondslag_core::clock::Timestamp;
use grondslag_core::lang::Lang;
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use serde::Serialize;

use super::desk::Dossier;
use crate::ask::{GroundShown, Names, moment};

/// A file.
#[derive(Debug, Serialize)]
pub(crate) struct DossierShown {
    /// The case of the board.
    pub(crate) case_id: String,
    /// For whom it was put together.
    pub(crate) reader: String,
    /// When.
    pub(crate) made_at: Timestamp,
    /// When the first of it is destroyed.
    pub(crate) expires_at: Timestamp,
    /// Why what came since could not be fetched.
    pub(crate) behind: Option<Reason>,
    /// Older escalations of the case are left out.
    pub(crate) more: bool,
    /// The child first, then the household.
    pub(crate) persons: Vec<PersonShown>,
}

/// What was asked about one person, and what came of it.
#[derive(Serialize)]
pub(crate) struct PersonShown {
    pub(crate) inquiry_id: String,
    /// child, parent or other.
    pub(crate) about: String,
    pub(crate) purpose: String,
    /// What bore that the risk is serious.
    pub(crate) criteria: Vec<WordShown>,
    pub(crate) necessity: String,
    pub(crate) asked_at: Timestamp,
    pub(crate) answer_by: Timestamp,
    pub(crate) asked_by: String,
    pub(crate) signed_by: Vec<String>,
    pub(crate) counts: Counts,
    pub(crate) agencies: Vec<AgencyStands>,
    /// What was given, by the date of the fact.
    pub(crate) entries: Vec<EntryOf>,
    /// What several agencies speak of.
    pub(crate) beside: Vec<Beside>,
}

/// A word of the catalogue, and what it is called.
#[derive(Debug, Serialize)]
pub(crate) struct WordShown {
    pub(crate) id: String,
    pub(crate) label: String,
}

/// Where the agencies stand, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    /// Agencies in the question.
    pub(crate) asked: usize,
    /// They gave, or have nothing on record, and withheld nothing by name.
    pub(crate) given: usize,
    /// A person there decided to give a part, or nothing.
    pub(crate) reviewed: usize,
    /// They gave a part and withheld another.
    pub(crate) limited: usize,
    /// They gave nothing and refused by name.
    pub(crate) refused: usize,
    /// The holder let the term pass.
    pub(crate) overdue: usize,
    /// Their outcome is to come.
    pub(crate) waiting: usize,
    /// They told nothing that may be told; that does not say whether the person is known.
    pub(crate) neutral: usize,
    /// They were not reached or not asked, or nothing was heard of them within the term.
    pub(crate) missing: usize,
}

/// Where one agency stands.
#[derive(Debug, Serialize)]
pub(crate) struct AgencyStands {
    pub(crate) oin: String,
    pub(crate) name: String,
    /// given, nothing, limited, refused, overdue, unheard, waiting, neutral, `not_reached` or
    /// `not_asked`.
    pub(crate) standing: String,
    pub(crate) reason: Option<Reason>,
    pub(crate) duty_phone: String,
    pub(crate) reviewed: bool,
    pub(crate) gaps: Vec<Gap>,
    /// What it means, for people.
    pub(crate) sentence: String,
    /// What else must be known of it, for people.
    pub(crate) remarks: Vec<String>,
}

/// A category of which nothing was given.
#[derive(Debug, Serialize)]
pub(crate) struct Gap {
    pub(crate) category: String,
    pub(crate) label: String,
    /// `no_record`, refused, referred, review, neutral, lapsed, unheard, `not_reached` or
    /// `none_yet`.
    pub(crate) state: String,
    pub(crate) rows: Vec<String>,
    pub(crate) grounds: Vec<GroundShown>,
    pub(crate) by: String,
    #[serde(serialize_with = "moment")]
    pub(crate) came_at: Option<Timestamp>,
    /// What it means, for people.
    pub(crate) sentence: String,
}

/// One record that was given, with where it comes from.
#[derive(Serialize)]
pub(crate) struct EntryOf {
    pub(crate) oin: String,
    pub(crate) agency: String,
    pub(crate) category: String,
    pub(crate) label: String,
    pub(crate) tier: String,
    pub(crate) rows: Vec<String>,
    pub(crate) grounds: Vec<GroundShown>,
    pub(crate) about: String,
    #[serde(serialize_with = "moment")]
    pub(crate) dated: Option<Timestamp>,
    pub(crate) source: String,
    /// From the least to the most detailed.
    pub(crate) texts: Vec<String>,
    pub(crate) redacted: bool,
    pub(crate) came_at: Timestamp,
    pub(crate) reply_no: u32,
    /// Under this number it stands in the agency's own ledger.
    pub(crate) target_id: String,
}

grondslag_core::unprinted!(PersonShown EntryOf);

/// What several agencies say of one category.
#[derive(Debug, Serialize)]
pub(crate) struct Beside {
    pub(crate) category: String,
    pub(crate) label: String,
    /// Agencies that gave something.
    pub(crate) gave: Vec<Party>,
    /// Agencies that have nothing on record.
    pub(crate) no_record: Vec<Party>,
}

/// An agency, by what it is called: names need not differ.
#[derive(Debug, Serialize)]
pub(crate) struct Party {
    pub(crate) oin: String,
    pub(crate) name: String,
}

impl Counts {
    /// How many, of what, and whether that is missing: what there is none of is left out, but for
    /// who was asked and who gave.
    pub(super) fn tally(self, lang: Lang) -> Vec<(usize, &'static str, bool)> {
        let tr = |nl, en| if lang == Lang::Nl { nl } else { en };
        let all = [
            (self.asked, tr("gevraagd", "asked"), false),
            (self.given, tr("gegeven", "given"), false),
            (self.limited, tr("deels gegeven", "partly given"), false),
            (self.refused, tr("geweigerd", "refused"), true),
            (self.overdue, tr("te laat", "overdue"), true),
            (self.waiting, tr("nog te verwachten", "to come"), true),
            (self.neutral, tr("niets verstrekbaar", "nothing to be told"), true),
            (self.missing, tr("niet bereikt of gevraagd", "not reached or asked"), true),
        ];
        let always = 2;
        let shown = all.into_iter().enumerate();
        let shown = shown.filter(|(place, (count, _, _))| *place < always || *count > 0);
        shown.map(|(_, one)| one).collect()
    }
}

impl DossierShown {
    /// Reads a file.
    pub(crate) fn read(names: &Names, file: Dossier) -> Self {
        let Dossier { head, persons } = file;
        Self {
            case_id: hex::encode(&head.case_id),
            reader: head.reader,
            made_at: Timestamp::from_ms(head.made_at_ms),
            expires_at: Timestamp::from_ms(head.expires_at_ms),
            behind: known(&head.behind),
            more: head.more,
            persons: persons.into_iter().map(|(one, all)| person(names, one, all)).collect(),
        }
    }

    /// How many records were given in all.
    pub(crate) fn entries(&self) -> usize {
        self.persons.iter().map(|person| person.entries.len()).sum()
    }
}

fn person(names: &Names, wire: v1::DossierPerson, entries: Vec<v1::DossierEntry>) -> PersonShown {
    let called = |oin: &String| {
        let mut agencies = wire.agencies.iter();
        let found = agencies.find(|one| one.oin == *oin).map(|one| one.name.clone());
        found.filter(|name| !name.is_empty()).unwrap_or_else(|| oin.clone())
    };
    let party = |oin: &String| Party { oin: oin.clone(), name: called(oin) };
    let entries = entries.into_iter().map(|entry| entry_of(names, called(&entry.oin), entry));
    let beside = wire.beside.iter().map(|one| Beside {
        label: names.category_named(&one.category),
        category: one.category.clone(),
        gave: one.gave.iter().map(party).collect(),
        no_record: one.no_record.iter().map(party).collect(),
    });
    let (entries, beside) = (entries.collect(), beside.collect());
    let agencies: Vec<_> = wire.agencies.into_iter().map(|one| agency(names, one)).collect();
    PersonShown {
        inquiry_id: hex::encode(&wire.inquiry_id),
        about: wire.about,
        purpose: names.purpose_named(&wire.purpose),
        criteria: wire.criteria.into_iter().map(|word| criterion(names, word)).collect(),
        necessity: wire.necessity,
        asked_at: Timestamp::from_ms(wire.asked_at_ms),
        answer_by: Timestamp::from_ms(wire.answer_by_ms),
        asked_by: wire.staff_id,
        signed_by: wire.signed_by,
        counts: counts(&agencies),
        agencies,
        entries,
        beside,
    }
}

/// A criterion, as the rules that came with the program call it.
pub(crate) fn criterion(names: &Names, id: String) -> WordShown {
    let rules = names.pack().catalogue().escalation();
    let found = rules.criteria().find(|one| one.id == id);
    let label = found.map(|one| one.label.in_lang(names.lang()).to_owned());
    WordShown { label: label.unwrap_or_else(|| id.clone()), id }
}

fn counts(agencies: &[AgencyStands]) -> Counts {
    let mut counts = Counts { asked: agencies.len(), ..Counts::default() };
    for agency in agencies {
        let standing = agency.standing.as_str();
        let decided = agency.reviewed && matches!(standing, "limited" | "refused");
        counts.reviewed += usize::from(decided);
        match standing {
            "given" | "nothing" => counts.given += 1,
            "limited" => counts.limited += 1,
            "refused" => counts.refused += 1,
            "overdue" => counts.overdue += 1,
            "waiting" => counts.waiting += 1,
            "neutral" => counts.neutral += 1,
            _ => counts.missing += 1,
        }
    }
    counts
}

fn agency(names: &Names, wire: v1::DossierAgency) -> AgencyStands {
    let reason = known(&wire.reason);
    AgencyStands {
        sentence: stands(names, &wire, reason),
        remarks: remarks(names, &wire, reason),
        name: if wire.name.is_empty() { wire.oin.clone() } else { wire.name },
        oin: wire.oin,
        standing: wire.standing,
        reason,
        duty_phone: wire.duty_phone,
        reviewed: wire.reviewed,
        gaps: wire.gaps.into_iter().map(|one| gap(names, one)).collect(),
    }
}

/// INVARIANT: neither silence nor an agency that was not reached is worded as "not known".
fn stands(names: &Names, wire: &v1::DossierAgency, reason: Option<Reason>) -> String {
    let not_yet = reason == Some(Reason::QuestionWaits);
    let (nl, en) = match wire.standing.as_str() {
        "given" => ("gegeven", "given"),
        "nothing" => (
            "toegestaan; van wat is gevraagd is niets vastgelegd",
            "permitted; nothing of what was asked is on record",
        ),
        "limited" => ("een deel gegeven, een deel geweigerd", "a part given, a part refused"),
        "refused" => ("geweigerd met grond", "refused with a ground"),
        "overdue" => ("termijn voorbij zonder uitkomst", "term over without an outcome"),
        "unheard" => ("geen uitkomst ontvangen", "no outcome received"),
        "waiting" if not_yet => {
            ("nog niet bereikt; de vraag wacht", "not reached yet; the question waits")
        }
        "waiting" => ("uitkomst volgt", "the outcome is to come"),
        "neutral" => NEUTRAL,
        "not_asked" => ("niet gevraagd", "not asked"),
        _ => (
            "niet bereikt; dit zegt niets over de persoon",
            "not reached; this says nothing about the person",
        ),
    };
    let said = names.tr(nl, en);
    let phone = &wire.duty_phone;
    match wire.standing.as_str() {
        "given" | "nothing" | "limited" | "refused" | "not_asked" => said,
        _ if phone.is_empty() => said,
        _ => {
            let call = names.tr("bij direct gevaar 112", "in immediate danger 112");
            format!("{said}; {} {phone}, {call}", names.tr("bel", "call"))
        }
    }
}

/// What may be told is nothing.
const NEUTRAL: (&str, &str) = (
    "geen verstrekbare gegevens; dit zegt niet of de persoon bekend is",
    "no information that may be given; this does not say whether the person is known",
);

fn remarks(names: &Names, wire: &v1::DossierAgency, reason: Option<Reason>) -> Vec<String> {
    let why = reason.filter(|reason| *reason != Reason::QuestionWaits);
    let why = why.map(|reason| reason.sentence(names.lang()).to_owned());
    let told = [
        (
            wire.cut,
            "niet alles wat mag paste in het antwoord",
            "not all that is permitted fitted into the answer",
        ),
        (
            wire.holds_unnumbered_records,
            "deze organisatie heeft ook dossiers zonder geverifieerd nummer; daarover zegt dit niets",
            "this agency also has files without a verified number; this does not speak of those",
        ),
        (
            wire.unwitnessed,
            "gegeven terwijl te weinig getuigen het logboek van de makelaar hadden bevestigd",
            "given while too few witnesses had confirmed the broker's ledger",
        ),
    ];
    let told = told.into_iter().filter(|(is, _, _)| *is).map(|(_, nl, en)| names.tr(nl, en));
    why.into_iter().chain(told).collect()
}

impl AgencyStands {
    /// The gaps, those together of which the same is said.
    pub(super) fn alike(&self) -> impl Iterator<Item = (Vec<&str>, &Gap)> {
        let alike = self.gaps.chunk_by(|one, other| {
            let said = |gap: &Gap| (gap.sentence.clone(), gap.rows.clone(), gap.grounds.clone());
            said(one) == said(other)
        });
        alike.filter_map(|gaps| {
            Some((gaps.iter().map(|gap| gap.label.as_str()).collect(), gaps.first()?))
        })
    }
}

fn gap(names: &Names, wire: v1::DossierGap) -> Gap {
    let line = wire.line.unwrap_or_default();
    let basis = line.basis.unwrap_or_default();
    let until = (line.until_ms != 0).then(|| Timestamp::from_ms(line.until_ms));
    let sentence = match wire.state.as_str() {
        "refused" => {
            let reason = known(&line.reason).unwrap_or(Reason::DeniedByRule);
            let by = match wire.by.as_str() {
                "broker" => names.tr(" (door de makelaar)", " (by the broker)"),
                _ => String::new(),
            };
            format!("{}{by}", reason.sentence(names.lang()))
        }
        "referred" => {
            let kind = names.kind_named(&line.refer_to);
            format!("{} {kind}", names.tr("vraag het aan:", "ask instead:"))
        }
        "review" => {
            let until = until.unwrap_or_default().local();
            format!(
                "{} {until}",
                names.tr(
                    "een professional beoordeelt dit, uiterlijk",
                    "a professional decides, at the latest"
                )
            )
        }
        state => without_content(names, state),
    };
    Gap {
        label: names.category_named(&wire.category),
        category: wire.category,
        grounds: names.grounds_named(&basis.grounds),
        rows: basis.rows,
        by: wire.by,
        came_at: (wire.came_at_ms != 0).then(|| Timestamp::from_ms(wire.came_at_ms)),
        sentence,
        state: wire.state,
    }
}

fn without_content(names: &Names, state: &str) -> String {
    let (nl, en) = match state {
        "no_record" => {
            ("toegestaan; hiervan is niets vastgelegd", "permitted; nothing of it is on record")
        }
        "lapsed" => ("termijn voorbij zonder uitkomst", "term over without an outcome"),
        "unheard" => ("geen uitkomst ontvangen", "no outcome received"),
        "neutral" => NEUTRAL,
        "none_yet" => ("nog geen uitkomst", "no outcome yet"),
        _ => ("niet bereikt", "not reached"),
    };
    names.tr(nl, en)
}

fn entry_of(names: &Names, agency: String, wire: v1::DossierEntry) -> EntryOf {
    let (basis, entry) = (wire.basis.unwrap_or_default(), wire.entry.unwrap_or_default());
    EntryOf {
        oin: wire.oin,
        agency,
        label: names.category_named(&wire.category),
        category: wire.category,
        tier: wire.tier,
        grounds: names.grounds_named(&basis.grounds),
        rows: basis.rows,
        about: entry.about,
        dated: entry.dated_ms.map(Timestamp::from_ms),
        source: entry.source,
        texts: entry.texts.into_iter().map(|text| text.text).collect(),
        redacted: entry.redacted,
        came_at: Timestamp::from_ms(wire.came_at_ms),
        reply_no: wire.reply_no,
        target_id: hex::encode(&wire.target_id),
    }
}

fn known(code: &str) -> Option<Reason> {
    (!code.is_empty()).then(|| grondslag_proto::reply::reason(code))
}

impl EntryOf {
    /// Whose file it is from, where that is not the file of whom was asked about.
    pub(super) fn whose(&self, lang: Lang) -> Option<&'static str> {
        match (self.about.as_str(), lang) {
            ("child", _) => None,
            ("parent", Lang::Nl) => Some("over een ouder"),
            ("parent", Lang::En) => Some("about a parent"),
            (_, Lang::Nl) => Some("over een ander"),
            (_, Lang::En) => Some("about somebody else"),
        }
    }
}

/// Whom a question is about, for people.
pub(crate) fn about(word: &str, lang: Lang) -> &str {
    match (word, lang) {
        ("child", Lang::Nl) => "het kind",
        ("child", Lang::En) => "the child",
        ("parent", Lang::Nl) => "een ouder",
        ("parent", Lang::En) => "a parent",
        (_, Lang::Nl) => "een ander lid van het huishouden",
        (_, Lang::En) => "somebody else of the household",
    }
}
