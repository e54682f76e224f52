//! A process that ends when the test does, however the test ends.
//!
//! `Drop` does not run when a test process is killed, and asking the kernel to signal the child needs
//! `unsafe`. So the child runs under a shell that holds the read end of a pipe: when the last writer,
//! this process, is gone, the shell's `cat` returns and the child is killed.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Starts the arguments in the background, waits for the end of stdin, ends them.
const SCRIPT: &str = r#""$@" & child=$!; cat >/dev/null; kill "$child" 2>/dev/null; wait "$child""#;

/// A child process that lives no longer than this process and this value.
#[derive(Debug)]
pub struct Tethered {
    shell: Child,
}

impl Tethered {
    /// Starts `program` with its output going to the file `log`.
    pub fn start<I>(program: impl AsRef<OsStr>, arguments: I, log: &Path) -> io::Result<Self>
    where
        I: IntoIterator,
        I::Item: AsRef<OsStr>,
    {
        let log = File::create(log)?;
        let shell = Command::new("sh")
            .args(["-c", SCRIPT, "sh"])
            .arg(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        Ok(Self { shell })
    }
}

impl Drop for Tethered {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_child_ends_with_the_value() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        let script = "echo $$; exec sleep 600";
        let tethered = Tethered::start("sh", ["-c", script], &log).unwrap();
        let pid = loop {
            let text = std::fs::read_to_string(&log).unwrap();
            if let Some(pid) = text.strip_suffix('\n') {
                break pid.to_owned();
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        };
        let process = Path::new("/proc").join(pid);
        assert!(process.exists());
        drop(tethered);
        assert!(!process.exists());
    }
}
