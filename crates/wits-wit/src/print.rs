//! A decoded package as text: its own interfaces and worlds, with docs and gates, and nothing of the
//! packages that it mentions.
//!
//! The text has to parse with no feature enabled, because that is how most tools parse it, and with
//! all features enabled it has to mean what the binary means. `gate` says what stands in the way.

use wit_component::{OutputToString, WitPrinter};
use wit_parser::Resolve;
use wits_model::PackageId;

use crate::decode::{DecodedPackage, innermost};
use crate::error::WitError;
use crate::gate;
use crate::guard::guarded;
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
    let failed = |reason| WitError::Print {
        package: package.id(),
        reason,
    };
    let printed = guarded(|| {
        let mut resolve = Resolve::clone(&package.resolve);
        gate::restore(&mut resolve, package.main, gates);
        let mut printer = WitPrinter::new(OutputToString::default());
        match printer.print(&resolve, package.main, &[]) {
            Ok(()) => Ok(printer.output.to_string()),
            Err(error) => Err(innermost(&error)),
        }
    });
    printed.and_then(|text| text).map_err(failed)
}
