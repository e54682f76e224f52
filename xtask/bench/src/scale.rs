//! Closures and registries that grow: whether time and memory grow in step.
//!
//! Everything comes from a `layout:` registry on this machine, so what is measured is wits itself. Time is that
//! of the whole process. Memory is the most that was resident (`VmHWM` of `proc_pid_status(5)`), read while the
//! process runs: what is added in its last half millisecond may be missed.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use wits_testkit::{Artifact, Layout, Sandbox, fixtures};

use crate::graph::{self, Shape};
use crate::machine::Machine;
use crate::plot::{self, Series};
use crate::table::{figure, head, real, row};
use crate::tools::Tools;

const SIZES: [usize; 4] = [10, 100, 1_000, 5_000];
/// What text a package has, in bytes.
const TEXT: usize = 10_000;
/// Below, the time a process takes to start is most of it.
const FIT_FROM: f64 = 100.0;
/// Of so many runs the quickest counts: what is asked is the work, not what else the machine did.
const RUNS: usize = 3;
/// What takes longer is run once.
const LONG: Duration = Duration::from_secs(3);

/// What is run: a name, the arguments, and what is removed before.
const STEPS: [(&str, &[&str], &[&str]); 5] = [
    (
        "fetch, all new",
        &["fetch"],
        &["app/wits.lock", "app/wit/deps", "xdg-cache"],
    ),
    (
        "fetch, from the cache",
        &["fetch", "--frozen"],
        &["app/wit/deps"],
    ),
    ("fetch, nothing to do", &["fetch"], &[]),
    ("lock", &["lock"], &["app/wits.lock"]),
    ("build", &["build"], &[]),
];

/// Measures closures of the sizes that are named, or of all, and then registries; or these alone.
pub(crate) fn measure(tools: &Tools, options: &[&str]) -> Result<()> {
    if options == ["--registries"] {
        registries(tools)?;
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
            eprintln!("a {} of {size} is made", shape.name());
            for (step, arguments, removed) in STEPS {
                let run = best(tools, &sandbox, arguments, removed)?;
                eprintln!("{step}: {} ms, {} MB", figure(run.ms), figure(run.mb));
                runs.push((format!("{}: {step}", shape.name()), *size, run));
            }
        }
    }
    let time = series(&runs, |run| run.ms);
    let memory = series(&runs, |run| run.mb);
    table("time, ms", &sizes, &time);
    table("memory, MB", &sizes, &memory);
    if all {
        let docs = fixtures::repository().join("docs");
        fs::write(
            docs.join("scale-time.svg"),
            plot::svg("time over packages in the closure", "ms", &time),
        )?;
        fs::write(
            docs.join("scale-memory.svg"),
            plot::svg("memory over packages in the closure", "MB", &memory),
        )?;
        registries(tools)?;
    }
    println!("\n{}", Machine::look(tools));
    Ok(())
}

/// One run of the command.
#[derive(Debug, Clone, Copy)]
struct Run {
    ms: f64,
    mb: f64,
}

fn best(tools: &Tools, sandbox: &Sandbox, arguments: &[&str], removed: &[&str]) -> Result<Run> {
    let mut best: Option<Run> = None;
    for _ in 0..RUNS {
        for name in removed {
            let path = if *name == "xdg-cache" {
                sandbox.cache_home()
            } else {
                sandbox.root().join(name)
            };
            if path.is_dir() {
                fs::remove_dir_all(&path)?;
            } else if path.exists() {
                fs::remove_file(&path)?;
            }
        }
        let mut command = sandbox.command(&tools.wits, "app");
        let run = watched(command.args(arguments))?;
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
fn watched(command: &mut Command) -> Result<Run> {
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
    if !status.success() {
        bail!("{command:?} fails:\n{said}");
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

fn series(runs: &[(String, usize, Run)], figure: fn(&Run) -> f64) -> Vec<Series> {
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

fn table(what: &str, sizes: &[usize], all: &[Series]) {
    let mut columns = vec![what.to_owned()];
    columns.extend(sizes.iter().map(ToString::to_string));
    columns.push("exponent".to_owned());
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    println!("\n{}", head(&columns));
    for series in all {
        let mut cells = vec![series.name.clone()];
        cells.extend(series.points.iter().map(|(_, it)| figure(*it)));
        let exponent = series.exponent(FIT_FROM);
        cells.push(exponent.map_or_else(|| "-".to_owned(), figure));
        println!("{}", row(&cells));
    }
}

/// Registries that hold much of which little is needed.
fn registries(tools: &Tools) -> Result<()> {
    let columns = [
        "a `layout:` registry that holds",
        "what",
        "time, ms",
        "memory, MB",
    ];
    println!("\n{}", head(&columns));
    for packages in [100, 1_000, 10_000] {
        let sandbox = tools.sandbox();
        graph::make(&sandbox, Shape::Fan, 10, TEXT)?;
        let layout = Layout::at(sandbox.root().join("registry"));
        let artifact = Artifact::wasm(graph::package(0, 100, None)?.wasm);
        for number in 10..packages {
            layout.push(&format!("scale/p{number}"), "1.0.0", &artifact);
        }
        let holds = format!("{packages} packages");
        let run = best(tools, &sandbox, STEPS[0].1, STEPS[0].2)?;
        say(&holds, "fetch 10, all new", run);
        let near = watched_failure(tools, &sandbox, &["get", "scale:p-1"])?;
        say(&holds, "a name that is not there: what is like it", near);
    }
    for versions in [10, 100, 1_000, 10_000] {
        let sandbox = tools.sandbox();
        graph::make(&sandbox, Shape::Fan, 1, TEXT)?;
        let layout = Layout::at(sandbox.root().join("registry"));
        let artifact = Artifact::wasm(graph::package(0, 100, None)?.wasm);
        let tags: Vec<String> = (0..versions)
            .map(|number| format!("0.{number}.0"))
            .collect();
        layout.push_all("scale/p0", tags.iter().map(|tag| (tag.as_str(), &artifact)));
        let holds = format!("{versions} versions of a package");
        let run = best(tools, &sandbox, STEPS[0].1, STEPS[0].2)?;
        say(&holds, "fetch one of them, all new", run);
        let none = watched_failure(tools, &sandbox, &["get", "scale:p0@9.9.9"])?;
        say(&holds, "a version that is not there: which are", none);
    }
    Ok(())
}

/// Runs a command that has to fail, as one that asks for what is not there does.
fn watched_failure(tools: &Tools, sandbox: &Sandbox, arguments: &[&str]) -> Result<Run> {
    let mut command = sandbox.command("sh", "app");
    command
        .args(["-c", "! \"$@\"", "sh"])
        .arg(&tools.wits)
        .args(arguments);
    // The shell's memory is not of interest, and its child cannot be watched from here.
    Ok(Run {
        mb: f64::NAN,
        ..watched(&mut command)?
    })
}

fn say(holds: &str, what: &str, run: Run) {
    let memory = if run.mb.is_nan() {
        "-".to_owned()
    } else {
        figure(run.mb)
    };
    println!("{}", row(&[holds, what, &figure(run.ms), &memory]));
}
