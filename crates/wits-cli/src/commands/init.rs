//! `wits init`

use serde_json::json;

use super::{Failure, Session};
use crate::args::Init;

pub(crate) fn run(session: &Session<'_>, args: &Init) -> Result<(), Failure> {
    let (root, wit_dir) = (&session.here, session.global.wit_dir.as_deref());
    let version = args.package_version.clone();
    let begun = wits::ops::init::init(&session.context, root, wit_dir, &args.package, version)?;
    let file = begun.file.display().to_string();
    session.printer.status(
        "Created",
        &format!("package `{}@{}` in {file}", begun.package, begun.version),
    );
    let next = format!(
        "name in it what world `{}` imports, then run `wits fetch`",
        begun.world
    );
    session.printer.status("Next", &next);
    session.printer.json(json!({
        "file": file,
        "package": format!("{}@{}", begun.package, begun.version),
        "world": begun.world,
    }));
    Ok(())
}
