//! A listening socket before a [`Service`].

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::http1::{self, Connection};
use super::http2;
use super::{Exchange, Request, Response, Service, log, tls};
use crate::Certified;

/// How a server speaks.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'s> {
    /// Over TLS, with this certificate.
    pub tls: Option<&'s Certified>,
    /// HTTP/2, and nothing else; only with TLS.
    pub http2: bool,
    /// Whether a connection is kept for the next request.
    pub keep_alive: bool,
    /// How long it waits before each answer, so that requests sent together are seen together.
    pub pause: Duration,
}

impl Default for Settings<'_> {
    fn default() -> Self {
        Self {
            tls: None,
            http2: false,
            keep_alive: true,
            pause: Duration::ZERO,
        }
    }
}

/// A server on a free port of loopback. Its threads end with the process.
pub struct Server {
    address: SocketAddr,
    scheme: &'static str,
    service: Arc<Service>,
}

impl Server {
    /// A server that answers as `handler` says.
    #[track_caller]
    pub fn start(handler: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Self {
        Self::start_with(Settings::default(), handler)
    }

    /// The same, over TLS.
    #[track_caller]
    pub fn start_tls(
        certified: &Certified,
        handler: impl Fn(&Request) -> Response + Send + Sync + 'static,
    ) -> Self {
        let settings = Settings {
            tls: Some(certified),
            ..Settings::default()
        };
        Self::start_with(settings, handler)
    }

    /// The same, with other settings.
    #[track_caller]
    pub fn start_with(
        settings: Settings<'_>,
        handler: impl Fn(&Request) -> Response + Send + Sync + 'static,
    ) -> Self {
        let service = Service::new(settings.pause, handler);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let protocols: &[&[u8]] = if settings.http2 { &[b"h2"] } else { &[] };
        let tls = settings
            .tls
            .map(|certified| tls::config(certified, protocols));
        let (shared, keep) = (Arc::clone(&service), settings.keep_alive);
        let is_http2 = settings.http2;
        let scheme = if tls.is_some() { "https" } else { "http" };
        thread::spawn(move || {
            if let (true, Some(tls)) = (is_http2, &tls) {
                return http2::listen(listener, Arc::clone(tls), &shared);
            }
            for stream in listener.incoming().flatten() {
                let connection = Connection {
                    number: shared.accepted(),
                    scheme,
                    keep,
                };
                let (service, tls) = (Arc::clone(&shared), tls.clone());
                // A client that goes away in the middle has its own report to make.
                thread::spawn(move || serve(stream, connection, tls, &service));
            }
            Ok(())
        });
        Self {
            address,
            scheme,
            service,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A URL of this server.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// Everything that was asked so far, in the order in which it came.
    pub fn log(&self) -> Vec<Request> {
        let exchanges = self.exchanges().into_iter();
        exchanges.map(|exchange| exchange.request).collect()
    }

    /// The same, with when each began and ended.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.service.exchanges()
    }

    /// The lines of everything that was asked so far.
    pub fn lines(&self) -> Vec<String> {
        self.log().iter().map(Request::line).collect()
    }

    /// The lines, sorted: concurrent requests come in any order.
    pub fn sorted(&self) -> Vec<String> {
        let mut lines = self.lines();
        lines.sort();
        lines
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.service.log.connections()
    }

    /// The longest chain of requests that were each begun after another's answer.
    pub fn depth(&self) -> usize {
        log::depth(&self.exchanges())
    }

    /// From now on, requests are to come in steps of these sizes: no answer of a step is sent before all of its
    /// requests are there. Begins the log anew.
    pub fn expect_steps(&self, sizes: &[usize]) {
        self.service.log.forget();
        self.service.steps.expect(sizes);
    }

    /// The lines of each step, sorted, once all of them came as they were due.
    #[track_caller]
    pub fn steps(&self) -> Vec<Vec<String>> {
        let lines = self.lines();
        let sizes = self.service.steps.kept();
        let sizes = sizes.unwrap_or_else(|fault| panic!("{fault}:\n{}", lines.join("\n")));
        let mut lines = lines.into_iter();
        let step = |size| {
            let mut step: Vec<_> = lines.by_ref().take(size).collect();
            step.sort();
            step
        };
        sizes.into_iter().map(step).collect()
    }

    /// Begins the log anew.
    pub fn forget(&self) {
        self.service.log.forget();
    }
}

fn serve(
    stream: TcpStream,
    connection: Connection,
    tls: Option<Arc<rustls::ServerConfig>>,
    service: &Service,
) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let Some(tls) = tls else {
        return http1::serve(stream, connection, service);
    };
    let session = rustls::ServerConnection::new(tls).ok()?;
    let mut stream = rustls::StreamOwned::new(session, stream);
    let served = http1::serve(&mut stream, connection, service);
    stream.conn.send_close_notify();
    stream.flush().ok()?;
    served
}
