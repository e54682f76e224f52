//! The scenes: which packages, in which registry, from which starts.

use anyhow::{Context, Result};
use wits_testkit::{Artifact, wasm};

use super::contender::{Contender, Start, Tool};
use super::packages::{self, Package};
use super::stage::{Kind, Stage};
use crate::tools::Tools;

/// A scene before it is set.
pub(crate) struct Outline {
    /// What its table is called.
    pub(crate) name: &'static str,
    packages: fn() -> (Vec<Package>, String),
    publisher: Publisher,
    stage: Kind,
    /// From what runs begin.
    pub(crate) starts: &'static [Start],
    /// Whether it is measured over every distance.
    pub(crate) every_distance: bool,
    /// Whether it is measured when there is little time.
    pub(crate) quick: bool,
    /// How often wkg runs over a distance; wits runs more often where this is little.
    wkg_runs: fn(u32) -> usize,
}

/// Who has published the packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Publisher {
    /// wits: the manifest lists the closure, and each package its dependencies with their digests.
    Wits,
    /// A tool that knows nothing of either.
    Other,
}

/// 30 packages of wits before Debian's registry, beside the matrix.
const ASIDE: Outline = Outline {
    name: "",
    packages: || packages::beside_each_other(30),
    publisher: Publisher::Wits,
    stage: Kind::Clear,
    starts: &[Start::Nothing, Start::Lock],
    every_distance: false,
    quick: false,
    wkg_runs: |_| 3,
};

/// A part of the matrix.
const MATRIX: Outline = Outline {
    starts: &Start::ALL,
    every_distance: true,
    ..ASIDE
};

const OUTLINES: &[Outline] = &[
    Outline {
        name: "2 packages",
        packages: || packages::beside_each_other(2),
        wkg_runs: |_| 5,
        ..MATRIX
    },
    Outline {
        name: "30 packages",
        quick: true,
        ..MATRIX
    },
    Outline {
        name: "300 packages",
        packages: || packages::beside_each_other(300),
        wkg_runs: |distance| if distance < 20 { 3 } else { 1 },
        ..MATRIX
    },
    Outline {
        name: "the 7 packages of WASI 0.2.12",
        packages: packages::wasi,
        starts: &Start::ALL,
        ..ASIDE
    },
    Outline {
        name: "30 packages, TLS and HTTP/1.1",
        stage: Kind::Http1,
        ..ASIDE
    },
    Outline {
        name: "30 packages, TLS and HTTP/2",
        stage: Kind::Http2,
        ..ASIDE
    },
    Outline {
        name: "30 packages, tokens and redirects, as GHCR",
        stage: Kind::Redirecting,
        ..ASIDE
    },
    Outline {
        name: "30 packages, manifest first, as ECR",
        stage: Kind::ManifestFirst,
        ..ASIDE
    },
    Outline {
        name: "a chain of 1, published by wits",
        packages: || packages::chain(1),
        ..ASIDE
    },
    Outline {
        name: "a chain of 5, published by wits",
        packages: || packages::chain(5),
        ..ASIDE
    },
    Outline {
        name: "a chain of 20, published by wits",
        packages: || packages::chain(20),
        ..ASIDE
    },
    Outline {
        name: "a chain of 5, published by another tool",
        packages: || packages::chain(5),
        publisher: Publisher::Other,
        ..ASIDE
    },
    Outline {
        name: "a chain of 20, published by another tool",
        packages: || packages::chain(20),
        publisher: Publisher::Other,
        ..ASIDE
    },
];

impl Outline {
    /// Every scene, in the order of the report.
    pub(crate) fn all() -> impl Iterator<Item = &'static Self> {
        OUTLINES.iter()
    }

    /// Who takes part, of those who are there.
    pub(crate) fn tools(tools: &Tools) -> impl Iterator<Item = Tool> + use<> {
        let wkg = tools.wkg.is_some();
        Tool::ALL
            .into_iter()
            .filter(move |tool| *tool == Tool::Wits || wkg)
    }

    /// How often a tool runs.
    pub(crate) fn runs(&self, tool: Tool, distance: u32) -> usize {
        match tool {
            Tool::Wits => 5,
            Tool::Wkg => (self.wkg_runs)(distance),
        }
    }
}

/// A scene that is set: everything is published, everybody has fetched once.
pub(crate) struct Scene {
    pub(crate) stage: Stage,
    pub(crate) contenders: Vec<Contender>,
}

impl Scene {
    pub(crate) fn set(outline: &Outline, tools: &Tools) -> Result<Self> {
        let mut stage = Stage::set(outline.stage)?;
        let (packages, world) = (outline.packages)();
        publish(&packages, outline.publisher, &stage, tools);
        stage.open();
        let mut contenders = Vec::new();
        for tool in Outline::tools(tools) {
            let program = match tool {
                Tool::Wits => &tools.wits,
                Tool::Wkg => tools.wkg.as_ref().context("no wkg")?,
            };
            contenders.push(Contender::prepare(
                tool, program, &stage, &world, &packages,
            )?);
        }
        Ok(Self { stage, contenders })
    }
}

/// Publishes each package, after those it depends on, as its author would.
fn publish(packages: &[Package], publisher: Publisher, stage: &Stage, tools: &Tools) {
    let sandbox = tools.sandbox();
    let config = "home/.config/wits/registry.toml";
    sandbox.top().write(config, stage.owner_config());
    for package in packages {
        let project = sandbox.project(package.dir());
        package.write(&project);
        if publisher == Publisher::Wits {
            project.wits(["publish"]).succeeds();
            continue;
        }
        project.wits(["build", "-o", "built.wasm"]).succeeds();
        let bytes = wasm::without_section(&project.read_bytes("built.wasm"), "wits:dependencies");
        let artifact = Artifact::wasm(bytes);
        stage.put(&package.repository(), package.version(), &artifact);
    }
}
