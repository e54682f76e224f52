//! `wits build` of the WASI packages, beside what nobody can do without: parsing the closure, encoding it and
//! decoding what was made, with the bare WIT crates.
//!
//! Both run in this process, one after the other in pairs, so that the machine is the same for both; a process
//! that starts and a file that is written are left aside. The project was fetched before, as it is when
//! somebody builds: wits reads and hashes every text, reads the lock, and compares what it made with what was
//! meant, all of which the bare crates do not.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use wits::ops::publish::Subject;
use wits::{Context, Workspace, blocking};
use wits_testkit::{Sandbox, published};

use crate::machine::Machine;
use crate::table::{Spread, figure, head, real, row};
use crate::tools::Tools;

const RELEASE: &str = "0.2.12";

/// Measures, by `RUNS` pairs; or does one side of it so many times, to be counted by callgrind.
pub(crate) fn measure(tools: &Tools, options: &[&str]) -> Result<()> {
    match options {
        ["--bare", times, dirs @ ..] => repeat(times.parse()?, dirs, bare),
        ["--wits", times, cache, dirs @ ..] => {
            let cache = PathBuf::from(cache);
            repeat(times.parse()?, dirs, |dir| whole(&cache, dir))
        }
        [] => compare(tools, 101),
        [runs] => compare(tools, runs.parse().context("how many pairs?")?),
        _ => bail!("`build [RUNS]`"),
    }
}

fn repeat(times: usize, dirs: &[&str], work: impl Fn(&Path) -> Result<usize>) -> Result<()> {
    for _ in 0..times {
        for dir in dirs {
            work(Path::new(dir))?;
        }
    }
    Ok(())
}

/// What is built.
struct Case {
    name: String,
    dirs: Vec<PathBuf>,
}

fn compare(tools: &Tools, runs: usize) -> Result<()> {
    let sandbox = tools.sandbox();
    let cache = sandbox.cache_home().join("wits");
    let cases = cases(&sandbox, &cache)?;
    let columns = [
        "what",
        "bare, ms",
        "`wits build`, ms",
        "ratio of the pairs",
        "instructions, bare",
        "`wits build`",
        "ratio",
    ];
    println!("{}", head(&columns));
    for case in &cases {
        let mut pairs = Vec::new();
        for number in 0..runs + 5 {
            let both = |dir: &PathBuf| -> Result<(Duration, Duration)> {
                // Whoever is second finds the machine warm: they take turns.
                if number % 2 == 0 {
                    let first = timed(|| bare(dir))?;
                    Ok((first, timed(|| whole(&cache, dir))?))
                } else {
                    let first = timed(|| whole(&cache, dir))?;
                    Ok((timed(|| bare(dir))?, first))
                }
            };
            let mut sums = (Duration::ZERO, Duration::ZERO);
            for dir in &case.dirs {
                let (bare, whole) = both(dir)?;
                sums = (sums.0 + bare, sums.1 + whole);
            }
            // The first few fill caches of all sorts.
            if number >= 5 {
                pairs.push(sums);
            }
        }
        let spread =
            |figures: Vec<f64>| Spread::of(figures).map_or_else(String::new, |it| it.to_string());
        let ms = |time: &Duration| time.as_secs_f64() * 1000.0;
        let bare = pairs.iter().map(|(bare, _)| ms(bare)).collect();
        let whole = pairs.iter().map(|(_, whole)| ms(whole)).collect();
        let ratio = pairs
            .iter()
            .map(|(bare, whole)| ms(whole) / ms(bare))
            .collect();
        let (bare_count, whole_count) = counts(&cache, &case.dirs)?;
        let millions = |count: u64| format!("{} M", figure(real(count) / 1e6));
        println!(
            "{}",
            row(&[
                case.name.clone(),
                spread(bare),
                spread(whole),
                spread(ratio),
                bare_count.map_or_else(|| "not counted".to_owned(), millions),
                whole_count.map_or_else(|| "not counted".to_owned(), millions),
                match (bare_count, whole_count) {
                    (Some(bare), Some(whole)) => figure(real(whole) / real(bare)),
                    _ => String::new(),
                },
            ])
        );
    }
    println!(
        "\nMedian (least to most) of {runs} pairs.\n\n{}",
        Machine::look(tools)
    );
    Ok(())
}

/// The WASI packages, each as its own project and all in one world, fetched.
fn cases(sandbox: &Sandbox, cache: &Path) -> Result<Vec<Case>> {
    sandbox.top().write(".git/HEAD", "").write(
        "registry.toml",
        "[namespaces]\nwasi = \"layout:registry\"\n",
    );
    let context = Context::new(cache);
    let mut dirs = Vec::new();
    for package in published::wasi(RELEASE) {
        let project = sandbox.project(package.dir());
        package.write(&project);
        let workspace = Workspace::find(&context, project.dir(), None)?;
        blocking::publish(&context, Subject::Project(&workspace), false)?;
        whole(cache, project.dir())?;
        dirs.push(project.dir().to_owned());
    }
    let all = all(sandbox);
    whole(cache, &all)?;
    Ok(vec![
        Case {
            name: format!(
                "the {} packages of WASI {RELEASE}, one after the other",
                dirs.len()
            ),
            dirs,
        },
        Case {
            name: "a world that includes all of them".to_owned(),
            dirs: vec![all],
        },
    ])
}

/// A project whose world includes what all WASI packages have.
pub(crate) fn all(sandbox: &Sandbox) -> PathBuf {
    let app = sandbox.project("all");
    app.write(
        "wit/world.wit",
        format!(
            "package demo:all@0.1.0;\n\nworld all {{\n    include wasi:cli/command@{RELEASE};\n    \
             include wasi:http/proxy@{RELEASE};\n}}\n"
        ),
    );
    app.dir().to_owned()
}

fn timed(work: impl FnOnce() -> Result<usize>) -> Result<Duration> {
    let begin = Instant::now();
    std::hint::black_box(work()?);
    Ok(begin.elapsed())
}

/// Parses the directory as every WIT tool does, encodes it and decodes what was made.
fn bare(dir: &Path) -> Result<usize> {
    let mut resolve = wit_parser::Resolve {
        all_features: true,
        ..wit_parser::Resolve::default()
    };
    let (package, _) = resolve.push_dir(dir.join("wit"))?;
    let wasm = wit_component::encode(&resolve, package, false)?;
    std::hint::black_box(wit_parser::decoding::decode(&wasm)?);
    Ok(wasm.len())
}

/// What `wits build` does once it knows what was typed.
fn whole(cache: &Path, dir: &Path) -> Result<usize> {
    let context = Context::new(cache);
    let workspace = Workspace::find(&context, dir, None)?;
    let built = blocking::build(&context, &workspace, None)?;
    Ok(usize::try_from(built.size)?)
}

/// The instructions of one build by each side: those of three rounds less those of one, by half.
fn counts(cache: &Path, dirs: &[PathBuf]) -> Result<(Option<u64>, Option<u64>)> {
    let count = |side: &[&std::ffi::OsStr]| -> Result<Option<u64>> {
        let of = |times: &str| {
            let mut command = Command::new(std::env::current_exe()?);
            command.args(["build".as_ref(), side[0], times.as_ref()]);
            command.args(&side[1..]).args(dirs);
            crate::instructions::count(&command)
        };
        Ok(match (of("1")?, of("3")?) {
            (Some(one), Some(three)) => Some((three - one) / 2),
            _ => None,
        })
    };
    Ok((
        count(&["--bare".as_ref()])?,
        count(&["--wits".as_ref(), cache.as_os_str()])?,
    ))
}
