//! A place in a text file, carried by errors so that a front end can show the line.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use crate::printable;

/// A range of bytes in a file whose text is at hand.
#[derive(Clone, PartialEq, Eq)]
pub struct SourceSpan {
    /// The file, as the user would name it.
    pub path: PathBuf,
    /// The whole text of the file.
    pub text: Arc<str>,
    /// The bytes that are meant; within `text`, on character boundaries.
    pub range: Range<usize>,
}

impl SourceSpan {
    /// A span over `range` of `text`, moved to the nearest character boundaries within it.
    pub fn new(path: impl Into<PathBuf>, text: impl Into<Arc<str>>, range: Range<usize>) -> Self {
        let text = text.into();
        let floor = |mut at: usize| {
            at = at.min(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = floor(range.start);
        let end = floor(range.end).max(start);
        Self {
            path: path.into(),
            range: start..end,
            text,
        }
    }

    /// The line and the column of the start, both counted from 1; the column counts characters.
    pub fn line_column(&self) -> (usize, usize) {
        let before = &self.text[..self.range.start];
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        (line, column)
    }
}

impl std::fmt::Display for SourceSpan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (line, column) = self.line_column();
        let path = self.path.display().to_string();
        write!(f, "{}:{line}:{column}", printable::line(&path))
    }
}

impl std::fmt::Debug for SourceSpan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_characters_from_one() {
        let span = SourceSpan::new("a.wit", "ab\nc\u{e9}d\n", 6..7);
        assert_eq!(span.to_string(), "a.wit:2:3");
        assert_eq!(SourceSpan::new("a.wit", "", 0..9).to_string(), "a.wit:1:1");
        assert_eq!(SourceSpan::new("a.wit", "\u{e9}", 1..2).range, 0..2);
    }
}
