//! The programs that are measured, both optimised: `wits` as `cargo xtask bench` has just built it, and wkg as
//! its users install it.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result};
use wits_testkit::{Sandbox, peer};

/// Where the programs are.
pub(crate) struct Tools {
    /// `wits`, of the same build as this program.
    pub(crate) wits: PathBuf,
    /// `wkg`, where an optimised one is installed.
    pub(crate) wkg: Option<PathBuf>,
}

impl Tools {
    /// Finds `wits` beside this program, and wkg among the peers.
    pub(crate) fn find() -> Result<Self> {
        let here = env::current_exe().context("this program does not know where it is")?;
        let wits = here.with_file_name("wits");
        if !wits.is_file() {
            anyhow::bail!(
                "no `{}`: run this as `cargo xtask bench`, which builds it",
                wits.display()
            );
        }
        Ok(Self {
            wits,
            wkg: peer::optimised("wkg"),
        })
    }

    /// A sandbox in which `wits` is the one that is measured.
    pub(crate) fn sandbox(&self) -> Sandbox {
        Sandbox::new(&self.wits)
    }
}
