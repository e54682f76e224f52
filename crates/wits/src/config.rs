//! Routes: which files are read for them, and in which order.
//!
//! The layers are, first to last: what the command line or the environment names, the project's
//! `registry.toml`, the user's, and what is built in. How they are merged is for
//! [`wits_model::routes`].

use std::path::{Path, PathBuf};

use wits_model::routes::{Layer, RouteFile, Routes};

use crate::project::{Workspace, read_text};
use crate::{Context, Error};

/// The name of the file of routes.
pub(crate) const ROUTES: &str = "registry.toml";

/// A file of routes, and whose it is.
pub(crate) struct ConfigFile {
    pub(crate) path: PathBuf,
    layer: Layer,
}

/// The files that count in a workspace, or where the user stands if there is none, the first winning.
pub(crate) fn files(context: &Context, workspace: Option<&Workspace>) -> Vec<ConfigFile> {
    let explicit = context.config.explicit.clone().map(|path| ConfigFile {
        path,
        layer: Layer::CommandLine,
    });
    let own = match (workspace, &context.here) {
        (Some(workspace), _) => project_file(workspace.routes_root(), &workspace.root),
        (None, Some(here)) => project_file(here, here),
        (None, None) => None,
    };
    let own = own.map(|path| ConfigFile {
        path,
        layer: Layer::Project,
    });
    let user = context.config.user.clone().filter(|file| file.is_file());
    let user = user.map(|path| ConfigFile {
        path,
        layer: Layer::User,
    });
    explicit.into_iter().chain(own).chain(user).collect()
}

/// Reads and merges them.
pub(crate) fn load(context: &Context, workspace: Option<&Workspace>) -> Result<Routes, Error> {
    let mut layers = Vec::new();
    for file in files(context, workspace) {
        let text = read_text(context, &file.path)?;
        layers.push(RouteFile::parse(&text, &file.path, file.layer)?);
    }
    Ok(Routes::merge(layers)?)
}

/// The nearest `registry.toml` upward from the project's root, no further than the root of the workspace
/// or, where that is the project itself, of the version control it is in.
fn project_file(root: &Path, workspace: &Path) -> Option<PathBuf> {
    let under_control = |dir: &Path| {
        [".git", ".hg", ".jj"]
            .iter()
            .any(|name| dir.join(name).exists())
    };
    let last = if workspace == root {
        root.ancestors()
            .find(|dir| under_control(dir))
            .unwrap_or(root)
    } else {
        workspace
    };
    root.ancestors()
        .take_while(|dir| dir.starts_with(last))
        .map(|dir| dir.join(ROUTES))
        .find(|file| file.is_file())
}
