//! `wits lock`

use serde_json::json;

use super::{Failure, Session, json_changes, plural};
use crate::args::Lock;

pub(crate) fn run(session: &Session<'_>, args: &Lock) -> Result<(), Failure> {
    let workspace = session.workspace()?;
    let locked = if args.check {
        wits::blocking::lock_check(&session.context, &workspace)?
    } else {
        wits::blocking::lock(&session.context, &workspace)?
    };
    session.say_changes(&locked.changes);
    if locked.changes.is_empty() {
        let packages = plural(locked.packages, "package");
        session
            .printer
            .status("Fresh", &format!("wits.lock is up to date: {packages}"));
    }
    session.printer.json(json!({
        "packages": locked.packages,
        "lock": json_changes(&locked.changes),
    }));
    Ok(())
}
