//! Not measured yet: closures and registries that grow, with the exponent of their growth.

use anyhow::{Result, bail};

use crate::tools::Tools;

pub(crate) fn measure(_tools: &Tools, _options: &[&str]) -> Result<()> {
    bail!("`scale` is not measured yet");
}
