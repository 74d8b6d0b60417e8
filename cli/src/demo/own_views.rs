//! Own views of the stories: prepared, seen by two people, shown, and written as a page.

use std::fs;
use std::time::Instant;

use grondslag_core::lang::Lang;
use grondslag_proto::v1;
use serde::Serialize;

use super::driver::Driver;
use super::place::Place;
use super::world::OwnView;
use crate::exit::Failure;
use crate::files::{unwritable, with_ending, write_new_private};
use crate::own_view::{OwnViewDesk, Sight, page, view_json};

/// What came of an own view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct OwnViewSeen {
    /// The own view.
    pub(super) own_view: String,
    /// What had to be seen.
    pub(super) expected: Vec<String>,
    /// What was.
    pub(super) seen: Vec<String>,
    /// Words that had to stay out and did not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) leaked: Vec<String>,
    /// Milliseconds from asking every agency to the overview.
    pub(super) took_ms: u64,
    /// Whether they agree, every agency answered, and nothing leaked.
    pub(super) ok: bool,
}

impl Driver<'_> {
    /// Steps to the moment of an own view, and has it from its beginning to its end. Its page is
    /// written into the demo's folder.
    pub(super) async fn view(
        &self,
        wanted: &OwnView,
        place: &Place,
    ) -> Result<OwnViewSeen, Failure> {
        self.step_to(wanted.at)?;
        let desk = |staff: &str| Ok(OwnViewDesk::at(self.desks.of(&wanted.agency, staff)?));
        let own: OwnViewDesk = desk(&wanted.staff)?;
        let (subject, role) = (wanted.subject.0.clone(), wanted.role.clone());
        let request = v1::PrepareOwnViewRequest { subject, role };
        let id = own.prepare(request).await?;
        let first = (&wanted.seen_by, &wanted.seen_role);
        let second = (&wanted.approver, &wanted.approver_role);
        for (staff, role) in [first, second] {
            let clerk: Result<OwnViewDesk, Failure> = desk(staff);
            let sight = Sight {
                id,
                role: role.clone(),
                number: wanted.subject.0.clone(),
                document: wanted.document,
                authority: wanted.authority,
                citizen_role: wanted.role.clone(),
                names_checked: wanted.names_checked,
            };
            clerk?.confirm(&sight, &|_| {}).await?;
        }
        let since = Instant::now();
        let view = own.show(&id).await?;
        let took_ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        let whole = write(wanted, &view, place, self.desks.lang())?;
        let seen: Vec<String> = view.lines.iter().map(word).collect();
        for (line, said) in view.lines.iter().zip(&seen) {
            self.numbers.keep_line(&wanted.id, said, &line.target_id);
        }
        let leaked = wanted.never.iter().filter(|word| whole.contains(word.as_str()));
        let leaked: Vec<String> = leaked.cloned().collect();
        let complete = view.not_reached.is_empty() && view.unnamed == wanted.unnamed;
        let ok = complete && seen == wanted.expect && leaked.is_empty();
        let (own_view, expected) = (wanted.id.clone(), wanted.expect.clone());
        Ok(OwnViewSeen { own_view, expected, seen, leaked, took_ms, ok })
    }
}

/// Writes an overview as a page and as JSON, and gives all that stands in both.
fn write(
    wanted: &OwnView,
    view: &v1::OwnView,
    place: &Place,
    lang: Lang,
) -> Result<String, Failure> {
    let folder = place.own_views();
    fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, &error))?;
    let name = folder.join(&wanted.id);
    let (html, json) = (page(view, lang)?, format!("{:#}", view_json(view)));
    write_new_private(&with_ending(&name, "html"), &html)?;
    write_new_private(&with_ending(&name, "json"), &json)?;
    Ok(html + &json)
}

/// A line in short, as expectations are written.
fn word(line: &v1::OwnViewLine) -> String {
    let came = |one: &v1::OwnViewCategory| format!("{} {}", one.code, one.outcome);
    let came: Vec<String> = line.categories.iter().map(came).collect();
    let v1::OwnViewLine { day, asker, holder, purpose_code, .. } = line;
    format!("{day} {asker} > {holder} {purpose_code}: {}", came.join(", ").trim())
}
