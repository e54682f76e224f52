//! Counts of work, for tests: that nothing is parsed, decoded, printed, encoded or hashed twice in one run.
//!
//! Whoever does such work calls [`count`] with the content it is done on. In a normal build that is an empty
//! inlined function. With the cargo feature `counted` (tests only) the work is counted, by the digest of the
//! content, while a test runs an operation `during` its watch; so two passes over the same bytes are seen,
//! wherever they come from.

/// A sort of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// Bytes were made into a Wasm package's model.
    Decode,
    /// A package was made into Wasm bytes.
    Encode,
    /// Bytes were hashed.
    Hash,
    /// A text was parsed: WIT, TOML or JSON.
    Parse,
    /// A package was made into WIT text.
    Print,
    /// A package and all it needs were put together; the content is the text of the package.
    Resolve,
}

/// Some work was done on `content`.
#[cfg(not(feature = "counted"))]
#[inline]
pub fn count<C: AsRef<[u8]>>(_work: Work, _content: impl FnOnce() -> C) {}

#[cfg(feature = "counted")]
pub use armed::{Counts, count, during};

#[cfg(feature = "counted")]
mod armed {
    use std::collections::BTreeMap;
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use sha2::Digest as _;

    use super::Work;

    /// What was done while a test watched: how often, by sort and by the sha256 of the content.
    pub type Counts = BTreeMap<(Work, [u8; 32]), usize>;

    /// The counts, while somebody watches.
    static COUNTS: Mutex<Option<Counts>> = Mutex::new(None);
    /// Held by who watches: the counts are those of the whole process.
    static WATCH: Mutex<()> = Mutex::new(());

    fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        // A test that failed while it watched spoils no other's.
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Some work was done on `content`.
    pub fn count<C: AsRef<[u8]>>(work: Work, content: impl FnOnce() -> C) {
        if let Some(counts) = lock(&COUNTS).as_mut() {
            let content = sha2::Sha256::digest(content());
            *counts.entry((work, content.into())).or_default() += 1;
        }
    }

    /// Runs `operation` and answers what was done meanwhile, by any thread.
    pub fn during<T>(operation: impl FnOnce() -> T) -> (T, Counts) {
        let _watch = lock(&WATCH);
        *lock(&COUNTS) = Some(Counts::new());
        let result = operation();
        let counts = lock(&COUNTS).take();
        (result, counts.unwrap_or_default())
    }
}
