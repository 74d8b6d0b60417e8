//! What comes back is believed only as far as it is proved: the broker's decisions by its
//! attestation and by deciding again, a node's answer by its own signature and subject tag.

use grondslag_core::answer::{Answer, Line, Outcome};
use grondslag_core::answered::AnswerProof;
use grondslag_core::approval;
use grondslag_core::catalogue::Category;
use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin, TargetId};
use grondslag_core::inquiry::{Inquiry, Part};
use grondslag_core::limits::CLOCK_SKEW_MS_MAX;
use grondslag_core::reason::Reason;
use grondslag_core::seal::{About, SealError};
use grondslag_core::statement::{
    FIRST_REPLY_NO, Leaf, NamedRuling, ReplyFields, ask_digest, subject_tag, verify,
};
use grondslag_core::tier::Approvals;
use grondslag_policy::{FactError, Pack};
use grondslag_proto::content::{self, Proved};
use grondslag_proto::question::Evidence;
use grondslag_proto::reply::Reply;
use grondslag_proto::v1;

use super::wish::Wish;
use crate::agency::Agency;
use crate::evidence::{AnswerTo, proved_answer, proved_leaf};
use crate::recorded::Kind;
use crate::watch::NotTaken;

/// The part of a question that one target got.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The whole.
    pub inquiry: &'a Inquiry,
    /// The target.
    pub target: &'a Oin,
    /// Its part.
    pub part: &'a Part,
}

impl Asked<'_> {
    /// The inquiry as the target knows it.
    pub(crate) fn id(&self) -> TargetId {
        TargetId::derive(self.inquiry.id(), self.target)
    }

    /// Digest of our statement to the target.
    pub(crate) fn statement(&self) -> Digest {
        ask_digest(&self.id(), self.target, self.inquiry.header(), self.part)
    }
}

/// A decision that the broker proved to have taken on one target, whatever it says.
#[derive(Debug)]
pub(crate) struct ProvedDecision {
    rulings: Vec<NamedRuling>,
    evidence: Evidence,
}

impl ProvedDecision {
    /// A decision as it comes, with what proves it. Its log may just have been founded: that is
    /// waited for a moment. `before` is the last head of the log when the question went out.
    ///
    /// # Errors
    /// Why the broker did not prove it.
    pub(crate) async fn prove(
        agency: &Agency,
        asked: Asked<'_>,
        wire: v1::TargetDecided,
        before: Option<&SignedCheckpoint>,
    ) -> Result<Self, Reason> {
        let rulings = wire.rulings.into_iter().map(NamedRuling::try_from);
        let rulings: Vec<NamedRuling> = rulings.collect::<Result<_, _>>()?;
        let evidence = Evidence::try_from(wire.attestation.ok_or(Reason::AttestationInvalid)?)?;
        agency.watching.reached_log(&evidence.checkpoint).await;
        check_evidence(agency, asked, &rulings, &evidence, before)?;
        Ok(Self { rulings, evidence })
    }

    /// What proves it.
    pub(crate) const fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// What it rules, decided again here.
    ///
    /// # Errors
    /// `BROKER_DECISION_MISMATCH`, or why the broker cannot deal with the target.
    pub(crate) async fn rulings(
        self,
        agency: &Agency,
        asked: Asked<'_>,
    ) -> Result<Vec<NamedRuling>, Reason> {
        let check = || check_rulings(agency, asked, &self.rulings, &self.evidence);
        match check() {
            // The broker may have narrower rules of an emergency a moment before we do.
            Err(Reason::BrokerDecisionMismatch) if agency.learn_rules().await => check()?,
            checked => checked?,
        }
        Ok(self.rulings)
    }
}

