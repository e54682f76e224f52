//! Parsing the text of one package: its name, its mentions, and every error with its place.

mod packages;

use packages::{files, package, shown, try_package};
use wits_wit::{SourceFile, SourcePackage};

#[test]
fn a_package_is_all_its_files() {
    let parsed = SourcePackage::parse(files(&[
        ("wit/b.wit", "interface b { use a.{t}; }"),
        (
            "wit/a.wit",
            "/// Docs.\npackage demo:app@0.1.0-rc.1+b.2;\ninterface a { type t = u8; }",
        ),
    ]))
    .unwrap();
    assert_eq!(parsed.reference().to_string(), "demo:app@0.1.0-rc.1+b.2");
    assert_eq!(parsed.name().to_string(), "demo:app");
    assert_eq!(parsed.version().unwrap().to_string(), "0.1.0-rc.1+b.2");
    let header = parsed.header_span().unwrap();
    assert_eq!(header.to_string(), "wit/a.wit:2:9");
    assert_eq!(&header.text[header.range], "demo:app@0.1.0-rc.1+b.2");
    assert!(parsed.mentions().is_empty());
    assert!(parsed.nested().is_empty());
    assert!(package("package a:b; world w {}").version().is_none());
}

/// The mentions as `path:line:column text`.
fn mentions(parsed: &SourcePackage) -> Vec<String> {
    let shown = |mention: &wits_wit::Mention| {
        let span = &mention.span;
        let text = &span.text[span.range.clone()];
        format!("{span} {text} = {} {}", mention.package, mention.item)
    };
    parsed.mentions().iter().map(shown).collect()
}

#[test]
fn every_foreign_item_is_mentioned_once_with_its_place() {
    let parsed = SourcePackage::parse(files(&[
        (
            "z.wit",
            "use other:pkg/top@1.0.0 as t;
             interface i { use t.{x}; use wasi:io/poll@0.2.12.{pollable}; }
             world w {
               include wasi:cli/imports@0.2.12 with { a as b }
               import wasi:io/poll@0.2.12;
               import named: wasi:io/streams@0.2.12;
               export unversioned:pkg/%interface;
             }
             package in:side@1.0.0 { interface n { use deep:er/d@2.0.0.{q}; } }",
        ),
        (
            "a.wit",
            "package demo:app@1.0.0;
             interface j { use wasi:io/poll@0.2.11.{pollable}; use in:side/n@1.0.0.{q}; use demo:app/i@1.0.0.{x as y}; }",
        ),
    ]))
    .unwrap();
    assert_eq!(
        mentions(&parsed),
        [
            "z.wit:9:56 deep:er/d@2.0.0 = deep:er@2.0.0 d",
            "z.wit:1:5 other:pkg/top@1.0.0 = other:pkg@1.0.0 top",
            "z.wit:7:23 unversioned:pkg/%interface = unversioned:pkg interface",
            "z.wit:4:24 wasi:cli/imports@0.2.12 = wasi:cli@0.2.12 imports",
            "a.wit:2:32 wasi:io/poll@0.2.11 = wasi:io@0.2.11 poll",
            "z.wit:2:43 wasi:io/poll@0.2.12 = wasi:io@0.2.12 poll",
            "z.wit:6:30 wasi:io/streams@0.2.12 = wasi:io@0.2.12 streams",
        ]
    );
    let nested = &parsed.nested()[0];
    assert_eq!(nested.package.to_string(), "in:side@1.0.0");
    assert_eq!(nested.span.as_ref().unwrap().to_string(), "z.wit:9:22");
}

#[test]
fn the_order_of_files_does_not_matter() {
    let texts = [
        (
            "a.wit",
            "package a:b@1.0.0; interface i { use x:y/z@1.0.0.{t}; }",
        ),
        (
            "b.wit",
            "interface j { use x:y/z@1.0.0.{t}; use x:w/v@1.0.0.{t as u}; }",
        ),
        ("c.wit", "package a:b@1.0.0;"),
    ];
    let mut backwards = texts;
    backwards.reverse();
    let [one, other] = [texts, backwards].map(|texts| SourcePackage::parse(files(&texts)).unwrap());
    assert_eq!(one.mentions(), other.mentions());
    assert_eq!(one.header_span(), other.header_span());
}

#[track_caller]
fn says(text: &str, expected: &str) {
    let error = try_package(text).unwrap_err();
    assert_eq!(shown(&error), expected);
}

