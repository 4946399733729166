//! `replay`: puts stored events back into the inbox and, without a running server, works through them.

use super::{Done, Failure, bare_core, log};
use crate::channels::Registry;
use crate::config::Config;
use crate::domain::Instant;
use crate::store::raw_events;
use crate::telephony::centre::Centre;
use crate::telephony::inbox;
use crate::workers::intake::IntakeWorker;
use crate::workers::replay::{self, Doors, Which};
use std::process::ExitCode;
use std::sync::Arc;

#[derive(clap::Args)]
pub struct Args {
    /// Only events of this channel; `calls` for what exchanges posted.
    #[arg(long)]
    channel: Option<String>,
    /// Only events received since this time (RFC 3339).
    #[arg(long, value_name = "T")]
    from: Option<String>,
    /// Only events that were parked after repeated failures; else also those that could not be read at the door.
    #[arg(long)]
    only_failed: bool,
}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
pub async fn run(config: &Config, args: &Args) -> Done {
    log(config)?;
    let from: Option<Instant> = match &args.from {
        Some(t) => Some(t.parse().map_err(|e| Failure(format!("--from '{t}' is not a time: {e}. Write it as 2026-11-21T08:00:00+05:00")))?),
        None => None,
    };
    let core = Arc::new(bare_core(config).await?);
    let which = Which { channel: args.channel.as_deref(), from, only_failed: args.only_failed };
    let n = replay::put_back(&core, &Doors::of(&config.channels, &config.mail).map_err(|e| Failure(e.to_string()))?, which).await?;
    if args.channel.as_deref().is_none_or(|c| c == "calls") {
        let n = inbox::replay(&core, &Centre::of(config)?, from).await?;
        println!("{n} bodies about calls were put back and worked on");
    }
    println!("{n} events were put back into the inbox; events that were done stay done");
    // Beside a running server this worker takes its share of the slots; alone, all of them.
    let worker = IntakeWorker::new(core.clone(), Arc::new(Registry::open(config)?), crate::workers::owner(), &config.intake);
    let mut settled = 0;
    loop {
        let now = worker.tick().await?;
        if now == 0 {
            break;
        }
        settled += now;
    }
    crate::store::leases::leave(core.db.write(), &worker.owner).await?;
    let parked = raw_events::count(core.db.read(), raw_events::status::PARKED).await?;
    let waiting = raw_events::count(core.db.read(), raw_events::status::WAITING).await?;
    println!("worked on: {settled}; still waiting: {waiting}; parked: {parked}");
    Ok(if parked == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
