//! `migrate`: the project's own files from those of wkg and wit-deps.
//!
//! | from | comes |
//! | --- | --- |
//! | `wkg.toml` | `wits.toml` |
//! | the user's `wasm-pkg/config.toml`, as far as the project's packages need it | `registry.toml` |
//! | `wkg.lock` | `wits.lock`, with the whole closure |
//! | `deps.toml` and `deps.lock` of wit-deps | overrides in `wits.toml`, for directories; nothing else is needed |
//!
//! A file that is there already is not touched: what would have been in it is told. So is whatever could
//! not be taken over. No file of the other tools is changed or removed, and nothing is written unless
//! everything can be: the closure is resolved, and held against the pins, first.

mod tarballs;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use wits_model::lock::LockChange;
use wits_model::routes::{Layer, RouteKey, Routes};
use wits_model::{PackageName, RegistryUrl};

use super::lock;
use crate::config::{self, ROUTES};
use crate::foreign::{self, DEPS_MANIFEST, WKG_LOCK, WKG_MANIFEST, WkgPins};
use crate::project::{MANIFEST, Member, Workspace, read_text};
use crate::session::Session;
use crate::{Context, Error};

/// What came of it, or would: see the example of [`migrate`].
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Migration {
    /// The new files and their text.
    pub files: Vec<(PathBuf, String)>,
    /// What changed in `wits.lock`.
    pub lock: Vec<LockChange>,
    /// What was taken over without a file: packages that come from their registries from now on.
    pub taken: Vec<String>,
    /// What was not taken over, or is left for the user to do.
    pub left: Vec<Left>,
}

/// Something that was not taken over: see the example of [`migrate`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Left {
    /// The file that has it.
    pub file: PathBuf,
    /// What it is; empty for all of the file.
    pub what: String,
    /// Why, or what to do.
    pub why: String,
    /// Whether it was told already, by a note, when the project was read.
    pub noted: bool,
}

/// Takes over what wkg and wit-deps left in a project. With `dry_run` nothing is written but the cache.
///
/// # Errors
/// If a file cannot be read, or the closure cannot be resolved as the pins want it.
///
/// ```no_run
/// # async fn example(context: &wits::Context, workspace: &wits::Workspace) -> Result<(), wits::Error> {
/// let migration = wits::ops::migrate::migrate(context, workspace, true).await?;
/// for (file, text) in &migration.files {
///     println!("--- {}\n{text}", file.display());
/// }
/// for left in migration.left.iter().filter(|left| !left.noted) {
///     println!("{} in {}: {}", left.what, left.file.display(), left.why);
/// }
/// # Ok(())
/// # }
/// ```
pub async fn migrate(
    context: &Context,
    workspace: &Workspace,
    dry_run: bool,
) -> Result<Migration, Error> {
    let mut plan = Plan {
        context,
        migration: Migration::default(),
    };
    let session = Session::new(context, Some(workspace))?;
    let pins = WkgPins::read(context, &workspace.root)?;
    let mut named: BTreeSet<PackageName> = pins.packages().map(|(id, _)| id.name.clone()).collect();
    for member in &workspace.members {
        let source = member.source(context)?;
        named.insert(source.name().clone());
        let mentions = source.mentions().iter();
        named.extend(mentions.map(|mention| mention.package.name.clone()));
    }
    let mut roots: BTreeMap<&Path, Option<&Member>> =
        BTreeMap::from([(workspace.root.as_path(), None)]);
    roots.extend(
        workspace
            .members
            .iter()
            .map(|member| (member.root.as_path(), Some(member))),
    );
    for (root, member) in roots {
        plan.manifest(&session, root, member).await?;
    }
    plan.routes(&session, workspace, &named).await?;
    plan.migration.lock = lock_of(context, workspace, dry_run).await?;
    if pins.packages().next().is_some() {
        plan.left(
            &workspace.root.join(WKG_LOCK),
            "",
            "`wits.lock` counts from now on; remove it when nobody uses wkg here any more",
        );
    }
    if !dry_run {
        for (file, text) in &plan.migration.files {
            wits_fs::write_new(file, text)?;
        }
    }
    let mut migration = plan.migration;
    for (file, _) in &mut migration.files {
        *file = context.shown(file);
    }
    Ok(migration)
}

