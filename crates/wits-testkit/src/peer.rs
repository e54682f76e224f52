//! Other people's tools, which read what wits writes and write what wits reads.
//!
//! `cargo xtask peers` installs them: `wkg` and `wasm-tools` into
//! `$XDG_CACHE_HOME/wits-peers/bin` (or below `~/.cache`), outside any checkout, and Debian's
//! `docker-registry` and `skopeo`. Bindle's server it builds from `tests/bindle-server`, beside `bin`, and
//! what comes from npm and PyPI is in `npm` and `python` there. On
//! a machine without them the tests that need them say so and pass; where `CI` is set they fail, because
//! there a missing peer is a broken set-up.

use std::path::PathBuf;

/// The path of a peer; none, with a line on stderr, where it is not installed.
///
/// Panics instead where `CI` is set.
#[track_caller]
pub fn find(name: &str) -> Option<PathBuf> {
    let found = directories()
        .map(|dir| dir.join(name))
        .find(|path| path.is_file());
    if found.is_none() {
        let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
        assert!(
            !ci,
            "`{name}` is not installed; `cargo xtask peers` installs it"
        );
        eprintln!("skipped: `{name}` is not installed; `cargo xtask peers` installs it");
    }
    found
}

/// The path of a peer that was built as its users have it, optimised, for measuring; none where there is none.
/// `cargo xtask bench` installs it.
pub fn optimised(name: &str) -> Option<PathBuf> {
    let path = cache_home()?.join("wits-peers/release/bin").join(name);
    path.is_file().then_some(path)
}

/// What to put before a command so that it runs where there is no network, not even loopback: a network
/// namespace of its own. Nothing, with a line on stderr, where none can be made.
pub fn without_network() -> &'static [&'static str] {
    const UNSHARE: &[&str] = &["unshare", "--net", "--map-root-user"];
    let mut command = std::process::Command::new(UNSHARE[0]);
    let made = command.args(&UNSHARE[1..]).arg("true").output();
    if made.is_ok_and(|output| output.status.success()) {
        return UNSHARE;
    }
    eprintln!("weaker: no network namespace can be made here");
    &[]
}

/// The peers' own directory, then `PATH`.
fn directories() -> impl Iterator<Item = PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path: Vec<_> = std::env::split_paths(&path).collect();
    cache_home()
        .map(|cache| cache.join("wits-peers"))
        .into_iter()
        .flat_map(|peers| {
            let dirs = [
                "bin",
                "bindle-server-target/debug",
                "npm/node_modules/.bin",
                "python/bin",
            ];
            dirs.map(|dir| peers.join(dir))
        })
        .chain(path)
}

fn cache_home() -> Option<PathBuf> {
    let absolute = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))
}
