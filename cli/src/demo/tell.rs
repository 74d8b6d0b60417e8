//! The demo for people: the region as a table, a line per question and per agency, and what the
//! storylines come to.

use std::collections::BTreeMap;

use grondslag_core::catalogue::Kind;
use grondslag_core::lang::Lang;

use super::acts::ActSeen;
use super::audit::Audited;
use super::blind::BlindCheck;
use super::driver::Played;
use super::load::Loaded;
use super::own_views::OwnViewSeen;
use super::place::Ports;
use super::report::{Judged, Report};
use super::reviews::ReviewSeen;
use super::rights::RightSeen;
use super::world::{
    Act, ActKind, Half, OwnView, Question, ReviewDo, ReviewStep, RightDo, RightStep, Storyline,
    World,
};
use crate::ask::{AgencyShown, LineShown};
use crate::audit::say_findings;
use crate::output::{Output, alarm, bold, dim, green, red, yellow};
use crate::rights::right;

/// Width of an agency's name.
const NAME_CHARS: usize = 50;

/// Prints the region: who is there, and where.
pub(super) fn region(out: Output, world: &World, ports: &Ports) {
    out.line(&bold(&match out.lang() {
        Lang::Nl => format!(
            "Regio {}: {} organisaties en een makelaar. Alles is verzonnen.",
            world.region.name,
            world.agencies.len()
        ),
        Lang::En => format!(
            "Region {}: {} agencies and a broker. All of it is fictional.",
            world.region.name,
            world.agencies.len()
        ),
    }));
    let broker = format!("{:<NAME_CHARS$}", world.broker.name);
    out.line(&format!("  {broker} {:<10} {}", "broker", ports.broker));
    for agency in &world.agencies {
        let Ok(ports) = ports.node(&agency.id) else { continue };
        let kinds: Vec<&str> = agency.kinds.iter().map(Kind::as_str).collect();
        let kind = kinds.first().copied().unwrap_or_default();
        let name = format!("{:<NAME_CHARS$}", agency.name);
        let place = format!("{:<11}", agency.place);
        out.line(&format!("  {name} {kind:<10} {} {place} {}", ports.region, dim(&agency.id)));
    }
    out.line("");
}

/// Tells the stories as they are played.
#[derive(Debug)]
pub(super) struct Teller<'a> {
    out: Output,
    world: &'a World,
    /// Questions per storyline that are still to come.
    left: BTreeMap<&'a str, usize>,
}

impl<'a> Teller<'a> {
    /// Nothing is told yet.
    pub(super) fn new(out: Output, world: &'a World) -> Self {
        let left = world.storylines.iter().map(|one| (one.id.as_str(), one.question.len()));
        Self { out, world, left: left.collect() }
    }

    /// Tells one question and its answers.
    pub(super) fn tell(&mut self, question: &Question, played: &Played) {
        let Some(story) = self.story_of(question) else { return };
        let total = story.question.len();
        let left = self.left.get(story.id.as_str()).copied().unwrap_or_default();
        if left == total {
            let title = story.title.in_lang(self.out.lang());
            self.out.line(&format!("\n{} {}", bold(&story.id), bold(title)));
        }
        self.question(question);
        match &played.answered {
            Ok(answered) => answered.agencies.iter().for_each(|one| self.agency(one)),
            Err(failure) => {
                let reason = failure.reason();
                let said = format!("{} {}", reason.code(), reason.sentence(self.out.lang()));
                self.out.line(&format!("      {}", red(&said)));
            }
        }
        if left == 1 {
            self.out.line(&format!(
                "  {} {}",
                bold(&story.id),
                story.result.in_lang(self.out.lang())
            ));
        }
        self.left.insert(story.id.as_str(), left.saturating_sub(1));
    }

    /// Tells what was written down in a consent register.
    pub(super) fn tell_act(&self, act: &Act, seen: &ActSeen) {
        let person = self.world.person(&act.agency, &act.staff);
        let name = person.map_or("", |person| person.name.as_str());
        let agency = self.world.agency(&act.agency).map_or("", |one| one.name.as_str());
        let what = match act.what {
            ActKind::Custody => self.out.tr("gezag vastgelegd", "custody recorded"),
            ActKind::Give => self.out.tr("toestemming vastgelegd", "consent recorded"),
            ActKind::Refuse => self.out.tr("bezwaar vastgelegd", "objection recorded"),
            ActKind::Withdraw => self.out.tr("toestemming ingetrokken", "consent withdrawn"),
            ActKind::Lift => self.out.tr("bezwaar teruggenomen", "objection taken back"),
            ActKind::Inform => self.out.tr("verteld dat er is gevraagd", "told that it was asked"),
        };
        let came = seen.came_ms.map_or(String::new(), |ms| {
            format!("  {} {ms} ms", self.out.tr("bij iedereen in", "at everybody in"))
        });
        let come_to = if seen.ok { green(&seen.seen) } else { red(&seen.seen) };
        self.out.line(&format!(
            "  {} {}  {name} ({agency})  {what}: {come_to}{}",
            dim(&act.at.local()),
            bold(&act.id),
            dim(&came),
        ));
    }

