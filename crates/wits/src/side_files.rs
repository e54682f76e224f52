//! The files that go with a published package where its registry has room for them: its WIT, what it is
//! for, and its terms. Nothing is ever resolved with them; they are for people who look.

use std::path::Path;

use wits_registry::{SideFile, SideFileRole};

use crate::project::{Workspace, list, wit_files};
use crate::{Context, Error, Member};

/// How files that say what a package is for begin.
const README: &[&str] = &["README"];
/// How files of terms begin.
const LICENCE: &[&str] = &["LICENSE", "LICENCE", "COPYING", "NOTICE"];
/// How such files may end.
const ENDINGS: &[&str] = &["", "md", "txt"];

/// The files beside the package of `member`, sorted. What a member does not say itself its workspace says.
pub(crate) fn side_files(
    context: &Context,
    workspace: &Workspace,
    member: &Member,
) -> Result<Vec<SideFile>, Error> {
    let mut files = Vec::new();
    for file in wit_files(context, &member.wit)? {
        let name = file.path.file_name().unwrap_or_default();
        files.push(SideFile {
            name: format!("wit/{}", name.to_string_lossy()),
            role: SideFileRole::Source,
            bytes: file.bytes,
        });
    }
    for (role, beginnings) in [
        (SideFileRole::Readme, README),
        (SideFileRole::Licence, LICENCE),
    ] {
        let mut found = beside(&member.root, role, beginnings)?;
        if found.is_empty() && role == SideFileRole::Licence && workspace.root != member.root {
            found = beside(&workspace.root, role, beginnings)?;
        }
        files.extend(found);
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

fn beside(dir: &Path, role: SideFileRole, beginnings: &[&str]) -> Result<Vec<SideFile>, Error> {
    let mut files = Vec::new();
    for path in list(dir)? {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
        let stem = stem.to_ascii_uppercase();
        let begins = beginnings.iter().any(|it| {
            let rest = stem.strip_prefix(it);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        });
        if begins && ENDINGS.contains(&ending.to_ascii_lowercase().as_str()) && path.is_file() {
            files.push(SideFile {
                name: name.to_owned(),
                role,
                bytes: wits_fs::read(&path)?,
            });
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readme_and_terms_are_known_by_their_names() {
        let dir = tempfile::tempdir().unwrap();
        for name in [
            "README.md",
            "Readme",
            "READMEs.md",
            "LICENSE-MIT",
            "license.txt",
            "LICENSE.rs",
            "other.md",
        ] {
            wits_fs::write_atomic(dir.path().join(name), name).unwrap();
        }
        let names = |role, beginnings| -> Vec<_> {
            let files = beside(dir.path(), role, beginnings).unwrap();
            files.into_iter().map(|file| file.name).collect()
        };
        assert_eq!(names(SideFileRole::Readme, README), ["README.md", "Readme"]);
        assert_eq!(
            names(SideFileRole::Licence, LICENCE),
            ["LICENSE-MIT", "license.txt"]
        );
    }
}
