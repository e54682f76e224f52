//! Which requests a fault is for.

use std::ops::Range;
use std::sync::Mutex;

use super::{Body, Fault, Request, Response};

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A manifest, by tag or digest; of Bindle, an invoice.
    Manifest,
    /// A blob; of Bindle, a parcel.
    Blob,
    /// A list of tags; of Bindle, of versions.
    Tags,
    /// A session in which a blob is uploaded.
    Upload,
    /// A token.
    Token,
    /// Anything else.
    Other,
}

/// Which requests get a [`Fault`]: all to which everything that was said applies.
#[derive(Debug, Clone)]
pub struct Rule {
    kind: Option<Kind>,
    method: Option<String>,
    repository: Option<String>,
    path: Option<String>,
    /// Of those to which the rest applies, counted from 1.
    numbers: Range<usize>,
}

impl Rule {
    /// Every request.
    pub fn any() -> Self {
        Self {
            kind: None,
            method: None,
            repository: None,
            path: None,
            numbers: 1..usize::MAX,
        }
    }

    /// What is about this.
    pub fn on(kind: Kind) -> Self {
        Self {
            kind: Some(kind),
            ..Self::any()
        }
    }

    /// Of these, only what has this method.
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Of these, only what is about this repository or bindle.
    pub fn of(mut self, repository: &str) -> Self {
        self.repository = Some(repository.to_owned());
        self
    }

    /// Of these, only those with this text in their path or query.
    pub fn path(mut self, text: &str) -> Self {
        self.path = Some(text.to_owned());
        self
    }

    /// Of these, only the `number`th, from 1.
    pub fn nth(mut self, number: usize) -> Self {
        self.numbers = number..number + 1;
        self
    }

    /// Of these, only the first `count`.
    pub fn first(mut self, count: usize) -> Self {
        self.numbers = 1..count + 1;
        self
    }

    /// Of these, all from the `number`th on, from 1.
    pub fn from(mut self, number: usize) -> Self {
        self.numbers = number..usize::MAX;
        self
    }

    fn fits(&self, request: &Request, kind: Kind, repository: &str) -> bool {
        fn is<T: PartialEq + ?Sized>(wanted: Option<&T>, actual: &T) -> bool {
            wanted.is_none_or(|wanted| wanted == actual)
        }
        is(self.kind.as_ref(), &kind)
            && is(self.method.as_deref(), request.method.as_str())
            && is(self.repository.as_deref(), repository)
            && self
                .path
                .as_ref()
                .is_none_or(|text| request.path.contains(text))
    }
}

/// The rules that were laid on a server.
#[derive(Default)]
pub(super) struct Rules(Mutex<Vec<(Rule, usize, Fault)>>);

impl Rules {
    pub(super) fn lay(&self, rule: Rule, fault: Fault) {
        self.0
            .lock()
            .expect("no thread panics with it")
            .push((rule, 0, fault));
    }

    pub(super) fn lift(&self) {
        self.0.lock().expect("no thread panics with it").clear();
    }

    /// The answer to a request: the honest one, with its faults in the order in which they were laid.
    pub(super) fn apply(
        &self,
        request: &Request,
        kind: Kind,
        repository: &str,
        honest: impl FnOnce() -> Response,
    ) -> Response {
        let mut faults = Vec::new();
        for (rule, count, fault) in self.0.lock().expect("no thread panics with it").iter_mut() {
            if rule.fits(request, kind, repository) {
                *count += 1;
                if rule.numbers.contains(count) {
                    faults.push(fault.clone());
                }
            }
        }
        let unheard = faults.iter().any(Fault::is_unheard);
        let answer = if unheard {
            Response::sent(Body::Reset)
        } else {
            honest()
        };
        faults
            .iter()
            .fold(answer, |response, fault| fault.of(request, response))
    }
}
