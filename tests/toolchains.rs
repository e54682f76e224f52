//! What makes bindings takes the trees that wits lays out: the closures of WASI 0.2 and 0.3, and both in one.
//!
//! Each tool reads `wit/deps` as it stands, with the parser that it was built with. The bindings of wasmtime
//! are a macro: `consumers` compiles them for the same three closures.

use wits_testkit::{DockerRegistry, Project, Sandbox, peer, published};

use crate::interop::Wkg;
use crate::setting::{self, with_layout};

/// A world, and what it is made of.
const CLOSURES: [(&str, &str); 3] = [
    (
        "two",
        "include wasi:cli/command@0.2.12;\n    include wasi:http/proxy@0.2.12;",
    ),
    (
        "three",
        "include wasi:cli/command@0.3.2;\n    include wasi:http/service@0.3.2;",
    ),
    (
        "mixed",
        "include wasi:cli/imports@0.2.12;\n    import wasi:http/types@0.2.12;\n    \
         import wasi:http/types@0.3.2;\n    export wasi:cli/run@0.2.12;",
    ),
];

fn closures() -> Sandbox {
    let sandbox = with_layout();
    for package in ["0.2.12", "0.3.2"]
        .iter()
        .flat_map(|release| published::wasi(release))
    {
        let project = sandbox.project(format!("packages/{}", package.dir()));
        package.write(&project);
        project.wits(["publish"]).succeeds();
    }
    for (name, lines) in CLOSURES {
        let project = sandbox.project(name);
        let text = format!("package demo:{name}@0.1.0;\n\nworld {name} {{\n    {lines}\n}}\n");
        project.write("wit/world.wit", text);
        project.wits(["fetch"]).succeeds();
    }
    sandbox
}

