//! `migrate`.

use super::{Done, log};
use crate::config::{Config, ConfigErrors};
use crate::store::Db;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// Only says what is pending.
    #[arg(long)]
    status: bool,
}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
pub async fn run(config: &Config, args: &Args) -> Done {
    log(config)?;
    ConfigErrors::check(config.problems())?;
    let db = Db::connect(config.database.url.expose(), 2).await?;
    let pending = db.pending_migrations().await?;
    if args.status {
        if pending.is_empty() {
            println!("the schema is up to date");
        } else {
            println!("pending: {}", pending.join(", "));
        }
    } else {
        db.migrate().await?;
        println!("{} migrations ran; the schema is up to date", pending.len());
    }
    db.close().await?;
    Ok(ExitCode::SUCCESS)
}
