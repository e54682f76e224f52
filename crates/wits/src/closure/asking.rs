//! What is asked of registries, each package once: its release by its tag, then its bytes by their digest.
//!
//! Between the two stands what makes the second early: the list in the manifest, whose packages are asked for
//! while the bytes are still under way ([`super::ahead`]). A package that was asked for ahead is taken up where
//! it stands when it is needed. If that failed it is asked for anew, as if it had never been.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use wits_model::lock::Lock;
use wits_model::{Blob, PackageId};

use super::ahead::{self, Ahead, Door};
use super::{Outcome, Root};
use crate::Error;
use crate::report::{Note, Progress};
use crate::session::{Named, Published, Session};

/// How many packages are asked for at a time: with HTTP/1.1, the most connections there are. More does not
/// help any registry, open files are few, and servers allow about a hundred streams on one HTTP/2 connection.
pub(crate) const AT_ONCE: usize = 64;

/// The packages that are asked for.
pub(super) struct Asking<'s> {
    session: &'s Session<'s>,
    lock: &'s Lock,
    roots: &'s [Root<'s>],
    under_way: FuturesUnordered<BoxFuture<'s, Event>>,
    /// Needed, and to be begun.
    queue: VecDeque<PackageId>,
    /// Every package that was ever needed.
    needed: BTreeSet<PackageId>,
    /// How many of them are answered.
    done: usize,
    ahead: Ahead,
    /// What was asked for ahead, until it is needed.
    early: BTreeMap<PackageId, Early>,
    /// How many requests ahead are under way.
    ahead_under_way: usize,
    /// How many bytes are held, or to come, for nobody yet.
    held: u64,
}

/// A package that was asked for ahead.
#[derive(Default)]
struct Early {
    /// Whether an answer is to come.
    under_way: bool,
    /// What its registry says.
    named: Option<Named>,
    /// Its bytes.
    wasm: Option<Blob>,
    /// How many they are, or will be.
    held: u64,
    /// What the user hears if it is needed.
    notes: Vec<Note>,
}

/// What came of a request.
enum Event {
    Named(PackageId, Result<Named, Error>),
    Done(PackageId, Result<Outcome, Error>),
    NamedAhead(PackageId, Option<Named>, Vec<Note>),
    PulledAhead(PackageId, Option<Blob>, Vec<Note>),
}

impl Event {
    fn published(id: PackageId, published: Result<Published, Error>) -> Self {
        Self::Done(id, published.map(Arc::new).map(Outcome::Published))
    }
}

