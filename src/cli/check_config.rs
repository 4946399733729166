//! `check-config`: validates everything without touching a database; writes the whole configuration, with what administrators have changed, as files.

use super::{Done, Failure, bare_core};
use crate::clock::Clocks;
use crate::config::{Book, Config, ConfigErrors, MailDoor, PushTransport};
use crate::dispatch::export;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// Prints the settings in force, with secrets hidden.
    #[arg(long)]
    print: bool,
    /// Writes the data in force (texts, catalogue, routing, policies, calendars, templates, shifts, the model of triage), with everything that administrators
    /// have changed, into a folder that does not exist yet or is empty: the `config.dir` of another installation. Settings and accounts are not data.
    #[arg(long, value_name = "DIR")]
    export: Option<PathBuf>,
}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
pub async fn run(config: &Config, args: &Args) -> Done {
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
    if config.mail.inbound.mode == MailDoor::Imap
        && let Err(e) = crate::workers::mailbox::access(&config.mail)
    {
        problems.push(e);
    }
    for p in &problems {
        eprintln!("{p}");
    }
    if problems.is_empty() {
        println!("settings, data and texts are in order");
        if let Some(dir) = &args.export {
            write(config, dir).await?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("{} problems", problems.len());
    Ok(ExitCode::FAILURE)
}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
async fn write(config: &Config, dir: &Path) -> Result<(), Failure> {
    let place = |e: &dyn std::fmt::Display| Failure(format!("{}: {e}", dir.display()));
    if dir.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(place(&"the folder is not empty: name another"));
    }
    let core = bare_core(config).await?;
    let files = export::files(&core).await?;
    for (name, body) in &files {
        let path = dir.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|e| place(&e))?;
        }
        std::fs::write(&path, body).map_err(|e| place(&e))?;
    }
    // Read back as a start would read them.
    ConfigErrors::check(Book::load(Some(dir))?.problems())?;
    println!("{} files in {}: set config.dir to it", files.len(), dir.display());
    Ok(())
}
