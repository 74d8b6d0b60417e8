//! `grondslag`: every program of the region is a subcommand of this one executable.

mod args;
mod exit;
mod output;
mod wait;

fn main() -> std::process::ExitCode {
    args::main()
}
