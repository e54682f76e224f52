//! A start state, a command, and what must hold whenever the command is killed.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use wits_testkit::{Content, Layout, Outcome, Project, Sandbox, Snapshot, sha256};

/// A sandbox in which one command does one thing, again and again from the same state.
pub(super) struct Scene {
    sandbox: Sandbox,
    dir: PathBuf,
    arguments: Vec<String>,
    /// Whether the command may be run again when it has done its work.
    repeats: bool,
    start: Snapshot,
    /// What the command makes of it, undisturbed.
    end: Snapshot,
    /// The points it comes by on the way.
    points: Vec<String>,
}

impl Scene {
    /// What `arguments` do in `dir`. The sandbox is as it is to be when they begin.
    #[track_caller]
    pub(super) fn new(sandbox: Sandbox, dir: &str, arguments: &[&str]) -> Self {
        let start = Snapshot::of(sandbox.root());
        let mut scene = Self {
            dir: dir.into(),
            arguments: arguments.iter().map(|&word| word.to_owned()).collect(),
            repeats: true,
            end: start.clone(),
            points: Vec::new(),
            start,
            sandbox,
        };
        scene.points = scene.points_of_a_run();
        scene.end = scene.found();
        assert_ne!(scene.start, scene.end, "the command writes something");
        scene
    }

    /// Of a command that refuses to do its work twice.
    pub(super) fn that_does_not_repeat(mut self) -> Self {
        self.repeats = false;
        self
    }

    pub(super) fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// How many points an undisturbed run comes by.
    pub(super) fn points(&self) -> usize {
        self.points.len()
    }

