//! Routes: which files are read for them, and in which order.
//!
//! The layers are, first to last: what the command line names, what the environment names, the project's
//! `registry.toml`, the user's, the user's configuration of wkg, and what is built in. How they are
//! merged is for [`wits_model::routes`].
//!
//! A checkout is not trusted with the user's credentials: before anything is asked, what the project's
//! file says of hosts is held against the hosts that the user has credentials for.

use std::path::{Path, PathBuf};

use wits_model::routes::{HostChange, Layer, RouteFile, Routes};

use crate::credentials::{Keyring, is_loopback};
use crate::foreign::{WkgConfig, WkgCredential};
use crate::project::{Workspace, read_text};
use crate::{Context, Error};

/// The name of the file of routes.
pub(crate) const ROUTES: &str = "registry.toml";

/// A file of routes, and whose it is.
pub(crate) struct ConfigFile {
    pub(crate) path: PathBuf,
    pub(crate) layer: Layer,
}

/// What all files together say.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) routes: Routes,
    /// The credentials of wkg's configuration.
    pub(crate) credentials: Vec<WkgCredential>,
    /// The roots of wkg's `local` registries.
    pub(crate) local: Vec<PathBuf>,
}

/// The files that count in a workspace, or where the user stands if there is none, the first winning.
pub(crate) fn files(context: &Context, workspace: Option<&Workspace>) -> Vec<ConfigFile> {
    let config = &context.config;
    let there = |file: &Option<PathBuf>| file.clone().filter(|file| file.is_file());
    let own = match (workspace, &context.here) {
        (Some(workspace), _) => project_file(workspace.routes_root(), &workspace.root),
        (None, Some(here)) => project_file(here, here),
        (None, None) => None,
    };
    let layers = [
        (Layer::CommandLine, config.explicit.clone()),
        (Layer::Environment, config.environment.clone()),
        (Layer::Project, own),
        (Layer::User, there(&config.user)),
        (Layer::Wkg, there(&config.wkg)),
    ];
    let files = layers.into_iter();
    files
        .filter_map(|(layer, path)| path.map(|path| ConfigFile { path, layer }))
        .collect()
}

/// Reads and merges them.
pub(crate) fn load(context: &Context, workspace: Option<&Workspace>) -> Result<Config, Error> {
    let mut layers = Vec::new();
    let mut credentials = Vec::new();
    let mut local = Vec::new();
    for file in files(context, workspace) {
        let text = read_text(context, &file.path)?;
        if file.layer == Layer::Wkg {
            let wkg = WkgConfig::parse(context, &text, &file.path)?;
            credentials.extend(wkg.credentials);
            local.extend(wkg.local);
            layers.push(wkg.routes);
        } else {
            layers.push(RouteFile::parse(&text, &file.path, file.layer)?);
        }
    }
    Ok(Config {
        routes: Routes::merge(layers)?,
        credentials,
        local,
    })
}

/// Refuses a project whose file says something of a host that the user has credentials for.
///
/// # Errors
/// The first such key, unless the user's own file says the same.
pub(crate) fn refuse_project(routes: &Routes, keyring: &Keyring) -> Result<(), Error> {
    for setting in routes.hosts_set_by_project() {
        if setting.what == HostChange::Plain && is_loopback(setting.host) {
            continue;
        }
        if let Some(held) = keyring.lists(setting.host)? {
            return Err(Error::ProjectHost {
                host: setting.host.to_owned(),
                key: setting.key,
                what: setting.what,
                held,
                span: setting.origin.span.clone().map(Box::new),
            });
        }
    }
    Ok(())
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
