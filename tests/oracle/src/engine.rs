//! Cedar, as it reads an export.

use std::collections::{HashMap, HashSet};
use std::fmt::Display;
use std::sync::OnceLock;

use anyhow::{Context as _, Result, ensure};
use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityId, EntityTypeName, EntityUid, PartialEntities,
    PartialEntityUid, PartialRequest, Policy, PolicyId, PolicySet, Request, RestrictedExpression,
    Schema, ValidationMode, Validator,
};
use grondslag_core::clock::Timestamp;
use grondslag_core::tier::{Tier, Verdict};
use grondslag_policy::cedar::Cedar;

use crate::questions::{Question, Questions};

/// Both actions.
pub(crate) const ACTIONS: [&str; 2] = ["release", "consider"];

/// Per action, whether it is allowed up to each tier.
pub(crate) type Meant = [[bool; 6]; 2];

/// An export that Cedar took: parsed, every policy under its own name, and valid without a warning.
pub(crate) struct Taken {
    pub(crate) schema: Schema,
    pub(crate) policies: PolicySet,
}

impl Taken {
    pub(crate) fn of(export: &Cedar) -> Result<Self> {
        let (schema, warnings) = Schema::from_cedarschema_str(&export.schema)?;
        none(warnings)?;
        let read: PolicySet = export.policies.parse()?;
        let mut policies = PolicySet::new();
        for policy in read.policies() {
            // Cedar itself does not use the annotation, and would let two share it.
            let id = policy.annotation("id").context("a policy without a name")?;
            policies.add(policy.new_id(PolicyId::new(id)))?;
        }
        let result = Validator::new(schema.clone()).validate(&policies, ValidationMode::Strict);
        none(result.validation_errors())?;
        none(result.validation_warnings())?;
        Ok(Self { schema, policies })
    }

    /// The policies with others beside them.
    pub(crate) fn with(&self, others: &[&str]) -> Result<PolicySet> {
        let mut policies = self.policies.clone();
        for (at, text) in others.iter().enumerate() {
            let id = PolicyId::new(format!("beside {at}"));
            policies.add(Policy::parse(Some(id), *text)?)?;
        }
        Ok(policies)
    }
}

fn none<T: Display>(said: impl IntoIterator<Item = T>) -> Result<()> {
    let said: Vec<String> = said.into_iter().map(|one| one.to_string()).collect();
    ensure!(said.is_empty(), "Cedar says: {}", said.join("; "));
    Ok(())
}

/// Authorises questions of one catalogue.
///
/// Cedar looks at every policy for every request. So per role, and per category, Cedar's partial
/// evaluation says which policies are false whatever else is asked; a question then goes to the
/// others, as they were written. A test holds the whole set to the same.
pub(crate) struct Engine {
    pub(crate) taken: Taken,
    authorizer: Authorizer,
    actions: [EntityUid; 2],
    tiers: Vec<RestrictedExpression>,
    moments: HashMap<Timestamp, RestrictedExpression>,
    /// Per column and value.
    values: Vec<Vec<EntityUid>>,
    columns: Vec<String>,
    role: usize,
    category: usize,
    /// Per action, role and category: what may hold of it.
    slices: Vec<OnceLock<PolicySet>>,
    /// Per action and role, and per action and category: what may hold of it.
    of_role: Vec<HashSet<PolicyId>>,
    of_category: Vec<HashSet<PolicyId>>,
}

impl Engine {
    pub(crate) fn of(export: &Cedar, asked: &Questions) -> Result<Self> {
        let taken = Taken::of(export)?;
        let values = asked.columns.iter().map(|column| {
            let ty = type_of(&export.schema, &column.id)?;
            column.values.iter().map(|value| uid(&ty, value)).collect::<Result<Vec<_>>>()
        });
        let values: Vec<Vec<EntityUid>> = values.collect::<Result<_>>()?;
        let actions = [uid("Action", ACTIONS[0])?, uid("Action", ACTIONS[1])?];
        let (roles, categories) = (&values[asked.role], &values[asked.category]);
        let (some_role, some_category) = (roles[0].type_name(), categories[0].type_name());
        let mut of_role = Vec::new();
        let mut of_category = Vec::new();
        for action in &actions {
            for role in roles {
                of_role.push(taken.may_hold(action, known(role), unknown(some_category))?);
            }
            for category in categories {
                of_category.push(taken.may_hold(action, unknown(some_role), known(category))?);
            }
        }
        let tiers = Tier::ALL.iter().map(|tier| uid("Tier", tier.word()));
        let tiers = tiers.map(|tier| tier.map(RestrictedExpression::new_entity_uid));
        Ok(Self {
            authorizer: Authorizer::new(),
            tiers: tiers.collect::<Result<_>>()?,
            moments: asked.moments.iter().map(|at| (*at, moment(*at))).collect(),
            slices: (0..2 * roles.len() * categories.len()).map(|_| OnceLock::new()).collect(),
            columns: asked.columns.iter().map(|column| column.id.clone()).collect(),
            role: asked.role,
            category: asked.category,
            taken,
            actions,
            values,
            of_role,
            of_category,
        })
    }

