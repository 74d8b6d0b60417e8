//! The decision table: the privacy officer's folder (`table/`, `catalogue.toml`,
//! `retention.toml`, `consent.toml`, `cases/`), and the engine that reads it.
//!
//! A pack is parsed once, whole, with every mistake named by file, row and reason. After that
//! nothing is looked up by text: facts and rows are bit masks per column, and a decision is one
//! AND per column. The engine has one fixed meaning (`decide`) and no exceptions in code.
//!
//! INVARIANT: [`Permit`] and [`Minimised`] are made only here; what has no permit cannot leave.

pub mod bench;
pub mod catalogue;
pub mod cedar;
pub mod check;
pub mod compare;
pub mod consent;
pub mod draft;
pub mod limits;
pub mod notice;
pub mod overview;
pub mod prove;
pub mod publish;
mod report;
pub mod retention;
pub mod review;
pub mod simulate;

/// Name and version of this engine, as a decision record tells it.
pub const ENGINE: &str = concat!("grondslag-policy ", env!("CARGO_PKG_VERSION"));

mod again;
mod cases;
mod decide;
mod explain;
mod facts;
mod facts_file;
mod fault;
#[cfg(test)]
mod fixture;
mod folder;
mod overlay;
mod pack;
mod parse;
mod permit;
mod region;
mod resolve;
mod space;
mod table;
mod visible;

pub use again::{Difference, Differences, NotAgain, What};
pub use cases::{Cases, Run};
pub use decide::{Could, Decision};
pub use explain::{Explained, GroundShown, Mode, NearMiss, Need, ObligationShown, RuleShown, Word};
pub use facts::{FactError, Facts, Value};
pub use facts_file::FactsFile;
pub use fault::{Fault, PackError, Problem};
pub use overlay::Overlay;
pub use pack::Pack;
pub use permit::{Approved, Asked, Minimised, NotApproved, Permit, Refusal, Review, Ruled};
pub use resolve::{Fact, Resolved, Sources};
pub use retention::Kept;
pub use table::{Effect, Row, Rule, Term, TermError};
pub use visible::standing;
