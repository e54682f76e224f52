//! The project's own WIT in `OUT_DIR`, so that the closure can be laid out beside it.
//!
//! Copied are the `.wit` files of the WIT directory and the entries of its `deps` that are the user's. What is
//! the same is not written, and what is no longer there is removed, but for the entries that wits laid out in
//! the copy.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

use wits_fs::FsError;
use wits_store::deps::{self, ASIDE, Owner, STAMP, Stamp};

use crate::Error;
use crate::project::list;

/// Makes `to` a copy of the WIT directory `from`.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    wits_fs::create_dir_all(to)?;
    let mut kept: BTreeSet<OsString> = ["deps", ASIDE].map(OsString::from).into();
    for path in list(from)? {
        if path.extension().is_some_and(|extension| extension == "wit") && path.is_file() {
            let name = path.file_name().unwrap_or_default();
            wits_fs::write_if_changed(to.join(name), wits_fs::read(&path)?)?;
            kept.insert(name.to_owned());
        }
    }
    remove_others(to, &kept)?;
    copy_own(&from.join("deps"), &to.join("deps"))
}

/// The user's own entries of `wit/deps`.
fn copy_own(from: &Path, to: &Path) -> Result<(), Error> {
    let theirs = Stamp::read(from)?;
    let laid_out = Stamp::read(to)?;
    let mut kept = BTreeSet::from([OsString::from(STAMP)]);
    if let Some(stamp) = laid_out.stamp() {
        kept.extend(stamp.entries.keys().map(OsString::from));
    }
    for entry in deps::scan(from)? {
        let name = OsString::from(&entry.name);
        if deps::owner(&entry, theirs.stamp()) != Owner::Listed && !kept.contains(&name) {
            copy_all(&entry.path, &to.join(&entry.name))?;
            kept.insert(name);
        }
    }
    if to.is_dir() {
        remove_others(to, &kept)?;
    }
    Ok(())
}

fn copy_all(from: &Path, to: &Path) -> Result<(), Error> {
    if !from.is_dir() {
        if let Some(dir) = to.parent() {
            wits_fs::create_dir_all(dir)?;
        }
        wits_fs::write_if_changed(to, wits_fs::read(from)?)?;
        return Ok(());
    }
    wits_fs::create_dir_all(to)?;
    let mut kept = BTreeSet::new();
    for path in list(from)? {
        let name = path.file_name().unwrap_or_default();
        copy_all(&path, &to.join(name))?;
        kept.insert(name.to_owned());
    }
    remove_others(to, &kept)
}

fn remove_others(dir: &Path, kept: &BTreeSet<OsString>) -> Result<(), Error> {
    for path in list(dir)? {
        if path.file_name().is_some_and(|name| kept.contains(name)) {
            continue;
        }
        let is_dir = fs::symlink_metadata(&path)
            .map_err(FsError::io("read", &path))?
            .is_dir();
        if is_dir {
            wits_fs::remove_dir_all(&path)?;
        } else {
            wits_fs::remove_file(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // throw-away files
mod tests {
    use super::*;
    use wits_model::Digest;

    fn names(dir: &Path) -> Vec<String> {
        let names = list(dir).unwrap().into_iter();
        names
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn what_is_the_users_is_copied_and_what_is_gone_goes() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("wit"), dir.path().join("out/wit"));
        fs::create_dir_all(from.join("deps/own")).unwrap();
        fs::create_dir_all(from.join("deps/a-b-1.0.0")).unwrap();
        for file in [
            "a.wit",
            "b.wit",
            "README.md",
            "deps/own/x.wit",
            "deps/one.wit",
        ] {
            fs::write(from.join(file), file).unwrap();
        }
        fs::write(from.join("deps/a-b-1.0.0/package.wit"), "theirs").unwrap();
        let digest = Digest::of(b"");
        let stamp = format!(
            r#"{{"version":1,"lock":"{digest}","entries":{{"a-b-1.0.0":{{"package":"a:b@1.0.0","text":"{digest}"}}}}}}"#
        );
        fs::write(from.join("deps/.wits.json"), &stamp).unwrap();
        copy(&from, &to).unwrap();
        assert_eq!(names(&to), ["a.wit", "b.wit", "deps"]);
        assert_eq!(names(&to.join("deps")), ["one.wit", "own"]);

        // What wits laid out in the copy stays; what the user took away goes.
        fs::create_dir_all(to.join("deps/a-b-1.0.0")).unwrap();
        fs::write(to.join("deps/.wits.json"), &stamp).unwrap();
        fs::remove_file(from.join("b.wit")).unwrap();
        fs::remove_dir_all(from.join("deps/own")).unwrap();
        copy(&from, &to).unwrap();
        assert_eq!(names(&to), ["a.wit", "deps"]);
        assert_eq!(
            names(&to.join("deps")),
            [".wits.json", "a-b-1.0.0", "one.wit"]
        );
    }
}
