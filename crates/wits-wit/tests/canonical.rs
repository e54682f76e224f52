//! The canonical form and digest: the test vectors of its specification, what changes them, what must
//! not, and the comparison of embedded copies.

mod reference;

use std::collections::BTreeSet;

use reference::{assert_round_trip, decoded, encode, model};
use wits_model::Digest;
use wits_wit::model::{Mismatch, Package, subset};

const SPECIFICATION: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../docs/reference/canonical-wit.md"
);

/// The fenced blocks under each `###` heading of "Test vectors": source, form, digest.
fn vectors() -> Vec<(String, [String; 3])> {
    let page = std::fs::read_to_string(SPECIFICATION).unwrap();
    let (_, vectors) = page.split_once("## Test vectors").unwrap();
    let mut sections = vectors.split("\n### ");
    sections.next();
    sections
        .map(|section| {
            let name = section.lines().next().unwrap().to_owned();
            let mut blocks = section.split("```").skip(1).step_by(2).map(|block| {
                let (_language, block) = block.split_once('\n').unwrap();
                block.to_owned()
            });
            let blocks = std::array::from_fn(|_| blocks.next().unwrap());
            (name, blocks)
        })
        .collect()
}

#[test]
fn the_test_vectors_hold() {
    let vectors = vectors();
    assert!(vectors.len() >= 4);
    for (name, [source, form, digest]) in vectors {
        let package = model(&source);
        assert_eq!(package.canonical_form(), form, "{name}");
        assert_eq!(package.digest().to_string(), digest.trim_end(), "{name}");
        assert_eq!(package.digest(), Digest::of(form), "{name}");
        assert_round_trip(&encode(&source));
    }
}

