//! Gates that the binary form loses: what is printed parses with no feature enabled, and with all
//! features means what it meant.

mod packages;

use packages::{Known, build, package, texts};
use wits_wit::{DecodedPackage, NoGates, SourcePackage, check};

/// Builds `text` on `deps`, prints it, and holds the text against what was built. Gives the text.
#[track_caller]
fn printed(text: &str, deps: &[&str]) -> String {
    try_printed(text, deps).unwrap_or_else(|error| panic!("{error}"))
}

fn try_printed(text: &str, deps: &[&str]) -> Result<String, String> {
    let deps: Vec<SourcePackage> = deps.iter().map(|text| package(text)).collect();
    let root = package(text);
    if let Err(error) = check(root.clone(), texts(&deps)) {
        return Err(format!("the original: {}", packages::shown(&error)));
    }
    let real: Vec<DecodedPackage> = (0..deps.len())
        .map(|i| {
            let others = [&deps[..i], &deps[i + 1..]].concat();
            build(&deps[i], &others).package
        })
        .collect();
    let built = build(&root, &deps).package;
    let text = built
        .print(&Known::of(&real.iter().collect::<Vec<_>>()))
        .unwrap();
    let again = package(&text);
    if let Err(error) = check(again.clone(), texts(&deps)) {
        return Err(format!("the print: {}\n{text}", packages::shown(&error)));
    }
    let rebuilt = build(&again, &deps).package;
    if rebuilt.model() != built.model() {
        let meant = built.model();
        return Err(format!(
            "the print means something else than {meant:?}:\n{text}"
        ));
    }
    Ok(text)
}

