//! The packages that are fetched: WIT of our own, made here, and the WASI packages.

use std::fmt::Write as _;

use wits_testkit::{Project, published};

/// A package as its author has it.
pub(crate) struct Package {
    /// `ns:name@version`.
    pub(crate) id: String,
    files: Vec<(String, String)>,
}

impl Package {
    /// `ns-name-version`, the name of its directory in `wit/deps`.
    pub(crate) fn dir(&self) -> String {
        self.id.replace([':', '@'], "-")
    }

    /// `ns:name/`, with which every mention of an item of it begins.
    pub(crate) fn path(&self) -> String {
        format!("{}/", self.id.split('@').next().unwrap_or_default())
    }

    /// `ns/name`.
    pub(crate) fn repository(&self) -> String {
        let name = self.id.split('@').next().unwrap_or_default();
        name.replace(':', "/")
    }

    /// The version.
    pub(crate) fn version(&self) -> &str {
        self.id.split('@').nth(1).unwrap_or_default()
    }

    /// Writes it as the `wit/` of a project.
    pub(crate) fn write(&self, project: &Project<'_>) {
        for (name, text) in &self.files {
            project.write(format!("wit/{name}"), text);
        }
    }

    /// An interface of a few types and functions with documentation, about a kilobyte, and a world that imports
    /// that of another package: a dependency that carries no types, so that the binary of one package tells nothing
    /// of what is below the next.
    fn made(number: usize, below: Option<usize>) -> Self {
        let id = id(number);
        let mut text = format!("package {id};\n\n");
        if let Some(below) = below {
            let _ = writeln!(text, "world host {{\n    import {};\n}}\n", item(below));
        }
        let _ = writeln!(
            text,
            "/// What the package numbered {number} offers.\ninterface api {{"
        );
        text += "    /// A thing with a name.\n    record thing {\n        /// Its number.\n        \
                 number: u32,\n        /// Its name.\n        name: string,\n    }\n\n";
        for verb in ["find", "make", "move", "name", "take"] {
            let _ = writeln!(
                text,
                "    /// What {verb} does to a thing, and why it may not succeed: an explanation in words.\n    \
                 {verb}-{number}: func(it: thing, how: option<string>) -> result<thing, string>;\n"
            );
        }
        text += "}\n";
        Self {
            id,
            files: vec![("package.wit".to_owned(), text)],
        }
    }
}

/// So many packages that do not know each other, and a world that imports them all.
pub(crate) fn beside_each_other(count: usize) -> (Vec<Package>, String) {
    let packages = (0..count)
        .map(|number| Package::made(number, None))
        .collect();
    (packages, world((0..count).map(item)))
}

/// So many packages of which each depends on the one before it, and a world that imports the last.
pub(crate) fn chain(count: usize) -> (Vec<Package>, String) {
    let packages = (0..count)
        .map(|number| Package::made(number, number.checked_sub(1)))
        .collect();
    (packages, world((count.checked_sub(1)).map(item)))
}

/// The seven packages of WASI 0.2.12, and a world that imports something of each.
pub(crate) fn wasi() -> (Vec<Package>, String) {
    const ITEMS: [&str; 7] = [
        "cli/environment",
        "clocks/monotonic-clock",
        "filesystem/types",
        "http/types",
        "io/poll",
        "random/random",
        "sockets/tcp",
    ];
    let packages = published::wasi("0.2.12")
        .into_iter()
        .map(|package| Package {
            id: package.id.clone(),
            files: package
                .files
                .iter()
                .filter_map(|file| {
                    let name = file.file_name()?.to_str()?.to_owned();
                    Some((name, std::fs::read_to_string(file).ok()?))
                })
                .collect(),
        });
    let items = ITEMS.map(|item| format!("wasi:{item}@0.2.12"));
    (packages.collect(), world(items))
}

fn id(number: usize) -> String {
    format!("bench:p{number}@1.0.0")
}

fn item(number: usize) -> String {
    format!("bench:p{number}/api@1.0.0")
}

fn world(items: impl IntoIterator<Item = String>) -> String {
    let mut text = "package bench:app@0.1.0;\n\nworld app {\n".to_owned();
    for item in items {
        let _ = writeln!(text, "    import {item};");
    }
    text + "}\n"
}
