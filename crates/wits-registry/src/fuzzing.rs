//! What fuzzing asks of this crate: whatever a registry says, nothing panics, and what is printed reads
//! as what it was printed from. One function for each target of `fuzz/`, each beside the parser that it
//! runs; the tests replay its corpora with them.

/// The manifest of an image, or an index in its place.
pub fn oci_manifest(data: &[u8]) {
    crate::artifact::fuzz_manifest(data);
}

/// The `index.json` of a layout.
pub fn index(data: &[u8]) {
    crate::layout::fuzz_index(data);
}

/// An invoice of Bindle.
pub fn invoice(data: &[u8]) {
    crate::bindle::fuzz_invoice(data);
}

/// A Bindle server's lists.
pub fn bindles(data: &[u8]) {
    crate::bindle::fuzz_list(data);
}

/// A keyring of Bindle, or a file of secret keys.
pub fn keys(data: &[u8]) {
    crate::bindle::fuzz_keys(data);
}

/// A page of tags.
pub fn tags(data: &[u8]) {
    crate::oci::fuzz_tags(data);
}

/// The header `Link`.
pub fn link(data: &[u8]) {
    crate::oci::fuzz_link(data);
}

/// What explains an error.
pub fn errors(data: &[u8]) {
    crate::told::fuzz(data);
}

/// The header `WWW-Authenticate`.
pub fn challenge(data: &[u8]) {
    crate::transport::fuzz_challenge(data);
}

/// The `registry.json` of a domain.
pub fn well_known(data: &[u8]) {
    crate::well_known::fuzz(data);
}

#[cfg(test)]
mod tests {
    use wits_testkit::corpus::replay;

    #[test]
    fn oci_manifest() {
        replay("oci_manifest", super::oci_manifest);
    }

    #[test]
    fn index() {
        replay("index", super::index);
    }

    #[test]
    fn invoice() {
        replay("invoice", super::invoice);
    }

    #[test]
    fn keys() {
        replay("keys", super::keys);
    }

    #[test]
    fn bindles() {
        replay("bindles", super::bindles);
    }

    #[test]
    fn tags() {
        replay("tags", super::tags);
    }

    #[test]
    fn link() {
        replay("link", super::link);
    }

    #[test]
    fn errors() {
        replay("errors", super::errors);
    }

    #[test]
    fn challenge() {
        replay("challenge", super::challenge);
    }

    #[test]
    fn well_known() {
        replay("well_known", super::well_known);
    }
}
