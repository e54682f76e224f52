//! The resolver: which packages are in a closure, and who asks for them.
//!
//! WIT has exact versions only, so there is nothing to search for: a need is a [`PackageId`], and an
//! answer is the list of packages that it needs in turn. The resolver does no I/O. It hands out needs
//! ([`Resolver::next_need`]), is given answers ([`Resolver::answer`]) in whatever order they come, and is
//! finished when nothing is left; its result depends on the answers alone, never on their order.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use wits_model::PackageId;

/// The most packages in one closure. A registry could make up a new dependency for every package it is asked
/// for, and would be asked for ever. Closures that people write have tens; no component can hold half as many
/// instances as this.
pub(crate) const MOST_PACKAGES: usize = 10_000;

/// Why there is no closure.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unresolved {
    /// These packages need each other: each depends on the next, and the last on the first.
    Cycle(Vec<PackageId>),
    /// There are more than [`MOST_PACKAGES`]; these lead from the project down to the first that is too many.
    TooMany(Vec<PackageId>),
}

/// The state of one resolution.
#[derive(Debug, Default)]
pub(crate) struct Resolver {
    /// What the project itself names.
    roots: BTreeSet<PackageId>,
    /// Every package named so far, with its dependencies once they are known.
    packages: BTreeMap<PackageId, Option<BTreeSet<PackageId>>>,
    /// Named, and not handed out yet.
    waiting: VecDeque<PackageId>,
    /// The first package beyond the limit. From then on no need is handed out.
    too_many: Option<PackageId>,
}

impl Resolver {
    /// The project needs `id`.
    pub(crate) fn require(&mut self, id: PackageId) {
        self.name(&id);
        self.roots.insert(id);
    }

    fn name(&mut self, id: &PackageId) {
        if !self.packages.contains_key(id) {
            self.packages.insert(id.clone(), None);
            self.waiting.push_back(id.clone());
            if self.packages.len() > MOST_PACKAGES {
                self.too_many.get_or_insert_with(|| id.clone());
            }
        }
    }

    /// A package whose dependencies are asked for, each once.
    pub(crate) fn next_need(&mut self) -> Option<PackageId> {
        if self.too_many.is_some() {
            return None;
        }
        self.waiting.pop_front()
    }

    /// If there are too many packages, so that no answer can lead to a closure any more, those that lead from
    /// the project down to the first of them.
    pub(crate) fn too_many(&self) -> Option<Vec<PackageId>> {
        Some(self.chain_to(self.too_many.as_ref()?))
    }

    /// `id` needs `dependencies`.
    pub(crate) fn answer(&mut self, id: &PackageId, dependencies: BTreeSet<PackageId>) {
        for dependency in &dependencies {
            self.name(dependency);
        }
        self.packages.insert(id.clone(), Some(dependencies));
    }

    /// Every package named so far, in order.
    pub(crate) fn named(&self) -> Vec<PackageId> {
        self.packages.keys().cloned().collect()
    }

    /// The packages from the project's mention down to `id`: the shortest such chain, and of several
    /// the first in order.
    pub(crate) fn chain_to(&self, id: &PackageId) -> Vec<PackageId> {
        let mut came_from: BTreeMap<&PackageId, Option<&PackageId>> =
            self.roots.iter().map(|root| (root, None)).collect();
        let mut queue: VecDeque<&PackageId> = self.roots.iter().collect();
        while let Some(package) = queue.pop_front() {
            if package == id {
                let mut chain = vec![package.clone()];
                let mut at = package;
                while let Some(Some(above)) = came_from.get(at) {
                    chain.push((*above).clone());
                    at = above;
                }
                chain.reverse();
                return chain;
            }
            for dependency in self.packages.get(package).into_iter().flatten().flatten() {
                if !came_from.contains_key(dependency) {
                    came_from.insert(dependency, Some(package));
                    queue.push_back(dependency);
                }
            }
        }
        vec![id.clone()]
    }

    /// The closure, or why there is none.
    pub(crate) fn finish(self) -> Result<Graph, Unresolved> {
        if let Some(chain) = self.too_many() {
            return Err(Unresolved::TooMany(chain));
        }
        let packages: BTreeMap<_, _> = self
            .packages
            .into_iter()
            .map(|(id, dependencies)| (id, dependencies.unwrap_or_default()))
            .collect();
        let order = topological(&packages).map_err(Unresolved::Cycle)?;
        Ok(Graph { packages, order })
    }
}

/// A finished closure.
#[derive(Debug, Default, Clone)]
pub(crate) struct Graph {
    /// Each package with its direct dependencies.
    pub(crate) packages: BTreeMap<PackageId, BTreeSet<PackageId>>,
    /// Every package after the ones it depends on.
    pub(crate) order: Vec<PackageId>,
}

