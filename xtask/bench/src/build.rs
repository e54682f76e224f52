//! Not measured yet: what `wits build` takes beside bare parsing, encoding and decoding.

use anyhow::{Result, bail};

use crate::tools::Tools;

pub(crate) fn measure(_tools: &Tools, _options: &[&str]) -> Result<()> {
    bail!("`build` is not measured yet");
}
