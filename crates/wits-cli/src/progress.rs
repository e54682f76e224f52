//! What is happening: a line on a terminal that goes away, and notes as they come.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use wits::model::printable;
use wits::{Note, Progress, Reporter};

use crate::diagnostic;
use crate::printer::Printer;

/// Shows notes at once, and progress where there is a terminal and the work takes time.
pub(crate) struct Progressing {
    printer: Printer,
}

impl Progressing {
    pub(crate) fn new(printer: &Printer) -> Self {
        Self {
            printer: printer.clone(),
        }
    }
}

/// A line of progress, which is drawn when there is something to show.
pub(crate) fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    // The template is a constant that a test renders.
    if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
        bar.set_style(style);
    }
    bar
}

const TEMPLATE: &str = "{prefix:>12.green.bold} {pos}/{len} {wide_msg}";

impl Drop for Progressing {
    fn drop(&mut self) {
        if let Some(bar) = self.printer.bar() {
            bar.finish_and_clear();
        }
    }
}

impl Reporter for Progressing {
    fn note(&self, note: &Note) {
        self.printer.note(&diagnostic::note(note));
    }

    fn progress(&self, progress: &Progress) {
        if let Progress::Resolved {
            package,
            fetched: true,
            ..
        } = progress
        {
            self.printer.detail("Fetched", &package.to_string());
        }
        let Some(bar) = self.printer.bar() else {
            return;
        };
        match progress {
            Progress::Resolving { package, known } => {
                bar.set_prefix("Fetching");
                bar.set_length(*known as u64);
                bar.set_message(printable::line(&package.to_string()).into_owned());
                bar.enable_steady_tick(Duration::from_millis(100));
            }
            Progress::Resolved { done, known, .. } => {
                bar.set_length(*known as u64);
                bar.set_position(*done as u64);
            }
            Progress::Publishing { package, to } => {
                bar.set_prefix("Publishing");
                let message = format!("{package} to {to}");
                bar.set_message(printable::line(&message).into_owned());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_one() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
    }
}
