//! Killed processes and full disks: whatever wits promises of its files holds after `SIGKILL` at any write, and
//! the next run completes or undoes the rest.
//!
//! The command that cargo builds for these tests has the feature `kill-points` of `wits-fs`: every step that
//! changes the disk is followed by a point with a name, and `WITS_KILL_POINT=N` kills the process at the n-th.
//!
//! | module | what is in it |
//! | --- | --- |
//! | [`scene`] | a start state, a command, and what must hold whenever the command is killed |
//! | [`points`] | every command that writes, killed at every point; and its next run killed too |
//! | [`changes`] | that there is a point after every change of the disk |
//! | [`moments`] | killed from outside, at random moments |
//! | [`disk`] | no space, no permission, a file system that is read-only or another one |

mod scene;

#[cfg(target_os = "linux")]
mod changes;
#[cfg(target_os = "linux")]
mod disk;
mod moments;
mod points;