#[test]
fn errors_have_a_place_and_no_path() {
    says(
        "package a:b;\ninterface i { f: func( }",
        "package.wit:2:24: expected an identifier or string, found '}' [}]",
    );
    says(
        "package a:b; interface i { f: func() -> nope; }",
        "package.wit:1:41: name `nope` does not exist [nope]",
    );
    says(
        "package a:b; interface i { type t = list<t>; }",
        "package.wit:1:42: type `t` depends on itself [t]",
    );
    says(
        "package a:b; interface i { use j.{t}; } interface j { use i.{t}; }",
        "package.wit:1:51: interface or world `j` depends on itself [j]",
    );
    says(
        "package a:b; interface i {} interface i {}",
        "package.wit:1:39: duplicate item named `i` [i]",
    );
    says(
        "package a:b@1.2; world w {}",
        "package.wit:1:16: expected '.', found ';' [;]",
    );
    says(
        "package a:b@01.2.3; world w {}",
        "package.wit:1:13: invalid leading zero in major version number [01.2.3]",
    );
    says(
        "package a:b;\u{202e}",
        "package.wit:1:13: the character U+202E is not allowed in WIT [\u{202e}]",
    );
    says(
        "package a:b; /* ",
        "package.wit:1:14: unterminated block comment [/]",
    );
    says(
        "package a:b; interface i { f: func() -> float32; }",
        "package.wit:1:41: name `float32` does not exist [float32]",
    );
    let error = try_package("package a:b; interface i { type t = float32; }").unwrap_err();
    assert!(
        error.help().unwrap().contains("renamed to `f32`"),
        "{:?}",
        error.help()
    );
}

#[test]
fn a_forbidden_character_is_shown_in_its_own_file() {
    let error = SourcePackage::parse(files(&[
        ("a.wit", "package a:b; interface a { a: func(); }"),
        ("b.wit", "interface \u{1b} {}"),
    ]))
    .unwrap_err();
    assert_eq!(
        shown(&error),
        "b.wit:1:11: the character U+001B is not allowed in WIT [\u{1b}]"
    );
}

#[test]
fn a_package_needs_files_and_a_header() {
    let error = SourcePackage::parse(vec![]).unwrap_err();
    assert_eq!(shown(&error), "there is no `.wit` file");
    says("interface i {}", "no file names its package");
    says(
        "package a:b { interface i {} }",
        "no file names its package",
    );
    assert!(try_package("").unwrap_err().help().is_some());
    let error = SourcePackage::parse(files(&[
        ("a.wit", "package a:b@1.0.0;"),
        ("b.wit", "package a:b@2.0.0;"),
    ]));
    assert_eq!(
        shown(&error.unwrap_err()),
        "b.wit:1:9: package identifier `a:b@2.0.0` does not match previous package name of `a:b@1.0.0` [a:b@2.0.0]"
    );
}

#[test]
fn names_that_no_registry_holds_are_refused_where_they_stand() {
    says(
        "package A:b@1.0.0; world w {}",
        "package.wit:1:9: `A` in `A:b` is not a lower-case kebab-case word, such as `http-types` [A:b@1.0.0]",
    );
    says(
        "package a:b; world w { import c:D/e@1.0.0; }",
        "package.wit:1:31: `D` in `c:D` is not a lower-case kebab-case word, such as `http-types` [c:D/e@1.0.0]",
    );
    says(
        "package a:b; package X:y { }",
        "package.wit:1:22: `X` in `X:y` is not a lower-case kebab-case word, such as `http-types` [X:y]",
    );
}

#[test]
fn what_is_not_utf8_is_shown_at_the_first_bad_byte() {
    let error = SourcePackage::parse(vec![SourceFile {
        path: "bad.wit".into(),
        bytes: b"package a:b;\n// \xe9t\xe9\n".to_vec(),
    }])
    .unwrap_err();
    assert_eq!(
        shown(&error),
        "bad.wit:2:4: the file is not UTF-8 text [\u{fffd}]"
    );
}

#[test]
fn byte_order_marks_and_windows_line_ends_are_white_space() {
    let parsed =
        package("\u{feff}package a:b@1.0.0;\r\ninterface i {\r\n  use c:d/e@1.0.0.{t};\r\n}\r\n");
    assert_eq!(
        mentions(&parsed),
        ["package.wit:3:7 c:d/e@1.0.0 = c:d@1.0.0 e"]
    );
}
