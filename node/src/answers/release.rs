//! The one door out: content needs a permit, everything needs a receipt.
//!
//! A [`Draft`] gathers lines: [`Draft::give`] takes content with the permit that allows it,
//! [`Draft::close`] takes a line of the closed list that holds none. [`Draft::finish`] encodes.
//! When the ledger knows where the answer's entry will stand, [`Prepared::place`] adds the proof of
//! that place, seals and signs; the bytes can then only be put in the batch that the ledger
//! commits, until the ledger's receipt for this very answer turns them into [`Sealed`], which alone
//! can be sent.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use ed25519_dalek::SigningKey;
use grondslag_core::answer::{Answer, Basis, Entry, Line, Outcome};
use grondslag_core::catalogue::{Category, Kind};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_core::limits::{LINE_ENTRIES_MAX, PROOF_HASHES_MAX};
use grondslag_core::reason::Reason;
use grondslag_core::statement::FIRST_REPLY_NO;
use grondslag_core::tier::Tier;
use grondslag_evidence::ledger::{Placed, Receipt};
use grondslag_evidence::store::{Batch, StoreError};
use grondslag_policy::{Minimised, Permit};
use grondslag_proto::content::proof_bytes;
use grondslag_proto::reply::Reply;
use grondslag_proto::{answer, v1};

use super::envelope::{Envelope, Unplaced};
use super::replay;
use crate::consent::store::Known;
use crate::limits::PATH_SLACK;

/// A permit, a receipt or content belongs to another question: a fault of this program, and
/// nothing leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("permit, content and receipt are not of the same question")]
pub struct Mismatch;

impl Mismatch {
    /// The stable reason.
    pub const fn reason(self) -> Reason {
        Reason::Internal
    }
}

/// A line without content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// Permitted, and there is no record.
    NoRecord(Category, Basis),
    /// Refused, by name and article.
    Refused(Category, Basis, Reason),
    /// A professional decides before a moment.
    Review(Category, Basis, Timestamp),
    /// Another kind of party has it, or is the one to say.
    Referred(Category, Basis, Kind),
    /// Nothing that may be told.
    Neutral(Category),
}

/// What an answer says besides its lines.
#[derive(Clone)]
pub struct Frame<'a> {
    /// What its reply is bound to.
    pub envelope: Envelope,
    /// Every client registered before this moment is covered.
    pub index_as_of: Timestamp,
    /// The agency has records that no answer speaks for.
    pub holds_unnumbered_records: bool,
    /// Too few witnesses were in time.
    pub unwitnessed: bool,
    /// Whom to call.
    pub duty_phone: &'a str,
    /// Binds what is told to the child.
    pub subject_tag: Digest,
    /// What stands in its place when nothing is told.
    pub noise: [u8; 32],
    /// How many acts the consent register knew when it was decided.
    pub known: u64,
}

impl fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({:?}, …)", self.envelope)
    }
}

/// An answer that is being put together.
#[derive(Debug)]
pub struct Draft {
    question: Digest,
    lines: Vec<Line>,
}

impl Draft {
    /// An empty answer to the question whose statement has this digest.
    pub(crate) fn of(question: Digest) -> Self {
        Self { question, lines: Vec::new() }
    }

    /// Adds content of one category. Every part comes with the permit that it was minimised
    /// under, which is used up.
    ///
    /// # Errors
    /// [`Mismatch`] when a permit or a part is of another question or category.
    pub(crate) fn give(
        mut self,
        category: &Category,
        basis: Basis,
        parts: Vec<(Permit, Minimised)>,
    ) -> Result<Self, Mismatch> {
        let mut tier = Tier::T0;
        let mut entries = Vec::new();
        for (permit, part) in parts {
            let same = permit.question() == self.question && part.question() == self.question;
            if !same || permit.category() != category {
                return Err(Mismatch);
            }
            tier = tier.max(permit.tier());
            entries.extend(part.into_entries());
        }
        self.lines.push(Line::Content {
            category: category.clone(),
            tier,
            basis,
            entries: newest(entries),
        });
        Ok(self)
    }

    /// Adds a line without content.
    pub(crate) fn close(mut self, closed: Closed) -> Self {
        self.lines.push(closed.into());
        self
    }

