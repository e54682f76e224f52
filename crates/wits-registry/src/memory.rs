//! What is remembered of hosts from one run to the next. It makes a run ask less, and changes no answer.

/// Keeps what was learnt of hosts. A host is `HOST[:PORT]` as a registry URL names it.
///
/// Nothing depends on it but how many requests there are: what is forgotten, or was never true, is learnt anew.
pub trait Memory: Send + Sync {
    /// Whether `host` answered with a challenge when nobody was named.
    fn challenges(&self, host: &str) -> bool;

    /// Sets down whether it does.
    fn note(&self, host: &str, challenges: bool);
}

/// Remembers nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Forgetful;

impl Memory for Forgetful {
    fn challenges(&self, _: &str) -> bool {
        false
    }

    fn note(&self, _: &str, _: bool) {}
}
