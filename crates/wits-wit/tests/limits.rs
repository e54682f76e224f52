//! WIT that is nested deep, or has very much of something: it is taken or refused, and never runs out of
//! stack, memory or patience. Tests run on threads of 2 MiB.

mod packages;

use std::fmt::Write as _;

use packages::{build, package, shown, try_package};
use wits_wit::{BuildOptions, NoGates, WitError, check};

/// Parses, resolves, builds, prints and parses again.
fn all_the_way(text: &str) -> Result<(), WitError> {
    let root = try_package(text)?;
    check(root.clone(), vec![])?;
    let built = wits_wit::build(root.clone(), vec![], &BuildOptions::default())?;
    let printed = built.package.print(&NoGates)?;
    let again = build(&package(&printed), &[]);
    assert_eq!(
        again.package.model().digest(),
        built.package.model().digest()
    );
    Ok(())
}

fn refused(text: &str) -> String {
    shown(&all_the_way(text).expect_err("it is too much"))
}

#[test]
fn types_in_types() {
    for (open, close) in [
        ("list<", ">"),
        ("option<", ">"),
        ("tuple<u8, ", ">"),
        ("result<_, ", ">"),
        ("future<", ">"),
    ] {
        let nested = |depth: usize| {
            let (open, close) = (open.repeat(depth), close.repeat(depth));
            format!("package t:a@1.0.0;\ninterface i {{ f: func(x: {open}u8{close}); }}")
        };
        all_the_way(&nested(50)).unwrap();
        assert!(refused(&nested(10_000)).contains("too deep"));
    }
}

#[test]
fn types_by_their_names() {
    let chain = |length: usize| {
        let mut text = "package t:a@1.0.0;\ninterface i { type t0 = u8;\n".to_owned();
        for n in 1..length {
            writeln!(text, "type t{n} = list<t{}>;", n - 1).unwrap();
        }
        text + "}"
    };
    all_the_way(&chain(50)).unwrap();
    for length in [1_000, 20_000] {
        assert!(refused(&chain(length)).contains("type nesting is too deep"));
    }
}

#[test]
fn worlds_in_worlds() {
    let chain = |length: usize| {
        let mut text = "package t:a@1.0.0;\nworld w0 { import f: func(); }\n".to_owned();
        for n in 1..length {
            writeln!(text, "world w{n} {{ include w{}; }}", n - 1).unwrap();
        }
        text
    };
    all_the_way(&chain(3_000)).unwrap();
}

#[test]
fn comments_in_comments() {
    for depth in [100, 100_000] {
        let text = format!(
            "package t:a@1.0.0;\n{}{}\ninterface i {{}}",
            "/*".repeat(depth),
            "*/".repeat(depth)
        );
        all_the_way(&text).unwrap();
    }
    assert!(!refused(&"/*".repeat(100_000)).is_empty());
}

#[test]
fn brackets_without_end() {
    for open in [
        "{",
        "(",
        "<",
        "interface i {",
        "list<",
        "package a:b {",
        "@since(",
    ] {
        refused(&format!("package t:a@1.0.0;\n{}", open.repeat(20_000)));
    }
    let nested = "package a:b { ".repeat(20_000);
    assert!(refused(&format!("package t:a@1.0.0;\n{nested}")).contains("too deep"));
}

#[test]
fn very_many_items() {
    let mut text = "package t:a@1.0.0;\ninterface i {\n".to_owned();
    for n in 0..10_000 {
        writeln!(text, "do-{n}: func(a: u8);").unwrap();
    }
    all_the_way(&(text + "}")).unwrap();
    let mut text = "package t:a@1.0.0;\n".to_owned();
    for n in 0..20_000 {
        writeln!(text, "interface i{n} {{}}").unwrap();
    }
    all_the_way(&text).unwrap();
}

#[test]
fn very_long_names() {
    let name = "a".repeat(90_000);
    all_the_way(&format!("package t:a@1.0.0;\ninterface {name} {{}}")).unwrap();
    let longer = "a".repeat(1 << 20);
    let told = refused(&format!("package t:a@1.0.0;\ninterface {longer} {{}}"));
    assert!(told.len() < 10_000, "{} bytes", told.len());
    refused(&format!("package {longer}:a@1.0.0;\ninterface i {{}}"));
}

#[test]
fn a_binary_that_is_very_long() {
    let small = build(&package("package t:a@1.0.0;\ninterface i {}"), &[]).wasm;
    let filler = vec![0; wits_wit::decode::LONGEST_WASM];
    let long = wits_testkit::wasm::with_section(&small, "filler", &filler);
    let error = wits_wit::decode(&long).unwrap_err();
    assert!(error.to_string().contains("longer than 16 MiB"), "{error}");
    let half = wits_testkit::wasm::with_section(&small, "filler", &filler[..8 << 20]);
    wits_wit::decode(&half).unwrap();
}

#[test]
fn a_binary_of_nested_types() {
    use wasm_encoder::{ComponentTypeSection, ComponentValType, PrimitiveValType};
    for (depth, is_taken) in [(50, true), (100_000, false)] {
        let mut types = ComponentTypeSection::new();
        types
            .defined_type()
            .list(ComponentValType::Primitive(PrimitiveValType::U8));
        for n in 0..depth {
            types.defined_type().list(ComponentValType::Type(n));
        }
        let mut component = wasm_encoder::Component::new();
        component.section(&types);
        let decoded = wits_wit::decode(&component.finish());
        assert_eq!(decoded.is_ok(), is_taken, "{depth}");
    }
}
