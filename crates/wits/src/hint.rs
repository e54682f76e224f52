//! The annotation `dev.wits.closure`: the whole closure of a package, in one line of its manifest.
//!
//! It stands where a client reads it a round trip before the Wasm, so that everything below a package can be
//! asked for at once, however deep it lies. It is the publisher's word and nothing else: what a package needs is
//! read from its Wasm, and a list that is wrong, stale or a lie costs time only (see `closure::ahead`).

use std::collections::{BTreeMap, BTreeSet};

use wits_model::{Digest, PackageId};

/// The annotation of the manifest that names the whole closure, so that a client can ask for all of it
/// at once: `ns:name@version=sha256:…`, sorted, with spaces between. A hint, and never the truth.
pub const CLOSURE_ANNOTATION: &str = "dev.wits.closure";

/// The longest annotation, in bytes: registries limit manifests, and a longer hint helps no one.
const LONGEST: usize = 64 * 1024;

/// The annotation for a package with this closure: none where there is nothing to say, or too much.
pub(crate) fn annotation(closure: &BTreeMap<PackageId, Digest>) -> BTreeMap<String, String> {
    let list: Vec<String> = closure
        .iter()
        .map(|(id, digest)| format!("{id}={digest}"))
        .collect();
    let list = list.join(" ");
    if list.is_empty() || list.len() > LONGEST {
        return BTreeMap::new();
    }
    BTreeMap::from([(CLOSURE_ANNOTATION.to_owned(), list)])
}

/// The packages that a manifest's annotations name. What cannot be read is passed over.
pub(crate) fn read(annotations: &BTreeMap<String, String>) -> BTreeSet<PackageId> {
    let list = annotations.get(CLOSURE_ANNOTATION);
    let list = list.filter(|list| list.len() <= LONGEST);
    let words = list.into_iter().flat_map(|list| list.split(' '));
    words
        .filter_map(|word| word.split_once('=')?.0.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closure(count: usize) -> BTreeMap<PackageId, Digest> {
        let ids = (0..count).map(|number| format!("a:p{number}@1.0.0").parse().unwrap());
        ids.map(|id| (id, Digest::of("x"))).collect()
    }

    #[test]
    fn what_is_written_is_read() {
        let closure = closure(20);
        let read = read(&annotation(&closure));
        assert!(read.iter().eq(closure.keys()));
    }

    #[test]
    fn nothing_and_too_much_are_not_written() {
        assert!(annotation(&closure(0)).is_empty());
        assert!(!annotation(&closure(600)).is_empty());
        assert!(annotation(&closure(1_000)).is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_passed_over() {
        let said = |list: &str| {
            let annotations = BTreeMap::from([(CLOSURE_ANNOTATION.to_owned(), list.to_owned())]);
            let ids = read(&annotations).into_iter();
            ids.map(|id| id.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(
            said("a:b@1.0.0=sha256:0 \0 a:b a:c=x ../x@1=y a:b@1.0.0=z  a:d@2.0.0="),
            ["a:b@1.0.0", "a:d@2.0.0"]
        );
        assert!(said("").is_empty());
        let long = "a:b@1.0.0=x ".repeat(6_000);
        assert!(said(&long).is_empty());
        assert!(read(&BTreeMap::new()).is_empty());
    }
}
