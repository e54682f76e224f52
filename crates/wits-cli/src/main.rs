//! The `wits` command: arguments in, one library call, text out.
//!
//! | module | what is in it |
//! | --- | --- |
//! | [`args`] | what can be typed |
//! | [`environment`] | the one place that reads the environment; makes the library's context of it |
//! | [`commands`] | one file a command |
//! | [`printer`] | the one place that writes to stdout and stderr |
//! | [`diagnostic`] | errors and notes as text, with the lines of WIT they are about |
//! | [`progress`] | what is happening, on a terminal |
//!
//! Exit codes: 0 done; 1 the project or the request is at fault, or a check found something; 2 wrong
//! usage; 3 integrity; 75 transient; 70 a bug in wits.

mod args;
mod commands;
mod diagnostic;
mod environment;
mod printer;
mod progress;

use std::process::ExitCode;
use std::sync::Mutex;

use clap::Parser as _;
use wits::model::ErrorKind;

use crate::args::Args;
use crate::printer::Printer;

/// Wrong usage, as clap has it.
const USAGE: u8 = 2;
/// A bug in wits (`EX_SOFTWARE` of sysexits.h).
const BUG: u8 = 70;

/// What the last panic said.
static LAST_PANIC: Mutex<String> = Mutex::new(String::new());

fn exit_code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Project => 1,
        ErrorKind::Integrity => 3,
        ErrorKind::Transient => 75, // EX_TEMPFAIL of sysexits.h
        ErrorKind::Bug => BUG,
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    let printer = Printer::new(&args.global);
    // What panics may yet be caught: decoding a hostile package can panic in the parser, which the library
    // turns into an error. So the hook only takes note, and what gets here is told here.
    std::panic::set_hook(Box::new(|panic| {
        if let Ok(mut last) = LAST_PANIC.lock() {
            *last = panic.to_string();
        }
    }));
    let run = std::panic::AssertUnwindSafe(|| commands::run(&args, &printer));
    let code = match std::panic::catch_unwind(run) {
        Ok(Ok(())) => 0,
        Ok(Err(commands::Failure::Usage(message))) => {
            printer.error(&diagnostic::usage(&message));
            USAGE
        }
        Ok(Err(commands::Failure::Wits(error))) => {
            let here = environment::working_directory(&args.global).unwrap_or_default();
            printer.error(&diagnostic::error(&error, &here));
            exit_code(error.kind())
        }
        Ok(Err(commands::Failure::Found(kind))) => exit_code(kind),
        Err(_) => {
            let panic = LAST_PANIC
                .lock()
                .map(|last| last.clone())
                .unwrap_or_default();
            printer.error(&diagnostic::bug(&panic));
            BUG
        }
    };
    ExitCode::from(code)
}
