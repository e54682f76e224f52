//! What a build script says to cargo: one line on stdout each
//! (<https://doc.rust-lang.org/cargo/reference/build-scripts.html#outputs-of-the-build-script>).
#![allow(clippy::disallowed_macros)] // this is a front end: it prints and exits

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use wits_model::{ErrorKind, printable};

use super::Failure;
use crate::project::list;
use crate::render;
use crate::report::{Note, Reporter};

/// Tells cargo what decides whether the script runs again. A path that is not there would make it run every
/// time, so it is left out.
pub(super) fn watch(paths: &BTreeSet<PathBuf>, variables: &[&str]) {
    for path in paths.iter().filter(|path| path.exists()) {
        println!("cargo::rerun-if-changed={}", on_a_line(path).display());
    }
    for name in variables {
        println!("cargo::rerun-if-env-changed={name}");
    }
}

/// `path`, or the directory it is in where its name has a line break: what comes after one would be another
/// word of the script to cargo.
fn on_a_line(path: &Path) -> &Path {
    let breaks = |path: &Path| path.as_os_str().to_string_lossy().contains(['\n', '\r']);
    let mut above = path.ancestors().filter(|above| !breaks(above));
    above.next().unwrap_or(Path::new("."))
}

/// The files of a directory with this extension.
pub(super) fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let paths = list(dir).unwrap_or_default().into_iter();
    paths
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect()
}

/// Tells why the script fails, and ends it. Nothing goes to stdout: cargo shows that too, and runs a script
/// that failed again in any case.
pub(super) fn fail(failure: &Failure) -> ! {
    eprintln!("error: {failure}");
    std::process::exit(match failure.kind() {
        ErrorKind::Project => 1,
        ErrorKind::Integrity => 3,
        ErrorKind::Transient => 75,
        ErrorKind::Bug => 70,
    })
}

/// Hands warnings to cargo, and the rest to whoever wants to see all.
pub(super) struct Watcher;

impl Reporter for Watcher {
    fn note(&self, note: &Note) {
        if note.is_warning() {
            // A line is all that cargo takes.
            let text = note.to_string();
            let text: Vec<&str> = text.lines().map(str::trim).collect();
            println!("cargo::warning={}", printable::line(&text.join(" ")));
        } else {
            eprintln!("{}", render::note(note));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_says_one_thing_to_cargo() {
        for (path, told) in [
            ("/p/wit/a.wit", "/p/wit/a.wit"),
            ("/p/wit/a\ncargo::rustc-env=X=1.wit", "/p/wit"),
            ("/p/w\rit/a\n.wit", "/p"),
            ("\n", ""),
        ] {
            assert_eq!(on_a_line(Path::new(path)), Path::new(told));
        }
    }
}
