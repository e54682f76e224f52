//! What a user reads when something is wrong: the file, the line, the next step; and the exit code.

use snapbox::str;
use wits_testkit::Tree;

use crate::setting::{self, TYPES, app, publish, publish_pair, with_layout};

#[test]
fn a_package_that_does_not_exist() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:sore/store@1.0.0;");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: `acme:sore` is not in its registry `layout:[ROOT]/registry/acme/sore`
 --> wit/world.wit:4:12
  |
4 |     import acme:sore/store@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^
  |
  = help: `acme:store` has a similar name

"#]]);
    before.assert_untouched();
}

#[test]
fn a_version_that_does_not_exist() {
    let sandbox = with_layout();
    for version in ["0.9.0", "1.0.0", "1.2.0", "3.0.0"] {
        publish(
            &sandbox,
            version,
            &TYPES.replace("@1.0.0", &format!("@{version}")),
        );
    }
    let app = app(&sandbox, "import acme:types/errors@1.1.0;");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: `acme:types` has no version 1.1.0
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.1.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: the nearest version is 1.2.0, the newest 3.0.0

"#]]);
    before.assert_untouched();
}

#[test]
fn an_import_without_a_version() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store;");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: `acme:store` is imported without a version
 --> wit/world.wit:4:12
  |
4 |     import acme:store/store;
  |            ^^^^^^^^^^^^^^^^
  |
  = help: write the version: `acme:store/…@1.0.0` is the newest

"#]]);
    before.assert_untouched();
}

#[test]
fn a_syntax_error() {
    let sandbox = with_layout();
    let app = app(&sandbox, "import acme:store store@1.0.0;");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: expected ';', found an identifier
 --> wit/world.wit:4:23
  |
4 |     import acme:store store@1.0.0;
  |                       ^

"#]]);
    before.assert_untouched();
}

#[test]
fn an_interface_that_a_dependency_does_not_have() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/stores@1.0.0;");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: interface `stores` is not in package `acme:store@1.0.0`
 --> wit/world.wit:4:12
  |
4 |     import acme:store/stores@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^

"#]]);
    before.assert_untouched();
}

#[test]
fn a_namespace_without_a_registry() {
    let sandbox = with_layout();
    let app = app(&sandbox, "import nowhere:store/store@1.0.0;");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: no registry is known for `nowhere:store`
 --> wit/world.wit:4:12
  |
4 |     import nowhere:store/store@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: name its registry in registry.toml:
              [namespaces]
              nowhere = "oci://HOST/PREFIX"

"#]]);
    before.assert_untouched();
}

/// The chain is told, down to the line of the project.
#[test]
fn a_dependency_of_a_dependency_that_is_gone() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    publish(
        &sandbox,
        "top",
        "package acme:top@1.0.0;\ninterface top { use acme:store/store@1.0.0.{error}; f: func() -> error; }\n",
    );
    sandbox.top().remove("registry/acme/types");
    let app = app(&sandbox, "import acme:top/top@1.0.0;");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: `acme:types` is not in its registry `layout:[ROOT]/registry/acme/types`
 --> wit/world.wit:4:12
  |
4 |     import acme:top/top@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^
  |
  = help: needed by `acme:top@1.0.0`
  = help: tell its publisher; the copy that a dependent embeds can stand in for it, as a stub, with
              [packages]
              "acme:types" = { embedded = "allow" }
          in registry.toml

"#]]);
    before.assert_untouched();
}

