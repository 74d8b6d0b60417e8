//! `grondslag`: every program of the region is a subcommand of this one executable.

mod any_process;
mod args;
mod ask;
mod audit;
mod backup;
mod broker;
mod cases;
mod certs;
mod consent;
mod demo;
mod desk;
mod dossier;
mod escalate;
mod exit;
mod files;
mod glass;
mod handover;
mod help;
mod holder;
mod inbox;
mod inform;
mod limits;
mod made;
mod metrics;
mod node;
mod officers;
mod operator;
mod operators;
mod output;
mod own_view;
mod patterns;
mod policy;
mod process;
mod restore;
mod rights;
mod serve;
mod spot_check;
mod status;
mod wait;
mod witness;
mod words;

fn main() -> std::process::ExitCode {
    args::main()
}