const EVERYTHING: &str = "
package t:t@1.1.0;
interface a {
    resource r {
        constructor(x: u8);
        m: func(y: u8) -> bool;
        p: get() -> u8;
    }
    record rec { one: u8, two: u16 }
    variant var { one(u8), two }
    enum en { one, two }
    flags fl { one, two }
    type al = list<u8>;
    f: func(one: u8, two: borrow<r>) -> result<rec, en>;
    @since(version = 1.0.0) g: func();
    @unstable(feature = x) h: func();
    @since(version = 1.0.0) @deprecated(version = 1.0.0) i: func();
    @external-id(\"k\") k: func();
}
interface b {
    use a.{r, rec as other};
    f: func(x: r) -> other;
}
interface z {}
world w {
    import b;
    @since(version = 1.0.0) import z;
    use a.{en};
    import f: func();
    import n: interface { f: func(x: u8); }
    import q: z;
    export b;
    export g: async func(x: en);
}
";

/// Edits of [`EVERYTHING`], each to another meaning.
const EDITS: &[(&str, &str)] = &[
    ("package t:t@1.1.0", "package t:t@1.1.1"),
    ("package t:t@1.1.0", "package t:u@1.1.0"),
    ("interface z {}", "interface z {}\ninterface y {}"),
    ("constructor(x: u8)", "constructor(x: u16)"),
    ("constructor(x: u8)", "constructor(x: u8) -> result<r>"),
    ("m: func(y: u8)", "m: static func(y: u8)"),
    ("m: func(y: u8)", "m: async func(y: u8)"),
    ("m: func(y: u8)", "m: func(z: u8)"),
    ("m: func(y: u8) -> bool", "m: func(y: u8)"),
    ("p: get()", "p: static get()"),
    ("p: get() -> u8;", "p: get() -> u8; p: set(v: u8);"),
    ("one: u8, two: u16", "two: u16, one: u8"),
    ("one: u8, two: u16", "one: u8, two: u32"),
    ("one: u8, two: u16", "one: u8, three: u16"),
    ("one: u8, two: u16", "one: u8"),
    ("{ one(u8), two }", "{ two, one(u8) }"),
    ("{ one(u8), two }", "{ one, two }"),
    ("enum en { one, two }", "enum en { two, one }"),
    ("enum en { one, two }", "variant en { one, two }"),
    ("flags fl { one, two }", "flags fl { two, one }"),
    ("flags fl { one, two }", "enum fl { one, two }"),
    ("list<u8>", "list<s8>"),
    ("list<u8>", "list<u8, 2>"),
    ("list<u8>", "list<u8, 3>"),
    ("list<u8>", "option<u8>"),
    ("list<u8>", "stream<u8>"),
    ("list<u8>", "future<u8>"),
    ("list<u8>", "future"),
    ("list<u8>", "tuple<u8>"),
    ("list<u8>", "tuple<u8, u8>"),
    ("list<u8>", "map<u8, u8>"),
    ("list<u8>", "result<u8>"),
    ("list<u8>", "result<_, u8>"),
    ("list<u8>", "own<r>"),
    ("list<u8>", "r"),
    ("list<u8>", "rec"),
    (
        "f: func(one: u8, two: borrow<r>)",
        "f: func(two: borrow<r>, one: u8)",
    ),
    (
        "f: func(one: u8, two: borrow<r>)",
        "f: func(one: u8, two: r)",
    ),
    ("-> result<rec, en>", "-> result<en, rec>"),
    ("@since(version = 1.0.0) g", "@since(version = 1.1.0) g"),
    ("@since(version = 1.0.0) g", "g"),
    ("feature = x", "feature = y"),
    ("@unstable(feature = x) h", "h"),
    (
        "@deprecated(version = 1.0.0)",
        "@deprecated(version = 1.1.0)",
    ),
    ("@deprecated(version = 1.0.0)", ""),
    ("@external-id(\"k\")", "@external-id(\"l\")"),
    ("@external-id(\"k\")", ""),
    ("f: func(x: r) -> other", "f: func(x: borrow<r>) -> other"),
    (
        "rec as other};\n    f: func(x: r) -> other",
        "rec as another};\n    f: func(x: r) -> another",
    ),
    (
        "use a.{r, rec as other};",
        "use a.{r}; record other { one: u8, two: u16 }",
    ),
    ("import b;", ""),
    ("@since(version = 1.0.0) import z;", "import z;"),
    (
        "@since(version = 1.0.0) import z;",
        "@unstable(feature = x) import z;",
    ),
    (
        "@since(version = 1.0.0) import z;",
        "@since(version = 1.0.0) export z;",
    ),
    ("import f: func();", "import f: async func();"),
    ("import f: func();", "export f: func();"),
    ("f: func(x: u8);", "f: func(x: u8) -> u8;"),
    ("import q: z;", "import q2: z;"),
    ("import q: z;", "import q: a;"),
    ("import q: z;", "import q: interface {}"),
    ("import q: z;", "@external-id(\"q\") import q: z;"),
    ("use a.{en};", "use a.{en, fl};"),
    ("use a.{en};", "enum en { one, two }"),
    (
        "export g: async func(x: en);",
        "export g: async func(x: u8);",
    ),
    ("world w {", "@unstable(feature = x) world w {"),
    ("interface z {}", "@since(version = 1.0.0) interface z {}"),
];

#[test]
fn every_change_of_meaning_changes_the_digest() {
    let mut forms = BTreeSet::from([model(EVERYTHING).canonical_form()]);
    let mut digests = BTreeSet::from([model(EVERYTHING).digest()]);
    for (from, to) in EDITS {
        assert!(EVERYTHING.contains(from), "{from}");
        let edited = EVERYTHING.replacen(from, to, 1);
        let package = model(&edited);
        assert!(
            forms.insert(package.canonical_form()),
            "`{from}` to `{to}` changed nothing"
        );
        assert!(digests.insert(package.digest()));
        assert_round_trip(&encode(&edited));
    }
}

#[test]
fn docs_and_spelling_change_nothing() {
    let plain = model(EVERYTHING).digest();
    let documented: String = EVERYTHING
        .lines()
        .map(|line| match line.trim() {
            "" | "}" => format!("{line}\n"),
            _ => format!("/// Docs \u{1f980}\n// comment\n{line}\n"),
        })
        .collect();
    let documented = documented.replace("{ one: u8,", "{\n/// first\none: u8,");
    assert_ne!(documented, EVERYTHING);
    assert_eq!(model(&documented).digest(), plain);
    let spelled = EVERYTHING
        .replace("x: r)", "x: own<r>)")
        .replace("one: u8", "%one: u8")
        .replace(
            "use a.{r, rec as other};",
            "use a.{r};\nuse a.{rec as other};",
        )
        .replace("import b;", "import b; import a;");
    assert_eq!(model(&spelled).digest(), plain);
}

/// Every rotation of `items`, forwards and backwards.
fn orders(items: &[&str]) -> Vec<String> {
    let mut orders = Vec::new();
    for start in 0..items.len() {
        let mut order = items.to_vec();
        order.rotate_left(start);
        orders.push(order.join("\n"));
        order.reverse();
        orders.push(order.join("\n"));
    }
    orders
}

#[test]
fn the_order_of_items_changes_nothing() {
    let types = [
        "resource r { constructor(); m: func(); n: static func(); }",
        "record rec { x: r2, y: list<u8> }",
        "variant r2 { a(list<u8>), b(al) }",
        "type al = list<u8>;",
        "enum en { one }",
        "f: func(x: al) -> list<u8>;",
        "g: func(x: borrow<r>) -> tuple<al, list<u8>>;",
    ];
    let items = [
        "@since(version = 1.0.0) import i;",
        "@unstable(feature = x) import b;",
        "@external-id(\"a\") import a;",
        "import f: func(x: t);",
        "import g: func(x: u);",
        "use a.{en as t};",
        "type u = tuple<t>;",
        "@since(version = 1.1.0) export e;",
        "@since(version = 1.0.0) export c;",
        "export run: func();",
        "include v;",
    ];
    let package = |types: &str, items: &str, swapped: bool| {
        let interfaces = format!(
            "interface a {{ {types} }}
             interface b {{ use a.{{rec, r}}; h: func(x: rec); }}
             interface c {{ use b.{{rec}}; use a.{{en}}; }}
             interface d {{ use a.{{en}}; type en2 = en; }}
             interface e {{ use c.{{en}}; }}
             interface i {{ use a.{{r}}; }}
             world v {{ import d; }}"
        );
        let world = format!("world w {{ {items} }}");
        if swapped {
            format!("package t:t@1.1.0;\n{world}\n{interfaces}")
        } else {
            format!("package t:t@1.1.0;\n{interfaces}\n{world}")
        }
    };
    let expected = model(&package(&types.join("\n"), &items.join("\n"), false)).canonical_form();
    for order in orders(&types) {
        let text = package(&order, &items.join("\n"), false);
        assert_eq!(model(&text).canonical_form(), expected, "{text}");
    }
    for order in orders(&items) {
        let text = package(&types.join("\n"), &order, true);
        assert_eq!(model(&text).canonical_form(), expected, "{text}");
        assert_round_trip(&encode(&text));
    }
}

#[test]
fn a_gate_that_a_printer_adds_to_a_needed_import_changes_nothing() {
    // The stable interface needs the unstable one, and the binary does not know its gate.
    let source = |world: &str| {
        format!(
            "package t:t@1.0.0;
             interface stable {{ @unstable(feature = x) use t:dep/unstable@1.0.0.{{t}}; f: func(); }}
             world w {{ {world} import stable; }}
             package t:dep@1.0.0 {{
                 @unstable(feature = x) interface unstable {{ type t = u8; }}
             }}"
        )
    };
    let implied = model(&source(""));
    let gated = model(&source(
        "@unstable(feature = x) import t:dep/unstable@1.0.0;",
    ));
    assert_eq!(implied.canonical_form(), gated.canonical_form());
}

#[test]
fn types_as_deep_as_the_parser_allows_are_no_trouble() {
    let nested = |depth: usize| {
        format!(
            "package t:t; interface i {{ f: func(x: {}u8{}); }}",
            "option<".repeat(depth),
            ">".repeat(depth)
        )
    };
    // wit-parser allows 100 levels of text, wasmparser 100 levels of a type, that of the function and
    // the interface among them.
    let mut resolve = reference::everything();
    assert!(resolve.push_str("t.wit", &nested(100)).is_err());
    let package = model(&nested(90));
    assert!(package.canonical_form().contains(&"option<".repeat(90)));
    assert_round_trip(&encode(&nested(90)));
}

const CLOCKS: &str = "package w:clocks@0.3.0 {
    interface wall {
        record datetime { seconds: u64, nanoseconds: u32 }
        variant zone { utc, other(s16) }
        now: func() -> datetime;
        resolution: func() -> datetime;
    }
    interface monotonic { type instant = u64; now: func() -> instant; }
    world imports { import wall; import monotonic; }
}";

