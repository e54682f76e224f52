//! The whole of a `build.rs`. `tests/build_script.rs` runs it as cargo would.

fn main() {
    wits::build_script::Fetch::new().run_or_exit();
}
