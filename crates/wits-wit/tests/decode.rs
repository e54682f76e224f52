//! Decoding bytes that anyone may have made.

mod packages;

use packages::{build, decode, package};
use wasm_encoder::{
    Component, ComponentExportKind, ComponentExportSection, ComponentType, ComponentTypeRef,
    ComponentTypeSection, CustomSection, Module, PrimitiveValType, TypeBounds,
};
use wits_wit::{Decoded, WitError, component_info};

fn sample() -> Vec<u8> {
    let dep = package(
        "package t:dep@0.3.0; interface i { resource r { f: func() -> u8; } record p { x: u8 } g: func(); }",
    );
    let root = package(
        "/// About t:a.
         package t:a@1.0.0;
         /// About i.
         @since(version = 0.9.0)
         interface i { use t:dep/i@0.3.0.{r, p}; f: func(v: p) -> result<r, string>; }
         world w { import i; export run: func(); export side: interface { go: async func(); } }",
    );
    build(&root, &[dep]).wasm
}

#[test]
fn a_package_is_what_its_source_said() {
    let decoded = decode(&sample());
    assert_eq!(decoded.id().to_string(), "t:a@1.0.0");
    assert_eq!(decoded.model().docs.as_deref(), Some("About t:a."));
    let names: Vec<_> = decoded
        .dependencies()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(names, ["t:dep@0.3.0"]);
    let stub = &decoded.embedded().unwrap()[0];
    assert_eq!(stub.reference.to_string(), "t:dep@0.3.0");
    assert_eq!(decoded.declared(), Some(&[][..]));
    let info = decoded.component_info();
    assert_eq!(info.exports, ["run", "side", "t:a/i@1.0.0", "t:a/w@1.0.0"]);
    assert!(info.imports.is_empty());
}

#[test]
fn a_dependency_without_a_version_has_none() {
    let dep = package("package t:dep; interface i { type t = u8; }");
    let root = package("package t:a; interface i { use t:dep/i.{t}; }");
    let decoded = decode(&build(&root, &[dep]).wasm);
    assert_eq!(decoded.id().to_string(), "t:a");
    assert_eq!(decoded.dependencies()[0].to_string(), "t:dep");
}

#[test]
fn what_is_no_package_is_named() {
    for garbage in [&b""[..], b"\0as", b"hello, world", b"(component)", &[0; 64]] {
        assert_eq!(wits_wit::decode(garbage).unwrap_err(), WitError::NotWasm);
    }
    let module = Module::new().finish();
    assert_eq!(wits_wit::decode(&module).unwrap_err(), WitError::CoreModule);
    // A later version of the binary format.
    let later = b"\0asm\x0e\0\x01\0";
    assert_eq!(wits_wit::decode(later).unwrap_err(), WitError::NotWasm);
}

/// What exports a type: the form of a WIT package.
fn exporting(name: &str, ty: &ComponentType) -> Vec<u8> {
    let mut component = Component::new();
    let mut types = ComponentTypeSection::new();
    types.component(ty);
    component.section(&types);
    let mut exports = ComponentExportSection::new();
    exports.export(name, ComponentExportKind::Type, 0, None);
    component.section(&exports);
    component.finish()
}

#[test]
fn a_component_is_no_package() {
    let empty = wits_wit::decode(&Component::new().finish()).unwrap();
    let Decoded::Component(component) = &empty else {
        panic!("{empty:?}");
    };
    assert!(component.is_empty());
    assert_eq!(component.model().reference.to_string(), "root:component");

    let mut types = ComponentTypeSection::new();
    types
        .function()
        .params([("x", PrimitiveValType::U8)])
        .result(None);
    let mut imports = wasm_encoder::ComponentImportSection::new();
    imports.import("b", ComponentTypeRef::Func(0));
    imports.import("a", ComponentTypeRef::Func(0));
    let mut component = Component::new();
    component.section(&types).section(&imports);
    let decoded = wits_wit::decode(&component.finish()).unwrap();
    assert_eq!(component_info(&decoded).imports, ["a", "b"]);
    let Decoded::Component(component) = decoded else {
        panic!("{decoded:?}");
    };
    assert!(!component.is_empty());
}

