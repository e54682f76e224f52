//! What stands in `wit/deps` already, and whether anything is to be done.
//!
//! The stamp there holds the digest of all inputs of the run that wrote it, which passed every check
//! ([`crate::inputs`]). If the inputs of this run are the same and every text is the one that was written,
//! the closure is the same too, and what follows from it can be had from the texts: no package is looked up,
//! decoded or printed. Every text is hashed before that, every time.

use std::cell::OnceCell;
use std::path::Path;

use wits_store::deps::{self as tree, PACKAGE_WIT, Stamp};
use wits_wit::{DeclaredDependency, Dependency, SourceFile, SourcePackage};

use crate::deps::{self, Form};
use crate::inputs::Inputs;
use crate::project::{Member, Workspace};
use crate::{Context, Error, lockfile};

/// The `wit/deps` of some members of a workspace, as they stand.
pub(crate) struct Standing<'a> {
    members: Vec<(&'a Member, Option<Stamp>)>,
    form: Form,
    /// Read when they are first needed: where there is no stamp they make no difference.
    inputs: OnceCell<Inputs>,
}

/// What is known of them where nothing is to be done.
#[derive(Default)]
pub(crate) struct Fresh {
    /// The texts of the member that was to be read, parsed, in the order of its stamp; nothing where it has more than
    /// the texts of published packages, of which alone the lock says what they are.
    texts: Option<Vec<Dependency>>,
}

/// The closure of a member, as its texts stand there.
pub(crate) struct StandingClosure {
    pub(crate) texts: Vec<Dependency>,
    pub(crate) declared: Vec<DeclaredDependency>,
}

impl<'a> Standing<'a> {
    /// Reads what the stamps of `members` say; for closures in this form, or else in the one that is there:
    /// text, unless a tree was fetched as binaries.
    pub(crate) fn read(
        context: &Context,
        members: &'a [Member],
        form: Option<Form>,
    ) -> Result<Self, Error> {
        let stamps = members.iter().map(|member| deps::stamp(context, member));
        let stamps = stamps.collect::<Result<Vec<_>, Error>>()?;
        let is_wasm = |stamp: &Option<Stamp>| deps::form_of(stamp.as_ref()) == Form::Wasm;
        let form = match form {
            Some(form) => form,
            None if stamps.iter().any(is_wasm) => Form::Wasm,
            None => Form::Wit,
        };
        Ok(Self {
            members: members.iter().zip(stamps).collect(),
            form,
            inputs: OnceCell::new(),
        })
    }

    /// The form in which closures are laid out.
    pub(crate) fn form(&self) -> Form {
        self.form
    }

    /// The inputs of this run, as they were when somebody first asked.
    pub(crate) fn inputs(
        &self,
        context: &Context,
        workspace: &Workspace,
    ) -> Result<&Inputs, Error> {
        if let Some(inputs) = self.inputs.get() {
            return Ok(inputs);
        }
        let inputs = Inputs::read(context, workspace, self.form)?;
        Ok(self.inputs.get_or_init(|| inputs))
    }

    /// Whether the `wit/deps` of each member is what a run with these very inputs left, and none was
    /// interrupted.
    pub(crate) fn is_fresh(&self, context: &Context, workspace: &Workspace) -> Result<bool, Error> {
        Ok(self.look(context, workspace, None)?.is_some())
    }

    /// The same; and where it is so, the texts of the member at the root `read`.
    pub(crate) fn look(
        &self,
        context: &Context,
        workspace: &Workspace,
        read: Option<&Path>,
    ) -> Result<Option<Fresh>, Error> {
        let mut fresh = Fresh::default();
        if self.members.iter().any(|(_, stamp)| stamp.is_none()) {
            return Ok(None);
        }
        let inputs = self.inputs(context, workspace)?.with_lock(workspace)?;
        for (member, stamp) in &self.members {
            let Some(stamp) = stamp else {
                return Ok(None);
            };
            let seen = inputs.digest(workspace, member, stamp)?;
            if stamp.lock != seen.digest {
                return Ok(None);
            }
            let entries = &stamp.entries;
            let is_published = || entries.values().all(|entry| entry.digest.is_some());
            let is_plain = || !seen.own && self.form() == Form::Wit && is_published();
            if read == Some(&member.root) && is_plain() {
                let dir = member.deps();
                let parse = |name: &str, bytes| {
                    let path = context.shown(&dir.join(name).join(PACKAGE_WIT));
                    let source = SourcePackage::parse(vec![SourceFile { path, bytes }])?;
                    Ok::<_, Error>(Dependency::Text(source))
                };
                let Some(texts) = tree::read(&dir, stamp, parse)? else {
                    return Ok(None);
                };
                fresh.texts = Some(texts);
            } else if !tree::check(&member.deps(), stamp)?.is_current() {
                return Ok(None);
            }
        }
        Ok(Some(fresh))
    }

    /// The closure of `member`, which is `fresh`; nothing where it has more than published packages, of which
    /// alone the lock says what they are.
    pub(crate) fn closure(
        &self,
        context: &Context,
        workspace: &Workspace,
        member: &Member,
        fresh: Fresh,
    ) -> Result<Option<StandingClosure>, Error> {
        let stamp = self.members.iter().find(|(it, _)| it.root == member.root);
        let Some((_, Some(stamp))) = stamp else {
            return Ok(None);
        };
        let Some(texts) = fresh.texts else {
            return Ok(None);
        };
        let lock = lockfile::read(context, workspace)?;
        let mut declared = Vec::with_capacity(stamp.entries.len());
        for entry in stamp.entries.values() {
            let locked = lock.packages.get(&entry.package);
            let pinned = locked.and_then(|locked| Some((locked.wit?, locked.pin.as_ref()?.digest)));
            match pinned {
                Some((wit, digest)) if entry.digest == Some(digest) => {
                    declared.push(DeclaredDependency {
                        package: entry.package.clone(),
                        wit,
                        digest: Some(digest),
                    });
                }
                _ => return Ok(None),
            }
        }
        Ok(Some(StandingClosure { texts, declared }))
    }
}
