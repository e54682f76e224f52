//! The main job of wits, from nothing, on the embedded registry.
//!
//! In `demo/`, which git ignores and which is made anew each time, the fixtures are published into a
//! `layout:` registry, a plain directory; then the example project is fetched, locked and built from
//! it. The `registry.toml` at the top of the repository routes their namespaces there, and wits finds
//! it on its way up from the project.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::shell::{self, cargo, repository, target_dir, title};

/// The packages of `fixtures/`, each after those it depends on.
const PACKAGES: &[&str] = &[
    "types-1", "types-2", "ops", "clock", "base", "store", "cache",
];

/// What is typed in the example project.
const EXAMPLE: &[&str] = &[
    "cat wit/world.wit",
    "wits fetch",
    "ls wit/deps",
    "cat wits.lock",
    "wits build",
    "ls demo-app-0.1.0.wasm",
    "wits get demo:store@0.3.0 --as wit -o -",
];

/// The same again from the lock and the cache: no registry is asked, nothing changes.
const AGAIN: &[&str] = &["wits fetch --frozen", "wits lock --check", "wits build"];

/// Shows the main job.
pub(crate) fn run() -> Result<()> {
    title("building wits");
    shell::run(&mut cargo("build --package wits-cli --locked")?)?;

    let demo = repository().join("demo");
    if demo.exists() {
        fs::remove_dir_all(&demo).context("cannot empty `demo`")?;
    }
    for name in PACKAGES.iter().chain(&["app"]) {
        copy_dir(&repository().join("fixtures").join(name), &demo.join(name))?;
    }

    title("publishing the fixtures into an embedded registry, a plain directory");
    println!("$ cd demo");
    for name in PACKAGES {
        type_line(&demo, &demo, &format!("wits -C {name} publish"))?;
    }
    type_line(&demo, &demo, "ls registry/demo registry/lab")?;

    let app = demo.join("app");
    title("the example project");
    println!("$ cd app");
    for line in EXAMPLE {
        type_line(&demo, &app, line)?;
    }

    title("the same again: nothing is asked, nothing changes");
    for line in AGAIN {
        type_line(&demo, &app, line)?;
    }
    Ok(())
}

/// Shows a line and runs it in `dir`, with the `wits` just built and with a cache and a configuration
/// of the demo's own: what the user has set up neither helps nor harms, and is not touched.
fn type_line(demo: &Path, dir: &Path, line: &str) -> Result<()> {
    println!("$ {line}");
    let mut words = line.split_whitespace();
    let name = words.next().context("an empty line")?;
    let built = target_dir().join("debug").join(name);
    let mut command = Command::new(if name == "wits" {
        built.as_os_str()
    } else {
        name.as_ref()
    });
    for (variable, _) in env::vars_os() {
        if variable.to_string_lossy().starts_with("WITS_") {
            command.env_remove(variable);
        }
    }
    let status = command
        .args(words)
        .current_dir(dir)
        .env("XDG_CACHE_HOME", demo.join("home/cache"))
        .env("XDG_CONFIG_HOME", demo.join("home/config"))
        .status()
        .with_context(|| format!("cannot run `{line}`"))?;
    if !status.success() {
        bail!("`{line}` failed with {status}");
    }
    println!();
    Ok(())
}

fn copy_dir(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read `{}`", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_dir(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
