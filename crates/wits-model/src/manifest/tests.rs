use super::*;

const FILE: &str = "/home/ann/p/wits.toml";

fn read(text: &str) -> Result<Manifest, ManifestError> {
    Manifest::parse(text, Path::new(FILE))
}

#[test]
fn everything_is_optional() {
    assert_eq!(read("").unwrap(), Manifest::default());
    assert_eq!(read("\u{feff}# nothing\r\n").unwrap(), Manifest::default());
}

#[test]
fn reads_every_key() {
    let manifest = read(
        r#"
wit = "../idl/./wit"

[package]
description = "What it does."
authors = "Ann, Bob"
license = "Apache-2.0"
homepage = "https://acme.example"
repository = "https://acme.example/git"
documentation = "https://acme.example/doc"

[overrides]
"my:local-dep" = { path = "../local-dep/wit" }
"my:other" = { path = "/srv/other" }

[workspace]
members = ["a", "./b/*/", "."]
"#,
    )
    .unwrap();
    assert_eq!(
        manifest.wit.as_deref(),
        Some(Path::new("/home/ann/idl/wit"))
    );
    assert_eq!(manifest.package.authors.as_deref(), Some("Ann, Bob"));
    assert_eq!(
        manifest.package.documentation.as_deref(),
        Some("https://acme.example/doc")
    );
    let license = manifest.metadata_span("license").unwrap();
    assert_eq!(&license.text[license.range.clone()], "\"Apache-2.0\"");

    let overrides: Vec<_> = manifest
        .overrides
        .iter()
        .map(|(name, it)| format!("{name} {} {}", it.path.display(), it.span))
        .collect();
    assert_eq!(
        overrides,
        [
            format!("my:local-dep /home/ann/local-dep/wit {FILE}:13:1"),
            format!("my:other /srv/other {FILE}:14:1"),
        ]
    );

    let workspace = manifest.workspace.unwrap();
    let members: Vec<_> = workspace
        .members
        .iter()
        .map(|it| (it.pattern.as_str(), it.parts().collect::<Vec<_>>()))
        .collect();
    assert_eq!(
        members,
        [("a", vec!["a"]), ("b/*", vec!["b", "*"]), (".", vec![])]
    );
    assert_eq!(workspace.members[1].span.line_column(), (17, 17));
}

#[test]
fn a_star_stands_for_any_part_of_a_name() {
    for (part, name, matches) in [
        ("a", "a", true),
        ("a", "ab", false),
        ("*", "anything", true),
        ("*", ".git", false),
        (".*", ".git", true),
        ("a*", "a", true),
        ("a*", "ba", false),
        ("*-wit", "x-wit", true),
        ("*-wit", "x-wit2", false),
        ("a*b*c", "a1b2c", true),
        ("a*b*c", "abc", true),
        ("a*b*c", "ac", false),
        ("ab*ba", "aba", false),
        ("*\u{e9}*", "x\u{e9}y", true),
    ] {
        assert_eq!(Member::part_matches(part, name), matches, "{part} {name}");
    }
}

/// Place, message and help.
fn fault(text: &str) -> String {
    let error = read(text).expect_err(text);
    assert_eq!(error.kind(), crate::ErrorKind::Project);
    assert_eq!(error.span().path, Path::new(FILE));
    let (line, column) = error.span().line_column();
    let help = error.help().map(|help| format!(" help: {help}"));
    format!("{line}:{column}: {error}{}", help.unwrap_or_default())
}

#[test]
fn every_fault_is_named_at_its_place() {
    let member = |pattern: &str| format!("[workspace]\nmembers = [\"a\", '{pattern}']");
    for (text, message) in [
        (
            "[pakcage]\n",
            "1:2: unknown key `pakcage` in the file help: did you mean `package`?",
        ),
        (
            "\nfrobnicate = 1\n",
            "2:1: unknown key `frobnicate` in the file",
        ),
        (
            "[package]\nlicence = \"MIT\"\n",
            "2:1: unknown key `licence` in [package] help: did you mean `license`?",
        ),
        (
            "[package]\r\nzeta = 1\r\nalpha = 1\r\n",
            "2:1: unknown key `zeta` in [package]",
        ),
        (
            "[package]\nauthors = [\"Ann\"]\n",
            "2:11: `authors` must be a string, and is an array",
        ),
        (
            "package = 1",
            "1:11: `package` must be a table, and is an integer",
        ),
        ("wit = \"\"", "1:7: `wit` must be a path"),
        (
            "[dependencies]\n",
            "1:2: `dependencies` is not a table of `wits.toml`: the WIT itself names the dependencies \
             help: write `import` or `use` with a version in the WIT, or run `wits add`; a package from \
             a directory stands in `[overrides]`",
        ),
        (
            "[overrides]\nhttp = { path = \"x\" }",
            "2:1: `http` is not a package name: it has no namespace; write `namespace:name`",
        ),
        (
            "[overrides]\n\"a:b\" = \"../b\"",
            "2:9: `a:b` must be a table, such as `{ path = \"../other/wit\" }`, and is a string",
        ),
        (
            "[overrides]\n\"a:b\" = { pth = \"../b\" }",
            "2:11: unknown key `pth` in the override of `a:b` help: did you mean `path`?",
        ),
        (
            "[overrides]\n\"a:b\" = { }",
            "2:9: the override of `a:b` has no `path`",
        ),
        ("[workspace]\n", "1:1: [workspace] has no `members`"),
        (
            &member("/b"),
            "2:17: a member is relative to this file, with `/` between its parts",
        ),
        (
            &member("b\\c"),
            "2:17: a member is relative to this file, with `/` between its parts",
        ),
        (
            &member("b/../../c"),
            "2:17: a member lies below the directory of this file",
        ),
        (
            &member("b/**"),
            "2:17: a member may hold `*` for the names in one directory, and no other pattern",
        ),
        (
            &member(""),
            "2:17: a member is a directory, such as `a` or `b/*`",
        ),
    ] {
        assert_eq!(fault(text), message);
    }
    assert!(fault("[package\n").starts_with("1:9: not valid TOML: "));
    assert!(fault("wit = 'a'\nwit = 'b'\n").starts_with("2:1: not valid TOML: duplicate key"));
}
