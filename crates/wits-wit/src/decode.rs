//! Wasm bytes: a WIT package, a component, or neither.
//!
//! A WIT package is a component whose only exports are component types, one for the package. One that
//! exports nothing has no place to name the package and cannot be told from a component that imports
//! and exports nothing; it decodes to a [`DecodedComponent`] that [`is_empty`].
//!
//! The binary has the package's own interfaces and worlds, their docs and gates in a section of its
//! own, and of every foreign interface that is used in it a stub: the types that are used, without
//! functions if only types are used, and never with docs or gates.
//!
//! [`is_empty`]: DecodedComponent::is_empty

use std::sync::{Arc, OnceLock};

use wit_parser::decoding::DecodedWasm;
use wit_parser::{PackageId, Resolve, WorldId};
use wits_model::counted::{Work, count};
use wits_model::{Digest, PackageMetadata, PackageRef};

use crate::error::WitError;
use crate::guard::guarded;
use crate::info::{self, ComponentInfo};
use crate::model::{self, LowerError, Lowering};
use crate::print::{self, Gates};
use crate::section::{self, Declaration, DeclaredDependency};
use crate::text::clean;
use crate::{custom, metadata};

/// What a Wasm binary turned out to be.
// There is one at a time; boxing a variant would only make them harder to take apart.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone)]
pub enum Decoded {
    /// A WIT package in its binary form.
    Package(DecodedPackage),
    /// A component, which has a world but is no package.
    Component(DecodedComponent),
}

/// A WIT package that was in binary form. A clone shares what was decoded.
#[derive(Debug, Clone)]
pub struct DecodedPackage {
    pub(crate) resolve: Arc<Resolve>,
    pub(crate) main: PackageId,
    contents: Arc<Contents>,
    declaration: Declaration,
}

/// A component.
#[derive(Debug, Clone)]
pub struct DecodedComponent {
    contents: Contents,
}

/// What is read off a binary of either sort.
#[derive(Debug, Clone)]
struct Contents {
    model: Arc<model::Package>,
    /// The digest of the model, once somebody asked.
    wit: OnceLock<Digest>,
    dependencies: Vec<PackageRef>,
    /// In the order of `dependencies`; made when somebody first asks, if it was made here.
    embedded: OnceLock<Vec<model::Package>>,
    info: ComponentInfo,
    metadata: PackageMetadata,
}

/// The longest binary that is decoded, in bytes. What is made of one takes up to two hundred times as much
/// memory, where it is nothing but very small interfaces; what people publish has some tens of kilobytes.
pub const LONGEST_WASM: usize = 16 << 20;

/// Decodes a Wasm binary. The bytes may come from anyone.
pub fn decode(wasm: &[u8]) -> Result<Decoded, WitError> {
    decode_with(wasm, Copies::Now)
}

/// The same for what was just encoded.
pub(crate) fn decode_own(wasm: &[u8]) -> Result<Decoded, WitError> {
    decode_with(wasm, Copies::WhenAsked)
}

/// When the models of embedded copies are made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Copies {
    /// At once: what is wrong with them is wrong with the package.
    Now,
    /// When somebody first asks for them, who may never come: they were made of packages that are known.
    WhenAsked,
}

fn decode_with(wasm: &[u8], copies: Copies) -> Result<Decoded, WitError> {
    if wasmparser::Parser::is_core_wasm(wasm) {
        return Err(WitError::CoreModule);
    }
    if !wasmparser::Parser::is_component(wasm) {
        return Err(WitError::NotWasm);
    }
    if wasm.len() > LONGEST_WASM {
        return Err(WitError::Undecodable {
            reason: format!("it is longer than {} MiB", LONGEST_WASM >> 20),
        });
    }
    count(Work::Decode, || wasm);
    guarded(|| read(wasm, copies)).map_err(|reason| WitError::Undecodable { reason })?
}

