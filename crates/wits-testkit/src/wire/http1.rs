//! HTTP/1.1 (RFC 9112), as far as a client of registries needs it, and as wrong as a test wants it.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::thread;

use super::{Body, Request, Response, Service};

/// What a connection is, beside its bytes.
#[derive(Clone, Copy)]
pub(super) struct Connection {
    pub(super) number: usize,
    pub(super) scheme: &'static str,
    /// Whether it is kept for another request.
    pub(super) keep: bool,
}

/// Serves request after request until either side is done.
pub(super) fn serve(
    stream: impl Read + Write,
    connection: Connection,
    service: &Service,
) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let (request, keep) = read(&mut reader, connection)?;
        let exchange = service.begun(&request);
        let response = service.answer(&request);
        let sending = Sending {
            keep: connection.keep && keep,
            end: &|| service.ended(exchange),
        };
        let kept = sending.send(&mut reader, &request, response);
        service.ended(exchange);
        if !kept? {
            return Some(());
        }
    }
}

/// A request, and whether the client wants another one on the connection.
fn read(reader: &mut impl BufRead, connection: Connection) -> Option<(Request, bool)> {
    let line = read_line(reader)?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let is_current = words.next()? == "HTTP/1.1";
    let mut headers = Vec::new();
    while let Some((name, value)) = read_line(reader)?.split_once(':') {
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request {
        method,
        path,
        headers,
        body: Vec::new(),
        scheme: connection.scheme,
        connection: connection.number,
    };
    let chunked = request
        .header("transfer-encoding")
        .is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
    if chunked {
        request.body = read_chunks(reader)?;
    } else {
        let length = request.header("content-length");
        request.body = vec![0; length.and_then(|text| text.parse().ok()).unwrap_or(0)];
        reader.read_exact(&mut request.body).ok()?;
    }
    let closes = request
        .header("connection")
        .is_some_and(|value| value.eq_ignore_ascii_case("close"));
    Some((request, is_current && !closes))
}

/// A line without its end; none at the end of the stream.
fn read_line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    let length = reader.read_line(&mut line).ok()?;
    (length > 0).then(|| line.trim_end().to_owned())
}

fn read_chunks(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = read_line(reader)?;
        let size = line.split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(size, 16).ok()?;
        let start = body.len();
        body.resize(start + size, 0);
        reader.read_exact(&mut body[start..]).ok()?;
        read_line(reader)?;
        if size == 0 {
            return Some(body);
        }
    }
}

struct Sending<'s> {
    keep: bool,
    /// Called before the last bytes are sent.
    end: &'s dyn Fn(),
}

impl Sending<'_> {
    /// Sends an answer; whether another request may follow it.
    fn send<S: Read + Write>(
        self,
        reader: &mut BufReader<S>,
        request: &Request,
        response: Response,
    ) -> Option<bool> {
        // Of an answer that ends with its connection, the client should not think that it is kept.
        let keep = self.keep
            && matches!(
                response.body,
                Body::Whole(_) | Body::Chunked(_) | Body::Trickle(..)
            );
        let Some(head) = head(&response, keep) else {
            return Some(false);
        };
        let stream = reader.get_mut();
        if request.method == "HEAD" {
            (self.end)();
            stream.write_all(&head).ok()?;
            stream.flush().ok()?;
            return Some(keep);
        }
        match response.body {
            Body::Whole(bytes) => {
                (self.end)();
                stream.write_all(&[head, bytes].concat()).ok()?;
            }
            Body::Chunked(bytes) => {
                stream.write_all(&head).ok()?;
                for chunk in bytes.chunks(4096) {
                    stream
                        .write_all(format!("{:x}\r\n", chunk.len()).as_bytes())
                        .ok()?;
                    stream.write_all(chunk).ok()?;
                    stream.write_all(b"\r\n").ok()?;
                }
                (self.end)();
                stream.write_all(b"0\r\n\r\n").ok()?;
            }
            Body::Declared(_, bytes) => stream.write_all(&[head, bytes].concat()).ok()?,
            Body::Endless(bytes) => {
                stream.write_all(&head).ok()?;
                loop {
                    stream.write_all(&bytes).ok()?;
                }
            }
            Body::Stuck(bytes) => {
                stream.write_all(&[head, bytes].concat()).ok()?;
                stream.flush().ok()?;
                // Nothing more comes from a client that waits: this returns when it is gone.
                let _ = reader.read(&mut [0]);
                return Some(false);
            }
            Body::Trickle(bytes, pause) => {
                stream.write_all(&head).ok()?;
                stream.flush().ok()?;
                for byte in bytes {
                    thread::sleep(pause);
                    stream.write_all(&[byte]).ok()?;
                    stream.flush().ok()?;
                }
            }
            Body::Reset => {}
        }
        reader.get_mut().flush().ok()?;
        Some(keep)
    }
}

/// The head; none where there is no answer.
fn head(response: &Response, keep: bool) -> Option<Vec<u8>> {
    let length = match &response.body {
        Body::Whole(bytes) | Body::Trickle(bytes, _) => Some(bytes.len()),
        Body::Declared(length, _) => Some(*length),
        Body::Stuck(bytes) => Some(bytes.len() + 1),
        Body::Chunked(_) | Body::Endless(_) => None,
        Body::Reset => return None,
    };
    let mut head = format!("HTTP/1.1 {} x\r\n", response.status);
    for (name, value) in &response.headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if let Some(length) = length
        && response.header("content-length").is_none()
    {
        let _ = write!(head, "content-length: {length}\r\n");
    }
    if matches!(response.body, Body::Chunked(_)) {
        head.push_str("transfer-encoding: chunked\r\n");
    }
    if !keep {
        head.push_str("connection: close\r\n");
    }
    head.push_str("\r\n");
    Some(head.into_bytes())
}
