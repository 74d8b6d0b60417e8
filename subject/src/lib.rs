//! A person and how their number is hidden. The broker does not depend on this crate.
//!
//! Nothing here can be printed by accident: `Debug` and `Display` of a number, a name or a date of
//! birth show `…`, and the one accessor that gives the digits is called [`Bsn::expose`], so that
//! one search finds every place that looks.

mod bsn;
mod digits;
mod limits;
mod person;
pub mod pseudonym;
pub mod text;

pub use bsn::{Bsn, BsnError, admits};
pub use person::{BirthDate, BirthDateError, Name, NameError};
