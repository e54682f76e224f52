//! What cargo and the user say to a build script, which is a front end and reads the environment. What the
//! user says to every front end is in [`crate::environment`].
#![allow(clippy::disallowed_methods)] // see above

use std::env;
use std::path::PathBuf;

use super::Failure;

/// What a build script is told.
#[derive(Debug, Clone, Default)]
pub(super) struct Environment {
    /// `CARGO_MANIFEST_DIR`: the package that is built.
    pub(super) manifest_dir: PathBuf,
    /// `OUT_DIR`: where the script may write.
    pub(super) out_dir: PathBuf,
    /// `CARGO_NET_OFFLINE`, `WITS_OFFLINE` or `WITS_FROZEN`: no socket, whatever else is said.
    pub(super) offline: bool,
    /// `WITS_BUILD_NETWORK`: whether the network may be used, where that is said.
    pub(super) network: Option<bool>,
    /// `WITS_CACHE_DIR`
    pub(super) cache: Option<PathBuf>,
}

impl Environment {
    /// Reads it.
    pub(super) fn read() -> Result<Self, Failure> {
        let manifest_dir = of_cargo("CARGO_MANIFEST_DIR")?;
        let path = |name: &str| {
            let value = env::var_os(name).filter(|value| !value.is_empty())?;
            Some(manifest_dir.join(value))
        };
        Ok(Self {
            out_dir: of_cargo("OUT_DIR")?,
            offline: ["CARGO_NET_OFFLINE", "WITS_OFFLINE", "WITS_FROZEN"]
                .iter()
                .any(|name| flag(name) == Some(true)),
            network: flag("WITS_BUILD_NETWORK"),
            cache: path("WITS_CACHE_DIR"),
            manifest_dir,
        })
    }
}

fn of_cargo(name: &'static str) -> Result<PathBuf, Failure> {
    env::var_os(name)
        .map(PathBuf::from)
        .ok_or(Failure::OutsideOfCargo { variable: name })
}

/// Whether a variable says yes; nothing if it is not set or empty.
fn flag(name: &str) -> Option<bool> {
    let value = env::var(name).ok().filter(|value| !value.is_empty())?;
    Some(is_yes(&value))
}

fn is_yes(value: &str) -> bool {
    let no = ["0", "false", "no", "off", "n", "f"];
    !no.iter().any(|no| value.eq_ignore_ascii_case(no))
}

#[cfg(test)]
mod tests {
    use super::is_yes;

    #[test]
    fn a_flag_is_set_by_what_is_not_a_no() {
        assert!(["1", "true", "yes"].iter().all(|value| is_yes(value)));
        assert!(!["0", "False", "OFF"].iter().any(|value| is_yes(value)));
    }
}
