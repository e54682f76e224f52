//! The texts behind wit-parser's spans.
//!
//! wit-parser numbers the bytes of all files of a package one after the other and knows a file by a
//! string. Files are given to it under their position instead of their path, because a path need not
//! be UTF-8, and because two files may be shown to the user under one name.

use std::path::PathBuf;
use std::sync::Arc;

use wit_parser::{ParseErrorKind, SourceMap, Span};
use wits_model::{SourceSpan, printable};

use crate::error::WitError;

/// The files of one package, in the order in which wit-parser numbers them.
#[derive(Debug, Clone)]
pub(crate) struct Texts(Arc<[(PathBuf, Arc<str>)]>);

impl Texts {
    /// Takes the files of a package, sorted by path.
    pub(crate) fn new(files: Vec<(PathBuf, Arc<str>)>) -> Self {
        Self(files.into())
    }

    /// How many bytes wit-parser counts: those of all files, and one for the end of each.
    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(|(_, text)| text.len() + 1).sum()
    }

    /// All the texts, one after the other.
    pub(crate) fn concat(&self) -> String {
        self.0.iter().map(|(_, text)| &**text).collect()
    }

    /// The files, under the names by which [`Texts::locate`] knows them.
    pub(crate) fn source_map(&self) -> SourceMap {
        let mut map = SourceMap::new();
        for (position, (_, text)) in self.0.iter().enumerate() {
            map.push_str(&file_key(position), &**text);
        }
        map
    }

    /// The place of `span`, a span in `map`, which holds these files alone.
    pub(crate) fn locate(&self, map: &SourceMap, span: Span) -> Option<SourceSpan> {
        let location = map.resolve_span(span)?;
        let (path, text) = self.0.get(location.path.parse::<usize>().ok()?)?;
        Some(SourceSpan::new(path, text.clone(), location.range))
    }

    /// The paths of the files.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        self.0.iter().map(|(path, _)| path.clone()).collect()
    }

    /// What wit-parser said about these files.
    pub(crate) fn error(&self, map: &SourceMap, kind: &ParseErrorKind) -> WitError {
        let span = self.locate(map, kind.span()).map(Box::new);
        match kind {
            ParseErrorKind::ItemNotFound {
                name, kind, hint, ..
            } => WitError::ItemNotFound {
                kind: kind.clone(),
                name: name.clone(),
                hint: hint.clone(),
                span,
            },
            ParseErrorKind::TypeCycle { name, kind, .. } => WitError::ItemCycle {
                kind: kind.clone(),
                name: name.clone(),
                span,
            },
            other => {
                if let Some((character, span)) = self.forbidden(kind) {
                    let code = u32::from(character);
                    return WitError::Syntax {
                        message: format!("the character U+{code:04X} is not allowed in WIT"),
                        hint: None,
                        span: Some(Box::new(span)),
                    };
                }
                let (message, hint) = clean(&other.to_string());
                WitError::Syntax {
                    message,
                    hint,
                    span,
                }
            }
        }
    }

    /// The character that the lexer refuses before it lexes. It is reported with an offset that counts
    /// from the start of its own file, not of the first one.
    fn forbidden(&self, kind: &ParseErrorKind) -> Option<(char, SourceSpan)> {
        let ParseErrorKind::Lex(error) = kind else {
            return None;
        };
        let message = error.to_string();
        if !["Control code", "Codepoint", "Input contains"]
            .iter()
            .any(|start| message.starts_with(start))
        {
            return None;
        }
        let at = usize::try_from(error.position()).ok()?;
        self.0.iter().find_map(|(path, text)| {
            let found = text.get(at..)?.chars().next()?;
            message
                .contains(&found.escape_unicode().to_string())
                .then(|| {
                    let range = at..at + found.len_utf8();
                    (found, SourceSpan::new(path, text.clone(), range))
                })
        })
    }
}

fn file_key(position: usize) -> String {
    // wit-parser sorts the files by their names.
    format!("{position:010}")
}

/// The longest reason that is repeated, in characters: names in a binary may have any length.
const LONGEST: usize = 1_000;

/// A message of wit-parser as one lower-case line, and the rest of it; both may hold text of a package.
pub(crate) fn clean(message: &str) -> (String, Option<String>) {
    let (first, rest) = message.split_once('\n').unwrap_or((message, ""));
    let first = first.trim_end().trim_end_matches(['.', ':']);
    let mut chars = first.chars();
    let head = match (chars.next(), chars.clone().next()) {
        // `Control code` begins a sentence, `WIT` does not.
        (Some(upper), Some(next)) if upper.is_uppercase() && !next.is_uppercase() => {
            upper.to_lowercase().chain(chars).collect()
        }
        _ => first.to_owned(),
    };
    let rest = rest.split_whitespace().collect::<Vec<_>>().join(" ");
    let rest = (!rest.is_empty()).then(|| printable::short(&rest, LONGEST));
    (printable::short(&head, LONGEST), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_lower_case_line() {
        let cases = [
            ("Control code '\\u{1b}'", "control code '\\u{1b}'", None),
            ("WIT is WIT.", "WIT is WIT", None),
            ("no such:\n  a\n  b", "no such", Some("a b")),
            ("", "", None),
        ];
        for (message, line, hint) in cases {
            assert_eq!(
                clean(message),
                (line.to_owned(), hint.map(str::to_owned)),
                "{message}"
            );
        }
    }
}
