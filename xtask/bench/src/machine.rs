//! What a figure is worth nothing without: the machine, the versions, and what else the machine was doing.

use std::fmt;
use std::fs;
use std::process::Command;

use wits_testkit::peer;

use crate::tools::Tools;

/// The machine and the programs, in Markdown.
pub(crate) struct Machine {
    lines: Vec<(&'static str, String)>,
}

impl Machine {
    /// Asks the machine and every program.
    pub(crate) fn look(tools: &Tools) -> Self {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let model =
            processor().unwrap_or_else(|| "a processor that does not tell its name".to_owned());
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let kernel: Vec<&str> = release.split('.').take(2).collect();
        let version =
            |program: &std::path::Path| first_line(Command::new(program).arg("--version"));
        let wkg = tools.wkg.as_deref().map(version);
        let registry = peer::find("docker-registry").map(|program| version(&program));
        let none = || "not installed".to_owned();
        Self {
            lines: vec![
                (
                    "machine",
                    format!("{model}, {cores} cores, Linux {}", kernel.join(".")),
                ),
                ("load", load()),
                (
                    "compiler",
                    first_line(Command::new("rustc").arg("--version")),
                ),
                ("wits", version(&tools.wits)),
                ("wkg", wkg.unwrap_or_else(none)),
                ("docker-registry", registry.unwrap_or_else(none)),
            ],
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, text) in &self.lines {
            writeln!(f, "- {name}: {text}")?;
        }
        Ok(())
    }
}

/// How many processes wanted a processor in the last one, five and fifteen minutes.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let averages: Vec<&str> = text.split_whitespace().take(3).collect();
    averages.join(", ")
}

/// The average of the last minute.
pub(crate) fn load_now() -> f64 {
    let text = load();
    let first = text.split(',').next().unwrap_or_default();
    first.parse().unwrap_or_default()
}

fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn first_line(command: &mut Command) -> String {
    let output = command.output().ok();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let line = text.as_deref().and_then(|text| text.lines().next());
    let line = line.unwrap_or("unknown");
    // Some begin with the path by which they were called.
    let called = command.get_program().to_string_lossy();
    let path = called.contains('/').then_some(&*called);
    let rest = path.and_then(|path| line.strip_prefix(path));
    rest.unwrap_or(line).trim().to_owned()
}
