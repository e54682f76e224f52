//! Mirrors: other places where the same bytes are.
//!
//! A mirror is asked for what has a digest, and is believed because of the digest. What a tag names is
//! asked of the origin, unless the user trusts the mirror with that too. Whatever a mirror does wrong,
//! the origin is asked instead, and the user hears of it. Nobody else learns that there are mirrors: a
//! package's source is its origin.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use wits_model::{Blob, PackageSource, Pin, RegistryUrl, Version};

use crate::backends::Backends;
use crate::{Credentials, Mirror, Notes, Options, RegistryError, RegistryNote, Release};

/// How often a mirror is asked again: not for long, since there is the origin.
const RETRIES: usize = 1;

/// All mirrors, and how they are asked.
pub(crate) struct Mirrors {
    /// The longest origin first.
    all: Vec<Mirror>,
    backends: Backends,
    notes: Notes,
    credentials: Arc<dyn Credentials>,
    /// The mirrors that cannot be reached, by their place in the list.
    down: Mutex<HashSet<usize>>,
}

impl Mirrors {
    pub(crate) fn new(options: &Options) -> Self {
        let mut all = options.mirrors.clone();
        all.sort_by_key(|mirror| std::cmp::Reverse(prefix(&mirror.origin).map_or(0, str::len)));
        let mut own = options.clone();
        own.limits.retries = own.limits.retries.min(RETRIES);
        Self {
            all,
            backends: Backends::new(own),
            notes: options.notes.clone(),
            credentials: Arc::clone(&options.credentials),
            down: Mutex::default(),
        }
    }

    /// The bytes that `pin` names, if a mirror of `at` has them.
    pub(crate) async fn pull(
        &self,
        at: &PackageSource,
        version: &Version,
        pin: &Pin,
    ) -> Option<Blob> {
        for (index, mirror) in self.all.iter().enumerate() {
            let Some(there) = self.place(index, at) else {
                continue;
            };
            match self.backends.stored(&there, version, pin).await {
                Ok(bytes) => return Some(bytes),
                Err(error) => self.pass_over(index, mirror, at, error),
            }
        }
        None
    }

    /// What `version` is by the word of a mirror, if one has it that is trusted with that.
    pub(crate) async fn release(&self, at: &PackageSource, version: &Version) -> Option<Release> {
        for (index, mirror) in self.trusted() {
            let Some(there) = self.place(index, at) else {
                continue;
            };
            let told = match self.backends.of(&there) {
                Ok(backend) => backend.release(&there, version).await,
                Err(error) => Err(error),
            };
            match told {
                Ok(release) => return Some(release),
                Err(error) => self.pass_over(index, mirror, at, error),
            }
        }
        None
    }

    /// The versions by the word of a mirror, if one is trusted with that.
    pub(crate) async fn versions(&self, at: &PackageSource) -> Option<Vec<Version>> {
        for (index, mirror) in self.trusted() {
            let Some(there) = self.place(index, at) else {
                continue;
            };
            let told = match self.backends.of(&there) {
                Ok(backend) => backend.versions(&there).await,
                Err(error) => Err(error),
            };
            match told {
                Ok(versions) => return Some(versions),
                Err(error) => self.pass_over(index, mirror, at, error),
            }
        }
        None
    }

    fn trusted(&self) -> impl Iterator<Item = (usize, &Mirror)> {
        let all = self.all.iter().enumerate();
        all.filter(|(_, mirror)| mirror.trusted_tags)
    }

    /// Where `at` is in the mirror at `index`; nothing if that mirror is not one of `at`, or down.
    fn place(&self, index: usize, at: &PackageSource) -> Option<PackageSource> {
        let down = self.down.lock().unwrap_or_else(PoisonError::into_inner);
        if down.contains(&index) {
            return None;
        }
        let mirror = self.all.get(index)?;
        below(&mirror.mirror, rest(&mirror.origin, at)?)
    }