#[test]
fn what_has_not_the_shape_of_wit_is_an_error_and_no_panic() {
    // Where an interface is due there is a function.
    let mut function = ComponentType::new();
    function
        .ty()
        .function()
        .params([] as [(&str, PrimitiveValType); 0])
        .result(None);
    function.export("t:p/f", ComponentTypeRef::Func(0));
    // An interface that is no package's.
    let mut nameless = ComponentType::new();
    nameless.ty().instance(&wasm_encoder::InstanceType::new());
    nameless.export("nameless", ComponentTypeRef::Instance(0));
    // A value type.
    let mut value = ComponentType::new();
    value.ty().defined_type().primitive(PrimitiveValType::U8);
    value.export("t:p/x", ComponentTypeRef::Type(TypeBounds::Eq(0)));
    let error = wits_wit::decode(&exporting("x", &function)).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("it is not what a WIT encoder writes"),
        "{error}"
    );
    for ty in [function, nameless, value, ComponentType::new()] {
        for name in ["x", "t:p/wit", "t:p/wit@1.0.0", "t:p/other"] {
            if let Ok(Decoded::Package(package)) = wits_wit::decode(&exporting(name, &ty)) {
                let _ = package.print(&wits_wit::NoGates);
            }
        }
    }
}

#[test]
fn a_truncated_package_is_an_error() {
    let wasm = sample();
    let whole = decode(&wasm);
    for length in 0..wasm.len() {
        // Cut between two sections, it is a shorter component.
        if let Ok(Decoded::Package(package)) = wits_wit::decode(&wasm[..length]) {
            assert_eq!(package.id(), whole.id(), "{length}");
            assert_eq!(package.declared(), None, "{length}");
        }
    }
}

#[test]
fn a_flipped_bit_is_no_panic() {
    let wasm = sample();
    for position in 8..wasm.len() {
        for bit in [0x01, 0x10, 0x80] {
            let mut wasm = wasm.clone();
            wasm[position] ^= bit;
            if let Ok(Decoded::Package(package)) = wits_wit::decode(&wasm) {
                let _ = package.print(&wits_wit::NoGates);
            }
        }
    }
}

/// A component with custom sections behind it.
fn with_sections(mut wasm: Vec<u8>, sections: &[(&str, &[u8])]) -> Vec<u8> {
    use wasm_encoder::ComponentSection as _;
    for (name, data) in sections {
        let section = CustomSection {
            name: (*name).into(),
            data: (*data).into(),
        };
        section.append_to_component(&mut wasm);
    }
    wasm
}

/// A package as other tools build it: without the section of wits.
fn of_others() -> Vec<u8> {
    let mut resolve = wit_parser::Resolve::new();
    let id = resolve
        .push_source("x.wit", "package t:a@1.0.0; interface i {}")
        .unwrap();
    wit_component::encode(&resolve, id, false).unwrap()
}

#[test]
fn metadata_is_read_as_it_is() {
    let decoded = decode(&with_sections(
        of_others(),
        &[
            ("licenses", b"do what you like"),
            ("description", b"old"),
            ("description", b"new \xff"),
            ("source", b"not a url"),
        ],
    ));
    let metadata = decoded.metadata();
    assert_eq!(metadata.license.as_deref(), Some("do what you like"));
    assert_eq!(metadata.description.as_deref(), Some("new \u{fffd}"));
    assert_eq!(metadata.repository.as_deref(), Some("not a url"));
    assert_eq!(metadata.authors, None);
    assert_eq!(decoded.declared(), None);
}

#[test]
fn sections_count_at_the_top_level_only() {
    let inner = with_sections(
        Component::new().finish(),
        &[("wits:dependencies", b"{"), ("authors", b"inner")],
    );
    let mut wasm = of_others();
    wasm_encoder::ComponentSection::append_to_component(
        &wasm_encoder::RawSection {
            id: 4,
            data: &inner,
        },
        &mut wasm,
    );
    let decoded = decode(&wasm);
    assert_eq!(decoded.declared(), None);
    assert_eq!(decoded.metadata().authors, None);
}

#[test]
fn a_malformed_section_is_named() {
    let wasm = with_sections(of_others(), &[("wits:dependencies", b"{")]);
    let error = wits_wit::decode(&wasm).unwrap_err();
    assert!(error.to_string().contains("`wits:dependencies`"), "{error}");
    let newer = with_sections(of_others(), &[("wits:dependencies", br#"{"version":2}"#)]);
    assert_eq!(
        decode(&newer).declaration(),
        &wits_wit::Declaration::Newer(2)
    );
}
