//! All checks and all tests, from whatever a machine has that has Rust.

use std::env;

use anyhow::Result;

use crate::shell::{cargo, title};
use crate::{bench, lint, peers, shell};

/// The crates of `fixtures/consumers`, which `tests/consumers.rs` builds without the network.
const CONSUMERS: &[&str] = &["wit-bindgen-guest", "wasmtime-host", "vendored"];

/// Installs, checks, tests. With a filter only the tests that match it run, and no check.
pub(crate) fn run(filter: &[&str]) -> Result<()> {
    peers::install()?;

    title("downloads");
    shell::run(&mut cargo("fetch --locked")?)?;
    // Real WIT for the tests: downloaded, never compiled.
    shell::run(&mut cargo(
        "fetch --locked --manifest-path tests/published/Cargo.toml",
    )?)?;

    // The crates that use the library, and what they need.
    for consumer in CONSUMERS {
        let manifest = format!("fixtures/consumers/{consumer}/Cargo.toml");
        shell::run(cargo("fetch --manifest-path")?.arg(manifest))?;
    }

    if filter.is_empty() {
        lint::run()?;
        title("documentation tests");
        shell::run(&mut cargo("test --workspace --doc --locked")?)?;
        title("the library without the network");
        shell::run(&mut cargo(
            "test --package wits --no-default-features --locked",
        )?)?;
    }

    title("tests");
    let ci = env::var_os("CI").is_some_and(|value| !value.is_empty());
    let profile = if ci { "ci" } else { "default" };
    let mut nextest = cargo("nextest run --workspace --locked --profile")?;
    shell::run(nextest.arg(profile).args(filter))?;

    if filter.is_empty() {
        title("instructions, beside the baseline");
        bench::measure(&["instructions", "--check"])?;
    }
    Ok(())
}
