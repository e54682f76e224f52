//! `bindle keygen`: a key pair to sign with, where Bindle's own client keeps its keys.

pub use wits_registry::bindle::keys::NewKey;

use crate::session::registry_error;
use crate::{Context, Error};

/// Makes a key pair for a creator called `label`, usually `Name <mail>`: the secret half is added to the
/// user's file of secret keys, the public half to the user's keyring.
///
/// # Errors
/// If the context names no such files, or one cannot be read or written.
///
/// ```no_run
/// # fn example(context: &wits::Context) -> Result<(), wits::Error> {
/// let key = wits::ops::bindle::keygen(context, "Ann <ann@acme.example>")?;
/// println!("{key:?}");
/// # Ok(())
/// # }
/// ```
pub fn keygen(context: &Context, label: &str) -> Result<NewKey, Error> {
    let files = &context.bindle;
    let (Some(secret_keys), Some(keyring)) = (&files.secret_keys, &files.keyring) else {
        return Err(Error::NoKeyFiles);
    };
    wits_registry::bindle::keys::generate(label, secret_keys, keyring)
        .map_err(|error| registry_error(error, false))
}
