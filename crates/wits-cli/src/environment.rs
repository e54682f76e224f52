//! The one place that reads the environment: it makes a [`Context`] of it and of the arguments.
//!
//! Directories follow the XDG base directory specification, on every system but Windows, where
//! `LOCALAPPDATA` and `APPDATA` stand for cache and configuration.
#![allow(clippy::disallowed_methods)] // see above

use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wits::model::RegistryUrl;
use wits::{Context, CredentialSources, Locking, Redacted, Reporter};

use crate::args::Global;
use crate::commands::Failure;

fn directory(variable: &str) -> Option<PathBuf> {
    // The specification: a relative path is to be ignored.
    env::var_os(variable)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
}

fn home() -> Option<PathBuf> {
    directory(if cfg!(windows) { "USERPROFILE" } else { "HOME" })
}

fn base(xdg: &str, windows: &str, below_home: &str) -> Option<PathBuf> {
    if cfg!(windows) {
        return directory(windows);
    }
    directory(xdg).or_else(|| Some(home()?.join(below_home)))
}

/// Where the user stands: the working directory, or the one of `-C`.
pub(crate) fn working_directory(global: &Global) -> Result<PathBuf, Failure> {
    let here = env::current_dir()
        .map_err(|error| Failure::Usage(format!("there is no working directory: {error}")))?;
    let Some(named) = &global.directory else {
        return Ok(here);
    };
    let dir = here.join(named);
    // Resolved, so that ancestors and relative paths mean what they say.
    dir.canonicalize()
        .ok()
        .filter(|dir| dir.is_dir())
        .ok_or_else(|| Failure::Usage(format!("`{}` is not a directory", named.display())))
}

/// What the library works with.
pub(crate) fn context(
    global: &Global,
    here: &Path,
    registry: Option<&RegistryUrl>,
    reporter: Arc<dyn Reporter>,
) -> Result<Context, Failure> {
    let cache = match &global.cache_dir {
        Some(dir) => here.join(dir),
        None => base("XDG_CACHE_HOME", "LOCALAPPDATA", ".cache")
            .map(|dir| dir.join("wits"))
            .ok_or_else(|| {
                Failure::Usage(
                    "there is no home directory; name a cache with `--cache-dir DIR`".to_owned(),
                )
            })?,
    };
    let mut context = Context::new(cache);
    context.home = home();
    context.here = Some(here.to_owned());
    context.config.explicit = global.config.as_ref().map(|file| here.join(file));
    context.config.environment = env::var_os("WITS_CONFIG")
        .filter(|file| !file.is_empty())
        .map(|file| here.join(file));
    let config = base("XDG_CONFIG_HOME", "APPDATA", ".config");
    context.config.wkg = config.map(|dir| dir.join("wasm-pkg").join("config.toml"));
    context.credentials = credentials(here);
    context.config.user = base("XDG_CONFIG_HOME", "APPDATA", ".config")
        .map(|dir| dir.join("wits").join("registry.toml"));
    context.config.registry = registry.map(|registry| registry.clone().resolve(here));
    context.offline = global.offline || global.frozen;
    context.locking = if global.locked || global.frozen {
        Locking::Locked
    } else {
        Locking::Update
    };
    let bindle = base("XDG_CONFIG_HOME", "APPDATA", ".config").map(|dir| dir.join("bindle"));
    context.bindle.secret_keys = bindle.as_ref().map(|dir| dir.join("secret_keys.toml"));
    // The variable of Bindle's own client.
    context.bindle.keyring = match env::var_os("BINDLE_KEYRING").filter(|file| !file.is_empty()) {
        Some(file) => Some(here.join(file)),
        None => bindle.map(|dir| dir.join("keyring.toml")),
    };
    context.created = created()?;
    context.system_proxy = true;
    context.reporter = reporter;
    Ok(context)
}

/// Where Docker, podman and wkg keep credentials, and where they look for more.
fn credentials(here: &Path) -> CredentialSources {
    let mut sources = CredentialSources::default();
    let named = |variable: &str| env::var_os(variable).filter(|value| !value.is_empty());
    sources.explicit = named("REGISTRY_AUTH_FILE").map(|file| here.join(file));
    let docker = match named("DOCKER_CONFIG") {
        Some(dir) => Some(here.join(dir)),
        None => home().map(|home| home.join(".docker")),
    };
    sources.docker = docker.map(|dir| dir.join("config.json"));
    let podman = [
        directory("XDG_RUNTIME_DIR"),
        base("XDG_CONFIG_HOME", "APPDATA", ".config"),
    ];
    sources.podman = podman
        .into_iter()
        .flatten()
        .map(|dir| dir.join("containers").join("auth.json"))
        .collect();
    for (name, value) in env::vars_os() {
        let (Some(name), Some(value)) = (name.to_str(), value.to_str()) else {
            continue;
        };
        let is_wkg = name.starts_with("WKG_REGISTRY_") && name.ends_with("_AUTH_BEARER");
        if !value.is_empty() && (is_wkg || name.starts_with("WITS_TOKEN_")) {
            sources
                .variables
                .insert(name.to_owned(), Redacted::from(value));
        }
    }
    sources
}

/// `SOURCE_DATE_EPOCH` (reproducible-builds.org), or the epoch itself.
fn created() -> Result<u64, Failure> {
    match env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text.parse().map_err(|_| {
            Failure::Usage(format!(
                "SOURCE_DATE_EPOCH is not a number of seconds: `{text}`"
            ))
        }),
        Err(_) => Ok(0),
    }
}
