//! A machine of one's own for one test.
//!
//! The sandbox is a temporary directory that looks like a version-controlled checkout, so that the
//! search for a project's files ends at its top. The command runs with an environment built from
//! nothing: whatever the developer has configured cannot make a test pass or fail.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::outcome::Outcome;

/// A temporary directory with an isolated home, cache and configuration.
///
/// ```text
/// ROOT/.git/     marks the top, so that nothing above is searched
/// ROOT/home/     HOME; `.cache` and `.config` in it are the XDG directories
/// ROOT/...       what the test writes
/// ```
#[derive(Debug)]
pub struct Sandbox {
    root: PathBuf,
    program: PathBuf,
    // Held for its Drop.
    _dir: tempfile::TempDir,
}

impl Sandbox {
    /// An empty sandbox in which [`Project::wits`] runs `program`.
    ///
    /// An integration test of the command's package passes `env!("CARGO_BIN_EXE_wits")`.
    #[track_caller]
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self::below(std::env::temp_dir(), program)
    }

    /// The same, kept in memory where the system can: for tests that write so often that a disk would be
    /// what they wait for.
    #[track_caller]
    pub fn in_memory(program: impl Into<PathBuf>) -> Self {
        let memory = Path::new("/dev/shm");
        if memory.is_dir()
            && !fs::metadata(memory).is_ok_and(|found| found.permissions().readonly())
        {
            return Self::below(memory, program);
        }
        Self::new(program)
    }

    /// The same, in this directory.
    #[track_caller]
    pub fn below(dir: impl AsRef<Path>, program: impl Into<PathBuf>) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("wits-test-")
            .tempdir_in(dir)
            .expect("a temporary directory");
        let root = dir.path().canonicalize().expect("the temporary directory");
        for sub in [".git", "home/.cache", "home/.config", "tmp"] {
            fs::create_dir_all(root.join(sub)).expect("a directory in the sandbox");
        }
        Self {
            root,
            program: program.into(),
            _dir: dir,
        }
    }

    /// The top of the sandbox, without symbolic links in its path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `XDG_CACHE_HOME` of everything that runs here.
    pub fn cache_home(&self) -> PathBuf {
        self.root.join("home/.cache")
    }

    /// `XDG_CONFIG_HOME` of everything that runs here.
    pub fn config_home(&self) -> PathBuf {
        self.root.join("home/.config")
    }

    /// The directory `dir` of the sandbox, created if need be.
    #[track_caller]
    pub fn project(&self, dir: impl AsRef<Path>) -> Project<'_> {
        let dir = self.root.join(dir);
        fs::create_dir_all(&dir).expect("a directory in the sandbox");
        Project { sandbox: self, dir }
    }

    /// The top directory itself, as a project.
    #[track_caller]
    pub fn top(&self) -> Project<'_> {
        self.project("")
    }

    /// A command that sees only the sandbox: working directory `dir`, environment from nothing.
    pub fn command(&self, program: impl AsRef<OsStr>, dir: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.root.join(dir))
            .env_clear()
            .env("HOME", self.root.join("home"))
            .env("XDG_CACHE_HOME", self.cache_home())
            .env("XDG_CONFIG_HOME", self.config_home())
            .env("TMPDIR", self.root.join("tmp"))
            .env("LC_ALL", "C.UTF-8")
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::null());
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        // Set by coverage tools; without it the measurements land in the project under test.
        if let Some(profile) = std::env::var_os("LLVM_PROFILE_FILE") {
            command.env("LLVM_PROFILE_FILE", profile);
        }
        command
    }

    /// Runs a command made by [`Sandbox::command`] to its end.
    #[track_caller]
    pub fn run(&self, command: &mut Command) -> Outcome {
        Outcome::of(command, &self.root)
    }
}

/// A directory of a [`Sandbox`] in which files are written and commands run.
#[derive(Debug, Clone)]
pub struct Project<'a> {
    sandbox: &'a Sandbox,
    dir: PathBuf,
}

impl Project<'_> {
    /// The sandbox around it.
    pub fn sandbox(&self) -> &Sandbox {
        self.sandbox
    }

    /// Its directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The path of `name` in it.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.join(name)
    }

    /// Writes a file and the directories that lead to it.
    #[track_caller]
    pub fn write(&self, name: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> &Self {
        let path = self.path(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).expect("a directory in the sandbox");
        }
        fs::write(&path, contents).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        self
    }

    /// Reads a file as text.
    #[track_caller]
    pub fn read(&self, name: impl AsRef<Path>) -> String {
        String::from_utf8(self.read_bytes(name)).expect("text")
    }

    /// Reads a file.
    #[track_caller]
    pub fn read_bytes(&self, name: impl AsRef<Path>) -> Vec<u8> {
        let path = self.path(name);
        fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// Replaces `from`, which must be there, by `to` in a text file.
    #[track_caller]
    pub fn replace(&self, name: impl AsRef<Path>, from: &str, to: &str) -> &Self {
        let text = self.read(&name);
        assert!(text.contains(from), "no `{from}` in:\n{text}");
        self.write(name, text.replace(from, to))
    }

    /// Whether there is something under this name.
    pub fn has(&self, name: impl AsRef<Path>) -> bool {
        self.path(name).symlink_metadata().is_ok()
    }

    /// Removes a file or a directory with all that is in it.
    #[track_caller]
    pub fn remove(&self, name: impl AsRef<Path>) -> &Self {
        let path = self.path(name);
        let result = if path.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        result.unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        self
    }

    /// The names in a directory, sorted; none if it is not there.
    pub fn list(&self, name: impl AsRef<Path>) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path(name)) else {
            return Vec::new();
        };
        let mut names: Vec<_> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        names.sort();
        names
    }

    /// Runs the command under test here.
    #[track_caller]
    pub fn wits<I>(&self, arguments: I) -> Outcome
    where
        I: IntoIterator,
        I::Item: AsRef<OsStr>,
    {
        self.wits_with(&[], arguments)
    }

    /// Runs the command under test here with these environment variables.
    #[track_caller]
    pub fn wits_with<I>(&self, environment: &[(&str, &str)], arguments: I) -> Outcome
    where
        I: IntoIterator,
        I::Item: AsRef<OsStr>,
    {
        let mut command = self.sandbox.command(&self.sandbox.program, &self.dir);
        command.envs(environment.iter().copied()).args(arguments);
        self.sandbox.run(&mut command)
    }

    /// The command under test as it would run here, for tests that do more with it than run it.
    #[track_caller]
    pub fn command<I>(&self, arguments: I) -> Command
    where
        I: IntoIterator,
        I::Item: AsRef<OsStr>,
    {
        let mut command = self.sandbox.command(&self.sandbox.program, &self.dir);
        command.args(arguments);
        command
    }

    /// Runs another program here, with the sandbox's environment.
    #[track_caller]
    pub fn run<I>(&self, program: impl AsRef<OsStr>, arguments: I) -> Outcome
    where
        I: IntoIterator,
        I::Item: AsRef<OsStr>,
    {
        let mut command = self.sandbox.command(program, &self.dir);
        command.args(arguments);
        self.sandbox.run(&mut command)
    }
}
