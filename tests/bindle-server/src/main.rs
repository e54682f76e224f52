//! Bindle's own server on loopback, for the tests of wits.
//!
//! Prints `ready PORT` when it answers. It runs until it is ended; `wits_testkit::Tethered` does that with
//! the test that started it.
//!
//! usage: `wits-bindle-server embedded|file DIR KEYRING [basic HTPASSWD | bearer TOKEN]`

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use anyhow::{bail, Context as _};
use bindle::authn::{http_basic::HttpBasic, Authenticator};
use bindle::authz::{Authorizable, Authorizer};
use bindle::provider::{embedded::EmbeddedProvider, file::FileProvider};
use bindle::search::StrictEngine;
use bindle::signature::{KeyRingLoader as _, SecretKeyFile};
use bindle::{SecretKeyEntry, SignatureRole, VerificationStrategy};

/// Who may come in: everybody, or whoever has the password or the token.
#[derive(Clone)]
enum Door {
    Open,
    Basic(HttpBasic),
    Bearer(String),
}

/// A user's name; empty for nobody in particular.
struct User(String);

impl Authorizable for User {
    fn principal(&self) -> String {
        self.0.clone()
    }

    fn groups(&self) -> Vec<String> {
        Vec::new()
    }
}

#[async_trait::async_trait]
impl Authenticator for Door {
    type Item = User;

    async fn authenticate(&self, header: &str) -> anyhow::Result<User> {
        match self {
            Door::Open => Ok(User(String::new())),
            Door::Basic(file) => Ok(User(file.authenticate(header).await?.principal())),
            Door::Bearer(token) if header == format!("Bearer {token}") => Ok(User("bearer".into())),
            Door::Bearer(_) => bail!("another token"),
        }
    }
}

impl Authorizer for Door {
    fn authorize<A: Authorizable>(&self, who: A, _: &str, _: &http::Method) -> anyhow::Result<()> {
        match self {
            Door::Open => Ok(()),
            _ if who.principal().is_empty() => bail!("who are you?"),
            _ => Ok(()),
        }
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [provider, dir, keyring, auth @ ..] = arguments.as_slice() else {
        bail!("usage: wits-bindle-server embedded|file DIR KEYRING [basic HTPASSWD | bearer TOKEN]")
    };
    let door = match auth {
        [] => Door::Open,
        ["basic", file] => Door::Basic(HttpBasic::from_file(file).await?),
        ["bearer", token] => Door::Bearer((*token).to_owned()),
        _ => bail!("`{}` is no kind of authentication", auth.join(" ")),
    };
    let keyring = Path::new(keyring).load().await?;
    // The server signs whatever it takes in; `GET /v1/bindle-keys?roles=host` tells the public part.
    let mut secrets = SecretKeyFile::default();
    secrets.key = vec![SecretKeyEntry::new("host", vec![SignatureRole::Host])];

    // The server binds the port itself and does not tell it: a free one is looked for, and who loses it
    // to another process ends here and is started again.
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;

    let strategy = VerificationStrategy::default();
    let index = StrictEngine::default();
    let (authn, authz) = (door.clone(), door);
    match *provider {
        "embedded" => {
            let store = EmbeddedProvider::new(dir, index.clone()).await?;
            std::thread::spawn(move || tell(address));
            bindle::server::server(
                store, index, authn, authz, address, None, secrets, strategy, keyring,
            )
            .await
        }
        "file" => {
            let store = FileProvider::new(dir, index.clone()).await;
            std::thread::spawn(move || tell(address));
            bindle::server::server(
                store, index, authn, authz, address, None, secrets, strategy, keyring,
            )
            .await
        }
        other => bail!("`{other}` is no provider"),
    }
    .context("the server ended")
}

/// Says that the server answers, as soon as it does. By the first look it has the port or has ended.
fn tell(address: SocketAddr) {
    std::thread::sleep(Duration::from_millis(20));
    while TcpStream::connect(address).is_err() {
        std::thread::sleep(Duration::from_millis(5));
    }
    println!("ready {}", address.port());
}
