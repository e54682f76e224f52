//! See `wits_registry::fuzzing::well_known`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wits_registry::fuzzing::well_known(data));
