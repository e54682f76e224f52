//! The checks that need no test: formatting, lints, documentation, the build without the network, and
//! what the dependencies bring with them.

use anyhow::Result;

use crate::shell::{self, cargo, succeeds, title};

/// Runs every check; the first that fails ends it.
pub(crate) fn run() -> Result<()> {
    title("formatting");
    shell::run(&mut cargo("fmt --all --check")?)?;

    title("lints");
    shell::run(&mut cargo(
        "clippy --workspace --all-targets --locked -- -D warnings",
    )?)?;

    title("the library without the network");
    shell::run(&mut cargo(
        "check --package wits --no-default-features --locked",
    )?)?;

    title("documentation");
    let mut doc = cargo("doc --workspace --no-deps --locked")?;
    shell::run(doc.env("RUSTDOCFLAGS", "-D warnings"))?;

    crate::semver::check(None)?;

    title("dependencies");
    shell::run(&mut cargo("deny --locked check bans licenses sources")?)?;
    advisories()
}

/// Known vulnerabilities, from a database that has to be fetched from GitHub.
fn advisories() -> Result<()> {
    if succeeds(&mut cargo("deny --locked fetch db")?) {
        shell::run(&mut cargo("deny --locked --offline check advisories")?)
    } else {
        println!("skipped: advisories, because their database cannot be fetched from here");
        Ok(())
    }
}