const STREAMS: &str = "package w:io@0.3.0 {
    interface streams {
        use w:clocks/wall@0.3.0.{datetime};
        resource input { read: func() -> result<list<u8>, error>; at: func() -> datetime; }
        resource error;
        splice: func(source: borrow<input>);
    }
    world imports { import streams; }
}";

/// The model of `w:clocks` or another package that is braced in a source, from its own binary.
fn real(name: &str, packages: &str) -> Package {
    let mut resolve = reference::everything();
    let text = format!("package t:t;\n{packages}");
    resolve.push_str("t.wit", &text).unwrap();
    let (id, _) = resolve
        .packages
        .iter()
        .find(|(_, package)| package.name.to_string() == name)
        .unwrap();
    Package::clone(decoded(&reference::encode_package(&resolve, id)).model())
}

/// What a package that uses `interface` embeds of `name`.
fn embedded(name: &str, user: &str, packages: &str) -> Package {
    let package = decoded(&encode(&format!("package t:t;\n{user}\n{packages}")));
    let copies = package.embedded().unwrap();
    let copy = copies
        .iter()
        .find(|copy| copy.reference.to_string() == name);
    copy.unwrap().clone()
}

#[test]
fn a_copy_made_from_the_real_package_is_a_subset_of_it() {
    let packages = format!("{CLOCKS}\n{STREAMS}");
    for user in [
        "interface i { use w:io/streams@0.3.0.{input}; f: func(x: input); }",
        "world x { import w:io/streams@0.3.0; }",
        "world x { export w:io/streams@0.3.0; }",
        "world x { include w:clocks/imports@0.3.0; import w:io/streams@0.3.0; }",
        "world x { use w:io/streams@0.3.0.{input, error as e}; import f: func(x: input) -> e; }",
    ] {
        for name in ["w:io@0.3.0", "w:clocks@0.3.0"] {
            let copy = embedded(name, user, &packages);
            let real = real(name, &packages);
            assert_ne!(copy, real, "{user}: the copy is a stub");
            assert_eq!(subset(&copy, &real), Ok(()), "{user}");
        }
    }
    // The other way round functions and worlds are missing.
    let user = "interface i { use w:io/streams@0.3.0.{input}; }";
    let copy = embedded("w:clocks@0.3.0", user, &packages);
    let real = real("w:clocks@0.3.0", &packages);
    assert!(subset(&real, &copy).is_err());
}

