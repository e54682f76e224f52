//! What differs from run to run, taken out of the output before it is compared.

use std::path::Path;

/// Writes the root of the sandbox as `[ROOT]`, every sha256 as `sha256:[DIGEST]` and every port on
/// loopback as `[PORT]`.
pub(crate) fn redact(text: &str, root: &Path) -> String {
    let text = text.replace(&root.display().to_string(), "[ROOT]");
    let text = replace_run(&text, "sha256:", 64, |c| c.is_ascii_hexdigit(), "[DIGEST]");
    let digit = |c: char| c.is_ascii_digit();
    let text = replace_run(&text, "127.0.0.1:", 1, digit, "[PORT]");
    replace_run(&text, "localhost:", 1, digit, "[PORT]")
}

/// Replaces each run of at least `least` matching characters that follows `marker`.
fn replace_run(
    text: &str,
    marker: &str,
    least: usize,
    matches: fn(char) -> bool,
    by: &str,
) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(marker) {
        let (before, after) = rest.split_at(at + marker.len());
        out.push_str(before);
        let end = after.find(|c| !matches(c)).unwrap_or(after.len());
        if end >= least {
            out.push_str(by);
            rest = &after[end..];
        } else {
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_digests_and_ports_are_named() {
        let digest = "0123456789abcdef".repeat(4);
        let text =
            format!("/t/x/app at 127.0.0.1:4711/v2, sha256:{digest}, sha256:12, sha256:{digest}");
        assert_eq!(
            redact(&text, Path::new("/t/x")),
            "[ROOT]/app at 127.0.0.1:[PORT]/v2, sha256:[DIGEST], sha256:12, sha256:[DIGEST]"
        );
    }
}
