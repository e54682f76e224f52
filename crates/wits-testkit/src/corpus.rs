//! The corpora of the fuzz targets: inputs in `fuzz/corpus/<target>/`, a file each.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

/// Runs what a fuzz target runs on every input of its corpus, and names each on which it panics.
#[track_caller]
pub fn replay(target: &str, run: impl Fn(&[u8])) {
    let inputs = inputs(target);
    assert!(!inputs.is_empty(), "the corpus of `{target}` is empty");
    let mut failed = Vec::new();
    for path in inputs {
        let data = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        // Each input is looked at by itself: nothing is left behind that the next one could see.
        if catch_unwind(AssertUnwindSafe(|| run(&data))).is_err() {
            failed.push(path.display().to_string());
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// The files of a corpus, in order.
fn inputs(target: &str) -> Vec<PathBuf> {
    let dir = crate::fixtures::repository()
        .join("fuzz/corpus")
        .join(target);
    let entries = fs::read_dir(&dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("a directory entry").path())
        .collect();
    paths.sort();
    paths
}