    /// Where Cedar says otherwise than is meant. It is asked at the tiers where the answer turns,
    /// or at every tier.
    pub(crate) fn parts(
        &self,
        question: &Question,
        meant: &Meant,
        every_tier: bool,
    ) -> Result<Option<String>> {
        for (tier, value) in self.tiers.iter().enumerate() {
            let turns = |meant: &[bool; 6]| {
                let next = meant.get(tier + 1).is_none_or(|next| *next != meant[tier]);
                let last = tier.checked_sub(1).is_none_or(|last| meant[last] != meant[tier]);
                next || last
            };
            let asked: Vec<usize> =
                (0..ACTIONS.len()).filter(|action| every_tier || turns(&meant[*action])).collect();
            if asked.is_empty() {
                continue;
            }
            let context = self.context(question, value)?;
            for action in asked {
                let request = self.request(action, question, context.clone())?;
                let allowed = self.allows(&request, self.slice(action, question)?)?;
                if allowed != meant[action][tier] {
                    let word = if allowed { "allows" } else { "denies" };
                    let tier = Tier::ALL[tier];
                    return Ok(Some(format!("Cedar {word} {} up to {tier}", ACTIONS[action])));
                }
            }
        }
        Ok(None)
    }

    /// What every policy says, of a request that is held against the schema.
    pub(crate) fn says_in_full(&self, question: &Question) -> Result<Meant> {
        let mut said = [[false; 6]; 2];
        for (at, tier) in self.tiers.iter().enumerate() {
            for (action, said) in said.iter_mut().enumerate() {
                let context = self.context(question, tier)?;
                context.validate(&self.taken.schema, &self.actions[action])?;
                let request = self.request(action, question, context)?;
                said[at] = self.allows(&request, &self.taken.policies)?;
            }
        }
        Ok(said)
    }

    fn allows(&self, request: &Request, policies: &PolicySet) -> Result<bool> {
        let response = self.authorizer.is_authorized(request, policies, &Entities::empty());
        // A policy that errs is left out by Cedar, a forbid too: that would open something.
        none(response.diagnostics().errors())?;
        Ok(response.decision() == Decision::Allow)
    }

    fn request(&self, action: usize, question: &Question, context: Context) -> Result<Request> {
        let value = |column: usize| self.values[column][question.places[column]].clone();
        let (role, category) = (value(self.role), value(self.category));
        Ok(Request::new(role, self.actions[action].clone(), category, context, None)?)
    }

    fn context(&self, question: &Question, tier: &RestrictedExpression) -> Result<Context> {
        let columns = self.columns.iter().enumerate();
        let columns = columns.filter(|(at, _)| ![self.role, self.category].contains(at));
        let facts = columns.map(|(at, id)| {
            let value = self.values[at][question.places[at]].clone();
            (id.clone(), RestrictedExpression::new_entity_uid(value))
        });
        let on = self.moments.get(&question.on).context("another moment")?;
        Ok(Context::from_pairs([
            ("facts".to_owned(), RestrictedExpression::new_record(facts)?),
            ("tier".to_owned(), tier.clone()),
            ("on".to_owned(), on.clone()),
        ])?)
    }

    fn slice(&self, action: usize, question: &Question) -> Result<&PolicySet> {
        let (role, category) = (question.places[self.role], question.places[self.category]);
        let (roles, categories) = (self.values[self.role].len(), self.values[self.category].len());
        let slot = &self.slices[(action * roles + role) * categories + category];
        if let Some(set) = slot.get() {
            return Ok(set);
        }
        let of_role = &self.of_role[action * roles + role];
        let of_category = &self.of_category[action * categories + category];
        let held = self.taken.policies.policies();
        let held = held.filter(|it| of_role.contains(it.id()) && of_category.contains(it.id()));
        let set = PolicySet::from_policies(held.cloned())?;
        Ok(slot.get_or_init(|| set))
    }
}

impl Taken {
    /// The policies that are not false of a role and a category, whatever else is asked.
    fn may_hold(
        &self,
        action: &EntityUid,
        role: PartialEntityUid,
        category: PartialEntityUid,
    ) -> Result<HashSet<PolicyId>> {
        let request = PartialRequest::new(role, action.clone(), category, None, &self.schema)?;
        let entities = PartialEntities::empty();
        let said = self.policies.tpe(&request, &entities, &self.schema)?;
        let never: HashSet<&PolicyId> = said.false_permits().chain(said.false_forbids()).collect();
        let all = self.policies.policies().map(Policy::id);
        Ok(all.filter(|id| !never.contains(id)).cloned().collect())
    }
}

/// What the table's outcome means in the words of Cedar.
pub(crate) fn meant(verdict: Verdict, tier: Tier) -> Meant {
    let up_to = |opens: bool| {
        let mut said = [false; 6];
        said.iter_mut().zip(Tier::ALL).for_each(|(said, asked)| *said = opens && *asked <= tier);
        said
    };
    [up_to(verdict == Verdict::Permit), up_to(verdict != Verdict::Refuse)]
}

fn known(uid: &EntityUid) -> PartialEntityUid {
    PartialEntityUid::from_concrete(uid.clone())
}

fn unknown(ty: &EntityTypeName) -> PartialEntityUid {
    PartialEntityUid::new(ty.clone(), None)
}

fn uid(ty: &str, id: &str) -> Result<EntityUid> {
    Ok(EntityUid::from_type_name_and_id(ty.parse()?, EntityId::new(id)))
}

/// The moment as Cedar writes it: the export counts milliseconds instead.
fn moment(at: Timestamp) -> RestrictedExpression {
    let at = jiff::Timestamp::from_millisecond(at.ms()).unwrap();
    RestrictedExpression::new_datetime(format!("{at:.3}"))
}

/// The type of a column, as the schema's text has it.
fn type_of(schema: &str, column: &str) -> Result<String> {
    let found = match column {
        "requester_role" => between(schema, "principal: [", "]"),
        "category" => between(schema, "resource: [", "]"),
        _ => between(schema, &format!("\"{column}\": "), ","),
    };
    Ok(found.with_context(|| format!("no type of {column}"))?.to_owned())
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    Some(text.split_once(from)?.1.split_once(to)?.0)
}
