use std::path::Path;

use super::*;

const FILE: &str = "/home/ann/w/x/y/p/wits.lock";
const HOME: &str = "/home/ann";

fn read(text: &str) -> Result<Lock, LockError> {
    Lock::parse(text, Path::new(FILE), Some(Path::new(HOME)))
}

fn written(lock: &Lock) -> String {
    lock.print(Path::new(FILE), Some(Path::new(HOME)))
}

const CANONICAL: &str = r#"# Written by wits. Commit this file.
version = 1

[[package]]
name = "acme:app"
version = "0.1.0"
source = "path:../app/wit"
dependencies = ["wasi:http@0.2.12"]

[[package]]
name = "acme:types"
version = "1.0.0"
source = "layout:registry/acme/types"
embedded-in = "wasi:http@0.2.12"
wit = "sha256:3333333333333333333333333333333333333333333333333333333333333333"

[[package]]
name = "old:thing"
version = "1.0.0"
source = "bindle+http://127.0.0.1:8080/v1/old/thing"
digest = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
size = 7
wit = "sha256:3333333333333333333333333333333333333333333333333333333333333333"

[[package]]
name = "old:thing"
version = "1.0.1-rc.1+b"
source = "layout:~/registry/old/thing"
manifest = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
digest = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
size = 7
wit = "sha256:3333333333333333333333333333333333333333333333333333333333333333"

[[package]]
name = "wasi:http"
version = "0.2.12"
source = "oci://ghcr.io/webassembly/wasi/http"
manifest = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
digest = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
size = 52452
wit = "sha256:3333333333333333333333333333333333333333333333333333333333333333"
dependencies = [
    "acme:types@1.0.0",
    "old:thing@1.0.0",
    "old:thing@1.0.1-rc.1+b",
    "wasi:io@0.2.12",
    "wasi:sockets@0.2.12",
]

[[package]]
name = "wasi:io"
version = "0.2.12"
source = "oci://ghcr.io/webassembly/wasi/io"
manifest = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
digest = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
size = 1
wit = "sha256:3333333333333333333333333333333333333333333333333333333333333333"

[[package]]
name = "wasi:sockets"
version = "0.2.12"
source = "oci://ghcr.io/webassembly/wasi/sockets"
manifest = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
digest = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
size = 1
wit = "sha256:3333333333333333333333333333333333333333333333333333333333333333"
dependencies = ["wasi:io@0.2.12"]
"#;

fn id(text: &str) -> PackageId {
    text.parse().unwrap()
}

