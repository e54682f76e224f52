//! The tables.

use std::fmt::Write as _;

use super::contender::{Start, Tool};
use super::samples::{Key, Sample, Samples};
use super::scene::Outline;
use crate::machine::Machine;
use crate::table::{self, Spread, figure};
use crate::tools::Tools;

/// Everything that was measured, in Markdown.
pub(crate) fn render(tools: &Tools, samples: &Samples) -> String {
    let mut text = Machine::look(tools).to_string();
    if let Some(load) = Spread::of(samples.all().map(|(_, sample)| sample.load)) {
        let _ = writeln!(text, "- load while measuring: {load}");
    }
    for outline in Outline::all() {
        let lines = lines(samples, outline.name);
        if !lines.is_empty() {
            let columns = [
                "start",
                "round trip, ms",
                "wits, ms",
                "requests",
                "depth",
                "wkg, ms",
                "requests",
                "depth",
                "wkg / wits",
                "runs",
            ];
            let _ = write!(
                text,
                "\n### {}\n\n{}\n",
                outline.name,
                table::head(&columns)
            );
            text += &lines;
        }
    }
    text
}

fn lines(samples: &Samples, scene: &str) -> String {
    let mut text = String::new();
    for start in Start::ALL {
        let mut distances: Vec<u32> = samples
            .all()
            .filter(|(key, _)| key.scene == scene && key.start == start)
            .map(|(key, _)| key.distance)
            .collect();
        distances.sort_unstable();
        distances.dedup();
        for distance in distances {
            let cell = |tool| Cell::of(samples, scene, tool, start, distance);
            let (wits, wkg) = (cell(Tool::Wits), cell(Tool::Wkg));
            let ratio = wits.as_ref().zip(wkg.as_ref());
            let ratio = ratio.map(|(wits, wkg)| figure(wkg.time.median / wits.time.median));
            let runs: Vec<String> = [&wits, &wkg]
                .into_iter()
                .flatten()
                .map(|cell| cell.time.runs.to_string())
                .collect();
            let mut cells = vec![start.name().to_owned(), distance.to_string()];
            cells.extend(columns(wits.as_ref()));
            cells.extend(columns(wkg.as_ref()));
            cells.push(ratio.unwrap_or_default());
            cells.push(runs.join(", "));
            let _ = writeln!(text, "{}", table::row(&cells));
        }
    }
    text
}

struct Cell {
    time: Spread,
    /// Requests, and connections.
    requests: String,
    /// How many round trips were waited for, one after another: how much longer the quickest run took than the
    /// quickest without a distance, in round trips.
    depth: Option<f64>,
}

impl Cell {
    fn of(samples: &Samples, scene: &str, tool: Tool, start: Start, distance: u32) -> Option<Self> {
        let runs = |distance| -> Vec<Sample> {
            let key = Key {
                scene: scene.to_owned(),
                tool,
                start,
                distance,
            };
            samples.of(&key).copied().collect()
        };
        let times = |runs: &[Sample]| Spread::of_times(runs.iter().map(|sample| &sample.time));
        let here = runs(distance);
        let time = times(&here)?;
        let near = times(&runs(0)).filter(|_| distance > 0);
        Some(Self {
            time,
            requests: format!(
                "{} ({})",
                range(here.iter().map(|sample| sample.requests)),
                range(here.iter().map(|sample| sample.connections))
            ),
            depth: near.map(|near| (time.least - near.least) / f64::from(distance)),
        })
    }
}

fn columns(cell: Option<&Cell>) -> [String; 3] {
    cell.map_or_else(Default::default, |cell| {
        let depth = cell.depth.map(|depth| format!("{depth:.1}"));
        [
            cell.time.to_string(),
            cell.requests.clone(),
            depth.unwrap_or_default(),
        ]
    })
}

/// One number if they are all the same.
fn range(numbers: impl Iterator<Item = usize> + Clone) -> String {
    let (least, most) = (numbers.clone().min(), numbers.max());
    match (least, most) {
        (Some(least), Some(most)) if least != most => format!("{least} to {most}"),
        (Some(number), _) => number.to_string(),
        _ => String::new(),
    }
}
