//! Keys, in the files of Bindle's own client: what a Bindle user has works here, and the other way
//! round.
//!
//! ```toml
//! # secret_keys.toml                      # keyring.toml
//! version = "1.0"                         version = "1.0"
//!
//! [[key]]                                 [[key]]
//! label = "Me <me@example.com>"           label = "Me <me@example.com>"
//! keypair = "base64: secret, public"      roles = ["creator"]
//! roles = ["creator"]                     key = "base64: public"
//!                                         labelSignature = "base64: the label, signed"
//! ```
//!
//! A key is Ed25519. A secret is read into a `SecretKey`, which cannot be printed, and no error repeats
//! anything of its file.

use std::fmt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde::{Deserialize, Serialize};
use wits_model::routes::Role;

use crate::RegistryError;

/// The version of both files.
const VERSION: &str = "1.0";

/// Public keys that the user knows.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Keyring {
    #[serde(default)]
    key: Vec<KeyEntry>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyEntry {
    label: String,
    roles: Vec<Role>,
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    label_signature: Option<String>,
}

impl Keyring {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.message().to_owned())
    }

    /// The keyring in `file`; an empty one where there is none.
    pub(crate) fn read(file: &Path) -> Result<Self, RegistryError> {
        let Some(text) = read_text(file)? else {
            return Ok(Self::default());
        };
        Self::parse(&text).map_err(|reason| malformed(file, reason))
    }

    /// Whether the key, in base64, is in the ring for that role.
    pub(crate) fn knows(&self, key: &str, role: Role) -> bool {
        let Ok(wanted) = BASE64.decode(key) else {
            return false;
        };
        self.key.iter().any(|entry| {
            entry.roles.contains(&role)
                && BASE64.decode(&entry.key).is_ok_and(|known| known == wanted)
        })
    }
}

/// A key to sign with.
pub(crate) struct SecretKey {
    label: String,
    roles: Vec<Role>,
    pair: Ed25519KeyPair,
    /// The secret half, from which the file's `keypair` is made.
    seed: [u8; 32],
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.label)
    }
}

#[derive(Deserialize)]
struct SecretFile {
    #[serde(default)]
    key: Vec<SecretEntry>,
}

#[derive(Serialize, Deserialize)]
struct SecretEntry {
    label: String,
    keypair: String,
    roles: Vec<Role>,
}

impl SecretKey {
    /// A new key, or nothing where the system has no randomness to give.
    pub(crate) fn generate(label: &str, roles: &[Role]) -> Option<Self> {
        let mut seed = [0; 32];
        SystemRandom::new().fill(&mut seed).ok()?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).ok()?;
        Some(Self {
            label: label.to_owned(),
            roles: roles.to_vec(),
            pair,
            seed,
        })
    }

    /// The first key of `file` that signs as `role`; nothing if there is none.
    pub(crate) fn read(file: &Path, role: Role) -> Result<Option<Self>, RegistryError> {
        let Some(text) = read_text(file)? else {
            return Ok(None);
        };
        let broken = || malformed(file, "it is not a file of secret keys in TOML");
        let keys: SecretFile = toml::from_str(&text).map_err(|_| broken())?;
        let entry = keys.key.into_iter().find(|it| it.roles.contains(&role));
        let Some(entry) = entry else {
            return Ok(None);
        };
        let key = Self::of_entry(entry);
        key.map(Some)
            .map_err(|label| malformed(file, format!("the key `{label}` is no Ed25519 key pair")))
    }

    fn of_entry(entry: SecretEntry) -> Result<Self, String> {
        let halves = BASE64.decode(&entry.keypair).ok();
        let halves = halves
            .as_deref()
            .and_then(|bytes| bytes.split_at_checked(32));
        let read = halves.and_then(|(seed, public)| {
            let pair = Ed25519KeyPair::from_seed_and_public_key(seed, public).ok()?;
            Some((<[u8; 32]>::try_from(seed).ok()?, pair))
        });
        let Some((seed, pair)) = read else {
            return Err(entry.label);
        };
        Ok(Self {
            label: entry.label,
            roles: entry.roles,
            pair,
            seed,
        })
    }

    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// The public half in base64.
    pub(crate) fn public(&self) -> String {
        BASE64.encode(self.pair.public_key())
    }

    pub(crate) fn sign(&self, text: &[u8]) -> Vec<u8> {
        self.pair.sign(text).as_ref().to_vec()
    }

    /// The `[[key]]` of a keyring.
    pub(crate) fn keyring_entry(&self) -> String {
        entry(&KeyEntry {
            label: self.label.clone(),
            roles: self.roles.clone(),
            key: self.public(),
            label_signature: Some(BASE64.encode(self.sign(self.label.as_bytes()))),
        })
    }

    /// The `[[key]]` of a file of secret keys.
    fn secret_entry(&self) -> String {
        let halves = [&self.seed, self.pair.public_key().as_ref()].concat();
        entry(&SecretEntry {
            label: self.label.clone(),
            keypair: BASE64.encode(halves),
            roles: self.roles.clone(),
        })
    }
}

