//! What is worth another try. A request is sent again if the failure was that of a connection or the
//! registry says that it passes; an answer that says no, and bytes that are wrong, are final.

use std::error::Error;
use std::io;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::{Call, printable};
use crate::{Limits, RegistryError};

/// An error, and whether the same request may be answered otherwise next time.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: RegistryError,
    again: Again,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    Never,
    Soon,
    After(Duration),
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        Self {
            error,
            again: Again::Never,
        }
    }
}

impl Failure {
    /// A failure that may pass.
    pub(super) fn soon(error: RegistryError) -> Self {
        Self {
            error,
            again: Again::Soon,
        }
    }

    /// A failure of which the peer says that it passes, and perhaps when. A peer that wants more
    /// patience than `limits` has is not asked again: the user decides when.
    pub(super) fn later(error: RegistryError, headers: &HeaderMap, limits: &Limits) -> Self {
        // The other form, a date, says little between two clocks that disagree: the usual pause does.
        let after = headers
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse().ok())
            .map(Duration::from_secs);
        let again = match after {
            None => Again::Soon,
            Some(after) if after <= limits.max_retry_delay => Again::After(after),
            Some(_) => Again::Never,
        };
        Self { error, again }
    }

    /// A request that got no answer, or an answer that broke off.
    pub(super) fn of_request(call: Call<'_>, error: reqwest::Error) -> Self {
        // The URL may hold what storage services sign requests with.
        let error = error.without_url();
        if let Some(tls) = tls_error(&error) {
            let reason = match tls {
                rustls::Error::InvalidMessage(_) => {
                    "the host does not answer in TLS; a registry without TLS is `oci+http://`"
                        .to_owned()
                }
                other => format!("the TLS connection is not safe: {other}"),
            };
            return call.unsafe_(call.wanted, printable(&reason)).into();
        }
        let mut told: Vec<String> = causes(&error).map(ToString::to_string).collect();
        // The first says only that a request was sent; the last is what the system said.
        let reason = told.pop().unwrap_or_default();
        Self::soon(call.unreachable(printable(&reason)))
    }
}

/// An error and what lies below it. An io error keeps what it wraps to itself: it is asked.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        match wrapped {
            Some(wrapped) => Some(wrapped as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}

/// The complaint of rustls.
fn tls_error(error: &reqwest::Error) -> Option<&rustls::Error> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// Whether an answer says that asking again may help. 501 and 505 say that it will not.
pub(super) fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502..=504 | 506..=599)
}

/// Runs `operation` until it succeeds or there is no use in another try.
pub(super) async fn run<T, F>(limits: &Limits, operation: impl FnMut() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let pauses = ExponentialBuilder::default()
        .with_min_delay(limits.retry_delay)
        .with_max_delay(limits.max_retry_delay)
        .with_max_times(limits.retries)
        .with_jitter();
    operation
        .retry(pauses)
        .when(|failure| failure.again != Again::Never)
        .adjust(|failure: &Failure, pause| match failure.again {
            // No more tries are left when there is no pause.
            Again::After(after) => pause.map(|pause| pause.max(after)),
            _ => pause,
        })
        .await
}
