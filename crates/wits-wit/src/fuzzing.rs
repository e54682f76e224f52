//! What fuzzing asks of this crate: no bytes make it panic, run without end or out of stack, and what is
//! printed means what it was printed from. One function for each target of `fuzz/`; the tests replay its
//! corpora with them.
// Whatever is claimed here is claimed by a panic: that is how a fuzzer hears of it.
#![allow(clippy::missing_panics_doc)]

use std::fmt::Write as _;

use wits_model::PackageRef;

use crate::error::WitError;
use crate::model;
use crate::print::NoGates;
use crate::section::{self, Declaration};
use crate::source::{SourceFile, SourcePackage};
use crate::{BuildOptions, Built, Decoded, DecodedPackage, Dependency, build, check, decode};

/// What stands between the files of one package in the data of [`source`]: WIT may not hold it.
const FILE: u8 = 0;
/// What stands between packages.
const PACKAGE: u8 = 1;

/// A Wasm binary: what decodes is lowered, hashed, compared, printed, parsed and resolved again.
pub fn package(data: &[u8]) {
    match decode(data) {
        Err(error) => say(&error),
        Ok(Decoded::Component(component)) => {
            let _ = (component.model().digest(), component.is_empty());
        }
        Ok(Decoded::Package(package)) => decoded(&package),
    }
}

fn decoded(package: &DecodedPackage) {
    let model = package.model();
    assert_eq!(model.digest(), model.clone().digest());
    assert!(
        model::subset(model, model).is_ok(),
        "{}",
        model.canonical_form()
    );
    if let Some(declared) = package.declared() {
        let written = section::encode(declared).expect("a section");
        same_section(&written, declared);
    }
    let Some(text) = printed(package.print(&NoGates)) else {
        return;
    };
    let Some(root) = parsed(&[text.as_bytes()]) else {
        return;
    };
    let mut deps = Vec::new();
    let copies = package
        .embedded()
        .expect("they were made when it was decoded");
    for embedded in copies {
        let _ = embedded.digest();
        let Some(text) = printed(package.print_embedded(&embedded.reference, &NoGates)) else {
            return;
        };
        let Some(stub) = parsed(&[text.as_bytes()]) else {
            return;
        };
        deps.push(Dependency::Text(stub));
    }
    checked(&root, &deps);
}

/// WIT text: the files of a package, and after it those of packages that it may use. What can be built
/// prints as text that can be built to the same.
pub fn source(data: &[u8]) {
    let mut packages = data.split(|byte| *byte == PACKAGE).map(|package| {
        let files: Vec<&[u8]> = package.split(|byte| *byte == FILE).collect();
        parsed(&files)
    });
    let Some(Some(root)) = packages.next() else {
        return;
    };
    let mut deps = Vec::new();
    for package in packages.flatten() {
        deps.push(Dependency::Text(package));
    }
    let Some(built) = checked(&root, &deps) else {
        return;
    };
    decoded(&built.package);
    let text = built
        .package
        .print(&NoGates)
        .expect("what was built prints");
    let Some(again) = parsed(&[text.as_bytes()]) else {
        panic!("what was printed does not parse:\n{text}");
    };
    assert_eq!(again.reference(), root.reference());
    // A gate that another package has on an interface is not in the binary: only all features enabled,
    // as they are when it is built, does the text have to mean the same.
    match build(again.clone(), deps, &BuildOptions::default()) {
        Ok(rebuilt) => assert_eq!(
            rebuilt.package.model().canonical_form(),
            built.package.model().canonical_form(),
            "{text}"
        ),
        Err(error) => panic!("what was printed does not build: {error}\n{text}"),
    }
}

/// The contents of the section `wits:dependencies`.
pub fn dependencies(data: &[u8]) {
    match section::read(&[(section::DEPENDENCIES_SECTION, data)]) {
        Err(error) => say(&error),
        Ok(Declaration::Known(declared)) => {
            let written = section::encode(&declared).expect("a section");
            same_section(&written, &declared);
        }
        Ok(Declaration::Absent | Declaration::Newer(_)) => {}
    }
}

fn same_section(written: &[u8], declared: &[section::DeclaredDependency]) {
    let again = section::read(&[(section::DEPENDENCIES_SECTION, written)]);
    assert_eq!(
        again.expect("what was written is a section"),
        Declaration::Known(declared.to_vec())
    );
}

fn printed(text: Result<String, WitError>) -> Option<String> {
    text.map_err(|error| say(&error)).ok()
}

fn parsed(files: &[&[u8]]) -> Option<SourcePackage> {
    let files = files.iter().enumerate().map(|(at, bytes)| SourceFile {
        path: format!("{at}.wit").into(),
        bytes: bytes.to_vec(),
    });
    let package = SourcePackage::parse(files.collect())
        .map_err(|error| say(&error))
        .ok()?;
    let mut out = String::new();
    for mention in package.mentions() {
        let span = &mention.span;
        let _ = write!(out, "{span} {}", &span.text[span.range.clone()]);
    }
    if let Some(span) = package.header_span() {
        let _ = write!(out, "{span}");
    }
    let _: PackageRef = package.reference();
    Some(package)
}

/// Resolves as other tools do, and builds.
fn checked(root: &SourcePackage, deps: &[Dependency]) -> Option<Built> {
    if let Err(error) = check(root.clone(), deps.to_vec()) {
        say(&error);
    }
    build(root.clone(), deps.to_vec(), &BuildOptions::default())
        .map_err(|error| say(&error))
        .ok()
}

/// Says everything that an error can say.
fn say(error: &WitError) {
    let _ = (error.to_string(), error.help(), error.kind());
    let second = error.secondary_span().map(|(span, _)| span);
    for span in error.span().into_iter().chain(second) {
        let _ = (span.line_column(), &span.text[span.range.clone()]);
    }
}

#[cfg(test)]
mod tests {
    use wits_testkit::corpus::replay;

    #[test]
    fn package() {
        replay("package", super::package);
    }

    #[test]
    fn source() {
        replay("source", super::source);
    }

    #[test]
    fn dependencies() {
        replay("dependencies", super::dependencies);
    }
}
