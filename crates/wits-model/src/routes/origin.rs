//! Where a mapping comes from.

use std::fmt;
use std::path::Path;

use crate::SourceSpan;

/// Who speaks, from the first to the last: an earlier layer wins a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// `--registry`, or the file of `--config`.
    CommandLine,
    /// `WITS_REGISTRY`, or the file of `WITS_CONFIG`.
    Environment,
    /// The project's `registry.toml`: it comes with a checkout and is not trusted with everything.
    Project,
    /// The user's own `registry.toml`.
    User,
    /// The user's `wasm-pkg/config.toml`.
    Wkg,
    /// What wits knows without any file.
    BuiltIn,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CommandLine => "command line",
            Self::Environment => "environment",
            Self::Project => "project",
            Self::User => "user",
            Self::Wkg => "wkg",
            Self::BuiltIn => "built in",
        })
    }
}

/// The layer of a mapping, and its place if it stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The layer.
    pub layer: Layer,
    /// The place.
    pub span: Option<SourceSpan>,
}

impl Origin {
    /// The file, if there is one.
    pub fn file(&self) -> Option<&Path> {
        self.span.as_ref().map(|span| span.path.as_path())
    }

    /// The line in the file, counted from 1.
    pub fn line(&self) -> Option<usize> {
        self.span.as_ref().map(|span| span.line_column().0)
    }
}

impl From<Layer> for Origin {
    fn from(layer: Layer) -> Self {
        Self { layer, span: None }
    }
}

/// `FILE:LINE`, or the layer where there is no file.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.file(), self.line()) {
            (Some(file), Some(line)) => write!(f, "{}:{line}", file.display()),
            _ => self.layer.fmt(f),
        }
    }
}
