//! Invoices: what a bindle is, in TOML (Bindle's invoice specification, version 1.0.0).
//!
//! A server writes the TOML anew whenever it answers, so its bytes mean nothing and are never hashed.
//! What counts is the list of parcels: it is what a signature is about, and each parcel is named by the
//! sha256 of its bytes. A key that the specification does not know is an error, as it is for Bindle
//! itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wits_model::routes::Role;
use wits_model::{Digest, PackageSource, Version};

use crate::registry::{SideFile, SideFileRole};
use crate::told::printable;
use crate::{Publication, RegistryError, lost};

/// The media type of a parcel that is Wasm.
const WASM: &str = "application/wasm";
/// The key in `feature` under which a parcel says that it is a WIT package.
const WIT: &str = "wit";
/// What the package is, in [`WIT`]: `ns:name@version`.
const PACKAGE: &str = "package";
/// How it is written, in [`WIT`].
const ENCODING: &str = "encoding";
/// The only encoding: a component whose types are the package.
const COMPONENT: &str = "component";

/// An invoice.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Invoice {
    pub(super) bindle_version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) yanked: Option<bool>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) yanked_signature: Vec<Signature>,
    pub(super) bindle: Bindle,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) annotations: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) parcel: Vec<Parcel>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) group: Vec<Group>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) signature: Vec<Signature>,
}

/// What the bindle is called and says of itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bindle {
    pub(super) name: String,
    pub(super) version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) authors: Vec<String>,
}

/// A file of the bindle.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parcel {
    pub(super) label: Label,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) conditions: Option<Conditions>,
}

/// What is known of a file without having it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Label {
    pub(super) sha256: String,
    pub(super) media_type: String,
    pub(super) name: String,
    pub(super) size: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) annotations: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) feature: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) origin: Option<String>,
}

/// Which groups a file belongs to. One that belongs to none is in the global group: it is always needed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Conditions {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) member_of: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) requires: Vec<String>,
}

/// Files that belong together.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Group {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) required: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) satisfied_by: Option<String>,
}

/// Somebody's word for the list of parcels.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_field_names)] // the names of the specification
pub(super) struct Signature {
    /// The label of the key, which is part of what is signed.
    pub(super) by: String,
    /// Base64 of the signature.
    pub(super) signature: String,
    /// Base64 of the public key.
    pub(super) key: String,
    pub(super) role: Role,
    /// Seconds since the epoch; not signed.
    pub(super) at: u64,
}

