//! Why a build script failed, as cargo will show it.

use std::fmt;

use wits_model::ErrorKind;

use crate::{Error, render};

/// Why a build script failed.
///
/// `Display` and `Debug` are the same text of several lines: the message, the line of WIT that led to it,
/// and what to do. So `fn main() -> Result<(), wits::build_script::Failure>` reads well, although Rust shows
/// what `main` returns by `Debug`.
///
/// ```no_run
/// use wits::build_script::Fetch;
/// use wits::model::ErrorKind;
///
/// match Fetch::new().run() {
///     Err(failure) if failure.kind() == ErrorKind::Transient => println!("cargo::warning=try again later"),
///     Err(failure) => panic!("{failure}"),
///     Ok(wit) => println!("{}", wit.dir.display()),
/// }
/// ```
#[non_exhaustive]
pub enum Failure {
    /// A variable that cargo sets for build scripts is not there.
    #[non_exhaustive]
    OutsideOfCargo {
        /// Its name.
        variable: &'static str,
    },
    /// What the library says.
    #[non_exhaustive]
    Wits {
        /// The error.
        error: Box<Error>,
        /// What to do about it that only a build script can.
        help: Option<&'static str>,
    },
}

impl Failure {
    /// What sort of failure this is: see the example of [`Failure`].
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::OutsideOfCargo { .. } => ErrorKind::Project,
            Self::Wits { error, .. } => error.kind(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutsideOfCargo { variable } => write!(
                f,
                "`{variable}` is not set: `wits::build_script` is for a `build.rs`, which cargo runs\n  \
                 = help: elsewhere, call `wits::blocking::fetch`"
            ),
            Self::Wits { error, help } => {
                let text = render::error(error);
                // Rust puts `Error: ` before what `main` returns.
                f.write_str(text.strip_prefix("error: ").unwrap_or(&text))?;
                help.map_or(Ok(()), |help| write!(f, "\n  = help: {help}"))
            }
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Failure {}
