//! Reading a lock.

use std::path::Path;

use super::{Lock, LockError};

pub(super) fn parse(_text: &str, _file: &Path, _home: Option<&Path>) -> Result<Lock, LockError> {
    todo!()
}
