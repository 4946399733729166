//! An export as one archive: a readable JSON file, the files themselves, and a page that says what is what. It is put together while it is read, so
//! that no copy of a person's life lies on a disk of ours.

use crate::domain::Instant;
use crate::store::rights::Held;
use futures_util::stream::{self, BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::io::AsyncReadExt;

/// What stands in the archive's first page.
const README: &str = "Jambyl 109\n\n\
data.json: сервисте осы адам туралы сақталғанның бәрі. files/: оның фотолары, дауыстық хабарлары мен құжаттары. recordings/: қоңыраулар жазбасы.\n\
data.json: всё, что сервис хранит об этом человеке. files/: его фото, голосовые сообщения и документы. recordings/: записи звонков.\n";

/// Bytes of a file held at once.
const CHUNK: usize = 64 * 1024;
const BLOCK: usize = 512;

/// One part of the archive.
enum Part {
    Bytes(String, Vec<u8>),
    Stored(String, String),
    Sound(String, Option<PathBuf>),
}

type Chunks = BoxStream<'static, io::Result<Vec<u8>>>;

fn header(name: &str, size: u64, at: Instant) -> io::Result<Vec<u8>> {
    let mut h = tar::Header::new_gnu();
    h.set_path(name)?;
    h.set_size(size);
    h.set_mode(0o600);
    h.set_mtime(u64::try_from(at.timestamp()).unwrap_or(0));
    h.set_entry_type(tar::EntryType::Regular);
    h.set_cksum();
    Ok(h.as_bytes().to_vec())
}

/// Header, content, and zeros up to the next whole block.
fn entry(name: &str, size: u64, content: Chunks, at: Instant) -> io::Result<Chunks> {
    let rest = usize::try_from(size % BLOCK as u64).unwrap_or(0);
    let padding = vec![0u8; if rest == 0 { 0 } else { BLOCK - rest }];
    let head = header(name, size, at)?;
    Ok(stream::once(async { Ok(head) }).chain(content).chain(stream::once(async { Ok(padding) })).boxed())
}

fn plain(name: &str, bytes: Vec<u8>, at: Instant) -> io::Result<Chunks> {
    entry(name, bytes.len() as u64, stream::once(async { Ok(bytes) }).boxed(), at)
}

/// In place of a file that is gone from where it should lie: an export says so instead of failing in the middle.
fn missing(name: &str, at: Instant) -> io::Result<Chunks> {
    plain(&format!("{name}.missing.txt"), "бұл файл табылмады / этот файл не найден\n".into(), at)
}

async fn open(part: Part, media: Arc<dyn ObjectStore>, at: Instant) -> io::Result<Chunks> {
    match part {
        Part::Bytes(name, bytes) => plain(&name, bytes, at),
        Part::Stored(name, key) => match media.get(&Path::from(key)).await {
            Ok(found) => {
                let size = found.meta.size;
                entry(&name, size, found.into_stream().map(|b| b.map(|b| b.to_vec()).map_err(io::Error::other)).boxed(), at)
            }
            Err(object_store::Error::NotFound { .. }) => missing(&name, at),
            Err(e) => Err(io::Error::other(e)),
        },
        Part::Sound(name, None) => missing(&name, at),
        Part::Sound(name, Some(path)) => {
            let file = tokio::fs::File::open(path).await?;
            let size = file.metadata().await?.len();
            let bytes = stream::try_unfold((file, size), |(mut file, left)| async move {
                if left == 0 {
                    return Ok(None);
                }
                let mut part = Vec::new();
                let most = left.min(CHUNK as u64);
                let n = (&mut file).take(most).read_to_end(&mut part).await? as u64;
                if n == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(Some((part, (file, left - n)))) }
            });
            entry(&name, size, bytes.boxed(), at)
        }
    }
}

/// The archive, piece by piece. `sounds`: recordings by their name in the archive and where they lie; none where one cannot be reached.
///
/// # Errors
/// When the JSON cannot be written, which does not happen.
pub fn pack(held: Held, sounds: Vec<(String, Option<PathBuf>)>, media: Arc<dyn ObjectStore>, at: Instant) -> serde_json::Result<Chunks> {
    let mut parts = vec![Part::Bytes("README.txt".into(), README.into()), Part::Bytes("data.json".into(), serde_json::to_vec_pretty(&held.data)?)];
    parts.extend(held.files.into_iter().map(|f| Part::Stored(f.name, f.key)));
    parts.extend(sounds.into_iter().map(|(name, path)| Part::Sound(name, path)));
    let entries = stream::iter(parts).then(move |part| open(part, media.clone(), at)).flat_map(|opened| match opened {
        Ok(chunks) => chunks,
        Err(e) => stream::once(async { Err(e) }).boxed(),
    });
    // Two empty blocks end an archive.
    Ok(entries.chain(stream::once(async { Ok(vec![0u8; 2 * BLOCK]) })).boxed())
}
