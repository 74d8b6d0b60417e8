//! `grondslag`: every program of the region is a subcommand of this one executable.

mod args;
mod certs;
mod exit;
mod files;
mod output;
mod policy;
mod values;
mod wait;

fn main() -> std::process::ExitCode {
    args::main()
}
