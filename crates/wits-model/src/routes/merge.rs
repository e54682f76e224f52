//! All layers together.

use super::{Origin, Route, RouteError, RouteFile};
use crate::PackageName;

/// What is in force.
#[derive(Debug, Clone)]
pub struct Routes {}

/// One effective key, for `wits config show`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key, as a dotted TOML key: `packages."acme:secret".registry`.
    pub key: String,
    /// The value, as text.
    pub value: String,
    /// Who says so.
    pub origin: Origin,
}

impl Routes {
    /// What is in force without any file.
    pub fn built_in() -> Self {
        todo!()
    }

    /// Merges `files`, the first winning each key, with the built-in mappings after them all.
    ///
    /// # Errors
    /// [`RouteError::ProjectReroutes`], if a project's file wins a key and sends it elsewhere than the
    /// user's own files do.
    pub fn merge(_files: impl IntoIterator<Item = RouteFile>) -> Result<Self, RouteError> {
        todo!()
    }

    /// The one registry that serves `name`, if any does.
    pub fn route(&self, _name: &PackageName) -> Option<Route> {
        todo!()
    }

    /// Whether a copy of `name` embedded in another package may differ from the real one.
    pub fn allows_skew(&self, _name: &PackageName) -> bool {
        todo!()
    }

    /// Whether `name` may be taken from a copy embedded in another package.
    pub fn allows_embedded(&self, _name: &PackageName) -> bool {
        todo!()
    }

    /// Every effective key, in the order of the file.
    pub fn entries(&self) -> Vec<Entry> {
        todo!()
    }
}
