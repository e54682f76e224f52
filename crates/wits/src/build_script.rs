//! What a `build.rs` calls: the WIT that the package was locked to, before anything is compiled from it.
//!
//! ```no_run
//! // build.rs, in `main`
//! wits::build_script::Fetch::new().run_or_exit();
//! ```
//!
//! with, in `Cargo.toml`, the light form of the library, which opens no socket:
//!
//! ```toml
//! [build-dependencies]
//! wits = { version = "0.1", default-features = false }
//! ```
//!
//! # What it may do
//!
//! A build is frozen by default: `wits.lock` decides, it is never changed, and no socket is opened. Packages
//! come from the cache, from `layout:` registries, or stand in `wit/deps` already. The network is used for
//! what the lock pins and the cache lacks
//!
//! - if the script allows it ([`Fetch::network`]) or the user does (`WITS_BUILD_NETWORK=1`; `0` forbids it),
//! - and the crate has the feature `network`,
//! - and none of `CARGO_NET_OFFLINE`, `WITS_OFFLINE` and `WITS_FROZEN` is set.
//!
//! `WITS_CACHE_DIR`, `WITS_CONFIG` and the user's own `registry.toml` count as they do for the command.
//!
//! # Where the WIT is then
//!
//! *In place*, by default: in `wit/deps` of the project, where every WIT tool and every macro looks. What is
//! right already is not touched.
//!
//! *In `OUT_DIR`*, with [`Fetch::in_out_dir`]: the project's own WIT is copied there and the closure is laid out
//! beside it, so that nothing of the source tree is written. [`Wit::dir`] says where.
//!
//! # When cargo runs it again
//!
//! When something changes that decides what is laid out: the WIT directory with all that is below it, so that
//! a new file or a lost `wit/deps` counts too; `wits.lock`; the `wits.toml` and `registry.toml` files that are
//! there; the directories of overrides, and the WIT of other members of the workspace. Not when the network is
//! allowed or the cache is elsewhere: the lock says what the result is. A build after an unchanged one does
//! nothing: what the script itself wrote does not count (the module `dates` says how).
//!
//! Crates that read the same `wit/deps` each call this from a build script of their own, or depend on the one
//! that does: cargo knows of no other order between them.

mod copy;
mod dates;
mod environment;
mod failure;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;

use self::environment::Environment;
pub use self::failure::Failure;
use self::watch::Watcher;
use crate::deps::Form;
use crate::environment as user;
use crate::{Context, Error, Locking, Workspace, blocking, inputs};

/// Lays out the packages that the WIT of the package being built needs. This example sets all there is to set;
/// that of the [module](self) needs none of it.
///
/// ```no_run
/// use wits::build_script::{Failure, Fetch};
///
/// fn main() -> Result<(), Failure> {
///     let wit = Fetch::new()
///         .project("..")
///         .wit_dir("idl")
///         .cache_dir("vendor")
///         .config("registry.toml")
///         .network(true)
///         .in_out_dir()
///         .run()?;
///     // Hand `wit.dir` to a generator of bindings.
///     assert!(wit.dir.is_dir());
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "nothing is done before `run` or `run_or_exit`"]
pub struct Fetch {
    project: Option<PathBuf>,
    wit_dir: Option<PathBuf>,
    cache: Option<PathBuf>,
    config: Option<PathBuf>,
    network: bool,
    in_out_dir: bool,
}

/// What a build script got: see the example of [`Fetch`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wit {
    /// The directory that WIT tools take: the project's WIT, and the closure in `deps` below it.
    pub dir: PathBuf,
    /// Whether everything stood there already.
    pub fresh: bool,
}

impl Fetch {
    /// The project in the directory of the package that is built, or above it; in place, frozen.
    pub fn new() -> Self {
        Self::default()
    }

    /// The project is in `dir`, which is relative to the package that is built.
    pub fn project(mut self, dir: impl Into<PathBuf>) -> Self {
        self.project = Some(dir.into());
        self
    }