/// The lock, brought up to date; or what would change in it.
async fn lock_of(
    context: &Context,
    workspace: &Workspace,
    dry_run: bool,
) -> Result<Vec<LockChange>, Error> {
    if !dry_run {
        return Ok(lock::lock(context, workspace).await?.changes);
    }
    match lock::check(context, workspace).await {
        Ok(locked) => Ok(locked.changes),
        Err(Error::LockCheck { changes }) => Ok(changes),
        Err(error) => Err(error),
    }
}

struct Plan<'a> {
    context: &'a Context,
    migration: Migration,
}

impl Plan<'_> {
    fn left(&mut self, file: &Path, what: impl Into<String>, why: impl Into<String>) {
        self.migration.left.push(Left {
            file: self.context.shown(file),
            what: what.into(),
            why: why.into(),
            noted: false,
        });
    }

    /// The `wits.toml` of one directory: a project, or the root of a workspace without WIT.
    async fn manifest(
        &mut self,
        session: &Session<'_>,
        root: &Path,
        member: Option<&Member>,
    ) -> Result<(), Error> {
        let ours = root.join(MANIFEST);
        let theirs = root.join(WKG_MANIFEST);
        let mut document = toml::Table::new();
        if theirs.is_file() {
            let text = read_text(self.context, &theirs)?;
            if ours.is_file() {
                let why = format!("`{MANIFEST}` is there already, and is the one that counts");
                self.left(&theirs, "", why);
            } else if let Some(translated) = foreign::translate(&text) {
                document = translated.document;
                for (key, why) in translated.left {
                    self.left(&theirs, format!("`{key}`"), why);
                    if let Some(left) = self.migration.left.last_mut() {
                        left.noted = true;
                    }
                }
            }
        }
        if let Some(member) = member {
            let has_own = member.root == member.wit && member.manifest.wit.is_none();
            if has_own && !ours.is_file() {
                document.insert("wit".to_owned(), ".".into());
            }
            let overrides = self.wit_deps(session, member).await?;
            if ours.is_file() {
                for (name, path) in overrides {
                    let what = format!("the directory of `{name}`");
                    let why = format!(
                        "write under [overrides] of `{MANIFEST}`: \"{name}\" = {{ path = \"{path}\" }}"
                    );
                    self.left(&member.wit.join(DEPS_MANIFEST), what, why);
                }
            } else {
                add_overrides(&mut document, overrides);
            }
        }
        if !ours.is_file() && !document.is_empty() {
            let text = toml::to_string_pretty(&document)
                .map_err(|error| Error::Bug(format!("a manifest cannot be printed: {error}")))?;
            self.migration.files.push((ours, text));
        }
        Ok(())
    }

    /// The `registry.toml` of the project: the routes of its packages that only wkg's configuration has.
    async fn routes(
        &mut self,
        session: &Session<'_>,
        workspace: &Workspace,
        named: &BTreeSet<PackageName>,
    ) -> Result<(), Error> {
        let mut chosen: BTreeMap<RouteKey, RegistryUrl> = BTreeMap::new();
        for name in named {
            let Some(route) = session.routes.route(name) else {
                continue;
            };
            // A project's file has no business with what it does not name, so no default.
            let key = match &route.key {
                RouteKey::Default => RouteKey::Namespace(name.namespace().to_owned()),
                specific => specific.clone(),
            };
            if route.origin.layer != Layer::Wkg || chosen.contains_key(&key) {
                continue;
            }
            let config = route
                .origin
                .file()
                .unwrap_or(Path::new("config.toml"))
                .to_owned();
            match session.registries.settled(&route).await {
                Ok(RegistryUrl::Layout { path }) => {
                    let why = format!(
                        "it is the directory `{}` of this machine; your own configuration has it",
                        path.display()
                    );
                    self.left(&config, format!("`{key}`"), why);
                }
                Ok(url) => {
                    chosen.insert(key, url);
                }
                Err(error) => {
                    let why = format!(
                        "what `{}` stands for cannot be found out now: {error}",
                        route.url
                    );
                    self.left(&config, format!("`{key}`"), why);
                }
            }
        }
        if chosen.is_empty() {
            return Ok(());
        }
        self.beside_routes(&session.routes, &chosen);
        let there = config::files(self.context, Some(workspace))
            .into_iter()
            .find(|file| file.layer == Layer::Project);
        match there {
            Some(there) => {
                for (key, url) in chosen {
                    self.left(
                        &there.path,
                        format!("`{key}`"),
                        format!("the file is there already; add to it: {key} = \"{url}\""),
                    );
                }
            }
            None => {
                let file = workspace.root.join(ROUTES);
                self.migration.files.push((file, print_routes(&chosen)));
            }
        }
        Ok(())
    }

    /// What of a host no project's file may say, or should.
    fn beside_routes(&mut self, routes: &Routes, chosen: &BTreeMap<RouteKey, RegistryUrl>) {
        let hosts: BTreeSet<&str> = chosen.values().filter_map(RegistryUrl::host).collect();
        let mut found = Vec::new();
        for (host, _, origin) in routes.certificates() {
            if origin.layer == Layer::Wkg && hosts.contains(host) {
                found.push((origin.file().map(Path::to_owned), host.to_owned()));
            }
        }
        for (file, host) in found {
            let file = file.unwrap_or_default();
            let why = format!(
                "put them into a file, and into registry.toml: [hosts.\"{host}\"] ca = \"FILE\""
            );
            self.left(&file, format!("the certificates of `{host}`"), why);
        }
    }
}

