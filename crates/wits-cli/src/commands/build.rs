//! `wits build`

use serde_json::json;

use super::{Failure, Session, json_changes};
use crate::args::Build;

pub(crate) fn run(session: &Session<'_>, args: &Build) -> Result<(), Failure> {
    let workspace = session.workspace()?;
    let output = args.output.as_ref().map(|output| session.here.join(output));
    let built = wits::blocking::build(&session.context, &workspace, output.as_deref())?;
    session.say_changes(&built.changes);
    let file = built.file.display().to_string();
    let same = if built.unchanged { ", as it was" } else { "" };
    session.printer.status(
        "Built",
        &format!("{} as {file} ({} bytes{same})", built.package, built.size),
    );
    session.printer.status("Digest", &built.digest.to_string());
    session.printer.json(json!({
        "package": built.package.to_string(),
        "file": file,
        "digest": built.digest,
        "wit": built.wit,
        "size": built.size,
        "lock": json_changes(&built.changes),
    }));
    Ok(())
}
