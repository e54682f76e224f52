//! Closures and registries that grow: whether time and memory grow in step.
//!
//! Everything comes from a `layout:` registry on this machine, so what is measured is wits itself. Time is that
//! of the whole process. Memory is the most that was resident (`VmHWM` of `proc_pid_status(5)`), read while the
//! process runs: what is added in its last half millisecond may be missed.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use wits_testkit::{Sandbox, fixtures};

use crate::graph::{self, Shape};
use crate::machine::Machine;
use crate::plot::{self, Series};
use crate::registries;
use crate::table::{figure, head, real, row};
use crate::tools::Tools;

const SIZES: [usize; 4] = [10, 100, 1_000, 5_000];
/// What text a package has, in bytes.
pub(crate) const TEXT: usize = 10_000;
/// Below, the time a process takes to start is most of it.
const FIT_FROM: f64 = 100.0;
/// Of so many runs the quickest counts: what is asked is the work, not what else the machine did.
const RUNS: usize = 3;
/// What takes longer is run once.
const LONG: Duration = Duration::from_secs(3);

/// What is run, by name.
const STEPS: [(&str, Step<'_>); 5] = [
    ("fetch, all new", FETCH),
    (
        "fetch, from the cache",
        Step::of(&["fetch", "--frozen"], &["app/wit/deps"]),
    ),
    ("fetch, nothing to do", Step::of(&["fetch"], &[])),
    ("lock", Step::of(&["lock"], &["app/wits.lock"])),
    ("build", Step::of(&["build"], &[])),
];

/// A fetch of everything anew.
pub(crate) const FETCH: Step<'_> =
    Step::of(&["fetch"], &["app/wits.lock", "app/wit/deps", "xdg-cache"]);

/// Measures closures of the sizes that are named, or of all, and then registries; or these alone.
pub(crate) fn measure(tools: &Tools, options: &[&str]) -> Result<()> {
    if options == ["--registries"] {
        registries::measure(tools)?;
        println!("\n{}", Machine::look(tools));
        return Ok(());
    }
    let sizes: Vec<usize> = options
        .iter()
        .map(|size| size.parse())
        .collect::<Result<_, _>>()?;
    let all = sizes.is_empty();
    let sizes = if all { SIZES.to_vec() } else { sizes };
    let mut runs = Vec::new();
    for shape in [Shape::Fan, Shape::Chain] {
        for size in &sizes {
            let sandbox = tools.sandbox();
            graph::make(&sandbox, shape, *size, TEXT)?;
            settle()?;
            eprintln!("a {} of {size} is made", shape.name());
            for (name, step) in STEPS {
                let run = best(tools, &sandbox, step)?;
                eprintln!("{name}: {} ms, {} MB", figure(run.ms), figure(run.mb));
                runs.push((format!("{}: {name}", shape.name()), *size, run));
            }
        }
    }
    let time = series(&runs, |run| run.ms);
    let memory = series(&runs, |run| run.mb);
    table("time, ms", &sizes, &time, FIT_FROM);
    table("memory, MB", &sizes, &memory, FIT_FROM);
    if all {
        draw("scale", "packages in the closure", &time, &memory)?;
        registries::measure(tools)?;
    }
    println!("\n{}", Machine::look(tools));
    Ok(())
}

/// Draws both plots, `docs/NAME-time.svg` and `docs/NAME-memory.svg`.
pub(crate) fn draw(name: &str, over: &str, time: &[Series], memory: &[Series]) -> Result<()> {
    let docs = fixtures::repository().join("docs");
    for (what, unit, series) in [("time", "ms", time), ("memory", "MB", memory)] {
        let svg = plot::svg(&format!("{what} over {over}"), unit, series);
        fs::write(docs.join(format!("{name}-{what}.svg")), svg)?;
    }
    Ok(())
}

/// Waits until what was made for a measurement is on the disk: a sync of the command's would have to wait for it.
pub(crate) fn settle() -> Result<()> {
    let done = Command::new("sync").status().context("`sync`")?;
    if !done.success() {
        bail!("`sync` ends with {done}");
    }
    Ok(())
}

/// Another number each time.
fn unique() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// One run of the command.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub(crate) ms: f64,
    pub(crate) mb: f64,
}

