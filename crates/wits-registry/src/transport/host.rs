//! What is learnt of a host: what it wants of those who ask, who the user is to it, and which of that it
//! does not take.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;
use url::{Origin, Url};

use super::account::Account;
use super::challenge::Demand;
use super::first::{First, Turn};
use super::identity::{self, Identity};
use super::secrets::Secrets;
use super::{Call, Failure, Scope};
use crate::{Credential, CredentialError, Options, RegistryError};

/// All hosts of a run.
#[derive(Default)]
pub(super) struct Hosts {
    hosts: Mutex<HashMap<Origin, Arc<Host>>>,
}

impl Hosts {
    pub(super) fn at(&self, home: &Url) -> Arc<Host> {
        Arc::clone(locked(&self.hosts).entry(home.origin()).or_default())
    }
}

/// What was found for one repository.
type Found = Arc<OnceCell<Result<Option<Arc<Credential>>, CredentialError>>>;

/// One host.
#[derive(Default)]
pub(super) struct Host {
    first: First,
    pinged: AtomicBool,
    demand: Mutex<Option<Demand>>,
    accounts: Mutex<HashMap<Identity, Arc<Account>>>,
    found: Mutex<HashMap<String, Found>>,
    /// Who is not taken at all.
    refused: Mutex<HashSet<Identity>>,
    /// Of whom the user was told.
    told: Mutex<HashSet<Identity>>,
}

/// Who the user is to a repository.
pub(super) enum Who {
    /// There is no credential.
    Nobody,
    /// There is one.
    Known(Identity),
    /// There is one, and it is not sent without TLS.
    Withheld,
}

impl Host {
    /// The right to ask what the host wants: it is learnt once, and spares all others a 401 each.
    pub(super) async fn turn(&self) -> Option<Turn<'_>> {
        self.first.turn().await
    }

    /// What the host wants, if it has said so.
    pub(super) fn demand(&self) -> Option<Demand> {
        locked(&self.demand).clone()
    }

    pub(super) fn learn(&self, demand: Demand) {
        *locked(&self.demand) = Some(demand);
    }

    /// Whether `/v2/` is still to be asked what the host wants.
    pub(super) fn to_be_pinged(&self) -> bool {
        !self.pinged.swap(true, Ordering::AcqRel)
    }

    pub(super) fn account(&self, who: &Identity) -> Arc<Account> {
        let mut accounts = locked(&self.accounts);
        let account = accounts.entry(who.clone());
        Arc::clone(account.or_insert_with(|| Arc::new(Account::new(who.clone()))))
    }

    /// Remembers that nobody is let in as `who`.
    pub(super) fn refuse(&self, who: &Identity) {
        locked(&self.refused).insert(who.clone());
    }

    pub(super) fn refuses(&self, who: &Identity) -> bool {
        locked(&self.refused).contains(who)
    }

    /// Whether the user is still to hear that `who` is not taken.
    pub(super) fn to_be_told(&self, who: &Identity) -> bool {
        locked(&self.told).insert(who.clone())
    }

    /// Who the user is for `scope`. Whoever keeps the credentials is asked once a repository.
    pub(super) async fn who(
        &self,
        options: &Options,
        secrets: &Secrets,
        call: Call<'_>,
        scope: &Scope,
    ) -> Result<Who, Failure> {
        let cell = {
            let mut found = locked(&self.found);
            Arc::clone(found.entry(scope.repository().to_owned()).or_default())
        };
        let find = || async {
            let found = options.credentials.find(scope.host(), scope.repository());
            match found.await {
                Err(unasked @ CredentialError::Unasked) => Err(unasked),
                found => Ok(found.map(|found| {
                    found.map(|credential| {
                        secrets.keep_credential(&credential);
                        Arc::new(credential)
                    })
                })),
            }
        };
        let found = cell.get_or_try_init(find).await;
        match found.and_then(|found| found.as_ref().map_err(Clone::clone)) {
            Ok(None) => Ok(Who::Nobody),
            Ok(Some(_)) if !identity::may_see(options, call.home) => Ok(Who::Withheld),
            Ok(Some(credential)) => Ok(Who::Known(Identity::Known(Arc::clone(credential)))),
            Err(error) => Err(Failure::from(RegistryError::Credentials {
                at: call.at.clone(),
                wanted: call.wanted.to_owned(),
                source: error,
            })),
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
