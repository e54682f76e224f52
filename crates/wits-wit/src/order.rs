//! The order in which packages have to be resolved: each after all it mentions.
//!
//! wit-parser sorts by recursion and so would run out of stack on a long chain; a closure is as deep
//! as its publishers made it.

use std::collections::{BTreeMap, BTreeSet};

use wits_model::PackageRef;

use crate::closure::{Member, Members};
use crate::error::WitError;
use crate::source::Mention;

/// The members, dependencies first; where they leave a choice, by name. `provided` are the packages
/// that may be mentioned.
pub(crate) fn sorted<'m, 'a>(
    members: &'m Members<'a>,
    provided: &BTreeSet<&PackageRef>,
) -> Result<Vec<&'m Member<'a>>, WitError> {
    let mut sorted = Vec::new();
    let mut done = BTreeSet::new();
    for reference in members.keys() {
        visit(reference, members, provided, &mut done, &mut sorted)?;
    }
    Ok(sorted)
}

/// Adds one member after all that it needs.
fn visit<'m, 'a>(
    start: &'m PackageRef,
    members: &'m Members<'a>,
    provided: &BTreeSet<&PackageRef>,
    done: &mut BTreeSet<&'m PackageRef>,
    sorted: &mut Vec<&'m Member<'a>>,
) -> Result<(), WitError> {
    // The packages on the way down, each with the mentions that are still to be followed and the one
    // that is being followed.
    let mut path: Vec<(&'m Member<'a>, usize)> = Vec::new();
    let mut on_path: BTreeMap<&'m PackageRef, usize> = BTreeMap::new();
    let mut next = Some(start);
    loop {
        if let Some(reference) = next.take()
            && !done.contains(reference)
            && let Some(member) = members.get(reference)
        {
            if let Some(position) = on_path.get(reference) {
                return Err(cycle(&path[*position..]));
            }
            on_path.insert(&member.part.reference, path.len());
            path.push((member, 0));
        }
        let Some((member, followed)) = path.last_mut() else {
            return Ok(());
        };
        if let Some(mention) = member.part.mentions.get(*followed) {
            *followed += 1;
            if !provided.contains(&mention.package) {
                return Err(missing(mention, provided));
            }
            next = Some(&mention.package);
        } else {
            on_path.remove(&member.part.reference);
            done.insert(&member.part.reference);
            sorted.push(member);
            path.pop();
        }
    }
}

fn cycle(path: &[(&Member<'_>, usize)]) -> WitError {
    WitError::PackageCycle {
        cycle: path
            .iter()
            .map(|(member, _)| member.part.reference.clone())
            .collect(),
        // Each mention on the path was counted when it was followed.
        span: path.first().and_then(|(member, followed)| {
            let mention = member.part.mentions.get(followed.checked_sub(1)?)?;
            Some(Box::new(mention.span.clone()))
        }),
    }
}

fn missing(mention: &Mention, provided: &BTreeSet<&PackageRef>) -> WitError {
    WitError::PackageNotFound {
        requested: mention.package.clone(),
        present: provided
            .iter()
            .filter(|present| present.name == mention.package.name)
            .map(|present| (*present).clone())
            .collect(),
        span: Some(Box::new(mention.span.clone())),
    }
}