    /// Encodes the answer, cut to what fits beside a proof in a ledger that has now `size` leaves.
    pub(crate) fn finish(self, frame: Frame<'_>, size: u64, salt: [u8; 32]) -> Prepared {
        let (known, made) = (Known(frame.known), Arc::default());
        let (outcome, unplaced) = self.unplaced(frame, FIRST_REPLY_NO, size, salt);
        Prepared { outcome, unplaced: Arc::new(unplaced), known, made }
    }

    /// The same as a later reply with that number; nothing when there is nothing to say.
    pub(crate) fn finish_later(
        self,
        frame: Frame<'_>,
        reply_no: u32,
        size: u64,
        salt: [u8; 32],
    ) -> Option<Unplaced> {
        let says = !self.lines.is_empty();
        says.then(|| self.unplaced(frame, reply_no, size, salt).1)
    }

    fn unplaced(
        self,
        frame: Frame<'_>,
        reply_no: u32,
        size: u64,
        salt: [u8; 32],
    ) -> (Outcome, Unplaced) {
        let envelope = frame.envelope;
        let room = envelope.room(reply_no).saturating_sub(proof_bytes(path_len(size)));
        let whole = Answer {
            outcome: Answer::outcome_of(&self.lines),
            lines: self.lines,
            subject_tag: frame.noise,
            index_as_of: frame.index_as_of,
            holds_unnumbered_records: frame.holds_unnumbered_records,
            unwitnessed: frame.unwitnessed,
            answer_by: envelope.answer_by,
            duty_phone: frame.duty_phone.to_owned(),
        };
        let mut answer = fitting(whole, room);
        if answer.outcome != Outcome::Neutraal {
            answer.subject_tag = *frame.subject_tag.as_bytes();
        }
        let (statement, encoded) = (self.question, answer::encode(&answer));
        (answer.outcome, Unplaced { statement, answer: encoded, salt, reply_no, envelope })
    }
}

/// Most hashes of an inclusion proof by the time an answer that is drafted now is recorded: the
/// ledger would have to double meanwhile.
fn path_len(size: u64) -> usize {
    let then = size.saturating_mul(2).saturating_add(PATH_SLACK);
    usize::try_from(u64::BITS - then.leading_zeros()).unwrap_or(PROOF_HASHES_MAX)
}

/// Newest first when there are too many, then in the agency's own order.
fn newest(mut entries: Vec<Entry>) -> Vec<Entry> {
    if entries.len() > LINE_ENTRIES_MAX {
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.dated));
        entries.truncate(LINE_ENTRIES_MAX);
        entries.reverse();
    }
    entries
}

/// Cuts what does not fit the question's padding class. Content goes first, longest line first: the
/// answer is then given in part, and a line that loses all its content keeps saying that there is
/// some. Then go the rules and grounds that lines rest on, and at last the lines themselves are
/// neutral: a miss of as many lines fits, so whatever is said of a child that is known fits too.
fn fitting(mut answer: Answer, room: usize) -> Answer {
    loop {
        let over = answer::encode(&answer).len().saturating_sub(room);
        if over == 0 {
            return answer;
        }
        let is_cut = cut_content(&mut answer.lines, over);
        if !is_cut && !cut_basis(&mut answer.lines) && !cut_line(&mut answer.lines) {
            return answer;
        }
        let follows = Answer::outcome_of(&answer.lines);
        let in_part = answer.outcome == Outcome::DeelsVerstrekt || is_cut;
        answer.outcome = match follows {
            Outcome::Verstrekt if in_part => Outcome::DeelsVerstrekt,
            follows => follows,
        };
    }
}

/// Cuts as much content as there is, up to so many bytes; false when there is none.
fn cut_content(lines: &mut [Line], over: usize) -> bool {
    let (mut over, mut is_cut) = (over, false);
    while over > 0 {
        let contents = lines.iter_mut().filter_map(|line| match line {
            Line::Content { entries, .. } => Some(entries),
            _ => None,
        });
        let Some(longest) = contents.max_by_key(|entries| weight(entries)) else { break };
        let Some(cut) = longest.pop() else { break };
        let (rest, saved) = cut_last_text(cut);
        over = over.saturating_sub(saved);
        longest.extend(rest);
        is_cut = true;
    }
    is_cut
}