/// Checks the broker's evidence of one decision: its signature and its proof, that the leaf is
/// about this very question and says what the broker told us, and that it stands in the log that
/// this node follows. `before` is the last head of that log when the question went out.
///
/// # Errors
/// `ATTESTATION_INVALID` or `HEADER_MISMATCH`; `LEDGER_FORK` for a head that contradicts what was
/// seen; `NOT_READY` for one of the next log, whose founding was not met yet.
fn check_evidence(
    agency: &Agency,
    asked: Asked<'_>,
    rulings: &[NamedRuling],
    evidence: &Evidence,
    before: Option<&SignedCheckpoint>,
) -> Result<(), Reason> {
    let broker = agency.directory.card(&agency.broker)?;
    let id = asked.id();
    let leaf = proved_leaf(&id, evidence, &broker.card().sign_key)?;
    let (head, key) = (&evidence.checkpoint, &broker.card().sign_key);
    agency.watching.hold(head, key, before).map_err(NotTaken::reason)?;
    let header = asked.inquiry.header().digest(&asked.part.categories, &asked.part.approvals);
    let told = rulings.iter().map(|named| &named.ruling);
    let same = leaf.target_id == id
        && leaf.target == *asked.target
        && leaf.header == header
        && leaf.detail == Digest::of(&asked.part.detail)
        && leaf.rulings.iter().eq(told)
        && leaf.rulings.iter().map(|ruling| &ruling.category).eq(&asked.part.categories);
    if same { Ok(()) } else { Err(Reason::HeaderMismatch) }
}

/// Decides the broker's rulings again on the same visible columns, for the moment of its leaf
/// (design 5): verdict, cap, and what a refusal rests on.
///
/// # Errors
/// `BROKER_DECISION_MISMATCH` when the same rules say otherwise; the reason why the broker says
/// that it cannot deal with the target, when that is all it says.
fn check_rulings(
    agency: &Agency,
    asked: Asked<'_>,
    rulings: &[NamedRuling],
    evidence: &Evidence,
) -> Result<(), Reason> {
    if let Some(reason) = shut(rulings) {
        let pack = agency.pack();
        let catalogue = pack.catalogue();
        let card = agency.directory.card(asked.target);
        let has_right = card.is_ok_and(|card| catalogue.has_bsn_right(&card.card().kind));
        let lie = reason == Reason::NoBsnRight && has_right;
        return Err(if lie { Reason::BrokerDecisionMismatch } else { reason });
    }
    let decided_at =
        Leaf::parse(&evidence.leaf).map_err(|_| Reason::AttestationInvalid)?.decided_at;
    let header = asked.inquiry.header();
    if header.times.asked_at.since_ms(decided_at).abs() > CLOCK_SKEW_MS_MAX {
        return Err(Reason::BrokerDecisionMismatch);
    }
    let card = agency.directory.card(asked.target)?;
    let pack = agency.rules.timeline();
    let pack = pack.of_question(header.times.asked_at, decided_at)?;
    let ruled_here = || -> Result<Vec<NamedRuling>, FactError> {
        let approvals = approvals(pack, asked);
        let visible = pack.visible(header, &card.card().kind, Some(approvals))?;
        let rule = |category| pack.rule_visible(visible, category, decided_at);
        asked.part.categories.iter().map(rule).collect()
    };
    let ruled_here = ruled_here().map_err(|error| error.reason())?;
    if ruled_here == rulings { Ok(()) } else { Err(Reason::BrokerDecisionMismatch) }
}

/// Whether nothing of this target was let through, and that by rule.
pub(crate) fn refused_by_rule(rulings: &[NamedRuling]) -> bool {
    !rulings.is_empty() && !rulings.iter().any(|named| named.ruling.is_let_through())
}

/// The broker lets nothing through because it cannot deal with the target: the same reason for
/// every category, and no rule.
fn shut(rulings: &[NamedRuling]) -> Option<Reason> {
    let reason = rulings.first()?.reason.filter(|reason| !is_rule(*reason))?;
    let all =
        rulings.iter().all(|named| !named.ruling.is_let_through() && named.reason == Some(reason));
    all.then_some(reason)
}

/// What second persons add, as broker and holder weigh it.
fn approvals(pack: &Pack, asked: Asked<'_>) -> Approvals {
    let catalogue = pack.catalogue();
    let mandated = |role: &_| catalogue.is_mandated(role);
    approval::amount_to(asked.inquiry.header(), &asked.part.approvals, &mandated)
}

/// The outcome follows from the lines; content that did not fit its padding class makes "all" a
/// part.
pub(crate) fn is_outcome(outcome: Outcome, lines: &[Line]) -> bool {
    let follows = Answer::outcome_of(lines);
    outcome == follows || (outcome == Outcome::DeelsVerstrekt && follows == Outcome::Verstrekt)
}

/// The table decided, and not the state of an agency's card.
fn is_rule(reason: Reason) -> bool {
    matches!(reason, Reason::NoRule | Reason::DeniedByRule | Reason::NeedsSecondPerson)
}

