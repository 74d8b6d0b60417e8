//! The asker's side: what a member of staff wants to know, from the desk to the broker and back.
//!
//! Life of a question here: `wish` parses what the person put; `compose` makes header, parts
//! and signatures; `pursue` records it, sends it, checks all that comes back and shows a line
//! per agency; `attested` keeps what the broker proved, for who audits it; `draft` holds a
//! question until a second person (`second`) has signed it; `escalation` is what makes it one for
//! a joint file; `follow` fetches what came after, and `remind` says that it is waited for.
//! `budget` counts what each person asks, and `patterns` shows the privacy officer what is
//! unusual in it; `spot_check` opens for that officer what was enrolled. `canary` repeats
//! questions about made-up subjects, to find out a broker that leads them astray.
//!
//! INVARIANT: the person is the one of the desk certificate; no field names them. Nothing is
//! shown that the target's own key did not sign.

pub(crate) mod attested;
pub(crate) mod budget;
pub(crate) mod canary;
mod check;
mod compose;
pub(crate) mod draft;
pub(crate) mod escalation;
pub(crate) mod follow;
pub(crate) mod inquiries;
pub(crate) mod notice;
pub(crate) mod own_view;
pub(crate) mod patterns;
mod plan;
mod pursue;
mod reading;
pub(crate) mod received;
mod remind;
pub(crate) mod second;
pub(crate) mod service;
mod spot_check;
pub(crate) mod term;
pub(crate) mod view;
pub(crate) mod wish;
