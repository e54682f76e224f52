//! What stands in `wit/deps`, held against what is printed anew from the bytes that are pinned.
//!
//! The stamp alone is not believed: who changes a text can change the stamp with it. It only tells apart what was
//! changed after it was written from what was written for another state of the project.

use std::collections::BTreeSet;
use std::path::Path;

use wits_model::Digest;
use wits_store::deps::{self as store, Content, EntryKind, Place, Stamp, StampState, WantedEntry};

use super::finding::{Finding, FindingKind, bytes};
use super::{Other, Verified};
use crate::inputs::Inputs;
use crate::prepare::PreparedMember;
use crate::project::{Member, Workspace};
use crate::{Context, Error, deps};

/// One `wit/deps`.
pub(super) struct Tree<'a> {
    context: &'a Context,
    member: &'a Member,
    stamp: StampState,
    /// Whether the stamp is that of a run with the inputs of now.
    is_current: bool,
    /// What to do about an entry.
    help: &'static str,
}

/// What to do where what belongs there is known, and where it is not.
const FIX: &str = "`wits verify --fix` puts it right from the cache";
const FETCH: &str = "run `wits fetch`, which puts it right";

impl<'a> Tree<'a> {
    /// Reads the stamp. A tree that nothing can be said of is told in `verified`.
    pub(super) fn read(
        context: &'a Context,
        workspace: &Workspace,
        member: &'a Member,
        inputs: &Inputs,
        can_fix: bool,
        verified: &mut Verified,
    ) -> Result<Option<Self>, Error> {
        let dir = member.deps();
        if let Err(error) = store::check_is_directory(&dir) {
            let finding = Finding::of(context, &dir, &error.into());
            verified.findings.push(finding);
            return Ok(None);
        }
        if store::was_interrupted(&dir) {
            let message = "a run that replaced entries was interrupted, or is under way";
            let finding = Finding::new(FindingKind::Outdated, &context.shown(&dir), message);
            let help = "run `wits fetch`, which completes it or takes it back";
            verified.findings.push(finding.help(help));
        }
        let stamp = Stamp::read(&dir)?;
        let is_current = match stamp.stamp() {
            Some(stamp) => {
                let locked = inputs.with_lock(workspace)?;
                locked.digest(workspace, member, stamp)?.digest == stamp.lock
            }
            None => false,
        };
        Ok(Some(Self {
            context,
            member,
            stamp,
            is_current,
            help: if can_fix { FIX } else { FETCH },
        }))
    }

    /// Holds the tree against what belongs there.
    pub(super) fn compare(
        &self,
        prepared: &PreparedMember<'_>,
        inputs: &Inputs,
        verified: &mut Verified,
    ) -> Result<(), Error> {
        let wanted = match deps::entries(prepared, inputs.form()) {
            Ok(wanted) => wanted,
            Err(error) => {
                let finding = Finding::of(self.context, &self.member.deps(), &error);
                verified.findings.push(finding);
                return Ok(());
            }
        };
        verified.checked.compared_trees += 1;
        if self.is_bare(&wanted)? {
            let message = "nothing is laid out here yet";
            let path = self.context.shown(&self.member.deps());
            let finding = Finding::new(FindingKind::Outdated, &path, message);
            verified.findings.push(finding.help(self.help));
            return self.others(prepared, &BTreeSet::new(), verified);
        }
        self.stamp_itself(!wanted.is_empty(), verified);
        for entry in &wanted {
            self.entry(entry, verified)?;
        }
        let names: BTreeSet<String> = wanted.iter().map(WantedEntry::file_name).collect();
        for name in self.listed().filter(|name| !names.contains(*name)) {
            self.unwanted(name, verified)?;
        }
        self.others(prepared, &names, verified)?;
        if self.stamp.stamp().is_some() && !self.is_current {
            verified.stale_stamps.push(self.shown(store::STAMP));
        }
        Ok(())
    }

