//! Tags and versions. A tag may not hold `+` (distribution-spec, "Pulling manifests"), so `+` is
//! written `_`, which no version holds: each version has one tag, and each tag at most one version.

use wits_model::Version;

/// The longest tag (distribution-spec, "Pulling manifests").
const LONGEST: usize = 128;

/// The tag of `version`; nothing if it would be too long for any registry.
pub(crate) fn of(version: &Version) -> Option<String> {
    let tag = version.to_string().replace('+', "_");
    (tag.len() <= LONGEST).then_some(tag)
}

/// The version that `tag` means, if it means one.
pub(crate) fn version(tag: &str) -> Option<Version> {
    if tag.len() > LONGEST || tag.contains('+') {
        return None;
    }
    tag.replacen('_', "+", 1).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_and_its_tag_are_each_others() {
        for (text, tag) in [
            ("1.0.0", "1.0.0"),
            ("1.0.0+x", "1.0.0_x"),
            ("0.3.0-rc-2026-03-15+git.1", "0.3.0-rc-2026-03-15_git.1"),
        ] {
            let parsed: Version = text.parse().unwrap();
            assert_eq!(of(&parsed).as_deref(), Some(tag));
            assert_eq!(version(tag), Some(parsed));
        }
    }

    #[test]
    fn other_tags_are_no_versions() {
        let digest = format!("sha256-{}", "0".repeat(64));
        for tag in [
            "latest",
            "v1.0.0",
            "1.0",
            "1.0.0_a_b",
            "1.0.0+x",
            "",
            &digest,
        ] {
            assert_eq!(version(tag), None, "{tag}");
        }
        let long = format!("1.0.0-{}", "a".repeat(LONGEST));
        assert_eq!(version(&long), None);
        assert_eq!(of(&long.parse().unwrap()), None);
    }
}
