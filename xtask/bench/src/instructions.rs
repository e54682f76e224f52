//! Not measured yet: instructions counted by callgrind, and the baseline that CI compares.

use anyhow::{Result, bail};

use crate::tools::Tools;

pub(crate) fn measure(_tools: &Tools, _options: &[&str]) -> Result<()> {
    bail!("`instructions` is not measured yet");
}
