//! `resident`: what is held about somebody, handed out or forgotten.

use super::{Done, Failure, bare_core, log};
use crate::channels::bucket;
use crate::config::Config;
use crate::dispatch::DispatchError;
use crate::dispatch::rights::{self, By, pack};
use crate::store::rights as held;
use crate::telephony::{centre::Centre, recording};
use futures_util::StreamExt;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::io::AsyncWriteExt;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Says how much is held, without showing any of it. WHO: a proved telephone number, a request's number, or an identifier.
    Find { who: String },
    /// Writes everything that is held into an archive: a JSON file and the files. Stands in the audit with the reason.
    Export {
        who: String,
        #[arg(long)]
        reason: String,
        /// The archive; one that stands already is not written over.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Forgets everything personal; requests, their journals and figures stay. Cannot be undone. Stands in the audit with the reason.
    Erase {
        who: String,
        #[arg(long)]
        reason: String,
    },
}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
pub async fn run(config: &Config, args: Args) -> Done {
    log(config)?;
    let core = bare_core(config).await?;
    let unknown = |e: DispatchError| match e {
        DispatchError::NotFound => Failure("there is no such resident: name a proved number, a request's number, or an identifier".into()),
        e => e.into(),
    };
    match args.what {
        What::Find { who } => {
            let r = rights::find(&core, &who).await.map_err(unknown)?;
            let [requests, chats, files, calls] = held::amounts(core.db.read(), r.id).await?;
            println!("{}: {requests} requests, {chats} chats, {files} files, {calls} calls", r.id);
        }
        What::Export { who, reason, out } => {
            let id = rights::find(&core, &who).await.map_err(unknown)?.id;
            let mut file = tokio::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&out).await?;
            let mut held = rights::export(&core, id, &reason).await.map_err(unknown)?;
            let root = Centre::of(config)?.recordings.clone();
            let sounds = std::mem::take(&mut held.recordings);
            let sounds = sounds.into_iter().map(|f| (f.name, root.as_deref().and_then(|r| recording::inside(r, &f.key)))).collect();
            let media = bucket::open(&config.media).map_err(Failure)?;
            let mut parts = pack::pack(held, sounds, media, core.wall())?;
            while let Some(part) = parts.next().await {
                file.write_all(&part?).await?;
            }
            file.sync_all().await?;
            println!("{}: everything that is held about {id}. Hand it over and delete it", out.display());
        }
        What::Erase { who, reason } => {
            let id = rights::find(&core, &who).await.map_err(unknown)?.id;
            let erased = rights::forget(&core, By::Machine, id, &reason).await.map_err(unknown)?;
            let root = Centre::of(config)?.recordings.clone();
            let left: Vec<&String> = erased.recordings.iter().filter(|key| !recording::delete(root.as_deref(), key)).collect();
            println!("{id} is forgotten; {} files are deleted by the running service within ten minutes", erased.files.len());
            if !left.is_empty() {
                return Err(Failure(format!("{} recordings could not be deleted: delete them at the exchange", left.len())));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
