//! What can be typed. Every flag that makes sense in CI has an environment twin.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{Parser, Subcommand, ValueEnum, value_parser};
use wits::model::{PackageId, PackageName, PackageRef, RegistryUrl, Version};

/// The package manager for WIT.
#[derive(Debug, Parser)]
#[command(
    name = "wits",
    version,
    propagate_version = true,
    arg_required_else_help = true
)]
#[command(
    after_help = "Exit codes: 0 done, 1 project or request at fault, 2 usage, 3 integrity, 75 try again later, 70 a bug"
)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
#[allow(clippy::struct_excessive_bools)] // each is a flag of its own
pub(crate) struct Global {
    /// Run as if started in DIR
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true)]
    pub(crate) directory: Option<PathBuf>,
    /// The WIT directory, relative to the project [default: wit]
    #[arg(long, value_name = "DIR", global = true, env = "WITS_WIT_DIR")]
    pub(crate) wit_dir: Option<PathBuf>,
    /// A registry.toml that comes before all others [env: `WITS_CONFIG`]
    // Not read by clap: what the environment names is a layer of its own.
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
    /// Where downloaded packages are kept [default: the user's cache directory]
    #[arg(long, value_name = "DIR", global = true, env = "WITS_CACHE_DIR")]
    pub(crate) cache_dir: Option<PathBuf>,
    /// Fail if wits.lock would change
    #[arg(long, global = true, env = "WITS_LOCKED", value_parser = FalseyValueParser::new())]
    pub(crate) locked: bool,
    /// Open no socket
    #[arg(long, global = true, env = "WITS_OFFLINE", value_parser = FalseyValueParser::new())]
    pub(crate) offline: bool,
    /// --locked and --offline
    #[arg(long, global = true, env = "WITS_FROZEN", value_parser = FalseyValueParser::new())]
    pub(crate) frozen: bool,
    /// Give a registry up that is silent, or slower than 10 bytes a second, for so long [default: 30]
    #[arg(long, value_name = "SECONDS", global = true, env = "WITS_HTTP_TIMEOUT", value_parser = value_parser!(u64).range(1..))]
    pub(crate) http_timeout: Option<u64>,
    /// Ask again so often where a failure may pass [default: 3]
    #[arg(long, value_name = "COUNT", global = true, env = "WITS_HTTP_RETRIES")]
    pub(crate) http_retries: Option<usize>,
    /// Wait so long for another wits that works on the same project or layout [default: 60]
    #[arg(long, value_name = "SECONDS", global = true, env = "WITS_LOCK_TIMEOUT")]
    pub(crate) lock_timeout: Option<u64>,
    /// Print errors only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Print more
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// When to use colour
    #[arg(long, value_name = "WHEN", global = true, default_value = "auto")]
    pub(crate) color: Color,
    /// How to print results
    #[arg(long, value_name = "FORMAT", global = true, default_value = "text")]
    pub(crate) format: Format,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How to print results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs: one JSON object with `"version": 1`
    Json,
}

/// The form of a package on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum As {
    /// WIT text
    Wit,
    /// The Wasm binary as it was published
    Wasm,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Begin a project: wit/world.wit
    Init(Init),
    /// Resolve, pin in wits.lock, and lay out wit/deps
    Fetch(Fetch),
    /// Resolve and pin in wits.lock, and nothing else
    Lock(Lock),
    /// Build the project as a WIT package in its binary form
    Build(Build),
    /// Publish the project, or a .wasm, to the registry that serves its name
    Publish(Publish),
    /// Save one package, without a project
    Get(Get),
    /// Take a version back: nobody is to begin using it
    Yank(Yank),
    /// Keys for Bindle
    #[command(subcommand)]
    Bindle(Bindle),
    /// Keep a credential for a registry, where Docker and podman keep theirs
    Login(Login),
    /// Drop the credential that is kept for a registry
    Logout(Logout),
    /// What is in force, and who says so
    #[command(subcommand)]
    Config(Config),
    /// Write the project's own files from those of wkg and wit-deps
    Migrate(Migrate),
    /// Check wits.lock, the cache and wit/deps against each other, without the network
    Verify(Verify),
    /// The packages that were downloaded: where they are, how much, and fewer of them
    #[command(subcommand)]
    Cache(Cache),
}

/// `wits cache`
#[derive(Debug, Subcommand)]
pub(crate) enum Cache {
    /// Print the directory
    Dir,
    /// Print how much there is
    Size,
    /// Remove what is of no use: what was damaged, what killed processes left, layouts of older versions
    Prune(Prune),
    /// Remove everything that wits made
    Clean,
    /// Hash everything in it, whatever project it is for
    Verify(VerifyCache),
}

/// `wits verify`
#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    /// Everything in the cache too, whatever project it is for
    #[arg(long)]
    pub(crate) cache: bool,
    /// Repair what can be repaired without the network
    #[arg(long)]
    pub(crate) fix: bool,
}

/// `wits cache verify`
#[derive(Debug, clap::Args)]
pub(crate) struct VerifyCache {
    /// Set aside what is damaged
    #[arg(long)]
    pub(crate) fix: bool,
}

/// `wits cache prune`
#[derive(Debug, clap::Args)]
pub(crate) struct Prune {
    /// Packages too that were not used for so many days
    #[arg(long, value_name = "DAYS")]
    pub(crate) older_than: Option<u32>,
    /// Packages too, the least used first, until they are no more than SIZE, such as 500M or 2G
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub(crate) max_size: Option<u64>,
    /// Remove nothing, and print what would go
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// A number of bytes, with or without a unit of 1024.
fn bytes(text: &str) -> Result<u64, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit());
    let (number, unit) = text.split_at(digits.unwrap_or(text.len()));
    let unit = unit.trim_start().to_ascii_uppercase();
    let unit = unit
        .strip_suffix("IB")
        .or(unit.strip_suffix('B'))
        .unwrap_or(&unit);
    let power = ["", "K", "M", "G", "T"]
        .iter()
        .position(|known| *known == unit);
    let power = power.and_then(|power| u32::try_from(power).ok());
    number
        .parse::<u64>()
        .ok()
        .zip(power)
        .and_then(|(number, power)| number.checked_mul(1024_u64.pow(power)))
        .ok_or_else(|| "a number of bytes, such as 1000000, 500M or 2G".to_owned())
}

