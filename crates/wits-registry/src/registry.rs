//! What every backend can do, and the values that go in and come out.

use std::collections::BTreeMap;
use std::pin::Pin as Pinned;

use wits_model::{Blob, PackageMetadata, PackageSource, Pin, Version};

use crate::RegistryError;
use crate::artifact::Manifest;

/// An answer that may take a while. Boxed, so that backends can stand behind `dyn`.
///
/// The futures of `layout:` never wait: any executor can run them, without a runtime. Those of network
/// backends need tokio, which the caller brings.
pub type Answer<'a, T> = Pinned<Box<dyn Future<Output = Result<T, RegistryError>> + Send + 'a>>;

/// One kind of backend. Every call names the package by its [`PackageSource`], which holds host and
/// path, so one value serves all registries of its kind.
pub trait Registry: Send + Sync {
    /// All versions of the package, sorted. Tags that are no versions (`latest`, `sha256-…`) are
    /// passed over.
    fn versions<'a>(&'a self, at: &'a PackageSource) -> Answer<'a, Vec<Version>>;

    /// What exactly that version is today. Lists no tags and fetches no Wasm.
    fn release<'a>(&'a self, at: &'a PackageSource, version: &'a Version) -> Answer<'a, Release>;

    /// The bytes that `pin` names, of the right size and digest: anything else is an error before a
    /// byte is handed out. `version` is for diagnosis when the registry does not have them.
    fn pull<'a>(
        &'a self,
        at: &'a PackageSource,
        version: &'a Version,
        pin: &'a Pin,
    ) -> Answer<'a, Blob>;

    /// Publishes a version that does not exist yet. Nothing that exists is ever overwritten: the same
    /// Wasm is a success, other Wasm an error; and where [`SideFile`]s are kept, other ones are too.
    fn publish<'a>(
        &'a self,
        at: &'a PackageSource,
        publication: &'a Publication,
    ) -> Answer<'a, Published>;

    /// Takes a version back: nobody is to begin using it, and whoever has locked it can still have it.
    /// Most backends cannot.
    fn yank<'a>(&'a self, at: &'a PackageSource, version: &'a Version) -> Answer<'a, Yanked> {
        let refused = RegistryError::Unsupported {
            at: at.into(),
            reason: format!(
                "version `{version}` cannot be yanked here: only a Bindle server can do that"
            ),
        };
        Box::pin(std::future::ready(Err(refused)))
    }
}

/// A version as a registry names it today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Which bytes it is.
    pub pin: Pin,
    /// The manifest's annotations, as they came: claims of the publisher, nothing verified.
    pub annotations: BTreeMap<String, String>,
}

/// A version to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// Its version.
    pub version: Version,
    /// The Wasm bytes.
    pub wasm: Blob,
    /// When it was made, in seconds since the epoch; 0 unless the user says so, so that the same
    /// package has the same manifest every time.
    pub created: u64,
    /// What the package says about itself; becomes `org.opencontainers.image.*` annotations.
    pub metadata: PackageMetadata,
    /// The exports as the config lists them; sorted here.
    pub exports: Vec<String>,
    /// The imports as the config lists them; sorted here.
    pub imports: Vec<String>,
    /// Further annotations of the manifest. One of the names above that `metadata` also gives is
    /// taken from here.
    pub annotations: BTreeMap<String, String>,
    /// What a tool that stores the layer calls the file: `http.wasm`.
    pub title: String,
    /// Files to go with it where the backend has room for them; an OCI artifact has none.
    pub files: Vec<SideFile>,
}

/// A file that a package was made from, or that explains it. Nothing is resolved with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SideFile {
    /// Its path in the project, with `/`.
    pub name: String,
    /// What it is.
    pub role: SideFileRole,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// What a [`SideFile`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SideFileRole {
    /// WIT text.
    Source,
    /// What it is for.
    Readme,
    /// The terms.
    Licence,
}

impl SideFileRole {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Source, Self::Readme, Self::Licence];
}

impl Publication {
    /// What publishing comes to where the version is `there` already.
    pub(crate) fn already(
        &self,
        at: &PackageSource,
        there: Pin,
    ) -> Result<Published, RegistryError> {
        let ours = self.wasm.digest();
        if there.digest != ours {
            return Err(RegistryError::VersionExists {
                at: at.into(),
                version: Box::new(self.version.clone()),
                existing: there.digest,
                ours,
            });
        }
        Ok(Published {
            pin: there,
            outcome: Outcome::AlreadyPublished,
        })
    }
}

/// What publishing came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// What the version is in the registry now.
    pub pin: Pin,
    /// Whether it was there before.
    pub outcome: Outcome,
}

/// What yanking came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Yanked {
    /// The version is yanked now.
    New,
    /// It was before.
    Already,
}

/// Whether a publication changed the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The version is new.
    New,
    /// The version was there with the same Wasm. Its manifest, which may differ, is what it was.
    AlreadyPublished,
}

impl From<Manifest> for Release {
    fn from(manifest: Manifest) -> Self {
        Self {
            pin: manifest.pin,
            annotations: manifest.annotations,
        }
    }
}
