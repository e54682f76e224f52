//! A decoded package as text: its own interfaces and worlds, with docs and gates, and nothing of the
//! packages that it mentions.
//!
//! The text has to parse with no feature enabled, because that is how most tools parse it, and with
//! all features enabled it has to mean what the binary means. `gate` and `use_order`
//! say what stands in the way.

use wit_component::{OutputToString, WitPrinter};
use wit_parser::Resolve;
use wits_model::counted::{Work, count};
use wits_model::{PackageId, PackageRef};

use crate::decode::{DecodedPackage, innermost};
use crate::error::WitError;
use crate::gate;
use crate::guard::guarded;
use crate::model::Stability;
use crate::use_order;

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
    print_one(package, package.main, &package.id(), gates)
}

pub(crate) fn print_embedded(
    lender: &DecodedPackage,
    package: &PackageRef,
    gates: &dyn Gates,
) -> Result<String, WitError> {
    let mut packages = lender.resolve.packages.iter();
    let found = packages.find(|(_, found)| {
        found.name.namespace == package.name.namespace()
            && found.name.name == package.name.name()
            && found.name.version == package.version
    });
    match found {
        Some((id, _)) => print_one(lender, id, package, gates),
        None => Err(WitError::Print {
            package: package.clone(),
            reason: format!("`{}` embeds no copy of it", lender.id()),
        }),
    }
}

/// Prints one package of what `decoded` holds.
fn print_one(
    decoded: &DecodedPackage,
    which: wit_parser::PackageId,
    reference: &PackageRef,
    gates: &dyn Gates,
) -> Result<String, WitError> {
    let printed = guarded(|| {
        let mut resolve = Resolve::clone(&decoded.resolve);
        gate::restore(&mut resolve, which, gates);
        use_order::restore(&mut resolve, which);
        let mut printer = WitPrinter::new(OutputToString::default());
        match printer.print(&resolve, which, &[]) {
            Ok(()) => Ok(printer.output.to_string()),
            Err(error) => Err(innermost(&error)),
        }
    });
    let failed = |reason| WitError::Print {
        package: reference.clone(),
        reason,
    };
    let text = printed.and_then(|text| text).map_err(failed)?;
    count(Work::Print, || &text);
    Ok(text)
}
