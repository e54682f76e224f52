//! A `build.rs` that writes below `OUT_DIR` only, and allows the network.

// Cargo reads what a build script prints.
#![allow(clippy::disallowed_macros)]

use wits::build_script::{Failure, Fetch};

fn main() -> Result<(), Failure> {
    let wit = Fetch::new().network(true).in_out_dir().run()?;
    println!("cargo::metadata=wit={}", wit.dir.display());
    Ok(())
}
