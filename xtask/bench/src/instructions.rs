//! What the processor does for what runs on one machine, counted by callgrind: a figure that does not depend on
//! who else is busy, so that a change of one in a hundred is seen and a build machine can compare it.
//!
//! The baseline is `xtask/bench/instructions.toml`. It holds for one compiler and one valgrind: with others the
//! same code is other instructions, and the comparison says so and passes. What remains between two runs
//! (hash seeds, the length of paths) is far below the tolerance. valgrind knows no SHA instructions, so hashing
//! counts here for more than it takes; the texts are small for that reason.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use wits_testkit::{Sandbox, fixtures, peer, published};

use crate::build;
use crate::graph::{self, Shape};
use crate::table::{head, real, row};
use crate::tools::Tools;

/// How far a count may be from its baseline, in hundredths.
const TOLERANCE: f64 = 10.0;

/// Counts, prints a table, and saves the counts or compares them.
pub(crate) fn measure(tools: &Tools, options: &[&str]) -> Result<()> {
    let Some(versions) = versions() else {
        if std::env::var_os("CI").is_some() {
            bail!("no `valgrind`: `cargo xtask peers` installs it");
        }
        println!("no `valgrind`, so nothing is counted");
        return Ok(());
    };
    let counts = counts(tools)?;
    match options {
        [] => print(&counts, None),
        ["--save"] => {
            print(&counts, None);
            save(&versions, &counts)?;
        }
        ["--check"] => {
            let baseline = load()?;
            print(&counts, Some(&baseline.instructions));
            if baseline.versions != versions {
                println!(
                    "\nnot compared: the baseline is of {}, and this is {}; save it anew with\n\
                     cargo xtask bench instructions --save",
                    describe(&baseline.versions),
                    describe(&versions)
                );
                return Ok(());
            }
            compare(&counts, &baseline.instructions)?;
        }
        _ => bail!("`instructions [--save | --check]`"),
    }
    Ok(())
}

/// What `command` executes, if valgrind is there.
pub(crate) fn count(command: &Command) -> Result<Option<u64>> {
    let Some(valgrind) = peer::find("valgrind") else {
        return Ok(None);
    };
    let mut counted = Command::new(valgrind);
    counted
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear();
    if let Some(dir) = command.get_current_dir() {
        counted.current_dir(dir);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => counted.env(name, value),
            None => counted.env_remove(name),
        };
    }
    let output = counted.output().context("valgrind does not start")?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("{command:?} fails under valgrind:\n{said}");
    }
    let line = said
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    let number = line.and_then(|(_, number)| number.trim().parse().ok());
    Ok(Some(
        number.with_context(|| format!("no count in:\n{said}"))?,
    ))
}

type Counts = BTreeMap<String, u64>;

fn counts(tools: &Tools) -> Result<Counts> {
    let sandbox = tools.sandbox();
    let thirty = graph::make(&sandbox, Shape::Fan, 30, 1_000)?;
    thirty.wits(["fetch"]).succeeds();
    let wits = |dir: &Path, arguments: &[&str]| {
        let mut command = sandbox.command(&tools.wits, dir);
        command.args(arguments);
        Ok::<_, anyhow::Error>(count(&command)?.unwrap_or_default())
    };
    let top = sandbox.root().to_owned();
    let mut counts = Counts::new();
    let mut take = |name: &str, number: u64| counts.insert(name.to_owned(), number);
    take("version", wits(&top, &["--version"])?);
    take("fetch-warm-30", wits(thirty.dir(), &["fetch"])?);
    // Only now: this changes the routes, which are an input of every fetch.
    let wasi = wasi(&sandbox);
    take("build-wasi", wits(&wasi, &["build"])?);
    take(
        "print-wasi-http",
        wits(
            &wasi,
            &["get", "wasi:http@0.2.12", "--as", "wit", "-o", "-"],
        )?,
    );
    fs::remove_dir_all(wasi.join("wit/deps"))?;
    take("fetch-from-cache-wasi", wits(&wasi, &["fetch"])?);
    Ok(counts)
}

