//! What the library tells its caller while it works. It never prints.

use std::fmt;
use std::path::PathBuf;

use wits_model::{PackageId, PackageName, PackageSource, Version};

/// Hears what an operation does. Every method may be called from any thread, and none may fail.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use wits::{Progress, Reporter};
///
/// #[derive(Default)]
/// struct Downloads(AtomicUsize);
///
/// impl Reporter for Downloads {
///     fn progress(&self, progress: &Progress) {
///         if let Progress::Resolved { fetched: true, .. } = progress {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
/// ```
pub trait Reporter: Send + Sync {
    /// Something a user should know and can do without: print it and go on.
    fn note(&self, _note: &Note) {}

    /// How far a long operation has come.
    fn progress(&self, _progress: &Progress) {}
}

/// Hears nothing: the reporter of a [`Context`](crate::Context) until it is given another.
///
/// ```
/// let mut context = wits::Context::new("/var/cache/my-tool/wits");
/// context.reporter = std::sync::Arc::new(wits::Silent);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Reporter for Silent {}

/// A step of a long operation: see the example of [`Reporter`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// A package is being asked for; `known` packages are known to be in the closure so far.
    Resolving {
        /// The package.
        package: PackageId,
        /// How many packages are known so far.
        known: usize,
    },
    /// A package is there and verified; `done` of `known` are.
    Resolved {
        /// The package.
        package: PackageId,
        /// Whether its bytes came over the network.
        fetched: bool,
        /// How many are done.
        done: usize,
        /// How many are known so far.
        known: usize,
    },
    /// A package is being published.
    Publishing {
        /// The package.
        package: PackageId,
        /// Where to.
        to: PackageSource,
    },
}

/// Something that is not an error and should not go unsaid.
///
/// ```
/// let note = wits::Note::CacheNotUsed { reason: "the cache is full".to_owned() };
/// assert!(note.is_warning());
/// assert_eq!(note.to_string(), "the cache is full");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// Several versions of one package in one compatibility series: their types are distinct.
    SameSeries {
        /// Each version, whether the project itself asks for it, and the packages that do.
        versions: Vec<(PackageId, bool, Vec<PackageId>)>,
    },
    /// An entry of `wit/deps` that the user put there answers for its package.
    OwnEntry {
        /// The entry.
        path: PathBuf,
        /// The package it answers for, version and all, if it has one.
        package: String,
    },
    /// Entries of `wit/deps` that wits or wkg had written differed from what belongs there, and were
    /// replaced or removed.
    Replaced {
        /// The entries.
        paths: Vec<PathBuf>,
    },
    /// Today's route of a locked package leads elsewhere; the lock wins.
    RouteDiffers {
        /// The package.
        package: PackageId,
        /// Where the lock says it is.
        locked: PackageSource,
        /// Where today's route leads.
        route: PackageSource,
    },
    /// A package was built against a dependency with the same WIT in other bytes.
    OtherBytes {
        /// Who was built against it.
        dependent: PackageId,
        /// The dependency.
        package: PackageId,
    },
    /// A package was built against other WIT than a dependency has, and this may pass.
    SkewAllowed {
        /// Who was built against it.
        dependent: PackageId,
        /// The dependency.
        package: PackageId,
        /// How they differ.
        difference: String,
        /// Why it may pass.
        because: &'static str,
    },
    /// A stub stands in for a package that its registry does not have, and the user has allowed it.
    Stub {
        /// The package.
        package: PackageId,
        /// Whose embedded copy it is.
        embedded_in: PackageId,
    },
    /// What is published can be used only by those who make a setting of the publisher's too.
    StrangersNeed {
        /// The package that the setting is for.
        package: PackageName,
        /// The key of the setting in `registry.toml`.
        key: &'static str,
    },
    /// The feature gates of a package could not be looked up for a text that imports from it.
    GatesUnknown {
        /// The package.
        package: PackageId,
        /// Why not.
        reason: String,
    },
    /// A `registry.toml` that does not count, because one lock serves the whole workspace.
    RoutesNotUsed {
        /// The file.
        file: PathBuf,
    },
    /// A killed run was completed, but for entries that someone changed since.
    KeptAfterKill {
        /// The entries.
        paths: Vec<PathBuf>,
    },
    /// A cache entry is damaged, and will be fetched again.
    DamagedCache {
        /// The package.
        package: PackageId,
        /// Where the damaged bytes were.
        path: PathBuf,
        /// Where they are now; nothing if they could not be moved.
        set_aside: Option<PathBuf>,
    },
    /// The cache can be read or written only in part, or not at all; nothing is lost but time.
    CacheNotUsed {
        /// Why.
        reason: String,
    },
    /// A key of another tool's file has no counterpart here.
    NoCounterpart {
        /// The file.
        file: PathBuf,
        /// The key.
        key: String,
        /// What to do instead.
        instead: String,
    },
    /// A credential helper that a file names for all hosts is not installed.
    NoHelper {
        /// The program.
        helper: String,
        /// The file that names it.
        file: PathBuf,
        /// The host it was to be asked for.
        host: String,
    },
    /// A registry did otherwise than the user's set-up says, and nothing failed.
    Registry(wits_registry::RegistryNote),
    /// Another process works on this project; this one waits.
    Waiting {
        /// Who holds the lock, and since when, as far as is known.
        holder: String,
    },
    /// The stamp of `wit/deps` could not be used, so everything is checked again.
    StampUnusable {
        /// Why.
        reason: String,
    },
    /// A newer version is there than the one that was asked for without naming one.
    PickedVersion {
        /// The package and the version picked.
        package: PackageId,
        /// The versions that are there, newest last.
        available: Vec<Version>,
    },
    /// What a package says of its dependencies could not be read, because a newer wits wrote it.
    NewerDeclaration {
        /// The package.
        package: PackageId,
    },
}

