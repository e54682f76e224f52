//! Whole files.
use crate::FsError;
use std::path::Path;

/// Writes all or nothing.
pub fn write_atomic(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> Result<(), FsError> {
    let _ = (path, bytes);
    todo!()
}
/// Writes if the content differs; whether it wrote.
pub fn write_if_changed(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> Result<bool, FsError> {
    let _ = (path, bytes);
    todo!()
}
/// Writes a file that must not exist (kind `Exists` otherwise).
pub fn write_new(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> Result<(), FsError> {
    let _ = (path, bytes);
    todo!()
}
/// Reads a file.
pub fn read(path: impl AsRef<Path>) -> Result<Vec<u8>, FsError> {
    let _ = path;
    todo!()
}
/// Reads a file that may be missing.
pub fn read_if_exists(path: impl AsRef<Path>) -> Result<Option<Vec<u8>>, FsError> {
    let _ = path;
    todo!()
}
/// Creates a directory and its parents.
pub fn create_dir_all(path: impl AsRef<Path>) -> Result<(), FsError> {
    let _ = path;
    todo!()
}
/// Removes a directory with all in it; a missing one is fine.
pub fn remove_dir_all(path: impl AsRef<Path>) -> Result<(), FsError> {
    let _ = path;
    todo!()
}
/// Removes a file; a missing one is fine.
pub fn remove_file(path: impl AsRef<Path>) -> Result<(), FsError> {
    let _ = path;
    todo!()
}
/// Renames and syncs both directories.
pub fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<(), FsError> {
    let _ = (from, to);
    todo!()
}
