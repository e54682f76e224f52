//! What wits costs to build: as a library, for the build script that uses it, and as a command. Crates, and the
//! time of a clean build.
//!
//! For each library a package is made in `target/build-cost` whose `build.rs` depends on it and uses nothing of
//! it; a command is built from its own package. All crates are fetched, then it is built several times, each time
//! from nothing, by cargo's `dev` profile without debug information. The first line is a package with an empty
//! `build.rs`: what cargo and the linker take anyway. Beside the time that passes, which grows with whatever else
//! the machine does, stands the time of all processors together.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::shell::{cargo, output, program, repository, run, succeeds, target_dir, title};

/// What is built.
enum Built {
    /// A build script that depends on this (a line of a manifest) and uses this.
    Script(String, &'static str),
    /// The package at this place in the repository.
    Own(&'static str),
    /// This version of a published package.
    Published(&'static str, &'static str),
}

/// What is measured: what it is called, and what is built for it.
fn candidates() -> Vec<(&'static str, Built)> {
    let wits = |more: &str| {
        let path = repository().join("crates/wits");
        let dependency = format!("wits = {{ path = '{}'{more} }}", path.display());
        Built::Script(dependency, "use wits as _;")
    };
    let wasm_pkg_core = "wasm-pkg-core = \"=0.16.1\"".to_owned();
    vec![
        ("an empty `build.rs`", Built::Script(String::new(), "")),
        (
            "a `build.rs` with wits without `network`",
            wits(", default-features = false"),
        ),
        ("a `build.rs` with wits", wits("")),
        (
            "a `build.rs` with wasm-pkg-core 0.16.1",
            Built::Script(wasm_pkg_core, "use wasm_pkg_core as _;"),
        ),
        ("the command `wits`", Built::Own("crates/wits-cli")),
        (
            "the command `wkg` 0.16.1",
            Built::Published("wkg", "0.16.1"),
        ),
    ]
}

/// Measures and prints a table in Markdown.
pub(crate) fn measure(runs: usize) -> Result<()> {
    let mut rows = Vec::new();
    for (number, (name, built)) in candidates().into_iter().enumerate() {
        title(name);
        let dir = target_dir().join("build-cost").join(number.to_string());
        let (manifest, own) = prepare(&dir, &built)?;
        run(cargo("fetch --locked --manifest-path")?.arg(&manifest))?;
        let crates = crates(&manifest)? - usize::from(!own);
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
    title("the cost of a build");
    print(&rows, runs)
}

/// Makes what is needed in `dir`; the manifest of what is built, and whether that counts as one of the crates.
fn prepare(dir: &Path, built: &Built) -> Result<(PathBuf, bool)> {
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    fs::create_dir_all(dir.join("src")).context("cannot make a package to measure")?;
    let (section, dependency, uses) = match built {
        Built::Own(place) => return Ok((repository().join(place).join("Cargo.toml"), true)),
        Built::Script(dependency, uses) => ("build-dependencies", dependency.clone(), *uses),
        Built::Published(name, version) => ("dependencies", format!("{name} = \"={version}\""), ""),
    };
    let manifest = format!(
        "[workspace]\n\n[package]\nname = \"measured\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [{section}]\n{dependency}\n"
    );
    let path = dir.join("Cargo.toml");
    fs::write(&path, manifest)?;
    fs::write(dir.join("build.rs"), format!("{uses}\n\nfn main() {{}}\n"))?;
    fs::write(dir.join("src/lib.rs"), "")?;
    run(cargo("fetch --manifest-path")?.arg(&path))?;
    match built {
        // It was only named to be fetched: a command is no dependency, and brings a lock of its own.
        Built::Published(name, version) => Ok((fetched(name, version)?, true)),
        _ => Ok((path, false)),
    }
}

/// The manifest of a published package where cargo has put it.
fn fetched(name: &str, version: &str) -> Result<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    let sources = home.context("where is cargo's home?")?.join("registry/src");
    let manifest = format!("{name}-{version}/Cargo.toml");
    for registry in fs::read_dir(&sources)? {
        let path = registry?.path().join(&manifest);
        if path.is_file() {
            return Ok(path);
        }
    }
    anyhow::bail!("no `{manifest}` below `{}`", sources.display())
}

/// How many crates are compiled for this machine, the package itself included.
fn crates(manifest: &Path) -> Result<usize> {
    let mut tree = cargo(
        "tree --offline --locked --edges normal,build --prefix none --no-dedupe --format {p} --manifest-path",
    )?;
    let text = output(tree.arg(manifest)).context("cargo tells no tree")?;
    let lines = text
        .lines()
        .map(|line| line.trim_end_matches(" (proc-macro)"));
    let all: BTreeSet<&str> = lines.filter(|line| !line.is_empty()).collect();
    Ok(all.len())
}

/// One build: the time that passes, and that of all processors, in seconds.
fn build(manifest: &Path, target: &Path) -> Result<(f64, f64)> {
    // The shell's `times` tells what its children took (POSIX.1-2017, XCU 2.14).
    let mut shell = cargo("")?;
    let mut timed = program("sh")?;
    timed.args(["-c", "\"$@\" && times", "sh"]);
    timed.arg(shell.get_program());
    timed
        .args([
            "build",
            "--offline",
            "--locked",
            "--quiet",
            "--manifest-path",
        ])
        .arg(manifest);
    for (name, value) in shell
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .get_envs()
    {
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
        "| what is built | crates | time, s | time of all processors, s |\n| --- | --- | --- | --- |"
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
