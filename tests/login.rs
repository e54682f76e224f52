//! `wits login` and `logout`, and who the user is to a real registry.

use std::fs::{self, File};

use snapbox::str;
use wits_testkit::{DockerRegistry, Door, Guard, Outcome, Project, Sandbox};

use crate::setting::{app, helper, publish_pair, route, sandbox};

/// A secret that nothing may print, keep elsewhere or send to another.
const CANARY: &str = "canary-7f3a";
const CONFIG: &str = "home/.docker/config.json";

type Variables<'a> = &'a [(&'a str, &'a str)];

/// Runs `wits` with a text on its standard input.
#[track_caller]
fn wits_reading(sandbox: &Sandbox, stdin: &str, arguments: &[&str]) -> Outcome {
    let path = sandbox.root().join("tmp/stdin");
    fs::write(&path, stdin).expect("a file for standard input");
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_wits"), "");
    command
        .args(arguments)
        .stdin(File::open(&path).expect("a file for standard input"));
    let outcome = sandbox.run(&mut command);
    fs::remove_file(&path).expect("the file for standard input");
    outcome
}

#[track_caller]
fn login(sandbox: &Sandbox, host: &str) -> Outcome {
    wits_reading(
        sandbox,
        &format!("{CANARY}\n"),
        &["login", host, "--username", "me", "--password-stdin"],
    )
}

/// `me` and the canary, as the files have it.
fn auth() -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(format!("me:{CANARY}"))
}

fn config(sandbox: &Sandbox) -> serde_json::Value {
    serde_json::from_str(&sandbox.top().read(CONFIG)).expect("JSON")
}

/// A registry behind a password, and an open one with the same packages.
fn guarded() -> Option<(DockerRegistry, Door)> {
    let registry = DockerRegistry::start()?;
    let door = registry.door(Guard {
        password: Some(("me", CANARY)),
        ..Guard::default()
    });
    Some((registry, door))
}

/// A project that needs a package from behind the door.
fn needing<'a>(sandbox: &'a Sandbox, registry: &DockerRegistry, door: &Door) -> Project<'a> {
    route(sandbox, &registry.url());
    publish_pair(sandbox);
    route(sandbox, &format!("oci+http://{}", door.address()));
    sandbox.top().remove("home/.cache");
    app(sandbox, "import acme:types/errors@1.0.0;")
}

