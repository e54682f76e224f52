//! Not measured yet: fetching over a network with a round-trip time, beside wkg.

use anyhow::{Result, bail};

use crate::tools::Tools;

pub(crate) fn measure(_tools: &Tools, _options: &[&str]) -> Result<()> {
    bail!("`fetch` is not measured yet");
}
