//! Room for wit-parser's recursion.
//!
//! wit-parser follows the dependencies of interfaces by recursion when it elaborates a world, and a
//! stack that runs out takes the process down. A chain of 4,000 interfaces is enough for the 2 MiB of
//! a thread (`tests/deep.rs`), and anyone can publish one: a package each, with honest-looking stubs.
//! The recursion is no deeper than there are interfaces, so the stack is sized by their number.

use crate::error::WitError;

/// What one interface on the way down takes at most; measured, in a build without optimisation, at
/// less than half of this.
const FRAME: usize = 4 << 10;

/// So many interfaces fit into any thread's stack.
const FEW: usize = 200;

/// What one gets at most.
const MOST: usize = 1 << 30;

/// Runs `work`, which recurses over at most `interfaces` interfaces.
pub(crate) fn deep<T: Send>(
    interfaces: usize,
    work: impl FnOnce() -> Result<T, WitError> + Send,
) -> Result<T, WitError> {
    if interfaces <= FEW {
        return work();
    }
    let size = (interfaces.saturating_mul(FRAME)).saturating_add(2 << 20);
    if size > MOST {
        return Err(WitError::TooMany {
            interfaces,
            limit: MOST / FRAME,
        });
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .stack_size(size)
            .spawn_scoped(scope, work)
            .map_err(|error| WitError::NoStack {
                size,
                reason: error.to_string(),
            })?;
        thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
