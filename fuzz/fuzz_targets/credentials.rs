//! See `wits::fuzzing::credentials`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wits::fuzzing::credentials(data));