/// Takes from the line that rests on most what it rests on; false when no line says that any more.
fn cut_basis(lines: &mut [Line]) -> bool {
    let bases = lines.iter_mut().filter_map(|line| match line {
        Line::Content { basis, .. }
        | Line::NoRecord { basis, .. }
        | Line::Refused { basis, .. }
        | Line::Referred { basis, .. }
        | Line::Review { basis, .. } => Some(basis),
        Line::Neutral { .. } => None,
    });
    let most = bases.max_by_key(|basis| basis.rows.len().saturating_add(basis.grounds.len()));
    let Some(basis) = most.filter(|basis| **basis != Basis::default()) else { return false };
    *basis = Basis::default();
    true
}

/// Makes the last line that says something neutral; false when none does.
fn cut_line(lines: &mut [Line]) -> bool {
    let last = lines.iter_mut().rev().find(|line| !matches!(line, Line::Neutral { .. }));
    let Some(line) = last else { return false };
    *line = Line::Neutral { category: line.category().clone() };
    true
}

fn weight(entries: &[Entry]) -> usize {
    let texts = entries.iter().flat_map(|entry| &entry.texts);
    texts.map(|(_, text)| text.len()).sum::<usize>() + entries.len()
}

/// An entry without its highest tier, and how many bytes that saves; nothing is left of an entry
/// with one.
fn cut_last_text(mut entry: Entry) -> (Option<Entry>, usize) {
    let saved = entry.texts.pop().map_or(0, |(_, text)| text.len());
    entry.redacted = true;
    if entry.texts.is_empty() { (None, saved + 1) } else { (Some(entry), saved) }
}

impl From<Closed> for Line {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::NoRecord(category, basis) => Self::NoRecord { category, basis },
            Closed::Refused(category, basis, reason) => Self::Refused { category, basis, reason },
            Closed::Review(category, basis, until) => Self::Review { category, basis, until },
            Closed::Referred(category, basis, to) => Self::Referred { category, basis, to },
            Closed::Neutral(category) => Self::Neutral { category },
        }
    }
}

/// An answer that may not leave yet. Its reply is made where the ledger commits it, and can be kept
/// in that batch and nowhere else:
///
/// ```compile_fail,E0616
/// fn leak(prepared: grondslag_node::answers::release::Prepared) {
///     let _ = prepared.made;
/// }
/// ```
pub struct Prepared {
    outcome: Outcome,
    unplaced: Arc<Unplaced>,
    known: Known,
    /// The reply as it was last made: by the ledger's sequencer, which makes it anew when its place
    /// changes. It is taken once the ledger says that it is durable.
    made: Arc<Mutex<Option<Reply>>>,
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prepared(…)")
    }
}

impl Prepared {
    /// The outcome that the reply tells.
    pub(crate) fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// What its entry in the ledger is about.
    pub(crate) fn about(&self) -> Digest {
        self.unplaced.about()
    }

    /// Steps and bytes of the state that [`Prepared::place`] gives.
    ///
    /// # Errors
    /// `TOO_LARGE` for a reply over the store's limits.
    pub(crate) fn cost(&self) -> Result<(usize, usize), StoreError> {
        let state = keep((&self.unplaced, self.known), &self.unplaced.blank())?;
        Ok((state.len(), state.bytes()))
    }

    /// Makes the reply from where its entry stands, for the commit of that entry: the state keeps
    /// it, so that the same question gets the same bytes again.
    pub(crate) fn place(
        &self,
        record: Digest,
        key: SigningKey,
    ) -> impl FnMut(&Placed) -> Result<Batch, StoreError> + Send + 'static {
        let (unplaced, known) = (Arc::clone(&self.unplaced), self.known);
        let made = Arc::clone(&self.made);
        move |placed| {
            let reply = unplaced.reply(record, placed, &key)?;
            let state = keep((&unplaced, known), &reply)?;
            *made.lock().unwrap_or_else(PoisonError::into_inner) = Some(reply);
            Ok(state)
        }
    }

    /// Lets the reply leave: the ledger says that this answer to this question is durable.
    ///
    /// # Errors
    /// [`Mismatch`] for a receipt of something else.
    pub(crate) fn release(self, receipt: &Receipt) -> Result<Sealed, Mismatch> {
        let reply = self.made.lock().unwrap_or_else(PoisonError::into_inner).take();
        match reply {
            Some(reply) if receipt.about() == self.about() => Ok(Sealed { reply }),
            _ => Err(Mismatch),
        }
    }
}