    fn pass_over(&self, index: usize, mirror: &Mirror, at: &PackageSource, error: RegistryError) {
        let error = self.backends.hide(error);
        match error {
            // The origin will say so.
            RegistryError::Offline { .. } => return,
            // The first who finds it down says so for all, and so must be somebody whose word is heard.
            RegistryError::Unreachable { .. } if !self.credentials.is_certain() => return,
            RegistryError::Unreachable { .. } => {
                let mut down = self.down.lock().unwrap_or_else(PoisonError::into_inner);
                if !down.insert(index) {
                    return;
                }
            }
            _ => {}
        }
        self.notes.tell(RegistryNote::MirrorPassedOver {
            origin: Box::new(at.clone()),
            mirror: Box::new(mirror.mirror.clone()),
            reason: error.to_string(),
        });
    }
}

/// The path of `url` below its host.
fn prefix(url: &RegistryUrl) -> Option<&str> {
    match url {
        RegistryUrl::Oci { prefix, .. } | RegistryUrl::Bindle { prefix, .. } => Some(prefix),
        RegistryUrl::Layout { .. } | RegistryUrl::WellKnown { .. } => None,
    }
}

/// The path of `at` below `origin`; nothing if it is elsewhere.
fn rest<'a>(origin: &RegistryUrl, at: &'a PackageSource) -> Option<&'a str> {
    let (same, prefix, path) = match (origin, at) {
        (
            RegistryUrl::Oci {
                scheme,
                host,
                prefix,
            },
            PackageSource::Oci {
                scheme: its_scheme,
                host: its_host,
                repository,
            },
        ) => (scheme == its_scheme && host == its_host, prefix, repository),
        (
            RegistryUrl::Bindle {
                scheme,
                host,
                prefix,
            },
            PackageSource::Bindle {
                scheme: its_scheme,
                host: its_host,
                bindle,
            },
        ) => (scheme == its_scheme && host == its_host, prefix, bindle),
        _ => return None,
    };
    if !same {
        return None;
    }
    match prefix.as_str() {
        "" => Some(path),
        prefix => path.strip_prefix(prefix)?.strip_prefix('/'),
    }
}

/// `path` below `url`.
fn below(url: &RegistryUrl, path: &str) -> Option<PackageSource> {
    let joined = |prefix: &str| match prefix {
        "" => path.to_owned(),
        prefix => format!("{prefix}/{path}"),
    };
    Some(match url {
        RegistryUrl::Oci {
            scheme,
            host,
            prefix,
        } => PackageSource::Oci {
            scheme: *scheme,
            host: host.clone(),
            repository: joined(prefix),
        },
        RegistryUrl::Bindle {
            scheme,
            host,
            prefix,
        } => PackageSource::Bindle {
            scheme: *scheme,
            host: host.clone(),
            bindle: joined(prefix),
        },
        RegistryUrl::Layout { path: root } => PackageSource::Layout {
            path: path
                .split('/')
                .fold(PathBuf::from(root), |dir, part| dir.join(part)),
        },
        RegistryUrl::WellKnown { .. } => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_taken_from_one_prefix_to_the_other() {
        let moved = |origin: &str, mirror: &str, at: &str| {
            let (origin, mirror): (RegistryUrl, RegistryUrl) =
                (origin.parse().unwrap(), mirror.parse().unwrap());
            let at: PackageSource = at.parse().unwrap();
            Some(below(&mirror, rest(&origin, &at)?)?.to_string())
        };
        let at = "oci://ghcr.io/acme/demo/greet";
        for (origin, mirror, there) in [
            (
                "oci://ghcr.io",
                "oci://m.example/ghcr",
                Some("oci://m.example/ghcr/acme/demo/greet"),
            ),
            (
                "oci://ghcr.io/acme",
                "oci+http://m.example:5000",
                Some("oci+http://m.example:5000/demo/greet"),
            ),
            (
                "oci://ghcr.io/acme",
                "layout:/srv/wit",
                Some("layout:/srv/wit/demo/greet"),
            ),
            ("oci://ghcr.io/ac", "oci://m.example", None),
            ("oci+http://ghcr.io", "oci://m.example", None),
            ("oci://ghcr.io:444", "oci://m.example", None),
            ("bindle+https://ghcr.io/v1", "oci://m.example", None),
        ] {
            assert_eq!(moved(origin, mirror, at).as_deref(), there, "{origin}");
        }
    }
}
