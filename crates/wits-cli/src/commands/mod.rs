//! One file a command: arguments, one library call, what is printed of it.

mod bindle;
mod build;
mod cache;
mod config;
mod fetch;
mod get;
mod init;
mod lock;
mod login;
mod migrate;
mod publish;
mod verify;
mod yank;

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;
use wits::model::lock::LockChange;
use wits::model::{ErrorKind, RegistryUrl};
use wits::{Context, Error, Workspace};

use crate::args::{Args, Command, Global};
use crate::environment;
use crate::printer::Printer;
use crate::progress::Progressing;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Wrong usage.
    Usage(String),
    /// What the library says.
    Wits(Box<Error>),
    /// A check found something, which was told.
    Found(ErrorKind),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Wits(Box::new(error))
    }
}

/// What every command works with.
pub(crate) struct Session<'a> {
    global: &'a Global,
    printer: &'a Printer,
    /// Where the user stands.
    here: PathBuf,
    context: Context,
}

impl<'a> Session<'a> {
    fn new(args: &'a Args, printer: &'a Printer) -> Result<Self, Failure> {
        let here = environment::working_directory(&args.global)?;
        let registry: Option<&RegistryUrl> = match &args.command {
            Command::Publish(publish) => publish.registry.as_ref(),
            Command::Get(get) => get.registry.as_ref(),
            Command::Yank(yank) => yank.registry.as_ref(),
            _ => None,
        };
        let context = environment::context(
            &args.global,
            &here,
            registry,
            Arc::new(Progressing::new(printer)),
        )?;
        Ok(Self {
            global: &args.global,
            printer,
            here,
            context,
        })
    }

    fn workspace(&self) -> Result<Workspace, Error> {
        Workspace::find(&self.context, &self.here, self.global.wit_dir.as_deref())
    }

    /// The workspace the user stands in, for commands that work without one too.
    fn workspace_if_any(&self) -> Result<Option<Workspace>, Error> {
        match self.workspace() {
            Ok(workspace) => Ok(Some(workspace)),
            Err(Error::NoProject { .. } | Error::NoWitDirectory { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Says what changed in the lock, on `-v` line by line.
    fn say_changes(&self, changes: &[LockChange]) {
        if changes.is_empty() {
            return;
        }
        let (mut added, mut removed, mut moved) = (0, 0, 0);
        for change in changes {
            match change {
                LockChange::Added(_) => added += 1,
                LockChange::Removed(_) => removed += 1,
                LockChange::Changed { .. } => moved += 1,
            }
            self.printer.detail("Lock", &change.to_string());
        }
        let counts = [(added, "added"), (removed, "removed"), (moved, "changed")];
        let counts: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        self.printer
            .status("Locked", &format!("wits.lock: {}", counts.join(", ")));
    }
}

fn json_changes(changes: &[LockChange]) -> Vec<serde_json::Value> {
    let change = |change: &LockChange| match change {
        LockChange::Added(package) => json!({ "change": "added", "package": package }),
        LockChange::Removed(package) => json!({ "change": "removed", "package": package }),
        LockChange::Changed { package, key, what } => {
            json!({ "change": "changed", "package": package, "key": key, "what": what })
        }
    };
    changes.iter().map(change).collect()
}

fn plural(count: usize, what: &str) -> String {
    if count == 1 {
        format!("1 {what}")
    } else {
        format!("{count} {what}s")
    }
}

/// Runs what was typed.
pub(crate) fn run(args: &Args, printer: &Printer) -> Result<(), Failure> {
    let session = Session::new(args, printer)?;
    match &args.command {
        Command::Init(args) => init::run(&session, args),
        Command::Fetch(args) => fetch::run(&session, args),
        Command::Lock(args) => lock::run(&session, args),
        Command::Build(args) => build::run(&session, args),
        Command::Publish(args) => publish::run(&session, args),
        Command::Get(args) => get::run(&session, args),
        Command::Yank(args) => yank::run(&session, args),
        Command::Bindle(args) => bindle::run(&session, args),
        Command::Login(args) => login::login(&session, args),
        Command::Logout(args) => login::logout(&session, args),
        Command::Config(args) => config::run(&session, args),
        Command::Migrate(args) => migrate::run(&session, args),
        Command::Verify(args) => verify::run(&session, args),
        Command::Cache(args) => cache::run(&session, args),
    }
}
