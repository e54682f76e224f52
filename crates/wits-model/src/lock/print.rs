//! Writing a lock, by hand: no serializer's taste, and no later change of it, moves a byte.

use std::fmt::{Display, Write as _};
use std::path::Path;

use super::{LOCK_VERSION, Lock, LockedPackage};
use crate::PackageId;

/// The longest `dependencies` line, in characters. Longer lists have a line for each package.
const LONGEST_LINE: usize = 100;

pub(super) fn print(lock: &Lock, file: &Path, home: Option<&Path>) -> String {
    let base = file.parent().unwrap_or(Path::new(""));
    let mut out = format!("# Written by wits. Commit this file.\nversion = {LOCK_VERSION}\n");
    for (id, package) in &lock.packages {
        table(&mut out, id, package, base, home);
    }
    out
}

fn table(
    out: &mut String,
    id: &PackageId,
    package: &LockedPackage,
    base: &Path,
    home: Option<&Path>,
) {
    let mut line = |key: &str, value: &dyn Display| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{key} = {value}");
    };
    let source = package.source.relative_to(base, home);
    line("\n[[package]]\nname", &quoted(&id.name));
    line("version", &quoted(&id.version));
    line("source", &quoted(&source));
    if let Some(embedded_in) = &package.embedded_in {
        line("embedded-in", &quoted(embedded_in));
    }
    if let Some(pin) = &package.pin {
        if let Some(manifest) = &pin.manifest {
            line("manifest", &quoted(manifest));
        }
        line("digest", &quoted(pin.digest));
        line("size", &pin.size);
    }
    if let Some(wit) = &package.wit {
        line("wit", &quoted(wit));
    }
    if !package.dependencies.is_empty() {
        let names: Vec<_> = package.dependencies.iter().map(quoted).collect();
        let short = format!("[{}]", names.join(", "));
        if "dependencies = ".len() + short.len() <= LONGEST_LINE {
            line("dependencies", &short);
        } else {
            line(
                "dependencies",
                &format!("[\n    {},\n]", names.join(",\n    ")),
            );
        }
    }
}

/// A TOML basic string.
fn quoted(value: impl Display) -> String {
    let mut out = String::from("\"");
    for char in value.to_string().chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            char if char.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(char));
            }
            char => out.push(char),
        }
    }
    out.push('"');
    out
}