/// `wits migrate`
#[derive(Debug, clap::Args)]
pub(crate) struct Migrate {
    /// Write nothing, and print what would be written
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `wits login`
#[derive(Debug, clap::Args)]
pub(crate) struct Login {
    /// The registry's host, such as ghcr.io or localhost:5000
    #[arg(value_name = "HOST[:PORT]")]
    pub(crate) host: String,
    /// The user; without one, the secret is an identity token
    #[arg(short, long, value_name = "USER")]
    pub(crate) username: Option<String>,
    /// Read the password or token from standard input, which is the only way to give it
    #[arg(long, required = true)]
    pub(crate) password_stdin: bool,
}

/// `wits logout`
#[derive(Debug, clap::Args)]
pub(crate) struct Logout {
    /// The registry's host, such as ghcr.io or localhost:5000
    #[arg(value_name = "HOST[:PORT]")]
    pub(crate) host: String,
}

/// `wits config`
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Print every effective mapping, and the file and line it comes from
    Show,
}

/// `wits init`
#[derive(Debug, clap::Args)]
pub(crate) struct Init {
    /// The package, such as demo:app
    #[arg(value_name = "NS:NAME")]
    pub(crate) package: PackageName,
    /// Its first version
    #[arg(
        long = "package-version",
        value_name = "VERSION",
        default_value = "0.1.0"
    )]
    pub(crate) package_version: Version,
}

/// `wits fetch`
#[derive(Debug, clap::Args)]
pub(crate) struct Fetch {
    /// The form of the packages in wit/deps [default: the form that is there, otherwise wit]
    #[arg(long = "as", value_name = "FORM")]
    pub(crate) form: Option<As>,
    /// Whose layout the packages are written in, beside `wit/deps`
    #[arg(long, value_name = "TOOL", default_value = "wit-parser")]
    pub(crate) layout: Layout,
}

/// Tools that look for packages in places of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Layout {
    /// `wit/deps`, where every tool on wit-parser looks
    WitParser,
    /// `deps/<ns>/<name>/<version>.wasm` as well
    Wac,
}

/// `wits lock`
#[derive(Debug, clap::Args)]
pub(crate) struct Lock {
    /// Write nothing, and fail if wits.lock is not up to date
    #[arg(long)]
    pub(crate) check: bool,
}

/// `wits build`
#[derive(Debug, clap::Args)]
pub(crate) struct Build {
    /// The file to write [default: NS-NAME-VERSION.wasm in the project]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// `wits publish`
#[derive(Debug, clap::Args)]
pub(crate) struct Publish {
    /// A WIT package in its binary form, instead of the project
    #[arg(value_name = "FILE.wasm")]
    pub(crate) file: Option<PathBuf>,
    /// Publish here, and not where registry.toml says
    #[arg(long, value_name = "URL", env = "WITS_REGISTRY")]
    pub(crate) registry: Option<RegistryUrl>,
    /// Do everything but write
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `wits get`
#[derive(Debug, clap::Args)]
pub(crate) struct Get {
    /// The package; without a version, the newest
    #[arg(value_name = "NS:NAME[@VERSION]")]
    pub(crate) package: PackageRef,
    /// The file or directory to write, or `-` for standard output [default: here]
    #[arg(short, long, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
    /// The form to save [default: by the ending of PATH, otherwise wit]
    #[arg(long = "as", value_name = "FORM")]
    pub(crate) form: Option<As>,
    /// Write nothing, and fail if the file is not what the registry has
    #[arg(long, conflicts_with = "overwrite")]
    pub(crate) check: bool,
    /// Replace the file if it is not the same
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Ask here, and not where registry.toml says
    #[arg(long, value_name = "URL", env = "WITS_REGISTRY")]
    pub(crate) registry: Option<RegistryUrl>,
}

/// `wits yank`
#[derive(Debug, clap::Args)]
pub(crate) struct Yank {
    /// The version
    #[arg(value_name = "NS:NAME@VERSION")]
    pub(crate) package: PackageId,
    /// Yank it here, and not where registry.toml says
    #[arg(long, value_name = "URL", env = "WITS_REGISTRY")]
    pub(crate) registry: Option<RegistryUrl>,
}

/// `wits bindle`
#[derive(Debug, Subcommand)]
pub(crate) enum Bindle {
    /// Make a key pair to sign with, and print what others need to know it
    Keygen(Keygen),
}

/// `wits bindle keygen`
#[derive(Debug, clap::Args)]
pub(crate) struct Keygen {
    /// Whose key it is, such as 'Me <me@example.com>'
    #[arg(value_name = "LABEL")]
    pub(crate) label: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, size) in [
            ("0", 0),
            ("17", 17),
            ("17b", 17),
            ("2K", 2048),
            ("2 kib", 2048),
            ("500M", 500 * 1024 * 1024),
            ("3GB", 3 * 1024 * 1024 * 1024),
        ] {
            assert_eq!(bytes(text), Ok(size), "{text}");
        }
        for text in [
            "",
            "M",
            "-1",
            "1.5G",
            "1X",
            "99999999999999T",
            "1Mi",
            "\u{e9}",
        ] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
