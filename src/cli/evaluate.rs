//! `evaluate`: how good triage is on labelled messages.

use super::{Done, Failure};
use crate::config::Config;
use crate::triage::scores::{Latency, as_text, evaluate};
use crate::triage::{Example, Triage};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// Every message is read so often, and the middle time counts: one is lost when the machine is busy with something else.
const READINGS: usize = 3;

#[derive(clap::Args)]
pub struct Args {
    /// Labelled messages, one a line: text, language, class, service, district, hazard, note, with tabs between.
    #[arg(value_name = "FILE.tsv")]
    file: PathBuf,
    /// One JSON object for machines.
    #[arg(long)]
    json: bool,
}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
pub fn run(config: &Config, args: &Args) -> Done {
    let triage = crate::app::triage(config)?;
    let text = std::fs::read_to_string(&args.file).map_err(|e| Failure(format!("{} cannot be read: {e}", args.file.display())))?;
    let examples = Example::parse_all(&args.file.display().to_string(), &text).map_err(|problems| Failure(problems.join("\n")))?;
    if examples.is_empty() {
        return Err(Failure(format!("{} holds no message: give a file with labelled lines", args.file.display())));
    }
    let (mut readings, mut times) = (Vec::with_capacity(examples.len()), Vec::with_capacity(examples.len()));
    for example in &examples {
        times.push(middle_time(&triage, &example.text));
        readings.push(triage.read(&example.text));
    }
    let scores = evaluate(&examples, &readings, Latency::of(times));
    if args.json {
        println!("{}", serde_json::to_string(&scores)?);
    } else {
        print!("{}", as_text(&scores));
    }
    Ok(ExitCode::SUCCESS)
}

/// The middle of several readings of one message, in nanoseconds.
fn middle_time(triage: &Triage, text: &str) -> u64 {
    let mut times = [0u64; READINGS];
    for slot in &mut times {
        let began = Instant::now();
        std::hint::black_box(triage.read(std::hint::black_box(text)));
        *slot = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
    }
    times.sort_unstable();
    times[READINGS / 2]
}
