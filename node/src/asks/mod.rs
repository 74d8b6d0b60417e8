//! The asker's side: what a member of staff wants to know, from the desk to the broker and back.
//!
//! Life of a question here: `wish` parses what the person put; `compose` makes header, parts and
//! signatures; `pursue` records it, sends it, checks all that comes back and shows a line per
//! agency; `draft` holds a question until a second person (`second`) has signed it.
//!
//! INVARIANT: the person is the one of the desk certificate; no field names them. Nothing is
//! shown that the target's own key did not sign.

mod check;
mod compose;
pub(crate) mod draft;
mod inquiries;
mod plan;
mod pursue;
mod second;
pub(crate) mod service;
mod term;
mod view;
mod wish;
