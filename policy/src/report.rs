//! The whole table as one page that a person reads and prints: Dutch and English, every row with
//! its articles and its conditions in words, every open legal question marked and listed.
//!
//! The page holds no script and asks for nothing from elsewhere. The same rules give the same
//! bytes.

use std::fmt::Write as _;

use grondslag_core::lang::Text;

use crate::catalogue::{BsnRight, Column, GroundEntry, Status};
use crate::pack::Pack;
use crate::table::{Effect, Row, Rule};

mod escape;

use escape::escaped;

/// How the page looks, on a screen and on paper.
const STYLE: &str = include_str!("report/style.css");

/// An open legal question, and what it is about.
struct Question<'a> {
    about: String,
    text: Pair<'a>,
}

/// A text in both languages, borrowed.
type Pair<'a> = (&'a str, &'a str);

impl Pack {
    /// The rules as one HTML document.
    pub fn report(&self) -> String {
        let questions = self.questions();
        let mut out = String::new();
        let (version, bundle) = (escaped(self.version()), self.bundle());
        line(&mut out, "<!DOCTYPE html>\n<html lang=\"nl\">\n<head>\n<meta charset=\"utf-8\">");
        line(&mut out, &format!("<title>Beslistabel / Decision table {version}</title>"));
        line(&mut out, &format!("<style>\n{STYLE}</style>\n</head>\n<body>"));
        line(
            &mut out,
            &format!("<h1>Beslistabel / <i lang=\"en\">Decision table</i> {version}</h1>"),
        );
        let counts = [self.rules().len(), self.rows().len(), questions.len()];
        let [rules, rows, open] = counts;
        line(
            &mut out,
            &format!(
                "<p>{}</p>",
                both((
                    &format!("{rules} regels, {rows} rijen, {open} open juridische vragen."),
                    &format!("{rules} rules, {rows} rows, {open} open legal questions."),
                ))
            ),
        );
        line(&mut out, &format!("<p><code>{bundle}</code></p>"));
        for rule in self.rules() {
            self.rule_section(&mut out, rule);
        }
        self.consent_section(&mut out);
        line(
            &mut out,
            &format!(
                "<section>\n<h2 id=\"open\">{}</h2>\n<ol class=\"open\">",
                both(("Open juridische vragen", "Open legal questions"))
            ),
        );
        for question in &questions {
            let about = escaped(&question.about);
            line(&mut out, &format!("<li><b>{about}</b> {}</li>", both(question.text)));
        }
        line(&mut out, "</ol>\n</section>\n</body>\n</html>");
        out
    }

    fn rule_section(&self, out: &mut String, rule: &Rule) {
        let (id, title) = (escaped(&rule.id), both(texts(&rule.title)));
        line(out, &format!("<section>\n<h2>{id} {title}</h2>"));
        line(out, &format!("<p class=\"file\">{}</p>", escaped(&rule.file)));
        for row in self.rows().iter().filter(|row| *row.rule == *rule.id) {
            self.row_article(out, row);
        }
        line(out, "</section>");
    }

    fn row_article(&self, out: &mut String, row: &Row) {
        let tier = row.tier_max.map_or_else(String::new, |tier| format!(" {tier}"));
        let (id, effect) = (escaped(row.id.as_str()), both(effect_words(row.effect)));
        line(out, &format!("<article>\n<h3>{id}: {effect}{tier}</h3>"));
        line(out, &format!("<p>{}</p>\n<ul>", both(texts(&row.text))));
        match row.status {
            Status::InForce => {}
            Status::Proposed => item(out, ("Wetsvoorstel: opent niets", "A bill: opens nothing")),
            Status::Off => item(out, ("Uitgeschakeld: opent niets", "Off: opens nothing")),
        }
        for (at, column) in self.catalogue().columns().iter().enumerate() {
            let mask = row.region.of(at);
            if mask != column.full() {
                line(out, &format!("<li>{}</li>", condition(column, mask)));
            }
        }
        if row.notify {
            item(out, ("De betrokkene wordt ingelicht", "The person is told"));
        }
        if row.duty {
            item(out, ("Antwoorden is een wettelijke plicht", "Replying is a legal duty"));
        }
        if let Some(term) = row.deadline {
            item(out, (&format!("Termijn: {term}"), &format!("Term: {term}")));
        }
        for duty in row.obligations.iter().filter_map(|id| self.catalogue().obligation(id)) {
            item(out, texts(&duty.label));
        }
        line(out, "</ul>\n<ul class=\"law\">");
        for ground in row.legal.iter().filter_map(|id| self.catalogue().ground(id)) {
            line(out, &article(ground));
        }
        line(out, "</ul>");
        if let Some(note) = row.note.as_deref() {
            line(out, &format!("<p class=\"open\">{}</p>", both(texts(note))));
        }
        line(out, "</article>");
    }

