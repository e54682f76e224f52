//! Text from outside, made fit to be shown. This is the one place that decides what that means.
//!
//! What a registry, a package, a checkout or another tool says may hold characters that a terminal acts
//! on, that turn the direction of what follows, or that nobody sees. Wherever wits shows such a text, in
//! a message, in a line of source, in a result on a terminal or in JSON, these are written as escapes:
//!
//! - control characters (general category `Cc`): C0 with escape, carriage return and backspace, `DEL`, and
//!   C1, in which many terminals know a second way to begin an escape sequence;
//! - separators of lines and paragraphs (`Zl`, `Zp`);
//! - marks that set the direction of text (`Bidi_Control`);
//! - what is not drawn at all (`Default_Ignorable_Code_Point`): zero-width characters, soft hyphens, fillers,
//!   variation selectors, and the tags, which can hide a whole text;
//! - anchors of interlinear annotations.
//!
//! (Unicode 17, `DerivedCoreProperties.txt` and `PropList.txt`.) Some emoji and some scripts are made of
//! such characters too, and are shown in their parts: a name that looks like another is the greater harm.
//! Bytes that are the result itself, a package that is saved or sent down a pipe, are never changed.

use std::borrow::Cow;
use std::ops::RangeInclusive;

/// Besides [`char::is_control`].
const HIDDEN: &[RangeInclusive<char>] = &[
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fffb}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

/// Whether `c` is shown as it is.
pub fn is_shown(c: char) -> bool {
    c.is_ascii_graphic()
        || c == ' '
        || !(c.is_control() || HIDDEN.iter().any(|range| range.contains(&c)))
}

/// `text` on one line.
///
/// ```
/// use wits_model::printable;
///
/// assert_eq!(printable::line("a\u{1b}[2Jb\r\nc\u{202e}d"), "a\\u{1b}[2Jb\\u{d}\\u{a}c\\u{202e}d");
/// ```
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, |_| false)
}

/// `text` with its line ends: for text of ours that has some. In text of others they are nothing to keep.
pub fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c == '\n')
}

/// `text` with its line ends and tabs: for WIT and TOML, which are made of lines.
///
/// ```
/// use wits_model::printable;
///
/// assert_eq!(printable::source("a\r\n\tb\rc"), "a\r\n\tb\\u{d}c");
/// ```
pub fn source(text: &str) -> Cow<'_, str> {
    let mut rest = text.chars().peekable();
    let mut out = String::new();
    while let Some(c) = rest.next() {
        let ends_line = c == '\n' || (c == '\r' && rest.peek() == Some(&'\n'));
        push(&mut out, c, ends_line || c == '\t');
    }
    if out == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(out)
    }
}

/// The start of `text`, at most `most` characters of it, on one line.
pub fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => line(text).into_owned(),
        Some((end, _)) => format!("{}{CUT}", line(&text[..end])),
    }
}

/// What stands at the end of a text that was cut short.
pub const CUT: char = '…';

fn escaped(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.chars().all(|c| is_shown(c) || keep(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        push(&mut out, c, keep(c));
    }
    Cow::Owned(out)
}

fn push(out: &mut String, c: char, keep: bool) {
    if keep || is_shown(c) {
        out.push(c);
    } else {
        out.extend(c.escape_unicode());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_or_hides_is_written_out() {
        let acts = "\0\u{7}\u{8}\t\n\r\u{1b}\u{7f}\u{80}\u{9b}\u{9f}";
        let turns = "\u{61c}\u{200e}\u{200f}\u{202a}\u{202e}\u{2066}\u{2069}";
        let hides =
            "\u{ad}\u{200b}\u{200d}\u{2028}\u{2060}\u{feff}\u{fe0f}\u{3164}\u{e0001}\u{e0041}";
        for c in [acts, turns, hides].concat().chars() {
            let shown = line(c.encode_utf8(&mut [0; 4])).into_owned();
            assert_eq!(shown, format!("\\u{{{:x}}}", u32::from(c)));
        }
        let plain = "plain ~!`é 界 🦀 \u{e01}";
        assert!(matches!(line(plain), Cow::Borrowed(text) if text == plain));
    }

    #[test]
    fn line_ends_are_kept_where_they_are_ours() {
        assert_eq!(lines("a\n\tb\r\n"), "a\n\\u{9}b\\u{d}\n");
        assert_eq!(source("a\n\tb\r\n\u{1b}"), "a\n\tb\r\n\\u{1b}");
        assert!(matches!(source("a\r\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(short("héllo", 5), "héllo");
        assert_eq!(short("héllo", 2), "hé…");
        assert_eq!(short("\u{1b}\u{1b}", 1), "\\u{1b}…");
    }
}
