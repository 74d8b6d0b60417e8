//! Notices between agencies: what one brings to another about a person, blindly and once in effect
//! (domain 4a.30, R43 and R44).
//!
//! Life of a notice: kept in the commit of what it tells of ([`outbox`]) → put as an ordinary
//! question, again and again until it came ([`send`]) → at whom it reaches, checked and written
//! down by the register that it is for, with a reply that does not say so. Each is signed by the
//! agency that sends it and bound to the person ([`signed`]).

pub(crate) mod outbox;
pub(crate) mod send;
pub(crate) mod signed;

use grondslag_core::catalogue::Role;
use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use grondslag_proto::v1;

/// A notice about a person who is known here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delivered<'a> {
    /// Who put it, in which role.
    pub(crate) from: (&'a Oin, &'a Role),
    /// The person's number.
    pub(crate) digits: &'a str,
    /// What it brings.
    pub(crate) notice: &'a v1::SignedNotice,
    /// The rules here, this node's own among them, permit it.
    pub(crate) is_permitted: bool,
}

/// What became of a notice; in each case one leaf was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It was written down, or there was nothing to write: it has ended, or stands here already.
    Taken,
    /// It does not hold: a genuine notice of an agency does.
    Refused(Reason),
}