/// Kahn's algorithm, taking the first ready package in order each time. What it cannot order is a cycle.
fn topological(
    packages: &BTreeMap<PackageId, BTreeSet<PackageId>>,
) -> Result<Vec<PackageId>, Vec<PackageId>> {
    let mut missing: BTreeMap<&PackageId, usize> = BTreeMap::new();
    let mut dependents: BTreeMap<&PackageId, Vec<&PackageId>> = BTreeMap::new();
    for (id, dependencies) in packages {
        missing.insert(id, dependencies.len());
        for dependency in dependencies {
            dependents.entry(dependency).or_default().push(id);
        }
    }
    let mut ready: BTreeSet<&PackageId> = missing
        .iter()
        .filter(|(_, count)| **count == 0)
        .map(|(id, _)| *id)
        .collect();
    let mut order = Vec::with_capacity(packages.len());
    while let Some(id) = ready.pop_first() {
        order.push(id.clone());
        for dependent in dependents.get(id).into_iter().flatten() {
            if let Some(count) = missing.get_mut(*dependent) {
                *count -= 1;
                if *count == 0 {
                    ready.insert(*dependent);
                }
            }
        }
    }
    if order.len() == packages.len() {
        return Ok(order);
    }
    // Everything left has a dependency that is left too, so walking along them must come back.
    let done: BTreeSet<&PackageId> = order.iter().collect();
    let mut path: Vec<&PackageId> = Vec::new();
    let mut at = packages.keys().find(|id| !done.contains(id));
    while let Some(id) = at {
        if let Some(start) = path.iter().position(|seen| *seen == id) {
            return Err(path[start..].iter().map(|id| (*id).clone()).collect());
        }
        path.push(id);
        at = packages[id]
            .iter()
            .find(|dependency| !done.contains(dependency));
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> PackageId {
        text.parse().unwrap()
    }

    /// Resolves with answers from `graph`, taking needs in the order that `pick` says.
    fn resolve(
        graph: &[(&str, &[&str])],
        pick: impl Fn(usize) -> usize,
    ) -> Result<Graph, Unresolved> {
        let graph: BTreeMap<PackageId, BTreeSet<PackageId>> = graph
            .iter()
            .map(|(id_, deps)| (id(id_), deps.iter().map(|dep| id(dep)).collect()))
            .collect();
        let mut resolver = Resolver::default();
        resolver.require(id("t:root@1.0.0"));
        let mut open: Vec<PackageId> = Vec::new();
        loop {
            while let Some(need) = resolver.next_need() {
                open.push(need);
            }
            if open.is_empty() {
                return resolver.finish();
            }
            let need = open.remove(pick(open.len()));
            resolver.answer(&need, graph[&need].clone());
        }
    }

    const DIAMOND: &[(&str, &[&str])] = &[
        ("t:root@1.0.0", &["t:a@1.0.0", "t:b@1.0.0"]),
        ("t:a@1.0.0", &["t:c@1.0.0"]),
        ("t:b@1.0.0", &["t:c@2.0.0", "t:c@1.0.0"]),
        ("t:c@1.0.0", &[]),
        ("t:c@2.0.0", &[]),
    ];

    #[test]
    fn the_order_of_answers_changes_nothing() {
        let first = resolve(DIAMOND, |_| 0).unwrap();
        let last = resolve(DIAMOND, |open| open - 1).unwrap();
        assert_eq!(first.order, last.order);
        assert_eq!(first.packages, last.packages);
        let order: Vec<String> = first.order.iter().map(ToString::to_string).collect();
        assert_eq!(
            order,
            [
                "t:c@1.0.0",
                "t:a@1.0.0",
                "t:c@2.0.0",
                "t:b@1.0.0",
                "t:root@1.0.0"
            ]
        );
    }

    #[test]
    fn a_cycle_is_named_and_not_followed_for_ever() {
        let graph: &[(&str, &[&str])] = &[
            ("t:root@1.0.0", &["t:a@1.0.0"]),
            ("t:a@1.0.0", &["t:b@1.0.0"]),
            ("t:b@1.0.0", &["t:a@1.0.0"]),
        ];
        assert_eq!(
            resolve(graph, |_| 0).unwrap_err(),
            Unresolved::Cycle(vec![id("t:a@1.0.0"), id("t:b@1.0.0")])
        );
    }

    #[test]
    fn a_chain_of_ten_thousand_does_not_recurse() {
        let names: Vec<PackageId> = (0..10_000).map(|n| id(&format!("t:p{n}@1.0.0"))).collect();
        let mut resolver = Resolver::default();
        resolver.require(names[0].clone());
        for pair in names.windows(2) {
            assert_eq!(resolver.next_need().as_ref(), Some(&pair[0]));
            resolver.answer(&pair[0], BTreeSet::from([pair[1].clone()]));
        }
        resolver.answer(&names[9_999], BTreeSet::new());
        assert_eq!(resolver.chain_to(&names[9_999]).len(), 10_000);
        assert_eq!(resolver.finish().unwrap().order.len(), 10_000);
    }

    #[test]
    fn a_registry_that_makes_up_packages_is_asked_no_more() {
        let name = |n: usize| id(&format!("t:p{n}@1.0.0"));
        let mut resolver = Resolver::default();
        resolver.require(name(0));
        let mut asked = 0;
        while let Some(need) = resolver.next_need() {
            asked += 1;
            resolver.answer(&need, BTreeSet::from([name(asked)]));
        }
        assert_eq!(asked, MOST_PACKAGES);
        let chain = (0..=MOST_PACKAGES).map(name).collect();
        assert_eq!(resolver.finish().unwrap_err(), Unresolved::TooMany(chain));
    }
}
