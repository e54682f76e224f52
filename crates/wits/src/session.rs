//! What one operation shares: the cache, the registries, the routes, and the one place where a package
//! is had from them.
//!
//! A pin is honoured before anything else: a locked package is asked for by digest where the lock says it
//! is, and neither today's routes nor a tag can change which bytes come. What is not locked is asked of
//! the one registry that its name is routed to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wits_model::lock::{Lock, LockedPackage};
use wits_model::routes::{Layer, Route, RouteKey, Routes};
use wits_model::{Blob, Digest, PackageId, PackageName, PackageSource, Pin, RegistryUrl, Version};
use wits_registry::{RegistryError, Release};
use wits_store::cache::audit::Examined;
use wits_store::{Cache, Lookup, StoreError};
use wits_wit::{Decoded, DecodedPackage, SourcePackage, WitError};

use crate::access::Access;
use crate::error::Asked;
use crate::foreign::WkgPins;
use crate::project::{Workspace, wit_files};
use crate::report::Note;
use crate::texts::Printed;
use crate::{Context, Error, config, hint, versions};

/// One operation's access to packages. A clone shares connections, tokens and what domains have said.
#[derive(Clone)]
pub(crate) struct Session<'a> {
    pub(crate) context: &'a Context,
    pub(crate) cache: Cache,
    pub(crate) registries: Arc<Access>,
    pub(crate) routes: Arc<Routes>,
    /// What a `wkg.lock` pins, where it counts.
    wkg: WkgPins,
    /// Whether it was told that the cache cannot be written.
    told_of_cache: Arc<AtomicBool>,
    /// What was decoded, and from which bytes, by their digest.
    decoded: Arc<Mutex<BTreeMap<Digest, (DecodedPackage, Blob)>>>,
    /// What was printed.
    pub(crate) printed: Arc<Printed>,
    /// The WIT of directories that was parsed.
    sources: Arc<Mutex<BTreeMap<PathBuf, SourcePackage>>>,
}

/// A version that its registry has, by the word of that registry: its bytes are still to come.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) id: PackageId,
    pub(crate) source: PackageSource,
    pub(crate) pin: Pin,
    /// What is below it, by the word of its publisher.
    pub(crate) closure: BTreeSet<PackageId>,
}

/// A package as its registry has it, verified and decoded.
#[derive(Debug)]
pub(crate) struct Published {
    pub(crate) id: PackageId,
    pub(crate) source: PackageSource,
    pub(crate) pin: Pin,
    /// The canonical WIT digest.
    pub(crate) wit: Digest,
    pub(crate) package: DecodedPackage,
    pub(crate) wasm: Blob,
    /// Whether bytes came from the registry, and not from the cache.
    pub(crate) fetched: bool,
}

impl<'a> Session<'a> {
    /// A session in a workspace, or in none.
    pub(crate) fn new(context: &'a Context, workspace: Option<&Workspace>) -> Result<Self, Error> {
        let (registries, routes) = Access::new(context, config::load(context, workspace)?)?;
        Ok(Self {
            context,
            cache: Cache::open(&context.cache),
            registries: Arc::new(registries),
            routes: Arc::new(routes),
            wkg: WkgPins::default(),
            told_of_cache: Arc::default(),
            decoded: Arc::default(),
            printed: Arc::default(),
            sources: Arc::default(),
        })
    }

    /// This session with the pins of a `wkg.lock`.
    pub(crate) fn with_wkg_pins(&self, wkg: WkgPins) -> Self {
        Self {
            wkg,
            ..self.clone()
        }
    }

    /// The WIT of a directory, read and parsed when it is first asked for.
    pub(crate) fn source(&self, dir: &Path) -> Result<SourcePackage, Error> {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = sources.get(dir) {
            return Ok(source.clone());
        }
        let source = SourcePackage::parse(wit_files(self.context, dir)?)?;
        sources.insert(dir.to_owned(), source.clone());
        Ok(source)
    }

    /// Takes note of the WIT of a directory that somebody has read and parsed.
    pub(crate) fn know_source(&self, dir: &Path, source: SourcePackage) {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        sources.insert(dir.to_owned(), source);
    }

    /// The registry that serves `name`.
    pub(crate) fn route(&self, name: &PackageName) -> Result<Route, Error> {
        self.routes.route(name).ok_or_else(|| Error::NoRoute {
            package: name.clone(),
            asked: Box::default(),
        })
    }