impl Invoice {
    /// The unsigned invoice of `publication` as the bindle `name`, with the bytes of its parcels by sha256.
    pub(super) fn new<'p>(
        name: &str,
        publication: &'p Publication,
    ) -> (Self, BTreeMap<String, &'p [u8]>) {
        let mut bytes = BTreeMap::new();
        let mut label = |name: &str, media_type: &str, digest: Digest, content: &'p [u8]| {
            let sha256 = digest.hex();
            bytes.insert(sha256.clone(), content);
            Label {
                sha256,
                media_type: media_type.to_owned(),
                name: name.to_owned(),
                size: content.len() as u64,
                annotations: BTreeMap::new(),
                feature: BTreeMap::new(),
                origin: None,
            }
        };
        let (title, wasm) = (&publication.title, &publication.wasm);
        let mut wasm = label(title, WASM, wasm.digest(), wasm);
        let package = package_of(name, &publication.version);
        let feature = [(PACKAGE, package), (ENCODING, COMPONENT.to_owned())];
        let feature = feature.map(|(key, value)| (key.to_owned(), value));
        wasm.feature.insert(WIT.to_owned(), feature.into());
        let mut parcels = vec![Parcel {
            label: wasm,
            conditions: None,
        }];
        let mut files: Vec<&SideFile> = publication.files.iter().collect();
        files.sort_by(|a, b| a.name.cmp(&b.name));
        // There is nothing to keep of an empty file, and nothing that an upload would change.
        for file in files.into_iter().filter(|file| !file.bytes.is_empty()) {
            parcels.push(Parcel {
                label: label(
                    &file.name,
                    media_type(&file.name),
                    Digest::of(&file.bytes),
                    &file.bytes,
                ),
                conditions: Some(Conditions {
                    member_of: vec![group_name(file.role).to_owned()],
                    requires: Vec::new(),
                }),
            });
        }
        let member = |group: &str, parcel: &Parcel| {
            let conditions = parcel.conditions.as_ref();
            conditions.is_some_and(|it| it.member_of.iter().any(|name| name == group))
        };
        let groups = SideFileRole::ALL.map(group_name);
        let groups = groups
            .into_iter()
            .filter(|group| parcels.iter().any(|parcel| member(group, parcel)))
            .map(|group| Group {
                name: group.to_owned(),
                required: Some(false),
                satisfied_by: None,
            })
            .collect();
        let metadata = &publication.metadata;
        let invoice = Self {
            bindle_version: "1.0.0".to_owned(),
            yanked: None,
            yanked_signature: Vec::new(),
            bindle: Bindle {
                name: name.to_owned(),
                version: publication.version.to_string(),
                description: metadata.description.clone(),
                authors: metadata.authors.clone().into_iter().collect(),
            },
            annotations: crate::artifact::annotations_of(publication),
            parcel: parcels,
            group: groups,
            signature: Vec::new(),
        };
        (invoice, bytes)
    }

    /// An unsigned invoice of another bindle with the same Wasm.
    pub(super) fn same_wasm_as(&self, name: &str) -> Self {
        let parcels = self.parcel.iter();
        Self {
            yanked: None,
            yanked_signature: Vec::new(),
            bindle: Bindle {
                name: name.to_owned(),
                ..self.bindle.clone()
            },
            parcel: parcels.filter(|it| it.is_wit()).cloned().collect(),
            group: Vec::new(),
            signature: Vec::new(),
            ..self.clone()
        }
    }

    pub(super) fn is_yanked(&self) -> bool {
        self.yanked == Some(true)
    }

    /// `NAME/VERSION`.
    pub(super) fn id(&self) -> String {
        format!("{}/{}", self.bindle.name, self.bindle.version)
    }

    /// The one parcel that is the package: Wasm, in the global group, with the feature of a WIT package.
    pub(super) fn wasm(&self, at: &PackageSource) -> Result<Wasm, RegistryError> {
        let no_package = |reason: String| RegistryError::NotAWasmPackage {
            at: at.into(),
            reference: printable(&self.id()),
            reason,
        };
        let mut candidates: Vec<&Parcel> = self.parcel.iter().filter(|it| it.is_wit()).collect();
        if let [_, _, ..] = candidates.as_slice() {
            let wanted = self.bindle.version.parse();
            let wanted = wanted.map(|version| package_of(&self.bindle.name, &version));
            candidates.retain(|parcel| wanted.as_deref().ok() == parcel.label.wit(PACKAGE));
        }
        let [parcel] = candidates.as_slice() else {
            return Err(no_package(format!(
                "{} of its {} parcels are `{WASM}` with the feature `{WIT}.{PACKAGE}`",
                candidates.len(),
                self.parcel.len()
            )));
        };
        let sha256 = &parcel.label.sha256;
        let digest = format!("sha256:{sha256}").parse();
        Ok(Wasm {
            digest: digest.map_err(|_| {
                no_package(format!(
                    "`{}` is not the sha256 of its parcel",
                    printable(sha256)
                ))
            })?,
            size: parcel.label.size,
        })
    }

    /// The sha256 of every parcel, in the order in which they are signed.
    pub(super) fn parcels(&self) -> impl Iterator<Item = &str> {
        self.parcel
            .iter()
            .map(|parcel| parcel.label.sha256.as_str())
    }

    /// Whether this is the invoice of that bindle.
    pub(super) fn check_id(
        &self,
        at: &PackageSource,
        name: &str,
        version: &Version,
    ) -> Result<(), RegistryError> {
        let wanted = format!("{name}/{version}");
        if self.id() == wanted {
            return Ok(());
        }
        Err(RegistryError::Integrity {
            at: at.into(),
            what: format!("the invoice of version `{version}`"),
            expected: format!("the bindle `{wanted}`"),
            actual: format!("`{}`", printable(&self.id())),
        })
    }
}

/// The parcel that is the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wasm {
    pub(super) digest: Digest,
    pub(super) size: u64,
}

