//! End-to-end tests: the command as its users meet it, one module a command.
//!
//! A test names the whole output, so that it reads like the manual and nothing changes unseen. It runs
//! in a sandbox with a home, a cache and a configuration of its own. Real registries and other people's
//! tools are in `interop` and `wasi`; `bad_input` holds what must fail clearly and lose nothing.

// Tests write files where they like, say what they skip, and a failed claim is a panic.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

mod setting;

mod architecture;
mod bad_input;
mod bindle;
mod build;
mod cache;
mod config;
mod consumers;
mod crash;
mod crowd;
mod deps;
mod diagnostics;
mod fetch;
mod get;
mod hostile;
mod init;
mod integrity;
mod interop;
mod limits;
mod lock;
mod login;
mod migrate;
mod output;
mod publish;
mod registries;
mod requests;
mod security;
mod side_by_side;
mod terminal;
mod toolchains;
mod verify;
mod wasi;
mod wkg;
