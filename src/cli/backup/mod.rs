//! `backup`: the embedded database and files of residents in one archive, while the service runs.

pub mod archive;

use super::{Done, Failure, log};
use crate::app::key_file;
use crate::clock::Clocks;
use crate::config::{Config, ConfigErrors, local_date_time};
use crate::domain::request::ChainKey;
use crate::store::{Db, backup as copy, upkeep};
use archive::{DATABASE, MEDIA, Manifest, Writer};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// The archive to be written, for instance /backup/jambyl-2026-11-23.tar. One that stands already is not written over.
    #[arg(required_unless_present = "noted")]
    file: Option<PathBuf>,
    /// Puts the journal's key into the archive. Whoever holds both can forge the history and open sealed secrets: keep such an archive as you keep the key.
    #[arg(long)]
    with_key: bool,
    /// Makes no backup: notes that one was made by other means just now, so that the alert on its age is quiet. For the line after pg_dump.
    #[arg(long, conflicts_with_all = ["file", "with_key"])]
    noted: bool,
}

/// The file of the embedded database.
pub(super) fn database_file(config: &Config) -> Option<PathBuf> {
    let url = config.database.url.expose();
    let rest = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"))?;
    rest.split('?').next().filter(|p| !p.is_empty() && !p.contains(":memory:")).map(PathBuf::from)
}

/// The journal's key as it stands: none is made here.
pub(super) fn standing_key(config: &Config) -> Result<Option<String>, Failure> {
    let given = config.journal.key.expose();
    if !given.is_empty() {
        return Ok(Some(given.to_owned()));
    }
    match std::fs::read_to_string(key_file(config)) {
        Ok(key) => Ok(Some(key.trim().to_owned())),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Failure(format!("the journal's key {}: {e}", key_file(config).display()))),
    }
}

/// The line that backs up a PostgreSQL database: with everything but the password, which pg_dump takes from ~/.pgpass or PGPASSWORD.
fn pg_line(config: &Config, file: &Path) -> String {
    let file = file.display();
    let Ok(url) = config.database.url.expose().parse::<reqwest::Url>() else { return format!("pg_dump -Fc -f {file} -d \"$DATABASE_URL\"") };
    let host = url.host_str().map_or(String::new(), |h| format!(" -h {h}"));
    let port = url.port().map_or(String::new(), |p| format!(" -p {p}"));
    let user = Some(url.username()).filter(|u| !u.is_empty()).map_or(String::new(), |u| format!(" -U {u}"));
    format!("pg_dump -Fc{host}{port}{user} -d {} -f {file}", url.path().trim_start_matches('/'))
}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
pub async fn run(config: &Config, args: &Args) -> Done {
    log(config)?;
    ConfigErrors::check(config.problems())?;
    let wall = Clocks::system().wall;
    if args.noted {
        let db = Db::connect(config.database.url.expose(), 2).await?;
        upkeep::done(db.write(), upkeep::BACKUP, wall.now()).await?;
        db.close().await?;
        println!("noted: a backup was made at {}", local_date_time(wall.now()));
        return Ok(ExitCode::SUCCESS);
    }
    let Some(file) = &args.file else { return Err(Failure("name the archive to be written".into())) };
    let Some(source) = database_file(config) else {
        println!("{} && jambyl109 backup --noted", pg_line(config, file));
        return Err(Failure(format!(
            "nothing was backed up: the database is PostgreSQL, which has its own program. Use the line above; copy {} and the journal key too (ops/runbook.md)",
            config.media.url.redacted()
        )));
    };
    if !source.exists() {
        return Err(Failure(format!("there is no database at {}: run this in the service's folder and with its settings", source.display())));
    }
    let key = standing_key(config)?.ok_or_else(|| Failure(format!("the journal's key is not at {}", key_file(config).display())))?;
    if file.exists() {
        return Err(Failure(format!("{} stands already: a backup is not written over, choose another name", file.display())));
    }
    let part = beside(file, "part");
    let taken = take(config, &source, &part, &key, args.with_key, &wall.now().to_rfc3339()).await;
    let manifest = match taken {
        Ok(m) => m,
        Err(e) => {
            let _ = std::fs::remove_file(&part);
            return Err(e);
        }
    };
    // Only what is whole bears the name.
    std::fs::rename(&part, file)?;
    if let Some(dir) = file.parent() {
        std::fs::File::open(if dir.as_os_str().is_empty() { Path::new(".") } else { dir }).and_then(|d| d.sync_all())?;
    }
    let db = Db::connect(config.database.url.expose(), 2).await?;
    if let Err(e) = upkeep::done(db.write(), upkeep::BACKUP, wall.now()).await {
        eprintln!("jambyl109: the backup is whole; that it was made could not be noted ({e}), so its alert will not know");
    }
    db.close().await?;
    let size: u64 = manifest.parts.iter().map(|p| p.size).sum();
    println!(
        "{}: {} requests, {} journal rows, {} files, {} MB",
        file.display(),
        manifest.requests,
        manifest.journal_rows,
        manifest.parts.iter().filter(|p| p.path.starts_with(MEDIA)).count(),
        size.div_ceil(1_000_000)
    );
    if manifest.media != "folder" {
        println!("files of residents lie in {} and are not in it: back the bucket up by its own means", manifest.media);
    }
    if !args.with_key {
        println!("the journal's key is not in it: keep its own copy, without it nothing can be restored");
    }
    Ok(ExitCode::SUCCESS)
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{}.{ending}", std::process::id()));
    PathBuf::from(name)
}

