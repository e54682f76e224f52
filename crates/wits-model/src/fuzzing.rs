//! What fuzzing asks of this crate: no bytes make it panic, and what it prints reads as what it was
//! printed from. One function for each target of `fuzz/`; the tests replay its corpora with them.
// Whatever is claimed here is claimed by a panic: that is how a fuzzer hears of it.
#![allow(clippy::missing_panics_doc)]

use std::fmt::{Debug, Display};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::{
    Digest, Layer, Lock, Manifest, PackageId, PackageName, PackageRef, PackageSource, RegistryUrl,
    RouteFile, Routes, SourceSpan, Version,
};

const FILE: &str = "/home/ann/w/p/file.toml";
const HOME: &str = "/home/ann";

/// Data as the text of a file; a file that is not UTF-8 never gets to a parser.
fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}

/// Says everything that an error can say.
fn say(error: &impl Display, help: Option<String>, span: Option<&SourceSpan>) {
    let _ = (error.to_string(), help);
    if let Some(span) = span {
        let _ = (span.line_column(), &span.text[span.range.clone()]);
    }
}

/// `wits.lock`.
pub fn lock(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let file = Path::new(FILE);
    for home in [None, Some(Path::new(HOME))] {
        match Lock::parse(text, file, home) {
            Err(error) => say(&error, error.help(), Some(error.span())),
            Ok(lock) => {
                let printed = lock.print(file, home);
                let again = Lock::parse(&printed, file, home).expect("what was printed is a lock");
                assert_eq!(lock, again, "{printed}");
                assert_eq!(printed, again.print(file, home));
                assert!(lock.diff(&again).is_empty());
                assert_eq!(lock.closure(lock.packages.keys()), lock);
                for change in Lock::default().diff(&lock) {
                    let _ = change.to_string();
                }
            }
        }
    }
}

/// `registry.toml`.
pub fn routes(data: &[u8]) {
    let Some(text) = text(data) else { return };
    for layer in [Layer::User, Layer::Project] {
        let file = match RouteFile::parse(text, Path::new(FILE), layer) {
            Ok(file) => file,
            Err(error) => {
                say(&error, error.help(), error.span());
                continue;
            }
        };
        match Routes::merge([file]) {
            Err(error) => say(&error, error.help(), error.span()),
            Ok(routes) => {
                for entry in routes.entries() {
                    let _ = format!("{entry:?}");
                }
                let name = PackageName::new("wasi", "http").expect("a name");
                let _ = routes.route(&name).map(|route| route.url.source_of(&name));
                let _ = (routes.hosts(), routes.hosts_without_tls());
                let _ = (
                    routes.hosts_set_by_project().len(),
                    routes.mirrors().count(),
                );
            }
        }
    }
}

/// `wits.toml`.
pub fn manifest(data: &[u8]) {
    let Some(text) = text(data) else { return };
    match Manifest::parse(text, Path::new(FILE)) {
        Err(error) => say(&error, error.help(), Some(error.span())),
        Ok(manifest) => {
            for member in manifest.workspace.iter().flat_map(|it| &it.members) {
                for part in member.parts() {
                    assert!(!matches!(part, ".." | ""), "{part:?}");
                    let _ = crate::manifest::Member::part_matches(part, "a-member");
                }
            }
        }
    }
}

/// Names, versions, digests and URLs: a text of one line each.
pub fn names(data: &[u8]) {
    let Some(text) = text(data) else { return };
    same::<PackageName>(text);
    same::<PackageId>(text);
    same::<Version>(text);
    same::<Digest>(text);
    if let Some(reference) = same::<PackageRef>(text) {
        is_a_path_component(reference.name.namespace());
        is_a_path_component(reference.name.name());
    }
    if let Some(url) = same::<RegistryUrl>(text) {
        let name = PackageName::new("wasi", "http").expect("a name");
        if let Some(source) = url.clone().resolve(Path::new("/base")).source_of(&name) {
            same::<PackageSource>(&source.to_string());
        }
        let _ = (url.host(), url.is_plain());
    }
    if let Some(source) = same::<PackageSource>(text) {
        let (base, home) = (Path::new("/home/ann/w/p"), Some(Path::new(HOME)));
        let absolute = source.resolve(base, home);
        let written = absolute.relative_to(base, home);
        assert_eq!(written.resolve(base, home), absolute);
    }
}

/// Parses `text`; what comes of it has to print as something that parses to the same.
fn same<T: FromStr<Err: Display> + Display + PartialEq + Debug>(text: &str) -> Option<T> {
    match text.parse::<T>() {
        Ok(parsed) => {
            let again = parsed.to_string().parse::<T>();
            assert!(again.is_ok_and(|again| again == parsed), "{parsed:?}");
            Some(parsed)
        }
        Err(error) => {
            let _ = error.to_string();
            None
        }
    }
}

fn is_a_path_component(part: &str) {
    let path = PathBuf::from(part);
    let mut components = path.components();
    let first = components.next();
    assert!(matches!(first, Some(std::path::Component::Normal(_))));
    assert!(components.next().is_none() && !part.contains(['\\', ':', '\0']));
}

#[cfg(test)]
mod tests {
    use wits_testkit::corpus::replay;

    #[test]
    fn lock() {
        replay("lock", super::lock);
    }

    #[test]
    fn routes() {
        replay("routes", super::routes);
    }

    #[test]
    fn manifest() {
        replay("manifest", super::manifest);
    }

    #[test]
    fn names() {
        replay("names", super::names);
    }
}
