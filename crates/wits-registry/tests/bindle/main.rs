//! Bindle: the real server, and one that misbehaves.
#![cfg(feature = "network")]

#[path = "../support/mod.rs"]
mod support;

mod bad;
mod real;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use support::{backend, impatient, publication, run, version};
use wits_model::{Blob, PackageSource, Pin};
use wits_registry::bindle::keys::{self, NewKey};
use wits_registry::{
    BindleOptions, Credential, Credentials, Notes, Options, Registries, RegistryError, RegistryNote,
};

const WASM: &[u8] = b"\0asm and so on";

/// A user with a key, who hears notes.
struct User {
    dir: tempfile::TempDir,
    key: NewKey,
    options: Options,
    notes: Arc<Mutex<Vec<RegistryNote>>>,
}

impl User {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (secrets, keyring) = (
            dir.path().join("secret_keys.toml"),
            dir.path().join("keyring.toml"),
        );
        let key = keys::generate("me <me@example.com>", &secrets, &keyring).unwrap();
        let notes = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&notes);
        let options = Options {
            bindle: BindleOptions {
                keyring: Some(keyring),
                secret_keys: Some(secrets),
                ..BindleOptions::default()
            },
            notes: Notes::new(move |note| told.lock().unwrap().push(note)),
            ..impatient()
        };
        Self {
            dir,
            key,
            options,
            notes,
        }
    }

    fn keyring(&self) -> PathBuf {
        self.dir.path().join("keyring.toml")
    }

    /// Registries as a run of the command has them.
    fn registries(&self) -> Registries {
        Registries::new(self.options.clone())
    }

    /// The same user with other options.
    fn with(&self, change: impl FnOnce(&mut Options)) -> Registries {
        let mut options = self.options.clone();
        change(&mut options);
        Registries::new(options)
    }

    /// What was told so far, and forgets it.
    fn notes(&self) -> Vec<String> {
        let notes = std::mem::take(&mut *self.notes.lock().unwrap());
        notes.iter().map(ToString::to_string).collect()
    }

    /// Publishes [`WASM`] as `version`, which is new.
    #[track_caller]
    fn publish(&self, at: &PackageSource, version: &str) -> Pin {
        let registries = self.registries();
        let publication = publication(version, WASM);
        let published = run(backend(&registries, at).publish(at, &publication)).unwrap();
        assert_eq!(published.outcome, wits_registry::Outcome::New);
        published.pin
    }

    /// What is locked, in a run of its own.
    fn pull(&self, at: &PackageSource, at_version: &str, pin: &Pin) -> Result<Blob, RegistryError> {
        let registries = self.registries();
        run(backend(&registries, at).pull(at, &version(at_version), pin))
    }

    /// What the version is today, in a run of its own.
    fn release(&self, at: &PackageSource, at_version: &str) -> Result<Pin, RegistryError> {
        let registries = self.registries();
        let release = run(backend(&registries, at).release(at, &version(at_version)));
        release.map(|release| release.pin)
    }
}

/// One credential for everything.
struct Always(Credential);

impl Credentials for Always {
    fn find<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
    ) -> wits_registry::credentials::CredentialAnswer<'a> {
        Box::pin(std::future::ready(Ok(Some(self.0.clone()))))
    }

    fn held(&self, _: &str) -> bool {
        true
    }
}

/// A file that others wrote, changed.
fn edit(file: &Path, change: impl FnOnce(String) -> String) {
    let text = std::fs::read_to_string(file).unwrap();
    wits_fs::write_atomic(file, change(text)).unwrap();
}
