//! A reporter that can keep to itself what it hears, for requests that may turn out to be nobody's.
//!
//! What is asked ahead of need is asked by the same code as everything else, and that code tells the user what
//! goes otherwise than set up. Such a note is worth hearing once the answer is needed, and not before. Nor is anybody
//! bothered for a password before ([`Aside::is_quiet`]).

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use crate::report::{Note, Progress, Reporter};

/// See the module.
pub(crate) struct Aside {
    reporter: Arc<dyn Reporter>,
    /// Where notes go while a future that is nobody's yet is polled.
    kept: Mutex<Option<Vec<Note>>>,
}

impl Aside {
    pub(crate) fn new(reporter: Arc<dyn Reporter>) -> Self {
        Self {
            reporter,
            kept: Mutex::default(),
        }
    }

    /// The answer of `future`, and the notes that came up on the way.
    pub(crate) async fn quietly<F: Future>(&self, future: F) -> (F::Output, Vec<Note>) {
        let mut future = pin!(future);
        let mut notes = Vec::new();
        let answer = std::future::poll_fn(|waker| {
            *self.kept() = Some(std::mem::take(&mut notes));
            let polled = future.as_mut().poll(waker);
            notes = self.kept().take().unwrap_or_default();
            polled
        });
        let answer = answer.await;
        (answer, notes)
    }

    /// Whether what is done now may turn out to be nobody's.
    pub(crate) fn is_quiet(&self) -> bool {
        self.kept().is_some()
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<Vec<Note>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reporter for Aside {
    fn note(&self, note: &Note) {
        if let Some(kept) = &mut *self.kept() {
            return kept.push(note.clone());
        }
        self.reporter.note(note);
    }

    fn progress(&self, progress: &Progress) {
        self.reporter.progress(progress);
    }
}
