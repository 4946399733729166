//! `train`: fits the model again.

use super::{Done, Failure};
use crate::config::Config;
use crate::dispatch::learning::{self, Refit, Report};
use crate::dispatch::{Core, DispatchError};
use crate::triage::{Corpus, Example, Plan, Triage};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// Labelled messages to learn from; may be given several times. Without any, the shipped ones but for their frozen part.
    #[arg(long, value_name = "F")]
    corpus: Vec<PathBuf>,
    /// Where the model goes.
    #[arg(long, value_name = "F", default_value = "model.bin")]
    out: PathBuf,
    /// Learns from the shipped messages and from what dispatchers corrected; the model goes into the database, and every process takes it up unless the
    /// frozen messages are read worse with it.
    #[arg(long, conflicts_with_all = ["corpus", "out", "rollback"])]
    publish: bool,
    /// Puts the model back that was in use before the present one.
    #[arg(long, conflicts_with_all = ["corpus", "out"])]
    rollback: bool,
}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
pub async fn run(config: &Config, args: &Args) -> Done {
    if args.rollback {
        let core = super::bare_core(config).await?;
        return match learning::rollback(&core).await {
            Ok(version) => {
                println!("{version} reads from now on; other processes take it up within a minute");
                Ok(ExitCode::SUCCESS)
            }
            Err(DispatchError::NotFound) => Err(Failure("the model that is built in is in use: there is nothing to take back".to_owned())),
            Err(DispatchError::Busy) => Err(Failure("another process refits just now: try again in a minute".to_owned())),
            Err(e) => Err(e.into()),
        };
    }
    if args.publish {
        return publish(&super::bare_core(config).await?).await;
    }
    let refused = |problems: Vec<String>| Failure(problems.join("\n"));
    let mut corpus = Corpus::shipped().map_err(refused)?;
    if !args.corpus.is_empty() {
        let mut examples = Vec::new();
        for path in &args.corpus {
            let text = std::fs::read_to_string(path).map_err(|e| Failure(format!("{} cannot be read: {e}", path.display())))?;
            examples.extend(Example::parse_all(&path.display().to_string(), &text).map_err(refused)?);
        }
        corpus = Corpus::part(examples, corpus.frozen);
    }
    if corpus.training.is_empty() {
        return Err(Failure("there is nothing to learn from: every message is part of the frozen ones".to_owned()));
    }
    let learned = crate::app::with_triage_files(config.config.path(), |files| Triage::train_from(files, &corpus.training, &Plan::default()))?
        .map_err(refused)?;
    std::fs::write(&args.out, &learned.bytes).map_err(|e| Failure(format!("{} cannot be written: {e}", args.out.display())))?;
    let [service, class, hazard] = learned.held_out;
    println!(
        "{} messages, {} kept back; held-out guesses right: service {service:.3}, class {class:.3}, danger {hazard:.3}",
        learned.examples,
        corpus.kept_back.len()
    );
    println!("{}: {} bytes", args.out.display(), learned.bytes.len());
    Ok(ExitCode::SUCCESS)
}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
async fn publish(core: &Core) -> Done {
    let told = |r: &Report| println!("{} corrections learned from, {} left out because people contradict one another", r.corrections, r.disputed);
    match learning::refit(core, "command", Plan::default(), true).await? {
        Refit::Published(r) => {
            told(&r);
            println!("{} reads from now on in place of {}; other processes take it up within a minute", r.version, r.base);
            Ok(ExitCode::SUCCESS)
        }
        Refit::Rejected(r) => {
            told(&r);
            Err(Failure(format!("{} reads worse than {} and is not used:\n{}", r.version, r.base, r.worse.join("\n"))))
        }
        Refit::NothingNew | Refit::Busy => Err(Failure("another process refits just now: try again in a minute".to_owned())),
    }
}
