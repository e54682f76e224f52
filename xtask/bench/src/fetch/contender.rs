//! A tool on a machine of its own, with the same project and the same registry as the other.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use wits_testkit::Sandbox;

use super::packages::Package;
use super::stage::Stage;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    Wits,
    Wkg,
}

impl Tool {
    pub(crate) const ALL: [Self; 2] = [Self::Wits, Self::Wkg];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Wits => "wits",
            Self::Wkg => "wkg",
        }
    }

    fn lock(self) -> &'static str {
        match self {
            Self::Wits => "wits.lock",
            Self::Wkg => "wkg.lock",
        }
    }
}

/// What is there when a run begins, of what the tool itself left when it fetched before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// Nothing: a new project.
    Nothing,
    /// The lock: a checkout on a new machine.
    Lock,
    /// The cache: a new project on a machine that has the packages.
    Cache,
    /// The lock and the cache: a fresh checkout on a machine that has the packages.
    LockAndCache,
    /// The lock, the cache and `wit/deps`: the same again.
    Everything,
}

impl Start {
    pub(crate) const ALL: [Self; 5] = [
        Self::Nothing,
        Self::Lock,
        Self::Cache,
        Self::LockAndCache,
        Self::Everything,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nothing => "cold, unlocked",
            Self::Lock => "cold, locked",
            Self::Cache => "warm, unlocked",
            Self::LockAndCache => "warm, locked, no `wit/deps`",
            Self::Everything => "warm, locked",
        }
    }

    fn lock(self) -> bool {
        !matches!(self, Self::Nothing | Self::Cache)
    }

    fn cache(self) -> bool {
        !matches!(self, Self::Nothing | Self::Lock)
    }

    fn tree(self) -> bool {
        self == Self::Everything
    }
}

/// A tool in its sandbox.
pub(crate) struct Contender {
    pub(crate) tool: Tool,
    program: PathBuf,
    environment: Option<(&'static str, PathBuf)>,
    sandbox: Sandbox,
    /// What `wit/deps` holds when everything is fetched, by directory.
    tree: BTreeMap<String, String>,
}

impl Contender {
    /// Writes configuration and project, fetches once, and keeps what that left.
    pub(crate) fn prepare(
        tool: Tool,
        program: &Path,
        stage: &Stage,
        world: &str,
        packages: &[Package],
    ) -> Result<Self> {
        let sandbox = Sandbox::new(program);
        let top = sandbox.top();
        match tool {
            Tool::Wits => top.write("home/.config/wits/registry.toml", stage.wits_config()),
            Tool::Wkg => top.write("home/.config/wasm-pkg/config.toml", stage.wkg_config()),
        };
        top.write("app/wit/world.wit", world);
        let mut contender = Self {
            tool,
            program: program.to_owned(),
            environment: stage.environment(),
            sandbox,
            tree: BTreeMap::new(),
        };
        contender.run(Start::Nothing)?;
        contender.tree = contender.laid_out()?;
        // wkg fetches what the world names, and writes what is below from the copies in there.
        let direct = |package: &&Package| tool == Tool::Wits || world.contains(&package.path());
        for package in packages.iter().filter(direct) {
            let text = contender.tree.get(&package.dir());
            let named = format!("package {};", package.id);
            ensure!(
                text.is_some_and(|text| text.contains(&named) && text.contains("interface ")),
                "{} did not fetch `{}`",
                tool.name(),
                package.id
            );
        }
        ensure!(
            tool == Tool::Wkg || contender.tree.len() == packages.len(),
            "{} packages instead of {}",
            contender.tree.len(),
            packages.len()
        );
        for (from, to) in contender.kept() {
            copy(&from, &to)?;
        }
        Ok(contender)
    }

    /// Makes the project and the machine what they are at `start`.
    pub(crate) fn put(&self, start: Start) -> Result<()> {
        let there = [start.lock(), start.cache(), start.tree()];
        for ((live, kept), there) in self.kept().iter().zip(there) {
            remove(live)?;
            if there {
                copy(kept, live)?;
            }
        }
        Ok(())
    }

    /// Fetches, and checks what came of it.
    pub(crate) fn fetch(&self, start: Start) -> Result<Duration> {
        let time = self.run(start)?;
        ensure!(
            self.laid_out()? == self.tree,
            "{} left another `wit/deps` ({})",
            self.tool.name(),
            start.name()
        );
        Ok(time)
    }

    fn run(&self, start: Start) -> Result<Duration> {
        let mut command: Command = self.sandbox.command(&self.program, "app");
        command.arg("fetch").envs(self.environment.clone());
        // wkg has no such option: it does not hold anybody to its lock.
        if self.tool == Tool::Wits && start.lock() {
            command.arg("--locked");
        }
        let begin = Instant::now();
        let output = command
            .output()
            .with_context(|| format!("cannot run `{}`", self.program.display()))?;
        let time = begin.elapsed();
        ensure!(
            output.status.success(),
            "{} failed ({}): {}",
            self.tool.name(),
            start.name(),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(time)
    }

    /// What a run leaves (lock, cache, tree), and where it is kept.
    fn kept(&self) -> [(PathBuf, PathBuf); 3] {
        let root = self.sandbox.root();
        [
            (
                root.join("app").join(self.tool.lock()),
                root.join("kept/lock"),
            ),
            (self.sandbox.cache_home(), root.join("kept/cache")),
            (root.join("app/wit/deps"), root.join("kept/deps")),
        ]
    }

    fn laid_out(&self) -> Result<BTreeMap<String, String>> {
        let dir = self.sandbox.root().join("app/wit/deps");
        let mut tree = BTreeMap::new();
        for entry in fs::read_dir(&dir).context("no `wit/deps`")? {
            let path = entry?.path();
            if path.is_dir() {
                let name = path.file_name().unwrap_or_default().display().to_string();
                tree.insert(name, fs::read_to_string(path.join("package.wit"))?);
            }
        }
        Ok(tree)
    }
}

fn remove(path: &Path) -> Result<()> {
    if path.is_dir() {
        fs::remove_dir_all(path)?;
    } else if path.exists() {
        fs::remove_file(path)?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        fs::create_dir_all(to.parent().context("a path in a directory")?)?;
        fs::copy(from, to).with_context(|| format!("cannot keep `{}`", from.display()))?;
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}
