//! `recount`: the kept counts of open requests against the requests themselves.

use super::{Done, bare_core, log};
use crate::config::Config;
use crate::store::tally::{self, Off};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// Mends what is off, in one statement, while the service runs.
    #[arg(long)]
    fix: bool,
}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
pub async fn run(config: &Config, args: &Args) -> Done {
    log(config)?;
    let core = bare_core(config).await?;
    let off = if args.fix { tally::mend(&core.db).await? } else { tally::off(core.db.read()).await? };
    for Off { queue, status, overdue, n } in &off {
        let queue = if queue.is_empty() { "no queue" } else { queue };
        let late = if *overdue { ", overdue" } else { "" };
        println!("{queue}, {status}{late}: {} {} than there are", n.abs(), if *n > 0 { "fewer" } else { "more" });
    }
    let code = match (off.is_empty(), args.fix) {
        (true, _) => {
            println!("the counts are right");
            ExitCode::SUCCESS
        }
        (false, true) => {
            println!("{} counts were mended", off.len());
            ExitCode::SUCCESS
        }
        (false, false) => {
            println!("{} counts are off: `jambyl109 recount --fix` mends them", off.len());
            ExitCode::FAILURE
        }
    };
    Ok(code)
}
