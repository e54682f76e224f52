//! Who we are to a registry.
//!
//! Today nobody: tokens are asked for without a name, which is what public packages need. An identity
//! will be looked up by the host it belongs to, and will go to that host's realm and nowhere else.

/// Who asks for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Identity {
    /// Nobody in particular.
    Anonymous,
}
