//! See `wits_store::fuzzing::stamp`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wits_store::fuzzing::stamp(data));
