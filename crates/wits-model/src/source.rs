//! Where packages come from: [`RegistryUrl`] names a registry, [`PackageSource`] one package in it.
//!
//! | URL | backend |
//! | --- | --- |
//! | `oci://HOST[:PORT][/PREFIX]`, `oci+http://…` | an OCI distribution registry |
//! | `layout:PATH` | a tree of OCI image layouts on disk |
//! | `bindle+https://HOST[:PORT]/v1[/PREFIX]`, `bindle+http://…` | a Bindle server |
//! | `well-known:DOMAIN` | whatever the domain's `registry.json` names |
//! | `path:PATH` | (only as a [`PackageSource`]) a directory of WIT: an override or a workspace member |
//!
//! No URL holds a user or a password; one that does is refused, so none can be printed.

use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use crate::PackageName;
use crate::printable::line;
use crate::text::as_text;

/// Whether a host is spoken to over TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// TLS.
    Https,
    /// Cleartext, only because the user wrote `+http`.
    Http,
}

impl Scheme {
    /// `https` or `http`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }
}

/// One registry, as a user writes it in `registry.toml` or after `--registry`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RegistryUrl {
    /// `oci://` or `oci+http://`.
    Oci {
        /// TLS or not.
        scheme: Scheme,
        /// The host, with its port if one is named.
        host: String,
        /// The path below which packages lie, without slashes at its ends; may be empty.
        prefix: String,
    },
    /// `layout:`.
    Layout {
        /// The directory.
        path: PathBuf,
    },
    /// `bindle+https://` or `bindle+http://`.
    Bindle {
        /// TLS or not.
        scheme: Scheme,
        /// The host, with its port if one is named.
        host: String,
        /// The path of bindle ids below `/v1`, without slashes at its ends; may be empty.
        prefix: String,
    },
    /// `well-known:`.
    WellKnown {
        /// The domain that is asked.
        domain: String,
    },
}

/// Where one package is: a registry, and the place of the package in it. This is what `wits.lock` pins
/// as `source`, so it says everything that is needed to ask for the package again.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PackageSource {
    /// A repository of an OCI registry.
    Oci {
        /// TLS or not.
        scheme: Scheme,
        /// The host, with its port if one is named.
        host: String,
        /// The repository: `webassembly/wasi/http`.
        repository: String,
    },
    /// An OCI image layout on disk.
    Layout {
        /// The directory of the one package.
        path: PathBuf,
    },
    /// A bindle.
    Bindle {
        /// TLS or not.
        scheme: Scheme,
        /// The host, with its port if one is named.
        host: String,
        /// The bindle's name: `prefix/wasi/http`.
        bindle: String,
    },
    /// A directory of WIT: a path override or a workspace member.
    Path {
        /// The directory.
        path: PathBuf,
    },
}

