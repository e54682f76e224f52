//! WIT to binary and back by the reference implementation, and from there to the model by ours.

// Each test file is a crate of its own, and none uses all of this.
#![allow(dead_code, unreachable_pub)]

use std::path::Path;

use wit_parser::decoding::DecodedWasm;
use wit_parser::{PackageId, Resolve};
use wits_wit::model::Package;
use wits_wit::{Decoded, DecodedPackage, decode};

/// The binary of the first package in `text`.
#[track_caller]
pub fn encode(text: &str) -> Vec<u8> {
    let mut resolve = everything();
    let package = resolve
        .push_str(Path::new("test.wit"), text)
        .unwrap_or_else(|error| panic!("{}\n{text}", resolve.render_error(&error)));
    encode_package(&resolve, package)
}

#[track_caller]
pub fn encode_package(resolve: &Resolve, package: PackageId) -> Vec<u8> {
    wit_component::encode(resolve, package, false).unwrap()
}

/// A `Resolve` that keeps what is behind feature gates.
pub fn everything() -> Resolve {
    Resolve {
        all_features: true,
        ..Resolve::default()
    }
}

#[track_caller]
pub fn decoded(wasm: &[u8]) -> DecodedPackage {
    match decode(wasm).unwrap() {
        Decoded::Package(package) => package,
        Decoded::Component(_) => panic!("decoded to a component"),
    }
}

/// The model of the first package in `text`, by way of its binary.
#[track_caller]
pub fn model(text: &str) -> Package {
    Package::clone(decoded(&encode(text)).model())
}

/// The text that the reference printer makes of a binary, the copies of other packages included.
#[track_caller]
pub fn print(wasm: &[u8], docs: bool) -> String {
    let DecodedWasm::WitPackage(resolve, package) = wit_parser::decoding::decode(wasm).unwrap()
    else {
        panic!("decoded to a component");
    };
    let others: Vec<_> = resolve
        .packages
        .iter()
        .map(|(id, _)| id)
        .filter(|id| *id != package)
        .collect();
    let mut printer = wit_component::WitPrinter::default();
    printer.emit_docs(docs);
    printer.print(&resolve, package, &others).unwrap();
    printer.output.to_string()
}

/// Asserts that the digest of `wasm` is the same after printing, parsing and encoding it again.
#[track_caller]
pub fn assert_round_trip(wasm: &[u8]) {
    let before = decoded(wasm).model().clone();
    for docs in [true, false] {
        let text = print(wasm, docs);
        let after = model(&text);
        assert_eq!(before.canonical_form(), after.canonical_form(), "{text}");
        assert_eq!(before.digest(), after.digest());
    }
}
