//! `verify-journal`.

use super::{Done, Failure, bare_core, log};
use crate::config::Config;
use crate::dispatch::verify;
use crate::domain::{RequestId, RequestNumber};
use crate::store::requests;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// A request's number; without it, every request.
    number: Option<String>,
}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
pub async fn run(config: &Config, args: &Args) -> Done {
    log(config)?;
    let core = bare_core(config).await?;
    let (mut checked, mut wrong) = (0u64, 0u64);
    let mut check = async |id: RequestId| -> Result<(), Failure> {
        let faults = verify::verify(&core, id).await?;
        checked += 1;
        if !faults.is_empty() {
            wrong += 1;
            let name = requests::load(core.db.read(), id).await?.map_or_else(|| id.to_string(), |s| s.request.number.to_string());
            for f in faults {
                println!("{name}: {f}");
            }
        }
        Ok(())
    };
    if let Some(text) = &args.number {
        let number = RequestNumber::parse(text)?;
        let stored = requests::by_number(core.db.read(), &number).await?;
        let stored = stored.ok_or_else(|| Failure(format!("there is no request {number}")))?;
        check(stored.request.id).await?;
    } else {
        // Journals without a request row are found too: a removed row must not hide its history.
        let mut after = None;
        loop {
            let ids = crate::store::journal::request_ids_after(core.db.read(), after, 500).await?;
            let Some(last) = ids.last() else { break };
            after = Some(*last);
            for id in ids {
                check(id).await?;
            }
        }
        for id in requests::without_journal(core.db.read()).await? {
            check(id).await?;
        }
    }
    println!("{checked} journals checked, {wrong} with faults");
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
