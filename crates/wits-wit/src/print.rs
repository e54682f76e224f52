//! A decoded package as text.

use wits_model::PackageId;

use crate::decode::DecodedPackage;
use crate::error::WitError;
use crate::model::Stability;

/// Knows the feature gates of interfaces in the packages they belong to. The binary form of a package
/// has the gates of its own items only.
pub trait Gates {
    /// The gate of `interface` in the real `package`; nothing if it has none or is not known.
    fn gate(&self, package: &PackageId, interface: &str) -> Option<Stability>;
}

/// Knows no gate.
#[derive(Debug, Clone, Copy)]
pub struct NoGates;

impl Gates for NoGates {
    fn gate(&self, _: &PackageId, _: &str) -> Option<Stability> {
        None
    }
}

pub(crate) fn print(package: &DecodedPackage, gates: &dyn Gates) -> Result<String, WitError> {
    let _ = (package, gates);
    Err(WitError::NotWasm)
}