/// A text that is not a registry URL or a source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The part before the first `:` is not one wits knows.
    #[error(
        "`{}` is not a registry URL; write `oci://HOST/PREFIX`, `layout:PATH`, `bindle+https://HOST/v1` or `well-known:DOMAIN`",
        line(.0)
    )]
    Scheme(String),
    /// The host is missing or malformed.
    #[error("`{}` has no valid host", line(.url))]
    Host {
        /// The URL.
        url: String,
    },
    /// There is a user name or a password in it.
    #[error("a registry URL may not hold a user name or a password; use `wits login`")]
    Credentials,
    /// The path is malformed.
    #[error("`{}` in `{}` is not a valid path: {reason}", line(.path), line(.url))]
    Path {
        /// The path.
        path: String,
        /// The URL.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// Splits `HOST[:PORT][/PATH]` and checks both.
fn authority(url: &str, rest: &str) -> Result<(String, String), SourceError> {
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    if host.contains('@') {
        return Err(SourceError::Credentials);
    }
    let valid_host = |host: &str| {
        !host.is_empty()
            && host.bytes().all(|b| {
                b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'[' | b']' | b':')
            })
    };
    let (name, port) = match host.rsplit_once(':') {
        // The last colon of `[::1]` is part of the address.
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let bracketed = name.starts_with('[') && name.ends_with(']');
    if !valid_host(name)
        || (name.contains(':') && !bracketed)
        || port.is_some_and(|port| port.parse::<u16>().is_err())
    {
        return Err(SourceError::Host {
            url: url.to_owned(),
        });
    }
    let path = path.trim_matches('/');
    let bad_path = |reason| SourceError::Path {
        path: path.to_owned(),
        url: url.to_owned(),
        reason,
    };
    // distribution-spec, "Pulling manifests": a repository name is made of these characters.
    if !path.bytes().all(|b| {
        b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_' | b'/')
    }) {
        return Err(bad_path(
            "it may hold lower-case letters, digits, `.`, `-`, `_` and `/`",
        ));
    }
    if path
        .split('/')
        .any(|part| part == "." || part == ".." || (part.is_empty() && !path.is_empty()))
    {
        return Err(bad_path("it may not hold `.`, `..` or empty parts"));
    }
    Ok((host.to_ascii_lowercase(), path.to_owned()))
}

fn bindle_path(url: &str, path: &str) -> Result<String, SourceError> {
    let rest = match path.split_once('/') {
        None if path == "v1" => Some(""),
        Some(("v1", rest)) => Some(rest),
        _ => None,
    };
    rest.map(str::to_owned).ok_or_else(|| SourceError::Path {
        path: path.to_owned(),
        url: url.to_owned(),
        reason: "the path of a Bindle server begins with `/v1`",
    })
}

fn directory(url: &str, path: &str) -> Result<PathBuf, SourceError> {
    if path.is_empty() || path.contains('\0') {
        return Err(SourceError::Path {
            path: path.to_owned(),
            url: url.to_owned(),
            reason: "a directory is needed",
        });
    }
    Ok(PathBuf::from(path))
}

impl FromStr for RegistryUrl {
    type Err = SourceError;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        let host = |scheme, rest| {
            authority(url, rest).map(|(host, prefix)| Self::Oci {
                scheme,
                host,
                prefix,
            })
        };
        let bindle = |scheme, rest| {
            let (host, path) = authority(url, rest)?;
            Ok(Self::Bindle {
                scheme,
                host,
                prefix: bindle_path(url, &path)?,
            })
        };
        if let Some(rest) = url.strip_prefix("oci://") {
            host(Scheme::Https, rest)
        } else if let Some(rest) = url.strip_prefix("oci+http://") {
            host(Scheme::Http, rest)
        } else if let Some(rest) = url.strip_prefix("bindle+https://") {
            bindle(Scheme::Https, rest)
        } else if let Some(rest) = url.strip_prefix("bindle+http://") {
            bindle(Scheme::Http, rest)
        } else if let Some(path) = url.strip_prefix("layout:") {
            Ok(Self::Layout {
                path: directory(url, path)?,
            })
        } else if let Some(domain) = url.strip_prefix("well-known:") {
            match authority(url, domain)? {
                (domain, path) if path.is_empty() => Ok(Self::WellKnown { domain }),
                _ => Err(SourceError::Host {
                    url: url.to_owned(),
                }),
            }
        } else if url.contains('@') {
            // `https://me:secret@host`: the message must not repeat it.
            Err(SourceError::Credentials)
        } else {
            Err(SourceError::Scheme(url.to_owned()))
        }
    }
}

fn join(prefix: &str, name: &PackageName) -> String {
    let name = format!("{}/{}", name.namespace(), name.name());
    if prefix.is_empty() {
        name
    } else {
        format!("{prefix}/{name}")
    }
}

impl RegistryUrl {
    /// Where `name` is in this registry; nothing for `well-known:`, which has to be asked first.
    pub fn source_of(&self, name: &PackageName) -> Option<PackageSource> {
        Some(match self {
            Self::Oci {
                scheme,
                host,
                prefix,
            } => PackageSource::Oci {
                scheme: *scheme,
                host: host.clone(),
                repository: join(prefix, name),
            },
            Self::Layout { path } => PackageSource::Layout {
                path: path.join(name.namespace()).join(name.name()),
            },
            Self::Bindle {
                scheme,
                host,
                prefix,
            } => PackageSource::Bindle {
                scheme: *scheme,
                host: host.clone(),
                bindle: join(prefix, name),
            },
            Self::WellKnown { .. } => return None,
        })
    }

    /// The host that is asked, with its port if one is named; nothing for directories.
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::Oci { host, .. } | Self::Bindle { host, .. } => Some(host),
            Self::WellKnown { domain } => Some(domain),
            Self::Layout { .. } => None,
        }
    }

    /// Whether it is spoken to without TLS.
    pub fn is_plain(&self) -> bool {
        matches!(
            self,
            Self::Oci {
                scheme: Scheme::Http,
                ..
            } | Self::Bindle {
                scheme: Scheme::Http,
                ..
            }
        )
    }

    /// This URL with a relative `layout:` path taken from `base`.
    pub fn resolve(self, base: &Path) -> Self {
        match self {
            Self::Layout { path } => Self::Layout {
                path: normalise(&base.join(path)),
            },
            other => other,
        }
    }
}

impl PackageSource {
    /// Whether this is a directory of WIT on this machine, which changes with every edit and is
    /// therefore never pinned.
    pub fn is_path(&self) -> bool {
        matches!(self, Self::Path { .. })
    }

