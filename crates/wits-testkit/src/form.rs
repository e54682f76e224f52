//! Forms and queries (`application/x-www-form-urlencoded`), read.

/// The pairs of a query or of the body of a form.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (decoded(key), decoded(value)))
        .collect()
}

/// One name or value.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || {
                    char::from(rest.next().unwrap_or(b'0'))
                        .to_digit(16)
                        .unwrap_or(0)
                };
                u8::try_from(digit() * 16 + digit()).expect("two digits")
            }
            other => other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read() {
        let read = pairs("x=a+b%3Ac%2fd&y=&z");
        let expected = [("x", "a b:c/d"), ("y", "")];
        assert_eq!(read, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }
}
