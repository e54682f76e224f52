//! Registries that hold much of which little is needed: packages, versions of one package, tags.
//!
//! The directories are on this machine. The registry that lists tags is the testkit's, in this process, over HTTP:
//! its lists come in pages of 1,000, as wits asks for them.

use anyhow::Result;
use wits_testkit::wire::OciRegistry;
use wits_testkit::{Artifact, Layout, Sandbox};

use crate::graph::{self, Shape};
use crate::scale::{FETCH, Run, Step, TEXT, best, draw, series, settle, table};
use crate::table::figure;
use crate::tools::Tools;

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];
/// Below, the time a process takes to start is all of it.
const FIT_FROM: f64 = 1_000.0;

/// Measures each of them in every size.
pub(crate) fn measure(tools: &Tools) -> Result<()> {
    let mut runs = Vec::new();
    for size in SIZES {
        for (what, run) in [
            packages(tools, size)?,
            versions(tools, size)?,
            tags(tools, size)?,
        ]
        .into_iter()
        .flatten()
        {
            eprintln!(
                "{what} ({size}): {} ms, {} MB",
                figure(run.ms),
                figure(run.mb)
            );
            runs.push((what.to_owned(), size, run));
        }
    }
    let time = series(&runs, |run| run.ms);
    let memory = series(&runs, |run| run.mb);
    table("time, ms", &SIZES, &time, FIT_FROM);
    table("memory, MB", &SIZES, &memory, FIT_FROM);
    draw("registries", "what a registry holds", &time, &memory)
}

type Runs = [(&'static str, Run); 2];

/// A question that ends with an error, after all that there is was looked through.
fn in_vain<'s>(arguments: &'s [&'s str]) -> Step<'s> {
    Step {
        arguments,
        removed: &["xdg-cache"],
        code: 1,
    }
}

/// A directory of so many packages.
fn packages(tools: &Tools, count: usize) -> Result<Runs> {
    let sandbox = tools.sandbox();
    graph::make(&sandbox, Shape::Fan, 10, TEXT)?;
    let layout = Layout::at(sandbox.root().join("registry"));
    let artifact = artifact()?;
    for number in 10..count {
        layout.push(&format!("scale/p{number}"), "1.0.0", &artifact);
    }
    settle()?;
    let none = best(tools, &sandbox, in_vain(&["get", "scale:p-1@1.0.0"]))?;
    Ok([
        ("packages: fetch ten", best(tools, &sandbox, FETCH)?),
        ("packages: none like it", none),
    ])
}

/// A directory of one package in so many versions.
fn versions(tools: &Tools, count: usize) -> Result<Runs> {
    let sandbox = tools.sandbox();
    graph::make(&sandbox, Shape::Fan, 1, TEXT)?;
    let layout = Layout::at(sandbox.root().join("registry"));
    let (artifact, tags) = (artifact()?, tags_of(count));
    layout.push_all("scale/p0", tags.iter().map(|tag| (tag.as_str(), &artifact)));
    let none = best(tools, &sandbox, in_vain(&["get", "scale:p0@9.9.9"]))?;
    Ok([
        ("versions: fetch one", best(tools, &sandbox, FETCH)?),
        ("versions: none like it", none),
    ])
}

/// An OCI registry with so many tags of one package.
fn tags(tools: &Tools, count: usize) -> Result<Runs> {
    let sandbox = tools.sandbox();
    sandbox
        .project("app")
        .write("wit/world.wit", "package demo:app@0.1.0;\n");
    let registry = OciRegistry::start();
    route(&sandbox, &registry);
    registry.put("scale/p0", "1.0.0", &artifact()?);
    registry.put_tags("scale/p0", tags_of(count.saturating_sub(1)));
    let newest = &["get", "scale:p0", "-o", "p0.wit", "--overwrite"];
    let newest = Step::of(newest, &["xdg-cache"]);
    let newest = best(tools, &sandbox, newest)?;
    let none = best(tools, &sandbox, in_vain(&["get", "scale:p0@9.9.9"]))?;
    Ok([("tags: the newest", newest), ("tags: none like it", none)])
}

fn route(sandbox: &Sandbox, registry: &OciRegistry) {
    let routes = format!("[namespaces]\nscale = \"{}\"\n", registry.registry());
    sandbox
        .top()
        .write(".git/HEAD", "")
        .write("registry.toml", routes);
}

fn artifact() -> Result<Artifact> {
    Ok(Artifact::wasm(graph::package(0, 100, None)?.wasm))
}

fn tags_of(count: usize) -> Vec<String> {
    let tags = (0..count).map(|number| format!("0.{number}.0"));
    tags.collect()
}
