//! Fuzzing: runs the targets of `fuzz/` with libFuzzer, on the stable toolchain and without a sanitizer.
//!
//! A sanitizer would look for faults of memory, of which our crates, without a line of `unsafe`, can have
//! none; what is looked for is a panic, a stack that runs out, an input that takes too long or too much
//! memory, and a text that does not read as what it was printed from. Without one the frames on the stack
//! have the size that they have in the command.
//!
//! What libFuzzer finds on its way stays in `target/fuzz`; the corpus in the repository, which the tests
//! replay, only grows by hand: a finding is made small (`cargo fuzz tmin`), given a name, and added.

use anyhow::{Context, Result, bail};

use crate::shell::{self, cargo, repository, target_dir, title};

/// How long a target runs where nothing is said.
pub(crate) const SECONDS: u64 = 60;

/// The longest that one input may take, in seconds.
const HANG: u64 = 10;

/// The most memory that a target may have, in MiB.
const MEMORY: u64 = 2048;

/// The longest input, in bytes.
const LONGEST: u64 = 64 << 10;

/// Runs `target`, or each in turn; the first finding ends it.
pub(crate) fn run(target: Option<&str>, seconds: u64) -> Result<()> {
    crate::peers::install_fuzzer()?;
    let all = targets()?;
    let chosen: Vec<&String> = match target {
        None => all.iter().collect(),
        Some(name) => all.iter().filter(|it| *it == name).collect(),
    };
    if chosen.is_empty() {
        bail!("there is no such target; there are {}", all.join(", "));
    }
    for target in chosen {
        title(target);
        let found = target_dir().join("fuzz/corpus").join(target);
        std::fs::create_dir_all(&found).context("a directory for what is found")?;
        let mut command = cargo("fuzz run --sanitizer none")?;
        command
            .arg(target)
            .arg(found)
            .arg(repository().join("fuzz/corpus").join(target))
            .arg("--")
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-timeout={HANG}"))
            .arg(format!("-rss_limit_mb={MEMORY}"))
            .arg(format!("-max_len={LONGEST}"))
            .arg("-print_final_stats=1")
            .env("CARGO_TARGET_DIR", target_dir().join("fuzz"));
        shell::run(&mut command)?;
    }
    Ok(())
}

/// The targets, in order.
fn targets() -> Result<Vec<String>> {
    let dir = repository().join("fuzz/fuzz_targets");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&dir).context("`fuzz/fuzz_targets`")? {
        let path = entry?.path();
        if let Some(name) = path.file_stem().and_then(|name| name.to_str()) {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}
