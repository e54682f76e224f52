//! The first of many goes alone: what it brings to light is worth a round trip to all others.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, MutexGuard as AsyncGuard};
use url::{Origin, Url};

/// Whether anybody was there before.
#[derive(Default)]
pub(super) struct First {
    met: AtomicBool,
    meeting: AsyncMutex<()>,
}

/// The right to go alone. Whoever waits goes on when it is dropped.
pub(super) struct Turn<'f> {
    first: &'f First,
    _alone: AsyncGuard<'f, ()>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.first.met.store(true, Ordering::Release);
    }
}

impl First {
    /// The turn, for the first who asks for it; for all others nothing, once that one is through. If it
    /// failed they go together: a host that is dead is not waited for one by one.
    pub(super) async fn turn(&self) -> Option<Turn<'_>> {
        if self.met.load(Ordering::Acquire) {
            return None;
        }
        let alone = self.meeting.lock().await;
        (!self.met.load(Ordering::Acquire)).then_some(Turn {
            first: self,
            _alone: alone,
        })
    }
}

/// The hosts that are spoken to over TLS. Until the first answer comes it is not known whether a host speaks
/// HTTP/2, and everybody who asks before opens a connection of their own, with a handshake: for a host that
/// does, one connection is all it takes.
#[derive(Default)]
pub(super) struct Handshakes {
    hosts: Mutex<HashMap<Origin, Arc<First>>>,
}

impl Handshakes {
    /// Who is the first at the host of `url`; nobody needs to be where there is no handshake.
    pub(super) fn at(&self, url: &Url) -> Option<Arc<First>> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        (url.scheme() == "https").then(|| Arc::clone(hosts.entry(url.origin()).or_default()))
    }
}
