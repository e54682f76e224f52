//! How far the signatures of a Bindle server's invoices are checked.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::printable::line;

/// In what capacity somebody signed an invoice (Bindle's signing specification).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Who made the bindle.
    Creator,
    /// Who vouches for it.
    Approver,
    /// The server that took it in.
    Host,
    /// A server that passed it on.
    Proxy,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Creator, Self::Approver, Self::Host, Self::Proxy];

    /// The role as invoices and keyrings write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creator => "creator",
            Self::Approver => "approver",
            Self::Host => "host",
            Self::Proxy => "proxy",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = VerificationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|role| role.as_str() == text);
        known.ok_or_else(|| VerificationError::Role(text.to_owned()))
    }
}

/// Which signatures an invoice must have. Under each, a key counts as known if it stands in the user's
/// keyring with the role that it signed in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Verification {
    /// Every signature of a creator is valid and by a known key, and there is one.
    #[default]
    Creative,
    /// A valid signature of a creator or an approver is by a known key, and none of theirs is invalid.
    Authoritative,
    /// As creative; and whatever else is signed is valid and by a known key too.
    Greedy,
    /// Whatever is signed, in any role, is valid and by a known key, and something is.
    Exhaustive,
    /// Of each of these roles there is a signature, and all of them are valid and by known keys.
    MultipleAttestation(Vec<Role>),
    /// The same; and whatever else is signed is valid and by a known key too.
    MultipleAttestationGreedy(Vec<Role>),
}

impl Verification {
    /// Whether nothing passes without a valid signature of a creator by a known key.
    pub fn demands_creator(&self) -> bool {
        match self {
            Self::Creative | Self::Greedy => true,
            Self::Authoritative | Self::Exhaustive => false,
            Self::MultipleAttestation(roles) | Self::MultipleAttestationGreedy(roles) => {
                roles.contains(&Role::Creator)
            }
        }
    }
}

/// A text that names no strategy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerificationError {
    /// There is no such strategy.
    #[error(
        "`{}` is no strategy; write `creative`, `authoritative`, `greedy`, `exhaustive`, `multiple-attestation[ROLE, …]` or `multiple-attestation-greedy[ROLE, …]`",
        line(.0)
    )]
    Strategy(String),
    /// There is no such role.
    #[error("`{}` is no role; there are `creator`, `approver`, `host` and `proxy`", line(.0))]
    Role(String),
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, roles) = match self {
            Self::Creative => ("creative", None),
            Self::Authoritative => ("authoritative", None),
            Self::Greedy => ("greedy", None),
            Self::Exhaustive => ("exhaustive", None),
            Self::MultipleAttestation(roles) => ("multiple-attestation", Some(roles)),
            Self::MultipleAttestationGreedy(roles) => ("multiple-attestation-greedy", Some(roles)),
        };
        f.write_str(name)?;
        if let Some(roles) = roles {
            let roles: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
            write!(f, "[{}]", roles.join(", "))?;
        }
        Ok(())
    }
}

impl FromStr for Verification {
    type Err = VerificationError;

    /// Reads our names, and those of Bindle's own configuration (`CreativeIntegrity`,
    /// `MultipleAttestation[Creator, Host]`), in whatever case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || VerificationError::Strategy(text.to_owned());
        let lower = text.trim().to_ascii_lowercase();
        let (name, roles) = match lower.split_once('[') {
            Some((name, rest)) => {
                let rest = rest.strip_suffix(']').ok_or_else(unknown)?;
                let roles = rest.split(',').map(|role| role.trim().parse());
                (name, Some(roles.collect::<Result<Vec<Role>, _>>()?))
            }
            None => (lower.as_str(), None),
        };
        Ok(match (name.replace('-', "").as_str(), roles) {
            ("creative" | "creativeintegrity", None) => Self::Creative,
            ("authoritative" | "authoritativeintegrity", None) => Self::Authoritative,
            ("greedy" | "greedyverification", None) => Self::Greedy,
            ("exhaustive" | "exhaustiveverification", None) => Self::Exhaustive,
            ("multipleattestation", Some(roles)) => Self::MultipleAttestation(roles),
            ("multipleattestationgreedy", Some(roles)) => Self::MultipleAttestationGreedy(roles),
            _ => return Err(unknown()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strategies_are_read_as_they_are_written() {
        for text in [
            "creative",
            "authoritative",
            "greedy",
            "exhaustive",
            "multiple-attestation[creator]",
            "multiple-attestation-greedy[creator, approver, host, proxy]",
        ] {
            let strategy: Verification = text.parse().unwrap();
            assert_eq!(strategy.to_string(), text);
        }
    }

    #[test]
    fn the_names_of_bindle_are_known() {
        for (text, name) in [
            ("CreativeIntegrity", "creative"),
            ("AuthoritativeIntegrity", "authoritative"),
            ("GreedyVerification", "greedy"),
            (" exhaustiveverification ", "exhaustive"),
            (
                "MultipleAttestation[Creator, Host]",
                "multiple-attestation[creator, host]",
            ),
        ] {
            let strategy: Verification = text.parse().unwrap();
            assert_eq!(strategy.to_string(), name);
        }
    }

    #[test]
    fn what_asks_for_nothing_is_no_strategy() {
        for text in [
            "",
            "none",
            "multiple-attestation",
            "multiple-attestation[]",
            "multiple-attestation[creator",
            "multiple-attestation[owner]",
            "creative[creator]",
        ] {
            assert!(text.parse::<Verification>().is_err(), "{text}");
        }
    }
}