#[test]
fn canonical_text_is_printed_as_it_was_read() {
    let lock = read(CANONICAL).unwrap();
    assert_eq!(written(&lock), CANONICAL);
    assert_eq!(
        lock.packages[&id("acme:app@0.1.0")].source.to_string(),
        "path:/home/ann/w/x/y/app/wit"
    );
    let stub = &lock.packages[&id("acme:types@1.0.0")];
    assert_eq!(
        stub.source.to_string(),
        "layout:/home/ann/w/x/y/p/registry/acme/types"
    );
    assert_eq!(stub.embedded_in, Some(id("wasi:http@0.2.12")));
    assert_eq!(stub.pin, None);
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_change_nothing() {
    let text = format!("\u{feff}{}", CANONICAL.replace('\n', "\r\n"));
    assert_eq!(read(&text).unwrap(), read(CANONICAL).unwrap());
}

#[test]
fn the_digest_is_that_of_the_text_and_not_of_the_place() {
    let lock = read(CANONICAL).unwrap();
    let digest = lock.digest(Path::new(FILE), Some(Path::new(HOME)));
    assert_eq!(digest, Digest::of(CANONICAL));

    let file = Path::new("/home/bob/some/where/else/p/wits.lock");
    let home = Some(Path::new("/home/bob"));
    let moved = Lock::parse(CANONICAL, file, home).unwrap();
    assert_ne!(moved, lock);
    assert_eq!(moved.digest(file, home), digest);
}

#[test]
fn an_empty_lock_is_a_header() {
    assert_eq!(
        written(&Lock::default()),
        "# Written by wits. Commit this file.\nversion = 1\n"
    );
}

#[test]
fn the_closure_is_what_the_roots_need() {
    let lock = read(CANONICAL).unwrap();
    let ids = |roots: &[&str]| -> Vec<String> {
        let roots: Vec<_> = roots.iter().copied().map(id).collect();
        let closure = lock.closure(&roots);
        closure.packages.keys().map(ToString::to_string).collect()
    };
    assert_eq!(
        ids(&["wasi:sockets@0.2.12", "not:there@1.0.0"]),
        ["wasi:io@0.2.12", "wasi:sockets@0.2.12"]
    );
    // A stub needs the package that embeds it.
    assert_eq!(ids(&["acme:types@1.0.0"]).len(), 6);
}

/// The first fault of `CANONICAL` with `from` (which is there) replaced: message, place and help.
fn fault(from: &str, to: &str) -> String {
    assert!(CANONICAL.contains(from), "{from}");
    let error = read(&CANONICAL.replacen(from, to, 1)).expect_err(to);
    assert_eq!(error.kind(), crate::ErrorKind::Project);
    let (line, column) = error.span().line_column();
    let help = error.help().map(|help| format!(" help: {help}"));
    format!("{line}:{column}: {error}{}", help.unwrap_or_default())
}

#[test]
fn conflict_markers_are_named() {
    for (marker, from) in [
        ("<<<<<<< HEAD", "[[package]]\nname = \"acme:app\""),
        ("||||||| 1234567", "[[package]]\nname = \"acme:app\""),
        ("=======", "[[package]]\nname = \"acme:app\""),
        (">>>>>>> theirs", "[[package]]\nname = \"acme:app\""),
        ("<<<<<<< HEAD\r", "[[package]]\nname = \"acme:app\""),
        ("<<<<<<< HEAD\nversion = 2\n=======", "version = 1"),
    ] {
        let fault = fault(from, &format!("{marker}\n{from}"));
        let line = if from == "version = 1" { 2 } else { 4 };
        assert!(
            fault.starts_with(&format!(
                "{line}:1: a merge conflict is not resolved help: "
            )),
            "{fault}"
        );
    }
}

#[test]
fn a_newer_lock_is_refused_whatever_is_in_it() {
    assert_eq!(
        fault("version = 1\n", "version = 2\nnovel = true\n"),
        "2:11: written by a newer wits: the lock has version 2, this wits reads version 1 \
         help: install the version of wits that the project uses"
    );
    for (version, message) in [
        ("", "1:1: the file has no `version`"),
        ("version = 0", "2:11: `0` is not a version of the lock"),
        (
            "version = \"1\"",
            "2:11: `version` must be an integer, and is a string",
        ),
    ] {
        assert_eq!(fault("version = 1", version), message);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table, one line a fault")]
fn every_fault_is_named_at_its_place() {
    let repair =
        " help: take the file from version control, or remove the table and run `wits fetch`";
    let digits = "2222222222222222222222222222222222222222222222222222222222222222";
    let digest = format!("digest = \"sha256:{digits}\"");
    for (from, to, message) in [
        (
            "size = 7",
            "siez = 7",
            "22:1: unknown key `siez` in [[package]] help: did you mean `size`?",
        ),
        (
            "[[package]]",
            "[[packages]]",
            "4:3: unknown key `packages` in the file help: did you mean `package`?",
        ),
        (
            "name = \"acme:app\"\n",
            "",
            "4:1: [[package]] has no `name`",
        ),
        (
            "\"acme:app\"",
            "\"Acme:app\"",
            "5:8: `Acme` in `Acme:app` is not a lower-case kebab-case word, such as `http-types`",
        ),
        ("size = 7", "size = -7", "22:8: `size` must not be negative"),
        (
            "size = 7",
            "size = \"7\"",
            "22:8: `size` must be an integer, and is a string",
        ),
        (
            "size = 7\n",
            "",
            &format!("17:1: `old:thing@1.0.0` comes from a registry and has no `size`{repair}"),
        ),
        (
            &format!("{digest}\n"),
            "",
            &format!("17:1: `old:thing@1.0.0` comes from a registry and has no `digest`{repair}"),
        ),
        (
            &digest,
            &format!("digest = \"sha512:{digits}\""),
            &format!(
                "21:10: `sha512:{digits}` is not a sha256 digest; wits accepts no other algorithm"
            ),
        ),
        (
            &digest,
            "digest = \"sha256:../x\"",
            "21:10: `sha256:../x` is not `sha256:` and 64 lower-case hex digits",
        ),
        (
            &digest,
            &format!("manifest = \"sha256:{digits}\"\n{digest}"),
            &format!(
                "21:1: `old:thing@1.0.0` comes from a Bindle server, so it cannot have `manifest`{repair}"
            ),
        ),
        (
            "source = \"path:../app/wit\"",
            "source = \"path:../app/wit\"\nsize = 1",
            &format!(
                "8:1: `acme:app@0.1.0` comes from a path and changes with every edit, so it cannot have `size`{repair}"
            ),
        ),
        (
            "embedded-in = \"wasi:http@0.2.12\"",
            &format!("embedded-in = \"wasi:http@0.2.12\"\n{digest}"),
            &format!(
                "15:1: `acme:types@1.0.0` is a copy inside another package, so it cannot have `digest`{repair}"
            ),
        ),
        (
            "\"wasi:http@0.2.12\"]",
            "\"wasi:http@0.2.13\"]",
            &format!(
                "8:17: `acme:app@0.1.0` needs `wasi:http@0.2.13`, which is not in the lock{repair}"
            ),
        ),
        (
            "embedded-in = \"wasi:http@0.2.12\"",
            "embedded-in = \"wasi:http@0.2.13\"",
            &format!(
                "14:15: `acme:types@1.0.0` needs `wasi:http@0.2.13`, which is not in the lock{repair}"
            ),
        ),
        (
            "version = \"1.0.1-rc.1+b\"",
            "version = \"1.0.0\"",
            "26:8: `old:thing@1.0.0` is in the lock twice help: keep the tables of both sides, one for \
             each package, or take one side whole; then run `wits fetch`, which completes the lock",
        ),
        (
            "source = \"path:../app/wit\"",
            "source = \"well-known:wasi.dev\"",
            "7:10: `well-known:wasi.dev` is not a registry URL; write `oci://HOST/PREFIX`, \
             `layout:PATH`, `bindle+https://HOST/v1` or `well-known:DOMAIN`",
        ),
    ] {
        assert_eq!(fault(from, to), message);
    }
    assert!(fault("\"acme:app\"", "\"acme:app").starts_with("5:17: not valid TOML: "));
}

#[test]
fn a_difference_is_a_line() {
    let old = read(CANONICAL).unwrap();
    let mut new = old.clone();
    let thing = new.packages.remove(&id("old:thing@1.0.0")).unwrap();
    new.packages.insert(id("new:thing@1.0.0"), thing);
    let io = new.packages.get_mut(&id("wasi:io@0.2.12")).unwrap();
    let pin = io.pin.as_mut().unwrap();
    pin.digest = Digest::of("");
    pin.manifest = None;
    let http = new.packages.get_mut(&id("wasi:http@0.2.12")).unwrap();
    http.dependencies.remove(&id("old:thing@1.0.0"));
    http.dependencies.insert(id("new:thing@1.0.0"));
    let changes = old.diff(&new);
    let lines: Vec<_> = changes.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "+ new:thing@1.0.0",
            "- old:thing@1.0.0",
            "~ wasi:http@0.2.12 dependencies -old:thing@1.0.0 +new:thing@1.0.0",
            "~ wasi:io@0.2.12 manifest sha256:1111111111111111111111111111111111111111111111111111111111111111 -> none",
            "~ wasi:io@0.2.12 digest sha256:2222222222222222222222222222222222222222222222222222222222222222 -> sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ]
    );
    assert_eq!(old.diff(&old), []);
}
