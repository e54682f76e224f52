//! Tools of other languages that make bindings: from npm and PyPI, into directories of their own beside what
//! cargo installs, so that nothing of the user's is touched. Where Node.js or Python is missing, the tests that
//! need them say so.

use std::path::Path;

use anyhow::Result;

use crate::shell::{output, program, run, succeeds};

/// jco makes JavaScript and TypeScript. The version after this one needs a newer Node.js than Debian has.
const JCO: &str = "@bytecodealliance/jco@1.34.0";
/// componentize-py makes Python.
const COMPONENTIZE_PY: &str = "componentize-py==0.25.1";

/// Installs what is missing below `root`.
pub(crate) fn install(root: &Path) -> Result<()> {
    install_jco(&root.join("npm"))?;
    install_componentize_py(&root.join("python"))
}

fn install_jco(dir: &Path) -> Result<()> {
    if has(&dir.join("node_modules/.bin/jco"), JCO) {
        return Ok(());
    }
    if !succeeds(program("npm")?.arg("--version")) {
        println!("not installed, because there is no npm: {JCO}");
        return Ok(());
    }
    std::fs::create_dir_all(dir)?;
    let mut npm = program("npm")?;
    npm.args(["install", "--no-audit", "--no-fund", "--prefix"]);
    run(npm.arg(dir).arg(JCO))
}

fn install_componentize_py(dir: &Path) -> Result<()> {
    if has(&dir.join("bin/componentize-py"), COMPONENTIZE_PY) {
        return Ok(());
    }
    if !succeeds(program("python3")?.args(["-c", "import ensurepip, venv"])) {
        println!("not installed, because there is no Python with `venv`: {COMPONENTIZE_PY}");
        return Ok(());
    }
    run(program("python3")?.args(["-m", "venv"]).arg(dir))?;
    let pip = dir.join("bin/pip");
    run(program(&pip.to_string_lossy())?.args(["install", "--quiet", COMPONENTIZE_PY]))
}

/// Whether a tool is there in the version that its package names after the last `@` or `=`.
fn has(tool: &Path, package: &str) -> bool {
    let version = package.rsplit(['@', '=']).next().unwrap_or(package);
    let asked = program(&tool.to_string_lossy()).ok();
    let told = asked.and_then(|mut tool| output(tool.arg("--version")));
    let found = told.is_some_and(|text| text.split_whitespace().any(|word| word == version));
    if found {
        println!("{package}");
    }
    found
}