fn read(wasm: &[u8], copies: Copies) -> Result<Decoded, WitError> {
    let decoded = wit_parser::decoding::decode(wasm).map_err(|error| WitError::Undecodable {
        reason: innermost(&error),
    })?;
    let sections = custom::top_level(wasm)?;
    let metadata = metadata::read(&sections);
    Ok(match decoded {
        DecodedWasm::WitPackage(resolve, main) => Decoded::Package(DecodedPackage {
            contents: Arc::new(contents(&resolve, main, None, metadata, copies)?),
            declaration: section::read(&sections)?,
            resolve: Arc::new(resolve),
            main,
        }),
        DecodedWasm::Component(resolve, world) => {
            let main = resolve.worlds[world]
                .package
                .ok_or_else(|| WitError::Undecodable {
                    reason: "its world is in no package".to_owned(),
                })?;
            Decoded::Component(DecodedComponent {
                contents: contents(&resolve, main, Some(world), metadata, copies)?,
            })
        }
    })
}

fn contents(
    resolve: &Resolve,
    main: PackageId,
    world: Option<WorldId>,
    metadata: PackageMetadata,
    copies: Copies,
) -> Result<Contents, WitError> {
    let mut lowering = Lowering::new(resolve).map_err(not_lowered)?;
    let others = resolve.packages.iter().filter(|(id, _)| *id != main);
    let mut dependencies: Vec<_> = others.map(|(id, _)| lowering.reference(id)).collect();
    dependencies.sort();
    let embedded = match copies {
        Copies::Now => all_but(&mut lowering, resolve, main)?.into(),
        Copies::WhenAsked => OnceLock::new(),
    };
    Ok(Contents {
        model: Arc::new(lowering.package(main).map_err(not_lowered)?),
        wit: OnceLock::new(),
        dependencies,
        embedded,
        info: match world {
            Some(world) => info::of_world(resolve, world),
            None => info::of_package(resolve, main),
        },
        metadata,
    })
}

/// The models of all packages of `resolve` but one, sorted.
fn all_but(
    lowering: &mut Lowering<'_>,
    resolve: &Resolve,
    main: PackageId,
) -> Result<Vec<model::Package>, WitError> {
    let others = resolve.packages.iter().filter(|(id, _)| *id != main);
    let others = others.map(|(id, _)| lowering.package(id).map_err(not_lowered));
    let mut others = others.collect::<Result<Vec<_>, WitError>>()?;
    others.sort_by(|a, b| a.reference.cmp(&b.reference));
    Ok(others)
}

/// The model of one package of `resolve`.
pub(crate) fn lower(resolve: &Resolve, package: PackageId) -> Result<model::Package, WitError> {
    Lowering::new(resolve)
        .and_then(|mut lowering| lowering.package(package))
        .map_err(not_lowered)
}

fn not_lowered(error: LowerError) -> WitError {
    match error {
        LowerError::Name(reason) => WitError::PackageName { reason, span: None },
        other => WitError::Undecodable {
            reason: other.to_string(),
        },
    }
}

/// The cause at the end of a chain; what stands before it names steps of the decoder.
pub(crate) fn innermost(
    error: &impl AsRef<dyn std::error::Error + Send + Sync + 'static>,
) -> String {
    let mut error: &dyn std::error::Error = error.as_ref();
    while let Some(source) = error.source() {
        error = source;
    }
    clean(&error.to_string()).0
}

impl DecodedPackage {
    /// Which package it is. A package without version decodes too.
    pub fn id(&self) -> PackageRef {
        self.contents.model.reference.clone()
    }

    /// What is in it.
    pub fn model(&self) -> &Arc<model::Package> {
        &self.contents.model
    }

    /// Its canonical WIT digest, computed when it is first asked for.
    pub fn wit(&self) -> Digest {
        *self.contents.wit.get_or_init(|| self.model().digest())
    }

