//! `wits publish`

use serde_json::json;
use wits::ops::publish::{Done, Subject};

use super::{Failure, Session};
use crate::args::Publish;

pub(crate) fn run(session: &Session<'_>, args: &Publish) -> Result<(), Failure> {
    let file = args.file.as_ref().map(|file| session.here.join(file));
    let published = match &file {
        Some(file) => {
            let workspace = session.workspace_if_any()?;
            let subject = Subject::Wasm {
                file,
                workspace: workspace.as_ref(),
            };
            wits::blocking::publish(&session.context, subject, args.dry_run)?
        }
        None => {
            let workspace = session.workspace()?;
            wits::blocking::publish(&session.context, Subject::Project(&workspace), args.dry_run)?
        }
    };
    let (package, source) = (&published.package, &published.source);
    let done = match published.done {
        Done::Published => {
            session
                .printer
                .status("Published", &format!("{package} at {source}"));
            "published"
        }
        Done::AlreadyPublished => {
            session.printer.status(
                "Fresh",
                &format!("{package} is already published at {source}, with this content"),
            );
            "already-published"
        }
        Done::WouldPublish => {
            session.printer.status(
                "Dry run",
                &format!("{package} would be published at {source}"),
            );
            "would-publish"
        }
        // The enum may grow: what is new there gets a word of its own here.
        _ => "done",
    };
    session
        .printer
        .status("Digest", &published.digest.to_string());
    if let Some(manifest) = &published.manifest {
        session.printer.status("Manifest", &manifest.to_string());
    }
    session.printer.json(json!({
        "package": package.to_string(),
        "source": source.to_string(),
        "done": done,
        "manifest": published.manifest,
        "digest": published.digest,
        "wit": published.wit,
        "size": published.size,
    }));
    Ok(())
}
