//! See `wits::fuzzing::wit_deps`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wits::fuzzing::wit_deps(data));
