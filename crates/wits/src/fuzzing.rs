//! What fuzzing asks of this crate: no file of another tool makes it panic, and every error can be told.
//! One function for each target of `fuzz/`, each beside the parser that it runs; the tests replay its
//! corpora with them.

use crate::{Error, foreign, render};

/// A `wkg.lock`.
pub fn wkg_lock(data: &[u8]) {
    text(data, foreign::fuzz::wkg_lock);
}

/// A `wkg.toml`.
pub fn wkg_manifest(data: &[u8]) {
    text(data, foreign::fuzz::wkg_manifest);
}

/// wkg's `config.toml`.
pub fn wkg_config(data: &[u8]) {
    text(data, foreign::fuzz::wkg_config);
}

/// A `deps.toml` of wit-deps.
pub fn wit_deps(data: &[u8]) {
    text(data, foreign::fuzz::wit_deps);
}

/// A file of Docker's or podman's credentials.
pub fn credentials(data: &[u8]) {
    let _ = crate::credentials::fuzz(data).map_err(|error| error.to_string());
}

/// Runs `parse`, and tells its error with the lines that it is about.
fn text(data: &[u8], parse: fn(&str) -> Result<(), Error>) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Err(error) = parse(text) {
        let told = render::error(&error);
        let acts = |c: char| c.is_control() && c != '\n';
        assert!(!told.contains(acts), "{told:?}");
    }
}

#[cfg(test)]
mod tests {
    use wits_testkit::corpus::replay;

    #[test]
    fn wkg_lock() {
        replay("wkg_lock", super::wkg_lock);
    }

    #[test]
    fn wkg_manifest() {
        replay("wkg_manifest", super::wkg_manifest);
    }

    #[test]
    fn wkg_config() {
        replay("wkg_config", super::wkg_config);
    }

    #[test]
    fn wit_deps() {
        replay("wit_deps", super::wit_deps);
    }

    #[test]
    fn credentials() {
        replay("credentials", super::credentials);
    }
}
