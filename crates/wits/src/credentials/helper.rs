//! Credential helpers: programs `docker-credential-NAME` that keep credentials in a keychain or make
//! them up for the moment (docker-credential-helpers, "Development").
//!
//! ```text
//! get     stdin: the server       stdout: {"ServerURL":"…","Username":"…","Secret":"…"}
//! store   stdin: that object
//! erase   stdin: the server
//! ```
//!
//! A user name `<token>` means that the secret is an OAuth2 refresh token. "Not found" is an exit code
//! that is not 0 and a sentence on stdout. Whatever else a helper says may be a secret and is not
//! repeated. It has ten seconds: a keychain that waits for a click nobody sees must not hold up a build.

use std::io::{ErrorKind, Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use wits_registry::{Credential, CredentialError, Redacted};

/// How long a helper may take.
const DEADLINE: Duration = Duration::from_secs(10);
/// How often it is looked after.
const TICK: Duration = Duration::from_millis(5);
/// The most that is read of what it says.
const LONGEST: u64 = 1 << 20;

/// The user name that marks a refresh token.
const TOKEN: &str = "<token>";

/// A helper by the name that a configuration has for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Helper {
    program: String,
}

/// Why a helper gave nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// There is no such program.
    Missing(CredentialError),
    /// Anything else.
    Failed(CredentialError),
}

impl From<Failure> for CredentialError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Missing(error) | Failure::Failed(error) => error,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Got {
    #[serde(default)]
    username: String,
    #[serde(default)]
    secret: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Put<'a> {
    #[serde(rename = "ServerURL")]
    server: &'a str,
    username: &'a str,
    secret: &'a str,
}

struct Ended {
    success: bool,
    code: String,
    stdout: Vec<u8>,
}

impl Helper {
    /// The helper of that name.
    ///
    /// # Errors
    /// If the name could lead out of `PATH`.
    pub(super) fn named(name: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        (!name.is_empty() && name.chars().all(plain)).then(|| Self {
            program: format!("docker-credential-{name}"),
        })
    }

    /// The name of the program.
    pub(super) fn program(&self) -> &str {
        &self.program
    }

    /// The credential for `server`.
    pub(super) fn get(&self, server: &str) -> Result<Option<Credential>, Failure> {
        let ended = self.run("get", server.as_bytes())?;
        if !ended.success {
            let said = String::from_utf8_lossy(&ended.stdout).to_ascii_lowercase();
            if said.contains("not found") || said.contains("no credentials") {
                return Ok(None);
            }
            return Err(self.failed(format!("failed with {}", ended.code)));
        }
        let got: Got = serde_json::from_slice(&ended.stdout).map_err(|_| {
            self.failed("did not answer with a user name and a secret in JSON".to_owned())
        })?;
        Ok(match (got.username, got.secret) {
            (_, secret) if secret.is_empty() => None,
            (user, secret) if user == TOKEN => Some(Credential::Identity(secret.into())),
            (user, secret) => Some(Credential::Basic {
                user,
                password: secret.into(),
            }),
        })
    }

    /// Keeps a credential for `server`; without a user it is a refresh token.
    pub(super) fn store(
        &self,
        server: &str,
        user: Option<&str>,
        secret: &Redacted,
    ) -> Result<(), Failure> {
        let put = Put {
            server,
            username: user.unwrap_or(TOKEN),
            secret: secret.reveal(),
        };
        let input = serde_json::to_vec(&put)
            .map_err(|_| self.failed("cannot be given such a secret".to_owned()))?;
        self.finish("store", &input)
    }

    /// Drops what is kept for `server`.
    pub(super) fn erase(&self, server: &str) -> Result<(), Failure> {
        self.finish("erase", server.as_bytes())
    }

    fn finish(&self, verb: &str, input: &[u8]) -> Result<(), Failure> {
        let ended = self.run(verb, input)?;
        let said = String::from_utf8_lossy(&ended.stdout).to_ascii_lowercase();
        // To erase what is not there is no failure.
        if ended.success || (verb == "erase" && said.contains("not found")) {
            return Ok(());
        }
        Err(self.failed(format!("could not {verb}: it failed with {}", ended.code)))
    }

    fn failed(&self, reason: String) -> Failure {
        Failure::Failed(self.error(reason))
    }

    fn error(&self, reason: String) -> CredentialError {
        CredentialError::Helper {
            helper: self.program.clone(),
            reason,
        }
    }

    fn run(&self, verb: &str, input: &[u8]) -> Result<Ended, Failure> {
        self.run_within(DEADLINE, verb, input)
    }