    /// Tells what somebody saw of who asked about them or their child.
    pub(super) fn tell_own_view(&self, own_view: &OwnView, seen: &OwnViewSeen) {
        let person = self.world.person(&own_view.agency, &own_view.staff);
        let name = person.map_or("", |person| person.name.as_str());
        let agency = self.world.agency(&own_view.agency).map_or("", |one| one.name.as_str());
        let (out, count) = (self.out, seen.seen.len());
        let lines = format!("{count} {}", out.tr("regels", "lines"));
        let lines = if seen.ok { green(&lines) } else { red(&lines) };
        out.line(&format!(
            "  {} {}  {name}, {} ({agency})  {}: {lines}  {}",
            dim(&own_view.at.local()),
            bold(&own_view.id),
            own_view.role,
            out.tr("inzage", "own view"),
            dim(&format!("{} ms", seen.took_ms)),
        ));
        for line in &seen.seen {
            out.line(&format!("      {line}"));
        }
    }

    /// Tells a step of a request about data.
    pub(super) fn tell_right(&self, step: &RightStep, seen: &RightSeen) {
        let person = self.world.person(&step.agency, &step.staff);
        let name = person.map_or("", |person| person.name.as_str());
        let agency = self.world.agency(&step.agency).map_or("", |one| one.name.as_str());
        let out = self.out;
        let what = match step.what {
            RightDo::Lodge => out.tr("verzoek vastgelegd", "request written down"),
            RightDo::Look => out.tr("verzoek bekeken", "request looked at"),
            RightDo::Decide => out.tr("over verzoek beslist", "request decided"),
            RightDo::Close => out.tr("verzoek afgerond", "request closed"),
            RightDo::Assess => out.tr("datalek beoordeeld", "breach assessed"),
        };
        let come_to = if seen.ok { green(&seen.seen) } else { red(&seen.seen) };
        out.line(&format!(
            "  {} {}  {name} ({agency})  {what}, {}: {come_to}",
            dim(&step.at.local()),
            bold(&step.id),
            right(step.right.word(), out.lang()),
        ));
    }

    /// Tells what somebody decided on a question that waited for them, or what the asker heard.
    pub(super) fn tell_review(&self, step: &ReviewStep, seen: &ReviewSeen) {
        let person = self.world.person(&step.agency, &step.staff);
        let name = person.map_or("", |person| person.name.as_str());
        let agency = self.world.agency(&step.agency).map_or("", |one| one.name.as_str());
        let out = self.out;
        let what = match step.what {
            ReviewDo::Decide => out.tr("beoordeelt", "reviews"),
            ReviewDo::Confirm => out.tr("bevestigt als tweede", "confirms as second person"),
            ReviewDo::Hear => out.tr("hoort later over", "hears later about"),
            ReviewDo::File => out.tr("ziet het dossier van", "sees the joint file of"),
            ReviewDo::Remind => out.tr("herinnert aan", "reminds of"),
            ReviewDo::Accept => out.tr("neemt de casus over van", "takes over the case of"),
        };
        let come_to = seen.seen.join(", ");
        let come_to = if seen.ok { green(&come_to) } else { red(&come_to) };
        out.line(&format!(
            "  {} {}  {name} ({agency})  {what} {}: {come_to}",
            dim(&step.at.local()),
            bold(&step.id),
            step.of,
        ));
    }

