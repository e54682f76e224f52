//! What a library for WIT packages costs the build script that uses it: crates, and the time of a clean build.
//!
//! For each candidate a package is made in `target/build-cost` whose `build.rs` depends on it and uses nothing of
//! it. Its crates are fetched, then it is built several times, each time from nothing, by cargo's `dev` profile.
//! The first line is a package with an empty `build.rs`: what cargo and the linker take anyway.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

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
            let begin = Instant::now();
            let mut build = cargo("build --offline --quiet --manifest-path")?;
            run(build.arg(&manifest).env("CARGO_TARGET_DIR", &target))?;
            times.push(begin.elapsed());
        }
        fs::remove_dir_all(&dir)?;
        times.sort();
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

fn print(rows: &[(&str, usize, Vec<Duration>)], runs: usize) -> Result<()> {
    println!(
        "| `build.rs` uses | crates | median, s | fastest to slowest, s |\n| --- | --- | --- | --- |"
    );
    for (name, crates, times) in rows {
        let seconds = |at: usize| times.get(at).map_or(0.0, Duration::as_secs_f64);
        println!(
            "| {name} | {crates} | {:.1} | {:.1} to {:.1} |",
            seconds(times.len() / 2),
            seconds(0),
            seconds(times.len().saturating_sub(1)),
        );
    }
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let rustc = output(program("rustc")?.arg("--version")).unwrap_or_default();
    println!("\n{runs} runs each, {cores} cores, {}", rustc.trim());
    if succeeds(program("uptime")?.arg("-V")) {
        run(&mut program("uptime")?)?;
    }
    Ok(())
}
