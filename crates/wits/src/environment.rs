//! What the environment of a user says, as a [`Context`]: for front ends that want to find what the command
//! finds, and the only place of the library that reads the environment. No operation calls it.
//!
//! Directories follow the XDG base directory specification, on every system but Windows, where
//! `LOCALAPPDATA` and `APPDATA` stand for cache and configuration. What a run finds here is part of what decides
//! whether its work is done already, so every front end should find the same.
#![allow(clippy::disallowed_methods)] // see above

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use wits_registry::Redacted;

use crate::{Context, CredentialSources};

/// The user's cache: `wits` below `XDG_CACHE_HOME`, or what stands for it; nothing without a home. See
/// the example of [`context`].
pub fn cache_dir() -> Option<PathBuf> {
    base("XDG_CACHE_HOME", "LOCALAPPDATA", ".cache").map(|dir| dir.join("wits"))
}

/// A context with the cache `cache` and the configuration, the credentials and the keys of the user, as seen
/// from the directory `here`. Nothing is read but variables.
///
/// | variable | what it says |
/// | --- | --- |
/// | `HOME`, `XDG_CACHE_HOME`, `XDG_CONFIG_HOME`, `XDG_RUNTIME_DIR` | where the user keeps things |
/// | `WITS_CONFIG` | a `registry.toml` before the project's |
/// | `WKG_CONFIG_FILE` | the configuration of wkg |
/// | `REGISTRY_AUTH_FILE`, `DOCKER_CONFIG` | where credentials are kept |
/// | `WITS_TOKEN_…`, `WKG_REGISTRY_…_AUTH_BEARER` | credentials |
/// | `BINDLE_KEYRING` | the public keys that the user knows |
///
/// ```
/// use wits::environment;
///
/// let cache = environment::cache_dir().unwrap_or_else(|| "/var/cache/my-tool".into());
/// let context = environment::context("/project".as_ref(), cache);
/// assert!(!context.offline);
/// ```
pub fn context(here: &Path, cache: PathBuf) -> Context {
    let mut context = Context::new(cache);
    context.home = home();
    context.here = Some(here.to_owned());
    context.config.environment = named("WITS_CONFIG").map(|file| here.join(file));
    let config = base("XDG_CONFIG_HOME", "APPDATA", ".config");
    let config = |file: &str| config.as_ref().map(|dir| dir.join(file));
    context.config.user = config("wits/registry.toml");
    // The variable of wkg's own command.
    context.config.wkg = match named("WKG_CONFIG_FILE") {
        Some(file) => Some(here.join(file)),
        None => config("wasm-pkg/config.toml"),
    };
    context.credentials = credentials(here);
    context.bindle.secret_keys = config("bindle/secret_keys.toml");
    // The variable of Bindle's own client.
    context.bindle.keyring = match named("BINDLE_KEYRING") {
        Some(file) => Some(here.join(file)),
        None => config("bindle/keyring.toml"),
    };
    context.system_proxy = true;
    context
}

fn named(variable: &str) -> Option<OsString> {
    env::var_os(variable).filter(|value| !value.is_empty())
}

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

/// Where Docker, podman and wkg keep credentials, and where they look for more.
fn credentials(here: &Path) -> CredentialSources {
    let docker = match named("DOCKER_CONFIG") {
        Some(dir) => Some(here.join(dir)),
        None => home().map(|home| home.join(".docker")),
    };
    let podman = [
        directory("XDG_RUNTIME_DIR"),
        base("XDG_CONFIG_HOME", "APPDATA", ".config"),
    ];
    let podman = podman.into_iter().flatten();
    let mut sources = CredentialSources {
        explicit: named("REGISTRY_AUTH_FILE").map(|file| here.join(file)),
        docker: docker.map(|dir| dir.join("config.json")),
        podman: podman
            .map(|dir| dir.join("containers").join("auth.json"))
            .collect(),
        variables: std::collections::BTreeMap::new(),
    };
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