    /// Who must say yes, by law.
    fn consent_section(&self, out: &mut String) {
        let title = both(("Wie ja moet zeggen", "Who must say yes"));
        line(out, &format!("<section>\n<h2>{title}</h2>"));
        for regime in self.consents().regimes() {
            line(out, &format!("<article>\n<h3>{}</h3>\n<ul>", both(texts(&regime.label))));
            let all = self.consents().all().iter();
            for who in all.filter(|who| who.regime.contains(&regime.id)) {
                item(out, texts(&who.text));
            }
            line(out, "</ul>\n<ul class=\"law\">");
            for ground in regime.legal.iter().filter_map(|id| self.catalogue().ground(id)) {
                line(out, &article(ground));
            }
            line(out, "</ul>\n</article>");
        }
        self.recording_article(out);
        line(out, "</section>");
    }

    /// Who writes a consent down, and how long it holds.
    fn recording_article(&self, out: &mut String) {
        let title = both(("Wie toestemming vastlegt", "Who records a consent"));
        line(out, &format!("<article>\n<h3>{title}</h3>\n<ul>"));
        let recorders = self.consents().recording().recorders.iter();
        for role in recorders.filter_map(|role| self.catalogue().role(role)) {
            item(out, texts(&role.label));
        }
        let (default, most) = (self.consents().months_default(), self.consents().months_max());
        item(
            out,
            (
                &format!("Geldt {default} maanden, en op verzoek ten hoogste {most}"),
                &format!("Holds for {default} months, and at most {most} when asked"),
            ),
        );
        line(out, "</ul>\n</article>");
    }

    /// Every open legal question: of rows, of statutes that are a bill, of the catalogue, of terms
    /// and of consent.
    fn questions(&self) -> Vec<Question<'_>> {
        let mut found = Vec::new();
        let mut add = |about: String, text| found.push(Question { about, text });
        for row in self.rows() {
            if let Some(note) = row.note.as_deref() {
                add(row.id.to_string(), texts(note));
            }
            if row.status == Status::Proposed {
                add(row.id.to_string(), ("Deze rij wacht op een wet", "This row awaits a statute"));
            }
        }
        let catalogue = self.catalogue();
        for ground in catalogue.grounds() {
            if ground.status == Status::Proposed {
                add(ground.id.to_string(), ("Wetsvoorstel, nog geen wet", "A bill, not yet law"));
            }
            if ground.mark == "U" {
                let unsure = ("Onzeker: een jurist moet kijken", "Uncertain: a lawyer must look");
                add(ground.id.to_string(), unsure);
            }
        }
        for kind in catalogue.kinds().iter().filter(|kind| kind.bsn_right == BsnRight::Assumed) {
            let text = ("Het recht op het BSN is aangenomen", "The right to the BSN is assumed");
            add(kind.id.to_string(), text);
        }
        macro_rules! notes {
            ($($list:ident),+) => {
                $(for entry in catalogue.$list() {
                    if let Some(note) = &entry.note {
                        add(entry.id.to_string(), texts(note));
                    }
                })+
            };
        }
        notes!(kinds, roles, purposes, query_kinds, categories, grounds, obligations);
        let terms = self.retention().terms().iter();
        let terms = terms.map(|term| (term.id.word(), term.note.as_ref()));
        let regimes = self.consents().regimes().iter();
        let regimes = regimes.map(|one| (one.id.as_str(), one.note.as_ref()));
        let who = self.consents().all().iter().map(|one| (one.id.as_str(), one.note.as_ref()));
        let (validity, recording) = (self.consents().validity(), self.consents().recording());
        let once = [("validity", validity.note.as_ref()), ("recording", recording.note.as_ref())];
        let certifying = self.consents().certifying();
        let certifying = certifying.map(|one| ("certifying", one.note.as_ref()));
        let certifiers = self.consents().certifiers().iter();
        let certifiers = certifiers.map(|one| (one.id.as_str(), one.note.as_ref()));
        let certified = certifying.into_iter().chain(certifiers);
        for (id, note) in terms.chain(once).chain(regimes).chain(who).chain(certified) {
            if let Some(note) = note {
                add(id.to_owned(), texts(note));
            }
        }
        found
    }
}

fn effect_words(effect: Effect) -> Pair<'static> {
    match effect {
        Effect::Permit => ("toegestaan tot en met", "permitted up to"),
        Effect::Review => {
            ("een professional beoordeelt, tot en met", "a professional decides, up to")
        }
        Effect::Hold => ("een mens kijkt", "a person looks"),
        Effect::Deny => ("geweigerd", "refused"),
        Effect::Lower => ("verlaagd tot", "lowered to"),
    }
}

fn article(ground: &GroundEntry) -> String {
    let class = if ground.status == Status::InForce { "" } else { " class=\"open\"" };
    let (article, meaning) = (both(texts(&ground.article)), both(texts(&ground.label)));
    let id = escaped(ground.id.as_str());
    format!("<li{class}>{article}: {meaning} <code>{id}</code></li>")
}