/// Opens a node's first reply: its signature, its seal, the child it is about, and that it answers
/// exactly what was let through.
///
/// # Errors
/// `ANSWER_INVALID`, or why the node's card does not hold: the answer is discarded unseen.
pub(crate) fn open_reply(
    agency: &Agency,
    asked: Asked<'_>,
    wish: &Wish,
    let_through: &[Category],
    reply: &Reply,
) -> Result<Given, Reason> {
    let header = asked.inquiry.header();
    let expected = Expected {
        id: asked.id(),
        from: asked.target,
        epoch: header.epoch,
        answer_by: header.times.answer_by,
    };
    let content = unseal(agency, &expected, reply)?;
    if reply.reply_no != FIRST_REPLY_NO {
        return Err(Reason::AnswerInvalid);
    }
    let proved = content.ok_or(Reason::ReceiptInvalid)?;
    let put = (&asked.statement(), header.times.asked_at);
    let given = proved_by(agency, &expected, put, Kind::Decision, proved)?;
    let answer = &given.answer;
    let whole = answer.lines.iter().map(Line::category).eq(let_through);
    if !whole || !is_outcome(answer.outcome, &answer.lines) {
        return Err(Reason::AnswerInvalid);
    }
    let number = wish.subject.expose().as_bytes();
    check_subject(answer, &subject_tag(&asked.id(), asked.target, number))?;
    Ok(given)
}

/// An answer that says anything is about whom the question was.
///
/// # Errors
/// `SUBJECT_MISMATCH`.
pub(crate) fn check_subject(answer: &Answer, tag: &Digest) -> Result<(), Reason> {
    let about_somebody_else = answer.subject_tag != *tag.as_bytes();
    if answer.outcome != Outcome::Neutraal && about_somebody_else {
        return Err(Reason::SubjectMismatch);
    }
    Ok(())
}

/// What a reply must be bound to, whichever number it has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'a> {
    /// The inquiry as the target knows it.
    pub id: TargetId,
    /// The target.
    pub from: &'a Oin,
    /// Epoch of the question.
    pub epoch: u32,
    /// End of its term.
    pub answer_by: Timestamp,
}

/// An answer, and what is kept of it to show later that its node gave it.
#[derive(Debug)]
pub(crate) struct Given {
    /// What is shown.
    pub answer: Answer,
    /// Hash of its entry in the node's ledger.
    pub entry: Digest,
    /// That it stands there.
    pub proof: AnswerProof,
}

/// An answer that its node proves to stand in its ledger, as its record of this kind.
///
/// # Errors
/// `RECEIPT_INVALID`, or why the node's card or the answer itself does not hold.
pub(crate) fn proved_by(
    agency: &Agency,
    expected: &Expected<'_>,
    (statement, asked_at): (&Digest, Timestamp),
    kind: Kind,
    proved: Proved,
) -> Result<Given, Reason> {
    let card = agency.directory.card(expected.from)?;
    let (region, key) = (agency.context.region_name(), &card.card().sign_key);
    let between = (asked_at, agency.clock.now());
    let to = AnswerTo { statement, kind, region: &region, from: expected.from, key, between };
    let entry = proved_answer(&proved, &to)?;
    let answer = grondslag_proto::answer::decode(&proved.answer)?;
    Ok(Given { answer, entry, proof: proved.proof })
}

/// The content of a reply that is whole, signed by its node and sealed for us; `None` for one that
/// says nothing.
///
/// # Errors
/// `ANSWER_INVALID`, `SEAL_INVALID`, `RECEIPT_INVALID` for an answer without a proof, or why the
/// node's card does not hold.
pub(crate) fn unseal(
    agency: &Agency,
    expected: &Expected<'_>,
    reply: &Reply,
) -> Result<Option<Proved>, Reason> {
    let fields = ReplyFields {
        target_id: expected.id,
        from: expected.from,
        to: &agency.oin,
        epoch: expected.epoch,
        reply_no: reply.reply_no,
        part: reply.part,
        last: reply.last,
        answer_by: expected.answer_by,
        body: &reply.body,
    };
    let card = agency.directory.card(expected.from)?;
    let signed = verify(&card.card().sign_key, &fields.canonical(), &reply.signature);
    let whole = reply.part == 1 && reply.last;
    if signed.is_err() || !whole || reply.target_id != expected.id {
        return Err(Reason::AnswerInvalid);
    }
    let content = agency.keys.seals.open(&About::answer(&fields), &reply.body);
    content::decode(&content.map_err(SealError::reason)?)
}