impl Wasm {
    /// Whether `bytes` are the parcel.
    pub(super) fn check(
        self,
        at: &PackageSource,
        what: &str,
        size: u64,
        digest: Digest,
    ) -> Result<(), RegistryError> {
        if size != self.size {
            return Err(lost::other_size(at, what, self.size, size));
        }
        if digest != self.digest {
            return Err(lost::other_bytes(at, what, self.digest, digest));
        }
        Ok(())
    }
}

impl Parcel {
    fn is_global(&self) -> bool {
        let conditions = self.conditions.as_ref();
        conditions.is_none_or(|it| it.member_of.is_empty())
    }

    fn is_wit(&self) -> bool {
        let encoding = self.label.wit(ENCODING);
        self.is_global()
            && self.label.media_type == WASM
            && self.label.wit(PACKAGE).is_some()
            && encoding.is_none_or(|encoding| encoding == COMPONENT)
    }
}

impl Label {
    fn wit(&self, key: &str) -> Option<&str> {
        Some(self.feature.get(WIT)?.get(key)?.as_str())
    }
}

/// `ns:name@version` of the bindle `PREFIX/ns/name`.
fn package_of(bindle: &str, version: &Version) -> String {
    let mut parts = bindle.rsplit('/');
    let (name, namespace) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    format!("{namespace}:{name}@{version}")
}

fn group_name(role: SideFileRole) -> &'static str {
    match role {
        SideFileRole::Source => "sources",
        SideFileRole::Readme => "readme",
        SideFileRole::Licence => "license",
    }
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "md")) => "text/markdown",
        Some((_, "wasm")) => WASM,
        _ => "text/plain",
    }
}

/// An invoice, as any server may send it. What is printed reads as the same, and whatever becomes of its
/// signatures, a parcel that is taken has a digest.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn fuzz(data: &[u8]) {
    use super::{keys::Keyring, signature};
    use wits_model::routes::Verification;

    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let invoice: Invoice = match toml::from_str(text) {
        Ok(invoice) => invoice,
        Err(error) => return drop(printable(error.message())),
    };
    let written = toml::to_string(&invoice).expect("an invoice has a text");
    let again: Invoice = toml::from_str(&written).expect("what was written is an invoice");
    assert_eq!(toml::to_string(&again).expect("an invoice"), written);
    let at: PackageSource = "bindle+https://h.example/v1/a/b".parse().expect("a source");
    let say = |error: RegistryError| crate::told::is_printable(&error.to_string());
    let version = Version::new(1, 0, 0);
    let _ = invoice.check_id(&at, "a/b", &version).map_err(say);
    let _ = invoice.wasm(&at).map_err(say);
    let _ = (invoice.is_yanked(), invoice.same_wasm_as("a/b/_yanked"));
    for strategy in [
        Verification::Creative,
        Verification::Authoritative,
        Verification::Greedy,
        Verification::Exhaustive,
        Verification::MultipleAttestation(vec![Role::Host]),
    ] {
        let verdict = signature::verify(&invoice, &strategy, &Keyring::default());
        assert!(
            verdict.is_err(),
            "nobody is known, so nobody can vouch for it"
        );
    }
}

#[cfg(test)]
mod tests {
    use wits_model::Blob;

    use super::*;

    fn publication() -> Publication {
        Publication {
            version: "1.0.0+b".parse().unwrap(),
            wasm: Blob::of("wasm"),
            created: 0,
            metadata: wits_model::PackageMetadata {
                description: Some("greets".to_owned()),
                ..Default::default()
            },
            exports: vec![],
            imports: vec![],
            annotations: BTreeMap::from([("dev.wits.closure".to_owned(), "x".to_owned())]),
            title: "greet.wasm".to_owned(),
            files: vec![
                SideFile {
                    name: "wit/b.wit".to_owned(),
                    role: SideFileRole::Source,
                    bytes: b"interface b {}".to_vec(),
                },
                SideFile {
                    name: "README.md".to_owned(),
                    role: SideFileRole::Readme,
                    bytes: b"# b".to_vec(),
                },
                SideFile {
                    name: "wit/a.wit".to_owned(),
                    role: SideFileRole::Source,
                    bytes: Vec::new(),
                },
            ],
        }
    }

