//! What peers say in words, made fit to be shown: cut short, and [printable](wits_model::printable).

#[cfg(feature = "network")]
use serde::Deserialize;
use wits_model::printable::short;

/// The longest text of a peer that is repeated, in characters.
const LONGEST_TOLD: usize = 300;

/// A peer's `text`, cut short, with everything written out that a terminal would act on.
pub(crate) fn printable(text: &str) -> String {
    short(text, LONGEST_TOLD)
}

/// The errors a registry answers with (distribution-spec, "Error Codes"; Bindle's protocol, "Errors").
#[cfg(feature = "network")]
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ErrorList {
    #[serde(default)]
    errors: Vec<ErrorEntry>,
}

#[cfg(feature = "network")]
#[derive(Debug, Deserialize)]
struct ErrorEntry {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

#[cfg(feature = "network")]
impl ErrorList {
    /// Reads what it can of `body`; what is not a list of errors is an empty one.
    pub(crate) fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_else(|_| Self::read_bindle(body).unwrap_or_default())
    }

    /// What a Bindle server says: TOML with one key.
    fn read_bindle(body: &[u8]) -> Option<Self> {
        let table: toml::Table = std::str::from_utf8(body).ok()?.parse().ok()?;
        let message = table.get("error")?.as_str()?.to_owned();
        let code = String::new();
        Some(Self {
            errors: vec![ErrorEntry { code, message }],
        })
    }

    /// Whether one of the errors has `code`.
    pub(crate) fn has(&self, code: &str) -> bool {
        self.errors.iter().any(|entry| entry.code == code)
    }

    /// The errors for people to read; empty if there are none.
    pub(crate) fn told(&self) -> String {
        let told: Vec<_> = self
            .errors
            .iter()
            .take(3)
            .map(
                |entry| match (entry.message.is_empty(), entry.code.is_empty()) {
                    (false, _) => printable(&entry.message),
                    (true, false) => printable(&entry.code),
                    (true, true) => "an error without a text".to_owned(),
                },
            )
            .collect();
        told.join("; ")
    }
}

/// The body of an answer that explains an error, as any peer may send it.
#[cfg(all(feature = "network", any(test, feature = "fuzzing")))]
pub(crate) fn fuzz(data: &[u8]) {
    let list = ErrorList::read(data);
    is_printable(&list.told());
    let _ = list.has("NAME_UNKNOWN");
}

/// Claims that `text` has nothing in it that a terminal acts on, and an end.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn is_printable(text: &str) {
    assert!(!text.contains(char::is_control), "{text:?}");
    assert!(text.len() < 100 * LONGEST_TOLD, "{} bytes", text.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_has_nothing_to_act_on() {
        assert_eq!(
            printable("\u{1b}[2Jgone\u{202e}"),
            "\\u{1b}[2Jgone\\u{202e}"
        );
        assert!(printable(&"a".repeat(10_000)).chars().count() <= LONGEST_TOLD + 1);
    }

    #[cfg(feature = "network")]
    #[test]
    fn errors_are_read_if_they_are_errors() {
        let list = ErrorList::read(
            br#"{"errors":[{"code":"NAME_UNKNOWN","message":"gone","detail":{}},{"code":"X"}]}"#,
        );
        assert!(list.has("NAME_UNKNOWN"));
        assert_eq!(list.told(), "gone; X");
        assert_eq!(ErrorList::read(b"<html>").told(), "");
        assert_eq!(
            ErrorList::read(b"error = \"resource already exists\"\n").told(),
            "resource already exists"
        );
        assert_eq!(
            ErrorList::read(br#"{"errors":[{"code":"NEW_CODE"}]}"#).told(),
            "NEW_CODE"
        );
    }
}