    /// Whether entries are wanted, and neither they nor a stamp are there.
    fn is_bare(&self, wanted: &[WantedEntry]) -> Result<bool, Error> {
        if wanted.is_empty() || self.stamp != StampState::Absent {
            return Ok(false);
        }
        for entry in wanted {
            if store::place(&self.member.deps(), &entry.file_name())? != Place::Empty {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Holds the tree against its own stamp, where what belongs there cannot be known.
    pub(super) fn compare_with_stamp(&self, verified: &mut Verified) -> Result<(), Error> {
        self.stamp_itself(false, verified);
        let Some(stamp) = self.stamp.stamp() else {
            return Ok(());
        };
        for (name, listed) in &stamp.entries {
            verified.checked.texts.count += 1;
            let finding = match store::place(&self.member.deps(), name)? {
                Place::Entry { text, size } if text == listed.text => {
                    verified.checked.texts.bytes += size;
                    continue;
                }
                Place::Entry { text, size } => {
                    verified.checked.texts.bytes += size;
                    let message = format!("the text of `{}` was changed", listed.package);
                    Finding::new(FindingKind::Damaged, &self.file(name), message)
                        .compared(&listed.text, &bytes(&text, size))
                }
                Place::Empty => self.missing(name, &listed.package.to_string()),
                Place::Other(what) => self.other(name, &what),
            };
            let finding = finding.package(&listed.package);
            verified.findings.push(finding.help(self.help));
        }
        Ok(())
    }

    fn entry(&self, wanted: &WantedEntry, verified: &mut Verified) -> Result<(), Error> {
        let name = wanted.file_name();
        let right = wanted.digest();
        let listed = self
            .stamp
            .stamp()
            .and_then(|stamp| stamp.entries.get(&name));
        verified.checked.texts.count += 1;
        let finding = match store::place(&self.member.deps(), &name)? {
            Place::Entry { text, size } if text == right => {
                verified.checked.texts.bytes += size;
                match listed {
                    Some(listed) if listed.text != right || listed.digest != wanted.digest => {
                        let message =
                            format!("the stamp says of `{}` what is not so", wanted.package);
                        let is_text = listed.text != right;
                        let digest = |digest: Option<Digest>| {
                            digest.map_or("no digest".to_owned(), |digest| digest.to_string())
                        };
                        let finding =
                            Finding::new(FindingKind::Damaged, &self.shown(store::STAMP), message);
                        if is_text {
                            finding.compared(&right, &listed.text)
                        } else {
                            finding.compared(&digest(wanted.digest), &digest(listed.digest))
                        }
                    }
                    _ => return Ok(()),
                }
            }
            Place::Entry { text, size } => {
                verified.checked.texts.bytes += size;
                let as_written = listed.is_none_or(|listed| listed.text == text);
                let (kind, message) = self.changed(wanted, as_written);
                Finding::new(kind, &self.file(&name), message).compared(&right, &bytes(&text, size))
            }
            Place::Empty => self.missing(&name, &wanted.package.to_string()),
            Place::Other(what) => self.other(&name, &what),
        };
        let finding = finding.package(&wanted.package);
        verified.findings.push(finding.help(self.help));
        Ok(())
    }

    /// What to say of an entry that is not what it should be. `as_written`: it is what the stamp says.
    fn changed(&self, wanted: &WantedEntry, as_written: bool) -> (FindingKind, String) {
        let package = &wanted.package;
        if as_written && !self.is_current {
            let message = match wanted.digest {
                Some(_) => format!("this is not `{package}` as the lock pins it"),
                None => format!("`{package}` was changed since this was written"),
            };
            return (FindingKind::Outdated, message);
        }
        let what = match wanted.content {
            Content::Text(_) => "the text",
            Content::Wasm(_) => "the binary",
        };
        let with = if as_written {
            ", and the stamp with it"
        } else {
            ""
        };
        let message = format!("{what} of `{package}` was changed{with}");
        (FindingKind::Damaged, message)
    }

    /// An entry that the stamp lists and nothing needs.
    fn unwanted(&self, name: &str, verified: &mut Verified) -> Result<(), Error> {
        if store::place(&self.member.deps(), name)? == Place::Empty {
            return Ok(());
        }
        let message = "nothing needs this entry";
        let finding = Finding::new(FindingKind::Outdated, &self.shown(name), message);
        verified.findings.push(finding.help(self.help));
        Ok(())
    }

    fn stamp_itself(&self, is_due: bool, verified: &mut Verified) {
        let message = match &self.stamp {
            StampState::Found(_) => return,
            StampState::Absent if !is_due => return,
            StampState::Absent => {
                "there is no stamp, so it is not known what wits wrote".to_owned()
            }
            StampState::Unreadable { reason, .. } => format!("the stamp cannot be used: {reason}"),
        };
        let path = self.shown(store::STAMP);
        let finding = Finding::new(FindingKind::Outdated, &path, message);
        verified.findings.push(finding.help(self.help));
    }

    /// What stands beside the entries of wits.
    fn others(
        &self,
        prepared: &PreparedMember<'_>,
        wanted: &BTreeSet<String>,
        verified: &mut Verified,
    ) -> Result<(), Error> {
        let own = |path: &Path| {
            let path = self.context.shown(path);
            let mut entries = prepared.locals.own_entries();
            entries.find(|own| own.path == path)
        };
        let is_listed = |name: &str| self.listed().any(|listed| listed == name);
        for entry in store::scan(&self.member.deps())? {
            let is_ours = wanted.contains(&entry.name)
                || is_listed(&entry.name)
                || prepared.locals.adopted.contains(&entry.name);
            if is_ours {
                continue;
            }
            verified.others.push(Other {
                path: self.context.shown(&entry.path),
                package: own(&entry.path).map(|own| own.package.clone()),
                is_link: entry.symlink,
                is_ignored: entry.kind == EntryKind::Other,
            });
        }
        Ok(())
    }

    fn listed(&self) -> impl Iterator<Item = &String> {
        let entries = self.stamp.stamp().map(|stamp| stamp.entries.keys());
        entries.into_iter().flatten()
    }

    fn missing(&self, name: &str, package: &str) -> Finding {
        let message = format!("the entry of `{package}` is missing");
        Finding::new(FindingKind::Outdated, &self.shown(name), message)
    }

    fn other(&self, name: &str, what: &str) -> Finding {
        let message = "this is not an entry as wits writes it";
        let is_file = Path::new(name)
            .extension()
            .is_some_and(|extension| extension == "wasm");
        let expected = if is_file {
            "a file".to_owned()
        } else {
            format!("a directory with `{}` and nothing else", store::PACKAGE_WIT)
        };
        Finding::new(FindingKind::Damaged, &self.shown(name), message).compared(&expected, &what)
    }

    fn shown(&self, name: &str) -> std::path::PathBuf {
        self.context.shown(&self.member.deps().join(name))
    }

    /// The file of an entry.
    fn file(&self, name: &str) -> std::path::PathBuf {
        let path = self.member.deps().join(name);
        let is_file = path
            .extension()
            .is_some_and(|extension| extension == "wasm");
        self.context.shown(&if is_file {
            path
        } else {
            path.join(store::PACKAGE_WIT)
        })
    }
}
