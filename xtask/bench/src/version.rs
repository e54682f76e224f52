//! What it takes to start the command: `--version` does nothing else.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::machine::Machine;
use crate::table::{self, Spread};
use crate::tools::Tools;

const RUNS: usize = 200;

/// Prints the table.
pub(crate) fn measure(tools: &Tools, options: &[&str]) -> Result<()> {
    ensure!(options.is_empty(), "`version` takes no options");
    println!("{}", Machine::look(tools));
    println!("{}", table::head(&["command", "runs", "time, ms"]));
    let mut programs = vec![("wits --version", tools.wits.as_path())];
    programs.extend(tools.wkg.as_deref().map(|wkg| ("wkg --version", wkg)));
    for (name, program) in programs {
        let times: Vec<Duration> = (0..RUNS).map(|_| start(program)).collect::<Result<_>>()?;
        let spread = Spread::of_times(&times).context("no runs")?;
        println!(
            "{}",
            table::row(&[
                format!("`{name}`"),
                spread.runs.to_string(),
                spread.to_string()
            ])
        );
    }
    Ok(())
}

fn start(program: &Path) -> Result<Duration> {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null());
    let begin = Instant::now();
    let status = command
        .status()
        .with_context(|| format!("cannot run `{}`", program.display()))?;
    let time = begin.elapsed();
    ensure!(
        status.success(),
        "`{} --version` failed with {status}",
        program.display()
    );
    Ok(time)
}
