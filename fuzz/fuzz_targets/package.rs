//! See `wits_wit::fuzzing::package`.
#![no_main]

use std::sync::Once;

static QUIET: Once = Once::new();

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // libFuzzer's hook ends the process at every panic, and those of the parser below us are caught by
    // `wits_wit`. One that nobody catches still ends it; the test that replays the corpus says where.
    QUIET.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    wits_wit::fuzzing::package(data);
});