fn add_overrides(document: &mut toml::Table, overrides: BTreeMap<PackageName, String>) {
    if overrides.is_empty() {
        return;
    }
    let table = document
        .entry("overrides")
        .or_insert_with(|| toml::Table::new().into());
    let Some(table) = table.as_table_mut() else {
        return;
    };
    for (name, path) in overrides {
        let entry = toml::Table::from_iter([("path".to_owned(), path.into())]);
        table.entry(name.to_string()).or_insert(entry.into());
    }
}

fn print_routes(chosen: &BTreeMap<RouteKey, RegistryUrl>) -> String {
    let mut text = String::new();
    let mut title = "";
    for (key, url) in chosen {
        let (table, line) = match key {
            RouteKey::Default => ("", format!("default = \"{url}\"\n")),
            RouteKey::Namespace(namespace) => {
                ("[namespaces]\n", format!("{namespace} = \"{url}\"\n"))
            }
            RouteKey::Package(name) => ("[packages]\n", format!("\"{name}\" = \"{url}\"\n")),
        };
        if table != title {
            let gap = if text.is_empty() { "" } else { "\n" };
            let _ = write!(text, "{gap}{table}");
            title = table;
        }
        text.push_str(&line);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_printed_as_their_reader_reads_them() {
        let url = |text: &str| text.parse::<RegistryUrl>().unwrap();
        let chosen = BTreeMap::from([
            (
                RouteKey::Package("a:b".parse().unwrap()),
                url("oci://p.example"),
            ),
            (
                RouteKey::Namespace("c".to_owned()),
                url("oci://n.example/x"),
            ),
            (
                RouteKey::Namespace("a".to_owned()),
                url("well-known:a.example"),
            ),
            (RouteKey::Default, url("oci+http://127.0.0.1:5000")),
        ]);
        let text = print_routes(&chosen);
        assert_eq!(
            text,
            "default = \"oci+http://127.0.0.1:5000\"\n\n[namespaces]\na = \"well-known:a.example\"\n\
             c = \"oci://n.example/x\"\n\n[packages]\n\"a:b\" = \"oci://p.example\"\n"
        );
        let file = std::env::temp_dir().join(ROUTES);
        wits_model::routes::RouteFile::parse(&text, &file, Layer::Project).unwrap();
    }
}
