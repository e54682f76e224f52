//! See `wits_model::fuzzing::manifest`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wits_model::fuzzing::manifest(data));
