//! Files that grow: read on from where one was, over rotation, truncation and restarts.

use super::files::{ImportError, Importer, Opened, Progress, expand};
use super::lines::Position;
use crate::store::calls::files::{self, FilePosition};
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What is remembered of a file between two looks.
struct Seen {
    /// The file itself: after it was renamed its rest can still be read.
    file: Option<File>,
    position: Option<FilePosition>,
    /// Nothing has changed as long as these are the same.
    mark: (u64, u64, Option<SystemTime>),
}

/// Watches files and folders.
pub struct Watcher<'a> {
    importer: Importer<'a>,
    paths: Vec<PathBuf>,
    seen: BTreeMap<PathBuf, Seen>,
}

/// What one look found.
#[derive(Debug, Default)]
pub struct Round {
    pub progress: Vec<(PathBuf, Progress)>,
    /// Files that could not be read, or are of another kind: told once, and tried again when they change.
    pub troubles: Vec<ImportError>,
}

impl<'a> Watcher<'a> {
    #[must_use]
    pub fn new(importer: Importer<'a>, paths: Vec<PathBuf>) -> Self {
        Self { importer, paths, seen: BTreeMap::new() }
    }

    /// Looks at every file once and reads what is new.
    ///
    /// # Errors
    /// The database's: what was not stored is read again in the next round.
    pub async fn round(&mut self) -> Result<Round, ImportError> {
        let mut round = Round::default();
        for named in self.paths.clone() {
            let found = match expand(std::slice::from_ref(&named)) {
                Ok(found) => found,
                Err(e) => {
                    round.troubles.push(e);
                    continue;
                }
            };
            for path in found {
                match self.look(&path, &mut round).await {
                    Err(e @ ImportError::Dispatch(_)) => return Err(e),
                    Err(e) => round.troubles.push(e),
                    Ok(()) => {}
                }
            }
        }
        Ok(round)
    }

    async fn look(&mut self, path: &Path, round: &mut Round) -> Result<(), ImportError> {
        let Ok(meta) = std::fs::metadata(path) else {
            // Between two names: rotation has taken it away and not yet made a new one.
            return Ok(());
        };
        let mark = (meta.ino(), meta.size(), meta.modified().ok());
        if self.seen.get(path).is_some_and(|s| s.mark == mark) {
            return Ok(());
        }
        let mut opened = Opened::open(path)?;
        let known = match self.seen.remove(path) {
            Some(seen) => Some(seen),
            None => self.remembered(path).await?.map(|position| Seen { file: None, position: Some(position), mark: (0, 0, None) }),
        };
        let mut from = Position::default();
        if let Some(seen) = known
            && let Some(position) = seen.position
        {
            if goes_on(&opened, &position) {
                from = Position { offset: position.offset, lines: position.lines };
            } else {
                self.rest(path, seen.file, &position, opened.inode, round).await?;
            }
        }
        let mut progress = Progress { size: opened.size, ..Progress::default() };
        let name = path.display().to_string();
        let result = self.importer.read(&mut opened, from, Some(&name), &mut progress, &mut |_| {}).await;
        // Also after a refusal: it is tried again when the file changes.
        let position = match &result {
            Ok(at) => Some(opened.position(*at)),
            Err(_) => None,
        };
        let failed = matches!(result, Err(ImportError::Dispatch(_)));
        if !failed {
            self.seen.insert(path.to_owned(), Seen { file: Some(opened.file), position, mark });
        }
        result?;
        if progress.records + progress.bad > 0 {
            round.progress.push((path.to_owned(), progress));
        }
        Ok(())
    }

    async fn remembered(&self, path: &Path) -> Result<Option<FilePosition>, ImportError> {
        let Some(core) = self.importer.core else { return Ok(None) };
        let found = files::load(core.db.read(), &self.importer.source.name, &path.display().to_string()).await;
        Ok(found.map_err(crate::dispatch::DispatchError::from)?)
    }

    /// What was written to a file between the last look and its rotation: through its open handle, else under its new name beside the old one.
    async fn rest(&self, path: &Path, file: Option<File>, position: &FilePosition, now: u64, round: &mut Round) -> Result<(), ImportError> {
        if now == position.inode {
            // Truncated in place: what was in it is gone.
            return Ok(());
        }
        let old = match file {
            Some(file) => Some(Opened::of(file, path)?),
            None => beside(path, position.inode),
        };
        let Some(mut old) = old.filter(|o| goes_on(o, position)) else { return Ok(()) };
        let mut progress = Progress { size: old.size, ..Progress::default() };
        let from = Position { offset: position.offset, lines: position.lines };
        self.importer.read(&mut old, from, None, &mut progress, &mut |_| {}).await?;
        if progress.records + progress.bad > 0 {
            round.progress.push((path.to_owned(), progress));
        }
        Ok(())
    }
}

/// The same file, at least as long as before.
fn goes_on(opened: &Opened, position: &FilePosition) -> bool {
    opened.inode == position.inode && opened.size >= position.offset && opened.head_hash(position.head_len).as_ref() == Some(&position.head_hash)
}

/// A file of the same folder with that inode.
fn beside(path: &Path, inode: u64) -> Option<Opened> {
    let entries = std::fs::read_dir(path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))).ok()?;
    let found = entries.filter_map(Result::ok).find(|e| e.metadata().is_ok_and(|m| m.is_file() && m.ino() == inode))?;
    Opened::open(&found.path()).ok()
}
