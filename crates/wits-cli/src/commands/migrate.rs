//! `wits migrate`

use serde_json::json;

use super::{Failure, Session, json_changes};
use crate::args::Migrate;
use wits::model::printable;

pub(crate) fn run(session: &Session<'_>, args: &Migrate) -> Result<(), Failure> {
    let workspace = session.workspace()?;
    let done = wits::blocking::migrate(&session.context, &workspace, args.dry_run)?;
    let printer = session.printer;
    for (file, text) in &done.files {
        let file = file.display();
        if args.dry_run {
            printer.status("Would write", &file.to_string());
            if !printer.is_json() {
                let file = file.to_string();
                let (file, text) = (printable::line(&file), printable::source(text));
                printer.data(format!("# {file}\n{text}\n").as_bytes());
            }
        } else {
            printer.status("Wrote", &file.to_string());
        }
    }
    if args.dry_run && !done.lock.is_empty() {
        printer.status("Would write", "wits.lock");
        for change in &done.lock {
            printer.detail("Lock", &change.to_string());
        }
    } else {
        session.say_changes(&done.lock);
    }
    for taken in &done.taken {
        printer.status("Took over", taken);
    }
    for left in done.left.iter().filter(|left| !left.noted) {
        let file = left.file.display();
        let what = match left.what.as_str() {
            "" => String::new(),
            what => format!("{what}: "),
        };
        printer.status("Left", &format!("{file}: {what}{}", left.why));
    }
    if done.files.is_empty() && done.lock.is_empty() && done.taken.is_empty() {
        printer.status("Fresh", "there is nothing to take over");
    }
    let files: Vec<_> = done
        .files
        .iter()
        .map(|(file, text)| json!({ "file": file.display().to_string(), "text": text }))
        .collect();
    let left: Vec<_> = done
        .left
        .iter()
        .map(|left| {
            json!({ "file": left.file.display().to_string(), "what": left.what, "why": left.why })
        })
        .collect();
    printer.json(json!({
        "written": !args.dry_run,
        "files": files,
        "lock": json_changes(&done.lock),
        "taken": done.taken,
        "left": left,
    }));
    Ok(())
}
