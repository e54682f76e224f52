//! Lists of tags, page by page (distribution-spec, "Listing Tags"; RFC 8288 for `Link`).

use std::collections::HashSet;

use reqwest::Method;
use serde::Deserialize;
use url::Url;
use wits_model::Version;

use super::repository::Repository;
use crate::told::printable;
use crate::transport::{Call, Redirects, Reply, Request, next};
use crate::{RegistryError, tag};

/// How many tags are asked for at once: the most that ECR gives.
const PAGE: usize = 1_000;

#[derive(Deserialize)]
struct Page {
    /// `null` where there are none, in some registries.
    tags: Option<Vec<String>>,
}

/// All versions, sorted.
pub(super) async fn versions(repository: &Repository<'_>) -> Result<Vec<Version>, RegistryError> {
    let wanted = "the list of versions";
    let call = repository.call(wanted);
    let limits = repository.limits();
    let first = repository.url(&format!("tags/list?n={PAGE}"))?;
    let mut url = first.clone();
    let (mut tags, mut seen) = (HashSet::new(), HashSet::new());
    loop {
        if seen.len() == limits.max_pages {
            return Err(endless(call, limits.max_pages, "pages"));
        }
        if !seen.insert(url.clone()) {
            return Err(malformed(
                call,
                "its pages lead back to one that was read".to_owned(),
            ));
        }
        let reply = repository
            .transport
            .ask(call, &Request::new(Method::GET, url))
            .await?;
        match reply.status.as_u16() {
            200 => {}
            404 => return Err(repository.no_package()),
            _ => return Err(reply.rejected(call)),
        }
        let page: Page = serde_json::from_slice(&reply.body)
            .map_err(|error| malformed(call, printable(&error.to_string())))?;
        let page = page.tags.unwrap_or_default();
        let last = page.last().cloned();
        // As many as were asked for, and no word on more: some registries keep that to themselves.
        let is_full = page.len() == PAGE;
        let before = tags.len();
        tags.extend(page);
        if tags.len() > limits.max_tags {
            return Err(endless(call, limits.max_tags, "tags"));
        }
        url = match (following(call, &reply)?, last) {
            (Some(following), _) => following,
            // One that does not know `last` gives the same page again.
            (None, Some(last)) if is_full && tags.len() > before => {
                let mut url = first.clone();
                url.query_pairs_mut().append_pair("last", &last);
                url
            }
            _ => break,
        };
    }
    let mut versions: Vec<_> = tags.iter().filter_map(|name| tag::version(name)).collect();
    versions.sort();
    versions.dedup();
    Ok(versions)
}

/// The page that `Link` names as the next.
fn following(call: Call<'_>, reply: &Reply) -> Result<Option<Url>, RegistryError> {
    for header in reply.headers.get_all(reqwest::header::LINK) {
        let Some(target) = header.to_str().ok().and_then(next_link) else {
            continue;
        };
        // The list and all its pages are the word of one host.
        let url = next(&reply.url, target, Redirects::SameOrigin)
            .map_err(|reason| call.unsafe_("the `Link` to the next page of tags", reason))?;
        if url.origin() != call.home.origin() {
            let reason = "it leads to another host";
            return Err(call.unsafe_("the `Link` to the next page of tags", reason));
        }
        return Ok(Some(url));
    }
    Ok(None)
}

/// The target of the link with `rel="next"` in a `Link` header.
fn next_link(header: &str) -> Option<&str> {
    let mut rest = header;
    while let Some((_, after)) = rest.split_once('<') {
        let (target, parameters) = after.split_once('>')?;
        let end = parameters.find('<').unwrap_or(parameters.len());
        let is_next = parameters[..end]
            .split([';', ','])
            .filter_map(|parameter| parameter.trim().split_once('='))
            .any(|(name, value)| {
                let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
                name.trim().eq_ignore_ascii_case("rel")
                    && relations.any(|relation| relation.eq_ignore_ascii_case("next"))
            });
        if is_next {
            return Some(target);
        }
        rest = &parameters[end..];
    }
    None
}

fn malformed(call: Call<'_>, reason: String) -> RegistryError {
    RegistryError::Malformed {
        at: call.at.clone(),
        what: call.wanted.to_owned(),
        reason,
    }
}

fn endless(call: Call<'_>, limit: usize, unit: &str) -> RegistryError {
    malformed(call, format!("it has more than {limit} {unit}"))
}

/// A page of tags, as any registry may send it. What is a version has the tag that it came from.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn fuzz_page(data: &[u8]) {
    match serde_json::from_slice::<Page>(data) {
        Err(error) => drop(printable(&error.to_string())),
        Ok(page) => {
            for name in page.tags.unwrap_or_default() {
                if let Some(version) = tag::version(&name) {
                    assert_eq!(tag::of(&version).as_deref(), Some(&*name));
                }
            }
        }
    }
}

/// A `Link`, as any registry may send it. Where it leads is at home.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn fuzz_link(data: &[u8]) {
    let Ok(header) = reqwest::header::HeaderValue::from_bytes(data) else {
        return;
    };
    let home: Url = "https://h.example:444/v2/a/b/tags/list"
        .parse()
        .expect("a URL");
    if let Some(target) = header.to_str().ok().and_then(next_link) {
        match next(&home, target, Redirects::SameOrigin) {
            Ok(url) => assert_eq!(url.origin(), home.origin()),
            Err(reason) => crate::told::is_printable(&reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::next_link;

    #[test]
    fn the_next_link_is_found() {
        for (header, target) in [
            (
                "</v2/a/tags/list?last=x&n=2>; rel=\"next\"",
                Some("/v2/a/tags/list?last=x&n=2"),
            ),
            (
                "<a>; rel=prev, <b>;title=\"x\"; REL=\"last next\"",
                Some("b"),
            ),
            ("<a>; rel=\"prev\"", None),
            ("<a", None),
            ("rel=next", None),
        ] {
            assert_eq!(next_link(header), target, "{header}");
        }
    }
}
