//! Every run, in a file of lines that grows as runs are done.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::time::Duration;

use anyhow::{Context, Result};

use super::contender::{Start, Tool};

/// A cell of the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) scene: String,
    pub(crate) tool: Tool,
    pub(crate) start: Start,
    /// The round-trip time, in milliseconds.
    pub(crate) distance: u32,
}

/// A run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sample {
    pub(crate) time: Duration,
    pub(crate) requests: usize,
    pub(crate) connections: usize,
    /// The load average of the minute in which it ended.
    pub(crate) load: f64,
}

/// All runs so far, and the file they are in.
pub(crate) struct Samples {
    file: File,
    all: Vec<(Key, Sample)>,
}

impl Samples {
    /// Opens `target/bench/fetch.tsv`, with what is in it if `keep`.
    pub(crate) fn open(keep: bool) -> Result<Self> {
        let here = env::current_exe()?;
        let target = here
            .ancestors()
            .nth(2)
            .context("not in a target directory")?;
        let dir = target.join("bench");
        fs::create_dir_all(&dir)?;
        let path = dir.join("fetch.tsv");
        let text = if keep {
            fs::read_to_string(&path).unwrap_or_default()
        } else {
            String::new()
        };
        let file = OpenOptions::new()
            .create(true)
            .append(keep)
            .write(true)
            .truncate(!keep)
            .open(&path)
            .with_context(|| format!("cannot write `{}`", path.display()))?;
        // A line that was being written when the run was ended is not a run.
        let all = text.lines().filter_map(parse).collect();
        Ok(Self { file, all })
    }

    pub(crate) fn add(&mut self, key: Key, sample: Sample) -> Result<()> {
        let line = print(&key, &sample);
        eprintln!("{line}");
        writeln!(self.file, "{line}")?;
        self.all.push((key, sample));
        Ok(())
    }

    /// The runs of a cell.
    pub(crate) fn of(&self, key: &Key) -> impl Iterator<Item = &Sample> {
        self.all
            .iter()
            .filter(move |(other, _)| other == key)
            .map(|(_, sample)| sample)
    }

    /// All runs.
    pub(crate) fn all(&self) -> impl Iterator<Item = &(Key, Sample)> {
        self.all.iter()
    }
}

fn print(key: &Key, sample: &Sample) -> String {
    let cells = [
        key.scene.clone(),
        key.tool.name().to_owned(),
        key.start.name().to_owned(),
        key.distance.to_string(),
        format!("{:.3}", sample.time.as_secs_f64() * 1000.0),
        sample.requests.to_string(),
        sample.connections.to_string(),
        sample.load.to_string(),
    ];
    cells.join("\t")
}

fn parse(line: &str) -> Option<(Key, Sample)> {
    let cells: Vec<&str> = line.split('\t').collect();
    let [
        scene,
        tool,
        start,
        distance,
        time,
        requests,
        connections,
        load,
    ] = cells[..]
    else {
        return None;
    };
    let key = Key {
        scene: scene.to_owned(),
        tool: Tool::ALL.into_iter().find(|known| known.name() == tool)?,
        start: Start::ALL.into_iter().find(|known| known.name() == start)?,
        distance: distance.parse().ok()?,
    };
    let sample = Sample {
        time: Duration::from_secs_f64(time.parse::<f64>().ok()? / 1000.0),
        requests: requests.parse().ok()?,
        connections: connections.parse().ok()?,
        load: load.parse().ok()?,
    };
    Some((key, sample))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_read_as_it_was_written() {
        let key = Key {
            scene: "30 packages".to_owned(),
            tool: Tool::Wkg,
            start: Start::LockAndCache,
            distance: 50,
        };
        let sample = Sample {
            time: Duration::from_micros(13_300_125),
            requests: 242,
            connections: 1,
            load: 0.25,
        };
        let line = print(&key, &sample);
        assert_eq!(parse(&line), Some((key, sample)));
        assert_eq!(parse(&line[..20]), None);
    }
}
