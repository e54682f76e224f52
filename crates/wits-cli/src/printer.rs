//! The one place that writes to stdout and stderr. Stdout is data, stderr is talk.
#![allow(clippy::disallowed_macros)] // see above

use std::io::{IsTerminal as _, Write as _};

use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};
use indicatif::ProgressBar;

use crate::args::{Color, Format, Global};

use crate::progress;
use wits::model::printable;

/// Writes what a command has to say, above the line of progress if there is one.
#[derive(Debug, Clone)]
pub(crate) struct Printer {
    bar: Option<ProgressBar>,
    quiet: bool,
    verbose: bool,
    format: Format,
}

impl Printer {
    pub(crate) fn new(global: &Global) -> Self {
        match global.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        }
        .write_global();
        let may_draw = !global.quiet && std::io::stderr().is_terminal();
        Self {
            bar: may_draw.then(progress::bar),
            quiet: global.quiet,
            verbose: global.verbose,
            format: global.format,
        }
    }

    /// Whether results are for programs.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// The line of progress, on a terminal.
    pub(crate) fn bar(&self) -> Option<&ProgressBar> {
        self.bar.as_ref()
    }

    /// Writes a line of talk.
    fn talk(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| anstream::eprintln!("{line}")),
            None => anstream::eprintln!("{line}"),
        }
    }

    /// A result, for programs or as it is: bytes on stdout.
    #[allow(clippy::unused_self)] // only who holds a printer may write
    pub(crate) fn data(&self, bytes: &[u8]) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        // A reader that went away has had what it wanted.
        let mut stdout = std::io::stdout().lock();
        let _ = stdout.write_all(bytes);
        let _ = stdout.flush();
    }

    /// A package: its bytes as they are, but for a terminal, which is shown text and nothing to act on.
    ///
    /// # Errors
    /// If it is no text, and there is a terminal.
    pub(crate) fn package(&self, bytes: &[u8]) -> Result<(), &'static str> {
        if !std::io::stdout().is_terminal() {
            self.data(bytes);
            return Ok(());
        }
        let text = std::str::from_utf8(bytes);
        let text = text.map_err(|_| "a Wasm binary is not for a terminal")?;
        self.data(printable::source(text).as_bytes());
        Ok(())
    }

    /// A result for programs, if that is what is wanted.
    pub(crate) fn json(&self, mut value: serde_json::Value) {
        if let (true, Some(object)) = (self.is_json(), value.as_object_mut()) {
            object.insert("version".to_owned(), 1.into());
            self.data(json_text(&value).as_bytes());
        }
    }

    /// What was done: a verb and a sentence, as cargo says it.
    pub(crate) fn status(&self, verb: &str, message: &str) {
        if !self.quiet {
            self.talk(&verb_line(verb, AnsiColor::Green, message));
        }
    }

    /// What only some want to know.
    pub(crate) fn detail(&self, verb: &str, message: &str) {
        if self.verbose {
            self.talk(&verb_line(verb, AnsiColor::Cyan, message));
        }
    }

    /// A note or a warning that was made text by [`crate::diagnostic`].
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.talk(text);
        }
    }

    /// An error that was made text by [`crate::diagnostic`].
    pub(crate) fn error(&self, text: &str) {
        self.talk(text);
    }
}

fn verb_line(verb: &str, color: AnsiColor, message: &str) -> String {
    let style = Style::new().bold().fg_color(Some(color.into()));
    let message = printable::line(message);
    format!("{style}{verb:>12}{style:#} {message}")
}

/// The text of a result for programs. What a terminal would act on is written in JSON's own escapes: the
/// same to a program, and safe for whoever only looks at it.
fn json_text(value: &serde_json::Value) -> String {
    let mut out = String::new();
    for c in format!("{value:#}\n").chars() {
        // Line ends are between values; in one they are escaped already.
        if c == '\n' || printable::is_shown(c) {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = std::fmt::Write::write_fmt(&mut out, format_args!("\\u{unit:04x}"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_the_same_to_a_program_and_safe_to_look_at() {
        let hostile = "a\n\r\u{1b}[2J\u{7f}\u{9b}\u{202e}\u{200b}\u{e0041}é";
        let value = serde_json::json!({ "k": [hostile], hostile: 1 });
        let text = json_text(&value);
        assert!(
            text.contains("\\u202e") && text.contains("\\udb40\\udc41"),
            "{text}"
        );
        assert!(text.chars().all(|c| c == '\n' || printable::is_shown(c)));
        let again: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(again, value);
    }
}
