//! What an asker adds to a question that it put: a reminder, or that it accepts a handover (domain
//! 4a.32). It has no rule of its own: it belongs to the inquiry, and travels under its ground.
//!
//! Life of one: [`send`] seals it for its target, signs it and keeps it with a leaf; the broker
//! notes a digest and carries it ([`grondslag_proto::v1::FollowUp`]); [`take`] at the target holds
//! it against the question that it knows and keeps it, sealed as it came, with a leaf. Who is away
//! gets it when it is brought again.
//!
//! INVARIANT: all have one length, and a target does the same with one whether the child is known
//! there or not: it opens it only when somebody looks at what waits, or later in the background.

pub(crate) mod send;
pub(crate) mod take;
