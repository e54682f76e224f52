//! Credentials in the environment, for build machines.
//!
//! `WITS_TOKEN_<HOST>` is for the host, and port, of that name in capitals with every character that is
//! no letter and no digit written `_`: `WITS_TOKEN_GHCR_IO` for `ghcr.io`,
//! `WITS_TOKEN_REGISTRY_ACME_EXAMPLE_5000` for `registry.acme.example:5000`. Its value is `USER:PASSWORD`
//! or, without a colon, a token that the registry takes as it is (RFC 6750 has no colon in a token).
//! `WKG_REGISTRY_<HOST>_AUTH_BEARER` is spelled by the same rule and always a token.
//!
//! Two hosts may come to one variable (`a-b.example` and `a.b.example`). Then there is no telling which
//! of them the token is for, and rather than send it to the wrong one it is an error.

use std::collections::{BTreeMap, BTreeSet};

use wits_registry::{Credential, CredentialError, Redacted};

/// How `host` is spelled in the name of a variable.
pub(super) fn spelled(host: &str) -> String {
    host.chars()
        .map(|c| match c {
            c if c.is_ascii_alphanumeric() => c.to_ascii_uppercase(),
            _ => '_',
        })
        .collect()
}

/// The names of the variables for `host`, the first winning.
fn names(host: &str) -> [String; 2] {
    let host = spelled(host);
    [
        format!("WITS_TOKEN_{host}"),
        format!("WKG_REGISTRY_{host}_AUTH_BEARER"),
    ]
}

/// The variable that is set for `host`. An empty one is as good as none.
pub(super) fn set<'a>(
    variables: &'a BTreeMap<String, Redacted>,
    host: &str,
) -> Option<(String, &'a Redacted)> {
    names(host).into_iter().find_map(|name| {
        let value = variables.get(&name)?;
        (!value.reveal().is_empty()).then_some((name, value))
    })
}

/// What it holds for `host`, if none of `known` would have it too.
pub(super) fn find(
    variables: &BTreeMap<String, Redacted>,
    host: &str,
    known: &BTreeSet<String>,
) -> Result<Option<Credential>, CredentialError> {
    let Some((name, value)) = set(variables, host) else {
        return Ok(None);
    };
    let same = known
        .iter()
        .find(|other| *other != host && spelled(other) == spelled(host));
    if let Some(other) = same {
        return Err(CredentialError::Variable {
            name,
            reason: format!(
                "would be sent to `{host}` and to `{other}`, which are spelled alike in it; use `wits login` for both"
            ),
        });
    }
    if value.reveal().chars().any(char::is_control) {
        return Err(CredentialError::Variable {
            name,
            reason: "has a line break or another control character in it".to_owned(),
        });
    }
    Ok(Some(match value.reveal().split_once(':') {
        Some((user, password)) if name.starts_with("WITS_") => Credential::Basic {
            user: user.to_owned(),
            password: password.into(),
        },
        _ => Credential::Bearer(value.clone()),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(set: &[(&str, &str)]) -> BTreeMap<String, Redacted> {
        set.iter()
            .map(|(name, value)| ((*name).to_owned(), Redacted::new(*value)))
            .collect()
    }

    #[test]
    fn hosts_are_spelled_as_documented() {
        assert_eq!(spelled("ghcr.io"), "GHCR_IO");
        assert_eq!(spelled("a-b.example:5000"), "A_B_EXAMPLE_5000");
        assert_eq!(spelled("[::1]:80"), "___1__80");
    }

    #[test]
    fn a_value_is_a_user_and_a_password_or_a_token() {
        let none = BTreeSet::new();
        let both = variables(&[
            ("WITS_TOKEN_A_EXAMPLE", "me:pass:word"),
            ("WKG_REGISTRY_A_EXAMPLE_AUTH_BEARER", "wkg"),
            ("WKG_REGISTRY_B_EXAMPLE_AUTH_BEARER", "x:y"),
            ("WITS_TOKEN_C_EXAMPLE", ""),
        ]);
        let find = |host: &str| find(&both, host, &none).unwrap();
        assert_eq!(
            find("a.example"),
            Some(Credential::Basic {
                user: "me".to_owned(),
                password: "pass:word".into()
            })
        );
        assert_eq!(find("b.example"), Some(Credential::Bearer("x:y".into())));
        assert_eq!(find("c.example"), None);
        assert_eq!(find("d.example"), None);
    }

    #[test]
    fn two_hosts_of_one_spelling_are_refused() {
        let token = variables(&[("WITS_TOKEN_A_B_EXAMPLE", "canary")]);
        let known = BTreeSet::from(["a-b.example".to_owned(), "a.b.example".to_owned()]);
        let error = find(&token, "a.b.example", &known).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`WITS_TOKEN_A_B_EXAMPLE` would be sent to `a.b.example` and to `a-b.example`, which are spelled alike in it; use `wits login` for both"
        );
        let alone = BTreeSet::from(["a.b.example".to_owned(), "c.example".to_owned()]);
        assert!(find(&token, "a.b.example", &alone).unwrap().is_some());
    }
}
