//! The benchmarks of wits: every figure in BENCHMARKS.md comes from one of these commands.
//!
//! `cargo xtask bench` builds the command and this program, both optimised, and runs it. It is a package of its
//! own because it uses the servers of the testkit, and `xtask` must stay quick to build.
//!
//! - [`fetch`]: fetching over a network with a round-trip time, beside wkg
//! - [`version`]: what starting the command takes
//! - [`build`]: `wits build` beside the bare WIT crates
//! - [`scale`]: closures that grow, made by [`graph`], drawn by [`plot`]; [`registries`] that grow
//! - [`instructions`]: what the processor does, counted, against a baseline
//! - [`machine`]: what a figure is worth nothing without: machine, versions, load
//! - [`table`]: runs as median and extremes, tables in Markdown
//!
//! What is measured is checked first: a run that fails, or lays out something wrong, ends the benchmark.

// A front end of its own: it reads the environment, prints, and writes throw-away files.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

mod build;
mod fetch;
mod graph;
mod instructions;
mod machine;
mod plot;
mod registries;
mod scale;
mod table;
mod tools;
mod version;

use std::process::ExitCode;

use tools::Tools;

const USAGE: &str = "\
usage: cargo xtask bench <what> [options]

  fetch [--quick] [--only PART] [--resume | --show]
             fetch over a network of 0 to 100 ms round trips, beside wkg: all of it takes half an hour;
             --quick is 30 packages and 50 ms, --only the tables with PART in their name, --resume goes
             on with what was begun, --show prints what was measured
  version    start the command and print its version, beside wkg
  build [RUNS]
             build the WASI packages in this process, beside the bare WIT crates
  scale [SIZE.. | --registries]
             closures of so many packages (10, 100, 1000 and 5000), and registries: time and memory
  instructions [--save | --check]
             count the instructions of what runs on one machine; keep them as the baseline, or compare";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [what, options @ ..] = arguments.as_slice() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let measure = match *what {
        "fetch" => fetch::measure,
        "build" => build::measure,
        "instructions" => instructions::measure,
        "scale" => scale::measure,
        "version" => version::measure,
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match Tools::find().and_then(|tools| measure(&tools, options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
