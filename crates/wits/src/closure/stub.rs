//! Copies that stand in for packages that their registries do not have.

use std::collections::BTreeMap;
use std::sync::Arc;

use wits_model::{PackageId, PackageRef, SourceSpan};
use wits_wit::{NoGates, SourceFile, SourcePackage};

use super::Answer;
use crate::Error;
use crate::error::Asked;
use crate::resolver::Resolver;
use crate::session::Published;

/// Decides whose copy stands in for each package that its registry does not have: the fullest, and of
/// several the first in order. A stub needs what its own text names.
pub(super) fn lend_stubs(
    resolver: &mut Resolver,
    answers: &mut BTreeMap<PackageId, Answer>,
    spans: &BTreeMap<PackageId, SourceSpan>,
) -> Result<(), Error> {
    let stubs: Vec<PackageId> = answers
        .iter()
        .filter(|(_, answer)| matches!(answer, Answer::Stub { .. }))
        .map(|(id, _)| id.clone())
        .collect();
    for stub in stubs {
        let reference = PackageRef::from(stub.clone());
        let mut fullest: Option<(usize, Arc<Published>)> = None;
        for answer in answers.values() {
            let Answer::Published(published) = answer else {
                continue;
            };
            let copies = published.package.embedded().map_err(|source| Error::Wit {
                package: Some(published.id.clone().into()),
                source,
            })?;
            let copy = copies.iter().find(|copy| copy.reference == reference);
            let Some(size) = copy.map(|copy| copy.canonical_form().len()) else {
                continue;
            };
            if fullest.as_ref().is_none_or(|(most, _)| size > *most) {
                fullest = Some((size, Arc::clone(published)));
            }
        }
        let Some((_, lender)) = fullest else {
            let asked = Asked {
                span: spans.get(&stub).cloned(),
                chain: vec![stub.clone()],
            };
            return Err(Error::NoLender {
                package: stub,
                asked: Box::new(asked),
            });
        };
        let in_stub = |source| Error::Wit {
            package: Some(reference.clone()),
            source,
        };
        let text = lender
            .package
            .print_embedded(&reference, &NoGates)
            .map_err(in_stub)?;
        let file = SourceFile {
            path: format!("{stub}.wit").into(),
            bytes: text.into_bytes(),
        };
        let source = SourcePackage::parse(vec![file]).map_err(in_stub)?;
        let needs = source
            .mentions()
            .iter()
            .filter_map(|mention| mention.package.id())
            .collect();
        resolver.answer(&stub, needs);
        answers.insert(
            stub,
            Answer::Stub {
                embedded_in: lender.id.clone(),
            },
        );
    }
    Ok(())
}
