//! What wit-parser says while it resolves a package, in our words.

use wit_parser::{ResolveErrorKind, Stability};
use wits_model::PackageRef;

use crate::closure::{Member, Members};
use crate::error::WitError;
use crate::name;
use crate::text::clean;

/// Translates an error about `member`.
pub(crate) fn translate(
    kind: &ResolveErrorKind,
    member: &Member<'_>,
    members: &Members<'_>,
) -> WitError {
    match kind {
        ResolveErrorKind::InterfaceNotFound {
            requested, package, ..
        } => foreign_item("interface", requested, package, kind, member, members),
        ResolveErrorKind::WorldNotFound {
            requested, package, ..
        } => foreign_item("world", requested, package, kind, member, members),
        ResolveErrorKind::StabilityMismatch { from, into, .. } => semantic(
            format!("the gates disagree: {} and {}", gate(from), gate(into)),
            kind,
            member,
        ),
        other => semantic(clean(&other.to_string()).0, kind, member),
    }
}

fn semantic(message: String, kind: &ResolveErrorKind, member: &Member<'_>) -> WitError {
    WitError::Semantic {
        package: member.part.reference.clone(),
        message,
        span: member.locate(kind.span()).map(Box::new),
    }
}

fn foreign_item(
    what: &'static str,
    item: &str,
    package: &wit_parser::PackageName,
    kind: &ResolveErrorKind,
    member: &Member<'_>,
    members: &Members<'_>,
) -> WitError {
    // Every name in the closure was accepted when it was parsed or decoded.
    let Ok(package) = name::reference(package) else {
        return semantic(clean(&kind.to_string()).0, kind, member);
    };
    let mention = member
        .part
        .mentions
        .iter()
        .find(|mention| mention.package == package && mention.item == item);
    WitError::ForeignItemNotFound {
        kind: what,
        name: item.to_owned(),
        feature: feature_of(members, &package, item),
        package,
        span: mention
            .map(|mention| mention.span.clone())
            .or_else(|| member.locate(kind.span()))
            .map(Box::new),
    }
}

fn feature_of(members: &Members<'_>, package: &PackageRef, item: &str) -> Option<String> {
    members.get(package)?.part.features.get(item).cloned()
}

fn gate(stability: &Stability) -> String {
    match stability {
        Stability::Unknown => "none".to_owned(),
        Stability::Unstable { feature, .. } => format!("`@unstable(feature = {feature})`"),
        Stability::Stable { since, .. } => format!("`@since(version = {since})`"),
    }
}
