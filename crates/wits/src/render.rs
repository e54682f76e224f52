//! Errors and notes as plain text, with the lines of the user's text that they are about.
//!
//! The command draws its own, with colour and on the width of a terminal. This is for whoever has neither: a
//! build script, whose words cargo repeats, and tools that embed wits and log text.
//!
//! ```text
//! error: `acme:store@1.0.0` is not in wits.lock, and wits is offline
//!  --> wit/world.wit:4:12
//!   |
//! 4 |     import acme:store/store@1.0.0;
//!   |            ^^^^^^^^^^^^^^^^^^^^^^
//!   = help: run `wits fetch` once with the network
//! ```

use wits_model::{SourceSpan, printable};

use crate::{Error, Note};

/// An error as text of several lines, without a line end at the end; several errors are told one after
/// another, with an empty line between.
///
/// ```
/// use std::path::Path;
/// use wits::{Context, Workspace};
///
/// let empty = tempfile::tempdir()?;
/// let context = Context::new(empty.path().join("cache"));
/// if let Err(error) = Workspace::find(&context, empty.path(), None) {
///     let text = wits::render::error(&error);
///     assert!(text.starts_with("error: there is no WIT project in"));
///     assert!(text.contains("  = help: run `wits init ns:name` to begin one"));
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn error(error: &Error) -> String {
    match error {
        Error::Several(errors) => {
            let each: Vec<String> = errors.iter().map(self::error).collect();
            each.join("\n\n")
        }
        error => format!("error: {}", body(error)),
    }
}

/// A note or a warning as text.
///
/// ```
/// let note = wits::Note::CacheNotUsed { reason: "the cache is full".to_owned() };
/// assert_eq!(wits::render::note(&note), "warning: the cache is full");
/// ```
pub fn note(note: &Note) -> String {
    let level = if note.is_warning() { "warning" } else { "note" };
    format!("{level}: {}", message(&note.to_string(), level.len() + 2))
}

/// One error without its first word.
fn body(error: &Error) -> String {
    let mut lines = vec![message(&error.to_string(), "error: ".len())];
    let gutter = [error.span(), error.secondary_span().map(|(span, _)| span)]
        .into_iter()
        .flatten()
        .map(|span| span.line_column().0.to_string().len())
        .max()
        .unwrap_or(1);
    if let Some(span) = error.span() {
        lines.extend(excerpt(span, gutter, '^', None));
    }
    if let Some((span, label)) = error.secondary_span() {
        lines.extend(excerpt(span, gutter, '-', Some(label)));
    }
    for help in error.help() {
        let indent = " ".repeat(gutter + 1);
        let help = message(&help, indent.len() + "= help: ".len());
        lines.push(format!("{indent}= help: {help}"));
    }
    lines.join("\n")
}

/// Where a span is, its first line, and marks under what is meant.
fn excerpt(span: &SourceSpan, gutter: usize, mark: char, label: Option<&str>) -> Vec<String> {
    let (number, column) = span.line_column();
    let line_start = span.text[..span.range.start]
        .rfind('\n')
        .map_or(0, |at| at + 1);
    let line = span.text[line_start..].lines().next().unwrap_or_default();
    let line_end = line_start + line.len();
    let end = span.range.end.min(line_end).max(span.range.start);
    // What is escaped takes more room than one character, so both sides are measured as they are shown.
    let before = shown(&span.text[line_start..span.range.start]);
    let meant = shown(&span.text[span.range.start..end]);
    let marks: String = std::iter::repeat_n(mark, meant.chars().count().max(1)).collect();
    let space = " ".repeat(before.chars().count());
    let label = label.map(|label| format!(" {label}")).unwrap_or_default();
    let margin = " ".repeat(gutter);
    vec![
        format!(
            "{margin}--> {}:{number}:{column}",
            printable::line(&span.path.display().to_string())
        ),
        format!("{margin} |"),
        format!("{number:>gutter$} | {}", shown(line))
            .trim_end()
            .to_owned(),
        format!("{margin} | {space}{marks}{label}"),
    ]
}

/// A part of a line, with tabs as wide as a character.
fn shown(text: &str) -> String {
    printable::line(&text.replace('\t', " ")).into_owned()
}

/// A message of ours, in which text from outside may stand: if it has several lines, none but the first
/// begins where a line of its own would.
fn message(text: &str, indent: usize) -> String {
    let indent = format!("\n{}", " ".repeat(indent));
    printable::lines(text).replace('\n', &indent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unversioned(text: &str, word: &str) -> Error {
        let at = text.find(word).expect("the word");
        Error::Unversioned {
            package: "acme:store".parse().expect("a name"),
            span: Box::new(SourceSpan::new("wit/world.wit", text, at..at + word.len())),
            available: Vec::new(),
        }
    }

    #[test]
    fn shows_the_line_and_what_to_do() {
        let text = "package a:b;\n\nworld w {\n\timport acme:store/kv;\n}\n";
        assert_eq!(
            error(&unversioned(text, "acme:store/kv")),
            "error: `acme:store` is imported without a version\n \
             --> wit/world.wit:4:9\n  \
             |\n\
             4 |  import acme:store/kv;\n  \
             |         ^^^^^^^^^^^^^\n  \
             = help: write the version: WIT has exact versions only"
        );
    }

    #[test]
    fn several_errors_are_told_one_after_another() {
        let text = "world w { import acme:store/kv; }";
        let both = Error::Several(vec![
            unversioned(text, "kv"),
            Error::Bug("b\u{1b}".to_owned()),
        ]);
        let told = error(&both);
        assert_eq!(told.matches("error: ").count(), 2, "{told}");
        assert!(told.contains("in wits: b\\u{1b}"), "{told}");
    }

    #[test]
    fn a_span_that_goes_on_is_marked_on_its_first_line_and_an_empty_one_once() {
        let text = "0\n".repeat(9) + "ab\ncd";
        let told = |range| excerpt(&SourceSpan::new("f", text.as_str(), range), 2, '^', None);
        let end = text.len();
        assert_eq!(
            told(18..end),
            ["  --> f:10:1", "   |", "10 | ab", "   | ^^"]
        );
        assert_eq!(told(end..end).last().unwrap(), "   |   ^");
    }
}