    /// The registry that serves the package the command names: the one the user says, or its route.
    pub(crate) fn route_of_named(&self, name: &PackageName) -> Result<Route, Error> {
        match &self.context.config.registry {
            Some(url) => Ok(Route {
                url: url.clone(),
                or: None,
                origin: Layer::CommandLine.into(),
                key: RouteKey::Default,
            }),
            None => self.route(name),
        }
    }

    /// Where `name` is today. Asks the domain of a `well-known:` route.
    pub(crate) async fn locate(
        &self,
        route: &Route,
        name: &PackageName,
    ) -> Result<PackageSource, Error> {
        self.registries
            .locate(route, name)
            .await
            .map_err(|source| registry_error(source, false))
    }

    /// The locked package.
    pub(crate) async fn locked(
        &self,
        id: &PackageId,
        locked: &LockedPackage,
        pin: &Pin,
    ) -> Result<Published, Error> {
        // A `well-known:` domain is not asked for a package that is locked.
        let route = self
            .routes
            .route(&id.name)
            .and_then(|route| route.url.source_of(&id.name));
        if let Some(route) = route.filter(|route| *route != locked.source) {
            self.context.reporter.note(&Note::RouteDiffers {
                package: id.clone(),
                locked: locked.source.clone(),
                route,
            });
        }
        let is_local = matches!(locked.source, PackageSource::Layout { .. });
        let (wasm, fetched) = match self.cached(id, &pin.digest)? {
            Some(wasm) => (wasm, false),
            None if self.context.offline && (self.context.sealed || !is_local) => {
                return Err(Error::NotCached {
                    package: id.clone(),
                    asked: Box::default(),
                });
            }
            None => (self.pull(id, &locked.source, pin, true).await?, true),
        };
        if wasm.size() != pin.size {
            return Err(Error::PinnedSize {
                package: id.clone(),
                locked: pin.size,
                found: wasm.size(),
            });
        }
        let published = self.decode(id, locked.source.clone(), pin.clone(), wasm, fetched)?;
        match locked.wit {
            Some(wit) if wit != published.wit => Err(Error::PinnedWit {
                package: id.clone(),
                locked: wit,
                found: published.wit,
            }),
            _ => Ok(published),
        }
    }

    /// What the registry that `id` is routed to has under its version today.
    pub(crate) async fn named(&self, id: &PackageId) -> Result<Named, Error> {
        let route = self.route(&id.name)?;
        let is_local = matches!(route.url, RegistryUrl::Layout { .. });
        if self.context.offline && (self.context.sealed || !is_local) {
            return Err(Error::NotLocked {
                package: id.clone(),
                asked: Box::default(),
            });
        }
        let source = self.locate(&route, &id.name).await?;
        self.named_at(id, source).await
    }

    /// What `source` has under the version of `id` today.
    async fn named_at(&self, id: &PackageId, source: PackageSource) -> Result<Named, Error> {
        let backend = self
            .registries
            .of(&source)
            .map_err(|error| registry_error(error, false))?;
        match backend.release(&source, &id.version).await {
            Ok(release) => self.name(id, source, release),
            Err(error) => Err(self.not_there(id, &source, error).await),
        }
    }

    fn name(
        &self,
        id: &PackageId,
        source: PackageSource,
        release: Release,
    ) -> Result<Named, Error> {
        self.wkg.check(id, release.pin.digest, &source)?;
        Ok(Named {
            id: id.clone(),
            source,
            closure: hint::read(&release.annotations),
            pin: release.pin,
        })
    }

    /// The same as [`named`](Self::named) for a package that nobody may need: nothing is found out of why it
    /// is not there.
    pub(crate) async fn name_ahead(&self, id: &PackageId) -> Option<Named> {
        let source = self.locate(&self.route(&id.name).ok()?, &id.name).await;
        let source = source.ok()?;
        let backend = self.registries.of(&source).ok()?;
        let release = backend.release(&source, &id.version).await.ok()?;
        self.name(id, source, release).ok()
    }

    /// The bytes of a package that nobody may need. They are not put into the cache.
    pub(crate) async fn pull_ahead(&self, named: &Named) -> Option<Blob> {
        let Named {
            id, source, pin, ..
        } = named;
        let backend = self.registries.of(source).ok()?;
        backend.pull(source, &id.version, pin).await.ok()
    }

