//! The closure as WIT text.
//!
//! Every package is printed from its own binary and never from a copy that another embeds, so docs and
//! gates are all there. The one thing that a binary does lose, the gate on an import that another
//! package's `@unstable` interface implies, is put back from that package's own model. A package from
//! a path goes the same way, through its binary form and back, so that it reads as it will when it is
//! published.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wits_model::{Digest, PackageId, PackageRef};
use wits_wit::model::{self, Stability};
use wits_wit::{BuildOptions, Built, Dependency, Gates, SourceFile, SourcePackage};

use crate::Error;
use crate::closure::{Answer, Closure};
use crate::session::Published;

/// One package of a closure, as text.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    /// What its `package.wit` says.
    pub(crate) printed: String,
    /// The text, parsed.
    pub(crate) source: SourcePackage,
    /// Its canonical WIT digest.
    pub(crate) wit: Digest,
    /// What is in it.
    pub(crate) model: Arc<model::Package>,
    /// Its binary form, if it was built here from a directory.
    pub(crate) built: Option<Built>,
}

/// What was printed in one operation. Members of a workspace, and a publisher and a stranger, need much the
/// same packages: each is printed and parsed once for all closures in which all that it needs is the same.
#[derive(Debug, Default)]
pub(crate) struct Printed(Mutex<BTreeMap<(PackageId, Digest), Once>>);

/// A text, and those of the packages below it with which it was printed.
#[derive(Debug, Clone)]
struct Once {
    text: Arc<Text>,
    below: Vec<Arc<Text>>,
}

/// The texts of a closure, without the user's own entries.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    pub(crate) packages: BTreeMap<PackageId, Arc<Text>>,
    /// The user's own entries, which are in the closure as they stand.
    pub(crate) own: Vec<Dependency>,
    /// What is in those of them that have a binary form.
    pub(crate) own_models: BTreeMap<PackageId, Arc<model::Package>>,
}

impl Printed {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<(PackageId, Digest), Once>> {
        // What is in it is whole, whoever panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gates for Texts {
    fn gate(&self, package: &PackageId, interface: &str) -> Option<Stability> {
        Some(
            self.model(package)?
                .interfaces
                .get(interface)?
                .stability
                .clone(),
        )
    }
}

impl Texts {
    /// Prints a closure, each package after the ones it depends on, unless it was `printed` before. `own` are
    /// the user's own entries; `file_of` says where a text will lie, for messages.
    pub(crate) fn of(
        own: Vec<Dependency>,
        closure: &Closure,
        printed: &Printed,
        file_of: &dyn Fn(&PackageId) -> PathBuf,
    ) -> Result<Self, Error> {
        let mut texts = Self {
            own,
            ..Self::default()
        };
        for id in &closure.graph.order {
            let in_package = |source| Error::Wit {
                package: Some(PackageRef::from(id.clone())),
                source,
            };
            let (model, wit, text, built) = match closure.answers.get(id) {
                Some(Answer::Published(published)) => {
                    if let Some(text) = texts.printed(closure, printed, published) {
                        texts.packages.insert(id.clone(), text);
                        continue;
                    }
                    let text = published.package.print(&texts).map_err(in_package)?;
                    let model = published.package.model().clone();
                    (model, published.wit, text, None)
                }
                Some(Answer::Stub { embedded_in }) => {
                    let Some(Answer::Published(lender)) = closure.answers.get(embedded_in) else {
                        return Err(Error::Bug(format!(
                            "`{embedded_in}` lends a stub and is not there"
                        )));
                    };
                    let reference = PackageRef::from(id.clone());
                    let copies = lender.package.embedded().map_err(in_package)?;
                    let copy = copies.iter().find(|copy| copy.reference == reference);
                    let copy = copy
                        .ok_or_else(|| Error::Bug(format!("`{embedded_in}` embeds no `{id}`")))?;
                    let text = lender
                        .package
                        .print_embedded(&reference, &texts)
                        .map_err(in_package)?;
                    (Arc::new(copy.clone()), copy.digest(), text, None)
                }
                Some(Answer::Local(local)) => {
                    let deps = texts.below(closure, id);
                    let built =
                        wits_wit::build(local.source.clone(), deps, &BuildOptions::default())?;
                    let text = built.package.print(&texts).map_err(in_package)?;
                    let model = built.package.model().clone();
                    (model, built.package.wit(), text, Some(built))
                }
                Some(Answer::Own) => {
                    texts.read_own(closure, id);
                    continue;
                }
                None => continue,
            };
            let file = SourceFile {
                path: file_of(id),
                bytes: text.clone().into_bytes(),
            };
            let source = SourcePackage::parse(vec![file]).map_err(in_package)?;
            let text = Arc::new(Text {
                printed: text,
                source,
                wit,
                model,
                built,
            });
            if let (Some(Answer::Published(published)), Some(below)) =
                (closure.answers.get(id), texts.direct(closure, id))
            {
                let text = Arc::clone(&text);
                let key = (id.clone(), published.pin.digest);
                printed.lock().insert(key, Once { text, below });
            }
            texts.packages.insert(id.clone(), text);
        }
        Ok(texts)
    }

