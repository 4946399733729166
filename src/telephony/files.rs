//! Files of records into the database, in constant memory.

use super::fields;
use super::ingest::{self, Feed, Mark, Sum};
use super::lines::Position;
use super::profile::{Layout, Profile};
use super::reader::{BadLine, Item, Reader};
use super::record::Record;
use super::source::Source;
use super::verify::{self, Refusal, Told};
use super::zone::ZoneVerdict;
use crate::dispatch::{Core, DispatchError};
use crate::store::calls::files::FilePosition;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Records in one transaction.
const BATCH: usize = 2000;
/// Bytes read at once.
const CHUNK: usize = 256 * 1024;
/// Bytes that a profile is verified on.
const HEAD: u64 = 64 * 1024;
/// Bytes that tell a file from another of the same name.
const IDENTITY: u64 = 1024;
/// Bad lines that are told one by one.
const SHOWN: usize = 10;
/// Nobody writes any more to a file that was not touched for so long.
const AT_REST: Duration = Duration::from_secs(60);

/// Why a file was not taken, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("{path} cannot be read: {cause}")]
    Io { path: String, cause: io::Error },
    #[error("{path}: {cause}")]
    Refused { path: String, cause: Refusal },
    #[error(transparent)]
    Dispatch(#[from] DispatchError),
}

/// What was read of a file so far.
#[derive(Debug, Default)]
pub struct Progress {
    /// Its size, and how much of it was read, in bytes.
    pub size: u64,
    pub read: u64,
    /// Records, other good lines, lines that are none.
    pub records: u64,
    pub others: u64,
    pub bad: u64,
    /// The first of the bad ones.
    pub shown: Vec<BadLine>,
    pub sum: Sum,
    pub zone: Option<ZoneVerdict>,
    /// Bytes of a last line that is not finished.
    pub waiting: u64,
}

/// How files are read.
#[derive(Clone)]
pub struct Importer<'a> {
    /// `None`: nothing is stored.
    pub core: Option<&'a Core>,
    pub source: &'a Source,
    pub profile: Profile,
    pub told: Told,
    /// Missed calls become call-backs.
    pub tasks: bool,
}

/// A file opened, with what tells it from others.
pub(super) struct Opened {
    pub file: File,
    pub path: PathBuf,
    pub inode: u64,
    pub size: u64,
    pub modified: Option<SystemTime>,
    /// Its first bytes, as many as a profile is verified on.
    pub head: Vec<u8>,
}

impl Opened {
    pub fn open(path: &Path) -> Result<Self, ImportError> {
        let broken = |cause| ImportError::Io { path: path.display().to_string(), cause };
        Self::of(File::open(path).map_err(broken)?, path)
    }

    pub fn of(mut file: File, path: &Path) -> Result<Self, ImportError> {
        let broken = |cause| ImportError::Io { path: path.display().to_string(), cause };
        let meta = file.metadata().map_err(broken)?;
        if !meta.is_file() {
            return Err(broken(io::Error::other("not a file")));
        }
        let mut head = Vec::new();
        file.seek(SeekFrom::Start(0)).map_err(broken)?;
        Read::by_ref(&mut file).take(HEAD).read_to_end(&mut head).map_err(broken)?;
        Ok(Self { inode: meta.ino(), size: meta.size(), modified: meta.modified().ok(), head, path: path.to_owned(), file })
    }

    fn at_rest(&self) -> bool {
        self.modified.and_then(|m| m.elapsed().ok()).is_some_and(|age| age >= AT_REST)
    }

    /// The place behind `at`, with the mark of the first bytes before it.
    pub fn position(&self, at: Position) -> FilePosition {
        let len = at.offset.min(IDENTITY).min(self.head.len() as u64);
        FilePosition { inode: self.inode, offset: at.offset, lines: at.lines, head_len: len, head_hash: self.head_hash(len).unwrap_or_default() }
    }

    /// SHA-256 of the first bytes, if there are so many.
    pub fn head_hash(&self, len: u64) -> Option<String> {
        let bytes = self.head.get(..usize::try_from(len).ok()?)?;
        Some(hex::encode(Sha256::digest(bytes)))
    }
}

