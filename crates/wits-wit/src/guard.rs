//! Keeps a panic of the WIT crates from taking the process down.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::text::clean;

/// Runs `work` on a binary that anyone may have made, and turns a panic into its message.
///
/// wit-parser's decoder validates a binary as WebAssembly and then asserts that it has the shape its
/// own encoder gives to WIT: one that has not is answered by `unreachable!`, `unwrap` or `assert!`
/// in dozens of places (a function where an interface is due, say; see
/// `tests/decode.rs`), and the printer does the same with what such a binary decodes to.
/// Checking the shape beforehand would mean a second decoder. `work` owns all it changes, so nothing
/// is seen half-made afterwards.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        match message {
            Some(message) => {
                let message = clean(message).0;
                format!("it is not what a WIT encoder writes ({message})")
            }
            None => "it is not what a WIT encoder writes".to_owned(),
        }
    })
}