    /// The text of a package that was printed with these very texts below it.
    fn printed(
        &self,
        closure: &Closure,
        printed: &Printed,
        published: &Published,
    ) -> Option<Arc<Text>> {
        let key = (published.id.clone(), published.pin.digest);
        let once = printed.lock().get(&key)?.clone();
        let below = self.direct(closure, &published.id)?;
        let same = below.len() == once.below.len()
            && (below.iter().zip(&once.below)).all(|(a, b)| Arc::ptr_eq(a, b));
        same.then_some(once.text)
    }

    /// The texts of what `id` names; nothing where one of them is the user's own entry.
    fn direct(&self, closure: &Closure, id: &PackageId) -> Option<Vec<Arc<Text>>> {
        let named = closure.graph.packages.get(id).into_iter().flatten();
        named.map(|id| self.packages.get(id).cloned()).collect()
    }

    /// Whether these are the very texts of another closure, with none that only one user has.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let (ours, theirs) = (&self.packages, &other.packages);
        self.own.is_empty()
            && other.own.is_empty()
            && ours.len() == theirs.len()
            && (ours.iter().zip(theirs)).all(|(a, b)| a.0 == b.0 && Arc::ptr_eq(a.1, b.1))
    }

    /// What `id` needs to be built: everything below it, and the user's own entries.
    fn below(&self, closure: &Closure, id: &PackageId) -> Vec<Dependency> {
        let mut wanted: Vec<&PackageId> = closure
            .graph
            .packages
            .get(id)
            .into_iter()
            .flatten()
            .collect();
        let mut found: BTreeMap<&PackageId, Dependency> = BTreeMap::new();
        while let Some(below) = wanted.pop() {
            if let Some(text) = self.packages.get(below)
                && found
                    .insert(below, Dependency::Text(text.source.clone()))
                    .is_none()
            {
                wanted.extend(closure.graph.packages.get(below).into_iter().flatten());
            }
        }
        found
            .into_values()
            .chain(self.own.iter().cloned())
            .collect()
    }

    /// What is in a package of the closure, as far as it is known.
    pub(crate) fn model(&self, id: &PackageId) -> Option<&model::Package> {
        let printed = self.packages.get(id).map(|text| &text.model);
        printed
            .or_else(|| self.own_models.get(id))
            .map(|model| &**model)
    }

    /// The canonical WIT digest of a package of the closure, as far as its content is known.
    pub(crate) fn wit(&self, id: &PackageId) -> Option<Digest> {
        let printed = self.packages.get(id).map(|text| text.wit);
        printed.or_else(|| self.own_models.get(id).map(|model| model.digest()))
    }

    /// Takes note of what is in one of the user's own entries. One that has no binary form, because it
    /// nests packages or leans on what is not in the closure, is for the parser of the whole to judge.
    fn read_own(&mut self, closure: &Closure, id: &PackageId) {
        let reference = PackageRef::from(id.clone());
        let found = self.own.iter().find(|own| own.reference() == reference);
        let model = match found {
            Some(Dependency::Binary(binary)) => Some(binary.model().clone()),
            Some(Dependency::Text(source)) => {
                let mut deps = self.below(closure, id);
                deps.retain(|dependency| dependency.reference() != reference);
                let built = wits_wit::build(source.clone(), deps, &BuildOptions::default());
                built.ok().map(|built| built.package.model().clone())
            }
            None => None,
        };
        if let Some(model) = model {
            self.own_models.insert(id.clone(), model);
        }
    }

    /// The whole closure, as a WIT parser takes it.
    pub(crate) fn dependencies(&self) -> Vec<Dependency> {
        let texts = self
            .packages
            .values()
            .map(|text| Dependency::Text(text.source.clone()));
        texts.chain(self.own.iter().cloned()).collect()
    }
}
