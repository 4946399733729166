//! `check-config`: validates everything without touching a database.

use super::Done;
use crate::clock::Clocks;
use crate::config::{Book, Config, PushTransport};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// Prints the settings in force, with secrets hidden.
    #[arg(long)]
    print: bool,
}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
pub fn run(config: &Config, args: &Args) -> Done {
    if args.print {
        println!("{}", config.print());
    }
    let dir = config.config.path();
    let mut problems = config.problems();
    match Book::load(dir) {
        Ok(book) => problems.extend(book.problems()),
        Err(e) => problems.extend(e.problems().iter().cloned()),
    }
    if let Err(e) = crate::app::triage(config) {
        problems.extend(e.problems().iter().cloned());
    }
    // Parsed once more at start: here a mistake is told before anything runs.
    if let Err(e) = crate::channels::Registry::check(config) {
        problems.push(e.to_string());
    }
    if config.push.transport == PushTransport::Fcm
        && let Err(e) = crate::channels::push::fcm(&config.push, &Clocks::system().wall)
    {
        problems.push(e);
    }
    for p in &problems {
        eprintln!("{p}");
    }
    if problems.is_empty() {
        println!("settings, data and texts are in order");
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("{} problems", problems.len());
    Ok(ExitCode::FAILURE)
}
