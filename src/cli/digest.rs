//! `digest`: the daily digest for leaders, shown, kept in a file or sent.

use super::{Done, Failure, bare_core, log};
use crate::config::Config;
use crate::domain::Lang;
use crate::domain::calendar::{Day, day_of};
use crate::domain::digest::{Part, Reader, mail_address};
use crate::domain::report::after;
use crate::workers::digest::{DigestWorker, Made};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

#[derive(clap::Args)]
pub struct Args {
    /// The day it tells of (2026-11-22); else yesterday.
    #[arg(long, value_name = "D", value_parser = day)]
    date: Option<Day>,
    /// Sends it to this address only, listed or not; a reader gets the digest of a day once.
    #[arg(long, value_name = "ADDR", value_parser = mail_address, conflicts_with_all = ["print", "save"])]
    to: Option<String>,
    /// Writes the plain text to the terminal and sends nothing.
    #[arg(long, conflicts_with = "save")]
    print: bool,
    /// Writes it into a file and sends nothing: plain text where the name ends with .txt, else HTML.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// kk or ru; for --to a listed reader their own goes first.
    #[arg(long, default_value = "ru", value_parser = lang)]
    lang: Lang,
    /// all, district:CODE, service:CODE or queue:CODE; for --to a listed reader their own goes first.
    #[arg(long, default_value = "all", value_parser = Part::parse)]
    scope: Part,
}

fn day(text: &str) -> Result<Day, String> {
    text.parse().map(Day).map_err(|_| "write a date: 2026-11-22".to_owned())
}

fn lang(text: &str) -> Result<Lang, String> {
    Lang::parse(text).ok_or_else(|| "write kk or ru".to_owned())
}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
pub async fn run(config: &Config, args: &Args) -> Done {
    log(config)?;
    let core = Arc::new(bare_core(config).await?);
    let day = args.date.unwrap_or_else(|| after(day_of(core.now()), -1));
    let worker = DigestWorker::new(core, config);
    if args.print || args.save.is_some() {
        let letter = worker.words(args.lang, &worker.figures(day, &args.scope).await?);
        if let Some(path) = &args.save {
            let plain = path.extension().is_some_and(|e| e == "txt");
            std::fs::write(path, if plain { letter.text } else { letter.html })
                .map_err(|e| Failure(format!("{} cannot be written: {e}", path.display())))?;
            println!("the digest of {day} is in {}", path.display());
            return Ok(ExitCode::SUCCESS);
        }
        return match std::io::stdout().lock().write_all(letter.text.as_bytes()) {
            // Whoever reads has read enough.
            Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(e.into()),
            _ => Ok(ExitCode::SUCCESS),
        };
    }
    if let Some(address) = &args.to {
        let listed = worker.readers().await?.into_iter().find(|r| r.address == *address);
        let reader = listed.unwrap_or_else(|| Reader { address: address.clone(), lang: args.lang, part: args.scope.clone() });
        return match worker.send(day, &reader).await? {
            Made::Now => {
                println!("the digest of {day} waits to be sent by the running service");
                Ok(ExitCode::SUCCESS)
            }
            Made::Before => {
                Err(Failure(format!("the digest of {day} was made for this address before: it is not sent twice; --save FILE keeps a copy")))
            }
        };
    }
    let n = worker.make(day).await?;
    println!("digests of {day} that wait to be sent by the running service now: {n}; readers listed: {}", worker.readers().await?.len());
    Ok(ExitCode::SUCCESS)
}
