//! `wits get`

use std::path::Path;

use serde_json::json;
use wits::ops::get::{self, Existing, Output};

use super::{Failure, Session};
use crate::args::{As, Get};

pub(crate) fn run(session: &Session<'_>, args: &Get) -> Result<(), Failure> {
    let to_stdout = args.output.as_deref() == Some(Path::new("-"));
    if to_stdout && (args.check || args.overwrite || session.printer.is_json()) {
        return Err(Failure::Usage(
            "`-o -` prints the package; it goes with no other output".to_owned(),
        ));
    }
    let output = args.output.as_ref().map(|output| session.here.join(output));
    let output = match &output {
        _ if to_stdout => Output::Return,
        None => Output::Directory(&session.here),
        Some(dir) if dir.is_dir() || names_directory(args.output.as_deref()) => {
            Output::Directory(dir)
        }
        Some(file) => Output::File(file),
    };
    let form = args.form.unwrap_or(match output {
        Output::File(file)
            if file
                .extension()
                .is_some_and(|extension| extension == "wasm") =>
        {
            As::Wasm
        }
        _ => As::Wit,
    });
    let form = match form {
        As::Wit => get::As::Wit,
        As::Wasm => get::As::Wasm,
    };
    let existing = match (args.check, args.overwrite) {
        (true, _) => Existing::Check,
        (_, true) => Existing::Overwrite,
        _ => Existing::Keep,
    };
    let workspace = session.workspace_if_any()?;
    let got = wits::blocking::get(
        &session.context,
        workspace.as_ref(),
        &args.package,
        form,
        output,
        existing,
    )?;
    let Some(file) = got.file.as_ref().map(|file| file.display().to_string()) else {
        let printed = session.printer.package(&got.content);
        return printed.map_err(|why| Failure::Usage(format!("{why}; name a file after `-o`")));
    };
    let (verb, same) = match (args.check, got.unchanged) {
        (true, _) => ("Checked", ""),
        (_, true) => ("Fresh", ", as it was"),
        _ => ("Saved", ""),
    };
    session
        .printer
        .status(verb, &format!("{} as {file}{same}", got.package));
    session.printer.json(json!({
        "package": got.package.to_string(),
        "source": got.source.to_string(),
        "file": file,
        "digest": got.digest,
        "unchanged": got.unchanged,
    }));
    Ok(())
}

/// Whether a path ends in a slash, and so names a directory that is not there yet.
fn names_directory(path: Option<&Path>) -> bool {
    path.is_some_and(|path| {
        path.as_os_str()
            .to_string_lossy()
            .ends_with(std::path::is_separator)
    })
}
