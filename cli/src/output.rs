//! The only place that prints.
//!
//! People get lines of text, with colours where the terminal has them. `--json` prints exactly
//! one JSON value on standard output, whatever happens: the result, or the failure. Progress and
//! failures for people go to standard error. A reader that hangs up is no fault.

use std::io::Write as _;

use anstyle::{AnsiColor, Style};
use grondslag_core::lang::Lang;
use grondslag_core::reason::Reason;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::exit::{Exit, Failure};

/// How progress is drawn; the bar itself is drawn on standard error.
const PROGRESS: &str = "{msg} {bar:30} {pos}/{len} {eta}";
/// How progress of unknown length is drawn.
const PROGRESS_OPEN: &str = "{msg} {spinner} {pos}";

/// Where a command writes, and in which form and language.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
    lang: Lang,
}

impl Output {
    /// Writes in this form and language.
    pub(crate) const fn new(json: bool, lang: Lang) -> Self {
        Self { json, lang }
    }

    /// The result is one JSON value.
    pub(crate) const fn is_json(self) -> bool {
        self.json
    }

    /// The reader's language.
    pub(crate) const fn lang(self) -> Lang {
        self.lang
    }

    /// Whichever of the two the reader reads.
    pub(crate) const fn tr<'a>(self, nl: &'a str, en: &'a str) -> &'a str {
        match self.lang {
            Lang::Nl => nl,
            Lang::En => en,
        }
    }

    /// One line for people. Nothing with `--json`.
    pub(crate) fn line(self, text: &str) {
        if !self.is_json() {
            let _ = writeln!(anstream::stdout().lock(), "{}", plain(text));
        }
    }

    /// A remark beside the result, such as what to do next: for people, on standard error.
    pub(crate) fn note(self, text: &str) {
        if !self.json {
            let _ = writeln!(anstream::stderr().lock(), "{}", plain(text));
        }
    }

    /// Why a command that did its work ends as refused, as a remark.
    pub(crate) fn refused(self, reason: Reason) -> Exit {
        self.note(&format!("{} {}", red(reason.code()), reason.sentence(self.lang)));
        Exit::Refused
    }

    /// The result as JSON. Nothing without `--json`; a command calls this once.
    pub(crate) fn json(self, value: &impl Serialize) -> Result<(), Failure> {
        if self.json {
            let text = serde_json::to_string_pretty(value);
            let text = text.map_err(|error| Failure::new(Reason::Internal, error))?;
            let _ = writeln!(anstream::stdout().lock(), "{text}");
        }
        Ok(())
    }

    /// One of many results as JSON on a line of its own, for a command that goes on. Nothing
    /// without `--json`.
    pub(crate) fn json_line(self, value: &impl Serialize) -> Result<(), Failure> {
        if self.json {
            let text = serde_json::to_string(value);
            let text = text.map_err(|error| Failure::new(Reason::Internal, error))?;
            let _ = writeln!(anstream::stdout().lock(), "{text}");
        }
        Ok(())
    }

    /// Says why a command failed.
    pub(crate) fn failure(self, failure: &Failure) {
        let (reason, lang) = (failure.reason(), self.lang);
        if self.json {
            let _ = self.json(&failure.to_json(lang));
            return;
        }
        let mut err = anstream::stderr().lock();
        let _ = writeln!(err, "{} {}", red(reason.code()), reason.sentence(lang));
        for line in failure.detail(lang).lines() {
            let _ = writeln!(err, "  {}", plain(line));
        }
    }

    /// A bar that shows how far something is, on standard error. Hidden with `--json` and where
    /// there is no terminal.
    pub(crate) fn progress(self, len: Option<u64>, label: &str) -> ProgressBar {
        let target =
            if self.json { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let form = if len.is_some() { PROGRESS } else { PROGRESS_OPEN };
        let style = ProgressStyle::with_template(form);
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(len, target).with_style(style);
        bar.with_message(label.to_owned())
    }
}

/// What must be read whatever the form of the result: one line on standard error.
pub(crate) fn alarm(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{}", plain(text));
}

/// What others wrote moves no cursor, clears no screen and sets no title: of the control characters
/// only line breaks, tabs and colours (SGR, ECMA-48) go through. The rest shows as one that is
/// none.
fn plain(text: &str) -> String {
    let (mut shown, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(next) = rest.chars().next() {
        let colour = colour(rest);
        let (part, after) = rest.split_at(colour.unwrap_or(next.len_utf8()));
        let is_plain = colour.is_some() || matches!(next, '\n' | '\t') || !next.is_control();
        shown.push_str(if is_plain { part } else { "\u{fffd}" });
        rest = after;
    }
    shown
}

/// Length of a colour that a text begins with.
fn colour(text: &str) -> Option<usize> {
    let codes = text.strip_prefix("\u{1b}[")?;
    let end = codes.find(|one: char| !one.is_ascii_digit() && one != ';')?;
    let is_colour = codes.get(end..).is_some_and(|after| after.starts_with('m'));
    is_colour.then_some("\u{1b}[m".len() + end)
}

/// Green: permitted, sound.
pub(crate) fn green(text: &str) -> String {
    tint(AnsiColor::Green.on_default(), text)
}

/// Yellow: to be looked at.
pub(crate) fn yellow(text: &str) -> String {
    tint(AnsiColor::Yellow.on_default(), text)
}

/// Red: refused, wrong.
pub(crate) fn red(text: &str) -> String {
    tint(AnsiColor::Red.on_default().bold(), text)
}

/// Bold: a heading or a name.
pub(crate) fn bold(text: &str) -> String {
    tint(Style::new().bold(), text)
}

/// Dim: of lesser weight.
pub(crate) fn dim(text: &str) -> String {
    tint(Style::new().dimmed(), text)
}

/// Colours are taken out again where the reader is no terminal.
fn tint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_moves_no_cursor_and_colours_stay() {
        let told = format!("{} wacht\n\u{e9}\u{e9}n dag\t{}", red("acuut"), bold("x"));
        assert_eq!(plain(&told), told);
        for (hostile, shown) in [
            ("a\u{1b}[2Jb", "a\u{fffd}[2Jb"),
            ("a\rb", "a\u{fffd}b"),
            ("\u{1b}]0;titel\u{7}", "\u{fffd}]0;titel\u{fffd}"),
            ("\u{9b}2J", "\u{fffd}2J"),
            ("\u{1b}[31", "\u{fffd}[31"),
            ("\u{1b}", "\u{fffd}"),
            ("\u{1b}[1;1H", "\u{fffd}[1;1H"),
        ] {
            assert_eq!(plain(hostile), shown, "{hostile:?}");
        }
    }
}
