//! Killed from outside, at random moments: what no point stands for is found by chance.
//!
//! `WITS_KILL_RUNS` says how often each command is killed, `WITS_KILL_SEED` repeats a run of these tests
//! (`cargo xtask kill-runs`).

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wits_testkit::{DockerRegistry, Sandbox};

use super::scene::Scene;
use crate::setting::{TYPES, app, publish, publish_pair, route, world};

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().expect("a number"))
}

/// How often each command is killed.
fn runs() -> u64 {
    number("WITS_KILL_RUNS").unwrap_or(12)
}

/// Moments by chance (`SplitMix64`).
struct Chance(u64);

impl Chance {
    fn new(name: &str) -> Self {
        let now = std::time::UNIX_EPOCH
            .elapsed()
            .map_or(0, |now| now.as_nanos());
        let seed =
            number("WITS_KILL_SEED").unwrap_or(u64::try_from(now % 1_000_000_007).unwrap_or(0));
        eprintln!("{name}: WITS_KILL_SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, limit: Duration) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let [a, b, ..] = (z ^ (z >> 31)).to_be_bytes();
        limit * u32::from(u16::from_be_bytes([a, b])) / u32::from(u16::MAX)
    }
}

/// Starts the command and kills it after a while; whether it was still running.
#[track_caller]
fn kill_after(mut command: Command, moment: Duration) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the command starts");
    std::thread::sleep(moment);
    child.kill().expect("it may be killed");
    let status = child.wait().expect("it ends");
    assert!(status.success() || status.code().is_none(), "{status}");
    status.code().is_none()
}

/// The longest of three undisturbed runs, within which the moments are.
#[track_caller]
fn duration(mut run: impl FnMut()) -> Duration {
    let time = |_| {
        let begun = Instant::now();
        run();
        begun.elapsed()
    };
    (0..3).map(time).max().unwrap_or_default()
}

#[track_caller]
fn killed_at_random(name: &str, scene: &Scene) {
    let mut chance = Chance::new(name);
    let longest = duration(|| {
        scene.begin_again();
        scene.sandbox().run(&mut scene.command()).succeeds();
    });
    let mut killed = 0;
    for run in 0..runs() {
        scene.begin_again();
        let moment = chance.below(longest);
        killed += u64::from(kill_after(scene.command(), moment));
        let at = format!("{name}: run {run}, after {moment:?}");
        scene.holds(&at);
        scene.ends_well(&at);
    }
    eprintln!("{name}: {killed} killed of {}", runs());
}

fn with_layout() -> Sandbox {
    // On a disk, so that syncs take their time and kills fall into them.
    let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_wits"));
    route(&sandbox, "layout:registry");
    sandbox
}

#[test]
fn a_fetch() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    sandbox.top().remove("home/.cache/wits");
    app(&sandbox, "import acme:store/store@1.0.0;");
    killed_at_random("fetch", &Scene::new(sandbox, "app", &["fetch"]));
}

#[test]
fn a_fetch_that_replaces_adds_and_removes() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    publish(&sandbox, "types-2", &TYPES.replace("@1.0.0", "@2.0.0"));
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.wits(["fetch"]).succeeds();
    let lines = "import acme:types/errors@1.0.0;\n    import acme:types/spare@2.0.0;";
    app.write("wit/world.wit", world(lines));
    app.write("wit/deps/acme-types-1.0.0/package.wit", "edited");
    killed_at_random("fetch of a change", &Scene::new(sandbox, "app", &["fetch"]));
}

#[test]
fn a_publish_into_a_layout() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let wit = TYPES.replace("@1.0.0", "@2.0.0");
    sandbox.project("new").write("wit/package.wit", wit);
    let scene = Scene::new(sandbox, "new", &["publish"]);
    killed_at_random("publish into a layout", &scene);
}

#[test]
fn a_fetch_from_a_registry() {
    let Some(registry) = DockerRegistry::start() else {
        return;
    };
    let sandbox = with_layout();
    route(&sandbox, &registry.url());
    publish_pair(&sandbox);
    sandbox.top().remove("home/.cache/wits");
    app(&sandbox, "import acme:store/store@1.0.0;");
    let scene = Scene::new(sandbox, "app", &["fetch"]);
    killed_at_random("fetch from a registry", &scene);
}

/// Each time another version, for a registry cannot be taken back to what it was.
#[test]
fn a_publish_to_a_registry() {
    let Some(registry) = DockerRegistry::start() else {
        return;
    };
    let name = "publish to a registry";
    let sandbox = with_layout();
    route(&sandbox, &registry.url());
    let project = sandbox.project("types");
    let version = |patch: String| {
        let wit = TYPES.replace("types@1.0.0", &format!("types@1.0.{patch}"));
        project.write("wit/package.wit", wit);
        format!("1.0.{patch}")
    };
    let mut chance = Chance::new(name);
    let mut patch = 0_u64;
    let longest = duration(|| {
        version(patch.to_string());
        patch += 1;
        project.wits(["publish"]).succeeds();
    });
    let mut killed = 0;
    for run in 0..runs() {
        let version = version((patch + run).to_string());
        let moment = chance.below(longest);
        killed += u64::from(kill_after(project.command(["publish"]), moment));
        registry.assert_whole("acme/types", &version);
        project.wits(["publish"]).succeeds();
        registry.assert_whole("acme/types", &version);
        assert!(registry.tags("acme/types").contains(&version), "{version}");
        project.wits(["build", "-o", "built.wasm"]).succeeds();
        let built = wits_testkit::sha256(&project.read_bytes("built.wasm"));
        assert_eq!(registry.layer_digest("acme/types", &version), built);
    }
    eprintln!("{name}: {killed} killed of {}", runs());
}
