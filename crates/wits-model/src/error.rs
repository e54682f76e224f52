//! Kinds of failure. Each error enum of the workspace answers `kind()`, and only the front end turns
//! a kind into an exit code.

/// What sort of failure an error is, whoever reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The project or the request is at fault, or a check found something: exit code 1.
    Project,
    /// A digest or an identity does not match what was promised: exit code 3.
    Integrity,
    /// Trying again later may work (network, registry unavailable, lock held): exit code 75.
    Transient,
    /// A bug in wits: exit code 70.
    Bug,
}
