//! See `wits_wit::fuzzing::dependencies`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wits_wit::fuzzing::dependencies(data));
