//! The tools that the checks and the tests run, installed where they are missing.
//!
//! What cargo builds lands in `$XDG_CACHE_HOME/wits-peers` (or below `~/.cache`), outside the clone,
//! so that clones share it and nothing of the user's is replaced. It is built without optimisation and
//! without debug information: these tools run for seconds and take minutes to build.
//!
//! Bindle's server has no binary in its package: `tests/bindle-server` makes one of its library, in a
//! target directory that is kept beside the others, so that it is built again only when it changes.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::shell::{cache_home, cargo, output, program, run, succeeds, title};

/// A tool that cargo installs.
struct Tool {
    /// The package, with the version the tests were written against.
    package: &'static str,
    version: &'static str,
    /// How it tells its version.
    ask: &'static [&'static str],
    /// Whether another version that is already there will do.
    any_version: bool,
    /// More arguments for `cargo install`.
    features: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool {
        package: "wkg",
        version: "0.16.1",
        ask: &["wkg", "--version"],
        any_version: false,
        features: "",
    },
    Tool {
        package: "wasm-tools",
        version: "1.263.0",
        ask: &["wasm-tools", "--version"],
        any_version: false,
        features: "--no-default-features --features component,validate,print,parse",
    },
    Tool {
        package: "wit-bindgen-cli",
        version: "0.63.0",
        ask: &["wit-bindgen", "--version"],
        any_version: false,
        features: "--no-default-features --features rust,c,async",
    },
    Tool {
        package: "wac-cli",
        version: "0.12.0",
        ask: &["wac", "--version"],
        any_version: false,
        // Without Warg's registries, which are gone.
        features: "--no-default-features --features wit,wat",
    },
    Tool {
        package: "cargo-nextest",
        version: "0.9.143",
        ask: &["cargo-nextest", "nextest", "--version"],
        any_version: true,
        features: "--no-default-features --features default-no-update",
    },
    Tool {
        package: "cargo-semver-checks",
        version: "0.51.0",
        ask: &["cargo-semver-checks", "semver-checks", "--version"],
        any_version: true,
        features: "",
    },
    Tool {
        package: "cargo-deny",
        version: "0.20.2",
        ask: &["cargo-deny", "--version"],
        any_version: true,
        features: "",
    },
];

/// Runs the fuzz targets. It takes minutes to install and no test needs it: `cargo xtask fuzz` does.
const FUZZER: Tool = Tool {
    package: "cargo-fuzz",
    version: "0.13.2",
    ask: &["cargo-fuzz", "fuzz", "--version"],
    any_version: true,
    features: "",
};

/// Debian's packages, each with a program by which it is known.
const DEBIAN: &[(&str, &str)] = &[
    ("docker-registry", "docker-registry"),
    ("skopeo", "skopeo"),
    ("apache2-utils", "htpasswd"),
    ("strace", "strace"),
    ("valgrind", "valgrind"),
];

/// Where cargo installs the tools.
pub(crate) fn root() -> Result<PathBuf> {
    Ok(cache_home()?.join("wits-peers"))
}

/// Installs what is missing.
pub(crate) fn install() -> Result<()> {
    title("peers");
    install_components()?;
    install_debian()?;
    let root = root()?;
    // One directory for all, so that they share what they have in common; it goes when they are there.
    let build = root.join("build");
    for tool in TOOLS {
        install_tool(tool, &root, &build)?;
    }
    if build.exists() {
        std::fs::remove_dir_all(&build)?;
    }
    build_bindle_server(&root)?;
    crate::toolchains::install(&root)
}

/// Installs wkg as its users do, optimised, beside the quickly built one: benchmarks compare with it.
pub(crate) fn install_optimised_wkg() -> Result<()> {
    let root = root()?.join("release");
    for Tool {
        package, version, ..
    } in TOOLS.iter().filter(|tool| tool.package == "wkg")
    {
        let installed =
            output(program(&root.join("bin").join(package).to_string_lossy())?.arg("--version"));
        if installed.is_some_and(|text| text.split_whitespace().any(|word| word == *version)) {
            continue;
        }
        let mut command = cargo(&format!("install {package}@{version} --locked"))?;
        run(command.arg("--root").arg(&root))?;
    }
    Ok(())
}

/// Installs what `cargo xtask fuzz` runs.
pub(crate) fn install_fuzzer() -> Result<()> {
    let root = root()?;
    let build = root.join("build");
    install_tool(&FUZZER, &root, &build)?;
    if build.exists() {
        std::fs::remove_dir_all(&build)?;
    }
    Ok(())
}

fn build_bindle_server(root: &Path) -> Result<()> {
    let mut command = cargo("build --locked --manifest-path tests/bindle-server/Cargo.toml")?;
    command
        .env("CARGO_TARGET_DIR", root.join("bindle-server-target"))
        .env("CARGO_PROFILE_DEV_DEBUG", "false");
    run(&mut command)
}

fn install_tool(tool: &Tool, root: &Path, build: &Path) -> Result<()> {
    let Tool {
        package, version, ..
    } = tool;
    let found = output(program(tool.ask[0])?.args(&tool.ask[1..]));
    if let Some(text) = &found {
        let first = text.lines().next().unwrap_or_default();
        if tool.any_version || first.split_whitespace().any(|word| word == *version) {
            println!("{first}");
            return Ok(());
        }
    }
    let line = format!(
        "install {package}@{version} --locked --debug {}",
        tool.features
    );
    let mut command = cargo(&line)?;
    command
        .arg("--root")
        .arg(root)
        .env("CARGO_TARGET_DIR", build)
        .env("CARGO_PROFILE_DEV_DEBUG", "false");
    run(&mut command)
}

/// The parts of the toolchain that a minimal installation lacks.
fn install_components() -> Result<()> {
    for (component, program_name) in [("rustfmt", "cargo-fmt"), ("clippy", "cargo-clippy")] {
        if !succeeds(program(program_name)?.arg("--version")) {
            run(program("rustup")?.args(["component", "add", component]))?;
        }
    }
    Ok(())
}

fn install_debian() -> Result<()> {
    let missing: Vec<_> = DEBIAN
        .iter()
        .filter(|(_, program)| !on_path(program))
        .map(|(package, _)| *package)
        .collect();
    if missing.is_empty() {
        println!("docker-registry, skopeo, htpasswd, strace and valgrind are there");
        return Ok(());
    }
    let root = output(program("id")?.arg("-u")).is_some_and(|id| id.trim() == "0");
    let sudo = !root && succeeds(program("sudo")?.args(["-n", "true"]));
    if !on_path("apt-get") || !(root || sudo) {
        println!(
            "not installed, and this user cannot install them: {}",
            missing.join(", ")
        );
        println!("the tests that need them are skipped");
        return Ok(());
    }
    let apt = |arguments: &[&str]| -> Result<()> {
        let mut command = program(if root { "apt-get" } else { "sudo" })?;
        if !root {
            command.args(["-n", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        }
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(arguments);
        run(&mut command)
    };
    apt(&["update", "-q"])?;
    let mut arguments = vec!["install", "-q", "-y", "--no-install-recommends"];
    arguments.extend(missing);
    apt(&arguments)
}

fn on_path(name: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|dir| dir.join(name).is_file())
}