    fn project(&self) -> Project<'_> {
        self.sandbox.project(&self.dir)
    }

    fn found(&self) -> Snapshot {
        Snapshot::of(self.sandbox.root())
    }

    /// The command, to be started otherwise than here.
    pub(super) fn command(&self) -> std::process::Command {
        self.project().command(&self.arguments)
    }

    pub(super) fn begin_again(&self) {
        self.start.restore();
    }

    #[track_caller]
    fn run(&self, environment: &[(&str, &str)]) -> Outcome {
        let mut command = self.command();
        command.envs(environment.iter().copied());
        self.sandbox.run(&mut command)
    }

    /// Runs the command to its end and tells which points it came by.
    #[track_caller]
    fn points_of_a_run(&self) -> Vec<String> {
        // Outside the sandbox, where everything that is found counts.
        let log = tempfile_beside(&self.sandbox);
        let _ = std::fs::remove_file(&log);
        self.run(&[("WITS_KILL_POINTS_LOG", &log.display().to_string())])
            .succeeds();
        let points = std::fs::read_to_string(&log).unwrap_or_default();
        let _ = std::fs::remove_file(&log);
        points.lines().map(str::to_owned).collect()
    }

    /// Kills the command at every point of its run.
    #[track_caller]
    pub(super) fn killed_at_every_point(&self) {
        for (nth, point) in self.points.iter().enumerate() {
            self.begin_again();
            self.kill_at(nth);
            let at = format!("{:?} killed at {nth}, `{point}`", self.arguments);
            self.holds(&at);
            self.ends_well(&at);
        }
        eprintln!("{:?}: {} kills", self.arguments, self.points());
    }

    /// Kills the command at every `stride`-th point, and each time the next run at every point of its own.
    #[track_caller]
    pub(super) fn killed_twice(&self, stride: usize) {
        let mut pairs = 0;
        for (nth, point) in self.points.iter().enumerate().step_by(stride) {
            self.begin_again();
            self.kill_at(nth);
            let midway = self.found();
            let again = self.points_of_a_run();
            for (mth, second) in again.iter().enumerate() {
                midway.restore();
                self.kill_at(mth);
                let at = format!(
                    "{:?} killed at {nth}, `{point}`, and the next at {mth}, `{second}`",
                    self.arguments
                );
                self.holds(&at);
                self.ends_well(&at);
            }
            pairs += again.len();
        }
        eprintln!("{:?}: {pairs} pairs of kills", self.arguments);
    }

    #[track_caller]
    fn kill_at(&self, nth: usize) {
        self.run(&[("WITS_KILL_POINT", &nth.to_string())])
            .was_killed();
    }

    /// The next run does what is left to do, and nothing tells that there was a kill.
    #[track_caller]
    pub(super) fn ends_well(&self, at: &str) {
        let next = self.run(&[]);
        assert!(
            next.code() == Some(0) || !self.repeats && self.end == self.found(),
            "{at}; then\n{next}"
        );
        let differences = self.end.clone().without(is_lock);
        let differences = differences.differences(&self.found().without(is_lock));
        assert!(
            differences.is_empty(),
            "{at}; then {differences:#?}\n{next}"
        );
    }

    /// What holds at any instant: old or new, and nothing else.
    #[track_caller]
    pub(super) fn holds(&self, at: &str) {
        let found = self.found();
        let states = [&self.start, &self.end];
        for (path, content) in found.iter() {
            if is_spare(path) {
                continue;
            }
            let known = states.iter().any(|state| state.get(path) == Some(content));
            assert!(known, "{at}: {} is neither old nor new", path.display());
        }
        for (path, content) in self.start.iter() {
            let may_go = self.end.get(path).is_none() || is_spare(path);
            let stays = found.get(path).is_some();
            assert!(stays || may_go, "{at}: {} is gone", path.display());
            if self.end.get(path) == Some(content) && !is_spare(path) {
                assert_eq!(found.get(path), Some(content), "{at}: {}", path.display());
            }
        }
        for entry in self.entries(&found) {
            let is = |state: &Snapshot| found.below(&entry) == state.below(&entry);
            assert!(
                is(&self.start) || is(&self.end),
                "{at}: {} is torn",
                entry.display()
            );
            // The lock comes first: what stands in `wit/deps` is in it.
            let is_new = !is(&self.start);
            for lock in self.locks() {
                let written = found.get(&lock) == self.end.get(&lock);
                assert!(
                    written || !is_new,
                    "{at}: {} before the lock",
                    entry.display()
                );
            }
        }
        self.cache_is_sound(&found, at);
        let registry = Layout::at(self.sandbox.root().join("registry"));
        for repository in registry.repositories() {
            registry.assert_whole(&repository);
        }
    }

    /// A blob that stands under a digest has it.
    #[track_caller]
    fn cache_is_sound(&self, found: &Snapshot, at: &str) {
        for (path, content) in found.iter() {
            let Content::File(bytes) = content else {
                continue;
            };
            let is_blob = path.starts_with("home/.cache/wits/v1/blobs") && !is_temporary(path);
            if is_blob && self.start.get(path) != Some(content) {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                assert_eq!(sha256(bytes), format!("sha256:{name}"), "{at}");
            }
        }
    }

    /// The paths of everything that stands or stood in a `wit/deps`.
    fn entries(&self, found: &Snapshot) -> BTreeSet<PathBuf> {
        let states = [&self.start, &self.end, found];
        let paths = states.iter().flat_map(|state| state.iter());
        paths
            .map(|(path, _)| path)
            .filter(|path| path.parent().is_some_and(|dir| dir.ends_with("wit/deps")))
            .map(Path::to_owned)
            .collect()
    }

    fn locks(&self) -> BTreeSet<PathBuf> {
        let paths = self.end.iter().map(|(path, _)| path);
        paths
            .filter(|path| path.ends_with("wits.lock"))
            .map(Path::to_owned)
            .collect()
    }
}

/// What nobody but wits looks at: temporary files, what waits beside `wit/deps`, the cache.
fn is_spare(path: &Path) -> bool {
    path.starts_with("home/.cache") || is_temporary(path)
}

fn is_temporary(path: &Path) -> bool {
    let ours = |part: Component<'_>| {
        let name = part.as_os_str().to_string_lossy();
        name.starts_with(".wits-") || name == ".wits.lock"
    };
    path.components().any(ours)
}

/// A file that is there to be locked. What a killed holder wrote into it stays until the next holder.
fn is_lock(path: &Path) -> bool {
    path.starts_with("home/.cache/wits/v1/locks") || path.ends_with(".wits.lock")
}

fn tempfile_beside(sandbox: &Sandbox) -> PathBuf {
    sandbox.root().with_extension("points")
}
