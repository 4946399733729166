//! `restore`: puts a backup of the embedded service in place. Everything is unpacked beside, verified whole, and only then moved.

use super::backup::archive::{self, DATABASE, KEY, Manifest};
use super::backup::{blocking, database_file, standing_key};
use super::{Done, Failure, log};
use crate::app::{data_folder, key_file};
use crate::clock::Clocks;
use crate::config::{Config, ConfigErrors};
use crate::dispatch::verify;
use crate::domain::request::ChainKey;
use crate::store::{Db, backup as copy, journal, requests};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// An archive that `jambyl109 backup` made.
    file: PathBuf,
    /// Puts it in place of what stands there. What stood there is moved aside, not deleted.
    #[arg(long)]
    force: bool,
    /// The file with the journal's key of the service that was backed up, when it stands neither in the settings nor in the data folder nor in the archive.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
pub async fn run(config: &Config, args: &Args) -> Done {
    log(config)?;
    ConfigErrors::check(config.problems())?;
    let Some(target) = database_file(config) else {
        return Err(Failure(
            "the settings name PostgreSQL: restore it with `pg_restore --no-owner -d NEW_DATABASE FILE`, then set database.url (ops/runbook.md)"
                .into(),
        ));
    };
    let data = data_folder(config);
    std::fs::create_dir_all(&data)?;
    let media = config.media.bucket().is_none().then(|| PathBuf::from(config.media.folder()));
    let standing = standing(&target, media.as_deref());
    if !standing.is_empty() && !args.force {
        return Err(Failure(format!("{} stands there already: restore into an empty folder, or say --force", list(&standing))));
    }
    if copy::in_use(&target).await? {
        return Err(Failure(format!("{} is in use: stop the service first", target.display())));
    }
    let staging = data.join(format!(".restore-{}", std::process::id()));
    std::fs::create_dir(&staging)?;
    let done = stage(config, args, &staging).await;
    let done = match done {
        Ok((manifest, key)) => place(config, &staging, &target, media.as_deref(), &standing, &key).map(|aside| (manifest, aside)),
        Err(e) => Err(e),
    };
    let _ = std::fs::remove_dir_all(&staging);
    let (manifest, aside) = done?;
    if let Some(aside) = aside {
        println!("what stood there was moved to {}", aside.display());
    }
    println!("restored: {} requests as of {}; every journal stands whole. Start the service", manifest.requests, manifest.taken_at);
    if manifest.media != "folder" {
        println!("files of residents lie in {}: restore the bucket by its own means", manifest.media);
    }
    Ok(ExitCode::SUCCESS)
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// What would be replaced: the database with its log, and a folder of media that is not empty.
fn standing(target: &Path, media: Option<&Path>) -> Vec<PathBuf> {
    let with = |ending: &str| {
        let mut name = target.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let mut out: Vec<PathBuf> = ["", "-wal", "-shm"].into_iter().map(with).filter(|p| p.exists()).collect();
    out.extend(media.filter(|m| std::fs::read_dir(m).is_ok_and(|mut d| d.next().is_some())).map(Path::to_owned));
    out
}

/// Unpacks beside, and proves: signature and digests, the database's own pages, every request's journal.
async fn stage(config: &Config, args: &Args, staging: &Path) -> Result<(Manifest, String), Failure> {
    let (file, into) = (args.file.clone(), staging.to_owned());
    let unpacked = blocking(move || archive::unpack(&file, &into)).await?;
    let named = args.key.as_ref().map(std::fs::read_to_string).transpose()?.map(|k| k.trim().to_owned());
    let brought = if unpacked.has_key() { Some(std::fs::read_to_string(staging.join(KEY))?) } else { None };
    let key = match (named, standing_key(config)?, brought) {
        (Some(k), ..) | (None, Some(k), _) | (None, None, Some(k)) => k,
        (None, None, None) => {
            return Err(Failure(format!(
                "the journal's key is needed and stands nowhere: put its copy at {}, set journal.key, or name it with --key",
                key_file(config).display()
            )));
        }
    };
    let chain = ChainKey::new(key.as_bytes().to_vec());
    let manifest = unpacked.verify(&chain)?;
    let db = Db::connect(&format!("sqlite://{}", staging.join(DATABASE).display()), 2).await?;
    copy::check(db.read()).await?;
    db.migrate()
        .await
        .map_err(|e| Failure(format!("the schema of the backup cannot be brought up to date by this version ({e}): use the version that made it")))?;
    let faults = faults(&db, &chain).await?;
    db.close().await?;
    if !faults.is_empty() {
        return Err(Failure(format!("the journal of the backup is not whole, nothing was put in place:\n{}", faults.join("\n"))));
    }
    Ok((manifest, key))
}

/// What is wrong with journals; at most a screenful.
async fn faults(db: &Db, chain: &ChainKey) -> Result<Vec<String>, Failure> {
    let mut out = Vec::new();
    let mut after = None;
    loop {
        let ids = journal::request_ids_after(db.read(), after, 500).await?;
        let Some(last) = ids.last() else { break };
        after = Some(*last);
        for id in ids {
            out.extend(verify::verify_on(db.read(), chain, id).await?.into_iter().map(|f| format!("request {id}: {f}")));
        }
        if out.len() > 20 {
            return Ok(out);
        }
    }
    out.extend(requests::without_journal(db.read()).await?.into_iter().map(|id| format!("request {id}: it has no journal")));
    Ok(out)
}

/// Moves what stood there aside and the restored in its place, the database last. Gives where the old lies.
fn place(config: &Config, staging: &Path, target: &Path, media: Option<&Path>, standing: &[PathBuf], key: &str) -> Result<Option<PathBuf>, Failure> {
    let moved = |from: &Path, to: &Path| {
        std::fs::rename(from, to).map_err(|e| Failure(format!("{} cannot be moved to {}: {e}", from.display(), to.display())))
    };
    let stamp = Clocks::system().wall.now().format("%Y%m%dT%H%M%SZ").to_string();
    let aside = (!standing.is_empty()).then(|| data_folder(config).join(format!("before-restore-{stamp}")));
    if let Some(aside) = &aside {
        std::fs::create_dir(aside)?;
        // A log that was folded in when the database was asked for its users is gone already.
        for old in standing.iter().filter(|p| p.exists()) {
            let name = old.file_name().ok_or_else(|| Failure(format!("{} has no name", old.display())))?;
            moved(old, &aside.join(name))?;
        }
    }
    if config.journal.key.is_empty() && !key_file(config).exists() {
        use std::io::Write;
        use std::os::unix::fs::OpenOptionsExt;
        let mut file = std::fs::File::options().write(true).create_new(true).mode(0o600).open(key_file(config))?;
        file.write_all(key.as_bytes())?;
        file.sync_all()?;
    }
    if let Some(media) = media {
        let brought = staging.join("media");
        if brought.is_dir() {
            if media.exists() {
                std::fs::remove_dir(media)?;
            } else if let Some(dir) = media.parent().filter(|d| !d.as_os_str().is_empty()) {
                std::fs::create_dir_all(dir)?;
            }
            moved(&brought, media)?;
        }
    }
    moved(&staging.join(DATABASE), target)?;
    if let Some(dir) = target.parent().filter(|d| !d.as_os_str().is_empty()) {
        std::fs::File::open(dir)?.sync_all()?;
    }
    Ok(aside)
}
