//! Help in the reader's language.
//!
//! Help is written in English beside the code that it is about; [`nl`] holds the Dutch of every
//! text, and a test holds the two together. What clap itself says about a wrong option stays
//! English.

mod nl;

use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::{Arg, ArgAction, Command, CommandFactory as _};
use grondslag_core::lang::Lang;

use crate::args::Args;

/// How Dutch help is laid out.
const TEMPLATE: &str =
    "{before-help}{about-with-newline}\nGebruik: {usage}\n\n{all-args}{after-help}";
/// Help and version stand below all else.
const LAST: usize = 999;
/// Between two paragraphs.
const BETWEEN: &str = "\n\n";
/// The option that names the language.
const OPTION: &str = "--lang";

/// The commands, with help in a language.
pub(crate) fn command(lang: Lang) -> Command {
    let command = Args::command();
    match lang {
        Lang::Nl => version(in_dutch(command)),
        Lang::En => command,
    }
}

/// The language that was typed, read before the rest: help and refusals of clap need it.
pub(crate) fn lang_of(typed: impl Iterator<Item = OsString>) -> Lang {
    let mut typed = typed.filter_map(|word| word.into_string().ok());
    while let Some(word) = typed.next() {
        let value = match word.strip_prefix(OPTION) {
            Some("") => typed.next(),
            Some(rest) => rest.strip_prefix('=').map(str::to_owned),
            None => continue,
        };
        if let Some(lang) = value.and_then(|value| value.parse().ok()) {
            return lang;
        }
    }
    Lang::Nl
}

fn in_dutch(command: Command) -> Command {
    let about = command.get_about().map(dutch);
    let long_about = command.get_long_about().map(dutch);
    let after = command.get_after_help().map(dutch);
    let long_after = command.get_after_long_help().map(dutch);
    let mut command = command
        .help_template(TEMPLATE)
        .subcommand_help_heading("Opdrachten")
        .subcommand_value_name("OPDRACHT")
        .disable_help_flag(true)
        .mut_args(arg_in_dutch)
        .mut_subcommands(in_dutch);
    command = match about {
        Some(text) => command.about(text),
        None => command,
    };
    command = match long_about {
        Some(text) => command.long_about(text),
        None => command,
    };
    command = match after {
        Some(text) => command.after_help(text),
        None => command,
    };
    command = match long_after {
        Some(text) => command.after_long_help(text),
        None => command,
    };
    let help = Arg::new("help").short('h').long("help").action(ArgAction::Help).display_order(LAST);
    command.arg(help.help("Toon deze hulp").help_heading("Opties"))
}

fn arg_in_dutch(arg: Arg) -> Arg {
    let heading = if arg.is_positional() { "Argumenten" } else { "Opties" };
    let (help, long) = (arg.get_help().map(dutch), arg.get_long_help().map(dutch));
    let mut arg = arg.help_heading(heading);
    arg = match help {
        Some(text) => arg.help(text),
        None => arg,
    };
    match long {
        Some(text) => arg.long_help(text),
        None => arg,
    }
}

fn version(command: Command) -> Command {
    let version = Arg::new("version")
        .short('V')
        .long("version")
        .action(ArgAction::Version)
        .display_order(LAST);
    let version = version.help("Toon de versie").help_heading("Opties");
    command.disable_version_flag(true).arg(version)
}

/// The Dutch of a text, paragraph by paragraph.
fn dutch(english: &StyledStr) -> String {
    let english = english.to_string();
    let paragraphs = english.split(BETWEEN).map(|paragraph| match twin(paragraph) {
        Some((dutch, end)) => format!("{dutch}{end}"),
        // The test below leaves only examples without a twin.
        None => paragraph.to_owned(),
    });
    paragraphs.collect::<Vec<_>>().join(BETWEEN)
}

/// The Dutch of a paragraph and what ends it.
fn twin(paragraph: &str) -> Option<(&'static str, &'static str)> {
    let (bare, end) = match paragraph.strip_suffix('.') {
        Some(bare) => (bare, "."),
        None => (paragraph, ""),
    };
    let found = nl::texts().find(|(english, _)| *english == bare);
    found.map(|(_, dutch)| (*dutch, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(command: &Command, found: &mut Vec<String>) {
        let own = [
            command.get_about(),
            command.get_long_about(),
            command.get_after_help(),
            command.get_after_long_help(),
        ];
        let args = command.get_arguments().flat_map(|arg| [arg.get_help(), arg.get_long_help()]);
        found.extend(own.into_iter().chain(args).flatten().map(ToString::to_string));
        for command in command.get_subcommands() {
            texts(command, found);
        }
    }

    #[test]
    fn every_help_text_has_its_dutch_twin_and_none_is_left_over() {
        let mut used = Vec::new();
        texts(&Args::command(), &mut used);
        let paragraphs = used.iter().flat_map(|text| text.split(BETWEEN));
        // What is indented is an example, the same in every language.
        let paragraphs: Vec<_> = paragraphs.filter(|text| !text.starts_with("  ")).collect();
        let missing: Vec<_> = paragraphs.iter().filter(|text| twin(text).is_none()).collect();
        assert!(missing.is_empty(), "without Dutch: {missing:#?}");
        let read =
            |english: &str| paragraphs.iter().any(|text| text.trim_end_matches('.') == english);
        let unread: Vec<_> = nl::texts().filter(|(english, _)| !read(english)).collect();
        assert!(unread.is_empty(), "no longer used: {unread:#?}");
    }

    #[test]
    fn the_commands_are_well_formed_in_both_languages() {
        for lang in Lang::ALL {
            command(*lang).debug_assert();
        }
    }

    #[test]
    fn the_language_is_found_wherever_it_is_typed() {
        let lang = |line: &str| lang_of(line.split(' ').map(OsString::from));
        assert_eq!(lang("grondslag --lang en policy"), Lang::En);
        assert_eq!(lang("grondslag policy check --lang=en"), Lang::En);
        assert_eq!(lang("grondslag policy --lang"), Lang::Nl);
        assert_eq!(lang("grondslag policy --lang xx"), Lang::Nl);
        assert_eq!(lang("grondslag"), Lang::Nl);
    }
}
