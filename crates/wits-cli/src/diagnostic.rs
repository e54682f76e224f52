//! Errors and notes as text: a message, the lines of the user's text that it is about, and what to do.

use std::ops::Range;
use std::path::Path;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use wits::model::{SourceSpan, printable};
use wits::ops::verify::Finding;
use wits::{Error, Note};

fn render(groups: &[Group<'_>]) -> String {
    // Styles are taken away again by the stream where they are not wanted.
    Renderer::styled().render(groups)
}

/// The text around a span, printable, and where in it the span is.
struct Excerpt {
    path: String,
    text: String,
    range: Range<usize>,
}

impl Excerpt {
    fn of(span: &SourceSpan, here: &Path) -> Self {
        let Range { start, end } = span.range;
        let before = printable::source(&span.text[..start]);
        let meant = printable::source(&span.text[start..end]);
        let after = printable::source(&span.text[end..]);
        Self {
            path: shown(span, here),
            range: before.len()..before.len() + meant.len(),
            text: [before, meant, after].concat(),
        }
    }

    fn snippet<'a>(
        &'a self,
        kind: AnnotationKind,
        label: Option<&'a str>,
    ) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
        Snippet::source(&self.text)
            .path(&self.path)
            .annotation(kind.span(self.range.clone()).label(label))
    }
}

/// The file of a span, as seen from `here`.
fn shown(span: &SourceSpan, here: &Path) -> String {
    let path = span.path.strip_prefix(here).unwrap_or(&span.path);
    printable::line(&path.display().to_string()).into_owned()
}

/// An error, or several of them one after another.
pub(crate) fn error(error: &Error, here: &Path) -> String {
    if let Error::Several(errors) = error {
        let each: Vec<String> = errors
            .iter()
            .map(|error| self::error(error, here))
            .collect();
        return each.join("\n\n");
    }
    let message = printable::lines(&error.to_string()).into_owned();
    let mut group = Group::with_title(Level::ERROR.primary_title(message));
    let first = error.span().map(|span| Excerpt::of(span, here));
    if let Some(excerpt) = &first {
        group = group.element(excerpt.snippet(AnnotationKind::Primary, None));
    }
    let second = error.secondary_span();
    let second = second.map(|(span, label)| (Excerpt::of(span, here), label));
    if let Some((excerpt, label)) = &second {
        group = group.element(excerpt.snippet(AnnotationKind::Context, Some(label)));
    }
    for help in error.help() {
        group = group.element(Level::HELP.message(printable::lines(&help).into_owned()));
    }
    render(&[group])
}

/// A note or a warning.
pub(crate) fn note(note: &Note) -> String {
    let level = if note.is_warning() {
        Level::WARNING
    } else {
        Level::NOTE
    };
    render(&[Group::with_title(
        level.primary_title(printable::lines(&note.to_string()).into_owned()),
    )])
}

/// What a verification found, with what to do about it or without.
pub(crate) fn finding(finding: &Finding, here: &Path, with_help: bool) -> String {
    let path = printable::line(&finding.path.display().to_string()).into_owned();
    let title = match finding.span {
        Some(_) => printable::lines(&finding.message).into_owned(),
        None => format!("`{path}`: {}", printable::lines(&finding.message)),
    };
    let mut group = Group::with_title(Level::ERROR.primary_title(title));
    let excerpt = finding.span.as_ref();
    let excerpt = excerpt.map(|span| Excerpt::of(span, here));
    if let Some(excerpt) = &excerpt {
        group = group.element(excerpt.snippet(AnnotationKind::Primary, None));
    }
    if let (Some(expected), Some(found)) = (&finding.expected, &finding.found)
        && !(finding.message.contains(expected) && finding.message.contains(found))
    {
        group =
            group.element(Level::NOTE.message(format!("expected {}", printable::lines(expected))));
        group = group.element(Level::NOTE.message(format!("found {}", printable::lines(found))));
    }
    for help in finding.help.iter().filter(|_| with_help) {
        group = group.element(Level::HELP.message(printable::lines(help)));
    }
    render(&[group])
}

/// Something that is worth knowing and is no note of the library's.
pub(crate) fn remark(message: &str) -> String {
    render(&[Group::with_title(
        Level::NOTE.primary_title(printable::lines(message)),
    )])
}

/// Wrong usage that clap cannot see.
pub(crate) fn usage(message: &str) -> String {
    render(&[Group::with_title(
        Level::ERROR.primary_title(printable::lines(message)),
    )])
}

/// A panic.
pub(crate) fn bug(panic: &str) -> String {
    let title = Level::ERROR.primary_title("this is a bug in wits");
    let report = "please report it, with the command and what it printed";
    render(&[Group::with_title(title)
        .element(Level::NOTE.message(printable::lines(panic)))
        .element(Level::HELP.message(report))])
}
