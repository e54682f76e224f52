//! Places where a kill, a power cut or a full disk could fall, for tests.
//!
//! A promise such as "old or new, whenever the process dies" is only as good as the test that dies at
//! every step. So each step that changes the disk is followed by a [`kill_point`] with a name. In a
//! normal build it is an empty inlined function. With the cargo feature `kill-points` (tests only) a
//! hook is asked at each of them:
//!
//! - `killed_at` stops a thread at the n-th point. It unwinds, so that its files are closed and its
//!   locks released, but no destructor of this crate touches the disk: what is there at that moment is
//!   what the next run finds, as after `SIGKILL`.
//! - `failing_at` and `failing_from` make the n-th point, or it and all that follow, report a full
//!   disk.
//! - `lacking` runs code as on a system that has no atomic exchange, say.
//!
//! And variables of the environment are read, so that a real process can be killed by a real signal:
//!
//! - `WITS_KILL_POINT=N`: the process sends itself `SIGKILL` at the n-th point (from 0), whatever the thread.
//! - `WITS_STOP_POINT=N`: it sends itself `SIGSTOP`, and so holds for ever what it holds.
//! - `WITS_KILL_POINTS_LOG=FILE`: the name of every point is added to the file, a line each.

use std::io;

/// A step that a kill could fall after. The error is a simulated one, and never comes without the
/// feature `kill-points`.
#[cfg(not(feature = "kill-points"))]
#[expect(clippy::inline_always, reason = "so that it vanishes")]
#[inline(always)]
pub fn kill_point(_name: &'static str) -> io::Result<()> {
    Ok(())
}

/// A step that a kill could fall after. The error is a simulated one, and never comes without the
/// feature `kill-points`.
#[cfg(feature = "kill-points")]
pub fn kill_point(name: &'static str) -> io::Result<()> {
    armed::reached(name)
}

/// A [`kill_point`] after a step that needs no space, so that a full disk cannot fail it.
pub(crate) fn kill_only(name: &'static str) {
    let _ = kill_point(name);
}

/// What a file system may be unable to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ability {
    /// Letting two entries change places in one step (Windows, some network file systems).
    Exchange,
    /// Renaming a directory of a lower layer (overlay file systems).
    Move,
    /// Syncing. A simulated kill is no power cut, and thousands of them take their time.
    Sync,
}

#[cfg(not(feature = "kill-points"))]
#[expect(clippy::inline_always, reason = "so that it vanishes")]
#[inline(always)]
pub(crate) fn lacks(_: Ability) -> bool {
    false
}

/// Whether this thread plays a process that is dead: destructors then leave the disk alone.
#[cfg(not(feature = "kill-points"))]
#[expect(clippy::inline_always, reason = "so that it vanishes")]
#[inline(always)]
pub(crate) fn is_dead() -> bool {
    false
}

/// A [`kill_point`] while `temporary` exists, which stays where the process dies.
pub(crate) fn kill_point_with(
    temporary: &mut tempfile::NamedTempFile,
    name: &'static str,
) -> io::Result<()> {
    temporary.disable_cleanup(cfg!(feature = "kill-points"));
    let result = kill_point(name);
    temporary.disable_cleanup(false);
    result
}

#[cfg(feature = "kill-points")]
pub use armed::{Outcome, failing_at, failing_from, killed_at, lacking};
#[cfg(feature = "kill-points")]
pub(crate) use armed::{is_dead, lacks};

#[cfg(feature = "kill-points")]
mod armed {
    use std::cell::{Cell, RefCell};
    use std::ffi::OsString;
    use std::fs::File;
    use std::io::{self, Write as _};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{OnceLock, mpsc};
    use std::{panic, thread};

    use super::Ability;

