//! What is to be done where: what a token is asked for, and what a credential is looked up by.

use std::fmt;

/// One thing that may be allowed or not.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Scope {
    host: String,
    repository: String,
    action: Action,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Action {
    Pull,
    Push,
    Plain,
}

impl Scope {
    /// To read `repository` at `host`, as the registry URL names both.
    pub(crate) fn pull(host: &str, repository: &str) -> Self {
        Self::new(host, repository, Action::Pull)
    }

    /// To read and write `repository` at `host`.
    pub(crate) fn push(host: &str, repository: &str) -> Self {
        Self::new(host, repository, Action::Push)
    }

    /// Whatever is done below `path` at a `host` that has no tokens of its own to give: it is shown the
    /// user's credential as it is, unasked, since a Bindle server does not ask.
    pub(crate) fn plain(host: &str, path: &str) -> Self {
        Self::new(host, path, Action::Plain)
    }

    fn new(host: &str, repository: &str, action: Action) -> Self {
        Self {
            host: host.to_owned(),
            repository: repository.to_owned(),
            action,
        }
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn repository(&self) -> &str {
        &self.repository
    }

    /// Whether the host hands out tokens, or names who does.
    pub(super) fn takes_tokens(&self) -> bool {
        self.action != Action::Plain
    }

    /// Whether it is to write.
    pub(super) fn is_push(&self) -> bool {
        self.action == Action::Push
    }

    fn actions(&self) -> &'static [&'static str] {
        if self.is_push() {
            &["pull", "push"]
        } else {
            &["pull"]
        }
    }

    /// What to ask for, given what the registry says it needs. That is taken if it is about the same
    /// repository, and about all that is to be done there: it knows best how it calls what it needs, but
    /// no other repository is its business.
    pub(super) fn asked(&self, told: Option<&str>) -> String {
        let prefix = format!("repository:{}:", self.repository);
        let told = told.filter(|told| {
            let actions = told.strip_prefix(&prefix).unwrap_or_default();
            let has = |action: &&str| actions.split(',').any(|it| it == *action);
            !actions.contains(' ') && self.actions().iter().all(has)
        });
        told.map_or_else(|| self.to_string(), str::to_owned)
    }
}

/// As the token specification writes it ("Token Scope Documentation").
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let actions = self.actions().join(",");
        write!(f, "repository:{}:{actions}", self.repository)
    }
}

#[cfg(test)]
mod tests {
    use super::Scope;

    #[test]
    fn a_registry_is_believed_about_its_own_words_only() {
        let scope = Scope::pull("r.example", "a/b");
        assert_eq!(scope.asked(None), "repository:a/b:pull");
        assert_eq!(
            scope.asked(Some("repository:a/b:pull,metadata")),
            "repository:a/b:pull,metadata"
        );
        for told in [
            "repository:a/c:pull",
            "repository:a/b:pull repository:a/c:push",
            "registry:catalog:*",
        ] {
            assert_eq!(scope.asked(Some(told)), "repository:a/b:pull");
        }
        let push = Scope::push("r.example", "a/b");
        assert_eq!(push.to_string(), "repository:a/b:pull,push");
        // What reading needs is not what publishing needs.
        assert_eq!(push.asked(Some("repository:a/b:pull")), push.to_string());
        assert_eq!(
            push.asked(Some("repository:a/b:push,pull")),
            "repository:a/b:push,pull"
        );
    }
}