#[track_caller]
fn all<'a>(cases: impl IntoIterator<Item = (&'a str, Result<String, String>)>) {
    let wrong: Vec<String> = cases
        .into_iter()
        .filter_map(|(world, outcome)| Some(format!("`{world}`: {}", outcome.err()?)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// An interface behind a feature, one that needs it only with the feature, and what is written in a
/// world, in one package.
fn local(world: &str) -> String {
    format!(
        "package t:p@1.0.0;
         @unstable(feature = x) interface a {{ @unstable(feature = x) type t = u8; }}
         interface b {{ @unstable(feature = x) use a.{{t}}; f: func(); @unstable(feature = x) g: func(v: t); }}
         interface c {{ @unstable(feature = x) use b.{{t}}; }}
         @unstable(feature = x) interface d {{ @unstable(feature = x) use a.{{t}}; }}
         world w {{ {world} }}"
    )
}

/// The same, from another package.
fn foreign(world: &str) -> (String, [&'static str; 1]) {
    let dep = "package f:p@1.0.0;
         @unstable(feature = x) interface a { @unstable(feature = x) type t = u8; }
         interface b { @unstable(feature = x) use a.{t}; f: func(); @unstable(feature = x) g: func(v: t); }
         interface c { @unstable(feature = x) use b.{t}; }
         @unstable(feature = x) interface d { @unstable(feature = x) use a.{t}; }
         world all { import c; @unstable(feature = x) import d; export b; }";
    let text = format!(
        "package t:p@1.0.0;
         interface mine {{ @unstable(feature = x) use f:p/a@1.0.0.{{t}}; @unstable(feature = x) g: func(v: t); }}
         world w {{ {world} }}"
    );
    (text, [dep])
}

#[test]
fn in_one_package() {
    let worlds = [
        "import b;",
        "import c;",
        "import c; import b;",
        "export b;",
        "export c;",
        "export b; export c;",
        "import b; export c;",
        "import b; export b;",
        "@unstable(feature = x) import a; import b;",
        "import b; @unstable(feature = x) import a;",
        "export b; @unstable(feature = x) export a;",
        "@unstable(feature = x) export a; export b;",
        "export c; export b; @unstable(feature = x) export a;",
        "@unstable(feature = x) import d; import b;",
        "import b; @unstable(feature = x) export d;",
        "@unstable(feature = y) import b;",
        "@unstable(feature = y) import b; import c;",
        "@unstable(feature = y) export b;",
        "import i: interface { @unstable(feature = x) use a.{t}; }",
        "export i: interface { @unstable(feature = x) use b.{t}; }",
        "@unstable(feature = x) import i: a; import b;",
        "include v; } world v { import c;",
        "} @unstable(feature = x) world v { import a; import b;",
        "} @unstable(feature = x) world v { export d; export a;",
        "} @unstable(feature = y) world v { import b;",
    ];
    all(worlds.map(|world| (world, try_printed(&local(world), &[]))));
}

#[test]
fn across_packages() {
    let worlds = [
        "import mine;",
        "export mine;",
        "import mine; import f:p/b@1.0.0;",
        "import f:p/b@1.0.0;",
        "import f:p/c@1.0.0;",
        "export f:p/b@1.0.0;",
        "export f:p/c@1.0.0; export f:p/b@1.0.0;",
        "export f:p/b@1.0.0; @unstable(feature = x) export f:p/a@1.0.0;",
        "import f:p/b@1.0.0; @unstable(feature = x) import f:p/a@1.0.0;",
        "@unstable(feature = x) import f:p/a@1.0.0; import mine;",
        "@unstable(feature = x) import f:p/d@1.0.0; export mine;",
        "@unstable(feature = y) import f:p/b@1.0.0;",
        "include f:p/all@1.0.0;",
        "include f:p/all@1.0.0; export mine; import mine;",
        "@unstable(feature = y) include f:p/all@1.0.0;",
        "@unstable(feature = x) import i: f:p/a@1.0.0;",
        "import i: f:p/b@1.0.0;",
        "} @unstable(feature = x) world v { @unstable(feature = x) import f:p/a@1.0.0;",
        "} @unstable(feature = x) world v { import f:p/b@1.0.0; export mine;",
        "} @unstable(feature = y) world v { import f:p/c@1.0.0;",
        "} @unstable(feature = y) world v { export f:p/c@1.0.0;",
    ];
    all(worlds.map(|world| {
        let (text, deps) = foreign(world);
        (world, try_printed(&text, &deps))
    }));
}

#[test]
fn the_gate_stands_where_the_interface_is_named() {
    let text = printed(&local("import b;"), &[]);
    assert!(
        text.contains("import b;\n  @unstable(feature = x)\n  import a;\n"),
        "{text}"
    );
    let (text, deps) = foreign("import mine;");
    let text = printed(&text, &deps);
    assert!(
        text.contains("@unstable(feature = x)\n  import f:p/a@1.0.0;\n"),
        "{text}"
    );
    // Only the export needs it: it comes by itself with the feature.
    let text = printed(&local("export b;"), &[]);
    assert!(!text.contains("import a;"), "{text}");
}

#[test]
fn without_the_gates_of_the_real_package_the_text_does_not_parse() {
    let (text, [dep]) = foreign("import mine;");
    let deps = [package(dep)];
    let built = build(&package(&text), &deps).package;
    let text = built.print(&NoGates).unwrap();
    let error = check(package(&text), texts(&deps)).unwrap_err();
    assert_eq!(
        packages::shown(&error),
        "package.wit:5:7: interface `a` is not in package `f:p@1.0.0` [f:p/a@1.0.0]"
    );
    assert_eq!(
        error.help().unwrap(),
        "it is behind a feature: write `@unstable(feature = x)` before what needs it"
    );
}

#[test]
fn what_a_gated_include_brought_in_is_gated_one_by_one() {
    let text = local(
        "@unstable(feature = x) include v; } @unstable(feature = x) world v { import a; export d;",
    );
    let root = package(&text);
    check(root.clone(), vec![]).unwrap();
    let text = build(&root, &[]).package.print(&NoGates).unwrap();
    check(package(&text), vec![]).unwrap();
    assert!(
        text.contains("@unstable(feature = x)\n  export d;"),
        "{text}"
    );
}

#[test]
fn a_type_that_is_used_with_and_without_a_gate() {
    let dep = "package f:p@1.0.0; interface b { type u = u8; resource r; }";
    // The binary has `m` before `z`, and wit-parser takes the gate of a foreign type from the first
    // `use` that it meets.
    printed(
        "package t:p@1.0.0;
         interface z { use m.{k}; use f:p/b@1.0.0.{u}; f: func(v: u) -> k; }
         interface m { type k = u8; @unstable(feature = x) use f:p/b@1.0.0.{u}; }
         interface n { @unstable(feature = x) use f:p/b@1.0.0.{r}; @unstable(feature = y) use m.{k}; }",
        &[dep],
    );
}