impl<'s> Asking<'s> {
    pub(super) fn new(session: &'s Session<'s>, lock: &'s Lock, roots: &'s [Root<'s>]) -> Self {
        Self {
            session,
            lock,
            roots,
            under_way: FuturesUnordered::new(),
            queue: VecDeque::new(),
            needed: BTreeSet::new(),
            done: 0,
            ahead: Ahead::default(),
            early: BTreeMap::new(),
            ahead_under_way: 0,
            held: 0,
        }
    }

    /// These are in a graph that was verified before.
    pub(super) fn foresee(&mut self, ids: &BTreeSet<PackageId>) {
        for id in ids {
            self.reach(id);
        }
        self.list(ids);
    }

    /// The verified graph needs `id`.
    pub(super) fn need(&mut self, id: PackageId) {
        if !self.needed.insert(id.clone()) {
            return;
        }
        self.ahead.need(&id);
        self.reach(&id);
        if self.early.get(&id).is_none_or(|early| !early.under_way) {
            self.queue.push_back(id);
        }
    }

    /// The next answer to a need; nothing once there is none to come. What was asked for ahead and is not
    /// needed is not waited for.
    pub(super) async fn next(&mut self) -> Option<(PackageId, Result<Outcome, Error>)> {
        while self.done < self.needed.len() {
            self.begin();
            let event = self.under_way.next().await?;
            if let Some((id, outcome)) = self.take(event) {
                self.done += 1;
                let fetched =
                    matches!(&outcome, Ok(Outcome::Published(published)) if published.fetched);
                self.session.context.reporter.progress(&Progress::Resolved {
                    package: id.clone(),
                    fetched,
                    done: self.done,
                    known: self.needed.len(),
                });
                return Some((id, outcome));
            }
        }
        None
    }

    /// Where `id` is asked for.
    fn door(&self, id: &PackageId) -> Option<Door> {
        match self.lock.packages.get(id) {
            Some(locked) => Door::of_source(&locked.source),
            None => Door::of(&self.session.routes.route(&id.name)?.url),
        }
    }

    /// The verified graph leads to `id`.
    fn reach(&mut self, id: &PackageId) {
        if let Some(door) = self.door(id) {
            self.ahead.reach(door);
        }
    }

    /// A list names `ids`.
    fn list(&mut self, ids: &BTreeSet<PackageId>) {
        if self.session.context.offline {
            return;
        }
        for id in ids {
            // What is locked was asked for first, and what the project answers is not asked for.
            let is_known = self.lock.packages.contains_key(id)
                || self.roots.iter().any(|root| root.answers(id));
            if !is_known && let Some(door) = self.door(id) {
                self.ahead.hint(id.clone(), door);
            }
        }
    }

    /// Begins what there is room for: first what is needed.
    fn begin(&mut self) {
        while self.under_way.len() < AT_ONCE
            && let Some(id) = self.queue.pop_front()
        {
            let reporter = &self.session.context.reporter;
            reporter.progress(&Progress::Resolving {
                package: id.clone(),
                known: self.needed.len(),
            });
            match self.early.remove(&id) {
                Some(early) => self.take_up(id, early),
                None => self.ask(id),
            }
        }
        let session = self.session;
        while self.under_way.len() < AT_ONCE
            && self.ahead_under_way < ahead::AT_ONCE
            && let Some(id) = self.ahead.next()
        {
            self.early.entry(id.clone()).or_default().under_way = true;
            self.ahead_under_way += 1;
            self.begun(async move {
                let (named, notes) = session.quietly(session.name_ahead(&id)).await;
                Event::NamedAhead(id, named, notes)
            });
        }
    }

    fn begun(&self, request: impl Future<Output = Event> + Send + 's) {
        self.under_way.push(Box::pin(request));
    }

    /// Asks for a package of which nothing is known but what the lock says.
    fn ask(&self, id: PackageId) {
        let session = self.session;
        let locked = self.lock.packages.get(&id);
        if locked.is_some_and(|locked| locked.embedded_in.is_some()) && self.may_be_stub(&id) {
            return self.begun(async { Event::Done(id, Ok(Outcome::Absent)) });
        }
        match locked.and_then(|locked| Some((locked, locked.pin.as_ref()?))) {
            Some((locked, pin)) => self.begun(async move {
                let published = session.locked(&id, locked, pin).await;
                Event::published(id, published)
            }),
            None => self.begun(async move {
                let named = session.named(&id).await;
                Event::Named(id, named)
            }),
        }
    }

    /// Goes on with a package that is needed by now.
    fn take_up(&mut self, id: PackageId, early: Early) {
        self.held -= early.held;
        for note in &early.notes {
            self.session.context.reporter.note(note);
        }
        match early.named {
            Some(named) => self.pull(id, named, early.wasm),
            None => self.ask(id),
        }
    }

    /// Asks for the bytes, unless they are there, and for what the list names.
    fn pull(&mut self, id: PackageId, named: Named, wasm: Option<Blob>) {
        if let Some(door) = Door::of_source(&named.source) {
            self.ahead.reach(door);
        }
        self.list(&named.closure);
        let session = self.session;
        self.begun(async move {
            let published = match wasm {
                Some(wasm) => session.keep(named, wasm),
                None => session.obtain(named).await,
            };
            Event::published(id, published)
        });
    }

    fn take(&mut self, event: Event) -> Option<(PackageId, Result<Outcome, Error>)> {
        match event {
            Event::Done(id, outcome) => return Some((id, outcome)),
            Event::Named(id, Ok(named)) => self.pull(id, named, None),
            Event::Named(id, Err(error)) => {
                // A registry that does not have it may be a stub's occasion.
                let is_absent = matches!(
                    error,
                    Error::NoRoute { .. }
                        | Error::PackageNotFound { .. }
                        | Error::VersionNotFound { .. }
                );
                let may_be_stub = is_absent && self.may_be_stub(&id);
                let outcome = if may_be_stub {
                    Ok(Outcome::Absent)
                } else {
                    Err(error)
                };
                return Some((id, outcome));
            }
            Event::NamedAhead(id, named, notes) => {
                let early = self.came_ahead(&id, notes);
                self.pull_ahead(id, Early { named, ..early });
            }
            Event::PulledAhead(id, wasm, notes) => {
                let mut early = self.came_ahead(&id, notes);
                if wasm.is_none() {
                    self.held -= std::mem::take(&mut early.held);
                }
                self.put_by(id, Early { wasm, ..early });
            }
        }
        None
    }

    /// What is known of `id`, for which something came.
    fn came_ahead(&mut self, id: &PackageId, notes: Vec<Note>) -> Early {
        self.ahead_under_way -= 1;
        let mut early = self.early.remove(id).unwrap_or_default();
        early.under_way = false;
        early.notes.extend(notes);
        early
    }

    /// Goes on with what is needed by now, and keeps the rest.
    fn put_by(&mut self, id: PackageId, early: Early) {
        if self.needed.contains(&id) {
            self.take_up(id, early);
        } else {
            self.early.insert(id, early);
        }
    }

    /// Asks for the bytes of what is not needed yet, if they are few and not in the cache.
    fn pull_ahead(&mut self, id: PackageId, mut early: Early) {
        let session = self.session;
        if !self.needed.contains(&id)
            && let Some(named) = &early.named
            && named.pin.size <= ahead::LARGEST.min(ahead::MOST_HELD - self.held)
            && !session.cache.has(&named.pin.digest)
        {
            early.under_way = true;
            early.held = named.pin.size;
            self.held += early.held;
            self.ahead_under_way += 1;
            let (named, asked) = (named.clone(), id.clone());
            self.begun(async move {
                let (wasm, notes) = session.quietly(session.pull_ahead(&named)).await;
                Event::PulledAhead(asked, wasm, notes)
            });
        }
        self.put_by(id, early);
    }

    fn may_be_stub(&self, id: &PackageId) -> bool {
        self.session.routes.allows_embedded(&id.name)
    }
}
