//! One party of a region as a process of its own, so that a test can kill it.

use std::path::PathBuf;
use std::process::ExitCode;

use grondslag_broker::serve::build;
use grondslag_node::serve;
use grondslag_runtime::run::run;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (kind, file) = (arguments.next(), arguments.next().map(PathBuf::from));
    let ended = match (kind.as_deref(), file) {
        (Some("broker"), Some(file)) => run(&file, build),
        (Some("node"), Some(file)) => serve::run(&file, None),
        _ => return ExitCode::from(64),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
