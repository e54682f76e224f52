//! What answers: the test's function with the log, apart from how bytes come and go.

use std::sync::Arc;
use std::time::Duration;

use super::log::Log;
use super::steps::Steps;
use super::{Exchange, Request, Response};

/// What makes an answer of a request.
pub(super) type Handler = dyn Fn(&Request) -> Response + Send + Sync;

/// A function that answers, the log of what it was asked, and the pause before it answers.
///
/// Whatever speaks a version of HTTP does four things with it: [`Service::accepted`] when a connection comes,
/// [`Service::begun`] when a request has been read, [`Service::answer`], and [`Service::ended`] right before
/// the last bytes of the answer are sent.
pub struct Service {
    handler: Box<Handler>,
    pause: Duration,
    pub(super) log: Log,
    pub(super) steps: Steps,
}

impl Service {
    /// A service that answers with `handler`, each time after `pause`.
    pub fn new(
        pause: Duration,
        handler: impl Fn(&Request) -> Response + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            handler: Box::new(handler),
            pause,
            log: Log::default(),
            steps: Steps::default(),
        })
    }

    /// A connection comes; its number.
    pub fn accepted(&self) -> usize {
        self.log.accepted()
    }

    /// A request has come; the number of its exchange.
    pub fn begun(&self, request: &Request) -> usize {
        self.log.begun(request.clone())
    }

    /// The answer, once its step is complete and after the pause.
    pub fn answer(&self, request: &Request) -> Response {
        self.steps.hold();
        std::thread::sleep(self.pause);
        (self.handler)(request)
    }

    /// The last bytes of an exchange are about to be sent.
    pub fn ended(&self, exchange: usize) {
        self.log.ended(exchange);
    }

    /// Everything that was asked so far.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.log.exchanges()
    }
}
