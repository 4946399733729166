//! `mail-in`: takes one letter from standard input, as a mail server hands it to a program.

use super::{Done, Failure, log};
use crate::config::Config;
use crate::workers::mail::MailDoor;
use std::io::Read;
use std::process::ExitCode;

/// What mail servers read as "keep it and try again" (`EX_TEMPFAIL`): with any other failure they would send the letter back to its author.
pub(super) const TRY_AGAIN: u8 = 75;

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
    read.map_err(|e| Failure(format!("the letter did not come whole, it must come again: {e}")))?;
    if raw.is_empty() {
        eprintln!("jambyl109: no letter came: write `jambyl109 mail-in < letter`");
        return Ok(ExitCode::FAILURE);
    }
    let words = take(config, &door, raw).await.map_err(|Failure(e)| Failure(format!("the letter was not stored, it must come again: {e}")))?;
    println!("{words}");
    Ok(ExitCode::SUCCESS)
}

async fn take(config: &Config, door: &MailDoor, raw: Vec<u8>) -> Result<&'static str, Failure> {
    let core = super::bare_core(config).await?;
    let taken = door.take(&core, raw, None, None).await?;
    Ok(if taken.new { "stored" } else { "known already" })
}
