//! `retention`: what is kept how long, what went, what would go.

use super::{Done, bare_core, log};
use crate::config::{Config, local_date_time};
use crate::dispatch::retention;
use crate::domain::retention::Kind;
use crate::telephony::centre::Centre;
use crate::workers::{owner, retention::RetentionWorker};
use std::process::ExitCode;
use std::sync::Arc;

#[derive(clap::Args)]
pub struct Args {
    /// Counts what would go now; nothing is changed.
    #[arg(long)]
    dry_run: bool,
    /// Lets go now, without waiting for the night's round. Safe beside a running service.
    #[arg(long, conflicts_with = "dry_run")]
    now: bool,
}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
pub async fn run(config: &Config, args: &Args) -> Done {
    log(config)?;
    let core = Arc::new(bare_core(config).await?);
    if args.now {
        let recordings = Centre::of(config)?.recordings.clone();
        let rows = RetentionWorker { core: core.clone(), owner: owner(), recordings }.tick().await?;
        println!("{rows} rows had served their time and were let go");
    }
    println!("{:<16} {:<12} {:<18} {}", "kind", "kept", "oldest", if args.dry_run { "would go now" } else { "last round" });
    for line in retention::look(&core).await? {
        let told = if args.dry_run {
            match retention::ahead(&core, line.kind).await? {
                n if n >= 100_000 => "100000 or more".to_owned(),
                n => n.to_string(),
            }
        } else {
            line.last.as_ref().map_or_else(
                || "never".to_owned(),
                |r| {
                    format!(
                        "{} at {}{}",
                        r.deleted,
                        local_date_time(r.ran_at),
                        r.error.as_ref().map_or_else(String::new, |e| format!(", failed: {e}"))
                    )
                },
            )
        };
        let oldest = line.oldest.map_or_else(|| "-".to_owned(), local_date_time);
        println!("{:<16} {:<12} {oldest:<18} {told}", line.kind.as_str(), line.keep.to_string());
    }
    for kind in Kind::ALL.iter().filter(|k| core.settings.retention.of(**k).before(core.now()).is_some()) {
        if let Some(figure) = kind.changes() {
            println!("{kind}: letting it go changes a figure of the time before: {figure}");
        }
    }
    Ok(ExitCode::SUCCESS)
}
