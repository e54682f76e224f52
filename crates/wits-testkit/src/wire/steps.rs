//! How many round trips a client needs, without a clock: the requests of one step are answered together.
//!
//! A test says how many requests come in each step. No answer of a step is sent before all its requests are
//! there. A client that waits for an answer before it asks the next thing never completes the step, and is let
//! go after a [deadline](PATIENCE), with which the test has failed.

use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// How long a step may take to be complete.
const PATIENCE: Duration = Duration::from_secs(20);

/// The steps of a server: none, as long as nothing is expected.
#[derive(Debug, Default)]
pub(super) struct Steps {
    state: Mutex<State>,
    came: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// How many requests there are at the end of each step.
    ends: Vec<usize>,
    came: usize,
    /// Whether a step was not complete in time.
    broken: bool,
}

impl Steps {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread panics with it")
    }

    /// From now on, steps of these sizes.
    pub(super) fn expect(&self, sizes: &[usize]) {
        let sums = sizes.iter().scan(0, |sum, size| {
            *sum += size;
            Some(*sum)
        });
        *self.state() = State {
            ends: sums.collect(),
            ..State::default()
        };
    }

    /// A request is there: returns when it is to be answered.
    pub(super) fn hold(&self) {
        let mut state = self.state();
        state.came += 1;
        self.came.notify_all();
        let Some(end) = state.ends.iter().copied().find(|end| *end >= state.came) else {
            return;
        };
        let waits = |state: &mut State| state.came < end && !state.broken;
        let waited = self.came.wait_timeout_while(state, PATIENCE, waits);
        let (mut state, ended) = waited.expect("no thread panics with it");
        if ended.timed_out() {
            state.broken = true;
            self.came.notify_all();
        }
    }

    /// The sizes of the steps, if every request came in its step.
    pub(super) fn kept(&self) -> Result<Vec<usize>, String> {
        let state = self.state();
        let expected = state.ends.last().copied().unwrap_or(0);
        if state.broken || state.came != expected {
            return Err(format!(
                "{} requests came, where {expected} were due by steps that end with {:?}{}",
                state.came,
                state.ends,
                if state.broken {
                    "; one stood still"
                } else {
                    ""
                }
            ));
        }
        let starts = std::iter::once(&0).chain(&state.ends);
        Ok(starts
            .zip(&state.ends)
            .map(|(start, end)| end - start)
            .collect())
    }
}
