//! Chores of the repository, in Rust so that they need nothing but Rust.
//!
//! - [`demo`]: the main job of wits on the embedded registry
//! - [`mod@test`]: all checks and all tests, as the build machine runs them
//! - [`lint`]: the checks alone
//! - [`peers`]: installs the tools that the checks and the tests run; [`toolchains`]: those of npm and PyPI
//! - [`semver`]: whether a release would break those who use the library
//! - [`fuzz`]: runs the fuzz targets
//! - [`crashes`]: kills and crowds, more often than the tests have time for
//! - [`build_cost`]: what the library adds to a build script, and what the command takes to build
//! - [`mod@bench`]: the other benchmarks, which are a package of their own
//!
//! Each chore prints the commands it runs, so that any of them can be repeated by hand.

// A chore is a front end: it reads the environment and prints.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

mod bench;
mod build_cost;
mod crashes;
mod demo;
mod fuzz;
mod lint;
mod peers;
mod semver;
mod shell;
mod test;
mod toolchains;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <chore>

  demo             publish the fixtures into an embedded registry, build the example from it
  test [FILTER..]  install what is missing, run all checks and all tests; with a filter, those tests
  lint             formatting, clippy, documentation, dependencies
  peers            install wkg, wasm-tools, docker-registry, skopeo, a Bindle server, tools that make
                   bindings, and the tools of the checks
  semver [REV]     compare the library's public interface with the last release's, or with that of a
                   revision
  fuzz [TARGET] [SECONDS]
                   fuzz one target or each in turn, for a minute or as long as is said
  kill-runs [N]    kill each of five commands N times (100), at random moments
  crowds [N]       run each crowd of twenty processes N times (20)
  build-cost [RUNS]
                   measure what the library adds to a build script, beside wasm-pkg-core, and what the
                   command takes to build, beside wkg
  bench WHAT       measure the command, beside wkg; without WHAT, say what can be measured";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["demo"] => demo::run(),
        ["test", filter @ ..] => test::run(filter),
        ["lint"] => peers::install().and_then(|()| lint::run()),
        ["peers"] => peers::install(),
        ["semver"] => peers::install().and_then(|()| semver::check(None)),
        ["semver", revision] => peers::install().and_then(|()| semver::check(Some(revision))),
        ["bench", arguments @ ..] => bench::measure(arguments),
        ["fuzz"] => fuzz::run(None, fuzz::SECONDS),
        ["fuzz", seconds] if seconds.parse::<u64>().is_ok() => {
            fuzz::run(None, seconds.parse().unwrap_or(fuzz::SECONDS))
        }
        ["fuzz", target] => fuzz::run(Some(target), fuzz::SECONDS),
        ["fuzz", target, seconds] if seconds.parse::<u64>().is_ok() => {
            fuzz::run(Some(target), seconds.parse().unwrap_or(fuzz::SECONDS))
        }
        ["kill-runs"] => crashes::kill_runs("100"),
        ["kill-runs", runs] if is_count(runs) => crashes::kill_runs(runs),
        ["crowds"] => crashes::crowds("20"),
        ["crowds", rounds] if is_count(rounds) => crashes::crowds(rounds),
        ["build-cost"] => build_cost::measure(5),
        ["build-cost", runs] if runs.parse::<usize>().is_ok_and(|runs| runs > 0) => {
            build_cost::measure(runs.parse().unwrap_or(1))
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn is_count(text: &str) -> bool {
    text.parse::<usize>().is_ok_and(|count| count > 0)
}
