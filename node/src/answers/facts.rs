//! Facts of a case at the holder: what the header says, and what this node verified of the child.

use std::collections::BTreeMap;

use grondslag_core::answer::About;
use grondslag_core::catalogue::{Category, Kind};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use grondslag_core::tier::{Level, Standing};
use grondslag_policy::catalogue::Visibility;
use grondslag_policy::consent::SecrecyConsent;
use grondslag_policy::consent::acts::Wanted;
use grondslag_policy::{FactError, Facts, Pack, Resolved, Sources};

use super::decide::Found;
use super::record::DecisionFact;
use super::verify::Attested;
use crate::consent::on_file::{Place, Word, age_band};
use crate::records::RegisterFact;

/// Whose file a category is about; a ruling sets it, no register does.
const ABOUT: &str = "about";
/// Column of the child's age.
const AGE_BAND: &str = "age_band";
/// Columns that the consent register speaks of.
const SECRECY_CONSENT: &str = "secrecy_consent";
const YOUTH_VIEW: &str = "youth_view";
const MEASURE: &str = "measure";
/// Column of how sure it is that the child is the one asked about.
const MATCH: &str = "match";
/// A verified number is found exactly or not at all.
const CERTAIN: &str = "certain";

/// What is known of a case before anything is looked up.
#[derive(Debug)]
pub(super) struct Case<'a> {
    pack: &'a Pack,
    holder: (&'a Oin, &'a Kind),
    attested: &'a Attested,
    asker: Kind,
    visible: Facts,
    stated: BTreeMap<String, String>,
}

/// The sealed facts of one category.
pub(super) struct CategoryFacts {
    pub(super) resolved: Resolved,
    /// Every fact of the register that applies is in the catalogue. Without one that is not, a
    /// column counts as if nobody had said anything, which may be the freer reading: then nothing
    /// is given, and nothing is named.
    pub(super) understood: bool,
}

impl CategoryFacts {
    /// A person decides: register and statement contradict each other, or the register cannot be
    /// understood.
    pub(super) fn held(&self) -> bool {
        !self.understood || self.resolved.conflicts().next().is_some()
    }
}

impl<'a> Case<'a> {
    /// Fills in the visible columns from the verified header. What the asker states is in the
    /// detail, which is opened for a child who is known here alone ([`Case::stating`]).
    ///
    /// # Errors
    /// `UNKNOWN_ROLE` and the like for a word that is not in the catalogue; `UNIMPLEMENTED` for a
    /// question about counts, which no person's records may answer.
    pub(super) fn of(
        pack: &'a Pack,
        holder: (&'a Oin, &'a Kind),
        attested: &'a Attested,
    ) -> Result<Self, Reason> {
        if attested.header().level == Level::Aggregate {
            return Err(Reason::Unimplemented);
        }
        let visible = pack.visible(attested.header(), holder.1, Some(attested.approvals()));
        let visible = visible.map_err(|error| error.reason())?;
        let asker = attested.header().role.kind();
        let case = Self { pack, holder, attested, asker, visible, stated: BTreeMap::new() };
        for ruling in attested.let_through() {
            let known = pack.value("category", ruling.category.as_str());
            known.map_err(|error| error.reason())?;
        }
        Ok(case)
    }

    /// The same case with what the asker states.
    ///
    /// # Errors
    /// `UNKNOWN_FACT` and the like for what the asker may not state.
    pub(super) fn stating(mut self, stated: BTreeMap<String, String>) -> Result<Self, Reason> {
        self.stated = stated;
        let nothing = BTreeMap::new();
        self.resolve(&nothing, &nothing).map_err(|error| error.reason())?;
        Ok(self)
    }

    /// Fills in the sealed columns for one category: the child's age and the certainty of the
    /// match, what the registers say to this asker, and what the asker states. Where the agency's
    /// own register and the consent register differ the strictest counts, and a person decides.
    ///
    /// # Errors
    /// [`FactError`] only for a catalogue that contradicts itself.
    pub(super) fn sealed(
        &self,
        category: &Category,
        found: &Found,
        now: Timestamp,
    ) -> Result<CategoryFacts, FactError> {
        let mut known: BTreeMap<String, Vec<String>> = BTreeMap::new();
        // Whose data it is a human must see first.
        let mut understood = !found.standing.is_disputed(category);
        let purpose = &self.attested.header().purpose;
        let applying = found.facts.iter().filter(|f| f.applies(&self.asker, purpose, category));
        for fact in applying {
            if self.understands(fact) {
                let values = known.entry(fact.column.clone()).or_default();
                values.push(fact.value.clone());
            } else {
                // What cannot be understood opens nothing and names nothing: a person looks.
                tracing::warn!("a fact of the register is not in the catalogue");
                understood = false;
            }
        }
        for (column, value) in self.consented(category, found, now) {
            known.entry(column.to_owned()).or_default().push(value);
        }
        self.object(category, found, &mut known);
        let certified = self.measures(found, now, &mut known);
        let birth = found.client.birth_date;
        let computed = [(AGE_BAND, age_band(birth, now).word()), (MATCH, CERTAIN)];
        for (column, value) in computed {
            if self.pack.catalogue().column(column).is_some() {
                known.insert(column.to_owned(), vec![value.to_owned()]);
            }
        }
        Ok(CategoryFacts { resolved: self.resolve(&known, &certified)?, understood })
    }

