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
            let _ = writeln!(anstream::stdout().lock(), "{text}");
        }
    }

    /// A remark beside the result, such as what to do next: for people, on standard error.
    pub(crate) fn note(self, text: &str) {
        if !self.json {
            let _ = writeln!(anstream::stderr().lock(), "{text}");
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
            let _ = writeln!(err, "  {line}");
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
    let _ = writeln!(anstream::stderr().lock(), "{text}");
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