    /// Takes note of the digest that somebody computed already.
    pub(crate) fn know_wit(&self, wit: Digest) {
        let _ = self.contents.wit.set(wit);
    }

    /// Reads the custom sections of `wasm`, which are all that it differs in from what was decoded.
    pub(crate) fn read_sections(&mut self, wasm: &[u8]) -> Result<(), WitError> {
        let sections = custom::top_level(wasm)?;
        Arc::make_mut(&mut self.contents).metadata = metadata::read(&sections);
        self.declaration = section::read(&sections)?;
        Ok(())
    }

    /// Every foreign package named in it, sorted.
    pub fn dependencies(&self) -> &[PackageRef] {
        &self.contents.dependencies
    }

    /// The copies of those that it carries, in the order of [`Self::dependencies`]: stubs without docs
    /// and gates, and without the functions of interfaces of which only types are used.
    ///
    /// # Errors
    /// Only for a package that was just built: if one of the copies is larger than any package may be.
    pub fn embedded(&self) -> Result<&[model::Package], WitError> {
        let embedded = &self.contents.embedded;
        if let Some(known) = embedded.get() {
            return Ok(known);
        }
        let made = guarded(|| {
            let mut lowering = Lowering::new(&self.resolve).map_err(not_lowered)?;
            all_but(&mut lowering, &self.resolve, self.main)
        });
        let made = made.map_err(|reason| WitError::Undecodable { reason })??;
        Ok(embedded.get_or_init(|| made))
    }

    /// What wit-parser decoded, copied only if others share it.
    pub(crate) fn into_resolve(self) -> Resolve {
        Arc::unwrap_or_clone(self.resolve)
    }

    /// The dependencies in its section `wits:dependencies`, sorted, if it has one that this version
    /// understands; [`Self::declaration`] tells what there is otherwise.
    pub fn declared(&self) -> Option<&[DeclaredDependency]> {
        match &self.declaration {
            Declaration::Known(dependencies) => Some(dependencies),
            Declaration::Absent | Declaration::Newer(_) => None,
        }
    }

    /// Its section `wits:dependencies`.
    pub fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    /// Description, licence and the like. The licence is what the binary says, SPDX or not; there is
    /// never a link to documentation, for which the binary has no place.
    pub fn metadata(&self) -> &PackageMetadata {
        &self.contents.metadata
    }

    /// What it exports, for the OCI config.
    pub fn component_info(&self) -> &ComponentInfo {
        &self.contents.info
    }

    /// The package as the text of a `package.wit`, docs and feature gates kept; `gates` knows the
    /// gates that foreign interfaces have in their own packages.
    pub fn print(&self, gates: &dyn Gates) -> Result<String, WitError> {
        print::print(self, gates)
    }

    /// The copy of `package` that this package embeds, as text: a stub, for where the package itself
    /// cannot be had.
    ///
    /// # Errors
    /// If this package embeds no such copy, or it has no text form.
    pub fn print_embedded(
        &self,
        package: &PackageRef,
        gates: &dyn Gates,
    ) -> Result<String, WitError> {
        crate::print::print_embedded(self, package, gates)
    }
}

impl DecodedComponent {
    /// Its world, as the only one of a package `root:component`, a name that is made up.
    pub fn model(&self) -> &model::Package {
        &self.contents.model
    }

    /// Whether it imports and exports nothing, as a WIT package without worlds and interfaces does.
    pub fn is_empty(&self) -> bool {
        self.contents.info == ComponentInfo::default()
    }

    /// Every package whose interfaces it imports or exports, sorted.
    pub fn dependencies(&self) -> &[PackageRef] {
        &self.contents.dependencies
    }

    /// Description, licence and the like. The licence is what the binary says, SPDX or not.
    pub fn metadata(&self) -> &PackageMetadata {
        &self.contents.metadata
    }

    /// What it exports and imports, for the OCI config.
    pub fn component_info(&self) -> &ComponentInfo {
        &self.contents.info
    }
}
