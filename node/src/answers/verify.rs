//! Verifying that a question is what asker and broker both signed.
//!
//! A lying broker is caught here: a swapped purpose or category breaks the asker's statement, a
//! swapped detail breaks its digest, and a decision on another question breaks the leaf.

mod stored;

use std::fmt;

use grondslag_certs::{Cards, VerifiedCard};
use grondslag_core::approval;
use grondslag_core::blind::{BlindError, Pair, Turned};
use grondslag_core::catalogue::{Category, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin, TargetId};
use grondslag_core::inquiry::{Header, Part};
use grondslag_core::limits::{ASK_LIFE_MS_MAX, CLOCK_SKEW_MS_MAX};
use grondslag_core::reason::Reason;
use grondslag_core::seal::{About, SealError, SealKey};
use grondslag_core::statement::{self, Leaf, Ruling};
use grondslag_core::tier::Approvals;
use grondslag_proto::question::TargetQuestion;

use crate::detail::Detail;
use crate::evidence::proved_leaf;
use crate::keys::Seals;
use crate::watch::{NotTaken, Shown, Watching};

/// A question that the asker signed and the broker attested, and that was verified. A look-up
/// demands one, and only [`verify`](self) makes one:
///
/// ```compile_fail,E0451
/// # use grondslag_node::answers::verify::Attested;
/// fn forge(real: Attested) -> Attested {
///     Attested { rulings: Vec::new(), ..real }
/// }
/// ```
///
/// ```compile_fail,E0277
/// fn copied<T: Clone>() {}
/// copied::<grondslag_node::answers::verify::Attested>();
/// ```
pub struct Attested {
    id: TargetId,
    header: Header,
    categories: Vec<Category>,
    header_digest: Digest,
    /// Sealed; a child who is not known here leaves it closed.
    detail: Vec<u8>,
    detail_digest: Digest,
    /// The hidden number, as this node opens it.
    turned: Turned,
    reply_bytes: usize,
    seal_key: SealKey,
    rulings: Vec<Ruling>,
    approvals: Approvals,
    statement: Digest,
    index: u64,
    /// What is kept of it while a person must look.
    stored: Vec<u8>,
}

impl Attested {
    /// Where the broker's decision stands in its ledger.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The question as this node knows it.
    pub fn target_id(&self) -> TargetId {
        self.id
    }

    /// What broker and targets may see.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What was asked of this node, refused or not.
    pub fn categories(&self) -> &[Category] {
        &self.categories
    }

    /// Digest of the header with this node's categories and approvals.
    pub fn header_digest(&self) -> Digest {
        self.header_digest
    }

    /// Opens what only this node may read. It is done for a child who is known here, and for
    /// nobody else.
    ///
    /// # Errors
    /// `SEAL_INVALID`, `HEADER_MISMATCH`, or what [`Detail::parse`] gives: the asker sealed what it
    /// should not have, and that does not show toward others.
    pub(crate) fn open_detail(&self, own: &Oin, seals: &Seals) -> Result<Detail, Reason> {
        let about = About::detail(self.id, &self.header, own);
        let content = seals.open(&about, &self.detail).map_err(SealError::reason)?;
        let detail = Detail::parse(&content)?;
        if detail.header == self.header_digest { Ok(detail) } else { Err(Reason::HeaderMismatch) }
    }

    /// The detail as it travelled.
    pub(crate) fn sealed_detail(&self) -> &[u8] {
        &self.detail
    }

    /// The hidden number, as this node opens it.
    pub(crate) fn pair(&self) -> &Pair {
        &self.turned.pair
    }

    /// Which factors the hidden number went through.
    pub(crate) fn made_with(&self) -> &Digest {
        &self.turned.made_with
    }

    /// Length of every whole reply to this question.
    pub(crate) fn reply_bytes(&self) -> usize {
        self.reply_bytes
    }

    /// What a reply is sealed under: the key on the asker's card.
    pub(crate) fn seal_key(&self) -> &SealKey {
        &self.seal_key
    }

