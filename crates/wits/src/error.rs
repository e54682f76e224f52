//! What can go wrong in an operation, named for what the user faces.
//!
//! A message is one lower-case sentence. What to do about it is [`Error::help`], where it stands in the
//! user's text is [`Error::span`], and what sort of failure it is, and thereby the exit code, is
//! [`Error::kind`].
//!
//! The file is long because it is one list: whoever wonders what can happen to a user reads it from top to
//! bottom. What to do about each is a list of its own, in `advice`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use wits_model::lock::{LockChange, LockError};
use wits_model::manifest::ManifestError;
use wits_model::routes::{HostChange, RouteError};
use wits_model::{
    Digest, ErrorKind, PackageId, PackageName, PackageRef, PackageSource, SourceSpan, Version,
};
use wits_registry::{CredentialError, RegistryError};
use wits_wit::WitError;
use wits_wit::model::Mismatch;

/// Who needs a package: the place in the project's WIT, and the packages between it and the one meant.
///
/// [`Error::span`] and [`Error::help`] tell both in words; this is for whoever wants to know more.
///
/// ```
/// use wits::Error;
///
/// /// The package that pulled in the one that nobody serves.
/// fn culprit(error: &Error) -> Option<String> {
///     let Error::PackageNotFound { asked, .. } = error else {
///         return None;
///     };
///     Some(asked.chain.first()?.to_string())
/// }
/// # assert_eq!(culprit(&Error::Bug(String::new())), None);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Asked {
    /// The mention in the project's WIT, or in one of the user's own entries of `wit/deps`.
    pub span: Option<SourceSpan>,
    /// From the package that the project names down to the one meant; empty if it is the same one.
    pub chain: Vec<PackageId>,
}

impl Asked {
    fn help(&self) -> Option<String> {
        let (_, above) = self.chain.split_last()?;
        if above.is_empty() {
            return None;
        }
        let chain = some_of(above.iter().rev(), above.len());
        Some(format!("needed by {}", chain.join(", which is needed by ")))
    }
}

