//! What came of a command, and claims about it.
//!
//! Claims chain, and a claim that fails prints the whole run: exit code, stdout and stderr.

use std::fmt;
use std::path::Path;
use std::process::{Command, ExitStatus, Output};

use snapbox::IntoData;

use crate::redact::redact;

/// The exit code and the output of a command that has ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    line: String,
    code: Option<i32>,
    signal: Option<i32>,
    stdout: Vec<u8>,
    raw_stdout: String,
    raw_stderr: String,
    redacted_stdout: String,
    redacted_stderr: String,
}

impl Outcome {
    #[track_caller]
    pub(crate) fn of(command: &mut Command, root: &Path) -> Self {
        let output = command
            .output()
            .unwrap_or_else(|e| panic!("{}: {e}", command.get_program().display()));
        Self::from_output(command, &output, root)
    }

    /// What came of a command that was started otherwise.
    pub fn from_output(command: &Command, output: &Output, root: &Path) -> Self {
        let mut words = vec![
            Path::new(command.get_program())
                .file_name()
                .unwrap_or_default()
                .display()
                .to_string(),
        ];
        words.extend(command.get_args().map(|word| word.display().to_string()));
        let raw_stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let raw_stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        Self {
            line: words.join(" "),
            code: output.status.code(),
            signal: signal(output.status),
            redacted_stdout: redact(&raw_stdout, root),
            redacted_stderr: redact(&raw_stderr, root),
            stdout: output.stdout.clone(),
            raw_stdout,
            raw_stderr,
        }
    }

    /// Claims the exit code 0.
    #[track_caller]
    pub fn succeeds(&self) -> &Self {
        self.exits(0)
    }

    /// Claims an exit code.
    #[track_caller]
    pub fn exits(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "the exit code of:\n{self}");
        self
    }

    /// Claims that `SIGKILL` ended it.
    #[track_caller]
    pub fn was_killed(&self) -> &Self {
        assert_eq!(self.signal, Some(9), "the signal that ended:\n{self}");
        self
    }

    /// Claims the whole of stdout.
    ///
    /// The root of the sandbox is written `[ROOT]`, a sha256 `sha256:[DIGEST]` and a port on loopback
    /// `[PORT]`; snapbox's `...` and `[..]` stand for lines and text of any kind. With
    /// `SNAPSHOTS=overwrite` an expectation given as `str![…]` is rewritten in the test's own text.
    #[track_caller]
    pub fn stdout(&self, expected: impl IntoData) -> &Self {
        self.compare("stdout", &self.redacted_stdout, expected)
    }

    /// Claims the whole of stderr, as [`Outcome::stdout`].
    #[track_caller]
    pub fn stderr(&self, expected: impl IntoData) -> &Self {
        self.compare("stderr", &self.redacted_stderr, expected)
    }

    /// Claims that stderr contains a text.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(
            self.redacted_stderr.contains(text),
            "no `{text}` in stderr of:\n{self}"
        );
        self
    }

    /// Claims that neither stdout nor stderr contains a text.
    #[track_caller]
    pub fn never_says(&self, text: &str) -> &Self {
        assert!(
            !self.redacted_stderr.contains(text) && !self.redacted_stdout.contains(text),
            "`{text}` in the output of:\n{self}"
        );
        self
    }

    /// The exit code; none if a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.code
    }

    /// Stdout as it was written.
    pub fn bytes(&self) -> &[u8] {
        &self.stdout
    }

    /// Stdout as it was written, as text.
    pub fn text(&self) -> &str {
        &self.raw_stdout
    }

    /// Stderr as it was written, as text.
    pub fn talk(&self) -> &str {
        &self.raw_stderr
    }

    #[track_caller]
    fn compare(&self, stream: &str, actual: &str, expected: impl IntoData) -> &Self {
        let assert = snapbox::Assert::new().action_env(snapbox::assert::DEFAULT_ACTION_ENV);
        let name = format!("{stream} of `{}`", self.line);
        if let Err(error) = assert.try_eq(
            Some(&name),
            actual.to_owned().into_data(),
            expected.into_data(),
        ) {
            panic!("{error}\n{self}");
        }
        self
    }
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> Option<i32> {
    None
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => writeln!(f, "$ {}\nexit code {code}", self.line)?,
            None => writeln!(f, "$ {}\nended by a signal", self.line)?,
        }
        writeln!(f, "--- stdout\n{}", self.redacted_stdout)?;
        write!(f, "--- stderr\n{}", self.redacted_stderr)
    }
}
