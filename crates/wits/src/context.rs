//! Everything an operation needs from outside: directories, policy, and whom to tell.
//!
//! The library reads no environment and knows no current directory; a front end (the command, a build
//! script, a tool that embeds wits) fills in a [`Context`] and passes it to every operation.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use wits_model::RegistryUrl;
use wits_model::source::relative;

use crate::credentials::CredentialSources;
use crate::report::{Reporter, Silent};

/// What operations work with.
///
/// ```
/// use std::sync::Arc;
/// use wits::{Context, Locking, Note, Reporter};
///
/// struct Log;
///
/// impl Reporter for Log {
///     fn note(&self, note: &Note) {
///         eprintln!("{}", wits::render::note(note));
///     }
/// }
///
/// let mut context = Context::new("/var/cache/my-tool/wits");
/// context.here = Some("/srv/project".into());
/// context.offline = true;
/// context.locking = Locking::Locked;
/// context.reporter = Arc::new(Log);
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Context {
    /// The directory of the content-addressed cache, shared by all projects of the user.
    pub cache: PathBuf,
    /// The user's home, so that no path below it is written into a shared file.
    pub home: Option<PathBuf>,
    /// Where the user stands: paths in messages are relative to it, and where there is no project, its
    /// `registry.toml` is the one that counts.
    pub here: Option<PathBuf>,
    /// `registry.toml` files and mappings beside the project's own.
    pub config: ConfigFiles,
    /// Where credentials may be kept.
    pub credentials: CredentialSources,
    /// Where keys for Bindle are kept.
    pub bindle: BindleFiles,
    /// Open no socket.
    pub offline: bool,
    /// Whether the project's lock may change.
    pub locking: Locking,
    /// How long to wait for another process that works on the same project, or publishes to the same
    /// `layout:`.
    pub patience: Duration,
    /// Seconds since the epoch, written as `created` into what is published; 0 unless the user sets
    /// `SOURCE_DATE_EPOCH`, so that publishing is reproducible.
    pub created: u64,
    /// How long a registry may be silent, or slower than ten bytes a second, before a request is given up; the
    /// time of [`wits_registry::Limits`] (30 s) unless it is set.
    pub http_timeout: Option<Duration>,
    /// How often a request that failed for a passing reason is sent again; as often as
    /// [`wits_registry::Limits`] says (3 times) unless it is set.
    pub http_retries: Option<usize>,
    /// Whether proxies named by the system (`HTTPS_PROXY` and its like) are used.
    pub system_proxy: bool,
    /// Whom to tell.
    pub reporter: Arc<dyn Reporter>,
    /// Ask nobody, not even registries on this machine, and leave the cache as it is: what is pinned and cached is
    /// all there is. Goes with `offline`.
    pub(crate) sealed: bool,
}

/// Where routes come from, beside the project's own `registry.toml`.
///
/// ```
/// let mut context = wits::Context::new("/var/cache/my-tool/wits");
/// context.config.user = Some("/home/ann/.config/wits/registry.toml".into());
/// context.config.registry = Some("oci://registry.example/team".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ConfigFiles {
    /// `--config`: before all others.
    pub explicit: Option<PathBuf>,
    /// `WITS_CONFIG`: after that.
    pub environment: Option<PathBuf>,
    /// The user's own `registry.toml`, where one may be.
    pub user: Option<PathBuf>,
    /// The user's configuration of wkg, where one may be: after all others.
    pub wkg: Option<PathBuf>,
    /// `--registry`: where the packages that the command names are; not their dependencies.
    pub registry: Option<RegistryUrl>,
}

/// The files of keys for Bindle, in the formats of Bindle's own client. Neither has to exist.
///
/// ```
/// let mut context = wits::Context::new("/var/cache/my-tool/wits");
/// context.bindle.keyring = Some("/home/ann/.config/bindle/keyring.toml".into());
/// assert_eq!(context.bindle.secret_keys, None, "nothing is signed");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BindleFiles {
    /// The public keys that the user knows.
    pub keyring: Option<PathBuf>,
    /// The keys that the user signs with.
    pub secret_keys: Option<PathBuf>,
}

/// Whether `wits.lock` may change: see the example of [`Context`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Locking {
    /// It is brought up to date: what is new is added, what is unused dropped, no pin moved.
    #[default]
    Update,
    /// It is an error if it would change, and nothing is written.
    Locked,
}

impl Context {
    /// A context with a cache at `cache` and nothing else: online, updating the lock, telling no one. See the
    /// example of [`Context`].
    pub fn new(cache: impl Into<PathBuf>) -> Self {
        Self {
            cache: cache.into(),
            home: None,
            here: None,
            config: ConfigFiles::default(),
            credentials: CredentialSources::default(),
            bindle: BindleFiles::default(),
            offline: false,
            locking: Locking::default(),
            patience: Duration::from_secs(60),
            created: 0,
            http_timeout: None,
            http_retries: None,
            system_proxy: false,
            reporter: Arc::new(Silent),
            sealed: false,
        }
    }

    /// `path` as a message shows it: relative to where the user stands, unless that is far away.
    pub(crate) fn shown(&self, path: &Path) -> PathBuf {
        let near = self.here.as_ref().and_then(|here| relative(path, here));
        let is_near = |path: &PathBuf| {
            path.components()
                .filter(|part| *part == Component::ParentDir)
                .count()
                <= NEAR
        };
        near.filter(is_near).unwrap_or_else(|| path.to_owned())
    }
}

/// How many directories up a path in a message may lead.
const NEAR: usize = 2;

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("cache", &self.cache)
            .field("config", &self.config)
            .field("offline", &self.offline)
            .field("locking", &self.locking)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Redacted;

    /// What a panic can say of a context is its `Debug`, and that of what is in it.
    #[test]
    fn a_panic_tells_no_secret() {
        let mut context = Context::new("cache");
        let secret = Redacted::from("canary");
        let variables = &mut context.credentials.variables;
        variables.insert("WITS_TOKEN_GHCR_IO".to_owned(), secret);
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            assert!(context.offline, "{context:?} {:?}", context.credentials);
        }));
        let said = panic.unwrap_err();
        let said = said.downcast_ref::<String>().unwrap();
        assert!(said.contains("WITS_TOKEN_GHCR_IO"), "{said}");
        assert!(!said.contains("canary"), "{said}");
    }

    #[test]
    fn a_path_near_the_user_is_shown_from_there() {
        let mut context = Context::new("cache");
        context.here = Some(PathBuf::from("/home/ann/work/app"));
        for (path, shown) in [
            ("/home/ann/work/app/wit/a.wit", "wit/a.wit"),
            ("/home/ann/work/app", "."),
            ("/home/ann/work/lib/wit", "../lib/wit"),
            ("/home/ann/other/deep", "../../other/deep"),
            ("/srv/registry", "/srv/registry"),
            ("/home/bob/x", "/home/bob/x"),
        ] {
            assert_eq!(context.shown(Path::new(path)), Path::new(shown));
        }
    }
}
