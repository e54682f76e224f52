//! Writing a lock.

use std::path::Path;

use super::Lock;

pub(super) fn print(_lock: &Lock, _file: &Path, _home: Option<&Path>) -> String {
    todo!()
}
