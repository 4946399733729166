//! `mail-in`: takes one letter from standard input, as a mail server hands it to a program.

use super::{Done, Failure, log};
use crate::config::Config;
use crate::workers::mail::MailDoor;
use std::io::Read;
use std::process::ExitCode;

/// What mail servers read as "keep it and try again" (`EX_TEMPFAIL`): with any other failure they would send the letter back to its author.
const TRY_AGAIN: u8 = 75;

#[derive(clap::Args)]
pub struct Args {}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
pub async fn run(config: &Config, _: &Args) -> Done {
    log(config)?;
    let door = MailDoor::of(&config.mail);
    let mut raw = Vec::new();
    let most = u64::from(door.largest);
    let read = std::io::stdin().lock().take(most).read_to_end(&mut raw);
    // What is left is read and dropped: a mail server whose pipe closes early takes that for a failure.
    let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
    if read.is_err() || raw.is_empty() {
        return Err(Failure("no letter came: write `jambyl109 mail-in < letter`".into()));
    }
    match take(config, &door, raw).await {
        Ok(words) => {
            println!("{words}");
            Ok(ExitCode::SUCCESS)
        }
        Err(Failure(e)) => {
            eprintln!("jambyl109: the letter was not stored, it must come again: {e}");
            Ok(ExitCode::from(TRY_AGAIN))
        }
    }
}

async fn take(config: &Config, door: &MailDoor, raw: Vec<u8>) -> Result<&'static str, Failure> {
    let core = super::bare_core(config).await?;
    let taken = door.take(&core, raw, None, None).await?;
    Ok(if taken.new { "stored" } else { "known already" })
}
