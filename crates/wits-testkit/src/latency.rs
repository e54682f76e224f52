//! A relay that puts a server far away: every byte takes half a round trip in each direction.
//!
//! It is a delay line, not a narrow pipe: bytes are stamped when they are read and written when their time has
//! come, so that any amount is under way at once and requests that do not wait for each other do not wait here
//! either. Each direction of a connection has a thread that reads and one that writes.
//!
//! A connect on loopback is immediate, where on a network it takes a round trip. So nothing that the client sends
//! counts as sent before a round trip has passed since its connection came in. The server's name, a handshake of
//! TLS and everything above are bytes, and take the time that bytes take.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// A running relay. Its threads end with the process.
#[derive(Debug)]
pub struct LatencyProxy {
    address: String,
    shared: Arc<Shared>,
}

/// What came through a [`LatencyProxy`].
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Traffic {
    /// Connections that were accepted.
    pub connections: u64,
    /// Bytes from clients to the server.
    pub up: u64,
    /// Bytes from the server to clients.
    pub down: u64,
}

#[derive(Debug, Default)]
struct Shared {
    /// The round trip of connections to come, in nanoseconds.
    round_trip: AtomicU64,
    connections: AtomicU64,
    up: AtomicU64,
    down: AtomicU64,
}

impl LatencyProxy {
    /// Listens on a free port of loopback for the server at `upstream` (`host:port`), `round_trip` away.
    #[track_caller]
    pub fn before(upstream: &str, round_trip: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let proxy = Self {
            address,
            shared: Arc::default(),
        };
        proxy.set_round_trip(round_trip);
        let (upstream, shared) = (upstream.to_owned(), Arc::clone(&proxy.shared));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let accepted = Instant::now();
                shared.connections.fetch_add(1, Ordering::Relaxed);
                // A relay that breaks off is for the client to report.
                let _ = relay(client, &upstream, accepted, &shared);
            }
        });
        proxy
    }

    /// Moves the server: connections from now on are `round_trip` long.
    #[track_caller]
    pub fn set_round_trip(&self, round_trip: Duration) {
        let nanoseconds = u64::try_from(round_trip.as_nanos()).expect("a round trip, not an age");
        self.shared.round_trip.store(nanoseconds, Ordering::Relaxed);
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The URL that routes to it, `oci+http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("oci+http://{}", self.address)
    }

    /// What came through since the start or the last [`LatencyProxy::forget`]. Bytes are counted when they have
    /// arrived, so whoever has an answer finds it counted.
    pub fn traffic(&self) -> Traffic {
        Traffic {
            connections: self.shared.connections.load(Ordering::Relaxed),
            up: self.shared.up.load(Ordering::Relaxed),
            down: self.shared.down.load(Ordering::Relaxed),
        }
    }

    /// Counts anew.
    pub fn forget(&self) {
        for counter in [&self.shared.connections, &self.shared.up, &self.shared.down] {
            counter.store(0, Ordering::Relaxed);
        }
    }
}

/// Starts both directions of a connection.
fn relay(
    client: TcpStream,
    upstream: &str,
    accepted: Instant,
    shared: &Arc<Shared>,
) -> io::Result<()> {
    let server = TcpStream::connect(upstream)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let round_trip = Duration::from_nanos(shared.round_trip.load(Ordering::Relaxed));
    let up = Line {
        from: client.try_clone()?,
        to: server.try_clone()?,
        open: accepted + round_trip,
        delay: round_trip / 2,
    };
    let down = Line {
        from: server,
        to: client,
        open: accepted,
        delay: round_trip / 2,
    };
    up.start(shared, |shared| &shared.up);
    down.start(shared, |shared| &shared.down);
    Ok(())
}

/// One direction of a connection.
struct Line {
    from: TcpStream,
    to: TcpStream,
    /// Nothing counts as sent before this.
    open: Instant,
    delay: Duration,
}

/// Bytes under way, and when they arrive; no bytes are the end of the stream.
struct Chunk {
    arrives: Instant,
    bytes: Vec<u8>,
}

impl Line {
    fn start(self, shared: &Arc<Shared>, counter: fn(&Shared) -> &AtomicU64) {
        let Self {
            mut from,
            mut to,
            open,
            delay,
        } = self;
        let (sender, receiver) = mpsc::channel::<Chunk>();
        thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            loop {
                // A reset arrives as an end does.
                let count = from.read(&mut buffer).unwrap_or(0);
                let chunk = Chunk {
                    arrives: Instant::now().max(open) + delay,
                    bytes: buffer[..count].to_vec(),
                };
                if sender.send(chunk).is_err() || count == 0 {
                    return;
                }
            }
        });
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            for Chunk { arrives, bytes } in receiver {
                thread::sleep(arrives.saturating_duration_since(Instant::now()));
                counter(&shared).fetch_add(bytes.len() as u64, Ordering::Relaxed);
                if bytes.is_empty() || to.write_all(&bytes).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(Shutdown::Write);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends back what it gets, connection after connection, and closes when the client has.
    fn echo() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || io::copy(&mut &stream, &mut &stream));
            }
        });
        address
    }

    /// That it is not early is a fact; how late it is depends on the machine.
    #[test]
    fn nothing_arrives_before_its_time() {
        let round_trip = Duration::from_millis(30);
        let proxy = LatencyProxy::before(&echo(), round_trip);
        let begin = Instant::now();
        let mut client = TcpStream::connect(proxy.address()).unwrap();
        let mut answer = [0; 4];
        client.write_all(b"ping").unwrap();
        client.read_exact(&mut answer).unwrap();
        assert!(
            begin.elapsed() >= 2 * round_trip,
            "the connect, and the ping"
        );
        let begin = Instant::now();
        client.write_all(b"pong").unwrap();
        client.read_exact(&mut answer).unwrap();
        assert!(begin.elapsed() >= round_trip);
        assert_eq!(&answer, b"pong");
    }

    #[test]
    fn bytes_and_ends_pass_unchanged_and_are_counted() {
        let proxy = LatencyProxy::before(&echo(), Duration::from_millis(1));
        let sent: Vec<u8> = (0..1_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
        let mut client = TcpStream::connect(proxy.address()).unwrap();
        let (mut writer, bytes) = (client.try_clone().unwrap(), sent.clone());
        let writer = thread::spawn(move || {
            writer.write_all(&bytes).unwrap();
            writer.shutdown(Shutdown::Write).unwrap();
        });
        let mut back = Vec::new();
        client.read_to_end(&mut back).unwrap();
        writer.join().unwrap();
        assert!(back == sent);
        let traffic = Traffic {
            connections: 1,
            up: 1_000_000,
            down: 1_000_000,
        };
        assert_eq!(proxy.traffic(), traffic);
        proxy.forget();
        assert_eq!(proxy.traffic(), Traffic::default());
    }

    #[test]
    fn a_server_that_moves_is_moved_for_new_connections() {
        let proxy = LatencyProxy::before(&echo(), Duration::ZERO);
        let round_trip = Duration::from_millis(20);
        proxy.set_round_trip(round_trip);
        let begin = Instant::now();
        let mut client = TcpStream::connect(proxy.address()).unwrap();
        client.write_all(b"ping").unwrap();
        client.read_exact(&mut [0; 4]).unwrap();
        assert!(begin.elapsed() >= 2 * round_trip);
    }
}
