//! wits, the package manager for WIT, as a library.
//!
//! WIT text names the packages it needs, with exact versions. The operations here read those needs,
//! resolve the whole closure, pin it by digest in `wits.lock`, lay it out in `wit/deps`, and build and
//! publish WIT packages. They take everything from outside in a [`Context`]: no operation reads the
//! environment, knows the current directory, prints or exits.
//!
//! Begin with [`Workspace::find`], then call an operation of [`ops`], or of [`blocking`] where there is
//! no async runtime.
//!
//! ```
//! # let dir = tempfile::tempdir()?;
//! # let root = dir.path();
//! # let write = |name: &str, text: &str| {
//! #     let path = root.join(name);
//! #     std::fs::create_dir_all(path.parent().unwrap()).and_then(|()| std::fs::write(path, text))
//! # };
//! # write("registry.toml", "[namespaces]\nacme = \"layout:registry\"")?;
//! # write("log/wit/log.wit", "package acme:log@1.0.0;\ninterface log { line: func(text: string); }")?;
//! # write("app/wit/app.wit", "package demo:app@0.1.0;\nworld app { import acme:log/log@1.0.0; }")?;
//! # write(".git/HEAD", "")?;
//! use wits::ops::publish::Subject;
//! use wits::{Context, Workspace, blocking};
//!
//! let context = Context::new(root.join("cache"));
//! let log = Workspace::find(&context, &root.join("log"), None)?;
//! blocking::publish(&context, Subject::Project(&log), false)?;
//!
//! let app = Workspace::find(&context, &root.join("app"), None)?;
//! let fetched = blocking::fetch(&context, &app, None)?;
//! assert_eq!(fetched.deps[0].written, ["acme-log-1.0.0"]);
//! assert!(blocking::fetch(&context, &app, None)?.fresh);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | what is in it |
//! | --- | --- |
//! | [`context`] | [`Context`]: directories, policy, whom to tell |
//! | [`project`] | [`Workspace`] and [`Member`]: where the files of a project are |
//! | [`ops`] | the operations |
//! | [`blocking`] | the operations, blocking |
//! | [`deps`] | the form of `wit/deps` and what changed in it |
//! | [`report`] | [`Reporter`]: notes and progress |
//! | [`error`] | [`Error`]: what went wrong, of what kind, where, and what to do |
//! | [`render`] | errors and notes as text |
//! | [`environment`] | the context of a user's environment, for front ends |
//! | [`build_script`] | what a `build.rs` calls: a front end, so it reads the environment, prints and exits |
//! | [`credentials`] | who the user is to a registry: where that is kept |
//! | `config` | which files routes come from |
//! | `access` | how registries are reached |
//! | `aside` | notes that are kept until it is known that somebody is concerned |
//! | `local` | what the project answers itself |
//! | `resolver` | which packages are in a closure; no I/O |
//! | `closure` | where the resolver meets the registries |
//! | `hint` | the list of a closure that goes with a package |
//! | `session` | one package, from its pin or its registry, verified and decoded |
//! | `texts` | the closure as WIT text |
//! | `verify` | what must agree within a closure |
//! | `prepare` | all of that in order |
//! | `side_files` | what goes with a published package where there is room for it |
//! | `lockfile` | `wits.lock` on disk |
//! | `inputs` | the digest by which a run knows that nothing is to be done |
//! | `standing` | what stands in `wit/deps` already, and whether anything is to be done |
//! | `foreign` | files of other tools |
//!
//! With the feature `network` off the crate locks, lays out, builds and verifies from the cache and from
//! `layout:` registries, without an async runtime.

mod access;
mod advice;
mod aside;
pub mod blocking;
pub mod build_script;
mod closure;
mod config;
pub mod context;
pub mod credentials;
pub mod deps;
pub mod environment;
pub mod error;
mod foreign;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod hint;
mod inputs;
mod local;
mod lockfile;
pub mod ops;
mod prepare;
pub mod project;
pub mod render;
pub mod report;
mod resolver;
mod session;
mod side_files;
mod standing;
mod texts;
mod verify;
mod versions;

pub use context::{BindleFiles, ConfigFiles, Context, Locking};
pub use credentials::CredentialSources;
pub use deps::Form;
pub use error::{Asked, Error};
pub use project::{Member, Workspace};
pub use report::{Note, Progress, Reporter, Silent};
pub use wits_model as model;
pub use wits_registry::Redacted;