    fn run_within(&self, deadline: Duration, verb: &str, input: &[u8]) -> Result<Ended, Failure> {
        let spawned = Command::new(&self.program)
            .arg(verb)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Its complaints may repeat what it was given.
            .stderr(Stdio::null())
            .spawn();
        let mut child = spawned.map_err(|error| match error.kind() {
            ErrorKind::NotFound => Failure::Missing(self.error("is not installed".to_owned())),
            _ => self.failed(format!("cannot be run: {error}")),
        })?;
        let talk = talk(&mut child, input);
        let ended = wait(&mut child, &talk, deadline);
        let seconds = deadline.as_secs_f32();
        ended.ok_or_else(|| {
            // Both may fail if it has ended by now, which is all that is wanted.
            let _ = child.kill();
            let _ = child.wait();
            self.failed(format!("did not answer within {seconds} s"))
        })
    }
}

/// Speaks to a child on threads of their own, since either side may stop halfway. They end when the
/// child's pipes do, or with the process.
fn talk(child: &mut Child, input: &[u8]) -> mpsc::Receiver<Vec<u8>> {
    if let Some(mut stdin) = child.stdin.take() {
        let input = input.to_vec();
        thread::spawn(move || {
            // One that does not read what it is told says so by its exit code.
            let _ = stdin.write_all(&input);
        });
    }
    let (send, receive) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || {
            let mut said = Vec::new();
            let _ = stdout.take(LONGEST).read_to_end(&mut said);
            let _ = send.send(said);
        });
    }
    receive
}

/// What came of it; nothing if it takes too long.
fn wait(child: &mut Child, talk: &mpsc::Receiver<Vec<u8>>, deadline: Duration) -> Option<Ended> {
    let begun = Instant::now();
    let left = || deadline.checked_sub(begun.elapsed());
    let stdout = talk.recv_timeout(deadline).ok()?;
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(Ended {
                success: status.success(),
                code: match status.code() {
                    Some(code) => format!("exit code {code}"),
                    None => "a signal".to_owned(),
                },
                stdout,
            });
        }
        left()?;
        thread::sleep(TICK);
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A helper that is this shell script.
    fn helper(script: &str) -> (tempfile::TempDir, Helper) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("docker-credential-test");
        wits_fs::write_atomic(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let program = path.to_str().unwrap().to_owned();
        (dir, Helper { program })
    }

    fn got(script: &str) -> Result<Option<Credential>, String> {
        let (_dir, helper) = helper(script);
        helper.get("h.example").map_err(|failure| {
            let error = CredentialError::from(failure).to_string();
            let (_, reason) = error.split_once("` ").unwrap();
            reason.to_owned()
        })
    }

    #[test]
    fn what_a_helper_says_is_read() {
        let basic = got(r#"read server; echo "{\"Username\":\"me@$server\",\"Secret\":\"s\"}""#);
        assert_eq!(
            basic,
            Ok(Some(Credential::Basic {
                user: "me@h.example".to_owned(),
                password: "s".into()
            }))
        );
        let token = got(r#"echo '{"ServerURL":"x","Username":"<token>","Secret":"s"}'"#);
        assert_eq!(token, Ok(Some(Credential::Identity("s".into()))));
        assert_eq!(got(r#"echo '{"Username":"","Secret":""}'"#), Ok(None));
        let absent = got("echo credentials not found in native keychain; exit 1");
        assert_eq!(absent, Ok(None));
    }

    #[test]
    fn a_helper_that_fails_or_prints_garbage_is_named_and_not_repeated() {
        assert_eq!(
            got("echo canary; echo canary >&2; exit 3"),
            Err("failed with exit code 3".to_owned())
        );
        assert_eq!(
            got("echo canary"),
            Err("did not answer with a user name and a secret in JSON".to_owned())
        );
        assert_eq!(got("kill -9 $$"), Err("failed with a signal".to_owned()));
        let missing = Helper::named("no-such-helper-is-there").unwrap();
        let failure = missing.get("h").unwrap_err();
        assert!(matches!(failure, Failure::Missing(_)), "{failure:?}");
    }

    #[test]
    fn a_helper_that_hangs_is_left_behind() {
        for script in ["sleep 5", "exec >&-; sleep 5", "sleep 5 & exit 0"] {
            let (_dir, helper) = helper(script);
            let begun = Instant::now();
            let ended = helper.run_within(Duration::from_millis(200), "get", b"h");
            let Err(failure) = ended else {
                panic!("{script} ended");
            };
            let error = CredentialError::from(failure).to_string();
            assert!(error.ends_with("did not answer within 0.2 s"), "{error}");
            assert!(begun.elapsed() < Duration::from_secs(4));
        }
    }

    #[test]
    fn a_helper_is_a_name_and_no_path() {
        for name in ["", "../x", "/bin/sh", "a b", "a;b"] {
            assert_eq!(Helper::named(name), None, "{name}");
        }
        assert_eq!(
            Helper::named("ecr-login").unwrap().program(),
            "docker-credential-ecr-login"
        );
    }
}
