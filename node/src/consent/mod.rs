//! The consent register: what children, parents and guardians said, who may speak for a child, and
//! what that says of a question (domain 2.3). In the words of access management it is a PIP.
//!
//! The agency's own people write down (`service`) what can count (`check`); it stands as records of
//! the ledger (`store`). A question is weighed on what stands there at its moment (`on_file`), by
//! the matrix of the rules in force, and comes out as the columns `secrecy_consent`, `youth_view`
//! and `measure`. An act and the answers under way never cross (`gate`). Unknown means no. How long
//! an act is kept follows from those beside it (`terms`).
//!
//! What registers elsewhere know of custody and measures comes in from a file (`import`). A measure
//! can be `certified` by the body that is competent for it, which makes a statement at its own desk
//! (`certify`); `measures` holds what was certified against what was entered.
//!
//! Life of an act that names other holders: signed (`brought`) → put on its way in the commit that
//! writes it down (`outbox`) → brought as a notice (`notices`) → at the holder checked and written
//! down (`take`). A node that was away answers nothing else before it has what waits for it
//! (`caught_up`).
//!
//! A birthday or a term ends a yes by itself (`lapse`); whom to ask then is looked up (`again`).

pub(crate) mod act;
pub(crate) mod again;
pub mod bench;
pub(crate) mod brought;
pub(crate) mod caught_up;
mod certified;
mod certify;
mod check;
mod gate;
mod import;
mod lapse;
pub(crate) mod measures;
pub(crate) mod on_file;
mod outbox;
pub(crate) mod page;
mod privacy_notice;
mod receipt;
pub(crate) mod service;
mod shown;
mod state;
pub(crate) mod store;
pub(crate) mod take;
mod terms;
#[cfg(test)]
mod tests;
mod wire;

pub(crate) use caught_up::CaughtUp;
pub(crate) use gate::{Answering, Changing, Gate, Hold};
pub(crate) use outbox::stands;