/// The three projects, fetched, each handed to `check` with the name of its world.
#[track_caller]
fn each(check: impl Fn(&Project<'_>, &str)) {
    let sandbox = closures();
    for (name, _) in CLOSURES {
        check(&sandbox.project(name), name);
    }
}

/// Claims that a generated file is there and names `wasi:http`, which every closure has, as its language does.
#[track_caller]
fn assert_names_http(project: &Project<'_>, file: &str, as_named: &str) {
    let text = project.read(file);
    assert!(text.contains(as_named), "no `{as_named}` in {file}");
}

#[test]
fn wit_bindgen_makes_rust_and_c() {
    let Some(wit_bindgen) = peer::find("wit-bindgen") else {
        return;
    };
    each(|project, world| {
        let rust = [
            "rust",
            "wit",
            "--world",
            world,
            "--generate-all",
            "--out-dir",
            "rust",
        ];
        project.run(&wit_bindgen, rust).succeeds();
        assert_names_http(project, &format!("rust/{world}.rs"), "pub mod http");
        project
            .run(
                &wit_bindgen,
                ["c", "wit", "--world", world, "--out-dir", "c"],
            )
            .succeeds();
        assert_names_http(project, &format!("c/{world}.h"), "wasi_http");
    });
}

#[test]
fn wasm_tools_reads_encodes_and_validates() {
    let Some(wasm_tools) = peer::find("wasm-tools") else {
        return;
    };
    each(|project, world| {
        let text = project.run(&wasm_tools, ["component", "wit", "wit"]);
        assert!(
            text.succeeds().text().contains(&format!("world {world} ")),
            "{text}"
        );
        let encode = [
            "component",
            "wit",
            "--wasm",
            "wit",
            "-o",
            "encoded.wasm",
            "--all-features",
        ];
        project.run(&wasm_tools, encode).succeeds();
        project
            .run(
                &wasm_tools,
                ["validate", "--features", "all", "encoded.wasm"],
            )
            .succeeds();
        // What wits builds of it is the same WIT.
        project.wits(["build", "-o", "built.wasm"]).succeeds();
        project
            .run(&wasm_tools, ["validate", "--features", "all", "built.wasm"])
            .succeeds();
        let decoded = |file| project.run(&wasm_tools, ["component", "wit", file]);
        assert_eq!(decoded("built.wasm").text(), decoded("encoded.wasm").text());
    });
}

#[test]
fn jco_makes_types() {
    let Some(jco) = peer::find("jco") else {
        return;
    };
    each(|project, world| {
        project
            .run(&jco, ["types", "wit", "-n", world, "-o", "types"])
            .succeeds();
        assert_names_http(project, &format!("types/{world}.d.ts"), "wasi:http/");
    });
}

#[test]
fn componentize_py_makes_bindings() {
    let Some(componentize_py) = peer::find("componentize-py") else {
        return;
    };
    each(|project, world| {
        project
            .run(
                &componentize_py,
                ["-d", "wit", "-w", world, "bindings", "python"],
            )
            .succeeds();
        let made = project.list("python/wit_world/imports");
        assert!(made.iter().any(|name| name.contains("http")), "{made:?}");
    });
}

/// wac looks elsewhere, in a tree that `--layout wac` writes beside the other.
#[test]
fn wac_composes_from_its_own_layout() {
    let sandbox = closures();
    let mixed = sandbox.project("mixed");
    mixed.wits(["fetch", "--layout", "wit-parser"]).succeeds();
    assert!(!mixed.has("deps"));
    let first = mixed.wits(["fetch", "--layout", "wac"]);
    first.succeeds().says("deps: 13 packages written for wac");
    assert_eq!(mixed.list("deps/wasi/http"), ["0.2.12.wasm", "0.3.2.wasm"]);
    assert_eq!(
        mixed.read_bytes("deps/wasi/http/0.3.2.wasm"),
        mixed
            .wits(["get", "wasi:http@0.3.2", "--as", "wasm", "-o", "-"])
            .bytes()
    );
    mixed
        .wits(["fetch", "--layout", "wac"])
        .succeeds()
        .never_says("written for wac");
    mixed.wits(["fetch", "--frozen"]).succeeds();

    let Some(wac) = peer::find("wac") else {
        return;
    };
    // The mixed one by one script with both versions: what is composed imports both.
    for (name, releases) in [
        ("two", &["0.2.12"][..]),
        ("three", &["0.3.2"]),
        ("mixed", &["0.2.12", "0.3.2"]),
    ] {
        let project = sandbox.project(name);
        project.wits(["fetch", "--layout", "wac"]).succeeds();
        let imports = releases
            .iter()
            .enumerate()
            .map(|(index, release)| format!("import types{index}: wasi:http/types@{release};\n"));
        let script = format!("package demo:{name};\n\n{}", imports.collect::<String>());
        project.write("composed.wac", script);
        project
            .run(&wac, ["compose", "composed.wac", "-o", "composed.wasm"])
            .succeeds();
        let composed = project.read_bytes("composed.wasm");
        let composed = String::from_utf8_lossy(&composed);
        for release in releases {
            let import = format!("wasi:http/types@{release}");
            assert!(composed.contains(&import), "{name}: {import}");
        }
    }
    let other = "package demo:both;\n\nimport old: wasi:http/types@0.2.11;\n";
    mixed.write("absent.wac", other);
    mixed
        .run(&wac, ["compose", "absent.wac", "-o", "absent.wasm"])
        .exits(1);
}

/// The same WIT, published by either and fetched by the other, is the same WIT when it is decoded.
#[test]
fn wits_and_wkg_publish_the_same_packages() {
    let (Some(ours), Some(theirs)) = (DockerRegistry::start(), DockerRegistry::start()) else {
        return;
    };
    let sandbox = setting::sandbox();
    let Some(wasm_tools) = peer::find("wasm-tools") else {
        return;
    };
    let packages = published::wasi("0.2.12");
    setting::route(&sandbox, &ours.url());
    for package in &packages {
        let project = sandbox.project(format!("packages/{}", package.dir()));
        package.write(&project);
        project.wits(["publish"]).succeeds();
    }
    let Some(wkg) = Wkg::with(&sandbox, &ours) else {
        return;
    };
    let here = sandbox.project("here");
    for package in &packages {
        let file = format!("./by-wits-{}.wasm", package.dir());
        wkg.run(
            &here,
            &["get", &package.id, "--format", "wasm", "-o", &file],
        )
        .succeeds();
    }
    // The other way round, into a registry of its own.
    let Some(wkg) = Wkg::with(&sandbox, &theirs) else {
        return;
    };
    for package in &packages {
        let project = sandbox.project(format!("theirs/{}", package.dir()));
        package.write(&project);
        wkg.run(&project, &["fetch"]).succeeds();
        wkg.run(&project, &["build", "-o", "built.wasm"]).succeeds();
        wkg.run(&project, &["publish", "built.wasm"]).succeeds();
    }
    setting::route(&sandbox, &theirs.url());
    for package in &packages {
        let file = format!("by-wkg-{}.wasm", package.dir());
        here.wits(["get", &package.id, "--as", "wasm", "-o", &file])
            .succeeds();
        let decoded = |file: &str| here.run(&wasm_tools, ["component", "wit", file]);
        let (by_wits, by_wkg) = (format!("by-wits-{}.wasm", package.dir()), file);
        let (by_wits, by_wkg) = (decoded(&by_wits), decoded(&by_wkg));
        assert_eq!(
            by_wits.succeeds().text(),
            by_wkg.succeeds().text(),
            "{}",
            package.id
        );
    }
}
