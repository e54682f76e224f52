//! `bindle+https:` and `bindle+http:` — Bindle servers (Bindle's protocol specification, version 1).
//!
//! `ns:name@version` is the bindle `[PREFIX/]ns/name/version`. What it is, is said by its invoice: a list
//! of parcels, each named by the sha256 of its bytes, and signed. Exactly one of them is the package.
//! Only parcels are addressed by content, so a pin has the parcel's digest and no manifest.
//!
//! | module | what is in it |
//! | --- | --- |
//! | `invoice` | the invoice, and which parcel is the package |
//! | `signature` | signing, and the strategies by which signatures are checked |
//! | [`keys`] | keyrings and secret keys, in the files of Bindle's own client |
//! | `server` | what is asked of a server |
//! | `push` | publishing |
//! | `yank` | yanking |
//!
//! # What the real server (0.9.1) is like
//!
//! - It answers `HEAD` with 200 for what is not there: nothing is asked with `HEAD`.
//! - A `+` in a path has to be sent as it is; `%2B` is not decoded.
//! - A 403 says "yanked" or "not for you". An invoice is therefore always asked for with `yanked=true`,
//!   and says itself whether it is.
//! - It does not hand out the parcels of a yanked bindle, although the specification has no yanked
//!   parcels; see `yank` for how those who locked it get their bytes.
//! - It lists yanked bindles whatever it is asked, and matches parts of names: both are sorted out here.
//! - With files for storage, an upload that breaks off leaves half a parcel, which can neither be read
//!   nor uploaded again: `push` believes nothing but the bytes that come back.

mod invoice;
pub mod keys;
mod push;
mod server;
mod signature;
mod yank;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::join;
use wits_model::routes::Verification;
use wits_model::{Blob, PackageSource, Pin, Version};

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use self::invoice::fuzz as fuzz_invoice;
use self::invoice::{Invoice, Wasm};
use self::keys::Keyring;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use self::keys::fuzz as fuzz_keys;
use self::server::Server;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use self::server::fuzz as fuzz_list;
use self::signature::{Fault, Signer};
use crate::registry::Yanked;
use crate::told::printable;
use crate::transport::Transport;
use crate::{Answer, Publication, Published, Registry, RegistryError, RegistryNote, Release, lost};

/// All Bindle servers.
pub(crate) struct BindleServers {
    transport: Arc<Transport>,
    /// The versions whose invoice has been read in this run, and was not yanked.
    fresh: Mutex<BTreeSet<(PackageSource, Version)>>,
}

impl BindleServers {
    pub(crate) fn new(transport: Arc<Transport>) -> Self {
        Self {
            transport,
            fresh: Mutex::default(),
        }
    }

    fn server<'a>(&'a self, at: &'a PackageSource) -> Result<Server<'a>, RegistryError> {
        Server::new(&self.transport, at)
    }

    fn is_fresh(&self, at: &PackageSource, version: &Version) -> bool {
        let fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        fresh.contains(&(at.clone(), version.clone()))
    }

    /// Holds the signatures of an invoice against the user's keyring.
    fn verify(&self, server: &Server<'_>, invoice: &Invoice) -> Result<(), RegistryError> {
        let options = &self.transport.options().bindle;
        let keyring = match &options.keyring {
            Some(file) => Keyring::read(file)?,
            None => Keyring::default(),
        };
        let strategy = options.verification.get(server.host);
        let strategy = strategy.unwrap_or(&Verification::Creative);
        signature::verify(invoice, strategy, &keyring).map_err(|fault| {
            let (fault, key) = told(&fault, strategy);
            RegistryError::Signature {
                at: server.place.clone(),
                invoice: printable(&invoice.id()),
                fault,
                keyring: key.zip(options.keyring.clone()),
            }
        })
    }

    async fn release(
        &self,
        at: &PackageSource,
        version: &Version,
    ) -> Result<Release, RegistryError> {
        let server = self.server(at)?;
        let invoice = server.invoice(server.name, version).await?;
        let invoice = invoice.ok_or_else(|| server.no_version(version))?;
        self.verify(&server, &invoice)?;
        if invoice.is_yanked() {
            return Err(RegistryError::Yanked {
                at: server.place.clone(),
                version: Box::new(version.clone()),
            });
        }
        let Wasm { digest, size } = invoice.wasm(at)?;
        let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        fresh.insert((at.clone(), version.clone()));
        Ok(Release {
            pin: Pin {
                manifest: None,
                digest,
                size,
            },
            annotations: invoice.annotations,
        })
    }