    fn story_of(&self, question: &Question) -> Option<&'a Storyline> {
        let has = |story: &&Storyline| story.question.iter().any(|one| one.id == question.id);
        self.world.storylines.iter().find(has)
    }

    fn question(&self, question: &Question) {
        let person = self.world.person(&question.agency, &question.staff);
        let name = person.map_or("", |person| person.name.as_str());
        let agency = self.world.agency(&question.agency).map_or("", |one| one.name.as_str());
        let approver = question.approver.as_ref().map_or(String::new(), |second| {
            let second = self.world.person(&question.agency, second);
            let second = second.map_or("", |person| person.name.as_str());
            format!(" + {second}")
        });
        let asked = format!("{} · {}", question.categories.join(" "), question.purpose);
        self.out.line(&format!(
            "  {} {}  {name}{approver}, {} ({agency})  {}",
            dim(&question.at.local()),
            bold(&question.id),
            question.role,
            dim(&asked),
        ));
    }

    fn agency(&self, shown: &AgencyShown) {
        let name = format!("{:<NAME_CHARS$}", shown.name);
        let lines: Vec<String> = shown.lines.iter().map(|line| self.line(line)).collect();
        let said = if lines.is_empty() { yellow(&shown.sentence) } else { lines.join("  ") };
        self.out.line(&format!("      {name} {said}"));
    }

    fn line(&self, line: &LineShown) -> String {
        let rows: Vec<String> = line.rows.iter().map(ToString::to_string).collect();
        let rows = if rows.is_empty() { String::new() } else { format!(" ({})", rows.join(", ")) };
        let (out, category) = (self.out, &line.category);
        match line.state {
            "content" => {
                let tier = line.tier.map_or("", |tier| tier.word());
                green(&format!("{category} {tier}{rows}"))
            }
            "no_record" => {
                green(&format!("{category} {}{rows}", out.tr("niets vastgelegd", "none")))
            }
            "refused" => red(&format!("{category} {}{rows}", out.tr("geweigerd", "refused"))),
            "referred" => {
                yellow(&format!("{category} {}{rows}", out.tr("doorverwezen", "referred")))
            }
            "review" => yellow(&format!("{category} {}{rows}", out.tr("beoordeling", "review"))),
            _ => dim(&format!("{category} {}", out.tr("neutraal", "neutral"))),
        }
    }
}

/// Says what differs from what the law says, whatever the form of the output.
pub(super) fn differences(out: Output, judged: &[Judged]) {
    for one in judged.iter().filter(|one| !one.ok) {
        alarm(&red(&format!(
            "{}: {}",
            one.id,
            out.tr("niet wat verwacht was", "not what was expected")
        )));
        for act in one.acts.iter().filter(|act| !act.ok) {
            let ActSeen { act, expected, seen, .. } = act;
            alarm(&format!("  {act} {} {expected}", out.tr("verwacht", "expected")));
            alarm(&format!("    {} {seen}", out.tr("gezien  ", "seen    ")));
        }
        for step in one.rights.iter().filter(|step| !step.ok) {
            let RightSeen { step, expected, seen, .. } = step;
            let wanted = out.tr("verwacht", "expected");
            alarm(&format!("  {step} {wanted} {expected}, {} {seen}", out.tr("gezien", "seen")));
        }
        for step in one.reviews.iter().filter(|step| !step.ok) {
            let ReviewSeen { step, expected, seen, .. } = step;
            alarm(&format!("  {step} {} {expected:#?}", out.tr("verwacht", "expected")));
            alarm(&format!("    {} {seen:#?}", out.tr("gezien  ", "seen    ")));
        }
        for view in one.own_views.iter().filter(|view| !view.ok) {
            let OwnViewSeen { own_view, expected, seen, leaked, .. } = view;
            alarm(&format!("  {own_view} {} {expected:#?}", out.tr("verwacht", "expected")));
            alarm(&format!("    {} {seen:#?} {leaked:?}", out.tr("gezien  ", "seen    ")));
        }
        for (expected, seen) in one.differences() {
            let Half { question, target, category, .. } = expected;
            alarm(&format!("  {question} {target} {category}"));
            alarm(&format!("    {} {}", out.tr("verwacht", "expected"), compact(expected)));
            let seen = seen.map_or_else(|| "-".to_owned(), compact);
            alarm(&format!("    {} {seen}", out.tr("gezien  ", "seen    ")));
        }
    }
}

/// Says what the blind check found at the broker, whatever the form of the output: which sort of
/// thing and where, never whose.
pub(super) fn not_blind(out: Output, check: &BlindCheck) {
    if !check.found_kinds.is_empty() {
        alarm(&red(out.tr("de makelaar is niet blind:", "the broker is not blind:")));
    }
    for found in &check.found_kinds {
        alarm(&format!("  {:<11} {:>6}  {}", found.kind.word(), found.count, found.place));
    }
    for kind in check.missing() {
        let said = out.tr(
            "de blindheidsproef bewijst niets: bij de controle niet gevonden:",
            "the blind check proves nothing: not found at the control:",
        );
        alarm(&red(&format!("{said} {}", kind.word())));
    }
}

/// Says what is wrong with the logs, whatever the form of the output.
pub(super) fn not_sound(out: Output, audited: &Audited) {
    if audited.problems > 0 {
        alarm(&red(out.tr("logboeken kloppen niet:", "ledgers are not sound:")));
        say_findings(out, &audited.report);
    }
    if !audited.tamper_found {
        alarm(&red(out.tr(
            "de controle bewijst niets: een veranderde byte is niet gevonden",
            "the audit proves nothing: a changed byte was not found",
        )));
    }
}

