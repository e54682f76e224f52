//! What can go wrong with WIT, named for what the user faces.
//!
//! The messages of the WIT crates are taken apart here once: their kinds are kept as variants, their
//! spans become [`SourceSpan`]s, their hints become [`WitError::help`], and no message has a path in
//! it (the front end shows the span).

use std::path::PathBuf;

use wits_model::{ErrorKind, NameError, PackageRef, SourceSpan};

/// What can go wrong with WIT text and WIT binaries.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WitError {
    /// A file is not UTF-8.
    #[error("the file is not UTF-8 text")]
    NotUtf8 {
        /// The first bad byte.
        span: Box<SourceSpan>,
    },
    /// There is no `.wit` file at all.
    #[error("there is no `.wit` file")]
    NoFiles,
    /// More text than wit-parser can number.
    #[error("the WIT text is {size} bytes, more than the {limit} that can be parsed at once")]
    TooLarge {
        /// How many bytes there are.
        size: usize,
        /// How many there may be.
        limit: usize,
    },
    /// More interfaces than can be resolved at once.
    #[error(
        "there are {interfaces} interfaces, more than the {limit} that can be resolved at once"
    )]
    TooMany {
        /// How many interfaces there are in the closure.
        interfaces: usize,
        /// How many there may be.
        limit: usize,
    },
    /// The system gives no memory for a thread.
    #[error("cannot start a thread with {size} bytes of stack: {reason}")]
    NoStack {
        /// How many bytes were asked for.
        size: usize,
        /// What the system said.
        reason: String,
    },
    /// No file begins with `package ns:name;`.
    #[error("no file names its package")]
    NoHeader {
        /// The files, as the user names them.
        files: Vec<PathBuf>,
    },
    /// A package's own name, or that of a package it mentions, is none that can be published.
    #[error("{reason}")]
    PackageName {
        /// What is wrong with it.
        reason: NameError,
        /// The header or the mention.
        span: Option<Box<SourceSpan>>,
    },
    /// The text is not WIT.
    #[error("{message}")]
    Syntax {
        /// What the parser said.
        message: String,
        /// What the parser advised.
        hint: Option<String>,
        /// Where.
        span: Option<Box<SourceSpan>>,
    },
    /// Something is named that is not there, within one package.
    #[error("{kind} `{name}` does not exist")]
    ItemNotFound {
        /// What was looked for: `interface`, `type`, `world` …
        kind: String,
        /// Its name.
        name: String,
        /// What the parser advised.
        hint: Option<String>,
        /// Where it is named.
        span: Option<Box<SourceSpan>>,
    },
    /// A type, an interface or a world needs itself.
    #[error("{kind} `{name}` depends on itself")]
    ItemCycle {
        /// `type`, `interface` or `world`.
        kind: String,
        /// Its name.
        name: String,
        /// Where.
        span: Option<Box<SourceSpan>>,
    },
    /// A package is mentioned that is not in the closure.
    #[error("package `{requested}` is not there")]
    PackageNotFound {
        /// The package that is missing.
        requested: PackageRef,
        /// Other versions of it that are there.
        present: Vec<PackageRef>,
        /// Where it is mentioned.
        span: Option<Box<SourceSpan>>,
    },
    /// A package has no such interface or world, or has it behind a feature gate.
    #[error("{kind} `{name}` is not in package `{package}`")]
    ForeignItemNotFound {
        /// `interface` or `world`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// The package that does not have it.
        package: PackageRef,
        /// The feature that would enable it.
        feature: Option<String>,
        /// Where it is mentioned.
        span: Option<Box<SourceSpan>>,
    },
    /// Packages need each other.
    #[error("package `{}` depends on itself: {}", .cycle[0], chain(.cycle))]
    PackageCycle {
        /// The packages of the cycle, each mentioning the next, the last mentioning the first.
        cycle: Vec<PackageRef>,
        /// Where the first mentions the second.
        span: Option<Box<SourceSpan>>,
    },
    /// One package is defined twice.
    #[error("package `{package}` is defined twice")]
    DuplicatePackage {
        /// The package.
        package: PackageRef,
        /// The second definition.
        span: Option<Box<SourceSpan>>,
        /// The first definition.
        first: Option<Box<SourceSpan>>,
    },
    /// A package is there as text and embedded in a binary package, which WIT parsers cannot take.
    #[error(
        "package `{package}` is there as text and is also part of the binary package `{binary}`"
    )]
    TextAndBinary {
        /// The package that is there twice.
        package: PackageRef,
        /// The binary package that is it or embeds it.
        binary: PackageRef,
        /// The header of the text.
        span: Option<Box<SourceSpan>>,
    },
    /// A binary package disagrees with what another binary package embeds.
    #[error("the binary package `{package}` does not fit the others: {reason}")]
    Merge {
        /// The package.
        package: PackageRef,
        /// What the parser said.
        reason: String,
    },
    /// Anything else that is wrong between packages.
    #[error("in package `{package}`: {message}")]
    Semantic {
        /// The package that is wrong.
        package: PackageRef,
        /// What the parser said.
        message: String,
        /// Where.
        span: Option<Box<SourceSpan>>,
    },
    /// The bytes are not Wasm, or a version of it that is not known.
    #[error("this is not a WIT package: the bytes are not a WebAssembly component")]
    NotWasm,
    /// The bytes are a core module.
    #[error("this is not a WIT package: it is a core module")]
    CoreModule,
    /// The bytes are damaged, or are no component that has a WIT.
    #[error("this WebAssembly binary cannot be decoded: {reason}")]
    Undecodable {
        /// What the decoder said.
        reason: String,
    },
    /// A custom section of wits is not what its specification says.
    #[error("the custom section `{section}` is malformed: {reason}")]
    Section {
        /// The name of the section.
        section: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The package to build has nested packages.
    #[error(
        "package `{package}` is nested in another package's file and would be lost: a WIT package holds one package"
    )]
    Nested {
        /// The nested package.
        package: PackageRef,
        /// Its header.
        span: Option<Box<SourceSpan>>,
    },
    /// The package to build has neither world nor interface.
    #[error("package `{package}` has neither a world nor an interface")]
    Empty {
        /// The package.
        package: PackageRef,
        /// Its header.
        span: Option<Box<SourceSpan>>,
    },
    /// The licence is not SPDX.
    #[error("`license` is not an SPDX licence expression: `{license}`: {reason}")]
    Licence {
        /// What was given.
        license: String,
        /// What the SPDX parser said.
        reason: String,
    },
    /// A URL in the metadata is none.
    #[error("`{key}` is not a URL: `{value}`: {reason}")]
    MetadataUrl {
        /// The key of `wits.toml`.
        key: &'static str,
        /// What was given.
        value: String,
        /// What the URL parser said.
        reason: String,
    },
    /// A package has no binary form, or one that is not what was encoded.
    #[error("package `{package}` cannot be encoded: {reason}")]
    Encode {
        /// The package.
        package: PackageRef,
        /// What the encoder said, or what differs.
        reason: String,
    },
    /// A decoded package has no text form.
    #[error("package `{package}` cannot be printed: {reason}")]
    Print {
        /// The package.
        package: PackageRef,
        /// What the printer said.
        reason: String,
    },
}

