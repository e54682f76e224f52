//! A closure, encoded as a WIT package.
//!
//! All features are enabled: gated items are part of a package, and the gates go with them. What was
//! made is decoded again and compared with what was meant before anyone gets to see it, because not
//! everything that parses survives its encoding: nested packages, empty packages and more are lost
//! without a word by the encoder. The bytes depend on the texts, the metadata and the versions of wits
//! and its encoder alone; file and directory names count only in so far as they order the files.

use std::collections::BTreeSet;

use wit_parser::Resolve;
use wits_model::counted::{Work, count};
use wits_model::{Digest, PackageMetadata, PackageRef};

use crate::closure::{self, Dependency};
use crate::decode::{self, Decoded, DecodedPackage, innermost};
use crate::error::WitError;
use crate::section::{self, DeclaredDependency};
use crate::source::SourcePackage;
use crate::stack::deep;
use crate::{metadata, model};

/// What goes into the binary beside the WIT.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildOptions {
    /// Description, licence and the like.
    pub metadata: PackageMetadata,
    /// What the closure resolved to. Of these, the packages that the binary names are declared in its
    /// section `wits:dependencies`; a package that the binary names and that is not among them (an
    /// override, say) is not declared.
    pub declared: Vec<DeclaredDependency>,
}

/// A package in its binary form.
#[derive(Debug, Clone)]
pub struct Built {
    /// The bytes.
    pub wasm: Vec<u8>,
    /// What they decode to.
    pub package: DecodedPackage,
}

/// Encodes `root`. A package without a version is built; it cannot be published.
pub fn build(
    root: SourcePackage,
    deps: Vec<Dependency>,
    options: &BuildOptions,
) -> Result<Built, WitError> {
    refuse_what_is_lost(&root)?;
    deep(closure::interfaces(&root, &deps), || {
        build_closure(root, deps, options)
    })
}

fn build_closure(
    root: SourcePackage,
    deps: Vec<Dependency>,
    options: &BuildOptions,
) -> Result<Built, WitError> {
    let reference = root.reference();
    let (resolve, main) = closure::resolve(root, deps, true)?;
    let meant = decode::lower(&resolve, main)?;
    let wasm = encode(&reference, &resolve, main)?;
    let mut wasm = metadata::write(&wasm, &options.metadata, reference.version.as_ref())?;
    let mut package = decode_package(&reference, &wasm)?;
    compare(&reference, &meant, &package)?;
    // What the binary names may be less than what the source does: an `include` is expanded.
    let named: BTreeSet<_> = package.dependencies().iter().collect();
    let declared: Vec<_> = options
        .declared
        .iter()
        .filter(|declared| named.contains(&PackageRef::from(declared.package.clone())))
        .cloned()
        .collect();
    // A custom section more changes nothing of what was decoded, so the sections alone are read again.
    section::append(&mut wasm, &declared)?;
    package.read_sections(&wasm)?;
    count(Work::Encode, || &wasm);
    Ok(Built { wasm, package })
}

fn refuse_what_is_lost(root: &SourcePackage) -> Result<(), WitError> {
    if let Some(nested) = root.nested().first() {
        return Err(WitError::Nested {
            package: nested.package.clone(),
            span: nested.span.clone().map(Box::new),
        });
    }
    if root.main().is_empty {
        return Err(WitError::Empty {
            package: root.reference(),
            span: root.header_span().map(Box::new),
        });
    }
    Ok(())
}

fn encode(
    root: &PackageRef,
    resolve: &Resolve,
    main: wit_parser::PackageId,
) -> Result<Vec<u8>, WitError> {
    // Runtimes and wkg do not read canonical names yet.
    wit_component::encode(resolve, main, false)
        .map_err(|error| cannot_encode(root, innermost(&error)))
}

fn decode_package(root: &PackageRef, wasm: &[u8]) -> Result<DecodedPackage, WitError> {
    match decode::decode_own(wasm) {
        Ok(Decoded::Package(package)) => Ok(package),
        Ok(Decoded::Component(_)) => Err(cannot_encode(root, "it became a component".to_owned())),
        Err(error) => Err(cannot_encode(root, error.to_string())),
    }
}

fn compare(
    root: &PackageRef,
    meant: &model::Package,
    made: &DecodedPackage,
) -> Result<(), WitError> {
    if made.id() != *root {
        return Err(cannot_encode(root, format!("it became `{}`", made.id())));
    }
    let form = made.model().canonical_form();
    if form != meant.canonical_form() {
        let reason = "what was encoded does not decode to what was meant".to_owned();
        return Err(cannot_encode(root, reason));
    }
    made.know_wit(Digest::of(form));
    Ok(())
}

fn cannot_encode(root: &PackageRef, reason: String) -> WitError {
    WitError::Encode {
        package: root.clone(),
        reason,
    }
}
