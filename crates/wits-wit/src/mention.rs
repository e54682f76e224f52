//! Where a foreign package is mentioned: from the name of the item to all of `ns:name/item@version`.
//!
//! wit-parser's spans for mentions cover the item's name only. The grammar (`WIT.md`, "use-path") puts
//! the package before it and the version behind it, with any white space in between; comments there
//! are legal and end the widening.

use wit_parser::PackageName;
use wits_model::SourceSpan;

/// Widens `span`, the name of an item of `package`, over the whole path.
pub(crate) fn widen(span: SourceSpan, package: &PackageName) -> SourceSpan {
    let start = package_before(&span.text[..span.range.start], package);
    let end = package
        .version
        .as_ref()
        .and_then(|version| version_after(&span.text[span.range.end..], &version.to_string()));
    let range = start.unwrap_or(span.range.start)..span.range.end + end.unwrap_or(0);
    SourceSpan::new(span.path, span.text, range)
}

/// Where `ns:name/` begins at the end of `text`.
fn package_before(text: &str, package: &PackageName) -> Option<usize> {
    // The item itself may be escaped: `ns:name/%interface`.
    let text = text.strip_suffix('%').unwrap_or(text);
    let text = text.trim_end().strip_suffix('/')?;
    let text = word_before(text, &package.name)?;
    let text = text.trim_end().strip_suffix(':')?;
    Some(word_before(text, &package.namespace)?.len())
}

fn word_before<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let text = text.trim_end().strip_suffix(word)?;
    Some(text.strip_suffix('%').unwrap_or(text))
}

/// Where `@version` ends at the start of `text`.
fn version_after(text: &str, version: &str) -> Option<usize> {
    let rest = text.trim_start().strip_prefix('@')?.trim_start();
    Some(text.len() - rest.strip_prefix(version)?.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covers_the_path_as_written() {
        let package = PackageName {
            namespace: "a".into(),
            name: "b".into(),
            version: Some(semver::Version::new(1, 2, 3)),
        };
        for (text, path) in [
            ("use a:b/item@1.2.3.{t};", "a:b/item@1.2.3"),
            ("import a:b/item@1.2.3;", "a:b/item@1.2.3"),
            ("import %a:%b/%item@1.2.3;", "%a:%b/%item@1.2.3"),
            (
                "use a : b /\n item\t@ 1.2.3 as x;",
                "a : b /\n item\t@ 1.2.3",
            ),
            ("use a:b/* c */ / /* d */item@1.2.3;", "item@1.2.3"),
        ] {
            let at = text.find("item").unwrap();
            let span = SourceSpan::new("x.wit", text, at..at + 4);
            let wide = widen(span, &package);
            assert_eq!(&text[wide.range], path);
        }
    }
}