impl Importer<'_> {
    fn feed(&self) -> Feed<'_> {
        Feed { source: self.source, profile: self.profile.name(), tasks: self.tasks }
    }

    /// The layout of a file, verified against its first lines. `None`: it holds no whole record yet.
    ///
    /// # Errors
    /// `Refused` with the line, the column and the profile that fits.
    pub(super) fn layout(&self, opened: &Opened) -> Result<Option<Layout>, ImportError> {
        let whole = opened.head.len() as u64 >= opened.size;
        let refused = |cause| ImportError::Refused { path: opened.path.display().to_string(), cause };
        match verify::detect(self.profile, &opened.head, false, &self.told, self.source) {
            Err(Refusal::Empty) if whole && opened.at_rest() => match verify::detect(self.profile, &opened.head, true, &self.told, self.source) {
                Err(Refusal::Empty) => Ok(None),
                other => other.map(Some).map_err(refused),
            },
            Err(Refusal::Empty) => Ok(None),
            other => other.map(Some).map_err(refused),
        }
    }

    /// Whether the profile fits a file; nothing is stored.
    ///
    /// # Errors
    /// `Refused`, `Io`.
    pub fn check(&self, path: &Path) -> Result<(), ImportError> {
        self.layout(&Opened::open(path)?).map(|_| ())
    }

    /// Reads a file from its beginning to its end. A last line that is not finished waits for the next time.
    ///
    /// # Errors
    /// [`ImportError`]; what was read before stays.
    pub async fn whole(&self, path: &Path, tell: &mut (dyn FnMut(&Progress) + Send)) -> Result<Progress, ImportError> {
        let mut opened = Opened::open(path)?;
        let mut progress = Progress { size: opened.size, ..Progress::default() };
        self.read(&mut opened, Position::default(), None, &mut progress, tell).await?;
        Ok(progress)
    }

    /// Reads on from a place. With `remember`, the place behind what was stored is kept with it, under that name.
    pub(super) async fn read(
        &self,
        opened: &mut Opened,
        from: Position,
        remember: Option<&str>,
        progress: &mut Progress,
        tell: &mut (dyn FnMut(&Progress) + Send),
    ) -> Result<Position, ImportError> {
        let path = opened.path.display().to_string();
        let broken = |cause| ImportError::Io { path: path.clone(), cause };
        let Some(layout) = self.layout(opened)? else {
            progress.waiting = opened.size;
            return Ok(from);
        };
        opened.file.seek(SeekFrom::Start(from.offset)).map_err(broken)?;
        let mut reader = Reader::resume(layout.clone(), self.source, from);
        let mut chunk = vec![0u8; CHUNK];
        let mut batch: Vec<Record> = Vec::with_capacity(BATCH);
        let mut columns = 0;
        let mut finished = false;
        loop {
            while let Some(item) = reader.next_item() {
                match item {
                    Item::Record(r) => {
                        progress.records += 1;
                        batch.push(*r);
                    }
                    Item::Other => progress.others += 1,
                    Item::Bad(bad) => {
                        progress.bad += 1;
                        if progress.shown.len() < SHOWN {
                            progress.shown.push(bad);
                        }
                    }
                }
                if batch.len() >= BATCH {
                    self.put(&mut batch, opened, reader.position(), remember, progress).await?;
                    progress.read = reader.position().offset;
                    tell(progress);
                }
            }
            if finished {
                break;
            }
            let n = opened.file.read(&mut chunk).map_err(broken)?;
            if n > 0 {
                let bytes = chunk.get(..n).unwrap_or_default();
                if columns == 0 {
                    columns = first_columns(bytes, &layout);
                }
                reader.feed(bytes);
                continue;
            }
            if reader.waiting() == 0 || !self.last_line_is_whole(opened, reader.waiting(), &layout, columns)? {
                break;
            }
            reader.finish();
            finished = true;
        }
        progress.waiting = if finished { 0 } else { reader.waiting() as u64 };
        let behind = reader.position();
        if !batch.is_empty() || (behind != from && remember.is_some()) {
            self.put(&mut batch, opened, behind, remember, progress).await?;
        }
        progress.read = behind.offset;
        progress.zone = Some(reader.zone());
        tell(progress);
        Ok(behind)
    }

    /// A last line without its end is taken when nothing can come behind it any more: all its columns are there and the last one is in quotes, or
    /// nobody has touched the file for a while.
    fn last_line_is_whole(&self, opened: &mut Opened, waiting: usize, layout: &Layout, columns: usize) -> Result<bool, ImportError> {
        if matches!(layout.profile, Profile::FreeswitchJson | Profile::Events) {
            // Half a document is no document, however old.
            return Ok(false);
        }
        let broken = |cause| ImportError::Io { path: opened.path.display().to_string(), cause };
        let back = i64::try_from(waiting).unwrap_or(i64::MAX);
        let mut tail = Vec::with_capacity(waiting);
        opened.file.seek(SeekFrom::End(-back)).map_err(broken)?;
        Read::by_ref(&mut opened.file).take(waiting as u64).read_to_end(&mut tail).map_err(broken)?;
        if layout.profile == Profile::QueueLog {
            return Ok(opened.at_rest() && layout.read(&tail, self.source).reading.is_ok());
        }
        let row = fields::csv(&tail, layout.delimiter);
        let all = columns > 0 && row.cells.len() == columns && layout.read(&tail, self.source).reading.is_ok();
        Ok(all && (tail.trim_ascii_end().ends_with(b"\"") || opened.at_rest()))
    }

    async fn put(
        &self,
        batch: &mut Vec<Record>,
        opened: &Opened,
        at: Position,
        remember: Option<&str>,
        progress: &mut Progress,
    ) -> Result<(), ImportError> {
        if let Some(core) = self.core {
            let mark = match remember {
                Some(path) => Mark::File { path: path.to_owned(), position: opened.position(at) },
                None => Mark::Nothing,
            };
            progress.sum.add(ingest::run(core, self.feed(), batch, &mark).await?);
        }
        batch.clear();
        Ok(())
    }
}

/// How many columns the first whole line of these bytes has.
fn first_columns(bytes: &[u8], layout: &Layout) -> usize {
    match bytes.iter().position(|b| *b == b'\n').and_then(|end| bytes.get(..end)) {
        Some(line) => fields::csv(line, layout.delimiter).cells.len(),
        None => 0,
    }
}

/// The files behind the paths that a person named: folders stand for the files in them, by name.
///
/// # Errors
/// `Io` for what cannot be looked at.
pub fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>, ImportError> {
    let mut out = Vec::new();
    for path in paths {
        let broken = |cause| ImportError::Io { path: path.display().to_string(), cause };
        if path.is_dir() {
            let mut inside = Vec::new();
            for entry in std::fs::read_dir(path).map_err(broken)? {
                let entry = entry.map_err(broken)?;
                let hidden = entry.file_name().to_string_lossy().starts_with('.');
                if !hidden && entry.file_type().map_err(broken)?.is_file() {
                    inside.push(entry.path());
                }
            }
            inside.sort();
            out.extend(inside);
        } else {
            out.push(path.clone());
        }
    }
    Ok(out)
}
