//! Fetching over a network with a round-trip time, beside wkg.
//!
//! A [`Scene`] is a project and the packages it needs, published into a registry that a
//! [`wits_testkit::LatencyProxy`] puts far away. Each [`contender`] has a machine of its own there, and fetches from
//! each [`Start`] over each distance, in turn with the other. A run counts if it ends with exit code 0 and
//! `wit/deps` holds what it should.
//!
//! Every run is one line of `target/bench/fetch.tsv`, written when it is done, so that a measurement of half an
//! hour can be interrupted: `--resume` measures what is missing, `--show` only prints the tables.

mod contender;
mod packages;
mod report;
mod samples;
mod scene;
mod stage;

use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::machine;
use crate::tools::Tools;
use contender::{Start, Tool};
use samples::{Key, Sample, Samples};
use scene::{Outline, Scene};

/// Measures what is missing, and prints the tables.
pub(crate) fn measure(tools: &Tools, options: &[&str]) -> Result<()> {
    let mut plan = Plan::default();
    let (mut resume, mut show) = (false, false);
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match *option {
            "--quick" => plan.quick = true,
            "--resume" => resume = true,
            "--show" => show = true,
            "--only" => {
                let text = options.next().context("`--only` needs a part of a name")?;
                plan.only = Some((*text).to_owned());
            }
            other => bail!("`fetch` has no option `{other}`"),
        }
    }
    let mut samples = Samples::open(resume || show)?;
    if !show {
        for outline in Outline::all().filter(|outline| plan.wants(outline)) {
            plan.measure(outline, tools, &mut samples)
                .with_context(|| format!("in `{}`", outline.name))?;
        }
    }
    println!("{}", report::render(tools, &samples));
    Ok(())
}

/// Which cells are measured.
#[derive(Debug, Default)]
struct Plan {
    quick: bool,
    only: Option<String>,
}

impl Plan {
    fn wants(&self, outline: &Outline) -> bool {
        let named = |text: &String| outline.name.contains(text.as_str());
        self.only.as_ref().is_none_or(named) && (!self.quick || outline.quick)
    }

    /// The round-trip times, in milliseconds.
    fn distances(&self, outline: &Outline) -> &'static [u32] {
        if self.quick || !outline.every_distance {
            &[0, 50]
        } else {
            &[0, 20, 50, 100]
        }
    }

    /// Measures a scene; it is only set up if something is missing.
    fn measure(&self, outline: &Outline, tools: &Tools, samples: &mut Samples) -> Result<()> {
        let mut set: Option<Scene> = None;
        for start in outline.starts {
            for distance in self.distances(outline) {
                let key = |tool| Key {
                    scene: outline.name.to_owned(),
                    tool,
                    start: *start,
                    distance: *distance,
                };
                let wanted = |tool| outline.runs(tool, *distance);
                loop {
                    let missing: Vec<Tool> = Outline::tools(tools)
                        .filter(|tool| samples.of(&key(*tool)).count() < wanted(*tool))
                        .collect();
                    if missing.is_empty() {
                        break;
                    }
                    if set.is_none() {
                        eprintln!("{}: publishing", outline.name);
                        set = Some(Scene::set(outline, tools)?);
                    }
                    let scene = set.as_mut().context("the scene is set")?;
                    for tool in missing {
                        let sample = run(scene, tool, *start, *distance)?;
                        samples.add(key(tool), sample)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// One run.
fn run(scene: &mut Scene, tool: Tool, start: Start, distance: u32) -> Result<Sample> {
    let Scene { stage, contenders } = scene;
    let contender = contenders.iter().find(|contender| contender.tool == tool);
    let contender = contender.with_context(|| format!("{} does not take part", tool.name()))?;
    contender.put(start)?;
    stage.set_round_trip(Duration::from_millis(distance.into()));
    stage.forget();
    let time = contender.fetch(start)?;
    Ok(Sample {
        time,
        requests: stage.requests(),
        connections: stage.connections(),
        load: machine::load_now(),
    })
}
