//! Kills and crowds, more often than the tests have time for: for the figures in SECURITY.md.

use anyhow::Result;

use crate::shell::{cargo, run, title};

/// Kills each command of `tests/crash/moments.rs` so often. The seed of each is printed, and
/// `WITS_KILL_SEED` repeats it.
pub(crate) fn kill_runs(runs: &str) -> Result<()> {
    title("kills at random moments");
    repeat("crash::moments", "WITS_KILL_RUNS", runs)
}

/// Runs each crowd of `tests/crowd.rs` so often.
pub(crate) fn crowds(rounds: &str) -> Result<()> {
    title("crowds");
    repeat("crowd::", "WITS_CROWD_ROUNDS", rounds)
}

fn repeat(tests: &str, variable: &str, times: &str) -> Result<()> {
    let mut tested = cargo("test --package wits-cli --test e2e")?;
    run(tested
        .arg(tests)
        .args(["--", "--nocapture", "--test-threads=1"])
        .env(variable, times))
}
