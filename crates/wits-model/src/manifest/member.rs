//! Which directories are members of a workspace.

use crate::SourceSpan;

/// A directory, or several by `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The pattern: relative to the file, with `/` between its parts on every system, without `.`,
    /// `..` and empty parts; `.` alone is the directory of the file.
    pub pattern: String,
    /// Where it is written.
    pub span: SourceSpan,
}

impl Member {
    /// Checks a pattern and removes its `.` and empty parts.
    ///
    /// A member lies below the file, since it finds its workspace by going upward.
    pub(super) fn normalise(pattern: &str) -> Result<String, &'static str> {
        if pattern.is_empty() {
            return Err("a member is a directory, such as `a` or `b/*`");
        }
        if pattern.starts_with('/') || pattern.contains([':', '\\', '\0']) {
            return Err("a member is relative to this file, with `/` between its parts");
        }
        if pattern.contains("**") || pattern.contains(['?', '[', ']', '{', '}']) {
            return Err(
                "a member may hold `*` for the names in one directory, and no other pattern",
            );
        }
        let parts: Vec<_> = pattern
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .collect();
        if parts.contains(&"..") {
            return Err("a member lies below the directory of this file");
        }
        Ok(if parts.is_empty() {
            ".".to_owned()
        } else {
            parts.join("/")
        })
    }

    /// The parts of the pattern, from the directory of the file downward; none for `.`.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.pattern.split('/').filter(|part| *part != ".")
    }

    /// Whether the directory name `name` fits `part`, one of [`Self::parts`]. A name that begins with
    /// `.` fits only a part that does too.
    pub fn part_matches(part: &str, name: &str) -> bool {
        if name.starts_with('.') && !part.starts_with('.') {
            return false;
        }
        let mut pieces = part.split('*');
        let first = pieces.next().unwrap_or_default();
        let Some(mut rest) = name.strip_prefix(first) else {
            return false;
        };
        let Some(last) = pieces.next_back() else {
            return rest.is_empty();
        };
        for piece in pieces {
            let Some(at) = rest.find(piece) else {
                return false;
            };
            rest = &rest[at + piece.len()..];
        }
        rest.ends_with(last)
    }
}
