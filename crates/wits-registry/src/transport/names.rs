//! The names of hosts. Each is looked up once a run, however many connections are opened to it: otherwise thirty
//! connections would be thirty questions and as many threads that wait for them.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::OnceCell;

/// What was found for a name.
type Found = Arc<OnceCell<Vec<SocketAddr>>>;

/// See the module. A clone is the same one.
#[derive(Default, Clone)]
pub(super) struct Names(Arc<Mutex<HashMap<String, Found>>>);

impl Names {
    /// The addresses of `name`, by `lookup` if nobody has looked it up. A failure is not remembered.
    async fn once<F>(&self, name: &str, lookup: impl FnOnce() -> F) -> io::Result<Vec<SocketAddr>>
    where
        F: Future<Output = io::Result<Vec<SocketAddr>>>,
    {
        let found = {
            let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(names.entry(name.to_owned()).or_default())
        };
        found.get_or_try_init(lookup).await.cloned()
    }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let names = self.clone();
        Box::pin(async move {
            // The port is that of the URL, whatever stands here.
            let lookup =
                || async { Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.collect()) };
            let found = names.once(name.as_str(), lookup).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_name_is_looked_up_once_and_a_failure_again() {
        let (names, lookups) = (Names::default(), AtomicUsize::new(0));
        let there: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let lookups = &lookups;
        let ask = async |name, fails: bool| {
            let lookup = || async {
                lookups.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                if fails {
                    return Err(io::Error::other("not now"));
                }
                Ok(vec![there])
            };
            names.once(name, lookup).await
        };
        let all = async {
            ask("a.example", true).await.unwrap_err();
            let both =
                futures_util::future::join_all([ask("a.example", false), ask("a.example", false)]);
            for found in both.await {
                assert_eq!(found.unwrap(), [there]);
            }
            ask("b.example", false).await.unwrap();
        };
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(all);
        assert_eq!(lookups.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn this_machine_has_a_name() {
        let names = Names::default();
        let found = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(names.resolve("localhost".parse().unwrap()));
        assert!(found.unwrap().all(|address| address.ip().is_loopback()));
    }
}