    /// Digest of the detail as it travelled.
    pub fn detail_digest(&self) -> Digest {
        self.detail_digest
    }

    /// The broker's rulings on what it let through, in the order asked.
    pub fn let_through(&self) -> impl Iterator<Item = &Ruling> {
        self.rulings.iter().filter(|ruling| ruling.is_let_through())
    }

    /// Whether it asks for the access log of a person, as an own view.
    pub(crate) fn is_own_view(&self) -> bool {
        let mut open = self.let_through();
        self.header().kind.is_own_view() && open.any(|ruling| ruling.category.is_access_log())
    }

    /// Whether it is a notice about a request of the person, or about what came of one.
    pub(crate) fn is_about_rights(&self) -> bool {
        self.header().kind.is_notice()
            && self.header().purpose.as_str() == grondslag_policy::notice::RIGHTS.purpose
    }

    /// What second persons added.
    pub fn approvals(&self) -> Approvals {
        self.approvals
    }

    /// Digest of the asker's statement: what a replay, a permit and a receipt are compared by.
    pub fn statement(&self) -> Digest {
        self.statement
    }
}

impl fmt::Debug for Attested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attested({}, …)", self.id)
    }
}

/// What a question is held against.
pub(crate) struct Against<'a> {
    /// This node.
    pub(crate) own: &'a Oin,
    /// The region's broker.
    pub(crate) broker: &'a Oin,
    /// The rules in force here.
    pub(crate) bundle: Digest,
    /// The cards that this node verified itself.
    pub(crate) cards: Cards<'a>,
    /// Opens the hidden number.
    pub(crate) seals: &'a Seals,
    /// The broker's ledger as this node saw it.
    pub(crate) watching: &'a Watching,
    /// Whether an approval in this role counts as mandated.
    pub(crate) mandated: &'a dyn Fn(&Role) -> bool,
    /// The present moment.
    pub(crate) now: Timestamp,
}

/// Verifies everything about a question that can be verified without looking at records.
///
/// # Errors
/// The reason code of what does not hold. None depends on the child.
pub(crate) fn verify(question: TargetQuestion, against: &Against<'_>) -> Result<Attested, Reason> {
    let header = &question.header;
    if question.target != *against.own {
        return Err(Reason::HeaderMismatch);
    }
    header.times.check_answerable(against.now)?;
    if against.watching.asked_from().is_some_and(|from| header.times.asked_at < from) {
        return Err(Reason::AskedBeforeRestore);
    }
    if header.bundle != against.bundle {
        return Err(Reason::PolicyStale);
    }
    let asker = asker_card(header, against)?;
    let statement = check_statement(&question, asker)?;
    let leaf = attested_leaf(&question, against)?;
    check_leaf(&question, &leaf)?;
    let turned = open_pair(&question, against)?;
    let approvals = weigh(&question, asker, against)?;
    let seal_key = asker.keys()?.seal.clone();
    let stored = stored::encode(&question, approvals);
    Ok(Attested::of(question, leaf, Held { turned, seal_key, approvals, statement, stored }))
}

/// What was found out of a question beside what it says.
struct Held {
    turned: Turned,
    seal_key: SealKey,
    approvals: Approvals,
    statement: Digest,
    stored: Vec<u8>,
}

impl Attested {
    /// A question that was verified, now or when it was stored.
    fn of(question: TargetQuestion, leaf: Leaf, held: Held) -> Self {
        let Held { turned, seal_key, approvals, statement, stored } = held;
        Self {
            id: question.id,
            header: question.header,
            categories: question.part.categories,
            header_digest: leaf.header,
            detail: question.part.detail,
            detail_digest: leaf.detail,
            turned,
            reply_bytes: leaf.reply_bytes(),
            seal_key,
            rulings: leaf.rulings,
            approvals,
            statement,
            index: question.evidence.index,
            stored,
        }
    }
}