fn compact(half: &Half) -> String {
    let decided = serde_json::to_string(&half.decided).unwrap_or_default();
    let shown = serde_json::to_string(&half.shown).unwrap_or_default();
    format!("{decided} {shown}")
}

/// Prints the counts and measures.
pub(super) fn summary(out: Output, report: &Report) {
    let right = report.storylines.iter().filter(|one| one.ok).count();
    let stories = format!("{right}/{}", report.storylines.len());
    let stories = if right == report.storylines.len() { green(&stories) } else { red(&stories) };
    let figures = [
        (out.tr("storylijnen zoals verwacht", "storylines as expected"), stories),
        (out.tr("vragen", "questions"), report.questions.to_string()),
        (out.tr("antwoorden", "answers"), report.answers.to_string()),
        (out.tr("weigeringen", "refusals"), report.refusals.to_string()),
        (out.tr("start tot eerste antwoord", "start to first answer"), ms(report.startup_ms)),
        (
            out.tr("vraag aan 8 organisaties, mediaan", "question to 8 agencies, median"),
            format!("{} ms", report.ask_ms_p50),
        ),
        (
            out.tr("dezelfde met antwoordtik", "the same with the reply tick"),
            format!("{} ms", report.ask_ms_p50_tick),
        ),
        (
            out.tr("intrekking, tot bij iedereen", "withdrawal, until at everybody"),
            report.withdrawal_ms.map_or_else(|| "-".to_owned(), ms),
        ),
        (
            out.tr("inzage bij alle organisaties, langste", "own view over all agencies, longest"),
            report.own_view_ms.map_or_else(|| "-".to_owned(), ms),
        ),
        (out.tr("een beslissing", "one decision"), format!("{} ns", report.decision_ns)),
        (out.tr("import", "import"), format!("{} /s", report.import_rows_per_s)),
        (
            out.tr("geheugen makelaar", "memory of the broker"),
            format!("{} MB", report.broker_rss_mb),
        ),
    ];
    out.line("");
    for (label, figure) in figures {
        out.line(&format!("  {label:<34} {figure}"));
    }
    if let Some(check) = &report.blind_check {
        blind(out, check);
    }
    if let Some(audited) = &report.audit {
        sound(out, audited);
    }
}

fn sound(out: Output, audited: &Audited) {
    let Audited { logs, leaves, cosignatures, problems, .. } = audited;
    let said = match out.lang() {
        Lang::Nl => format!(
            "{problems} problemen in {logs} logboeken, {leaves} regels, {cosignatures} \
             medeondertekeningen"
        ),
        Lang::En => format!(
            "{problems} problems in {logs} logs, {leaves} leaves, {cosignatures} cosignatures"
        ),
    };
    let said = if audited.ok() { green(&said) } else { red(&said) };
    out.line(&format!("  {:<34} {said}", out.tr("controle van de logboeken", "audit of the logs")));
}

fn blind(out: Output, check: &BlindCheck) {
    let (mb, found, control) = check.figures();
    let said = match out.lang() {
        Lang::Nl => format!("{found} gevonden in {mb} MB; de controle vond {control}"),
        Lang::En => format!("{found} found in {mb} MB; the control found {control}"),
    };
    let said = if check.ok() { green(&said) } else { red(&said) };
    out.line(&format!(
        "  {:<34} {said}",
        out.tr("blindheid van de makelaar", "blindness of the broker")
    ));
}

fn ms(ms: u64) -> String {
    format!("{ms} ms")
}

/// What a load run came to.
pub(super) fn loaded(out: Output, loaded: &Loaded) {
    let Loaded { questions, targets, replied, ms, .. } = loaded;
    let refused: u64 = loaded.refused.values().sum();
    out.line(&match out.lang() {
        Lang::Nl => format!(
            "{questions} vragen aan {targets} organisaties, {replied} antwoorden, {refused} \
             geweigerd; {}",
            self::ms(*ms)
        ),
        Lang::En => format!(
            "{questions} questions to {targets} agencies, {replied} replies, {refused} refused; {}",
            self::ms(*ms)
        ),
    });
    if let Some(took) = loaded.own_view_ms {
        let longest = out.tr("inzage bij alle organisaties, langste", "own view, longest");
        let lines = out.tr("regels", "lines");
        out.line(&format!("{longest}: {}, {} {lines}", self::ms(took), loaded.own_view_lines));
    }
    for (reason, count) in &loaded.refused {
        out.line(&format!("  {count:>6} {reason}"));
    }
}
