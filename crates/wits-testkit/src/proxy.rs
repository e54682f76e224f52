//! A proxy that writes down what is asked of the server behind it.
//!
//! It relays bytes unchanged. From the client's side it follows HTTP/1.1 closely enough to tell where
//! one request ends and the next begins on a connection that is kept open; from the server's side it
//! understands nothing. A connection is counted when it is accepted, before a byte is read, so that
//! "no socket was opened" can be claimed.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

/// A request line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `HEAD`, …
    pub method: String,
    /// Path and query as sent.
    pub path: String,
}

/// A running proxy. Its threads end with the process.
#[derive(Debug)]
pub struct RecordingProxy {
    address: String,
    log: Arc<Mutex<Log>>,
}

#[derive(Debug, Default)]
struct Log {
    connections: usize,
    requests: Vec<Request>,
}

impl RecordingProxy {
    /// Listens on a free port of loopback for the server at `upstream` (`host:port`).
    #[track_caller]
    pub fn before(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let log = Arc::new(Mutex::new(Log::default()));
        let (upstream, shared) = (upstream.to_owned(), Arc::clone(&log));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                lock(&shared).connections += 1;
                let (upstream, shared) = (upstream.clone(), Arc::clone(&shared));
                // A relay that breaks off is for the client to report.
                thread::spawn(move || relay(client, &upstream, &shared));
            }
        });
        Self { address, log }
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The URL that routes to it, `oci+http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("oci+http://{}", self.address)
    }

    /// How many connections were made since the start or the last [`RecordingProxy::forget`].
    pub fn connections(&self) -> usize {
        lock(&self.log).connections
    }

    /// The requests since the start or the last [`RecordingProxy::forget`], in the order of arrival.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.log).requests.clone()
    }

    /// The requests as `METHOD path` lines, sorted: concurrent requests arrive in any order.
    pub fn sorted(&self) -> Vec<String> {
        let mut lines: Vec<_> = self
            .requests()
            .into_iter()
            .map(|request| format!("{} {}", request.method, request.path))
            .collect();
        lines.sort();
        lines
    }

    /// Begins anew.
    pub fn forget(&self) {
        *lock(&self.log) = Log::default();
    }
}

fn lock(log: &Mutex<Log>) -> MutexGuard<'_, Log> {
    log.lock().expect("no thread panics with the log in hand")
}

fn relay(client: TcpStream, upstream: &str, log: &Mutex<Log>) -> io::Result<()> {
    let server = TcpStream::connect(upstream)?;
    // Nothing waits here for more to send with it.
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut answers, mut back) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut answers, &mut back);
        let _ = back.shutdown(Shutdown::Both);
    });
    let result = forward(&mut BufReader::new(client), &server, log);
    let _ = server.shutdown(Shutdown::Write);
    result
}

/// Forwards request after request until the client is done.
fn forward(client: &mut impl BufRead, mut server: impl Write, log: &Mutex<Log>) -> io::Result<()> {
    loop {
        let mut head = Vec::new();
        if client.read_until(b'\n', &mut head)? == 0 {
            return Ok(());
        }
        let line = String::from_utf8_lossy(&head).into_owned();
        let mut words = line.split_whitespace();
        lock(log).requests.push(Request {
            method: words.next().unwrap_or_default().to_owned(),
            path: words.next().unwrap_or_default().to_owned(),
        });
        let body = read_headers(client, &mut head)?;
        server.write_all(&head)?;
        match body {
            Body::Length(length) => {
                io::copy(&mut client.take(length), &mut server)?;
            }
            Body::Chunked => forward_chunks(client, &mut server)?,
        }
    }
}

enum Body {
    Length(u64),
    Chunked,
}

/// Reads up to the empty line and tells how long the body is.
fn read_headers(client: &mut impl BufRead, head: &mut Vec<u8>) -> io::Result<Body> {
    let mut body = Body::Length(0);
    loop {
        let start = head.len();
        if client.read_until(b'\n', head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = String::from_utf8_lossy(&head[start..]).to_ascii_lowercase();
        let Some((name, value)) = line.split_once(':') else {
            return Ok(body);
        };
        match (name, value.trim()) {
            ("content-length", length) => {
                body = Body::Length(length.parse().map_err(io::Error::other)?);
            }
            ("transfer-encoding", "chunked") => body = Body::Chunked,
            _ => {}
        }
    }
}

/// Forwards a chunked body: size lines in hexadecimal, the chunks, and the trailer's empty line.
fn forward_chunks(client: &mut impl BufRead, server: &mut impl Write) -> io::Result<()> {
    loop {
        let mut line = Vec::new();
        client.read_until(b'\n', &mut line)?;
        server.write_all(&line)?;
        let text = String::from_utf8_lossy(&line);
        let size = text.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16).map_err(io::Error::other)?;
        io::copy(&mut client.take(size + 2), server)?;
        if size == 0 {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends two requests over one connection and claims that both are seen.
    #[test]
    fn requests_on_one_connection_are_told_apart() {
        let text = b"PUT /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nGET /\
                     POST /b?c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n\
                     GET /d HTTP/1.1\r\nHost: x\r\n\r\n";
        let log = Mutex::default();
        let mut sent = Vec::new();
        forward(&mut &text[..], &mut sent, &log).unwrap();
        assert_eq!(sent, text);
        let seen: Vec<_> = lock(&log)
            .requests
            .iter()
            .map(|r| (r.method.clone(), r.path.clone()))
            .collect();
        let expected = [("PUT", "/a"), ("POST", "/b?c"), ("GET", "/d")];
        assert_eq!(seen, expected.map(|(m, p)| (m.to_owned(), p.to_owned())));
    }

    #[test]
    fn a_connection_is_counted() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = RecordingProxy::before(&server.local_addr().unwrap().to_string());
        assert_eq!(proxy.connections(), 0);
        let client = thread::spawn({
            let address = proxy.address().to_owned();
            move || crate::http::get(&address, "/x", &[]).expect(204)
        });
        let (mut peer, _) = server.accept().unwrap();
        let mut request = [0; 512];
        let _ = peer.read(&mut request).unwrap();
        peer.write_all(b"HTTP/1.0 204 No Content\r\n\r\n").unwrap();
        drop(peer);
        client.join().unwrap();
        assert_eq!(proxy.connections(), 1);
        assert_eq!(proxy.sorted(), ["GET /x"]);
        proxy.forget();
        assert_eq!(proxy.connections(), 0);
    }
}
