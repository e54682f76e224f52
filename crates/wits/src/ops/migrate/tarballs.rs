//! What wit-deps laid out: directories become overrides, and a tarball that is a package of a registry
//! needs nothing, since the WIT names it. All else is told.

use std::collections::BTreeMap;
use std::path::Path;

use wits_model::routes::RouteError;
use wits_model::source::relative;
use wits_model::{PackageId, PackageName};
use wits_wit::SourcePackage;

use super::Plan;
use crate::foreign::{DEPS_LOCK, DEPS_MANIFEST, wit_deps};
use crate::project::{Member, read_text, wit_dir_of, wit_files};
use crate::session::{Session, registry_error};
use crate::{Context, Error};

impl Plan<'_> {
    /// What wit-deps laid out: the overrides that its directories become. All else is told.
    pub(super) async fn wit_deps(
        &mut self,
        session: &Session<'_>,
        member: &Member,
    ) -> Result<BTreeMap<PackageName, String>, Error> {
        let file = member.wit.join(DEPS_MANIFEST);
        let mut overrides = BTreeMap::new();
        if !file.is_file() {
            return Ok(overrides);
        }
        let text = read_text(self.context, &file)?;
        let sources =
            wit_deps::parse(&text, &self.context.shown(&file)).map_err(RouteError::from)?;
        for (name, source) in sources {
            let laid_out = member.wit.join("deps").join(&name);
            match source {
                wit_deps::Source::Path(path) => match declared(self.context, &wit_dir_of(&path)) {
                    Some(package) => {
                        let near = relative(&path, &member.root).unwrap_or(path);
                        overrides.insert(package.name().clone(), slashed(&near));
                        if laid_out.exists() {
                            self.shadow(&file, &name, &laid_out, package.name());
                        }
                    }
                    None => {
                        let why = "there is no WIT package in that directory";
                        self.left(&file, format!("`{name}`"), why);
                    }
                },
                wit_deps::Source::Url(url) => {
                    let package = declared(self.context, &laid_out)
                        .and_then(|package| package.reference().id())
                        .or_else(|| wit_deps::release(&url));
                    self.tarball(session, &file, &name, &laid_out, package)
                        .await;
                }
            }
        }
        if member.wit.join(DEPS_LOCK).is_file() {
            self.left(
                &member.wit.join(DEPS_LOCK),
                "its hashes",
                "they are of tarballs; what comes from registries is pinned in `wits.lock`",
            );
        }
        Ok(overrides)
    }

    /// A tarball, which its registry may have as a package.
    async fn tarball(
        &mut self,
        session: &Session<'_>,
        file: &Path,
        name: &str,
        laid_out: &Path,
        package: Option<PackageId>,
    ) {
        let what = format!("`{name}`");
        let Some(id) = package else {
            let why = "a tarball names no package and version; its WIT in wit/deps stays yours";
            return self.left(file, what, why);
        };
        if let Err(reason) = served(session, &id).await {
            let why = format!("{reason}; its WIT in wit/deps stays yours");
            return self.left(file, format!("{what}, which is `{id}`"), why);
        }
        self.migration.taken.push(format!(
            "`{name}` of {DEPS_MANIFEST}: it is `{id}`, which its registry serves"
        ));
        if laid_out.exists() {
            self.shadow(file, name, laid_out, &id);
        }
    }

    /// What wit-deps laid out is the user's own, and comes before everything else.
    fn shadow(
        &mut self,
        file: &Path,
        name: &str,
        laid_out: &Path,
        package: &impl std::fmt::Display,
    ) {
        let shown = self.context.shown(laid_out);
        let why = format!(
            "remove `{}` and run `wits fetch`: until then it answers for `{package}`",
            shown.display()
        );
        self.left(file, format!("`{name}`"), why);
    }
}

/// Whether the registry of a package has it; or why not.
async fn served(session: &Session<'_>, id: &PackageId) -> Result<(), String> {
    let find = async {
        let route = session.route(&id.name)?;
        let source = session.locate(&route, &id.name).await?;
        let failed = |error| registry_error(error, false);
        let registry = session.registries.of(&source).map_err(failed)?;
        registry.release(&source, &id.version).await.map_err(failed)
    };
    find.await
        .map(|_| ())
        .map_err(|error: Error| error.to_string())
}

/// The package whose WIT is in a directory.
fn declared(context: &Context, dir: &Path) -> Option<SourcePackage> {
    let files = wit_files(context, dir)
        .ok()
        .filter(|files| !files.is_empty())?;
    SourcePackage::parse(files).ok()
}

fn slashed(path: &Path) -> String {
    path.display().to_string().replace('\\', "/")
}