    type ThreadHook = Box<dyn FnMut(&'static str) -> io::Result<()>>;

    thread_local! {
        static THREAD: RefCell<Option<ThreadHook>> = const { RefCell::new(None) };
    }
    thread_local! {
        static LACKS: Cell<&'static [Ability]> = const { Cell::new(&[]) };
        static DEAD: Cell<bool> = const { Cell::new(false) };
    }
    static PROCESS: OnceLock<Process> = OnceLock::new();

    /// What is to become of the whole process.
    struct Process {
        reached: AtomicUsize,
        killed_at: Option<usize>,
        stopped_at: Option<usize>,
        log: Option<File>,
    }

    impl Process {
        /// # Panics
        /// If what is asked for cannot be done: a test that kills nothing would pass.
        #[expect(clippy::disallowed_methods, reason = "the feature is for tests only")]
        fn from_environment() -> Self {
            let point = |variable: &str| {
                let number = |text: OsString| text.to_str()?.parse::<usize>().ok();
                std::env::var_os(variable).map(|text| number(text).expect("the number of a point"))
            };
            Self {
                reached: AtomicUsize::new(0),
                killed_at: point("WITS_KILL_POINT"),
                stopped_at: point("WITS_STOP_POINT"),
                log: std::env::var_os("WITS_KILL_POINTS_LOG").map(|file| {
                    let file = File::options().create(true).append(true).open(file);
                    file.expect("the file of `WITS_KILL_POINTS_LOG`")
                }),
            }
        }

        fn reached(&self, name: &'static str) {
            if let Some(mut log) = self.log.as_ref() {
                log.write_all(format!("{name}\n").as_bytes())
                    .expect("a line in the file of `WITS_KILL_POINTS_LOG`");
            }
            let number = self.reached.fetch_add(1, Ordering::SeqCst);
            if Some(number) == self.killed_at {
                signals::kill();
            }
            if Some(number) == self.stopped_at {
                signals::stop();
            }
        }
    }

    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    mod signals {
        use rustix::process::{Signal, getpid, kill_process};

        pub(super) fn kill() -> ! {
            let _ = kill_process(getpid(), Signal::KILL);
            std::process::abort()
        }

        pub(super) fn stop() -> ! {
            let _ = kill_process(getpid(), Signal::STOP);
            // It may be another thread that takes the signal, and a moment until this one stands still.
            loop {
                std::thread::park();
            }
        }
    }

    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    mod signals {
        pub(super) fn kill() -> ! {
            std::process::abort()
        }

        pub(super) fn stop() -> ! {
            loop {
                std::thread::park();
            }
        }
    }

    pub(super) fn reached(name: &'static str) -> io::Result<()> {
        THREAD.with_borrow_mut(|hook| hook.as_mut().map_or(Ok(()), |hook| hook(name)))?;
        PROCESS.get_or_init(Process::from_environment).reached(name);
        Ok(())
    }

    pub(crate) fn lacks(ability: Ability) -> bool {
        LACKS.get().contains(&ability)
    }

    /// Runs `work` as on a file system without these abilities.
    pub fn lacking<T>(abilities: &'static [Ability], work: impl FnOnce() -> T) -> T {
        LACKS.set(abilities);
        let result = work();
        LACKS.set(&[]);
        result
    }

    /// How work under [`killed_at`] ended.
    #[derive(Debug)]
    pub enum Outcome<T> {
        /// It reached the point of this name and stopped there.
        Killed(&'static str),
        /// It has fewer points.
        Finished(T),
    }

    pub(crate) fn is_dead() -> bool {
        DEAD.get()
    }

    /// What unwinds a thread that is killed.
    struct Killed(&'static str);

    /// Runs `work` on a thread that is killed at the `nth` point (from 0).
    ///
    /// # Panics
    /// If `work` panics.
    pub fn killed_at<T: Send>(nth: usize, work: impl FnOnce() -> T + Send) -> Outcome<T> {
        let mut left = nth;
        let hook = move |name| {
            if left == 0 {
                DEAD.set(true);
                panic::resume_unwind(Box::new(Killed(name)));
            }
            left -= 1;
            Ok(())
        };
        let arm_and_work = || {
            THREAD.set(Some(Box::new(hook)));
            work()
        };
        match thread::scope(|scope| scope.spawn(arm_and_work).join()) {
            Ok(result) => Outcome::Finished(result),
            Err(payload) => match payload.downcast::<Killed>() {
                Ok(killed) => Outcome::Killed(killed.0),
                Err(payload) => panic::resume_unwind(payload),
            },
        }
    }

    /// Runs `work` with the `nth` point (from 0) reporting a full disk; the name of the point, if
    /// there are so many.
    pub fn failing_at<T>(nth: usize, work: impl FnOnce() -> T) -> (Option<&'static str>, T) {
        failing(move |count| count == nth, work)
    }

    /// As [`failing_at`], and every later point fails too: nothing can be undone either.
    pub fn failing_from<T>(nth: usize, work: impl FnOnce() -> T) -> (Option<&'static str>, T) {
        failing(move |count| count >= nth, work)
    }

    fn failing<T>(
        fails: impl Fn(usize) -> bool + 'static,
        work: impl FnOnce() -> T,
    ) -> (Option<&'static str>, T) {
        let (sender, receiver) = mpsc::channel();
        let mut count = 0;
        let hook: ThreadHook = Box::new(move |name| {
            count += 1;
            if fails(count - 1) {
                let _ = sender.send(name);
                return Err(io::ErrorKind::StorageFull.into());
            }
            Ok(())
        });
        THREAD.set(Some(hook));
        let result = work();
        THREAD.set(None);
        (receiver.try_iter().next(), result)
    }
}
