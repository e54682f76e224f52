//! What is worth another try. A request is sent again if the failure was that of a connection or the
//! registry says that it passes; an answer that says no, and bytes that are wrong, are final.

use std::error::Error;
use std::io;
use std::time::{Duration, SystemTime};

use backon::{ExponentialBuilder, Retryable as _};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use url::Url;

use super::{Call, printable};
use crate::error::Shown;
use crate::{Limits, RegistryError};

/// An error, and whether the same request may be answered otherwise next time.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: RegistryError,
    /// The status, if the peer says who may not do it, and not what is wrong with it.
    pub(super) refusal: Option<StatusCode>,
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
            refusal: None,
            again: Again::Never,
        }
    }
}

impl Failure {
    /// A failure that may pass.
    pub(super) fn soon(error: RegistryError) -> Self {
        Self {
            error,
            refusal: None,
            again: Again::Soon,
        }
    }

    /// Whether the same request may be answered otherwise next time.
    pub(super) fn passes(&self) -> bool {
        self.again != Again::Never
    }

    /// A refusal.
    pub(super) fn refused(error: RegistryError, status: StatusCode) -> Self {
        Self {
            refusal: Some(status),
            ..error.into()
        }
    }

    /// The refusal, after `what` was shown.
    pub(super) fn shown(mut self, what: Shown) -> Self {
        if let RegistryError::Denied { shown, .. } = &mut self.error {
            *shown = what;
        }
        self
    }

    /// A failure of which the peer says that it passes, and perhaps when. A peer that wants more
    /// patience than `limits` has is not asked again: the user decides when.
    pub(super) fn later(error: RegistryError, headers: &HeaderMap, limits: &Limits) -> Self {
        let after = headers
            .get(RETRY_AFTER)
            .and_then(|value| retry_after(value.to_str().ok()?, SystemTime::now()));
        let again = match after {
            None => Again::Soon,
            Some(after) if after <= limits.max_retry_delay => Again::After(after),
            Some(_) => Again::Never,
        };
        Self {
            again,
            ..error.into()
        }
    }

    /// A request that got no answer, or an answer that broke off.
    pub(super) fn of_request(call: Call<'_>, error: reqwest::Error) -> Self {
        let host = error.url().map(host_and_port).unwrap_or_default();
        // The URL may hold what storage services sign requests with.
        let error = error.without_url();
        match tls_error(&error) {
            None => {}
            Some(rustls::Error::InvalidMessage(_)) => {
                let reason =
                    "the host does not answer in TLS; a registry without TLS is `oci+http://`";
                return call.unsafe_(call.wanted, reason).into();
            }
            Some(tls @ rustls::Error::InvalidCertificate(_)) => {
                return Self::from(RegistryError::Untrusted {
                    at: call.at.clone(),
                    host,
                    reason: told_of(tls),
                });
            }
            Some(other) => {
                let reason = format!("the TLS connection is not safe: {other}");
                return call.unsafe_(call.wanted, printable(&reason)).into();
            }
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

/// `HOST`, or `HOST:PORT` where the port is not the usual one: as `[hosts]` names it.
fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// What is wrong with a certificate.
fn told_of(error: &rustls::Error) -> String {
    match error {
        // A bad signature is that of another authority with the same name: an old one, say.
        rustls::Error::InvalidCertificate(
            rustls::CertificateError::UnknownIssuer | rustls::CertificateError::BadSignature,
        ) => "nobody who is trusted here has signed it".to_owned(),
        other => printable(&other.to_string()),
    }
}

/// How long to wait, by a `Retry-After` of seconds or of a date (RFC 9110, section 10.2.3).
fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    // A date that is past says "now".
    Some(date.duration_since(now).unwrap_or_default())
}

/// The complaint of rustls.
fn tls_error(error: &reqwest::Error) -> Option<&rustls::Error> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// Whether an answer says that asking again may help. 501 and 505 say that it will not.
pub(super) fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502..=504 | 506..=599)
}

/// How long to wait before each retry: longer every time, and never as long as others do.
fn pauses(limits: &Limits) -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(limits.retry_delay)
        .with_max_delay(limits.max_retry_delay)
        .with_max_times(limits.retries)
        .with_jitter()
}

/// Runs `operation` until it succeeds or there is no use in another try.
pub(super) async fn run<T, F>(limits: &Limits, operation: impl FnMut() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    operation
        .retry(pauses(limits))
        .when(Failure::passes)
        .adjust(|failure: &Failure, pause| match failure.again {
            // No more tries are left when there is no pause.
            Again::After(after) => pause.map(|pause| pause.max(after)),
            _ => pause,
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_wait_alike() {
        use backon::BackoffBuilder as _;
        let limits = Limits::default();
        let all: Vec<Vec<_>> = (0..8).map(|_| pauses(&limits).build().collect()).collect();
        for pauses in &all {
            assert_eq!(pauses.len(), limits.retries);
            assert!(pauses[0] >= limits.retry_delay && pauses[0] <= limits.retry_delay * 2);
        }
        assert!(all.iter().any(|pauses| *pauses != all[0]));
    }

    #[test]
    fn both_forms_of_retry_after() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let seconds = |text| retry_after(text, now).map(|after| after.as_secs());
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:57 GMT"), Some(20));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:07 GMT"), Some(0));
        assert_eq!(seconds("soon"), None);
    }
}
