//! The benchmarks: builds the command and the package that measures it, both optimised, and runs that.

use anyhow::Result;

use crate::peers;
use crate::shell::{cargo, program, run, target_dir};

/// Measures what the arguments name; without any it says what there is.
pub(crate) fn measure(arguments: &[&str]) -> Result<()> {
    run(&mut cargo(
        "build --quiet --locked --release --package wits-cli --package wits-bench",
    )?)?;
    if matches!(arguments, ["fetch" | "version", ..]) {
        peers::install_optimised_wkg()?;
    }
    let bench = target_dir().join("release/wits-bench");
    run(program(&bench.to_string_lossy())?.args(arguments))
}
