//! What fuzzing asks of this crate: see [`stamp`]. The test replays the corpus of that target of `fuzz/`.
// Whatever is claimed here is claimed by a panic: that is how a fuzzer hears of it.
#![allow(clippy::missing_panics_doc)]

use crate::deps::Stamp;

/// The stamp `wit/deps/.wits.json`: no bytes make it panic, and one that is taken prints as itself and
/// names nothing outside `wit/deps`.
pub fn stamp(data: &[u8]) {
    if let Ok(stamp) = Stamp::parse(data) {
        let again = Stamp::parse(stamp.to_json().as_bytes()).expect("what was printed is a stamp");
        assert_eq!(stamp, again);
        for name in stamp.entries.keys() {
            assert!(!name.is_empty() && !name.contains(['/', '\\', ':', '\0']) && name != "..");
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn stamp() {
        wits_testkit::corpus::replay("stamp", super::stamp);
    }
}
