//! What wits keeps: the cache that all projects share, and `wit/deps` in each of them.
//!
//! Only this crate writes the cache. It parses no WIT and talks to no registry; bytes come in with
//! the digest they must have, and go out verified against it.
//!
//! | module | what is in it |
//! | --- | --- |
//! | [`cache`] | [`Cache`]: blobs by digest, hashed on every read; looking it through, pruning and emptying it |
//! | [`deps`] | `wit/deps`: entry names, what stands there, whose it is, and replacing it |
//! | [`project`] | [`ProjectLock`]: one wits at a time in one project |
//! | [`error`] | [`StoreError`] |

pub mod cache;
pub mod deps;
pub mod error;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod project;

pub use cache::{Cache, Lookup, Size, Stock};
pub use error::{StoreError, kind_of};
pub use project::ProjectLock;
