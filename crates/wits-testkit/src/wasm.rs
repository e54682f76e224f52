//! Just enough of the binary format to add a custom section to a Wasm file and to take one out.
//!
//! A binary (core module or component) is a preamble of eight bytes and then sections: an id, a size in
//! LEB128, the contents. Section 0 is custom and begins with its name (Wasm core specification, 5.5).

/// An empty component.
pub const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// An empty core module.
pub const MODULE: &[u8] = b"\0asm\x01\0\0\0";

const PREAMBLE: usize = 8;

/// The contents of the first custom section of this name.
#[track_caller]
pub fn section(wasm: &[u8], name: &str) -> Option<Vec<u8>> {
    let found = sections(wasm)
        .into_iter()
        .find(|section| section.name.as_deref() == Some(name))?;
    Some(wasm[found.contents..found.end].to_vec())
}

/// The binary without any custom section of this name: what a tool that does not know it would write.
#[track_caller]
pub fn without_section(wasm: &[u8], name: &str) -> Vec<u8> {
    let mut out = wasm[..PREAMBLE].to_vec();
    for section in sections(wasm) {
        if section.name.as_deref() != Some(name) {
            out.extend(&wasm[section.start..section.end]);
        }
    }
    out
}

/// The binary with one more custom section at its end: other bytes, the same meaning.
pub fn with_section(wasm: &[u8], name: &str, contents: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    write_leb(&mut body, name.len());
    body.extend(name.as_bytes());
    body.extend(contents);
    let mut out = wasm.to_vec();
    out.push(0);
    write_leb(&mut out, body.len());
    out.extend(body);
    out
}

struct Section {
    name: Option<String>,
    start: usize,
    contents: usize,
    end: usize,
}

#[track_caller]
fn sections(wasm: &[u8]) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut at = PREAMBLE;
    while at < wasm.len() {
        let start = at;
        let id = wasm[at];
        at += 1;
        let size = read_leb(wasm, &mut at);
        let end = at + size;
        let mut name = None;
        if id == 0 {
            let length = read_leb(wasm, &mut at);
            name = Some(String::from_utf8(wasm[at..at + length].to_vec()).expect("a name"));
            at += length;
        }
        sections.push(Section {
            name,
            start,
            contents: at,
            end,
        });
        at = end;
    }
    sections
}

fn read_leb(wasm: &[u8], at: &mut usize) -> usize {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = wasm[*at];
        *at += 1;
        value |= usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return value;
        }
        shift += 7;
    }
}

fn write_leb(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_goes_in_and_out() {
        let long = vec![7; 300];
        let wasm = with_section(&with_section(COMPONENT, "a", b"1"), "b", &long);
        assert_eq!(section(&wasm, "a").unwrap(), b"1");
        assert_eq!(section(&wasm, "b").unwrap(), long);
        assert_eq!(section(&wasm, "c"), None);
        assert_eq!(
            without_section(&wasm, "b"),
            with_section(COMPONENT, "a", b"1")
        );
    }
}