/// One `[[key]]`.
fn entry(value: &impl Serialize) -> String {
    // Strings and lists of them: there is nothing that TOML could not write.
    let fields = toml::to_string(value).unwrap_or_default();
    format!("\n[[key]]\n{fields}")
}

/// A key pair that was made, and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewKey {
    /// The public key in base64.
    pub public: String,
    /// What a keyring holds of it: what others need to know it.
    pub keyring: String,
    /// The file that the secret was added to.
    pub secret_keys: PathBuf,
    /// The keyring that the public key was added to.
    pub keyring_file: PathBuf,
}

/// Makes a key pair for a creator called `label`: the secret half goes into the file `secret_keys`,
/// which only the user may read, the public half into the keyring `keyring`. Files that are not there
/// are made; of those that are, nothing is lost.
///
/// # Errors
/// If a file cannot be read or written, or is not what it should be.
pub fn generate(label: &str, secret_keys: &Path, keyring: &Path) -> Result<NewKey, RegistryError> {
    let key = SecretKey::generate(label, &[Role::Creator])
        .ok_or_else(|| malformed(secret_keys, "the system gives no random bytes"))?;
    let public = key.keyring_entry();
    // The public half first: a key that signs and that not even its owner knows is of no use.
    let known = append(keyring, &public, |text| Keyring::parse(text).is_ok())?;
    let secrets = append(secret_keys, &key.secret_entry(), |text| {
        toml::from_str::<SecretFile>(text).is_ok()
    })?;
    write(keyring, &known)?;
    write(secret_keys, &secrets)?;
    Ok(NewKey {
        public: key.public(),
        keyring: format!("version = \"{VERSION}\"\n{public}"),
        secret_keys: secret_keys.to_owned(),
        keyring_file: keyring.to_owned(),
    })
}

/// The text of `file` with one key more.
fn append(
    file: &Path,
    entry: &str,
    is_read: impl Fn(&str) -> bool,
) -> Result<String, RegistryError> {
    let text = read_text(file)?.unwrap_or_default();
    let unreadable = || malformed(file, "it is not a file of keys in TOML");
    let mut text = if text.trim().is_empty() {
        format!("version = \"{VERSION}\"\n")
    } else if is_read(&text) {
        // Bindle writes an empty ring so, and a list in a line cannot be added to below.
        let lines = text.lines().filter(|line| line.trim() != "key = []");
        lines.chain([""]).collect::<Vec<_>>().join("\n")
    } else {
        return Err(unreadable());
    };
    text.push_str(entry);
    if is_read(&text) {
        Ok(text)
    } else {
        Err(unreadable())
    }
}

/// Writes a file that nobody else may read: Bindle's own client gives both that mode.
fn write(file: &Path, text: &str) -> Result<(), RegistryError> {
    if let Some(dir) = file.parent() {
        wits_fs::create_dir_all(dir)?;
    }
    Ok(wits_fs::write_private(file, text)?)
}

fn read_text(file: &Path) -> Result<Option<String>, RegistryError> {
    let Some(bytes) = wits_fs::read_if_exists(file)? else {
        return Ok(None);
    };
    let text = String::from_utf8(bytes).map_err(|_| malformed(file, "it is not text"))?;
    Ok(Some(text))
}

fn malformed(file: &Path, reason: impl Into<String>) -> RegistryError {
    RegistryError::Keys {
        path: file.to_owned(),
        reason: reason.into(),
    }
}

