//! See `wits_registry::fuzzing::bindles`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wits_registry::fuzzing::bindles(data));
