//! Closures deeper than a thread's stack.

mod packages;

use std::fmt::Write as _;

use packages::package;
use wits_wit::check;

#[test]
fn a_chain_of_interfaces_does_not_run_out_of_stack() {
    for (length, world) in [
        (199, "import i0;"),
        (10_000, "import i0;"),
        (10_000, "export i0;"),
    ] {
        let mut chain = String::new();
        for n in 0..length {
            let next = n + 1;
            writeln!(chain, "interface i{n} {{ use i{next}.{{t}}; }}").unwrap();
        }
        let root = package(&format!(
            "package t:a@1.0.0;\n{chain}interface i{length} {{ type t = u8; }} world w {{ {world} }}"
        ));
        check(root.clone(), vec![]).unwrap();
    }
}