/// A keyring or a file of secret keys. An entry that is written anew reads as the same key.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn fuzz(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(keyring) = Keyring::parse(text) {
        for known in &keyring.key {
            let _ = keyring.knows(&known.key, Role::Creator);
            Keyring::parse(&entry(known)).expect("what was written is a keyring");
        }
    }
    let Ok(file) = toml::from_str::<SecretFile>(text) else {
        return;
    };
    for key in file
        .key
        .into_iter()
        .filter_map(|it| SecretKey::of_entry(it).ok())
    {
        let again: SecretFile = toml::from_str(&key.secret_entry()).expect("a file of keys");
        let again = again.key.into_iter().next().map(SecretKey::of_entry);
        let again = again.expect("a key").expect("a key");
        assert_eq!((again.public(), again.label()), (key.public(), key.label()));
        assert!(Keyring::parse(&key.keyring_entry()).is_ok());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In the form that Bindle's own client writes (`bindle create-key`).
    const SECRETS: &str = "\
version = \"1.0\"

[[key]]
label = \"Test Creator\"
keypair = \"nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvAhpo9wdRGg==\"
roles = [\"creator\"]
";

    fn files(dir: &Path) -> (PathBuf, PathBuf) {
        (
            dir.join("bindle/secret_keys.toml"),
            dir.join("bindle/keyring.toml"),
        )
    }

    #[test]
    fn a_key_is_made_where_there_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let (secrets, keyring) = files(dir.path());
        let made = generate("Me <me@example.com>", &secrets, &keyring).unwrap();
        let key = SecretKey::read(&secrets, Role::Creator).unwrap().unwrap();
        assert_eq!(key.label(), "Me <me@example.com>");
        assert_eq!(key.public(), made.public);
        assert!(SecretKey::read(&secrets, Role::Host).unwrap().is_none());
        let known = Keyring::read(&keyring).unwrap();
        assert!(known.knows(&made.public, Role::Creator));
        assert!(!known.knows(&made.public, Role::Host));
        assert!(
            Keyring::parse(&made.keyring)
                .unwrap()
                .knows(&made.public, Role::Creator)
        );
        let secret = std::fs::read_to_string(&secrets).unwrap();
        assert!(!made.keyring.contains("keypair") && secret.contains("keypair"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&secrets).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        // What is printed of a key is not the key.
        assert_eq!(format!("{key:?}"), "SecretKey(Me <me@example.com>)");
    }

    #[test]
    fn a_key_is_added_to_those_that_are_there() {
        let dir = tempfile::tempdir().unwrap();
        let (secrets, keyring) = files(dir.path());
        std::fs::create_dir_all(secrets.parent().unwrap()).unwrap();
        wits_fs::write_atomic(&secrets, SECRETS).unwrap();
        wits_fs::write_atomic(&keyring, "version = \"1.0\"\nkey = []\n").unwrap();
        let first = SecretKey::read(&secrets, Role::Creator).unwrap().unwrap();
        assert_eq!(first.label(), "Test Creator");
        let made = generate("another", &secrets, &keyring).unwrap();
        assert_ne!(first.public(), made.public);
        let again = SecretKey::read(&secrets, Role::Creator).unwrap().unwrap();
        assert_eq!(again.public(), first.public());
        assert!(
            std::fs::read_to_string(&secrets)
                .unwrap()
                .starts_with(SECRETS)
        );
        generate("a third", &secrets, &keyring).unwrap();
        let known = Keyring::read(&keyring).unwrap();
        assert!(known.knows(&made.public, Role::Creator));
        assert_eq!(known.key.len(), 2);
    }

    #[test]
    fn a_file_that_is_something_else_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (secrets, keyring) = files(dir.path());
        std::fs::create_dir_all(secrets.parent().unwrap()).unwrap();
        for bad in ["key = 1\n", "[[key]]\nlabel = \"hunter2\"\n", "hunter2"] {
            wits_fs::write_atomic(&secrets, bad).unwrap();
            let error = generate("me", &secrets, &keyring).unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{error}");
            assert_eq!(std::fs::read_to_string(&secrets).unwrap(), bad);
            assert!(!keyring.exists());
            assert!(SecretKey::read(&secrets, Role::Creator).is_err());
        }
        let torn = SECRETS.replace("nWGx", "mWGx");
        wits_fs::write_atomic(&secrets, torn).unwrap();
        let error = SecretKey::read(&secrets, Role::Creator).unwrap_err();
        assert!(error.to_string().contains("Test Creator"), "{error}");
        assert!(!error.to_string().contains("ne/9WmC"), "{error}");
    }

    /// RFC 8032, section 7.1, test 1, whose key the file above holds.
    #[test]
    fn the_signature_is_the_one_of_the_rfc() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret_keys.toml");
        wits_fs::write_atomic(&file, SECRETS).unwrap();
        let key = SecretKey::read(&file, Role::Creator).unwrap().unwrap();
        let signature = BASE64.encode(key.sign(b""));
        assert!(
            signature.starts_with("5VZDAMNgrHKQhuLMgG6CioSHfx64"),
            "{signature}"
        );
    }
}