fn keep((unplaced, known): (&Unplaced, Known), reply: &Reply) -> Result<Batch, StoreError> {
    let answer_by = unplaced.envelope.answer_by;
    replay::keep(Batch::new(), reply, (&unplaced.statement, known), answer_by)
}

/// A reply that may leave: it was released with a receipt, or is kept from such a release.
///
/// ```compile_fail,E0451
/// fn forge(reply: grondslag_proto::reply::Reply) -> grondslag_node::answers::release::Sealed {
///     grondslag_node::answers::release::Sealed { reply }
/// }
/// ```
#[derive(PartialEq, Eq)]
pub struct Sealed {
    reply: Reply,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}

impl Sealed {
    /// The reply, to be sent.
    pub fn into_reply(self) -> Reply {
        self.reply
    }

    // INVARIANT: called by `replay` alone, with what it read under the key that only a commit
    // with its ledger leaf writes.
    pub(super) fn kept(reply: Reply) -> Self {
        Self { reply }
    }
}

impl From<Sealed> for v1::Reply {
    fn from(sealed: Sealed) -> Self {
        sealed.reply.into()
    }
}

#[cfg(test)]
mod tests {
    use grondslag_core::catalogue::RowId;
    use grondslag_core::checkpoint::{Checkpoint, Origin};
    use grondslag_core::id::{Oin, TargetId};
    use grondslag_core::limits::{REPLY_BYTES_LARGE, REPLY_BYTES_SMALL};
    use grondslag_core::seal::{self, About, SealKey, SealSecret, Suite};
    use grondslag_proto::content;
    use prost::Message as _;
    use rand_core::UnwrapErr;

    use super::*;

    fn category(code: &str) -> Category {
        Category::parse(code).unwrap()
    }

