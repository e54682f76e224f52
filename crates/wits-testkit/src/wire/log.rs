//! What a server was asked, and in which order it began and answered.

use std::sync::{Mutex, MutexGuard};

use super::Request;

/// A request, and when it began and was answered by the server's own count of events.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The request.
    pub request: Request,
    /// The event of its arrival.
    pub begun: usize,
    /// The event before its answer was sent, or, of a body that is sent in pieces, before the last piece;
    /// none as long as that has not come.
    pub ended: Option<usize>,
}

/// The longest chain of exchanges that were each begun after another had ended.
///
/// A client that asks two things at once may still be served one after the other, which looks like a chain
/// of two: a server with a [pause](super::Settings::pause) tells them apart.
pub fn depth<'e>(exchanges: impl IntoIterator<Item = &'e Exchange>) -> usize {
    let mut events = Vec::new();
    let mut depths = Vec::new();
    for (number, exchange) in exchanges.into_iter().enumerate() {
        events.push((exchange.begun, number, true));
        events.extend(exchange.ended.map(|ended| (ended, number, false)));
        depths.push(0);
    }
    events.sort_unstable();
    let mut ended = 0;
    for (_, number, begins) in events {
        if begins {
            depths[number] = ended + 1;
        } else {
            ended = ended.max(depths[number]);
        }
    }
    depths.into_iter().max().unwrap_or(0)
}

/// The log of a running server.
#[derive(Debug, Default)]
pub(super) struct Log(Mutex<Events>);

#[derive(Debug, Default)]
struct Events {
    count: usize,
    accepted: usize,
    /// The first exchange and the first connection that are not forgotten.
    forgotten: (usize, usize),
    exchanges: Vec<Exchange>,
}

impl Log {
    fn events(&self) -> MutexGuard<'_, Events> {
        self.0
            .lock()
            .expect("no thread panics with the log in hand")
    }

    /// A connection begins; its number.
    pub(super) fn accepted(&self) -> usize {
        let mut events = self.events();
        events.accepted += 1;
        events.accepted - 1
    }

    /// A request begins; the number of its exchange.
    pub(super) fn begun(&self, request: Request) -> usize {
        let mut events = self.events();
        events.count += 1;
        let begun = events.count;
        events.exchanges.push(Exchange {
            request,
            begun,
            ended: None,
        });
        events.exchanges.len() - 1
    }

    /// The exchange ends.
    pub(super) fn ended(&self, number: usize) {
        let mut events = self.events();
        events.count += 1;
        let count = events.count;
        events.exchanges[number].ended.get_or_insert(count);
    }

    /// What is not forgotten.
    pub(super) fn exchanges(&self) -> Vec<Exchange> {
        let events = self.events();
        events.exchanges[events.forgotten.0..].to_vec()
    }

    /// How many connections are not forgotten.
    pub(super) fn connections(&self) -> usize {
        let events = self.events();
        events.accepted - events.forgotten.1
    }

    pub(super) fn forget(&self) {
        let mut events = self.events();
        events.forgotten = (events.exchanges.len(), events.accepted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_chain_is_counted() {
        let exchange = |begun, ended| Exchange {
            request: Request {
                method: "GET".to_owned(),
                path: "/".to_owned(),
                headers: Vec::new(),
                body: Vec::new(),
                scheme: "http",
                connection: 0,
            },
            begun,
            ended,
        };
        assert_eq!(depth(&[]), 0);
        let together = [exchange(1, Some(3)), exchange(2, Some(4))];
        assert_eq!(depth(&together), 1);
        let chain = [
            exchange(1, Some(3)),
            exchange(2, Some(9)),
            exchange(4, Some(5)),
            exchange(6, None),
        ];
        assert_eq!(depth(&chain), 3);
    }
}
