//! One integration binary: journeys, a second key holder, enrolment, epochs, invariants, attacks,
//! bad input, tidiness, a slow region,
//! telemetry.

mod attacks;
mod bad_input;
mod caseload;
mod chain;
mod consent;
mod enrolment;
mod epochs;
mod escalation;
mod glass;
mod handover;
mod histories;
mod inbox;
mod inform;
mod invariants;
mod journeys;
mod killed;
mod later;
mod own_view;
mod reading;
mod records;
mod rules;
mod slow;
mod stage;
mod telemetry;
mod tidy;
mod witnesses;
