//! What registries do in their own way, learnt from what they answer.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use url::Origin;

use super::repository::Repository;

/// Which hosts answer for a blob only once its manifest was asked for. ECR does, and so do registries that get
/// what they are asked for from another one. The first blobs that are asked of such a host take three requests
/// each; once one of them has come that way, the others are asked for in two.
#[derive(Default)]
pub(super) struct Habits {
    manifest_first: Mutex<HashSet<Origin>>,
}

impl Habits {
    fn hosts(&self) -> MutexGuard<'_, HashSet<Origin>> {
        let hosts = self.manifest_first.lock();
        hosts.unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the host of `repository` wants to be asked for a manifest before its blob.
    pub(super) fn manifest_first(&self, repository: &Repository<'_>) -> bool {
        self.hosts().contains(&repository.origin())
    }

    /// It had no blob, and had it after its manifest was asked for.
    pub(super) fn learn_manifest_first(&self, repository: &Repository<'_>) {
        self.hosts().insert(repository.origin());
    }
}
