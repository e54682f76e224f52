//! Choosing among the versions that a registry has, and among names.

use std::collections::BTreeSet;

use wits_model::{PackageName, Version};

/// The newest release; the newest pre-release if there is no release.
pub(crate) fn newest(available: &[Version]) -> Option<&Version> {
    let releases = available.iter().filter(|version| version.pre.is_empty());
    releases.max().or_else(|| available.iter().max())
}

/// The version nearest to one that is not there: of the same compatibility series if there is one,
/// otherwise of the same major version, otherwise the one next to it in order.
pub(crate) fn nearest<'a>(wanted: &Version, available: &'a [Version]) -> Option<&'a Version> {
    let closest = |same: &dyn Fn(&Version) -> bool| {
        let candidates: Vec<&Version> = available.iter().filter(|version| same(version)).collect();
        let above = candidates
            .iter()
            .filter(|version| **version >= wanted)
            .min();
        above
            .or_else(|| candidates.iter().filter(|version| **version < wanted).max())
            .copied()
    };
    closest(&|version| series(version) == series(wanted))
        .or_else(|| closest(&|version| version.major == wanted.major))
        .or_else(|| closest(&|_| true))
}

/// The part of a version that compatible versions share: a pre-release is compatible with itself only
/// (component model, "canonical interface names").
pub(crate) fn series(version: &Version) -> (u64, u64, u64, &str) {
    if !version.pre.is_empty() {
        (
            version.major,
            version.minor,
            version.patch,
            version.pre.as_str(),
        )
    } else if version.major > 0 {
        (version.major, 0, 0, "")
    } else if version.minor > 0 {
        (0, version.minor, 0, "")
    } else {
        (0, 0, version.patch, "")
    }
}

/// The known name that is most like `name`, if one is like it at all. It is told, never fetched.
pub(crate) fn similar(name: &PackageName, known: &BTreeSet<PackageName>) -> Option<PackageName> {
    let text = name.to_string();
    let likeness = |other: &PackageName| strsim::jaro_winkler(&text, &other.to_string());
    let candidates = known
        .iter()
        .filter(|other| *other != name && likeness(other) > 0.9);
    candidates
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
        .cloned()
}

/// How many versions a message lists.
const LISTED: usize = 8;

/// The newest versions, as a list for a message.
pub(crate) fn listed(available: &[Version]) -> String {
    let mut sorted: Vec<&Version> = available.iter().collect();
    sorted.sort();
    let shown: Vec<String> = sorted
        .iter()
        .rev()
        .take(LISTED)
        .map(ToString::to_string)
        .collect();
    let more = sorted.len().saturating_sub(LISTED);
    if more == 0 {
        shown.join(", ")
    } else {
        format!("{} and {more} more", shown.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(list: &[&str]) -> Vec<Version> {
        list.iter()
            .map(|version| version.parse().unwrap())
            .collect()
    }

    #[test]
    fn the_newest_is_a_release_if_there_is_one() {
        assert_eq!(
            newest(&versions(&["0.2.0", "0.3.0-rc.1"]))
                .unwrap()
                .to_string(),
            "0.2.0"
        );
        assert_eq!(
            newest(&versions(&["0.3.0-rc.1", "0.3.0-rc.2"]))
                .unwrap()
                .to_string(),
            "0.3.0-rc.2"
        );
        assert_eq!(newest(&[]), None);
    }

    #[test]
    fn the_nearest_is_of_the_same_series() {
        let there = versions(&["0.2.0", "0.2.3", "0.3.0", "1.0.0", "1.4.0"]);
        for (wanted, expected) in [
            ("0.2.1", "0.2.3"),
            ("0.2.9", "0.2.3"),
            ("0.4.0", "0.3.0"),
            ("1.2.0", "1.4.0"),
            ("2.0.0", "1.4.0"),
        ] {
            assert_eq!(
                nearest(&wanted.parse().unwrap(), &there)
                    .unwrap()
                    .to_string(),
                expected,
                "{wanted}"
            );
        }
    }

    #[test]
    fn a_long_list_is_cut() {
        let many: Vec<Version> = (0..20).map(|n| Version::new(1, n, 0)).collect();
        assert_eq!(
            listed(&many),
            "1.19.0, 1.18.0, 1.17.0, 1.16.0, 1.15.0, 1.14.0, 1.13.0, 1.12.0 and 12 more"
        );
        assert_eq!(listed(&versions(&["0.1.0"])), "0.1.0");
    }
}
