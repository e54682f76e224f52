//! One identity at one host: its tokens, each fetched once however many wait for it.
//!
//! A token is asked for with a [`Ticket`], which all who need it hold on to; the first of them asks. Those
//! who come together for different repositories share a ticket, and thereby a token, as long as the
//! registry is fine with that: one that is not gets a token a repository from then on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::StatusCode;
use tokio::sync::OnceCell;

use super::challenge::Realm;
use super::identity::Identity;
use super::token::{Token, fetch};
use super::{Call, Failure, Scope, Transport};

/// How many repositories a token is asked for at once. More make a token that does not fit into the
/// headers that registries take.
const BATCH: usize = 16;
/// How long others are waited for, who need a token for another repository.
const GATHER: Duration = Duration::from_millis(2);

/// The tokens of one identity at one host.
pub(super) struct Account {
    who: Identity,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tickets: HashMap<Scope, Arc<Ticket>>,
    /// The one that takes more scopes.
    open: Option<Arc<Ticket>>,
    /// Whether each repository needs a token of its own.
    single: bool,
}

/// A token that is there, or will be.
struct Ticket {
    scopes: Mutex<Vec<String>>,
    /// Nothing, once it has turned out that there is none for these scopes together.
    token: OnceCell<Option<Token>>,
}

impl Ticket {
    fn new(scope: String) -> Arc<Self> {
        Arc::new(Self {
            scopes: Mutex::new(vec![scope]),
            token: OnceCell::new(),
        })
    }

    fn scopes(&self) -> MutexGuard<'_, Vec<String>> {
        self.scopes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is wanted of an account.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'w> {
    pub(super) scope: &'w Scope,
    pub(super) realm: &'w Realm,
    /// The token that the registry did not take.
    pub(super) refused: Option<&'w Token>,
}

impl Account {
    pub(super) fn new(who: Identity) -> Self {
        Self {
            who,
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on, each repository gets a token of its own.
    pub(super) fn separate(&self) {
        self.state().single = true;
    }

    /// A token for what is wanted, and whether it was only now asked for.
    pub(super) async fn token(
        &self,
        transport: &Transport,
        call: Call<'_>,
        wanted: Wanted<'_>,
    ) -> Result<(Token, bool), Failure> {
        let mut alone = wanted.refused.is_some();
        loop {
            let (ticket, fetched) = self.ticket(wanted, alone);
            let token = ticket
                .token
                .get_or_try_init(|| self.redeem(transport, call, wanted.realm, &ticket, alone))
                .await?;
            if let Some(token) = token {
                return Ok((token.clone(), fetched));
            }
            alone = true;
        }
    }

    /// The ticket for what is wanted, and whether its token is still to come.
    fn ticket(&self, wanted: Wanted<'_>, alone: bool) -> (Arc<Ticket>, bool) {
        let mut state = self.state();
        if let Some(ticket) = state.tickets.get(wanted.scope) {
            match ticket.token.get() {
                None => return (Arc::clone(ticket), true),
                Some(Some(token)) if token.is_fresh() && wanted.refused != Some(token) => {
                    return (Arc::clone(ticket), false);
                }
                // It has ended, it was not taken, or there is none.
                Some(_) => {}
            }
        }
        let plain = wanted.scope.to_string();
        let asked = wanted.scope.asked(wanted.realm.scope.as_deref());
        // What the registry calls by another name is asked for in its words, and by itself.
        let alone = alone || state.single || wanted.scope.is_push() || asked != plain;
        let ticket = match state.open.take() {
            Some(open) if !alone => {
                open.scopes().push(plain);
                open
            }
            other => {
                let ticket = Ticket::new(asked);
                if alone {
                    state.open = other;
                    state
                        .tickets
                        .insert(wanted.scope.clone(), Arc::clone(&ticket));
                    return (ticket, true);
                }
                ticket
            }
        };
        if ticket.scopes().len() < BATCH {
            state.open = Some(Arc::clone(&ticket));
        }
        state
            .tickets
            .insert(wanted.scope.clone(), Arc::clone(&ticket));
        (ticket, true)
    }

    async fn redeem(
        &self,
        transport: &Transport,
        call: Call<'_>,
        realm: &Realm,
        ticket: &Arc<Ticket>,
        alone: bool,
    ) -> Result<Option<Token>, Failure> {
        if !alone {
            tokio::time::sleep(GATHER).await;
        }
        let scopes = {
            let mut state = self.state();
            if state
                .open
                .as_ref()
                .is_some_and(|open| Arc::ptr_eq(open, ticket))
            {
                state.open = None;
            }
            ticket.scopes().clone()
        };
        match fetch(transport, call, realm, &self.who, &scopes).await {
            Ok(token) => Ok(Some(token)),
            Err(failure) if scopes.len() > 1 => {
                // Everyone asks alone now, and hears the reason alone. Who is refused by name is refused
                // however few scopes there are.
                if failure.refusal != Some(StatusCode::UNAUTHORIZED) {
                    self.separate();
                }
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_token_that_has_ended_is_asked_for_again() {
        let account = Account::new(Identity::Anonymous);
        let scope = Scope::pull("r.example", "a/b");
        let realm = Realm {
            url: "https://r.example/token".parse().unwrap(),
            service: None,
            scope: None,
        };
        let wanted = Wanted {
            scope: &scope,
            realm: &realm,
            refused: None,
        };
        let (ticket, _) = account.ticket(wanted, false);
        let held = Token::until;
        let redeemed = |ticket: &Ticket, until| {
            account.state().open = None;
            ticket.token.set(Some(held(until))).ok().unwrap();
        };
        redeemed(&ticket, Instant::now());
        let (next, to_come) = account.ticket(wanted, false);
        assert!(to_come && !Arc::ptr_eq(&ticket, &next));
        let later = Instant::now() + Duration::from_secs(60);
        redeemed(&next, later);
        let (same, to_come) = account.ticket(wanted, false);
        assert!(!to_come && Arc::ptr_eq(&next, &same));
        // Unless the registry does not take it.
        let refused = held(later);
        let wanted = Wanted {
            refused: Some(&refused),
            ..wanted
        };
        assert!(account.ticket(wanted, true).1);
    }

    #[test]
    fn a_ticket_is_full_at_sixteen() {
        let account = Account::new(Identity::Anonymous);
        let realm = Realm {
            url: "https://r.example/token".parse().unwrap(),
            service: None,
            scope: None,
        };
        let scopes: Vec<_> = (0..40)
            .map(|number| Scope::pull("r.example", &format!("p{number}")))
            .collect();
        let tickets: Vec<_> = scopes
            .iter()
            .map(|scope| {
                let wanted = Wanted {
                    scope,
                    realm: &realm,
                    refused: None,
                };
                account.ticket(wanted, false).0
            })
            .collect();
        let sizes: Vec<_> = tickets.iter().map(|ticket| ticket.scopes().len()).collect();
        assert_eq!(sizes.iter().filter(|size| **size == BATCH).count(), 32);
        assert_eq!(sizes.iter().filter(|size| **size == 8).count(), 8);
        // Publishing goes by itself.
        let push = Scope::push("r.example", "p0");
        let wanted = Wanted {
            scope: &push,
            realm: &realm,
            refused: None,
        };
        assert_eq!(account.ticket(wanted, false).0.scopes().len(), 1);
    }
}
