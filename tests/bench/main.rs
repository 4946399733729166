//! The bench: runs our service and the bare machine in turns and prints ratios. Started by `ops/bench`, which brings PostgreSQL, Redis and the binary.

#![allow(clippy::print_stdout, reason = "the table is the answer of this program")]

mod console;
mod cpu;
mod feed;
mod ground;
mod growth;
mod http;
mod import;
mod intake;
mod intake_pg;
mod intake_sqlite;
mod ledger;
mod load;
mod memory;
mod operator;
mod overload;
mod pg;
mod queue;
mod report;
mod reports;
mod seed;
mod service;
mod standin;
mod stats;
mod storm;
mod surge;
mod timers;

use clap::{Parser, ValueEnum};
use ground::Ground;
use report::Report;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Whatever goes wrong ends the scenario; its words are for the person who started it.
pub type Res<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scenario {
    IntakePg,
    IntakeSqlite,
    Queue,
    Timers,
    Memory,
    Surge,
    Import,
    Growth,
    Overload,
    Operator,
    Console,
    Reports,
}

impl Scenario {
    /// What runs when nothing is named.
    const DEFAULT: [Self; 6] = [Self::IntakePg, Self::IntakeSqlite, Self::Queue, Self::Timers, Self::Memory, Self::Surge];
}

#[derive(Parser)]
#[command(name = "ops/bench")]
struct Args {
    scenarios: Vec<Scenario>,
    /// Runs of each side, taken in turns.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pairs: u32,
    /// Length of one run, in seconds.
    #[arg(long)]
    seconds: Option<f64>,
    /// Smaller stores, shorter runs.
    #[arg(long)]
    quick: bool,
    /// The figures for machines.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Show the most costly statements of our side.
    #[arg(long)]
    statements: bool,
    /// What `cargo bench` says.
    #[arg(long, hide = true)]
    bench: bool,
}

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub pairs: u32,
    pub span: Duration,
    pub quick: bool,
    pub statements: bool,
}

impl Plan {
    /// The length of a run for programs that know whole seconds only.
    pub fn whole_seconds(&self) -> u64 {
        self.span.as_secs_f64().ceil() as u64
    }

    /// A size in full and in the quick form.
    pub fn size(&self, full: u64, quick: u64) -> u64 {
        if self.quick { quick } else { full }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = Args::parse();
    let ground = match Ground::from_env() {
        Ok(Some(ground)) => ground,
        Ok(None) => {
            println!("Nothing to measure with: start ops/bench, which brings the servers and the service.");
            return if args.bench { ExitCode::SUCCESS } else { ExitCode::from(2) };
        }
        Err(e) => {
            eprintln!("ops/bench: {e}");
            return ExitCode::FAILURE;
        }
    };
    let seconds = args.seconds.unwrap_or(if args.quick { 0.5 } else { 5.0 }).clamp(0.1, 3600.0);
    let plan = Plan { pairs: args.pairs, span: Duration::from_secs_f64(seconds), quick: args.quick, statements: args.statements };
    let chosen = if args.scenarios.is_empty() { Scenario::DEFAULT.to_vec() } else { args.scenarios };
    let mut report = Report::new(&ground, plan);
    let mut failed = false;
    for scenario in chosen {
        let name = scenario.to_possible_value().map(|v| v.get_name().to_owned()).unwrap_or_default();
        report.scenario(&name);
        let began = std::time::Instant::now();
        let done = match scenario {
            Scenario::IntakePg => intake_pg::run(&ground, plan, &mut report).await,
            Scenario::IntakeSqlite => intake_sqlite::run(&ground, plan, &mut report).await,
            Scenario::Queue => queue::run(&ground, plan, &mut report).await,
            Scenario::Timers => timers::run(&ground, plan, &mut report).await,
            Scenario::Memory => memory::run(&ground, plan, &mut report).await,
            Scenario::Surge => surge::run(&ground, plan, &mut report).await,
            Scenario::Import => import::run(&ground, plan, &mut report).await,
            Scenario::Growth => growth::run(&ground, plan, &mut report).await,
            Scenario::Overload => overload::run(&ground, plan, &mut report).await,
            Scenario::Operator => operator::run(&ground, plan, &mut report).await,
            Scenario::Console => console::run(&ground, plan, &mut report).await,
            Scenario::Reports => reports::run(&ground, plan, &mut report).await,
        };
        eprintln!("   {name} took {:.0} s", began.elapsed().as_secs_f64());
        if let Err(e) = done {
            eprintln!("ops/bench: {name} did not come to its end: {e}");
            report.note(&format!("{name} did not come to its end: {e}"));
            failed = true;
        }
    }
    println!("{}", report.table());
    if let Some(path) = args.json
        && let Err(e) = std::fs::write(&path, format!("{:#}\n", report.json()))
    {
        eprintln!("ops/bench: {} cannot be written: {e}", path.display());
        failed = true;
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
