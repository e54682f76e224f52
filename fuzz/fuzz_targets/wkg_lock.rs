//! See `wits::fuzzing::wkg_lock`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wits::fuzzing::wkg_lock(data));
