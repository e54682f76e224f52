//! `wits yank`

use serde_json::json;

use super::{Failure, Session};
use crate::args::Yank;

pub(crate) fn run(session: &Session<'_>, args: &Yank) -> Result<(), Failure> {
    let workspace = session.workspace_if_any()?;
    let yanked = wits::blocking::yank(&session.context, workspace.as_ref(), &args.package)?;
    let (package, source) = (&yanked.package, &yanked.source);
    if yanked.before {
        session
            .printer
            .status("Fresh", &format!("{package} at {source} was yanked before"));
    } else {
        session
            .printer
            .status("Yanked", &format!("{package} at {source}"));
    }
    session.printer.json(json!({
        "package": package.to_string(),
        "source": source.to_string(),
        "before": yanked.before,
    }));
    Ok(())
}
