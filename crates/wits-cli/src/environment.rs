//! The one place of the command that reads the environment: it makes a [`Context`] of it, with the library, and
//! of the arguments.
#![allow(clippy::disallowed_methods)] // see above

use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use wits::model::RegistryUrl;
use wits::{Context, Locking, Reporter};

use crate::args::Global;
use crate::commands::Failure;

/// Where the user stands: the working directory, or the one of `-C`.
pub(crate) fn working_directory(global: &Global) -> Result<PathBuf, Failure> {
    let here = env::current_dir()
        .map_err(|error| Failure::Usage(format!("there is no working directory: {error}")))?;
    let Some(named) = &global.directory else {
        return Ok(here);
    };
    let dir = here.join(named);
    // Resolved, so that ancestors and relative paths mean what they say.
    dir.canonicalize()
        .ok()
        .filter(|dir| dir.is_dir())
        .ok_or_else(|| Failure::Usage(format!("`{}` is not a directory", named.display())))
}

/// What the library works with.
pub(crate) fn context(
    global: &Global,
    here: &Path,
    registry: Option<&RegistryUrl>,
    reporter: Arc<dyn Reporter>,
) -> Result<Context, Failure> {
    let cache = global.cache_dir.as_ref().map(|dir| here.join(dir));
    let cache = cache.or_else(wits::environment::cache_dir).ok_or_else(|| {
        Failure::Usage("there is no home directory; name a cache with `--cache-dir DIR`".to_owned())
    })?;
    let mut context = wits::environment::context(here, cache);
    context.config.explicit = global.config.as_ref().map(|file| here.join(file));
    context.config.registry = registry.map(|registry| registry.clone().resolve(here));
    context.offline = global.offline || global.frozen;
    context.locking = if global.locked || global.frozen {
        Locking::Locked
    } else {
        Locking::Update
    };
    context.http_timeout = global.http_timeout.map(Duration::from_secs);
    context.http_retries = global.http_retries;
    if let Some(seconds) = global.lock_timeout {
        context.patience = Duration::from_secs(seconds);
    }
    context.created = created()?;
    context.reporter = reporter;
    Ok(context)
}

/// `SOURCE_DATE_EPOCH` (reproducible-builds.org), or the epoch itself.
fn created() -> Result<u64, Failure> {
    match env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text.parse().map_err(|_| {
            Failure::Usage(format!(
                "SOURCE_DATE_EPOCH is not a number of seconds: `{text}`"
            ))
        }),
        Err(_) => Ok(0),
    }
}
