//! Closures of any size, in a `layout:` registry, with the project that needs them.
//!
//! The links between packages carry no types: a world imports an interface with a function. Types would be
//! embedded with all that they need, which makes a chain grow with the square of its length, and wasmparser
//! takes 4,096 instances in a world, so that a world that needs all must be several.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use wits_model::{Digest, PackageId};
use wits_testkit::{Artifact, Layout, Project, Sandbox};
use wits_wit::{
    BuildOptions, Built, DeclaredDependency, Dependency, SourceFile, SourcePackage, build,
};

/// How packages hang together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Each needs the one before it, and the project the last.
    Chain,
    /// The project needs all.
    Fan,
}

/// How many packages one world of the project imports: below wasmparser's limit.
const IN_ONE_WORLD: usize = 1_000;

impl Shape {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Chain => "chain",
            Self::Fan => "fan",
        }
    }
}

/// Publishes `count` packages whose text has about `bytes` bytes each, and makes the project `app` that needs
/// them.
pub(crate) fn make(
    sandbox: &Sandbox,
    shape: Shape,
    count: usize,
    bytes: usize,
) -> Result<Project<'_>> {
    let layout = Layout::at(sandbox.root().join("registry"));
    sandbox.top().write(".git/HEAD", "").write(
        "registry.toml",
        "[namespaces]\nscale = \"layout:registry\"\n",
    );
    let mut below: Option<(usize, Built)> = None;
    for number in 0..count {
        let below_it = below.as_ref().filter(|_| shape == Shape::Chain);
        let built = package(number, bytes, below_it)
            .with_context(|| format!("package {number} has no binary form"))?;
        layout.push(
            &format!("scale/p{number}"),
            "1.0.0",
            &Artifact::wasm(built.wasm.clone()),
        );
        below = Some((number, built));
    }
    let app = sandbox.project("app");
    let needed: Vec<usize> = match shape {
        Shape::Chain => count.checked_sub(1).into_iter().collect(),
        Shape::Fan => (0..count).collect(),
    };
    let mut text = "package demo:app@0.1.0;\n".to_owned();
    for (world, numbers) in needed.chunks(IN_ONE_WORLD).enumerate() {
        let imports: String = numbers.iter().map(|number| import(*number)).collect();
        let _ = write!(text, "\nworld w{world} {{\n{imports}}}\n");
    }
    app.write("wit/world.wit", text);
    Ok(app)
}

/// One package: an interface, and a world that leads to the package below it.
pub(crate) fn package(
    number: usize,
    bytes: usize,
    below: Option<&(usize, Built)>,
) -> Result<Built> {
    let docs = "    /// What this is for is told at some length, as real packages do.\n";
    let docs = docs.repeat(bytes / docs.len());
    let mut text = format!(
        "package {};\n\ninterface i {{\n{docs}    f: func(n: u32) -> string;\n}}\n",
        id(number)
    );
    let (mut deps, mut declared) = (Vec::new(), Vec::new());
    if let Some((other, built)) = below {
        let _ = write!(text, "\nworld w {{\n{}}}\n", import(*other));
        // Of the package below, its own binary names nothing but this.
        let stub = format!(
            "package {};\ninterface i {{ f: func(n: u32) -> string; }}\n",
            id(*other)
        );
        deps.push(Dependency::Text(parse(*other, stub)?));
        declared.push(DeclaredDependency {
            package: id(*other).parse::<PackageId>()?,
            wit: built.package.wit(),
            digest: Some(Digest::of(&built.wasm)),
        });
    }
    let options = BuildOptions {
        declared,
        ..BuildOptions::default()
    };
    Ok(build(parse(number, text)?, deps, &options)?)
}

fn parse(number: usize, text: String) -> Result<SourcePackage> {
    Ok(SourcePackage::parse(vec![SourceFile {
        path: format!("p{number}.wit").into(),
        bytes: text.into_bytes(),
    }])?)
}

fn id(number: usize) -> String {
    format!("scale:p{number}@1.0.0")
}

fn import(number: usize) -> String {
    format!("    import scale:p{number}/i@1.0.0;\n")
}
