//! Running programs: every one is shown as it would be typed, and its failure is the chore's.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The top of the repository.
pub(crate) fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Where cargo puts what it builds.
pub(crate) fn target_dir() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => repository().join(dir),
        None => repository().join("target"),
    }
}

/// The user's cache directory (XDG base directory specification).
pub(crate) fn cache_home() -> Result<PathBuf> {
    let absolute = |name: &str| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_CACHE_HOME")
        .or_else(|| Some(absolute("HOME")?.join(".cache")))
        .context("neither `XDG_CACHE_HOME` nor `HOME` says where the cache is")
}

/// A headline.
pub(crate) fn title(text: &str) {
    println!("\n== {text}");
}

/// A program that runs in the repository and finds the peers first.
pub(crate) fn program(name: &str) -> Result<Command> {
    let mut command = Command::new(name);
    command
        .current_dir(repository())
        .env("PATH", search_path()?);
    Ok(command)
}

/// The cargo that runs this chore, with the arguments of a line.
///
/// The variables that cargo sets for what it runs are not passed on: they would mark everything that
/// another cargo builds as changed.
pub(crate) fn cargo(line: &str) -> Result<Command> {
    let mut command = program("cargo")?;
    for (name, _) in env::vars_os() {
        let name_text = name.to_string_lossy();
        if name_text.starts_with("CARGO_PKG_") || name_text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command.args(line.split_whitespace());
    Ok(command)
}

/// Shows a command and runs it to success.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = as_typed(command);
    println!("$ {line}");
    let status = command
        .status()
        .with_context(|| format!("cannot run `{line}`"))?;
    if !status.success() {
        bail!("`{line}` failed with {status}");
    }
    Ok(())
}

/// Whether a command runs and succeeds; it is not shown.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// What a command prints; none if it cannot be run or fails.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then_some(text)
}

/// The command line of a command.
pub(crate) fn as_typed(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy()];
    words.extend(command.get_args().map(|word| word.to_string_lossy()));
    words.join(" ")
}

/// `PATH` with the directory of the peers before it.
pub(crate) fn search_path() -> Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    let peers = crate::peers::root()?.join("bin");
    let dirs = std::iter::once(peers).chain(env::split_paths(&path));
    Ok(env::join_paths(dirs)?)
}
