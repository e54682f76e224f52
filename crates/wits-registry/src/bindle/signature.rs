//! Signatures of invoices: making one, and checking what others made (Bindle's signing specification).
//!
//! What is signed is a text: who signs, the bindle's name and version, the role, `~`, and the sha256 of
//! every parcel, one a line, with no line feed at the end. The time of signing is not in it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::signature::{ED25519, UnparsedPublicKey};
use wits_model::routes::{Role, Verification};

use super::invoice::{Invoice, Signature};
use super::keys::{Keyring, SecretKey};

/// Why an invoice does not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// There is no signature in this role.
    Missing(Role),
    /// The signature is not one of this key for these parcels.
    Invalid(Signer),
    /// The signature is valid, and the key is not in the keyring with that role.
    Unknown(Signer),
    /// There is no signature at all.
    Unsigned,
}

/// Who signed, as the invoice says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signer {
    /// The public key in base64.
    pub(super) key: String,
    pub(super) by: String,
    pub(super) role: Role,
}

impl From<&Signature> for Signer {
    fn from(signature: &Signature) -> Self {
        Self {
            key: signature.key.clone(),
            by: signature.by.clone(),
            role: signature.role,
        }
    }
}

fn cleartext(invoice: &Invoice, by: &str, role: Role) -> String {
    let bindle = &invoice.bindle;
    let head = [by, &bindle.name, &bindle.version, role.as_str(), "~"];
    let lines: Vec<&str> = head.into_iter().chain(invoice.parcels()).collect();
    lines.join("\n")
}

/// Adds the signature of `key` in `role`, made `at` so many seconds after the epoch.
pub(super) fn sign(invoice: &mut Invoice, key: &SecretKey, role: Role, at: u64) {
    let text = cleartext(invoice, key.label(), role);
    invoice.signature.push(Signature {
        by: key.label().to_owned(),
        signature: BASE64.encode(key.sign(text.as_bytes())),
        key: key.public(),
        role,
        at,
    });
}

/// Whether the signature is one of its key for these parcels.
fn is_valid(invoice: &Invoice, signature: &Signature) -> bool {
    let text = cleartext(invoice, &signature.by, signature.role);
    let (Ok(key), Ok(made)) = (
        BASE64.decode(&signature.key),
        BASE64.decode(&signature.signature),
    ) else {
        return false;
    };
    let key = UnparsedPublicKey::new(&ED25519, key);
    key.verify(text.as_bytes(), &made).is_ok()
}

/// Checks the signatures of an invoice as `strategy` says; the first fault.
pub(super) fn verify(
    invoice: &Invoice,
    strategy: &Verification,
    keyring: &Keyring,
) -> Result<(), Fault> {
    use Verification as V;
    /// What a strategy demands.
    struct Demand<'a> {
        /// Whose signatures count.
        roles: &'a [Role],
        /// Whether all others have to be in order too.
        others: bool,
        /// Whether every one that is looked at has to be by a known key, or one of them.
        each_known: bool,
        /// Whether each of the roles has to be there, or one of them.
        each_role: bool,
    }
    let (roles, others, each_known, each_role): (&[Role], _, _, _) = match strategy {
        V::Creative => (&[Role::Creator], false, true, true),
        V::Authoritative => (&[Role::Creator, Role::Approver], false, false, false),
        V::Greedy => (&[Role::Creator], true, true, true),
        V::Exhaustive => (&Role::ALL, true, true, false),
        V::MultipleAttestation(roles) => (roles, false, true, true),
        V::MultipleAttestationGreedy(roles) => (roles, true, true, true),
    };
    let demand = Demand {
        roles,
        others,
        each_known,
        each_role,
    };
    if invoice.signature.is_empty() {
        return Err(Fault::Unsigned);
    }
    let (mut known, mut unknown) = (Vec::new(), None);
    for signature in &invoice.signature {
        if !demand.others && !demand.roles.contains(&signature.role) {
            continue;
        }
        if !is_valid(invoice, signature) {
            return Err(Fault::Invalid(signature.into()));
        }
        if keyring.knows(&signature.key, signature.role) {
            known.push(signature.role);
        } else if demand.each_known {
            return Err(Fault::Unknown(signature.into()));
        } else {
            unknown = Some(signature.into());
        }
    }
    let absent = |role: &&Role| !known.contains(*role);
    if demand.each_role
        && let Some(role) = demand.roles.iter().find(absent)
    {
        return Err(Fault::Missing(*role));
    }
    match (known.is_empty(), unknown, demand.roles.first()) {
        (false, _, _) => Ok(()),
        (true, Some(signer), _) => Err(Fault::Unknown(signer)),
        (true, None, Some(role)) => Err(Fault::Missing(*role)),
        (true, None, None) => Err(Fault::Unsigned),
    }
}

#[cfg(test)]
mod tests;
