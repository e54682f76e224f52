//! `login` and `logout`: credentials are kept where Docker and podman keep theirs.
//!
//! Nothing is sent anywhere: whether a registry takes a credential shows when it first asks for one.

use wits_registry::Redacted;

use crate::credentials::{Store, Stored, login_host};
use crate::{Context, Error};

/// Keeps a credential for `host`: a password of `user`, or without a user an OAuth2 refresh token.
/// What is kept for the host as a whole is replaced; what is kept for a path in it stays.
///
/// # Errors
/// If `host` is none, the secret is empty, or the file or the helper cannot be written.
///
/// ```no_run
/// # fn example(context: &wits::Context) -> Result<(), wits::Error> {
/// let login = wits::ops::login::login(context, "registry.example", Some("ann"), &"secret".into())?;
/// println!("kept for {}", login.host);
/// # Ok(())
/// # }
/// ```
pub fn login(
    context: &Context,
    host: &str,
    user: Option<&str>,
    secret: &Redacted,
) -> Result<Login, Error> {
    let host = login_host(host)?;
    if secret.reveal().is_empty() || user.is_some_and(|user| user.is_empty() || user.contains(':'))
    {
        return Err(Error::NoLogin);
    }
    let stored = Store::find(&context.credentials)?.put(&host, user, secret)?;
    Ok(Login {
        host,
        stored: vec![stored],
    })
}

/// Drops what is kept for `host` as a whole, in every file that requests look into.
///
/// # Errors
/// If a file or a helper cannot be read or written.
///
/// ```no_run
/// # fn example(context: &wits::Context) -> Result<(), wits::Error> {
/// let login = wits::ops::login::logout(context, "registry.example")?;
/// println!("dropped from {} files", login.stored.len());
/// # Ok(())
/// # }
/// ```
pub fn logout(context: &Context, host: &str) -> Result<Login, Error> {
    let host = login_host(host)?;
    let mut stored = Vec::new();
    for store in Store::all(&context.credentials)? {
        stored.extend(store.take(&host)?);
    }
    Ok(Login { host, stored })
}

/// What was done for a host: see the examples of [`login`] and [`logout`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Login {
    /// The host.
    pub host: String,
    /// The files that were changed; none if nothing was kept.
    pub stored: Vec<Stored>,
}