#[test]
fn a_copy_of_another_package_of_the_same_version_is_told() {
    let user = "world x { import w:clocks/wall@0.3.0; }";
    let copy = embedded("w:clocks@0.3.0", user, CLOCKS);
    let said = |from: &str, to: &str| -> String {
        assert!(CLOCKS.contains(from), "{from}");
        let other = real("w:clocks@0.3.0", &CLOCKS.replacen(from, to, 1));
        let mismatch: Mismatch = subset(&copy, &other).unwrap_err();
        mismatch.to_string()
    };
    let all = [
        said("now: func() -> datetime", "now: func() -> u64"),
        said("now: func() -> datetime", "now: async func() -> datetime"),
        said("nanoseconds: u32", "nanoseconds: u64"),
        said(
            "seconds: u64, nanoseconds: u32",
            "nanoseconds: u32, seconds: u64",
        ),
        said(
            "record datetime { seconds: u64, nanoseconds: u32 }",
            "type datetime = u64;",
        ),
        said("utc, other(s16)", "utc, other(s16), local"),
        said("resolution: func() -> datetime;", ""),
        said("variant zone { utc, other(s16) }", ""),
    ];
    let expected = [
        "the copy has `now: func() -> datetime`, the real package has `now: func() -> u64`",
        "the copy has `now: func() -> datetime`, \
         the real package has `now: async func() -> datetime`",
        "the copy has `record datetime { …, nanoseconds: u32 }`, \
         the real package has `record datetime { …, nanoseconds: u64 }`",
        "the copy has `record datetime { seconds: u64, nanoseconds: u32 }`, \
         the real package has `record datetime { nanoseconds: u32, seconds: u64 }`",
        "the copy has `record datetime { seconds: u64, nanoseconds: u32 }`, \
         the real package has `type datetime = u64`",
        "the copy has `variant zone { … }`, the real package has `variant zone { …, local }`",
        "the copy has `resolution: func() -> datetime`, the real package does not have it",
        "the copy has `variant zone { utc, other(s16) }`, the real package does not have it",
    ];
    let expected = expected.map(|end| format!("interface `wall` of `w:clocks@0.3.0`: {end}"));
    assert_eq!(all, expected);
}