    /// The WIT is in `dir`, which is relative to the project, and not in `wit`.
    pub fn wit_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.wit_dir = Some(dir.into());
        self
    }

    /// The cache is `dir`, which is relative to the package that is built: one that is kept with the sources,
    /// say. Without this it is `WITS_CACHE_DIR`, or the cache of the command.
    pub fn cache_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.cache = Some(dir.into());
        self
    }

    /// A `registry.toml` that comes before all others, relative to the package that is built.
    pub fn config(mut self, file: impl Into<PathBuf>) -> Self {
        self.config = Some(file.into());
        self
    }

    /// Whether what is locked and not in the cache may be fetched, unless the environment says otherwise.
    pub fn network(mut self, allowed: bool) -> Self {
        self.network = allowed;
        self
    }

    /// Writes below `OUT_DIR` only, in `OUT_DIR/wit`.
    pub fn in_out_dir(mut self) -> Self {
        self.in_out_dir = true;
        self
    }

    /// Lays out what is needed, and tells cargo what to watch.
    ///
    /// Warnings go to cargo, which shows them for packages of the workspace; other notes to stderr, which cargo
    /// shows with `-vv`.
    ///
    /// # Errors
    /// If the script is not run by cargo; if `wits.lock` does not hold all that the WIT needs; if a package
    /// cannot be had without what is forbidden; or whatever keeps the closure from being complete and
    /// consistent. Then nothing was written but the cache.
    pub fn run(&self) -> Result<Wit, Failure> {
        let environment = Environment::read()?;
        let started = dates::start_of_run(&environment.out_dir);
        let context = self.context(&environment);
        let explain = |error: Error| explained(&environment, &context, error);
        let from = match &self.project {
            Some(dir) => environment.manifest_dir.join(dir),
            None => environment.manifest_dir.clone(),
        };
        let mut workspace =
            Workspace::find(&context, &from, self.wit_dir.as_deref()).map_err(explain)?;
        let current = workspace
            .current_index(&context, "a build script")
            .map_err(explain)?;
        let source = workspace.members[current].wit.clone();
        let mut watched = inputs::paths(&context, &workspace, current);
        if [&environment.manifest_dir, &environment.out_dir]
            .iter()
            .any(|dir| dir.starts_with(&source))
        {
            // WIT at the top of the crate: its code and what is built of it are below, and are no input.
            watched.remove(&source);
            watched.extend(watch::files(&source, "wit"));
            watched.insert(source.join("deps"));
        }
        let dir = if self.in_out_dir {
            let dir = environment.out_dir.join("wit");
            copy::copy(&source, &dir).map_err(explain)?;
            workspace.members[current].laid_out = Some(dir.join("deps"));
            dir
        } else {
            source
        };
        workspace.current = Some(current);
        let fetched =
            blocking::fetch_current(&context, &workspace, Some(Form::Wit)).map_err(explain)?;
        if let (false, Some(moment)) = (self.in_out_dir, started) {
            for written in fetched.deps.iter().flat_map(|change| &change.written) {
                dates::no_later(&dir.join("deps").join(written), moment, true);
            }
            if !fetched.fresh {
                for path in ["deps/.wits.json", "deps", ""] {
                    dates::no_later(&dir.join(path), moment, false);
                }
            }
        }
        watch::watch(&watched, &["WITS_CONFIG"]);
        Ok(Wit {
            dir,
            fresh: fetched.fresh,
        })
    }

    /// As [`Fetch::run`]; a failure is told on stderr, which cargo shows, and ends the script.
    ///
    /// # Panics
    /// Never: the process exits with the code of the command, which is 1, 3 or 75 (see [`crate::model::ErrorKind`]).
    pub fn run_or_exit(&self) -> Wit {
        match self.run() {
            Ok(wit) => wit,
            Err(failure) => watch::fail(&failure),
        }
    }

    fn context(&self, environment: &Environment) -> Context {
        let here = &environment.manifest_dir;
        let named = self.cache.as_ref().map(|dir| here.join(dir));
        let cache = named
            .or_else(|| environment.cache.clone())
            .or_else(user::cache_dir)
            .unwrap_or_else(|| environment.out_dir.join("wits-cache"));
        let mut context = user::context(here, cache);
        context.config.explicit = self.config.as_ref().map(|file| here.join(file));
        context.offline = !self.may_connect(environment);
        context.locking = Locking::Locked;
        context.reporter = Arc::new(Watcher);
        context
    }

    fn may_connect(&self, environment: &Environment) -> bool {
        cfg!(feature = "network")
            && !environment.offline
            && environment.network.unwrap_or(self.network)
    }
}