/// A column with the values that a row allows, or, where those are few, the ones that it does not.
fn condition(column: &Column, mask: u64) -> String {
    let outside = column.full() & !mask;
    let not = outside.count_ones() < mask.count_ones();
    let shown = if not { outside } else { mask };
    let said = |pick: fn(&Text) -> &str, not_word: &str, or: &str| {
        let values: Vec<&str> = column.picked(shown).map(|value| pick(&value.label)).collect();
        let not = if not { not_word } else { "" };
        format!("{}: {not}{}", pick(&column.label), values.join(or))
    };
    let nl = said(|text| &text.nl, "niet ", " of ");
    both((&nl, &said(|text| &text.en, "not ", " or ")))
}

fn texts(text: &Text) -> Pair<'_> {
    (&text.nl, &text.en)
}

/// Both languages, each marked as what it is.
fn both((nl, en): Pair<'_>) -> String {
    format!("<span>{}</span> <i lang=\"en\">{}</i>", escaped(nl), escaped(en))
}

fn item(out: &mut String, text: Pair<'_>) {
    line(out, &format!("<li>{}</li>", both(text)));
}

fn line(out: &mut String, text: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(out, "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{changed, pack};

    #[test]
    fn every_row_stands_in_the_report_with_its_articles_and_in_two_languages() {
        let pack = Pack::builtin().unwrap();
        let page = pack.report();
        for row in pack.rows() {
            assert!(page.contains(&format!("<h3>{}: ", row.id)), "{}", row.id);
            assert!(
                page.contains(&*escaped(&row.text.nl)) && page.contains(&*escaped(&row.text.en))
            );
            for ground in row.legal.iter().filter_map(|id| pack.catalogue().ground(id)) {
                assert!(page.contains(&*escaped(&ground.article.en)), "{}", ground.id);
            }
        }
        assert_eq!(page, Pack::builtin().unwrap().report(), "the same bytes every time");
    }

    #[test]
    fn who_records_consent_and_how_long_it_holds_stand_in_the_report() {
        let pack = Pack::builtin().unwrap();
        let page = pack.report();
        let (_, told) = page.split_once("<span>Wie toestemming vastlegt</span>").unwrap();
        let (told, _) = told.split_once("</article>").unwrap();
        assert!(told.contains("Geldt 6 maanden") && told.contains("at most 24 when asked"));
        for role in &pack.consents().recording().recorders {
            let label = &pack.catalogue().role(role).unwrap().label.en;
            assert!(told.contains(&*escaped(label)), "{role}");
        }
    }

    #[test]
    fn every_open_legal_question_is_listed_at_the_end() {
        let pack = Pack::builtin().unwrap();
        let page = pack.report();
        let (_, list) = page.split_once("<ol class=\"open\">").unwrap();
        let noted = pack.rows().iter().filter(|row| row.note.is_some());
        let mut count = 0;
        for row in noted {
            let note = escaped(&row.note.as_deref().unwrap().nl).into_owned();
            assert!(list.contains(&format!("<b>{}</b> <span>{note}", row.id)), "{}", row.id);
            count += 1;
        }
        assert!(count > 10, "{count} notes");
        for (id, note) in [
            ("validity", &pack.consents().validity().note),
            ("recording", &pack.consents().recording().note),
        ] {
            let note = escaped(&note.as_ref().unwrap().nl).into_owned();
            assert!(list.contains(&format!("<b>{id}</b> <span>{note}")), "{id}");
        }
        let bill = pack.catalogue().grounds().iter().find(|g| g.status == Status::Proposed);
        assert!(list.contains(&format!("<b>{}</b>", bill.unwrap().id)));
    }

    #[test]
    fn the_page_asks_for_nothing_and_runs_nothing() {
        let page = Pack::builtin().unwrap().report();
        for word in ["<script", "src=", "href=", "url(", "@import", "http:", "https:", " on"] {
            let found =
                page.lines().find(|line| line.starts_with('<') && tags(line).contains(word));
            assert_eq!(found, None, "{word}");
        }
        assert!(STYLE.contains("@media print"));
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
    }

    /// What stands between the angle brackets of a line.
    fn tags(line: &str) -> String {
        let parts = line.split('<').skip(1).filter_map(|part| part.split_once('>'));
        parts.map(|(tag, _)| ["<", tag, ">"].concat()).collect()
    }

    #[test]
    fn hostile_text_stays_text() {
        let text = pack().rows()[0].text.nl.clone();
        let evil = "<script>alert(1)</script>txt";
        let evil_pack = changed("table/a.toml", &text, evil).unwrap();
        let page = evil_pack.report();
        assert!(!page.contains("<script"), "{page}");
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;txt"));
    }
}
