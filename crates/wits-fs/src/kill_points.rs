//! Places where a kill or a failure could fall, for tests.
use std::io;
/// A step that a kill could fall after.
#[cfg(not(feature = "kill-points"))]
#[inline(always)]
pub fn kill_point(_name: &'static str) -> io::Result<()> {
    Ok(())
}
/// A step that a kill could fall after.
#[cfg(feature = "kill-points")]
pub fn kill_point(_name: &'static str) -> io::Result<()> {
    Ok(())
}