#[test]
fn a_place_without_a_project() {
    let sandbox = setting::sandbox();
    sandbox
        .top()
        .wits(["fetch"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: there is no WIT project in `.` or above it
 |
 = help: run `wits init ns:name` to begin one, or name a directory with `-C DIR`

"#]]);
    sandbox
        .top()
        .wits(["-C", "nowhere", "fetch"])
        .exits(2)
        .stdout("")
        .stderr(str![[r#"
error: `nowhere` is not a directory

"#]]);
}

#[test]
fn a_key_of_wits_toml_that_does_not_exist() {
    let sandbox = with_layout();
    let app = app(&sandbox, "export run: func();");
    app.write("wits.toml", "[package]\ndescripton = \"a typo\"\n");
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: unknown key `descripton` in [package]
 --> wits.toml:2:1
  |
2 | descripton = "a typo"
  | ^^^^^^^^^^
  |
  = help: did you mean `description`?

"#]]);
}

#[test]
fn a_registry_url_that_is_none() {
    let sandbox = setting::sandbox();
    setting::route(&sandbox, "ftp://example.test");
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: `ftp://example.test` is not a registry URL; write `oci://HOST/PREFIX`, `layout:PATH`, `bindle+https://HOST/v1` or `well-known:DOMAIN`
 --> [ROOT]/registry.toml:2:8
  |
2 | demo = "ftp://example.test"
  |        ^^^^^^^^^^^^^^^^^^^^

"#]]);
}

#[test]
fn wrong_usage() {
    let sandbox = setting::sandbox();
    let top = sandbox.top();
    top.wits(["fetsh"]).exits(2).stdout("").stderr(str![[r#"
error: unrecognized subcommand 'fetsh'

  tip: a similar subcommand exists: 'fetch'

Usage: wits [OPTIONS] <COMMAND>

For more information, try '--help'.

"#]]);
    top.wits(["fetch", "--lokced"])
        .exits(2)
        .stdout("")
        .stderr(str![[r#"
error: unexpected argument '--lokced' found

  tip: a similar argument exists: '--locked'

Usage: wits fetch --locked

For more information, try '--help'.

"#]]);
    top.wits(["get"]).exits(2).stdout("").stderr(str![[r#"
error: the following required arguments were not provided:
  <NS:NAME[@VERSION]>

Usage: wits get <NS:NAME[@VERSION]>

For more information, try '--help'.

"#]]);
}

#[test]
fn help_and_version_are_data() {
    let sandbox = setting::sandbox();
    let top = sandbox.top();
    top.wits(["--help"])
        .succeeds()
        .stdout(str![[r#"
The package manager for WIT

Usage: wits [OPTIONS] <COMMAND>

Commands:
  init     Begin a project: wit/world.wit
  fetch    Resolve, pin in wits.lock, and lay out wit/deps
  lock     Resolve and pin in wits.lock, and nothing else
  build    Build the project as a WIT package in its binary form
  publish  Publish the project, or a .wasm, to the registry that serves its name
  get      Save one package, without a project
  yank     Take a version back: nobody is to begin using it
  bindle   Keys for Bindle
  login    Keep a credential for a registry, where Docker and podman keep theirs
  logout   Drop the credential that is kept for a registry
  config   What is in force, and who says so
  migrate  Write the project's own files from those of wkg and wit-deps
  verify   Check wits.lock, the cache and wit/deps against each other, without the network
  cache    The packages that were downloaded: where they are, how much, and fewer of them
  help     Print this message or the help of the given subcommand(s)

Options:
  -h, --help
          Print help (see a summary with '-h')

  -V, --version
          Print version

Global options:
  -C, --directory <DIR>
          Run as if started in DIR

      --wit-dir <DIR>
          The WIT directory, relative to the project [default: wit]
          
          [env: WITS_WIT_DIR=]

      --config <FILE>
          A registry.toml that comes before all others [env: `WITS_CONFIG`]

      --cache-dir <DIR>
          Where downloaded packages are kept [default: the user's cache directory]
          
          [env: WITS_CACHE_DIR=]

      --locked
          Fail if wits.lock would change
          
          [env: WITS_LOCKED=]

      --offline
          Open no socket
          
          [env: WITS_OFFLINE=]

      --frozen
          --locked and --offline
          
          [env: WITS_FROZEN=]

      --http-timeout <SECONDS>
          Give a registry up that is silent, or slower than 10 bytes a second, for so long [default:
          30]
          
          [env: WITS_HTTP_TIMEOUT=]

      --http-retries <COUNT>
          Ask again so often where a failure may pass [default: 3]
          
          [env: WITS_HTTP_RETRIES=]

      --lock-timeout <SECONDS>
          Wait so long for another wits that works on the same project or layout [default: 60]
          
          [env: WITS_LOCK_TIMEOUT=]

  -q, --quiet
          Print errors only

  -v, --verbose
          Print more

      --color <WHEN>
          When to use colour

          Possible values:
          - auto:   On a terminal, unless `NO_COLOR` is set
          - always: Always
          - never:  Never
          
          [default: auto]

      --format <FORMAT>
          How to print results

          Possible values:
          - text: For people
          - json: For programs: one JSON object with `"version": 1`
          
          [default: text]

Exit codes: 0 done, 1 project or request at fault, 2 usage, 3 integrity, 75 try again later, 70 a
bug

"#]])
        .stderr("");
    top.wits(["--version"])
        .succeeds()
        .stdout(str![[r#"
wits 0.1.0

"#]])
        .stderr("");
    for command in ["init", "fetch", "lock", "build", "publish", "get"] {
        top.wits([command, "--help"]).succeeds().stderr("");
    }
}

/// No colour and no progress where no terminal is; colour where it is asked for.
#[test]
fn colour_is_only_where_it_is_wanted() {
    let sandbox = with_layout();
    let app = app(&sandbox, "import acme:store/store;");
    let escape = "\u{1b}[";
    assert!(!app.wits(["fetch"]).talk().contains(escape));
    assert!(
        app.wits(["fetch", "--color", "always"])
            .talk()
            .contains(escape)
    );
    let forced = [("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")];
    assert!(
        !app.wits_with(&forced[1..], ["fetch"])
            .talk()
            .contains(escape)
    );
}

#[test]
fn quiet_leaves_the_errors() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.wits(["-q", "fetch"]).succeeds().stdout("").stderr("");
    app.replace("wit/world.wit", "store@1.0.0", "store@9.0.0");
    app.wits(["-q", "fetch"]).exits(1).says("error: ");
}