    async fn pull(
        &self,
        at: &PackageSource,
        version: &Version,
        pin: &Pin,
    ) -> Result<Blob, RegistryError> {
        let server = self.server(at)?;
        let wasm = Wasm {
            digest: pin.digest,
            size: pin.size,
        };
        let bytes = server.wasm(server.name, version, wasm);
        // What is locked may have been yanked since. That changes nothing, but the user should hear of it.
        let (bytes, invoice) = if self.is_fresh(at, version) {
            (bytes.await, None)
        } else {
            let invoice = server.invoice(server.name, version);
            let (bytes, invoice) = join(bytes, invoice).await;
            (bytes, Some(invoice))
        };
        let denied = match bytes {
            Ok(Some(bytes)) => {
                // The pin decides about the bytes: an invoice that cannot be had takes nothing from them.
                if let Some(Ok(Some(invoice))) = invoice
                    && invoice.is_yanked()
                {
                    self.say_yanked(at, version);
                }
                return Ok(bytes);
            }
            Ok(None) => None,
            Err(error @ RegistryError::Denied { .. }) => Some(error),
            Err(error) => return Err(error),
        };
        let invoice = match invoice {
            Some(invoice) => invoice?,
            None => server.invoice(server.name, version).await?,
        };
        let Some(invoice) = invoice else {
            return Err(server.no_version(version));
        };
        let named = invoice.wasm(at)?.digest;
        if named == pin.digest && invoice.is_yanked() {
            let kept = yank::kept(&server, version, wasm).await?;
            self.say_yanked(at, version);
            return kept.ok_or_else(|| RegistryError::YankedAway {
                at: server.place.clone(),
                version: Box::new(version.clone()),
            });
        }
        Err(match denied {
            Some(denied) if named == pin.digest => denied,
            _ => lost::verdict(at, version, pin, Some(named)),
        })
    }

    fn say_yanked(&self, at: &PackageSource, version: &Version) {
        self.transport.options().notes.tell(RegistryNote::Yanked {
            at: Box::new(at.clone()),
            version: Box::new(version.clone()),
        });
    }
}

/// What is wrong with the signatures, in words; and the keyring entry that would make it right, where
/// one would.
fn told(fault: &Fault, strategy: &Verification) -> (String, Option<String>) {
    let signer = |signer: &Signer| {
        let (key, by) = (printable(&signer.key), printable(&signer.by));
        format!(
            "the key `{key}` of `{by}`, which signed it as {}",
            signer.role
        )
    };
    match fault {
        Fault::Unsigned => {
            let role = match strategy {
                Verification::Exhaustive => "anybody",
                Verification::Authoritative => "a creator or an approver",
                _ => "a creator",
            };
            (format!("it has no signature, by {role} or else"), None)
        }
        Fault::Missing(role) => (
            format!("it has no signature as {role}, which `{strategy}` asks for"),
            None,
        ),
        Fault::Invalid(by) => (
            format!("the signature of {} is not valid", signer(by)),
            None,
        ),
        Fault::Unknown(by) => {
            let label = toml::Value::String(printable(&by.by));
            let entry = format!(
                "[[key]]\n    label = {label}\n    roles = [\"{}\"]\n    key = \"{}\"",
                by.role,
                printable(&by.key)
            );
            (
                format!("{}, is not in your keyring for that role", signer(by)),
                Some(entry),
            )
        }
    }
}

impl Registry for BindleServers {
    fn versions<'a>(&'a self, at: &'a PackageSource) -> Answer<'a, Vec<Version>> {
        Box::pin(async move { self.server(at)?.versions().await })
    }

    fn release<'a>(&'a self, at: &'a PackageSource, version: &'a Version) -> Answer<'a, Release> {
        Box::pin(self.release(at, version))
    }

    fn pull<'a>(
        &'a self,
        at: &'a PackageSource,
        version: &'a Version,
        pin: &'a Pin,
    ) -> Answer<'a, Blob> {
        Box::pin(self.pull(at, version, pin))
    }

    fn publish<'a>(
        &'a self,
        at: &'a PackageSource,
        publication: &'a Publication,
    ) -> Answer<'a, Published> {
        Box::pin(async move { push::publish(&self.server(at)?, publication).await })
    }

    fn yank<'a>(&'a self, at: &'a PackageSource, version: &'a Version) -> Answer<'a, Yanked> {
        Box::pin(async move { yank::yank(&self.server(at)?, version).await })
    }
}
