//! The `wits` command.
fn main() {}
