//! Whether a release of the library would break those who use it: `cargo semver-checks` against the last one.
//!
//! The baseline is the newest tag `v*` that is an ancestor, or a revision that is named. Before the first release
//! there is nothing that anybody could depend on, and nothing is compared. From then on, a change that breaks
//! the public interface fails here until the version of the workspace says so.

use anyhow::Result;

use crate::shell::{cargo, output, program, run, title};

/// Compares the public interface with that of `baseline`, or of the last release.
pub(crate) fn check(baseline: Option<&str>) -> Result<()> {
    title("the public interface");
    let tag = ["describe", "--tags", "--abbrev=0", "--match", "v[0-9]*"];
    let last = output(program("git")?.args(tag));
    let Some(revision) = baseline.or(last.as_deref().map(str::trim)) else {
        println!("nothing to compare with: there is no release yet (no tag `v…`)");
        return Ok(());
    };
    // Both with the network and without: what a build script uses must not break either.
    for features in ["--all-features", "--only-explicit-features"] {
        let mut command = cargo("semver-checks check-release --package wits --baseline-rev")?;
        run(command.arg(revision).arg(features))?;
    }
    Ok(())
}
