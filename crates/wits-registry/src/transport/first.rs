//! The first of many goes alone: what it brings to light is worth a wait to all others.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::sync::watch;
use tower_layer::Layer;
use tower_service::Service;

/// Whether anybody was there before.
#[derive(Default)]
pub(super) struct First {
    begun: AtomicBool,
    met: watch::Sender<bool>,
}

/// The right to go alone. Whoever waits goes on when it is dropped, if not before.
pub(super) struct Turn<'f>(&'f First);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl First {
    /// The turn, for the first who asks for it; for all others nothing, once that one is through. If it
    /// failed they go together: a host that is dead is not waited for one by one.
    pub(super) async fn turn(&self) -> Option<Turn<'_>> {
        if !self.begun.swap(true, Ordering::AcqRel) {
            return Some(Turn(self));
        }
        // It fails only where nobody is left to end the turn, and that is `self`.
        let _ = self.met.subscribe().wait_for(|met| *met).await;
        None
    }

    /// The first is through.
    fn end(&self) {
        self.met.send_replace(true);
    }
}

/// The first handshake with a host that is spoken to over TLS. Until it is done it is not known whether the host
/// speaks HTTP/2, and everybody who asks before opens a connection of their own: for a host that does, one is all it
/// takes.
///
/// As a layer around the connector of a client that speaks to no other host, it sees when the first connection
/// stands. The client has put that connection where others find it before they get to look, since what waits is
/// polled after what it waits for; on a runtime with several threads it may come later, which costs a handshake.
#[derive(Clone, Default)]
pub(super) struct Handshake(Arc<First>);

impl Handshake {
    /// The turn to make the first connection; nobody waits longer than until it stands.
    pub(super) async fn turn(&self) -> Option<Turn<'_>> {
        self.0.turn().await
    }
}

impl<S> Layer<S> for Handshake {
    type Service = Connecting<S>;

    fn layer(&self, connector: S) -> Connecting<S> {
        Connecting {
            connector,
            first: Arc::clone(&self.0),
        }
    }
}

/// A connector that tells of its first connection.
#[derive(Clone)]
pub(super) struct Connecting<S> {
    connector: S,
    first: Arc<First>,
}

impl<S, R> Service<R> for Connecting<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.connector.poll_ready(context)
    }

    fn call(&mut self, to: R) -> Self::Future {
        let connection = self.connector.call(to);
        let first = Arc::clone(&self.first);
        Box::pin(async move {
            let connection = connection.await?;
            first.end();
            Ok(connection)
        })
    }
}