    /// What `question`, to registries, comes to, and what the user would have heard of it.
    pub(crate) async fn quietly<F: Future>(&self, question: F) -> (F::Output, Vec<Note>) {
        self.registries.quietly(question).await
    }

    /// The package that was named.
    pub(crate) async fn obtain(&self, named: Named) -> Result<Published, Error> {
        let (wasm, fetched) = self.wasm_of(&named).await?;
        self.decode(&named.id, named.source, named.pin, wasm, fetched)
    }

    /// The package that was named, whose bytes are `wasm`: they have been pulled ahead.
    pub(crate) fn keep(&self, named: Named, wasm: Blob) -> Result<Published, Error> {
        self.put(&wasm)?;
        self.decode(&named.id, named.source, named.pin, wasm, true)
    }

    /// The package as `source` has it today.
    pub(crate) async fn at(
        &self,
        id: &PackageId,
        source: PackageSource,
    ) -> Result<Published, Error> {
        self.obtain(self.named_at(id, source).await?).await
    }

    /// The verified bytes of the version that `source` has today.
    pub(crate) async fn bytes(
        &self,
        id: &PackageId,
        source: &PackageSource,
    ) -> Result<(Pin, Blob), Error> {
        let named = self.named_at(id, source.clone()).await?;
        let (wasm, _) = self.wasm_of(&named).await?;
        Ok((named.pin, wasm))
    }

    /// The verified bytes of what was named, and whether they came from its registry.
    async fn wasm_of(&self, named: &Named) -> Result<(Blob, bool), Error> {
        let Named {
            id, source, pin, ..
        } = named;
        match self.cached(id, &pin.digest)? {
            Some(wasm) => Ok((wasm, false)),
            None => Ok((self.pull(id, source, pin, false).await?, true)),
        }
    }

    /// All versions that `source` has.
    pub(crate) async fn versions(
        &self,
        source: &PackageSource,
    ) -> Result<Vec<Version>, RegistryError> {
        self.registries.of(source)?.versions(source).await
    }

    /// An absent version or package as an error that says what is there instead.
    pub(crate) async fn not_there(
        &self,
        id: &PackageId,
        source: &PackageSource,
        error: RegistryError,
    ) -> Error {
        if !matches!(
            error,
            RegistryError::VersionNotFound { .. } | RegistryError::PackageNotFound { .. }
        ) {
            return registry_error(error, false);
        }
        match self.versions(source).await {
            // Its registry lists it, and has no manifest for it.
            Ok(available) if available.contains(&id.version) => registry_error(error, false),
            Ok(available) if !available.is_empty() => Error::VersionNotFound {
                package: id.clone(),
                at: source.clone(),
                available,
                asked: Box::default(),
            },
            Ok(_) => {
                let error = RegistryError::PackageNotFound { at: source.into() };
                Self::no_package(&id.name, source, error)
            }
            Err(error) => Self::no_package(&id.name, source, error),
        }
    }

    /// An absent package as an error that says what has a name like it.
    pub(crate) fn no_package(
        name: &PackageName,
        source: &PackageSource,
        error: RegistryError,
    ) -> Error {
        match error {
            RegistryError::PackageNotFound { .. } => Error::PackageNotFound {
                package: name.clone(),
                at: source.clone(),
                similar: versions::similar(name, &neighbours(name, source)),
                asked: Box::default(),
            },
            error => registry_error(error, false),
        }
    }

    async fn pull(
        &self,
        id: &PackageId,
        source: &PackageSource,
        pin: &Pin,
        locked: bool,
    ) -> Result<Blob, Error> {
        let backend = self
            .registries
            .of(source)
            .map_err(|error| registry_error(error, locked))?;
        let pulled = backend.pull(source, &id.version, pin).await;
        let wasm = pulled.map_err(|error| registry_error(error, locked))?;
        self.put(&wasm)?;
        Ok(wasm)
    }