/// Why an operation failed.
///
/// ```
/// use wits::model::ErrorKind;
/// use wits::{Context, Error, Workspace, blocking};
///
/// # let dir = tempfile::tempdir()?;
/// # std::fs::create_dir(dir.path().join("wit"))?;
/// # std::fs::create_dir(dir.path().join(".git"))?;
/// std::fs::write(
///     dir.path().join("wit/world.wit"),
///     "package demo:app;\n\nworld app {\n    import acme:log/log@1.0.0;\n}\n",
/// )?;
/// let mut context = Context::new(dir.path().join("cache"));
/// context.here = Some(dir.path().to_owned());
/// let workspace = Workspace::find(&context, dir.path(), None)?;
/// let error = blocking::lock(&context, &workspace).unwrap_err();
/// assert!(matches!(&error, Error::NoRoute { package, .. } if package.namespace() == "acme"));
/// assert_eq!(error.to_string(), "no registry is known for `acme:log`");
/// assert_eq!(error.kind(), ErrorKind::Project);
/// assert_eq!(error.span().map(ToString::to_string).as_deref(), Some("wit/world.wit:4:12"));
/// assert!(error.help()[0].starts_with("name its registry in registry.toml"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no project here or above.
    #[error("there is no WIT project in `{}` or above it", from.display())]
    NoProject {
        /// Where it was looked for.
        from: PathBuf,
    },
    /// A project is there, but its WIT directory is not.
    #[error("the project has no WIT directory `{}`", path.display())]
    NoWitDirectory {
        /// The directory that is missing.
        path: PathBuf,
    },
    /// A workspace has several members and the operation works on one.
    #[error("this is a workspace of several members, and {operation} works on one")]
    NoMember {
        /// What was to be done.
        operation: &'static str,
        /// The members.
        members: Vec<PathBuf>,
    },
    /// A workspace has no members.
    #[error("the workspace has no members")]
    NoMembers {
        /// Where the manifest says that it is one.
        span: Option<Box<SourceSpan>>,
    },
    /// Two members are the same package.
    #[error("`{}` and `{}` are both `{package}`", first.display(), second.display())]
    MembersTwice {
        /// The package.
        package: PackageId,
        /// One member.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// Members that share one lock get one package from different places.
    #[error("members of the workspace take `{package}` from `{first}` and from `{second}`")]
    MembersDisagree {
        /// The package.
        package: PackageId,
        /// Where one takes it from.
        first: PackageSource,
        /// Where another does.
        second: PackageSource,
    },
    /// A member that a workspace names is not there.
    #[error("workspace member `{}` is not there", member.display())]
    MemberNotFound {
        /// The directory.
        member: PathBuf,
        /// Where `wits.toml` names it.
        span: Box<SourceSpan>,
    },
    /// `init` would write over something.
    #[error("`{}` has WIT in it already", path.display())]
    AlreadyInitialised {
        /// The directory.
        path: PathBuf,
    },
    /// A name was given that is none.
    #[error(transparent)]
    Name(#[from] wits_model::NameError),
    /// A file could not be read or written.
    #[error(transparent)]
    Fs(#[from] wits_fs::FsError),
    /// The cache or `wit/deps` could not be read or written.
    #[error(transparent)]
    Store(#[from] wits_store::StoreError),
    /// WIT text or a WIT binary is at fault.
    #[error("{}{source}", package.as_ref().map(|package| format!("in `{package}`: ")).unwrap_or_default())]
    Wit {
        /// The package, where it is not the project's own.
        package: Option<PackageRef>,
        /// What is wrong.
        source: WitError,
    },
    /// `wits.toml` (or `wkg.toml`) is at fault.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// `registry.toml` is at fault.
    #[error(transparent)]
    Routes(#[from] RouteError),
    /// `wits.lock` is at fault.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// It cannot be told whether there is a credential.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The project's file says something of a host that the user has credentials for.
    #[error(
        "the project's `{key}` {}, for which you have credentials (`{held}`)",
        host_change(*.what, .host)
    )]
    ProjectHost {
        /// The host.
        host: String,
        /// The key.
        key: String,
        /// What it does.
        what: HostChange,
        /// Where the credentials are kept: a file or a variable.
        held: String,
        /// Where the key stands.
        span: Option<Box<SourceSpan>>,
    },
    /// A login is for a host, and this is none.
    #[error("what was given is not the name of a host")]
    NotAHost,
    /// A login without a secret, or with a user that cannot be written down.
    #[error("a login needs a secret, and a user name that is not empty and has no `:` in it")]
    NoLogin,
    /// There is nowhere to write a login.
    #[error("there is no file to keep credentials in")]
    NoCredentialFile,
    /// A registry serves other bytes than a `wkg.lock` pins.
    #[error("wkg.lock pins `{package}` to {pinned}, and `{at}` serves {found}")]
    WkgPin {
        /// The package.
        package: PackageId,
        /// Where it was asked for.
        at: PackageSource,
        /// What is pinned.
        pinned: Digest,
        /// What is served.
        found: Digest,
        /// The pin.
        span: Box<SourceSpan>,
    },
    /// A package or version is mentioned without a version.
    #[error("`{package}` is imported without a version")]
    Unversioned {
        /// The package.
        package: PackageName,
        /// The mention.
        span: Box<SourceSpan>,
        /// The versions that its registry has, oldest first; empty if it was not asked.
        available: Vec<Version>,
    },
    /// A published package imports another without a version, which no registry can answer.
    #[error("`{dependent}` imports `{package}` without a version, so no registry can serve it")]
    UnversionedDependency {
        /// The published package.
        dependent: PackageId,
        /// What it imports.
        package: PackageName,
        /// Who needs it.
        asked: Box<Asked>,
    },
    /// A stub may stand in for a package, but none is embedded anywhere.
    #[error("no registry has `{package}`, and no package of the closure embeds a copy of it")]
    NoLender {
        /// The package.
        package: PackageId,
        /// Who needs it.
        asked: Box<Asked>,
    },
    /// No registry serves the package's namespace.
    #[error("no registry is known for `{package}`")]
    NoRoute {
        /// The package.
        package: PackageName,
        /// Who needs it.
        asked: Box<Asked>,
    },
    /// The registry has no such package.
    #[error("`{package}` is not in its registry `{at}`")]
    PackageNotFound {
        /// The package.
        package: PackageName,
        /// Where it was looked for.
        at: PackageSource,
        /// A package of the project with nearly this name.
        similar: Option<PackageName>,
        /// Who needs it.
        asked: Box<Asked>,
    },
    /// The registry has the package and not the version.
    #[error("`{}` has no version {}", package.name, package.version)]
    VersionNotFound {
        /// The package and the version.
        package: PackageId,
        /// Where it was looked for.
        at: PackageSource,
        /// The versions that are there, oldest first.
        available: Vec<Version>,
        /// Who needs it.
        asked: Box<Asked>,
    },
    /// A registry did not do what it was asked.
    #[error("{source}")]
    Registry {
        /// What the registry did.
        source: RegistryError,
        /// Who needs it.
        asked: Box<Asked>,
        /// Whether the package was pinned in `wits.lock`.
        locked: bool,
    },
    /// A package is needed that is neither locked nor may be asked for.
    #[error("`{package}` is not in wits.lock, and wits is offline")]
    NotLocked {
        /// The package.
        package: PackageId,
        /// Who needs it.
        asked: Box<Asked>,
    },
    /// A locked package is not in the cache, and the network may not be used.
    #[error("`{package}` is not in the cache, and wits is offline")]
    NotCached {
        /// The package.
        package: PackageId,
        /// Who needs it.
        asked: Box<Asked>,
    },
    /// Bytes hold another package than the one they were served as.
    #[error("what `{at}` serves as `{wanted}` is `{found}`")]
    OtherPackage {
        /// The package that was asked for.
        wanted: PackageId,
        /// The package that came.
        found: PackageRef,
        /// Who served it.
        at: PackageSource,
        /// Who needs it.
        asked: Box<Asked>,
    },
    /// What came is Wasm but no WIT package.
    #[error("`{package}` from `{at}` is {found}")]
    NotWit {
        /// The package that was asked for.
        package: PackageId,
        /// Who served it.
        at: PackageSource,
        /// What it is, as a noun phrase or a reason.
        found: String,
        /// Who needs it.
        asked: Box<Asked>,
    },
    /// A pinned package has other WIT than the lock says.
    #[error("the WIT of `{package}` is {found}, and wits.lock has {locked}")]
    PinnedWit {
        /// The package.
        package: PackageId,
        /// The canonical digest in the lock.
        locked: Digest,
        /// The canonical digest of what was decoded.
        found: Digest,
    },
    /// A pinned package has another size than the lock says.
    #[error("`{package}` has {found} bytes, and wits.lock has {locked}")]
    PinnedSize {
        /// The package.
        package: PackageId,
        /// The size in the lock.
        locked: u64,
        /// The size of the bytes.
        found: u64,
    },
    /// A registry serves other bytes than the ones that are locked, and others will get those.
    #[error("`{package}` is locked to {locked}, and `{at}` serves {served}")]
    ServedDiffers {
        /// The package.
        package: PackageId,
        /// Its registry.
        at: PackageSource,
        /// The digest in the lock.
        locked: Digest,
        /// The digest that is served today.
        served: Digest,
    },
    /// A package carries a copy of another that differs from the real one.
    #[error(
        "`{dependent}` was built against another `{package}` than the one that `{at}` serves: {mismatch}"
    )]
    Skew {
        /// Who carries the copy.
        dependent: PackageId,
        /// What was copied.
        package: PackageId,
        /// Where the real one is from.
        at: PackageSource,
        /// How they differ.
        mismatch: Box<Mismatch>,
    },
    /// A package says it was built against WIT that is not what its dependency is today.
    #[error(
        "`{dependent}` was built against `{package}` with the WIT {declared}, and `{at}` serves it with the WIT {found}"
    )]
    OtherWit {
        /// Who was built against it.
        dependent: PackageId,
        /// The dependency.
        package: PackageId,
        /// Where the dependency is from.
        at: PackageSource,
        /// The canonical WIT digest that the dependent names.
        declared: Digest,
        /// The canonical WIT digest of what is served.
        found: Digest,
    },
    /// The closure does not end within what anybody could use.
    #[error("the project needs more than {limit} packages")]
    TooManyPackages {
        /// How many there may be.
        limit: usize,
        /// Who asked for the first that is too many.
        asked: Box<Asked>,
    },
    /// Packages need each other.
    #[error("packages depend on each other in a circle: {}", circle(packages))]
    Cycle {
        /// The packages; each depends on the next and the last on the first.
        packages: Vec<PackageId>,
        /// The mention that leads into it.
        span: Option<Box<SourceSpan>>,
    },
    /// A local package has no version, and one is needed.
    #[error("`{package}` in `{}` has no version", path.display())]
    LocalUnversioned {
        /// The package.
        package: PackageName,
        /// The directory.
        path: PathBuf,
        /// Its header.
        span: Option<Box<SourceSpan>>,
    },
    /// An override or a member has another version than the one asked for.
    #[error("`{package}` is asked for, and `{}` has version {found}", path.display())]
    LocalVersion {
        /// What was asked for.
        package: PackageId,
        /// What is there.
        found: Version,
        /// The directory.
        path: PathBuf,
        /// Who needs it.
        asked: Box<Asked>,
    },
    /// An override's directory is no WIT package.
    #[error("the override for `{package}`, `{}`, is no WIT package: {reason}", path.display())]
    Override {
        /// What the override is for.
        package: PackageName,
        /// The directory.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
        /// Where the manifest says so.
        span: Box<SourceSpan>,
    },
    /// An override's directory holds another package than the one it is for.
    #[error("the override for `{wanted}` holds `{found}`")]
    OverrideName {
        /// What the override is for.
        wanted: PackageName,
        /// What is there.
        found: PackageName,
        /// Where `wits.toml` says so.
        span: Option<Box<SourceSpan>>,
    },
    /// A binary of the user's stands beside text of a package that it embeds.
    #[error("`{}` carries its own copy of `{package}`, which is also needed as text", path.display())]
    BinaryBesideText {
        /// The user's file.
        path: PathBuf,
        /// The package that is there twice.
        package: PackageRef,
    },
    /// Two entries of the user's answer for one package.
    #[error("`{}` and `{}` both hold `{package}`", first.display(), second.display())]
    OwnTwice {
        /// The package.
        package: PackageRef,
        /// One entry.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// A `.wasm` entry of the user's in `wit/deps` is no WIT package.
    #[error("`{}` in wit/deps is not a WIT package: {reason}", path.display())]
    OwnNotWit {
        /// The user's file.
        path: PathBuf,
        /// What it is instead.
        reason: String,
    },
    /// A file that was to be published is no WIT package.
    #[error("`{}` is not a WIT package: {reason}", path.display())]
    FileNotWit {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        reason: String,
    },
    /// A value of `[package]` in `wits.toml` is not what it should be.
    #[error("{source}")]
    Metadata {
        /// What is wrong with it.
        source: WitError,
        /// The value.
        span: Box<SourceSpan>,
    },
    /// A stub has no binary of its own.
    #[error("`{package}` is a stub, which has no binary form of its own")]
    StubAsWasm {
        /// The package.
        package: PackageId,
    },
    /// The lock would change and may not.
    #[error("wits.lock is not up to date, and may not be changed")]
    LockOutdated {
        /// What would change.
        changes: Vec<LockChange>,
    },
    /// `lock --check` found that the lock would change.
    #[error("wits.lock is not up to date")]
    LockCheck {
        /// What would change.
        changes: Vec<LockChange>,
    },
    /// A package without a version cannot be published.
    #[error("`{package}` has no version, and only a version can be published")]
    PublishUnversioned {
        /// The package.
        package: PackageName,
        /// Its header.
        span: Option<Box<SourceSpan>>,
    },
    /// A dependency is here, and its registry does not have it.
    #[error("`{package}` is used from `{}`, and others cannot have it: {reason}", path.display())]
    LocalUnpublished {
        /// The dependency.
        package: PackageId,
        /// The directory or entry that is used here.
        path: PathBuf,
        /// Why not.
        reason: String,
        /// The mention.
        span: Option<Box<SourceSpan>>,
    },
    /// A dependency is here what its registry does not serve.
    #[error("`{package}` has other WIT here than in its registry `{at}`")]
    LocalDiffers {
        /// The dependency.
        package: PackageId,
        /// Its registry.
        at: PackageSource,
        /// The directory or entry that is used here.
        path: PathBuf,
    },
    /// A file of the project's is a link.
    #[error("`{}` is a link, and wits writes no file of a project through a link", path.display())]
    Link {
        /// The file.
        path: PathBuf,
    },
    /// The package would be written where its sources are.
    #[error("`{}` is where the package is built from", path.display())]
    OutputIsInput {
        /// The file.
        path: PathBuf,
    },
    /// A file is in the way.
    #[error("`{}` exists already and is not the same", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// `get --check` found no file.
    #[error("`{}` is not there", path.display())]
    CheckMissing {
        /// The file.
        path: PathBuf,
        /// The package.
        package: PackageId,
    },
    /// `get --check` found that a file is not what the registry has.
    #[error("`{}` is not `{package}` as its registry has it", path.display())]
    CheckDiffers {
        /// The file.
        path: PathBuf,
        /// The package.
        package: PackageId,
    },
    /// A package has no version at all.
    #[error("`{package}` has no version in `{at}`")]
    NoVersions {
        /// The package.
        package: PackageName,
        /// Where it was looked for.
        at: PackageSource,
    },
    /// More than one thing is wrong; all are told, in a fixed order.
    #[error("{} things are wrong", .0.len())]
    Several(Vec<Error>),
    /// There is no place for keys.
    #[error("there is no home directory, and so no place for keys")]
    NoKeyFiles,
    /// A runtime could not be started.
    #[error("the network cannot be set up: {0}")]
    Runtime(std::io::Error),
    /// Something that cannot be.
    #[error("this is a bug in wits: {0}")]
    Bug(String),
}

