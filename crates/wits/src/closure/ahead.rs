//! What is asked for ahead of need: packages that a manifest's list names ([`crate::hint`]), and that nothing
//! verified names yet.
//!
//! A list is the word of whoever published a package, so it decides nothing but what is asked early:
//!
//! - a host is asked only if the verified graph has led to it: the project's own WIT, or a package whose Wasm
//!   was verified, names a package that is routed there. A list cannot make a client knock at another door;
//! - an answer is used once the verified graph needs that very package, and forgotten otherwise: no error,
//!   note, pin or entry of the cache comes of it, and nobody waits for it;
//! - how much is asked has an end ([`MOST`], [`AT_ONCE`], [`LARGEST`], [`MOST_HELD`]).
//!
//! What is asked is what would be asked anyway, by the same routes, so the answer does not depend on having
//! been asked for early.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use wits_model::{PackageId, PackageSource, RegistryUrl, Scheme};

/// How many packages may be asked for that nobody has needed yet: more than a list can name.
const MOST: usize = 1_024;

/// How many of them at a time, so that what is needed never waits for a place behind them.
pub(super) const AT_ONCE: usize = 48;

/// The most bytes that a package is pulled ahead with. WIT is small; what is larger can wait until it is
/// needed.
pub(super) const LARGEST: u64 = 1 << 20;

/// The most bytes held for those that nobody has needed yet.
pub(super) const MOST_HELD: u64 = 64 << 20;

/// Where a package is to be asked for, as far as it matters whether somebody was there before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Door {
    Oci(Scheme, String),
    Bindle(Scheme, String),
    /// A domain that names a registry.
    Domain(String),
}

impl Door {
    /// The door of a registry. A directory has none: nothing is gained by reading it early.
    pub(super) fn of(url: &RegistryUrl) -> Option<Self> {
        Some(match url {
            RegistryUrl::Oci { scheme, host, .. } => Self::Oci(*scheme, host.clone()),
            RegistryUrl::Bindle { scheme, host, .. } => Self::Bindle(*scheme, host.clone()),
            RegistryUrl::WellKnown { domain } => Self::Domain(domain.clone()),
            RegistryUrl::Layout { .. } => return None,
        })
    }

    /// The door that `source` is behind.
    pub(super) fn of_source(source: &PackageSource) -> Option<Self> {
        Some(match source {
            PackageSource::Oci { scheme, host, .. } => Self::Oci(*scheme, host.clone()),
            PackageSource::Bindle { scheme, host, .. } => Self::Bindle(*scheme, host.clone()),
            PackageSource::Layout { .. } | PackageSource::Path { .. } => return None,
        })
    }
}

/// The packages named by lists, and whether they may be asked for.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// Where the verified graph has led.
    reached: BTreeSet<Door>,
    /// Behind doors that it has not led to.
    closed: BTreeMap<Door, Vec<PackageId>>,
    /// To be asked for.
    next: VecDeque<PackageId>,
    /// What a list has named.
    hinted: BTreeSet<PackageId>,
    /// What the verified graph has needed.
    needed: BTreeSet<PackageId>,
    /// Asked for, and not needed yet.
    unneeded: BTreeSet<PackageId>,
}

impl Ahead {
    /// The verified graph leads to `door`.
    pub(super) fn reach(&mut self, door: Door) {
        self.next
            .extend(self.closed.remove(&door).into_iter().flatten());
        self.reached.insert(door);
    }

    /// A list names `id`, which is behind `door`.
    pub(super) fn hint(&mut self, id: PackageId, door: Door) {
        if self.needed.contains(&id) || !self.hinted.insert(id.clone()) {
            return;
        }
        if self.reached.contains(&door) {
            self.next.push_back(id);
        } else {
            self.closed.entry(door).or_default().push(id);
        }
    }

    /// The verified graph needs `id`.
    pub(super) fn need(&mut self, id: &PackageId) {
        self.needed.insert(id.clone());
        self.unneeded.remove(id);
    }

    /// A package to ask for, if there is one.
    pub(super) fn next(&mut self) -> Option<PackageId> {
        while self.unneeded.len() < MOST {
            let id = self.next.pop_front()?;
            if !self.needed.contains(&id) {
                self.unneeded.insert(id.clone());
                return Some(id);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> PackageId {
        text.parse().unwrap()
    }

    fn door(url: &str) -> Door {
        Door::of(&url.parse().unwrap()).unwrap()
    }

    fn drain(ahead: &mut Ahead) -> Vec<String> {
        std::iter::from_fn(|| ahead.next())
            .map(|id| id.to_string())
            .collect()
    }

    #[test]
    fn a_list_opens_no_door() {
        let mut ahead = Ahead::default();
        ahead.hint(id("a:b@1.0.0"), door("oci://other.example/x"));
        ahead.hint(id("a:c@1.0.0"), door("well-known:other.example"));
        ahead.reach(door("oci://this.example/x"));
        ahead.reach(door("oci+http://other.example"));
        ahead.reach(door("oci://other.example:444"));
        ahead.reach(door("bindle+https://other.example/v1"));
        assert!(drain(&mut ahead).is_empty());
        // The graph does, for all that lies behind it.
        ahead.reach(door("oci://other.example/y"));
        assert_eq!(drain(&mut ahead), ["a:b@1.0.0"]);
        ahead.hint(id("a:d@1.0.0"), door("oci://other.example"));
        assert_eq!(drain(&mut ahead), ["a:d@1.0.0"]);
    }

    #[test]
    fn nothing_is_asked_for_twice() {
        let mut ahead = Ahead::default();
        let there = door("oci://r.example");
        ahead.reach(there.clone());
        ahead.need(&id("a:b@1.0.0"));
        for _ in 0..2 {
            ahead.hint(id("a:b@1.0.0"), there.clone());
            ahead.hint(id("a:c@1.0.0"), there.clone());
            ahead.hint(id("a:d@1.0.0"), there.clone());
        }
        // Needed meanwhile, and so asked for already.
        ahead.need(&id("a:c@1.0.0"));
        assert_eq!(drain(&mut ahead), ["a:d@1.0.0"]);
    }

    #[test]
    fn a_long_list_has_an_end_until_it_is_needed() {
        let mut ahead = Ahead::default();
        let there = door("oci://r.example");
        ahead.reach(there.clone());
        for number in 0..2 * MOST {
            ahead.hint(id(&format!("a:p{number}@1.0.0")), there.clone());
        }
        assert_eq!(drain(&mut ahead).len(), MOST);
        ahead.need(&id("a:p0@1.0.0"));
        ahead.need(&id("a:p1@1.0.0"));
        assert_eq!(drain(&mut ahead).len(), 2);
    }
}
