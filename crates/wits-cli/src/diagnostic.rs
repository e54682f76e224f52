//! Errors and notes as text: a message, the lines of the user's text that it is about, and what to do.

use std::path::Path;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use wits::model::SourceSpan;
use wits::ops::verify::Finding;
use wits::render::escaped;
use wits::{Error, Note};

fn render(groups: &[Group<'_>]) -> String {
    // Styles are taken away again by the stream where they are not wanted.
    Renderer::styled().render(groups)
}

fn snippet<'a>(
    span: &'a SourceSpan,
    path: &'a str,
    kind: AnnotationKind,
    label: Option<&'a str>,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    Snippet::source(&*span.text)
        .path(path)
        .annotation(kind.span(span.range.clone()).label(label))
}

/// The file of a span, as seen from `here`.
fn shown(span: &SourceSpan, here: &Path) -> String {
    let path = span.path.strip_prefix(here).unwrap_or(&span.path);
    escaped(&path.display().to_string())
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
    let message = escaped(&error.to_string());
    let mut group = Group::with_title(Level::ERROR.primary_title(message));
    let path = error
        .span()
        .map(|span| shown(span, here))
        .unwrap_or_default();
    if let Some(span) = error.span() {
        group = group.element(snippet(span, &path, AnnotationKind::Primary, None));
    }
    let second = error.secondary_span();
    let second_path = second
        .map(|(span, _)| shown(span, here))
        .unwrap_or_default();
    if let Some((span, label)) = second {
        group = group.element(snippet(
            span,
            &second_path,
            AnnotationKind::Context,
            Some(label),
        ));
    }
    for help in error.help() {
        group = group.element(Level::HELP.message(escaped(&help)));
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
        level.primary_title(escaped(&note.to_string())),
    )])
}

/// What a verification found, with what to do about it or without.
pub(crate) fn finding(finding: &Finding, here: &Path, with_help: bool) -> String {
    let path = escaped(&finding.path.display().to_string());
    let title = match finding.span {
        Some(_) => escaped(&finding.message),
        None => format!("`{path}`: {}", escaped(&finding.message)),
    };
    let mut group = Group::with_title(Level::ERROR.primary_title(title));
    let path = finding.span.as_ref().map(|span| shown(span, here));
    if let (Some(span), Some(path)) = (&finding.span, &path) {
        group = group.element(snippet(span, path, AnnotationKind::Primary, None));
    }
    if let (Some(expected), Some(found)) = (&finding.expected, &finding.found)
        && !(finding.message.contains(expected) && finding.message.contains(found))
    {
        group = group.element(Level::NOTE.message(format!("expected {}", escaped(expected))));
        group = group.element(Level::NOTE.message(format!("found {}", escaped(found))));
    }
    for help in finding.help.iter().filter(|_| with_help) {
        group = group.element(Level::HELP.message(escaped(help)));
    }
    render(&[group])
}

/// Something that is worth knowing and is no note of the library's.
pub(crate) fn remark(message: &str) -> String {
    render(&[Group::with_title(
        Level::NOTE.primary_title(escaped(message)),
    )])
}

/// Wrong usage that clap cannot see.
pub(crate) fn usage(message: &str) -> String {
    render(&[Group::with_title(
        Level::ERROR.primary_title(escaped(message)),
    )])
}

/// A panic.
pub(crate) fn bug(panic: &str) -> String {
    let title = Level::ERROR.primary_title("this is a bug in wits");
    let report = "please report it, with the command and what it printed";
    render(&[Group::with_title(title)
        .element(Level::NOTE.message(escaped(panic)))
        .element(Level::HELP.message(report))])
}