fn circle(packages: &[PackageId]) -> String {
    let all = packages.iter().chain(packages.first());
    some_of(all, packages.len() + 1).join(" -> ")
}

/// The names of a chain of packages: both ends of it, and how many there are between them.
fn some_of<'a>(chain: impl Iterator<Item = &'a PackageId>, length: usize) -> Vec<String> {
    /// How many are named at either end.
    const SHOWN: usize = 4;
    let mut names = Vec::new();
    for (at, id) in chain.enumerate() {
        if length <= 2 * SHOWN + 1 || at < SHOWN || at >= length - SHOWN {
            names.push(format!("`{id}`"));
        } else if at == SHOWN {
            names.push(format!("{} more", length - 2 * SHOWN));
        }
    }
    names
}

fn host_change(what: HostChange, host: &str) -> String {
    match what {
        HostChange::Certificates => format!("says whose certificates are trusted for `{host}`"),
        HostChange::Mirror => format!("has another registry answer for `{host}`"),
        HostChange::Plain => format!("speaks without TLS to `{host}`"),
    }
}

impl From<WitError> for Error {
    fn from(source: WitError) -> Self {
        Self::Wit {
            package: None,
            source,
        }
    }
}

impl Error {
    /// All of `errors` as one; they must come in a fixed order.
    pub(crate) fn several(mut errors: Vec<Error>) -> Option<Error> {
        match errors.len() {
            0 => None,
            1 => errors.pop(),
            _ => Some(Self::Several(errors)),
        }
    }