/// An error with what only a build script can do about it.
fn explained(environment: &Environment, context: &Context, error: Error) -> Failure {
    let help = if !(context.offline && needs_network(&error)) {
        None
    } else if !cfg!(feature = "network") {
        Some("this build script has no network: its `wits` is built without the feature `network`")
    } else if environment.offline {
        Some("`CARGO_NET_OFFLINE`, `WITS_OFFLINE` or `WITS_FROZEN` forbids the network")
    } else {
        Some("a build uses no network unless `WITS_BUILD_NETWORK=1` is set")
    };
    Failure::Wits {
        error: Box::new(error),
        help,
    }
}

fn needs_network(error: &Error) -> bool {
    match error {
        Error::NotLocked { .. } | Error::NotCached { .. } => true,
        Error::Several(errors) => errors.iter().any(needs_network),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offline(script: &Fetch, change: impl Fn(&mut Environment)) -> bool {
        let mut environment = Environment {
            manifest_dir: "/project".into(),
            out_dir: "/target/out".into(),
            ..Environment::default()
        };
        change(&mut environment);
        let context = script.context(&environment);
        assert_eq!(context.locking, Locking::Locked, "no build moves a pin");
        context.offline
    }

    #[test]
    fn a_build_is_frozen_unless_somebody_allows_the_network() {
        assert!(offline(&Fetch::new(), |_| {}));
        assert!(offline(&Fetch::new().network(true), |told| told.network =
            Some(false)));
        assert!(offline(&Fetch::new().network(true), |told| told.offline = true));
        assert!(offline(&Fetch::new(), |told| {
            (told.network, told.offline) = (Some(true), true);
        }));
        // Allowed by the script or by the user; but a library without a network has none.
        let none = !cfg!(feature = "network");
        assert_eq!(offline(&Fetch::new().network(true), |_| {}), none);
        assert_eq!(
            offline(&Fetch::new(), |told| told.network = Some(true)),
            none
        );
    }

    #[test]
    fn the_cache_is_the_one_that_is_named() {
        let cache = |script: &Fetch, cache: Option<&str>| {
            let environment = Environment {
                manifest_dir: "/project".into(),
                out_dir: "/target/out".into(),
                cache: cache.map(PathBuf::from),
                ..Environment::default()
            };
            script.context(&environment).cache
        };
        let vendored = Fetch::new().cache_dir("vendor");
        assert_eq!(
            cache(&vendored, Some("/cache")),
            PathBuf::from("/project/vendor")
        );
        assert_eq!(
            cache(&Fetch::new(), Some("/cache")),
            PathBuf::from("/cache")
        );
    }

    #[test]
    fn outside_of_cargo_it_says_so() {
        let failure = Failure::OutsideOfCargo {
            variable: "OUT_DIR",
        };
        assert_eq!(
            format!("{failure:?}"),
            "`OUT_DIR` is not set: `wits::build_script` is for a `build.rs`, which cargo runs\n  \
             = help: elsewhere, call `wits::blocking::fetch`"
        );
    }

    #[test]
    fn what_the_network_would_have_helped_says_how_to_allow_it() {
        let environment = Environment::default();
        let context = Fetch::new().context(&environment);
        let missing = || Error::NotCached {
            package: "acme:log@1.0.0".parse().expect("a package"),
            asked: Box::default(),
        };
        let told = explained(&environment, &context, missing()).to_string();
        let expected = if cfg!(feature = "network") {
            "`WITS_BUILD_NETWORK=1`"
        } else {
            "without the feature `network`"
        };
        assert!(told.contains(expected), "{told}");
        let told = explained(&environment, &context, Error::Bug(String::new())).to_string();
        assert!(!told.contains("network"), "{told}");
    }
}