fn chain(cycle: &[PackageRef]) -> String {
    cycle
        .iter()
        .chain(cycle.first())
        .map(|package| format!("`{package}`"))
        .collect::<Vec<_>>()
        .join(" -> ")
}

impl WitError {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoStack { .. } => ErrorKind::Transient,
            // Whoever made the bytes or the text made the mistake; that they are the bytes that were
            // asked for is checked before they come here.
            _ => ErrorKind::Project,
        }
    }

    /// The place in WIT text that is at fault, where there is one.
    pub fn span(&self) -> Option<&SourceSpan> {
        match self {
            Self::NotUtf8 { span } => Some(span),
            Self::PackageName { span, .. }
            | Self::Syntax { span, .. }
            | Self::ItemNotFound { span, .. }
            | Self::ItemCycle { span, .. }
            | Self::PackageNotFound { span, .. }
            | Self::ForeignItemNotFound { span, .. }
            | Self::PackageCycle { span, .. }
            | Self::DuplicatePackage { span, .. }
            | Self::TextAndBinary { span, .. }
            | Self::Semantic { span, .. }
            | Self::Nested { span, .. }
            | Self::Empty { span, .. } => span.as_deref(),
            _ => None,
        }
    }

    /// Another place that matters, with what it is.
    pub fn secondary_span(&self) -> Option<(&SourceSpan, &'static str)> {
        match self {
            Self::DuplicatePackage { first, .. } => Some((first.as_deref()?, "first defined here")),
            _ => None,
        }
    }

    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::NotUtf8 { .. } => "save the file as UTF-8".to_owned(),
            Self::NoFiles => "write one, or run `wits init namespace:name`".to_owned(),
            Self::NoHeader { .. } => {
                "begin one of them with `package namespace:name@0.1.0;`".to_owned()
            }
            Self::PackageName { .. } => {
                "package names are lower case: an upper-case one has no binary form".to_owned()
            }
            Self::Syntax {
                hint: Some(hint), ..
            }
            | Self::ItemNotFound {
                hint: Some(hint), ..
            } => hint.clone(),
            Self::Syntax { message, .. } if message.contains("in identifier") => {
                "a name is lower-case words of letters and digits, joined by `-`: `http-types`"
                    .to_owned()
            }
            Self::Syntax { message, .. } if message.contains("previous package name") => {
                "a directory holds one package: move the other into a directory of its own"
                    .to_owned()
            }
            Self::PackageNotFound { present, .. } if !present.is_empty() => {
                format!("there is {}", quoted(present))
            }
            Self::ForeignItemNotFound {
                feature: Some(feature),
                ..
            } => format!(
                "it is behind a feature: write `@unstable(feature = {feature})` before what needs it"
            ),
            Self::TextAndBinary { .. } => {
                "remove one of the two: WIT parsers cannot take both".to_owned()
            }
            Self::Nested { .. } => {
                "move it into a package of its own, with its own directory".to_owned()
            }
            Self::Empty { .. } => "write an interface or a world".to_owned(),
            Self::Licence { .. } => {
                "see https://spdx.org/licenses for the identifiers, such as `Apache-2.0 OR MIT`"
                    .to_owned()
            }
            _ => return None,
        })
    }
}

fn quoted(packages: &[PackageRef]) -> String {
    packages
        .iter()
        .map(|package| format!("`{package}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