    fn source() -> PackageSource {
        "bindle+http://h/v1/p/demo/greet".parse().unwrap()
    }

    #[test]
    fn one_parcel_is_the_package_and_the_others_are_optional() {
        let publication = publication();
        let (invoice, bytes) = Invoice::new("p/demo/greet", &publication);
        let text = toml::to_string(&invoice).unwrap();
        let read: Invoice = toml::from_str(&text).unwrap();
        assert_eq!(read.id(), "p/demo/greet/1.0.0+b");
        let wasm = read.wasm(&source()).unwrap();
        assert_eq!((wasm.digest, wasm.size), (Digest::of(b"wasm"), 4));
        assert_eq!(
            read.parcel[0].label.wit(PACKAGE),
            Some("demo:greet@1.0.0+b")
        );
        let names: Vec<_> = read
            .parcel
            .iter()
            .map(|it| it.label.name.as_str())
            .collect();
        assert_eq!(names, ["greet.wasm", "README.md", "wit/b.wit"]);
        assert!(read.parcel[1..].iter().all(|parcel| !parcel.is_global()));
        let groups: Vec<_> = read.group.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(groups, ["sources", "readme"]);
        assert!(read.group.iter().all(|it| it.required == Some(false)));
        assert_eq!(bytes.len(), 3);
        assert_eq!(read.annotations["dev.wits.closure"], "x");
        assert!(
            read.check_id(&source(), "p/demo/greet", &publication.version)
                .is_ok()
        );
        assert!(
            read.check_id(&source(), "demo/greet", &publication.version)
                .is_err()
        );
    }

    #[test]
    fn what_is_not_the_package_is_not_taken_for_it() {
        let publication = publication();
        let (good, _) = Invoice::new("demo/greet", &publication);
        let changes: [fn(&mut Invoice); 6] = [
            |it| it.parcel[0].label.media_type = "application/wasm+x".to_owned(),
            |it| it.parcel[0].label.feature.clear(),
            |it| {
                it.parcel[0].conditions = Some(Conditions {
                    member_of: vec!["sources".to_owned()],
                    requires: vec![],
                });
            },
            |it| it.parcel[0].label.sha256 = "../../x".to_owned(),
            |it| it.parcel.push(it.parcel[0].clone()),
            |it| {
                let wit = it.parcel[0].label.feature.get_mut(WIT).unwrap();
                wit.insert(ENCODING.to_owned(), "text".to_owned());
            },
        ];
        for (at, change) in changes.into_iter().enumerate() {
            let mut invoice = good.clone();
            change(&mut invoice);
            assert!(invoice.wasm(&source()).is_err(), "change {at}");
        }
        // Of several packages, the one that the bindle is named for.
        let mut two = good;
        let mut other = two.parcel[0].clone();
        let wit = other.label.feature.get_mut(WIT).unwrap();
        wit.insert(PACKAGE.to_owned(), "demo:other@1.0.0".to_owned());
        other.label.sha256 = Digest::of(b"other").hex();
        two.parcel.insert(0, other);
        assert_eq!(two.wasm(&source()).unwrap().digest, Digest::of(b"wasm"));
    }

    #[test]
    fn what_the_specification_does_not_know_is_refused() {
        let (good, _) = Invoice::new("demo/greet", &publication());
        let good = toml::to_string(&good).unwrap();
        let signature = |role| {
            format!(
                "\n[[signature]]\nby = \"me\"\nsignature = \"\"\nkey = \"\"\nrole = \"{role}\"\nat = 0\n"
            )
        };
        assert!(toml::from_str::<Invoice>(&format!("{good}{}", signature("creator"))).is_ok());
        for bad in [
            format!("novel = 1\n{good}"),
            good.replace("[bindle]\n", "[bindle]\nnovel = 1\n"),
            good.replace("[parcel.label]\n", "[parcel.label]\nnovel = 1\n"),
            format!("{good}{}", signature("owner")),
            format!("{good}{}novel = 1\n", signature("creator")),
        ] {
            assert!(toml::from_str::<Invoice>(&bad).is_err(), "{bad}");
        }
    }
}
