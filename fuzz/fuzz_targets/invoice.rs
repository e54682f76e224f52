//! See `wits_registry::fuzzing::invoice`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wits_registry::fuzzing::invoice(data));