    /// An objection stands in the place of whatever was consented to: that it differs is no reason
    /// to hold up what no consent is needed for.
    fn object(
        &self,
        category: &Category,
        found: &Found,
        known: &mut BTreeMap<String, Vec<String>>,
    ) {
        let has_column = self.pack.catalogue().column(SECRECY_CONSENT).is_some();
        if has_column && found.standing.objects_to(category) {
            let said = known.entry(SECRECY_CONSENT.to_owned()).or_default();
            let refused = SecrecyConsent::Refused.word();
            // Registers that differ with each other stay a matter for a human.
            if said.windows(2).all(|two| matches!(two, [one, other] if one == other)) {
                said.clear();
            }
            said.push(refused.to_owned());
        }
    }

    /// What the consent register says, as values of columns.
    fn consented(
        &self,
        category: &Category,
        found: &Found,
        now: Timestamp,
    ) -> Vec<(&'static str, String)> {
        let mut values: Vec<(&str, String)> = Vec::new();
        let Word { consent, view } = self.word(category, found, now);
        let consent = consent.filter(|consent| {
            // Whoever says yes for a child says it of the child's own file.
            *consent != SecrecyConsent::Given || only_of_child(category, found)
        });
        values.extend(consent.map(|consent| (SECRECY_CONSENT, consent.word().to_owned())));
        values.extend(view.map(|view| (YOUTH_VIEW, view.word().to_owned())));
        let has = |column: &str| self.pack.catalogue().column(column).is_some();
        values.retain(|(column, _)| has(column));
        values
    }

    /// Adds the measures that were entered in the consent register to what is known, and gives
    /// those that the competent body certified. One in dispute counts as the strictest, and a
    /// person decides.
    fn measures(
        &self,
        found: &Found,
        now: Timestamp,
        known: &mut BTreeMap<String, Vec<String>>,
    ) -> BTreeMap<String, Vec<String>> {
        let mut certified: BTreeMap<String, Vec<String>> = BTreeMap::new();
        // Without the column there is no strictest value either.
        let Some(strictest) = self.pack.strictest(MEASURE) else { return certified };
        for one in found.consents.measures(now) {
            let to = if one.certified { &mut certified } else { &mut *known };
            to.entry(MEASURE.to_owned()).or_default().push(one.value.to_owned());
            if one.disputed {
                known.entry(MEASURE.to_owned()).or_default().push(strictest.to_owned());
            }
        }
        // What ended is held against whoever says that it holds: imported records, or the asker.
        let ended = found.consents.ended_measures(now);
        let said = known.get(MEASURE).into_iter().flatten().chain(self.stated.get(MEASURE));
        if said.into_iter().any(|value| ended.contains(value.as_str())) {
            known.entry(MEASURE.to_owned()).or_default().push(strictest.to_owned());
        }
        certified
    }

    fn word(&self, category: &Category, found: &Found, now: Timestamp) -> Word {
        let (holder, kind) = self.holder;
        let matrix = self.pack.consents();
        let Some(regime) = matrix.of_holder(kind) else { return Word::default() };
        let (birth, registered) = (found.client.birth_date, found.client.registered);
        let place = Place { matrix, holder, regime: &regime.id, birth, registered, at: now };
        let header = self.attested.header();
        let wanted = Wanted {
            agency: header.asker.clone(),
            kind: self.asker.clone(),
            category: category.clone(),
            purpose: header.purpose.clone(),
        };
        found.consents.say(&wanted, &place)
    }

    fn resolve(
        &self,
        register: &BTreeMap<String, Vec<String>>,
        certified: &BTreeMap<String, Vec<String>>,
    ) -> Result<Resolved, FactError> {
        let sources = Sources { register, certified, stated: &self.stated, asker: &self.asker };
        self.pack.resolve(self.visible, &sources)
    }

    fn understands(&self, fact: &RegisterFact) -> bool {
        let column = self.pack.catalogue().column(&fact.column);
        column.is_some_and(|column| column.visibility == Visibility::Sealed)
            && self.pack.value(&fact.column, &fact.value).is_ok()
    }
}

fn only_of_child(category: &Category, found: &Found) -> bool {
    let mut files = found.records.iter().filter(|record| record.category == *category);
    files.all(|record| record.about == About::Child)
}

/// The sealed facts as the decision record tells them, in the catalogue's order.
pub(super) fn told(resolved: &Resolved) -> Vec<DecisionFact> {
    let facts = resolved.all.iter().filter(|fact| fact.column != ABOUT);
    let told = facts.map(|fact| DecisionFact {
        column: fact.column.clone(),
        value: fact.value.clone(),
        standing: fact.standing.map_or("absent", Standing::word).to_owned(),
    });
    told.collect()
}
