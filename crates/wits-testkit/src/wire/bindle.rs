//! A Bindle server in the test's own process, with honest content on which a test lays faults.
//!
//! It keeps the invoices and parcels that are posted to it, and looks at no signature. As with the real
//! one, `HEAD` says yes to everything.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use toml::{Table, Value};

use super::rule::Rules;
use super::{Fault, Kind, Request, Response, Rule, Server};

/// A running server.
pub struct Bindle {
    server: Server,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    stored: Mutex<Stored>,
    rules: Rules,
}

/// Everything that was published.
#[derive(Default)]
struct Stored {
    invoices: BTreeMap<String, Invoice>,
    parcels: BTreeMap<String, Vec<u8>>,
}

struct Invoice {
    /// As it was posted.
    text: String,
    yanked: bool,
}

impl Invoice {
    /// As it is handed out.
    fn told(&self) -> String {
        let yanked = if self.yanked { "yanked = true\n" } else { "" };
        format!("{yanked}{}", self.text)
    }

    fn table(&self) -> Table {
        self.told().parse().expect("it was read when it was posted")
    }
}

impl Bindle {
    /// An empty server.
    #[track_caller]
    #[allow(clippy::new_without_default)] // it is a running server
    pub fn start() -> Self {
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let server = Server::start(move |request| shared.answer(request));
        Self { server, state }
    }

    /// Lays a fault on the requests that `rule` names.
    pub fn lay(&self, rule: Rule, fault: Fault) {
        self.state.rules.lay(rule, fault);
    }

    /// Takes all faults away.
    pub fn lift(&self) {
        self.state.rules.lift();
    }

    /// Where it listens: `127.0.0.1:PORT`.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The URL that routes to it.
    pub fn registry(&self) -> String {
        format!("bindle+http://{}/v1", self.address())
    }

    /// A URL of it.
    pub fn url(&self, path: &str) -> String {
        self.server.url(path)
    }

    /// Everything that was asked so far, in the order in which it came.
    pub fn log(&self) -> Vec<Request> {
        self.server.log()
    }

    /// The server, which keeps the log.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The lines of everything that was asked so far.
    pub fn lines(&self) -> Vec<String> {
        self.server.lines()
    }
}

impl State {
    fn answer(&self, request: &Request) -> Response {
        let path = request.route().strip_prefix("/v1/").unwrap_or_default();
        let (kind, id) = match path.split_once('/') {
            Some(("_i", id)) if id.contains('@') => (Kind::Blob, id),
            Some(("_i", id)) => (Kind::Manifest, id),
            None if path == "_i" => (Kind::Manifest, ""),
            None if path == "_q" => (Kind::Tags, ""),
            _ => (Kind::Other, path),
        };
        let id = id.split_once('@').map_or(id, |(id, _)| id);
        let name = id.rsplit_once('/').map_or(id, |(name, _)| name);
        let honest = || {
            let mut stored = self.stored.lock().expect("no thread panics with it");
            stored.answer(request, path)
        };
        self.rules.apply(request, kind, name, honest)
    }
}

impl Stored {
    fn answer(&mut self, request: &Request, path: &str) -> Response {
        match (request.method.as_str(), path.split_once('/')) {
            ("POST", None) if path == "_i" => self.post(request),
            ("POST", Some(("_i", id))) => {
                let sha = id.split_once('@').unwrap_or_default().1;
                self.parcels.insert(sha.to_owned(), request.body.clone());
                Response::new(200, "message = \"parcel created\"\n")
            }
            ("GET", Some(("_r", id))) => self.missing(id.trim_start_matches("missing/")),
            ("GET", Some(("_i", id))) => match id.split_once('@') {
                Some((_, sha)) => self
                    .parcels
                    .get(sha)
                    .map_or_else(absent, |bytes| Response::new(200, bytes.clone())),
                None => self.invoice(id, request),
            },
            ("GET", None) if path == "_q" => self.list(request),
            ("DELETE", Some(("_i", id))) => match self.invoices.get_mut(id) {
                Some(invoice) => {
                    invoice.yanked = true;
                    Response::new(200, "message = \"yanked\"\n")
                }
                None => absent(),
            },
            ("HEAD", _) => Response::new(200, ""),
            _ => absent(),
        }
    }

    fn post(&mut self, request: &Request) -> Response {
        let text = String::from_utf8_lossy(&request.body);
        let Ok(invoice) = text.parse::<Table>() else {
            return Response::new(400, "error = \"not an invoice\"\n");
        };
        let field = |key: &str| invoice["bindle"][key].as_str().unwrap_or_default();
        let id = format!("{}/{}", field("name"), field("version"));
        if self.invoices.contains_key(&id) {
            return Response::new(409, "error = \"resource already exists\"\n");
        }
        let text = text.into_owned();
        let yanked = false;
        self.invoices.insert(id, Invoice { text, yanked });
        Response::new(202, "")
    }

    fn invoice(&self, id: &str, request: &Request) -> Response {
        let Some(invoice) = self.invoices.get(id) else {
            return absent();
        };
        if invoice.yanked && request.query("yanked").as_deref() != Some("true") {
            return Response::new(403, "error = \"bindle is yanked\"\n");
        }
        Response::new(200, invoice.told())
    }

    fn missing(&self, id: &str) -> Response {
        let Some(invoice) = self.invoices.get(id) else {
            return absent();
        };
        let invoice = invoice.table();
        let parcels = invoice.get("parcel").and_then(Value::as_array);
        let labels = parcels.into_iter().flatten().map(|parcel| &parcel["label"]);
        let missing = labels.filter(|label| {
            let sha = label["sha256"].as_str().unwrap_or_default();
            !self.parcels.contains_key(sha)
        });
        let missing: Vec<_> = missing.cloned().collect();
        let list = Table::from_iter([("missing".to_owned(), missing.into())]);
        Response::new(200, list.to_string())
    }

    /// A page of what has `q` in its name.
    fn list(&self, request: &Request) -> Response {
        let number = |key: &str| request.query(key).and_then(|text| text.parse().ok());
        let wanted = request.query("q").unwrap_or_default();
        let hidden = request.query("yanked").as_deref() != Some("true");
        let found = self
            .invoices
            .iter()
            .filter(|(id, invoice)| id.contains(&wanted) && !(hidden && invoice.yanked));
        let found: Vec<_> = found.map(|(_, invoice)| invoice).collect();
        let start = number("o").unwrap_or(0).min(found.len());
        let end = number("l").map_or(found.len(), |l: usize| found.len().min(start + l));
        let page = found[start..end]
            .iter()
            .map(|invoice| Value::from(invoice.table()));
        let list = Table::from_iter([
            ("query".to_owned(), wanted.clone().into()),
            ("more".to_owned(), (end < found.len()).into()),
            ("invoices".to_owned(), page.collect::<Vec<_>>().into()),
        ]);
        Response::new(200, list.to_string())
    }
}

fn absent() -> Response {
    Response::new(404, "error = \"not found\"\n")
}
