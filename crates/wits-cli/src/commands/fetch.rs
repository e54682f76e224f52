//! `wits fetch`

use serde_json::json;
use wits::Form;

use super::{Failure, Session, json_changes, plural};
use crate::args::{As, Fetch, Layout};

pub(crate) fn run(session: &Session<'_>, args: &Fetch) -> Result<(), Failure> {
    let workspace = session.workspace()?;
    let form = args.form.map(|form| match form {
        As::Wit => Form::Wit,
        As::Wasm => Form::Wasm,
    });
    let fetched = wits::blocking::fetch(&session.context, &workspace, form)?;
    session.say_changes(&fetched.changes);
    for deps in &fetched.deps {
        let dir = deps.dir.display();
        for name in &deps.written {
            session.printer.detail("Wrote", &format!("{dir}/{name}"));
        }
        for name in &deps.removed {
            session.printer.detail("Removed", &format!("{dir}/{name}"));
        }
        if !deps.written.is_empty() || !deps.removed.is_empty() {
            let mut parts = vec![format!("{} written", plural(deps.written.len(), "package"))];
            if !deps.removed.is_empty() {
                parts.push(format!("{} removed", deps.removed.len()));
            }
            if deps.unchanged > 0 {
                parts.push(format!("{} unchanged", deps.unchanged));
            }
            session
                .printer
                .status("Fetched", &format!("{dir}: {}", parts.join(", ")));
        }
    }
    let nothing_done = fetched.changes.is_empty()
        && fetched
            .deps
            .iter()
            .all(|deps| deps.written.is_empty() && deps.removed.is_empty());
    if nothing_done {
        let what = match fetched.packages {
            Some(0) => "nothing to fetch: no foreign package is named".to_owned(),
            _ => "wit/deps is up to date".to_owned(),
        };
        session.printer.status("Fresh", &what);
    }
    let wac = match args.layout {
        Layout::WitParser => Vec::new(),
        Layout::Wac => wits::blocking::lay_out_for_wac(&session.context, &workspace)?,
    };
    for member in wac.iter().filter(|member| !member.written.is_empty()) {
        let dir = member.dir.display();
        for package in &member.written {
            session
                .printer
                .detail("Wrote", &format!("{package} in {dir}"));
        }
        let written = plural(member.written.len(), "package");
        session
            .printer
            .status("Fetched", &format!("{dir}: {written} written for wac"));
    }
    let deps: Vec<_> = fetched
        .deps
        .iter()
        .map(|deps| {
            json!({
                "dir": deps.dir.display().to_string(),
                "written": deps.written,
                "removed": deps.removed,
                "unchanged": deps.unchanged,
            })
        })
        .collect();
    session.printer.json(json!({
        "fresh": fetched.fresh,
        "lock": json_changes(&fetched.changes),
        "deps": deps,
        "wac": wac.iter().map(|member| json!({
            "dir": member.dir.display().to_string(),
            "written": member.written,
            "unchanged": member.unchanged,
        })).collect::<Vec<_>>(),
    }));
    Ok(())
}
