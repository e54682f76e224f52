//! See `wits_registry::fuzzing::oci_manifest`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wits_registry::fuzzing::oci_manifest(data));
