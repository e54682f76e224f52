//! See `wits_model::fuzzing::names`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wits_model::fuzzing::names(data));