#[test]
fn a_login_is_written_where_docker_reads_and_taken_away_again() {
    let sandbox = sandbox();
    let top = sandbox.top();
    login(&sandbox, "Registry.acme.example:5000")
        .succeeds()
        .stdout("")
        .stderr(str![[r#"
        Kept the credential for registry.acme.example:5000 in [ROOT]/home/.docker/config.json

"#]])
        .never_says(CANARY);
    assert_eq!(
        config(&sandbox)["auths"]["registry.acme.example:5000"]["auth"],
        auth()
    );
    let mode = |path: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        fs::metadata(top.path(path)).unwrap().permissions().mode() & 0o777
    };
    assert_eq!(mode(CONFIG), 0o600);
    login(&sandbox, "docker.io").succeeds();
    assert_eq!(
        config(&sandbox)["auths"]["https://index.docker.io/v1/"]["auth"],
        auth()
    );
    wits_reading(
        &sandbox,
        CANARY,
        &[
            "login",
            "id.example",
            "--password-stdin",
            "--format",
            "json",
        ],
    )
    .succeeds()
    .never_says(CANARY);
    assert_eq!(
        config(&sandbox)["auths"]["id.example"]["identitytoken"],
        CANARY
    );
    for host in [
        "https://registry.acme.example:5000",
        "docker.io",
        "id.example",
    ] {
        top.wits(["logout", host]).succeeds();
    }
    assert_eq!(config(&sandbox)["auths"], serde_json::json!({}));
    top.wits(["logout", "ghcr.io"]).succeeds().stderr(str![[r#"
       Fresh no credential is kept for ghcr.io

"#]]);
}

#[test]
fn what_else_is_in_the_file_stays_as_it_was() {
    let sandbox = sandbox();
    let top = sandbox.top();
    let other = "{\"auth\":  \"b3RoZXI6eA==\", \"email\": null}";
    top.write(
        CONFIG,
        format!(
            "{{\n  \"psFormat\": \"table {{{{.ID}}}}\",\n  \"big\": 123456789012345678901234567890,\n  \
             \"auths\": {{\"other.example\": {other}, \"https://h.example\": {{}}}},\n  \"z\": [1.0,  2]\n}}\n"
        ),
    );
    login(&sandbox, "h.example").succeeds();
    let text = top.read(CONFIG);
    for kept in [
        "\"psFormat\": \"table {{.ID}}\"",
        "\"big\": 123456789012345678901234567890",
        "\"z\": [1.0,  2]",
        other,
    ] {
        assert!(text.contains(kept), "{kept} in {text}");
    }
    assert!(!text.contains("https://h.example"), "{text}");
    assert!(text.find("big").unwrap() < text.find("auths").unwrap());
    // A file that is not understood is left alone.
    top.write(CONFIG, "{\"auths\": canary-7f3a");
    login(&sandbox, "h.example")
        .exits(1)
        .says("is not JSON of the form that Docker and podman write")
        .never_says(CANARY);
    assert_eq!(top.read(CONFIG), "{\"auths\": canary-7f3a");
}

#[test]
fn the_file_of_podman_is_written_where_that_is_what_there_is() {
    let sandbox = sandbox();
    let top = sandbox.top();
    let podman = "home/.config/containers/auth.json";
    top.write(podman, "{}");
    login(&sandbox, "h.example").succeeds();
    assert!(top.read(podman).contains(&auth()));
    assert!(!top.has(CONFIG));
    let named = top.path("named.json").display().to_string();
    let path = sandbox.root().join("tmp/in");
    fs::write(&path, CANARY).unwrap();
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_wits"), "");
    command
        .args(["login", "h.example", "-u", "me", "--password-stdin"])
        .env("REGISTRY_AUTH_FILE", &named)
        .stdin(File::open(&path).unwrap());
    sandbox.run(&mut command).succeeds();
    assert!(top.read("named.json").contains(&auth()));
}

#[test]
fn what_is_no_login_is_refused() {
    let sandbox = sandbox();
    let top = sandbox.top();
    top.wits(["login", "h.example"]).exits(2);
    wits_reading(
        &sandbox,
        "\n",
        &["login", "h.example", "-u", "me", "--password-stdin"],
    )
    .exits(1);
    for host in ["h.example/acme", "me:canary-7f3a@h.example", "", "a b"] {
        login(&sandbox, host).exits(1).never_says(CANARY);
    }
    assert!(!top.has(CONFIG));
}

#[test]
fn a_store_that_the_file_names_keeps_the_secret() {
    let sandbox = sandbox();
    let top = sandbox.top();
    let kept = top.path("kept").display().to_string();
    let path = helper(
        &sandbox,
        "box",
        &format!(
            "echo \"$1 $(cat)\" >> {kept}; [ $1 != get ] || echo '{{\"Username\":\"me\",\"Secret\":\"{CANARY}\"}}'"
        ),
    );
    top.write(CONFIG, "{\"credsStore\": \"box\"}");
    let stdin = top.path("in");
    fs::write(&stdin, CANARY).unwrap();
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_wits"), "");
    command
        .args(["login", "h.example", "-u", "me", "--password-stdin"])
        .env("PATH", &path)
        .stdin(File::open(&stdin).unwrap());
    sandbox.run(&mut command).succeeds().stderr(str![[r#"
        Kept the credential for h.example in the credential helper `docker-credential-box` (named in [ROOT]/home/.docker/config.json)

"#]]);
    assert!(!top.read(CONFIG).contains(CANARY));
    assert_eq!(
        config(&sandbox)["auths"]["h.example"],
        serde_json::json!({})
    );
    top.wits_with(&[("PATH", &path)], ["logout", "h.example"])
        .succeeds();
    assert_eq!(
        top.read("kept"),
        format!(
            "store {{\"ServerURL\":\"h.example\",\"Username\":\"me\",\"Secret\":\"{CANARY}\"}}\nerase h.example\n"
        )
    );
}

/// Every place where a credential may be, asked for by a registry that lets nobody else in.
#[test]
fn a_credential_is_found_wherever_it_is_kept() {
    let Some((registry, door)) = guarded() else {
        return;
    };
    let sandbox = sandbox();
    let app = needing(&sandbox, &registry, &door);
    let top = sandbox.top();
    let host = door.address();
    app.wits(["fetch"]).exits(1).never_says(CANARY);

    let entry = format!("{{\"auths\":{{\"{host}\":{{\"auth\":\"{}\"}}}}}}", auth());
    let spelled: String = host
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    let variable = format!("WITS_TOKEN_{spelled}");
    let token = format!("me:{CANARY}");
    let named = top.path("named.json").display().to_string();
    let path = helper(
        &sandbox,
        "box",
        &format!("echo '{{\"Username\":\"me\",\"Secret\":\"{CANARY}\"}}'"),
    );
    let docker = top.path("docker").display().to_string();
    let store = "{\"credsStore\":\"box\"}".to_owned();
    let helpers = format!("{{\"credHelpers\":{{\"{host}\":\"box\"}}}}");
    let path_in_host = format!(
        "{{\"auths\":{{\"{host}/acme\":{{\"auth\":\"{}\"}}}}}}",
        auth()
    );
    let wkg = format!("[registry.\"{host}\".oci]\nauth = \"{}\"\n", auth());
    let podman = "home/.config/containers/auth.json";
    let cases: [(&str, &str, Variables<'_>); 9] = [
        (CONFIG, &entry, &[]),
        ("docker/config.json", &entry, &[("DOCKER_CONFIG", &docker)]),
        (podman, &entry, &[]),
        ("named.json", &entry, &[("REGISTRY_AUTH_FILE", &named)]),
        (podman, &path_in_host, &[]),
        (CONFIG, &store, &[("PATH", &path)]),
        (CONFIG, &helpers, &[("PATH", &path)]),
        ("home/.config/wasm-pkg/config.toml", &wkg, &[]),
        ("nothing", "", &[(&variable, &token)]),
    ];
    for (file, text, environment) in cases {
        top.write(file, text);
        for verbosity in ["-q", "-v"] {
            let outcome = app.wits_with(environment, ["fetch", verbosity]);
            outcome.succeeds().never_says(CANARY).never_says(&auth());
            for left in ["wit/deps", "wits.lock", "../home/.cache"] {
                app.remove(left);
            }
        }
        top.remove(file);
    }
}

/// The secret is in no output, lock, stamp or cache, whatever is said and however it ends.
#[test]
fn the_secret_shows_nowhere() {
    let Some((registry, door)) = guarded() else {
        return;
    };
    let sandbox = sandbox();
    let app = needing(&sandbox, &registry, &door);
    login(&sandbox, door.address())
        .succeeds()
        .never_says(CANARY);
    let commands: [&[&str]; 8] = [
        &["fetch"],
        &["fetch", "-v"],
        &["lock", "--check"],
        &["config", "show"],
        &["config", "show", "--format", "json"],
        &["get", "acme:types@1.0.0", "-o", "here.wit"],
        &["get", "acme:absent@1.0.0", "-v"],
        &["publish", "--dry-run", "-v"],
    ];
    for command in commands {
        app.wits(command.iter().copied())
            .never_says(CANARY)
            .never_says(&auth());
    }
    // A password that the registry does not take.
    wits_reading(
        &sandbox,
        &format!("{CANARY}-stale"),
        &["login", door.address(), "-u", "me", "--password-stdin"],
    )
    .succeeds();
    for left in ["wit/deps", "wits.lock", "../home/.cache"] {
        app.remove(left);
    }
    app.wits(["fetch", "-v"]).exits(1).never_says(CANARY);
    assert_eq!(holding(&sandbox), [CONFIG], "files with the secret");
}

/// The files of the sandbox that hold the canary as it is.
fn holding(sandbox: &Sandbox) -> Vec<String> {
    let mut found = Vec::new();
    let mut dirs = vec![sandbox.root().to_owned()];
    let plain = CANARY.as_bytes();
    let coded = auth().into_bytes();
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                dirs.push(path);
                continue;
            }
            let bytes = fs::read(&path).unwrap();
            let holds = |part: &[u8]| bytes.windows(part.len()).any(|it| it == part);
            let name = path
                .strip_prefix(sandbox.root())
                .unwrap()
                .display()
                .to_string();
            if holds(plain) || holds(&coded[..coded.len() - 4]) {
                found.push(name);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_helper_that_does_not_work_is_named() {
    let Some((registry, door)) = guarded() else {
        return;
    };
    let sandbox = sandbox();
    let app = needing(&sandbox, &registry, &door);
    let host = door.address();
    let helpers = format!("{{\"credHelpers\":{{\"{host}\":\"box\"}}}}");
    sandbox.top().write(CONFIG, helpers);
    for (script, reason) in [
        (
            format!("echo {CANARY}"),
            "did not answer with a user name and a secret in JSON",
        ),
        (format!("echo {CANARY}; exit 4"), "failed with exit code 4"),
        ("sleep 20".to_owned(), "did not answer within 10 s"),
    ] {
        let path = helper(&sandbox, "box", &script);
        app.wits_with(&[("PATH", &path)], ["fetch"])
            .exits(1)
            .says(&format!(
                "the credential helper `docker-credential-box` {reason}"
            ))
            .never_says(CANARY);
    }
    app.wits(["fetch"]).exits(1).says(
        "the credential helper `docker-credential-gone` is not installed"
            .replace("gone", "box")
            .as_str(),
    );
    // One for all hosts, which knows nothing of this one, may be missing.
    sandbox.top().write(CONFIG, "{\"credsStore\":\"gone\"}");
    app.wits(["fetch"])
        .exits(1)
        .says("`docker-credential-gone`, which `[ROOT]/home/.docker/config.json` names for all hosts, is not installed");
}

#[test]
fn a_variable_that_two_hosts_share_is_refused() {
    let Some((registry, door)) = guarded() else {
        return;
    };
    let sandbox = sandbox();
    let app = needing(&sandbox, &registry, &door);
    let alike = door.address().replacen('.', "-", 1);
    sandbox.top().write(
        "home/.config/wits/registry.toml",
        format!("[namespaces]\nother = \"oci://{alike}\"\n"),
    );
    let spelled = alike.replace(['.', '-', ':'], "_");
    let variable = format!("WITS_TOKEN_{spelled}");
    app.wits_with(&[(&variable, &format!("me:{CANARY}"))], ["fetch"])
        .exits(1)
        .says("which are spelled alike in it; use `wits login` for both")
        .never_says(CANARY);
}