impl Note {
    /// Whether this is a warning, and not only worth knowing: see the example of [`Note`].
    pub fn is_warning(&self) -> bool {
        if let Self::Registry(note) = self {
            return !matches!(note, wits_registry::RegistryNote::Waiting { .. });
        }
        matches!(
            self,
            Self::SkewAllowed { .. }
                | Self::Stub { .. }
                | Self::StrangersNeed { .. }
                | Self::GatesUnknown { .. }
                | Self::KeptAfterKill { .. }
                | Self::RoutesNotUsed { .. }
                | Self::DamagedCache { .. }
                | Self::CacheNotUsed { .. }
                | Self::NoCounterpart { .. }
                | Self::NoHelper { .. }
                | Self::Replaced { .. }
        )
    }
}

impl fmt::Display for Note {
    #[allow(clippy::too_many_lines)] // a table: one arm a note
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SameSeries { versions } => {
                write!(
                    f,
                    "types of these packages are distinct, although their versions are compatible:"
                )?;
                for (package, by_project, askers) in versions {
                    let project = by_project.then(|| "this project".to_owned());
                    let askers = askers.iter().map(|id| format!("`{id}`"));
                    let askers: Vec<String> = project.into_iter().chain(askers).collect();
                    write!(f, "\n  `{package}`, asked for by {}", askers.join(", "))?;
                }
                Ok(())
            }
            Self::OwnEntry { path, package } => {
                write!(
                    f,
                    "`{}` is yours and answers for `{package}`; no registry is asked",
                    path.display()
                )
            }
            Self::Replaced { paths } => {
                let paths: Vec<String> = paths
                    .iter()
                    .map(|path| format!("`{}`", path.display()))
                    .collect();
                write!(
                    f,
                    "what stood there was another text, and was replaced or removed: {}",
                    paths.join(", ")
                )
            }
            Self::RouteDiffers {
                package,
                locked,
                route,
            } => write!(
                f,
                "`{package}` is locked to `{locked}`, and today's route leads to `{route}`; the lock wins \
                 (to move it, remove its table from wits.lock)"
            ),
            Self::OtherBytes { dependent, package } => write!(
                f,
                "`{dependent}` was built against other bytes of `{package}`, with the same WIT"
            ),
            Self::SkewAllowed {
                difference,
                because,
                ..
            } => write!(f, "{difference}; it may pass, since {because}"),
            Self::Stub {
                package,
                embedded_in,
            } => write!(
                f,
                "`{package}` is a stub from `{embedded_in}`, without docs and perhaps without functions; \
                 `embedded = \"allow\"` in registry.toml lets it pass"
            ),
            Self::StrangersNeed { package, key } => write!(
                f,
                "whoever uses this package needs `{key} = \"allow\"` for `{package}` in registry.toml too"
            ),
            Self::GatesUnknown { package, reason } => write!(
                f,
                "imports from `{package}` are printed without its feature gates, which are not known: {reason}"
            ),
            Self::RoutesNotUsed { file } => write!(
                f,
                "`{}` is not used: the members of a workspace share the routes of its root",
                file.display()
            ),
            Self::KeptAfterKill { paths } => {
                let paths: Vec<String> = paths
                    .iter()
                    .map(|path| format!("`{}`", path.display()))
                    .collect();
                write!(
                    f,
                    "a run that was killed is completed, but what was changed since is left alone: {}",
                    paths.join(", ")
                )
            }
            Self::DamagedCache {
                package,
                path,
                set_aside,
            } => {
                write!(f, "the cached bytes of `{package}` are damaged; ")?;
                match set_aside {
                    Some(place) => write!(f, "they were moved to `{}`", place.display())?,
                    None => write!(f, "they could not be moved from `{}`", path.display())?,
                }
                f.write_str(" and are fetched again")
            }
            Self::CacheNotUsed { reason } => f.write_str(reason),
            Self::NoCounterpart { file, key, instead } => {
                write!(
                    f,
                    "`{key}` in `{}` is not used by wits: {instead}",
                    file.display()
                )
            }
            Self::NoHelper { helper, file, host } => write!(
                f,
                "`{helper}`, which `{}` names for all hosts, is not installed; `{host}` is asked without credentials",
                file.display()
            ),
            Self::Registry(note) => write!(f, "{note}\n  {}", note.help()),
            Self::Waiting { holder } => {
                write!(f, "waiting for {holder}, which works on this project")
            }
            Self::StampUnusable { reason } => write!(f, "wit/deps is checked anew: {reason}"),
            Self::PickedVersion { package, .. } => write!(f, "newest version: `{package}`"),
            Self::NewerDeclaration { package } => write!(
                f,
                "`{package}` lists its dependencies in a form newer than this wits; they are checked without it"
            ),
        }
    }
}
