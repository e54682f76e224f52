//! The WIT that this project wrote for itself, in `fixtures/`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Project;

/// The packages of `fixtures/` in an order in which they can be published.
pub const PACKAGES: &[&str] = &[
    "types-1", "types-2", "ops", "clock", "base", "store", "cache",
];

/// The top of the repository.
pub fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("two levels up").to_owned()
}

/// Copies the fixture `name` into a project.
#[track_caller]
pub fn copy(name: &str, to: &Project<'_>) {
    let from = repository().join("fixtures").join(name);
    copy_dir(&from, to.dir());
}

#[track_caller]
fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    let entries = fs::read_dir(from).unwrap_or_else(|e| panic!("{}: {e}", from.display()));
    for entry in entries {
        let entry = entry.expect("a directory entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
