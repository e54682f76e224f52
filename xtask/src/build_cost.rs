//! What a library for WIT packages costs the build script that uses it: crates, and the time of a clean build.
//!
//! For each candidate a package is made in `target/build-cost` whose `build.rs` depends on it and uses nothing of
//! it. Its crates are fetched, then it is built several times, each time from nothing, by cargo's `dev` profile.
//! The first line is a package with an empty `build.rs`: what cargo and the linker take anyway. Beside the time
//! that passes, which grows with whatever else the machine does, stands the time of all processors together.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::shell::{cargo, output, program, repository, run, succeeds, target_dir, title};

/// What is measured: what it is called, the line below `[build-dependencies]`, and what `build.rs` uses.
fn candidates() -> Vec<(&'static str, String, &'static str)> {
    let wits = |more: &str| {
        let path = repository().join("crates/wits");
        format!("wits = {{ path = '{}'{more} }}", path.display())
    };
    vec![
        ("nothing", String::new(), ""),
        (
            "wits without `network`",
            wits(", default-features = false"),
            "use wits as _;",
        ),
        ("wits", wits(""), "use wits as _;"),
        (
            "wasm-pkg-core 0.16.1",
            "wasm-pkg-core = \"=0.16.1\"".to_owned(),
            "use wasm_pkg_core as _;",
        ),
    ]
}

/// Measures and prints a table in Markdown.
pub(crate) fn measure(runs: usize) -> Result<()> {
    let mut rows = Vec::new();
    for (number, (name, dependency, uses)) in candidates().into_iter().enumerate() {
        title(name);
        let dir = target_dir().join("build-cost").join(number.to_string());
        prepare(&dir, &dependency, uses)?;
        let manifest = dir.join("Cargo.toml");
        run(cargo("fetch --manifest-path")?.arg(&manifest))?;
        let crates = crates(&manifest)?;
        let mut times = Vec::new();
        for _ in 0..runs {
            let target = dir.join("target");
            if target.exists() {
                fs::remove_dir_all(&target)?;
            }
            times.push(build(&manifest, &target)?);
        }
        fs::remove_dir_all(&dir)?;
        rows.push((name, crates, times));
    }
    title("the cost of a build script");
    print(&rows, runs)
}

fn prepare(dir: &Path, dependency: &str, uses: &str) -> Result<()> {
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    fs::create_dir_all(dir.join("src")).context("cannot make a package to measure")?;
    let manifest = format!(
        "[workspace]\n\n[package]\nname = \"measured\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [build-dependencies]\n{dependency}\n"
    );
    fs::write(dir.join("Cargo.toml"), manifest)?;
    fs::write(dir.join("build.rs"), format!("{uses}\n\nfn main() {{}}\n"))?;
    fs::write(dir.join("src/lib.rs"), "")?;
    Ok(())
}

/// How many crates are compiled beside the package itself, for this machine.
fn crates(manifest: &Path) -> Result<usize> {
    let mut tree = cargo(
        "tree --offline --edges normal,build --prefix none --no-dedupe --format {p} --manifest-path",
    )?;
    let text = output(tree.arg(manifest)).context("cargo tells no tree")?;
    let lines = text
        .lines()
        .map(|line| line.trim_end_matches(" (proc-macro)"));
    let all: BTreeSet<&str> = lines.filter(|line| !line.is_empty()).collect();
    Ok(all.len() - 1)
}

/// One build: the time that passes, and that of all processors, in seconds.
fn build(manifest: &Path, target: &Path) -> Result<(f64, f64)> {
    // The shell's `times` tells what its children took (POSIX.1-2017, XCU 2.14).
    let mut shell = cargo("")?;
    let mut timed = program("sh")?;
    timed.args(["-c", "\"$@\" && times", "sh"]);
    timed.arg(shell.get_program());
    timed
        .args(["build", "--offline", "--quiet", "--manifest-path"])
        .arg(manifest);
    for (name, value) in shell.env("CARGO_TARGET_DIR", target).get_envs() {
        match value {
            Some(value) => timed.env(name, value),
            None => timed.env_remove(name),
        };
    }
    let begin = Instant::now();
    let text = output(&mut timed).context("it cannot be built")?;
    let passed = begin.elapsed().as_secs_f64();
    let children = text.lines().last().unwrap_or_default();
    let processors = children.split_whitespace().map(seconds).sum();
    println!("{passed:.1} s, of processors {processors:.1} s");
    Ok((passed, processors))
}

/// `1m2.34s`
fn seconds(text: &str) -> f64 {
    let (minutes, rest) = text.split_once('m').unwrap_or(("0", text));
    let number = |text: &str| text.parse::<f64>().unwrap_or(0.0);
    number(minutes) * 60.0 + number(rest.trim_end_matches('s'))
}

/// The median, and the extremes.
fn spread(mut all: Vec<f64>) -> String {
    all.sort_by(f64::total_cmp);
    let at = |index: usize| all.get(index).copied().unwrap_or_default();
    let last = all.len().saturating_sub(1);
    format!("{:.1} ({:.1} to {:.1})", at(all.len() / 2), at(0), at(last))
}

/// A candidate, how many crates it is, and its runs.
type Row = (&'static str, usize, Vec<(f64, f64)>);

fn print(rows: &[Row], runs: usize) -> Result<()> {
    println!(
        "| `build.rs` uses | crates | time, s | time of all processors, s |\n| --- | --- | --- | --- |"
    );
    for (name, crates, times) in rows {
        let passed = spread(times.iter().map(|(passed, _)| *passed).collect());
        let processors = spread(times.iter().map(|(_, processors)| *processors).collect());
        println!("| {name} | {crates} | {passed} | {processors} |");
    }
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let rustc = output(program("rustc")?.arg("--version")).unwrap_or_default();
    println!(
        "\nmedian (least to most) of {runs} runs, {cores} cores, {}",
        rustc.trim()
    );
    if succeeds(program("uptime")?.arg("-V")) {
        run(&mut program("uptime")?)?;
    }
    Ok(())
}