    /// This source with a relative path taken from `base`, and `~` from `home`.
    pub fn resolve(self, base: &Path, home: Option<&Path>) -> Self {
        let absolute = |path: PathBuf| match (path.strip_prefix("~"), home) {
            (Ok(rest), Some(home)) => normalise(&home.join(rest)),
            _ => normalise(&base.join(path)),
        };
        match self {
            Self::Layout { path } => Self::Layout {
                path: absolute(path),
            },
            Self::Path { path } => Self::Path {
                path: absolute(path),
            },
            other => other,
        }
    }

    /// This source as a file in `base` writes it: a path that shares more than the root with `base` is
    /// relative, unless it lies in `home` and `base` does not; what lies in `home` begins with `~`.
    /// So a lock that is shared names no one's home.
    pub fn relative_to(&self, base: &Path, home: Option<&Path>) -> Self {
        let shorten = |path: &Path| {
            let near = relative(path, base);
            match home.and_then(|home| path.strip_prefix(home).ok()) {
                Some(rest)
                    if !near.as_ref().is_some_and(|near| {
                        near.components()
                            .filter(|c| *c == Component::ParentDir)
                            .count()
                            <= 2
                    }) =>
                {
                    Path::new("~").join(rest)
                }
                _ => near.unwrap_or_else(|| path.to_owned()),
            }
        };
        match self {
            Self::Layout { path } => Self::Layout {
                path: shorten(path),
            },
            Self::Path { path } => Self::Path {
                path: shorten(path),
            },
            other => other.clone(),
        }
    }
}

/// Removes `.` and `..` by name, without asking the disk.
pub(crate) fn normalise(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(out.components().next_back(), Some(Component::Normal(_))) =>
            {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

/// `path` as seen from `base`, if they share more than the root: no disk is asked.
pub fn relative(path: &Path, base: &Path) -> Option<PathBuf> {
    let shared = path
        .components()
        .zip(base.components())
        .take_while(|(a, b)| a == b)
        .count();
    let named = path
        .components()
        .take(shared)
        .any(|part| matches!(part, Component::Normal(_)));
    if !named {
        return None;
    }
    let mut out = PathBuf::new();
    for _ in base.components().skip(shared) {
        out.push("..");
    }
    for component in path.components().skip(shared) {
        out.push(component);
    }
    Some(if out.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        out
    })
}

/// A path as a URL writes it: with `/` on every system.
fn slashed(path: &Path) -> String {
    let text = path.display().to_string();
    if cfg!(windows) {
        text.replace('\\', "/")
    } else {
        text
    }
}

fn with_slash(path: &str) -> String {
    if path.is_empty() {
        String::new()
    } else {
        format!("/{path}")
    }
}

fn oci(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Https => "oci",
        Scheme::Http => "oci+http",
    }
}

impl fmt::Display for RegistryUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Oci {
                scheme,
                host,
                prefix,
            } => write!(f, "{}://{host}{}", oci(*scheme), with_slash(prefix)),
            Self::Layout { path } => write!(f, "layout:{}", slashed(path)),
            Self::Bindle {
                scheme,
                host,
                prefix,
            } => {
                write!(
                    f,
                    "bindle+{}://{host}/v1{}",
                    scheme.as_str(),
                    with_slash(prefix)
                )
            }
            Self::WellKnown { domain } => write!(f, "well-known:{domain}"),
        }
    }
}

impl fmt::Display for PackageSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Oci {
                scheme,
                host,
                repository,
            } => write!(f, "{}://{host}/{repository}", oci(*scheme)),
            Self::Layout { path } => write!(f, "layout:{}", slashed(path)),
            Self::Bindle {
                scheme,
                host,
                bindle,
            } => write!(f, "bindle+{}://{host}/v1/{bindle}", scheme.as_str()),
            Self::Path { path } => write!(f, "path:{}", slashed(path)),
        }
    }
}

impl FromStr for PackageSource {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("path:") {
            return Ok(Self::Path {
                path: directory(text, path)?,
            });
        }
        let no_package = |path: String| {
            Err(SourceError::Path {
                path,
                url: text.to_owned(),
                reason: "it names no package",
            })
        };
        match text.parse()? {
            RegistryUrl::Oci { prefix, .. } | RegistryUrl::Bindle { prefix, .. }
                if prefix.is_empty() =>
            {
                no_package(prefix)
            }
            RegistryUrl::Oci {
                scheme,
                host,
                prefix,
            } => Ok(Self::Oci {
                scheme,
                host,
                repository: prefix,
            }),
            RegistryUrl::Layout { path } => Ok(Self::Layout { path }),
            RegistryUrl::Bindle {
                scheme,
                host,
                prefix,
            } => Ok(Self::Bindle {
                scheme,
                host,
                bindle: prefix,
            }),
            RegistryUrl::WellKnown { .. } => Err(SourceError::Scheme(text.to_owned())),
        }
    }
}

as_text!(RegistryUrl, PackageSource);

#[cfg(test)]
mod tests;
