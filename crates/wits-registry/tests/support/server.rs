//! An HTTP server that answers what a test says, keeps a log, and does not mind being wrong.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// With the query.
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    /// A header, by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// `GET /path`.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// How an answer's body is sent.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    /// As it is.
    Whole(Vec<u8>),
    /// These bytes, declared to be this many; then the connection ends.
    Declared(usize, Vec<u8>),
    /// These bytes over and over, of no declared length, until the client goes away.
    Endless(Vec<u8>),
    /// These bytes, then silence.
    Stuck(Vec<u8>),
    /// No answer at all.
    Reset,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
}

impl Told {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Body::Whole(body.into()),
        }
    }

    pub(crate) fn sent(body: Body) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body,
        }
    }

    pub(crate) fn error(status: u16, code: &str) -> Self {
        Self::new(
            status,
            format!(r#"{{"errors":[{{"code":"{code}","message":"told {code}"}}]}}"#),
        )
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// A server that runs until the test's process ends.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    log: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// A server on a free port of the loopback interface.
    pub(crate) fn start(answer: impl Fn(&Asked) -> Told + Send + Sync + 'static) -> Self {
        Self::start_as(None, answer)
    }

    /// The same, over TLS.
    pub(crate) fn start_tls(
        tls: rustls::ServerConfig,
        answer: impl Fn(&Asked) -> Told + Send + Sync + 'static,
    ) -> Self {
        Self::start_as(Some(Arc::new(tls)), answer)
    }

    fn start_as(
        tls: Option<Arc<rustls::ServerConfig>>,
        answer: impl Fn(&Asked) -> Told + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (answer, kept) = (Arc::new(answer), Arc::clone(&log));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, log, tls) = (Arc::clone(&answer), Arc::clone(&kept), tls.clone());
                std::thread::spawn(move || match tls {
                    None => serve(stream, &*answer, &log),
                    Some(tls) => {
                        let connection = rustls::ServerConnection::new(tls).ok()?;
                        let mut stream = rustls::StreamOwned::new(connection, stream);
                        serve(&mut stream, &*answer, &log)?;
                        stream.conn.send_close_notify();
                        stream.flush().ok()
                    }
                });
            }
        });
        Self { address, log }
    }

    /// Everything that was asked so far.
    pub(crate) fn log(&self) -> Vec<Asked> {
        self.log.lock().unwrap().clone()
    }

    /// The lines of everything that was asked so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.log().iter().map(Asked::line).collect()
    }

    /// A URL of this server.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// One request a connection.
fn serve(
    stream: impl Read + Write,
    answer: &dyn Fn(&Asked) -> Told,
    log: &Mutex<Vec<Asked>>,
) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut asked = Asked {
        method,
        path,
        headers,
        body: Vec::new(),
    };
    let length = asked
        .header("content-length")
        .and_then(|text| text.parse().ok());
    asked.body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut asked.body).ok()?;
    log.lock().unwrap().push(asked.clone());
    let told = answer(&asked);
    send(reader.get_mut(), &asked, told)
}

fn send(stream: &mut impl Write, asked: &Asked, told: Told) -> Option<()> {
    let length = match &told.body {
        Body::Whole(bytes) => Some(bytes.len()),
        Body::Declared(length, _) => Some(*length),
        Body::Endless(_) | Body::Stuck(_) => None,
        Body::Reset => return None,
    };
    let mut head = format!("HTTP/1.1 {} x\r\nconnection: close\r\n", told.status);
    for (name, value) in &told.headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if let Some(length) = length {
        let _ = write!(head, "content-length: {length}\r\n");
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).ok()?;
    if asked.method == "HEAD" {
        return Some(());
    }
    match told.body {
        Body::Whole(bytes) | Body::Declared(_, bytes) => stream.write_all(&bytes).ok()?,
        Body::Endless(bytes) => loop {
            stream.write_all(&bytes).ok()?;
        },
        Body::Stuck(bytes) => {
            stream.write_all(&bytes).ok()?;
            std::thread::sleep(Duration::from_secs(20));
        }
        Body::Reset => {}
    }
    Some(())
}