/// Files of one page of the list.
const PAGE: u64 = 500;

/// Writes the archive. First the database, of one moment; then every file that it points at: files are never changed, only erased.
async fn take(config: &Config, source: &Path, to: &Path, key: &str, with_key: bool, taken_at: &str) -> Result<Manifest, Failure> {
    let live = Db::connect(config.database.url.expose(), 2).await?;
    let snapshot = beside(to, "db");
    let done = async {
        copy::snapshot(&live, &snapshot).await?;
        let frozen = Db::connect(&format!("sqlite://{}", snapshot.display()), 2).await?;
        let mut w = Writer::create(to)?;
        let (requests, journal_rows) = copy::counts(frozen.read()).await?;
        let schema = frozen.applied_migrations().await?;
        let folder = config.media.bucket().is_none().then(|| PathBuf::from(config.media.folder()));
        let mut pages = Vec::new();
        let mut after = None;
        while folder.is_some() {
            let page = copy::files_after(frozen.read(), after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            pages.push(page);
        }
        // Its log is folded in and gone before it is copied.
        frozen.close().await?;
        let db = snapshot.clone();
        w = blocking(move || w.add_file(DATABASE, &db, None).map(|_| w)).await?;
        let (mut erased, mut seen) = (Vec::new(), std::collections::BTreeSet::new());
        for (page, folder) in pages.into_iter().filter_map(|p| folder.clone().map(|f| (p, f))) {
            let page: Vec<_> = page.into_iter().filter(|f| seen.insert(f.key.clone())).collect();
            let (back, missing) = blocking(move || {
                let mut missing = Vec::new();
                for f in page {
                    if !w.add_file(&format!("{MEDIA}{}", f.key), &folder.join(&f.key), f.sha256.as_deref())? {
                        missing.push(f);
                    }
                }
                Ok((w, missing))
            })
            .await?;
            w = back;
            for f in missing {
                if copy::still_kept(live.read(), &f).await? {
                    return Err(Failure(format!("the file {} is missing from {}: the database points at it", f.key, config.media.folder())));
                }
                erased.push(f.key);
            }
        }
        if with_key {
            w.add_key(key)?;
        }
        let manifest = Manifest {
            form: 0,
            program: format!("jambyl109 {}", env!("CARGO_PKG_VERSION")),
            taken_at: taken_at.to_owned(),
            schema,
            requests,
            journal_rows,
            media: if folder.is_some() { "folder".into() } else { config.media.url.redacted() },
            erased_meanwhile: erased,
            parts: Vec::new(),
        };
        let chain = ChainKey::new(key.as_bytes().to_vec());
        blocking(move || w.finish(manifest, &chain)).await
    }
    .await;
    for ending in ["", "-wal", "-shm"] {
        let mut name = snapshot.clone().into_os_string();
        name.push(ending);
        let _ = std::fs::remove_file(name);
    }
    live.close().await?;
    tracing::debug!(database = %source.display(), "copied");
    done
}

/// Work on files, away from what answers.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, archive::ArchiveError> + Send + 'static) -> Result<T, Failure> {
    Ok(tokio::task::spawn_blocking(work).await??)
}
