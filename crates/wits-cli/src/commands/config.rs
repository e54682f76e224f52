//! `wits config`

use serde_json::json;
use wits::model::printable;
use wits::ops::show;

use super::{Failure, Session};
use crate::args::Config;

pub(crate) fn run(session: &Session<'_>, args: &Config) -> Result<(), Failure> {
    match args {
        Config::Show => show(session),
    }
}

fn show(session: &Session<'_>) -> Result<(), Failure> {
    let workspace = session.workspace_if_any()?;
    let shown = show::show(&session.context, workspace.as_ref())?;
    if session.printer.is_json() {
        let entries: Vec<_> = shown
            .entries
            .iter()
            .map(|entry| {
                json!({
                    "key": entry.key,
                    "value": entry.value,
                    "layer": entry.origin.layer.to_string(),
                    "file": entry.origin.file().map(|file| file.display().to_string()),
                    "line": entry.origin.line(),
                })
            })
            .collect();
        let credentials: Vec<_> = shown
            .credentials
            .iter()
            .map(|(host, place)| json!({ "host": host, "kept": place }))
            .collect();
        session
            .printer
            .json(json!({ "entries": entries, "credentials": credentials }));
        return Ok(());
    }
    let entries = shown.entries.iter();
    let entries =
        entries.map(|entry| format!("{} = \"{}\"  # {}", entry.key, entry.value, entry.origin));
    let credentials = shown.credentials.iter();
    let credentials =
        credentials.map(|(host, place)| format!("# a credential for {host} is kept in {place}"));
    let lines: Vec<String> = entries.chain(credentials).collect();
    // A path may hold anything, and a line is one fact.
    let lines = lines.iter().map(|line| printable::line(line));
    let text = lines.collect::<Vec<_>>().join("\n") + "\n";
    session.printer.data(text.as_bytes());
    Ok(())
}
