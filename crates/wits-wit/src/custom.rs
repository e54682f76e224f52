//! The custom sections of the outermost component of a binary.

use wasmparser::{Parser, Payload};

use crate::error::WitError;
use crate::text::clean;

/// Name and content of every custom section at the top level of `wasm`, in order. Those of nested
/// components and modules speak of these, not of the package.
pub(crate) fn top_level(wasm: &[u8]) -> Result<Vec<(&str, &[u8])>, WitError> {
    let mut depth = 0_usize;
    let mut sections = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.map_err(|error| WitError::Undecodable {
            reason: clean(error.message()).0,
        })? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            // The end of the outermost component is the last payload.
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(section) if depth == 0 => {
                sections.push((section.name(), section.data()));
            }
            _ => {}
        }
    }
    Ok(sections)
}

/// Appends a custom section to a component.
pub(crate) fn append(wasm: &mut Vec<u8>, name: &str, data: &[u8]) {
    use wasm_encoder::ComponentSection as _;
    wasm_encoder::CustomSection {
        name: name.into(),
        data: data.into(),
    }
    .append_to_component(wasm);
}