    /// The package that is not where its route leads, if this is about one.
    pub(crate) fn absent(&self) -> Option<&PackageName> {
        match self {
            Self::NoRoute { package, .. } | Self::PackageNotFound { package, .. } => Some(package),
            Self::VersionNotFound { package, .. } => Some(&package.name),
            _ => None,
        }
    }

    /// What sort of failure this is: see the example of [`Error`].
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Fs(error) => wits_store::kind_of(error),
            Self::Store(error) => error.kind(),
            Self::Wit { source, .. } | Self::Metadata { source, .. } => source.kind(),
            Self::Registry { source, .. } => source.kind(),
            Self::OtherPackage { .. }
            | Self::PinnedWit { .. }
            | Self::PinnedSize { .. }
            | Self::ServedDiffers { .. }
            | Self::WkgPin { .. }
            | Self::Skew { .. }
            | Self::OtherWit { .. } => ErrorKind::Integrity,
            // The gravest of them: what does not match counts more than what may work later.
            Self::Several(errors) => {
                let rank = |kind: ErrorKind| match kind {
                    ErrorKind::Integrity => 3,
                    ErrorKind::Bug => 2,
                    ErrorKind::Project => 1,
                    ErrorKind::Transient => 0,
                };
                errors
                    .iter()
                    .map(Error::kind)
                    .max_by_key(|kind| rank(*kind))
                    .unwrap_or(ErrorKind::Bug)
            }
            Self::Runtime(_) | Self::Bug(_) => ErrorKind::Bug,
            _ => ErrorKind::Project,
        }
    }

    /// The place in a text of the user's that is at fault, or that led to it: see the example of [`Error`].
    pub fn span(&self) -> Option<&SourceSpan> {
        match self {
            Self::Wit { source, .. } => source.span(),
            Self::Manifest(error) => Some(error.span()),
            Self::Routes(error) => error.span(),
            Self::Lock(error) => Some(error.span()),
            Self::Override { span, .. }
            | Self::WkgPin { span, .. }
            | Self::Unversioned { span, .. }
            | Self::MemberNotFound { span, .. }
            | Self::Metadata { span, .. } => Some(span),
            Self::Cycle { span, .. }
            | Self::LocalUnversioned { span, .. }
            | Self::OverrideName { span, .. }
            | Self::NoMembers { span }
            | Self::ProjectHost { span, .. }
            | Self::LocalUnpublished { span, .. }
            | Self::PublishUnversioned { span, .. } => span.as_deref(),
            _ => self.asked()?.span.as_ref(),
        }
    }

    /// Another place that matters, with what it is: where a package that is defined twice was first defined.
    ///
    /// ```
    /// use wits::Error;
    ///
    /// fn places(error: &Error) -> Vec<String> {
    ///     let second = error.secondary_span().map(|(span, what)| format!("{span}: {what}"));
    ///     error.span().map(ToString::to_string).into_iter().chain(second).collect()
    /// }
    /// # assert!(places(&Error::Bug(String::new())).is_empty());
    /// ```
    pub fn secondary_span(&self) -> Option<(&SourceSpan, &'static str)> {
        match self {
            Self::Wit { source, .. } => source.secondary_span(),
            _ => None,
        }
    }

    /// This error with who needs the package.
    pub(crate) fn asked_by(mut self, by: Asked) -> Self {
        match &mut self {
            Self::UnversionedDependency { asked, .. }
            | Self::NoLender { asked, .. }
            | Self::LocalVersion { asked, .. }
            | Self::NoRoute { asked, .. }
            | Self::PackageNotFound { asked, .. }
            | Self::VersionNotFound { asked, .. }
            | Self::Registry { asked, .. }
            | Self::NotLocked { asked, .. }
            | Self::NotCached { asked, .. }
            | Self::OtherPackage { asked, .. }
            | Self::NotWit { asked, .. } => **asked = by,
            _ => {}
        }
        self
    }

    /// This error with the name among `known` that an absent package's name is most like.
    pub(crate) fn suggesting(mut self, known: &BTreeSet<PackageName>) -> Self {
        if let Self::PackageNotFound {
            package, similar, ..
        } = &mut self
            && similar.is_none()
        {
            *similar = crate::versions::similar(package, known);
        }
        self
    }

    fn asked(&self) -> Option<&Asked> {
        match self {
            Self::UnversionedDependency { asked, .. }
            | Self::NoLender { asked, .. }
            | Self::LocalVersion { asked, .. }
            | Self::NoRoute { asked, .. }
            | Self::PackageNotFound { asked, .. }
            | Self::VersionNotFound { asked, .. }
            | Self::Registry { asked, .. }
            | Self::NotLocked { asked, .. }
            | Self::NotCached { asked, .. }
            | Self::OtherPackage { asked, .. }
            | Self::NotWit { asked, .. }
            | Self::TooManyPackages { asked, .. } => Some(asked),
            _ => None,
        }
    }

    /// What to know and what to do next, each a line of its own: see the example of [`Error`].
    pub fn help(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.asked().and_then(Asked::help).into_iter().collect();
        lines.extend(crate::advice::advice(self));
        lines
    }
}
