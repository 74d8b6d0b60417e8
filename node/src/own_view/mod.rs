//! Own view (inzage): a person sees who asked what about them or their child (AVG art. 15, domain
//! 4a.31).
//!
//! Every node has two halves. As a holder it tells its part of the log, of both sides: what was
//! asked of it ([`log`]), and what its own people asked ([`asked`]), also about who is no client of
//! it ([`strangers`]). As the municipality that a
//! person comes to it takes the request, has two of its people see who it is (`asks/draft/seen`),
//! asks every agency, and makes one timeline of what comes ([`timeline`], [`service`]).
//!
//! INVARIANT: a log is made of codes. Lines of shelters, and of purposes of which the person was
//! not told yet, are left out at the node that holds them, so that nothing of them is on the way:
//! no gap, no count, no number shows that they were there.

pub(crate) mod asked;
pub(crate) mod log;
pub(crate) mod service;
pub(crate) mod strangers;
mod timeline;
mod words;

#[cfg(test)]
mod tests;
