//! What to do about an [`Error`]: the `help:` lines under a message, apart from the errors themselves.

use wits_model::Version;

use crate::error::Error;
use crate::versions::{listed, nearest, newest};

fn versions_help(
    name: &impl std::fmt::Display,
    wanted: Option<&Version>,
    available: &[Version],
) -> Vec<String> {
    let Some(newest) = newest(available) else {
        return vec![format!("`{name}` has no versions at all in its registry")];
    };
    match wanted.and_then(|wanted| nearest(wanted, available)) {
        Some(nearest) if nearest != newest => {
            vec![format!(
                "the nearest version is {nearest}, the newest {newest}"
            )]
        }
        _ if available.len() == 1 => vec![format!("the only version is {newest}")],
        _ => vec![format!(
            "the newest version is {newest}; there are {}",
            listed(available)
        )],
    }
}

/// The lines for `error`.
#[allow(clippy::too_many_lines)] // a table: one arm an error
pub(crate) fn advice(error: &Error) -> Vec<String> {
    match error {
        Error::NoProject { .. } => vec![
            "run `wits init ns:name` to begin one, or name a directory with `-C DIR`".to_owned(),
        ],
        Error::NoWitDirectory { .. } => {
            vec!["name another with `--wit-dir DIR`, or `wit = \"DIR\"` in wits.toml".to_owned()]
        }
        Error::NoMember { members, .. } => {
            let members: Vec<String> = members
                .iter()
                .map(|member| format!("`{}`", member.display()))
                .collect();
            vec![format!("choose one with `-C DIR`: {}", members.join(", "))]
        }
        Error::NoMembers { .. } => vec!["name directories with WIT in `members`".to_owned()],
        Error::MembersTwice { .. } => vec!["give one of them another name or version".to_owned()],
        Error::MembersDisagree { .. } => {
            vec![
                "one lock serves them all: write the override in the `wits.toml` of the workspace"
                    .to_owned(),
            ]
        }
        Error::MemberNotFound { .. } => vec!["correct `members`".to_owned()],
        Error::AlreadyInitialised { .. } => {
            vec!["`wits init` begins a new project only".to_owned()]
        }
        Error::Fs(error) => error.help().into_iter().collect(),
        Error::Store(error) => error.help().into_iter().collect(),
        Error::Wit { source, .. } | Error::Metadata { source, .. } => {
            source.help().into_iter().collect()
        }
        Error::Manifest(error) => error.help().into_iter().collect(),
        Error::Routes(error) => error.help().into_iter().collect(),
        Error::Lock(error) => error.help().into_iter().collect(),
        Error::Unversioned {
            package, available, ..
        } => match newest(available) {
            Some(newest) => {
                let mut lines = vec![format!(
                    "write the version: `{package}/…@{newest}` is the newest"
                )];
                if available.len() > 1 {
                    lines.push(format!("there are {}", listed(available)));
                }
                lines
            }
            None => vec!["write the version: WIT has exact versions only".to_owned()],
        },
        Error::UnversionedDependency {
            package, dependent, ..
        } => vec![format!(
            "a package `{package}` of your own in wit/deps can answer for it; better, ask whoever publishes \
             `{}` to name a version",
            dependent.name
        )],
        Error::NoRoute { package, .. } => vec![format!(
            "name its registry in registry.toml:\n    [namespaces]\n    {} = \"oci://HOST/PREFIX\"",
            package.namespace()
        )],
        Error::PackageNotFound { package, asked, .. } if asked.chain.len() > 1 => vec![format!(
            "tell its publisher; the copy that a dependent embeds can stand in for it, as a stub, with\n    \
             [packages]\n    \"{package}\" = {{ embedded = \"allow\" }}\nin registry.toml"
        )],
        Error::PackageNotFound {
            similar: Some(similar),
            ..
        } => vec![format!("`{similar}` has a similar name")],
        Error::PackageNotFound { package, .. } => vec![format!(
            "check the spelling, and the route of `{}` in registry.toml",
            package.namespace()
        )],
        Error::VersionNotFound {
            package, available, ..
        } => versions_help(&package.name, Some(&package.version), available),
        Error::Registry { source, locked, .. } => {
            let mut lines: Vec<String> = source.help().into_iter().collect();
            if *locked && source.kind() == wits_model::ErrorKind::Integrity {
                lines.push("the pin in wits.lock was honoured and nothing was changed".to_owned());
            }
            lines
        }
        Error::NotLocked { .. } | Error::NotCached { .. } => {
            vec!["run `wits fetch` once with the network".to_owned()]
        }
        Error::OtherPackage { .. } => {
            vec!["it is not used; tell whoever runs the registry".to_owned()]
        }
        Error::Credential(error) => vec![error.help()],
        Error::ProjectHost { key, .. } => vec![format!(
            "nothing was asked; to allow it, set `{key}` to the same value in your own registry.toml, else take it out of the project's"
        )],
        Error::NotAHost => vec!["write `HOST` or `HOST:PORT`, such as `ghcr.io`".to_owned()],
        Error::NoCredentialFile => {
            vec!["there is no home directory; name a file in `REGISTRY_AUTH_FILE`".to_owned()]
        }
        Error::WkgPin { package, .. } => vec![
            format!(
                "wkg never held anybody to its pins, so this one may be old: to drop it, remove the entry of `{}` \
                 from wkg.lock",
                package.name
            ),
            "if it is right, do not use what the registry serves, and ask who published it"
                .to_owned(),
        ],
        Error::NotWit { package, .. } => {
            vec![format!(
                "`wits get {package} --as wasm` saves the bytes as they are"
            )]
        }
        Error::PinnedSize { .. } => {
            vec!["the lock was edited: restore wits.lock from version control".to_owned()]
        }
        Error::ServedDiffers { package, .. } => vec![format!(
            "others get what is served: to use it too, remove the table of `{package}` from wits.lock and fetch again"
        )],
        Error::PinnedWit { package, .. } => vec![format!(
            "the lock was edited or the definition of the digest differs; to pin `{package}` anew, remove its table from wits.lock"
        )],
        Error::Skew { package, .. } | Error::OtherWit { package, .. } => vec![
            "one of the two was published from other sources; ask their publishers".to_owned(),
            format!(
                "to accept it knowingly, in registry.toml:\n    [packages]\n    \"{}\" = {{ skew = \"allow\" }}",
                package.name
            ),
        ],
        Error::LocalUnversioned { package, .. } => {
            vec![format!("write its version: `package {package}@0.1.0;`")]
        }
        Error::LocalVersion { package, asked, .. } if asked.chain.len() > 1 => vec![format!(
            "change the version of the local package to {}, or remove the override",
            package.version
        )],
        Error::LocalVersion { package, found, .. } => vec![format!(
            "ask for `{}@{found}`, or change the version of the local package to {}",
            package.name, package.version
        )],
        Error::Override { .. } => vec![
            "`path` names a directory with `.wit` files, or a project with a `wit` directory"
                .to_owned(),
        ],
        Error::OverrideName { found, .. } => vec![format!("write the override for `{found}`")],
        Error::BinaryBesideText { package, path } => vec![format!(
            "WIT parsers cannot take both: replace `{}` by its WIT text (`wasm-tools component wit`), or remove `{package}` from what else needs it",
            path.display()
        )],
        Error::OwnTwice { .. } => vec!["remove one of them".to_owned()],
        Error::LockOutdated { changes } | Error::LockCheck { changes } => {
            let mut lines =
                vec!["run `wits lock` and commit wits.lock; it would change so:".to_owned()];
            lines.extend(changes.iter().map(|change| format!("  {change}")));
            vec![lines.join("\n")]
        }
        Error::PublishUnversioned { package, .. } => {
            vec![format!("write `package {package}@0.1.0;`")]
        }
        Error::LocalUnpublished { package, .. } => vec![format!(
            "publish `{package}` first: overrides, workspace members and own entries do not count for those \
             who use what you publish"
        )],
        Error::TooManyPackages { .. } => vec![
            "a registry may make up packages without end: ask those who run the registry of the last ones"
                .to_owned(),
        ],
        Error::Cycle { .. } => {
            vec!["a WIT package cannot need itself: break the circle at one of them".to_owned()]
        }
        Error::LocalDiffers { package, .. } => vec![format!(
            "publish `{package}` first, under a new version if it has changed: others get the published one"
        )],
        Error::CheckMissing { package, .. } => vec![format!("`wits get {package}` saves it")],
        Error::Link { .. } => {
            vec!["remove the link, or name another file with `-o FILE`".to_owned()]
        }
        Error::OutputIsInput { .. } => vec!["name another file with `-o FILE`".to_owned()],
        Error::Exists { .. } => vec!["`--overwrite` replaces it".to_owned()],
        Error::CheckDiffers { package, .. } => {
            vec![format!("`wits get {package} --overwrite` replaces it")]
        }
        Error::Bug(_) => vec!["please report it, with the command and what it printed".to_owned()],
        _ => Vec::new(),
    }
}