    /// Keeps bytes in the cache, if it can be written.
    fn put(&self, wasm: &Blob) -> Result<(), Error> {
        match self.cache.put(wasm) {
            Ok(()) => {}
            Err(error @ StoreError::CacheUnwritable { .. }) => {
                self.tell_of_cache(&error);
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Says once that the cache is of no use; nothing is lost but time.
    fn tell_of_cache(&self, error: &StoreError) {
        if !self.told_of_cache.swap(true, Ordering::Relaxed) {
            self.context.reporter.note(&Note::CacheNotUsed {
                reason: error.to_string(),
            });
        }
    }

    /// The bytes, if this operation had them before, or the cache has.
    fn cached(&self, id: &PackageId, digest: &Digest) -> Result<Option<Blob>, Error> {
        if let Some((_, wasm)) = self.lock_decoded().get(digest) {
            return Ok(Some(wasm.clone()));
        }
        if self.context.sealed {
            return Ok(match self.cache.examine(digest)? {
                Examined::Good(wasm) => Some(wasm),
                Examined::Missing | Examined::Bad(_) => None,
            });
        }
        let found = match self.cache.get(digest) {
            Ok(found) => found,
            Err(error @ StoreError::CacheUnreadable { .. }) => {
                self.tell_of_cache(&error);
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        match found {
            Lookup::Hit(wasm) => Ok(Some(wasm)),
            Lookup::Miss => Ok(None),
            Lookup::Damaged { path, set_aside } => {
                self.context.reporter.note(&Note::DamagedCache {
                    package: id.clone(),
                    path,
                    set_aside,
                });
                Ok(None)
            }
        }
    }

    /// Decodes verified bytes, unless they were decoded before, and checks that they are the package they were
    /// served as.
    fn decode(
        &self,
        id: &PackageId,
        source: PackageSource,
        pin: Pin,
        wasm: Blob,
        fetched: bool,
    ) -> Result<Published, Error> {
        let not_wit = |found: String| Error::NotWit {
            package: id.clone(),
            at: source.clone(),
            found,
            asked: Box::default(),
        };
        if wasm.digest() != pin.digest {
            return Err(Error::Bug(format!(
                "`{id}` came with other bytes than its own"
            )));
        }
        let known = self.lock_decoded().get(&pin.digest).cloned();
        let package = match known.map_or_else(
            || wits_wit::decode(&wasm),
            |(it, _)| Ok(Decoded::Package(it)),
        ) {
            Ok(Decoded::Package(package)) => package,
            Ok(Decoded::Component(_)) => {
                return Err(not_wit("a component, not a WIT package".to_owned()));
            }
            Err(WitError::NotWasm) => return Err(not_wit("not WebAssembly at all".to_owned())),
            Err(WitError::CoreModule) => {
                return Err(not_wit("a core module, not a WIT package".to_owned()));
            }
            Err(error) => return Err(not_wit(format!("no WIT package that can be read: {error}"))),
        };
        let found = package.id();
        if found.id().as_ref() != Some(id) {
            return Err(Error::OtherPackage {
                wanted: id.clone(),
                found,
                at: source,
                asked: Box::default(),
            });
        }
        let wit = package.wit();
        let known = (package.clone(), wasm.clone());
        self.lock_decoded().insert(pin.digest, known);
        Ok(Published {
            id: id.clone(),
            source,
            pin,
            wit,
            package,
            wasm,
            fetched,
        })
    }

    fn lock_decoded(&self) -> MutexGuard<'_, BTreeMap<Digest, (DecodedPackage, Blob)>> {
        // What is in it is whole, whoever panicked.
        self.decoded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The locked package if it is pinned, otherwise what its registry has.
    pub(crate) async fn package(&self, lock: &Lock, id: &PackageId) -> Result<Published, Error> {
        match lock
            .packages
            .get(id)
            .and_then(|locked| Some((locked, locked.pin.as_ref()?)))
        {
            Some((locked, pin)) => self.locked(id, locked, pin).await,
            None => self.obtain(self.named(id).await?).await,
        }
    }
}

/// The packages beside one in a layout, where looking costs nothing.
fn neighbours(name: &PackageName, source: &PackageSource) -> BTreeSet<PackageName> {
    let PackageSource::Layout { path } = source else {
        return BTreeSet::new();
    };
    let beside = path
        .parent()
        .and_then(|namespace| std::fs::read_dir(namespace).ok());
    let names = beside
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok());
    names
        .filter_map(|beside| PackageName::new(name.namespace(), &beside).ok())
        .collect()
}

pub(crate) fn registry_error(source: RegistryError, locked: bool) -> Error {
    Error::Registry {
        source,
        asked: Box::<Asked>::default(),
        locked,
    }
}