    fn frame(oin: &Oin, seal_key: &SealKey) -> Frame<'static> {
        Frame {
            envelope: Envelope {
                target_id: TargetId::new([1; 16]),
                from: oin.clone(),
                to: oin.clone(),
                epoch: 0,
                answer_by: Timestamp::from_ms(5),
                seal_key: seal_key.clone(),
                reply_bytes: REPLY_BYTES_LARGE,
                seen_size: 0,
            },
            index_as_of: Timestamp::from_ms(1),
            holds_unnumbered_records: false,
            unwitnessed: false,
            duty_phone: "088",
            subject_tag: Digest::of(b"tag"),
            noise: [9; 32],
            known: 0,
        }
    }

    fn finish(draft: Draft) -> Answer {
        finish_in(draft, REPLY_BYTES_LARGE)
    }

    fn finish_in(draft: Draft, reply_bytes: usize) -> Answer {
        let oin = Oin::parse("00000099000000001000").unwrap();
        let secret = SealSecret::random(Suite::XWing, &mut UnwrapErr(getrandom::SysRng));
        let (seal_key, key) = (secret.public().unwrap(), SigningKey::from_bytes(&[1; 32]));
        let mut frame = frame(&oin, &seal_key);
        frame.envelope.reply_bytes = reply_bytes;
        let envelope = frame.envelope.clone();
        let size = 1_000_000;
        let prepared = draft.finish(frame, size, [8; 32]);
        // The tree has nearly doubled meanwhile.
        let origin = Origin::parse("drieveen/1").unwrap();
        let head = Checkpoint { origin, size: 2 * size, root: Digest::of(b"root") };
        let placed = Placed {
            index: 2 * size - 1,
            leaf_hash: Digest::of(b"leaf"),
            recorded_at: Timestamp::from_ms(3),
            inclusion: vec![Digest::of(b"hash"); path_len(size)],
            checkpoint: Arc::new(head.sign(&key)),
        };
        let cost = prepared.cost().unwrap();
        let state = prepared.place(Digest::of(b"record"), key)(&placed).unwrap();
        assert_eq!((state.len(), state.bytes()), cost);
        let reply = prepared.made.lock().unwrap().take().unwrap();
        assert_eq!(v1::Reply::from(reply.clone()).encoded_len(), reply_bytes);
        let about = About::answer(&envelope.fields(&reply));
        let content = seal::open(&secret, &about, &reply.body).unwrap();
        let proved = content::decode(&content).unwrap().unwrap();
        assert_eq!(proved.proof.path, placed.inclusion);
        answer::decode(&proved.answer).unwrap()
    }

    #[test]
    fn a_neutral_answer_carries_noise_and_any_other_the_tag() {
        let draft = || Draft::of(Digest::of(b"q")).close(Closed::Neutral(category("G05")));
        let neutral = finish(draft());
        assert_eq!(neutral.subject_tag, [9; 32]);
        let named = draft().close(Closed::NoRecord(category("G06"), Basis::default()));
        assert_eq!(&finish(named).subject_tag, Digest::of(b"tag").as_bytes());
    }

    /// A fault for a hit where a miss is answered would tell that the child is known.
    #[test]
    fn whatever_many_lines_say_by_name_fits_as_a_miss_of_as_many_does() {
        let rows = |count| (0..count).map(|n| RowId::parse(&format!("R20.{n}")).unwrap()).collect();
        for (count, named) in [(0, 32), (2, 32), (8, 32), (60, 32), (60, 3)] {
            let basis = Basis { rows: rows(count), grounds: Vec::new() };
            let line = |n: usize| {
                let (category, basis) = (category(&format!("G{n:02}")), basis.clone());
                match n % 3 {
                    0 => Closed::Refused(category, basis, Reason::NeedsSecondPerson),
                    1 => Closed::Review(category, basis, Timestamp::from_ms(1_790_000_000_000)),
                    _ => Closed::Refused(category, basis, Reason::DeniedByRule),
                }
            };
            let draft = (0..named).map(line).fold(Draft::of(Digest::of(b"q")), Draft::close);
            let answer = finish_in(draft, REPLY_BYTES_SMALL);
            assert_eq!(answer.lines.len(), named, "{count}");
            assert_eq!(answer.outcome, Answer::outcome_of(&answer.lines), "{count}");
            let tag = if answer.outcome == Outcome::Neutraal {
                [9; 32]
            } else {
                *Digest::of(b"tag").as_bytes()
            };
            assert_eq!(answer.subject_tag, tag, "{count}");
            // What is said is said from the front, and what it rests on goes first.
            assert!(!matches!(answer.lines[0], Line::Neutral { .. }), "{count}");
        }
    }

    fn entry(length: usize) -> Entry {
        Entry {
            about: grondslag_core::answer::About::Child,
            dated: Some(Timestamp::from_ms(1)),
            source: String::new(),
            texts: vec![(Tier::T1, "kort".into()), (Tier::T4, "x".repeat(length))],
            redacted: false,
        }
    }

    #[test]
    fn what_does_not_fit_is_given_in_part_and_says_so() {
        let content = |length| Line::Content {
            category: category("G08"),
            tier: Tier::T4,
            basis: Basis::default(),
            entries: vec![entry(length); 3],
        };
        let draft = |length| Draft { question: Digest::of(b"q"), lines: vec![content(length)] };
        let whole = finish(draft(20_000));
        assert_eq!(whole.outcome, Outcome::Verstrekt);
        let part = finish(draft(30_000));
        assert_eq!(part.outcome, Outcome::DeelsVerstrekt);
        let Line::Content { entries, .. } = &part.lines[0] else { panic!("content") };
        assert_eq!(entries.len(), 3);
        assert!(entries[2].redacted && entries[2].texts.len() == 1);
        assert!(!entries[0].redacted && entries[0].texts.len() == 2);
        // Whatever is cut, the whole message has its class's length.
        assert_eq!(finish(draft(200_000)).outcome, Outcome::DeelsVerstrekt);
    }
}
