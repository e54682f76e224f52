//! `wit/deps`: what is to stand there, and putting it there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use wits_model::{Blob, Digest, PackageId};
use wits_store::StoreError;
use wits_store::deps::{self, Content, Stamp, StampState, Wait, Wanted, WantedEntry};
use wits_wit::Dependency;

use crate::closure::{Answer, Closure};
use crate::local::Locals;
use crate::ops::tell_of_waiting;
use crate::prepare::PreparedMember;
use crate::project::Member;
use crate::report::Note;
use crate::texts::Texts;
use crate::{Context, Error};

/// The form in which the closure is laid out.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let root = dir.path();
/// # let write = |name: &str, text: &str| {
/// #     let path = root.join(name);
/// #     std::fs::create_dir_all(path.parent().unwrap()).and_then(|()| std::fs::write(path, text))
/// # };
/// # write(".git/HEAD", "")?;
/// # write("log/wit/log.wit", "package acme:log@1.0.0;\ninterface log { line: func(text: string); }")?;
/// # write("app/wit/app.wit", "package demo:app@0.1.0;\nworld app { import acme:log/log@1.0.0; }")?;
/// # write("app/wits.toml", "[overrides]\n\"acme:log\" = { path = \"../log\" }\n")?;
/// use wits::{Context, Form, Workspace, blocking};
///
/// let context = Context::new(root.join("cache"));
/// let app = Workspace::find(&context, &root.join("app"), None)?;
/// blocking::fetch(&context, &app, Some(Form::Wasm))?;
/// assert!(app.members[0].deps().join("acme-log-1.0.0.wasm").is_file());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Form {
    /// `wit/deps/<ns>-<name>-<version>/package.wit`
    #[default]
    Wit,
    /// `wit/deps/<ns>-<name>-<version>.wasm`
    Wasm,
}

/// What changed in the `wit/deps` of one member: see the example of [`fetch`](crate::ops::fetch::fetch).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DepsChange {
    /// The directory.
    pub dir: PathBuf,
    /// Entries that are new or replaced.
    pub written: Vec<String>,
    /// Entries that were removed.
    pub removed: Vec<String>,
    /// Entries that were right already.
    pub unchanged: usize,
}

/// What wits wrote into the `wit/deps` of `member` before.
pub(crate) fn stamp(context: &Context, member: &Member) -> Result<Option<Stamp>, Error> {
    match Stamp::read(&member.deps())? {
        StampState::Absent => Ok(None),
        StampState::Found(stamp) => Ok(Some(stamp)),
        StampState::Unreadable { path, reason } => {
            let reason = format!(
                "`{}` cannot be used: {reason}",
                context.shown(&path).display()
            );
            context.reporter.note(&Note::StampUnusable { reason });
            Ok(None)
        }
    }
}

/// The form of what wits wrote before.
pub(crate) fn form_of(stamp: Option<&Stamp>) -> Form {
    let is_wasm = |name: &String| {
        Path::new(name)
            .extension()
            .is_some_and(|extension| extension == "wasm")
    };
    match stamp {
        Some(stamp) if stamp.entries.keys().any(is_wasm) => Form::Wasm,
        _ => Form::Wit,
    }
}

/// The entries of a closure by package, without those that the user's own entries answer for.
pub(crate) fn names(closure: &Closure) -> BTreeMap<PackageId, String> {
    let laid_out = closure
        .answers
        .iter()
        .filter(|(_, answer)| !matches!(answer, Answer::Own));
    deps::entry_names(laid_out.map(|(id, _)| id))
}

/// The closure as it is laid out, to be parsed once before anything is written.
pub(crate) fn dependencies(closure: &Closure, texts: &Texts, form: Form) -> Vec<Dependency> {
    if form == Form::Wit {
        return texts.dependencies();
    }
    let binaries = closure
        .answers
        .iter()
        .filter_map(|(id, answer)| match answer {
            Answer::Published(published) => Some(Dependency::Binary(published.package.clone())),
            Answer::Local(_) => texts
                .packages
                .get(id)
                .and_then(|text| text.built.clone())
                .map(|built| Dependency::Binary(built.package)),
            Answer::Own | Answer::Stub { .. } => None,
        });
    binaries.chain(texts.own.iter().cloned()).collect()
}

/// The entries that a closure makes. What keeps them from being written is found here, before anything is.
pub(crate) fn entries(
    prepared: &PreparedMember<'_>,
    form: Form,
) -> Result<Vec<WantedEntry>, Error> {
    let PreparedMember {
        member,
        locals,
        closure,
        texts,
        ..
    } = prepared;
    let mut entries = Vec::new();
    for (id, name) in names(closure) {
        let text = texts
            .packages
            .get(&id)
            .ok_or_else(|| Error::Bug(format!("`{id}` has no text")))?;
        let (digest, wasm) = match closure.answers.get(&id) {
            Some(Answer::Published(published)) => {
                (Some(published.pin.digest), Some(published.wasm.clone()))
            }
            _ => {
                let built = text.built.as_ref().filter(|_| form == Form::Wasm);
                (None, built.map(|built| Blob::of(built.wasm.clone())))
            }
        };
        let (content, file) = match (form, wasm) {
            (Form::Wit, _) => (Content::Text(text.printed.clone()), name.clone()),
            (Form::Wasm, Some(wasm)) => (Content::Wasm(wasm), format!("{name}.wasm")),
            (Form::Wasm, None) => return Err(Error::StubAsWasm { package: id }),
        };
        if locals.is_users(&file) {
            return Err(StoreError::Occupied {
                path: member.deps().join(file),
            }
            .into());
        }
        entries.push(WantedEntry {
            name,
            package: id,
            digest,
            content,
        });
    }
    Ok(entries)
}

/// Puts the entries of a closure into `wit/deps`.
pub(crate) fn apply(
    context: &Context,
    member: &Member,
    locals: &Locals,
    entries: Vec<WantedEntry>,
    inputs: Digest,
) -> Result<DepsChange, Error> {
    let wanted = Wanted {
        entries,
        adopted: locals.adopted.clone(),
        lock: inputs,
    };
    let wait = Wait {
        timeout: context.patience,
        on_wait: &mut tell_of_waiting(context),
    };
    let applied = deps::apply(&member.deps(), &wanted, wait)?;
    // What was taken over differed too, if it was written.
    let taken_over = applied
        .written
        .iter()
        .chain(&applied.removed)
        .filter(|name| locals.adopted.contains(*name));
    let replaced: BTreeSet<&String> = applied.edited.iter().chain(taken_over).collect();
    if !replaced.is_empty() {
        let paths = replaced
            .into_iter()
            .map(|name| context.shown(&member.deps().join(name)))
            .collect();
        context.reporter.note(&Note::Replaced { paths });
    }
    Ok(DepsChange {
        dir: context.shown(&member.deps()),
        written: applied.written,
        removed: applied.removed,
        unchanged: applied.unchanged.len(),
    })
}
