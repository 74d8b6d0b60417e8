//! The Dutch of every help text.

mod audit;
mod cases;
mod consent;
mod desk;
mod escalate;
mod glass;
mod handover;
mod inbox;
mod inform;
mod metrics;
mod office;
mod operator;
mod own_view;
mod policy;
mod region;
mod restore;
mod rights;

/// Paragraphs in English, as in the code, and in Dutch; neither with its full stop.
pub(super) fn texts() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    audit::TEXTS
        .iter()
        .chain(consent::TEXTS)
        .chain(operator::TEXTS)
        .chain(policy::TEXTS)
        .chain(office::TEXTS)
        .chain(own_view::TEXTS)
        .chain(inform::TEXTS)
        .chain(desk::TEXTS)
        .chain(region::TEXTS)
        .chain(restore::TEXTS)
        .chain(rights::TEXTS)
        .chain(cases::TEXTS)
        .chain(inbox::TEXTS)
        .chain(escalate::TEXTS)
        .chain(glass::TEXTS)
        .chain(handover::TEXTS)
        .chain(metrics::TEXTS)
}
