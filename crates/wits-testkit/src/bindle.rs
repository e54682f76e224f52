//! Bindle's own server (crate `bindle`, 0.9.1) on a free port of loopback, from `tests/bindle-server`.
//!
//! Its storage is a temporary directory, its life is [`Tethered`]. It takes in what is signed by a
//! creator whose key is in its keyring, and signs it as host; that key is told at `/v1/bindle-keys`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::http::{self, Response};
use crate::{peer, tether::Tethered};

/// How long the server may take until it answers.
const START: Duration = Duration::from_secs(20);

/// How the server keeps what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindleStorage {
    /// In a database.
    Embedded,
    /// In files, and with the faults of that: a parcel whose upload broke off stays half there.
    Files,
}

/// Who may talk to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BindleDoor {
    /// Everybody.
    Open,
    /// Whoever `htpasswd` knows: lines `name:$2y$…`.
    Basic(String),
    /// Whoever has the token.
    Bearer(String),
}

/// A running server with nothing in it.
#[derive(Debug)]
pub struct BindleServer {
    address: String,
    storage: PathBuf,
    headers: Vec<(String, String)>,
    // Dropped in this order: the process, then its directory.
    _process: Tethered,
    _dir: tempfile::TempDir,
}

impl BindleServer {
    /// Starts a server that lets everybody in and trusts the keys of the file `keyring`; none where it
    /// is not built (see [`peer::find`]).
    #[track_caller]
    pub fn start(storage: BindleStorage, keyring: &Path) -> Option<Self> {
        Self::guarded(storage, keyring, BindleDoor::Open)
    }

    /// Starts a server as [`BindleServer::start`] does, with a door.
    #[track_caller]
    pub fn guarded(storage: BindleStorage, keyring: &Path, door: BindleDoor) -> Option<Self> {
        let program = peer::find("wits-bindle-server")?;
        let dir = tempfile::Builder::new()
            .prefix("wits-bindle-")
            .tempdir()
            .expect("a temporary directory");
        let stored = dir.path().join("storage");
        let log = dir.path().join("log");
        let provider = match storage {
            BindleStorage::Embedded => "embedded",
            BindleStorage::Files => "file",
        };
        let mut arguments = vec![
            provider.to_owned(),
            stored.display().to_string(),
            keyring.display().to_string(),
        ];
        match door {
            BindleDoor::Open => {}
            BindleDoor::Basic(htpasswd) => {
                let file = dir.path().join("htpasswd");
                fs::write(&file, htpasswd).expect("a file of passwords");
                arguments.extend(["basic".to_owned(), file.display().to_string()]);
            }
            BindleDoor::Bearer(token) => arguments.extend(["bearer".to_owned(), token]),
        }
        // The port is free when it is picked; who loses it to another process begins again.
        let (process, address) = (0..5)
            .find_map(|_| {
                let process = Tethered::start(&program, &arguments, &log).expect("a server");
                Some((process, wait_for_address(&log)?))
            })
            .unwrap_or_else(|| panic!("{}", fs::read_to_string(&log).unwrap_or_default()));
        Some(Self {
            address,
            storage: stored,
            headers: Vec::new(),
            _process: process,
            _dir: dir,
        })
    }

    /// The same server asked with a header, such as `Authorization`.
    pub fn asked_with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The URL that routes to it, `bindle+http://127.0.0.1:PORT/v1`.
    pub fn url(&self) -> String {
        format!("bindle+http://{}/v1", self.address)
    }

    /// The directory it keeps its things in.
    pub fn storage(&self) -> &Path {
        &self.storage
    }

    /// What it answers to `GET /v1/PATH`.
    #[track_caller]
    pub fn get(&self, path: &str) -> Response {
        self.request("GET", path, "application/toml", b"")
    }

    /// The invoice of `NAME/VERSION`, yanked or not.
    #[track_caller]
    pub fn invoice(&self, id: &str) -> String {
        let response = self.get(&format!("_i/{id}?yanked=true")).expect(200);
        String::from_utf8(response.body).expect("an invoice in TOML")
    }

    /// The keyring with which it signs as host.
    #[track_caller]
    pub fn host_keys(&self) -> String {
        let response = self.get("bindle-keys?roles=host").expect(200);
        String::from_utf8(response.body).expect("a keyring in TOML")
    }

    /// Sends a request to `/v1/PATH`.
    #[track_caller]
    pub fn request(&self, method: &str, path: &str, media_type: &str, body: &[u8]) -> Response {
        let mut headers = vec![("Content-Type", media_type)];
        headers.extend(self.headers.iter().map(|(k, v)| (k.as_str(), v.as_str())));
        http::request(
            &self.address,
            method,
            &format!("/v1/{path}"),
            &headers,
            body,
        )
    }
}

/// Waits for the line that tells the port; nothing if the server ended before.
#[track_caller]
fn wait_for_address(log: &Path) -> Option<String> {
    let begun = Instant::now();
    loop {
        let text = fs::read_to_string(log).unwrap_or_default();
        if let Some(port) = text
            .lines()
            .find_map(|line| line.strip_prefix("ready "))
            .filter(|_| text.ends_with('\n'))
        {
            return Some(format!("127.0.0.1:{port}"));
        }
        if text.starts_with("Error") {
            return None;
        }
        assert!(begun.elapsed() < START, "no port is told:\n{text}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