/// What is run: the arguments, what is removed before, and the code that it ends with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step<'s> {
    pub(crate) arguments: &'s [&'s str],
    pub(crate) removed: &'s [&'s str],
    pub(crate) code: i32,
}

impl<'s> Step<'s> {
    /// One that succeeds.
    pub(crate) const fn of(arguments: &'s [&'s str], removed: &'s [&'s str]) -> Self {
        Self {
            arguments,
            removed,
            code: 0,
        }
    }
}

/// The best of some runs of `step` in the project `app`.
pub(crate) fn best(tools: &Tools, sandbox: &Sandbox, step: Step<'_>) -> Result<Run> {
    let mut best: Option<Run> = None;
    for _ in 0..RUNS {
        for name in step.removed {
            let path = match *name {
                "xdg-cache" => sandbox.cache_home(),
                name => sandbox.root().join(name),
            };
            // Not deleted: ext4 does not use an inode again for some seconds, and looks long for others.
            let trash = sandbox.root().join(format!("trash-{}", unique()));
            if path.exists() {
                fs::rename(&path, trash)?;
            }
        }
        let mut command = sandbox.command(&tools.wits, "app");
        let run = watched(command.args(step.arguments), step.code)?;
        // What a short run had in memory is easily missed.
        best = Some(best.map_or(run, |best: Run| Run {
            ms: best.ms.min(run.ms),
            mb: best.mb.max(run.mb),
        }));
        if run.ms > LONG.as_secs_f64() * 1000.0 {
            break;
        }
    }
    best.context("nothing was run")
}

/// Runs a command to its end, watching its memory.
fn watched(command: &mut Command, code: i32) -> Result<Run> {
    let begin = Instant::now();
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut stderr = child.stderr.take().context("a pipe")?;
    // Read beside, so that a full pipe stops nobody.
    let said = thread::spawn(move || {
        let mut said = String::new();
        let _ = stderr.read_to_string(&mut said);
        said
    });
    let status_file = format!("/proc/{}/status", child.id());
    let mut most = 0;
    let status = loop {
        most = most.max(resident(Path::new(&status_file)));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        thread::sleep(Duration::from_micros(500));
    };
    let time = begin.elapsed();
    let said = said.join().unwrap_or_default();
    if status.code() != Some(code) {
        bail!("{command:?} ends with {status}:\n{said}");
    }
    Ok(Run {
        ms: time.as_secs_f64() * 1000.0,
        mb: real(most) / 1024.0,
    })
}

/// In KiB; 0 where the process is gone.
fn resident(status: &Path) -> u64 {
    let text = fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.unwrap_or(0)
}

/// The figures of `runs` (a name, a size), a series for each name.
pub(crate) fn series(runs: &[(String, usize, Run)], figure: fn(&Run) -> f64) -> Vec<Series> {
    let mut all: Vec<Series> = Vec::new();
    for (name, size, run) in runs {
        let point = (real(*size as u64), figure(run));
        match all.iter_mut().find(|series| series.name == *name) {
            Some(series) => series.points.push(point),
            None => all.push(Series {
                name: name.clone(),
                points: vec![point],
            }),
        }
    }
    all
}

/// Prints the series as a table, with the exponent of the power that fits them from the size `from` on.
pub(crate) fn table(what: &str, sizes: &[usize], all: &[Series], from: f64) {
    let mut columns = vec![what.to_owned()];
    columns.extend(sizes.iter().map(ToString::to_string));
    columns.push("exponent".to_owned());
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    println!("\n{}", head(&columns));
    for series in all {
        let mut cells = vec![series.name.clone()];
        cells.extend(series.points.iter().map(|(_, it)| figure(*it)));
        let exponent = series.exponent(from);
        cells.push(exponent.map_or_else(|| "-".to_owned(), figure));
        println!("{}", row(&cells));
    }
}