/// A project that includes all of WASI, fetched and built.
fn wasi(sandbox: &Sandbox) -> PathBuf {
    sandbox.top().write(
        "registry.toml",
        "[namespaces]\nscale = \"layout:registry\"\nwasi = \"layout:registry\"\n",
    );
    for package in published::wasi("0.2.12") {
        let project = sandbox.project(package.dir());
        package.write(&project);
        project.wits(["publish"]).succeeds();
    }
    let dir = build::all(sandbox);
    sandbox.project("all").wits(["build"]).succeeds();
    dir
}

fn print(counts: &Counts, baseline: Option<&Counts>) {
    println!("{}", head(&["what", "instructions", "beside the baseline"]));
    for (name, count) in counts {
        let beside = baseline
            .and_then(|baseline| baseline.get(name))
            .map(|before| format!("{:+.2} %", difference(*count, *before)));
        println!(
            "{}",
            row(&[name.clone(), count.to_string(), beside.unwrap_or_default()])
        );
    }
}

/// In hundredths of what it was.
fn difference(now: u64, before: u64) -> f64 {
    (real(now) / real(before) - 1.0) * 100.0
}

fn compare(counts: &Counts, baseline: &Counts) -> Result<()> {
    let names = |counts: &Counts| counts.keys().cloned().collect::<Vec<_>>();
    if names(counts) != names(baseline) {
        bail!("the baseline is of other things: save it anew");
    }
    let mut faults = Vec::new();
    for (name, count) in counts {
        let difference = difference(*count, baseline[name]);
        if difference > TOLERANCE {
            faults.push(format!(
                "`{name}` takes {difference:.1} % more instructions than its baseline"
            ));
        } else if difference < -TOLERANCE {
            println!(
                "`{name}` takes {:.1} % less: save the baseline anew",
                -difference
            );
        }
    }
    if !faults.is_empty() {
        bail!(
            "{}\nsave the baseline anew where that is worth it",
            faults.join("\n")
        );
    }
    Ok(())
}

/// What counts hold for.
type Versions = BTreeMap<String, String>;

fn versions() -> Option<Versions> {
    let of = |program: &Path| {
        let output = Command::new(program).arg("--version").output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Some(text)
    };
    Some(BTreeMap::from([
        ("rustc".to_owned(), of(Path::new("rustc"))?),
        ("valgrind".to_owned(), of(&peer::find("valgrind")?)?),
    ]))
}

fn describe(versions: &Versions) -> String {
    let versions: Vec<&str> = versions.values().map(String::as_str).collect();
    versions.join(" and ")
}

struct Baseline {
    versions: Versions,
    instructions: Counts,
}

fn file() -> PathBuf {
    fixtures::repository().join("xtask/bench/instructions.toml")
}

fn load() -> Result<Baseline> {
    let text = fs::read_to_string(file()).context("no baseline: save one")?;
    let document: toml::Table = text.parse()?;
    let table = |name: &str| {
        let table = document.get(name).and_then(toml::Value::as_table);
        table.with_context(|| format!("no `[{name}]` in the baseline"))
    };
    let text = |value: &toml::Value| value.as_str().unwrap_or_default().to_owned();
    let number = |value: &toml::Value| value.as_integer().and_then(|it| u64::try_from(it).ok());
    Ok(Baseline {
        versions: table("versions")?
            .iter()
            .map(|(name, value)| (name.clone(), text(value)))
            .collect(),
        instructions: table("instructions")?
            .iter()
            .map(|(name, value)| Some((name.clone(), number(value)?)))
            .collect::<Option<_>>()
            .context("a count is no number")?,
    })
}

fn save(versions: &Versions, counts: &Counts) -> Result<()> {
    let mut text =
        "# Written by `cargo xtask bench instructions --save`.\n\n[versions]\n".to_owned();
    for (name, version) in versions {
        let _ = writeln!(text, "{name} = \"{version}\"");
    }
    text += "\n[instructions]\n";
    for (name, count) in counts {
        let _ = writeln!(text, "{name} = {count}");
    }
    Ok(fs::write(file(), text)?)
}
