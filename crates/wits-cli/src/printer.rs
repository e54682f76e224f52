//! The one place that writes to stdout and stderr. Stdout is data, stderr is talk.
#![allow(clippy::disallowed_macros)] // see above

use std::io::{IsTerminal as _, Write as _};

use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};
use indicatif::ProgressBar;

use crate::args::{Color, Format, Global};

use crate::progress;
pub(crate) use wits::render::escaped;

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

    /// A result for programs, if that is what is wanted.
    pub(crate) fn json(&self, mut value: serde_json::Value) {
        if let (true, Some(object)) = (self.is_json(), value.as_object_mut()) {
            object.insert("version".to_owned(), 1.into());
            self.data(format!("{value:#}\n").as_bytes());
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
    format!("{style}{verb:>12}{style:#} {}", escaped(message))
}