/// The asker is known here, of our mode, and admitted to the role in which it asks.
fn asker_card<'a>(header: &Header, against: &Against<'a>) -> Result<&'a VerifiedCard, Reason> {
    if header.asker.mode() != against.own.mode() {
        return Err(Reason::ModeMismatch);
    }
    let card = against.cards.card(&header.asker);
    let card = card.ok_or(Reason::UnknownAgency)?;
    card.check_role(&header.role, against.now)?;
    Ok(card)
}

/// The asker signed this header, for this target, with this detail.
fn check_statement(question: &TargetQuestion, asker: &VerifiedCard) -> Result<Digest, Reason> {
    let TargetQuestion { id, header, target, part, .. } = question;
    let bytes = statement::ask_bytes(id, target, header, part);
    statement::verify(&asker.card().sign_key, &bytes, &part.signature)
        .map_err(|_| Reason::StatementInvalid)?;
    Ok(Digest::of(&bytes))
}

/// The broker signed that this leaf stands in its ledger, and proves it in a checkpoint that
/// follows from the last one seen here. That is seen from now on, whatever becomes of the question.
fn attested_leaf(question: &TargetQuestion, against: &Against<'_>) -> Result<Leaf, Reason> {
    // Without the broker's card this node can verify nobody, whatever is asked.
    let broker = against.cards.card(against.broker).ok_or(Reason::NotReady)?;
    broker.check_time(against.now).map_err(|_| Reason::AttestationInvalid)?;
    let evidence = &question.evidence;
    let leaf = proved_leaf(&question.id, evidence, &broker.card().sign_key)?;
    let shown = Shown {
        head: &evidence.checkpoint,
        from: evidence.seen_size,
        proof: &evidence.consistency,
        key: &broker.card().sign_key,
    };
    against.watching.take_attested(shown).map_err(NotTaken::reason)?;
    Ok(leaf)
}

/// The hidden number is the one that the broker attested, sealed for this node and this question.
fn open_pair(question: &TargetQuestion, against: &Against<'_>) -> Result<Turned, Reason> {
    let about = About::pair(question.id, &question.header, against.broker, against.own);
    let content = against.seals.open(&about, &question.pair).map_err(SealError::reason)?;
    let turned = Turned::parse(&content).map_err(BlindError::reason)?;
    let attested = turned.digest() == question.evidence.pair;
    if attested { Ok(turned) } else { Err(Reason::AttestationInvalid) }
}

/// Leaf, header and detail agree field by field, and the broker ruled on exactly what is asked.
fn check_leaf(question: &TargetQuestion, leaf: &Leaf) -> Result<(), Reason> {
    let TargetQuestion { id, header, target, part, .. } = question;
    let Part { categories, approvals, detail, .. } = part;
    let ruled = leaf.rulings.iter().map(|ruling| &ruling.category);
    // Whoever asks dates the question, and the rules of then decide it: the broker decided on it
    // soon after, or the date is made up.
    let apart = leaf.decided_at.since_ms(header.times.asked_at).abs();
    let agree = apart <= ASK_LIFE_MS_MAX + CLOCK_SKEW_MS_MAX
        && leaf.target_id == *id
        && leaf.target == *target
        && leaf.header == header.digest(categories, approvals)
        && leaf.detail == Digest::of(detail)
        && ruled.eq(categories)
        && each_once(categories);
    if agree { Ok(()) } else { Err(Reason::HeaderMismatch) }
}

fn each_once(categories: &[Category]) -> bool {
    let mut sorted: Vec<&Category> = categories.iter().collect();
    sorted.sort_unstable();
    sorted.windows(2).all(|pair| pair.first() != pair.last())
}

/// Second persons act in roles that the asker's agency is admitted to, and signed this question.
fn weigh(
    question: &TargetQuestion,
    asker: &VerifiedCard,
    against: &Against<'_>,
) -> Result<Approvals, Reason> {
    let TargetQuestion { id, header, part, .. } = question;
    for approver in &header.approvers {
        asker.check_role(&approver.role, against.now)?;
    }
    let key = &asker.card().sign_key;
    approval::weigh(id, header, part, key, against.mandated, against.now)
}

#[cfg(test)]
mod tests;
