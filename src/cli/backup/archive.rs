//! The archive of a backup: a tar file that anybody can open. Its last part is the list of everything in it with digests, signed with a key that
//! follows from the journal's: an archive that was cut short, altered or made by somebody else is told before anything is put in place.

use crate::domain::request::ChainKey;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

/// The database within the archive.
pub const DATABASE: &str = "jambyl109.db";
/// Where files of residents lie within the archive.
pub const MEDIA: &str = "media/";
/// The journal's key, when it was asked for.
pub const KEY: &str = "journal.key";
const MANIFEST: &str = "manifest.json";
const SIGNATURE: &str = "manifest.hmac";
/// This version reads and writes this form.
const FORM: u32 = 1;
/// The list of a million files is smaller.
const LARGEST_MANIFEST: u64 = 512 * 1024 * 1024;

/// One part of the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    pub path: String,
    pub size: u64,
    pub sha256: String,
}

/// What the archive holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub form: u32,
    pub program: String,
    pub taken_at: String,
    /// Migrations that the database has, the last one last.
    pub schema: Vec<String>,
    pub requests: u64,
    pub journal_rows: u64,
    /// "folder": files of residents are in here. Else where they lie; their own copies are another matter.
    pub media: String,
    /// Files that the copy of the database points at and that were erased before they were copied: rightly not here.
    pub erased_meanwhile: Vec<String>,
    pub parts: Vec<Part>,
}

/// Why an archive is not to be trusted, or cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] io::Error),
    #[error("the archive ends before its list of contents: it was cut short, or never finished")]
    Cut,
    #[error("the archive is damaged: {0}")]
    Damaged(String),
    #[error("the signature does not fit: the archive was altered, or it was made under another journal key")]
    Forged,
    #[error("the archive has form {0}, which this version does not read: use the program that made it, or a newer one")]
    Form(u32),
}

/// Passes bytes on, and counts and digests them.
struct Through<R> {
    inner: R,
    digest: Sha256,
    size: u64,
}

impl<R: Read> Read for Through<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.digest.update(buf.get(..n).unwrap_or_default());
        self.size += n as u64;
        Ok(n)
    }
}

fn through<R: Read>(inner: R) -> Through<R> {
    Through { inner, digest: Sha256::new(), size: 0 }
}

fn sign(key: &ChainKey, manifest: &[u8]) -> Option<Hmac<Sha256>> {
    // HMAC takes keys of any length: none is never given.
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.derive("backup")).ok()?;
    mac.update(manifest);
    Some(mac)
}

/// An archive that is being written.
pub struct Writer {
    path: PathBuf,
    tar: tar::Builder<File>,
    parts: Vec<Part>,
}

impl Writer {
    /// Begins a new file that only its owner can read.
    ///
    /// # Errors
    /// When it stands already or cannot be made.
    pub fn create(path: &Path) -> Result<Self, ArchiveError> {
        use std::os::unix::fs::OpenOptionsExt;
        let file = File::options().write(true).create_new(true).mode(0o600).open(path).map_err(|e| ArchiveError::Io(path.to_owned(), e))?;
        Ok(Self { path: path.to_owned(), tar: tar::Builder::new(file), parts: Vec::new() })
    }

    fn header(size: u64) -> tar::Header {
        let mut header = tar::Header::new_gnu();
        header.set_size(size);
        header.set_mode(0o600);
        header.set_entry_type(tar::EntryType::Regular);
        header
    }

    /// Copies a file in. `expected` is the digest it must have, when one is known. False when the file is not there.
    ///
    /// # Errors
    /// When it cannot be read, changes meanwhile, or is not what it should be.
    pub fn add_file(&mut self, name: &str, from: &Path, expected: Option<&str>) -> Result<bool, ArchiveError> {
        let broken = |e| ArchiveError::Io(from.to_owned(), e);
        let file = match File::open(from) {
            Ok(f) => f,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(e) => return Err(broken(e)),
        };
        let size = file.metadata().map_err(broken)?.len();
        let mut reader = through(file.take(size));
        self.tar.append_data(&mut Self::header(size), name, &mut reader).map_err(broken)?;
        if reader.size != size {
            return Err(ArchiveError::Damaged(format!("{} changed while it was copied", from.display())));
        }
        let sha256 = hex::encode(reader.digest.finalize());
        if expected.is_some_and(|e| e != sha256) {
            return Err(ArchiveError::Damaged(format!("{} is not what was stored: its digest differs", from.display())));
        }
        self.parts.push(Part { path: name.to_owned(), size, sha256 });
        Ok(true)
    }

    fn add_bytes(&mut self, name: &str, bytes: &[u8]) -> Result<(), ArchiveError> {
        let broken = |e| ArchiveError::Io(self.path.clone(), e);
        self.tar.append_data(&mut Self::header(bytes.len() as u64), name, bytes).map_err(broken)
    }

    /// Copies the journal's key in.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn add_key(&mut self, key: &str) -> Result<(), ArchiveError> {
        self.add_bytes(KEY, key.as_bytes())?;
        self.parts.push(Part { path: KEY.to_owned(), size: key.len() as u64, sha256: hex::encode(Sha256::digest(key.as_bytes())) });
        Ok(())
    }

    /// Writes the list, signs it, and waits until all of it lies on the disk.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn finish(mut self, mut manifest: Manifest, key: &ChainKey) -> Result<Manifest, ArchiveError> {
        manifest.form = FORM;
        manifest.parts = std::mem::take(&mut self.parts);
        let text = serde_json::to_vec_pretty(&manifest).map_err(|e| ArchiveError::Damaged(e.to_string()))?;
        let mac = sign(key, &text).ok_or(ArchiveError::Forged)?;
        self.add_bytes(MANIFEST, &text)?;
        self.add_bytes(SIGNATURE, hex::encode(mac.finalize().into_bytes()).as_bytes())?;
        let path = self.path;
        let file = self.tar.into_inner().map_err(|e| ArchiveError::Io(path.clone(), e))?;
        file.sync_all().map_err(|e| ArchiveError::Io(path.clone(), e))?;
        Ok(manifest)
    }
}

/// A name that stays inside the folder it is unpacked into.
fn inside(path: &Path) -> Option<String> {
    let plain = path.components().all(|c| matches!(c, Component::Normal(_)));
    let text = path.to_str()?;
    let known = text == DATABASE || text == KEY || text == MANIFEST || text == SIGNATURE || text.strip_prefix(MEDIA).is_some_and(|k| !k.is_empty());
    (plain && known).then(|| text.to_owned())
}

/// What was unpacked, not yet trusted.
pub struct Unpacked {
    found: BTreeMap<String, (u64, String)>,
    manifest: Vec<u8>,
    signature: Vec<u8>,
}

/// Unpacks an archive into an empty folder. Names that lead out of it, links and doubles are refused.
///
/// # Errors
/// [`ArchiveError`].
pub fn unpack(archive: &Path, into: &Path) -> Result<Unpacked, ArchiveError> {
    let damaged = |e: io::Error| ArchiveError::Damaged(e.to_string());
    let file = File::open(archive).map_err(|e| ArchiveError::Io(archive.to_owned(), e))?;
    let mut tar = tar::Archive::new(io::BufReader::new(file));
    let (mut found, mut manifest, mut signature) = (BTreeMap::new(), None, None);
    for entry in tar.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let path = entry.path().map_err(damaged)?.into_owned();
        let name = inside(&path).ok_or_else(|| ArchiveError::Damaged("it holds a name that no backup has".into()))?;
        if entry.header().entry_type() != tar::EntryType::Regular {
            return Err(ArchiveError::Damaged(format!("{name} is no plain file")));
        }
        let slot = match name.as_str() {
            MANIFEST => &mut manifest,
            SIGNATURE => &mut signature,
            _ => {
                let to = into.join(&name);
                let size = entry.size();
                let mut reader = through(&mut entry);
                write_new(&to, &mut reader)
                    .map_err(|e| if e.kind() == io::ErrorKind::UnexpectedEof { ArchiveError::Cut } else { ArchiveError::Io(to, e) })?;
                if reader.size != size {
                    return Err(ArchiveError::Cut);
                }
                found.insert(name, (size, hex::encode(reader.digest.finalize())));
                continue;
            }
        };
        let mut bytes = Vec::new();
        (&mut entry).take(LARGEST_MANIFEST).read_to_end(&mut bytes).map_err(damaged)?;
        if slot.replace(bytes).is_some() {
            return Err(ArchiveError::Damaged(format!("{name} stands twice")));
        }
    }
    match (manifest, signature) {
        (Some(manifest), Some(signature)) => Ok(Unpacked { found, manifest, signature }),
        _ => Err(ArchiveError::Cut),
    }
}

fn write_new(to: &Path, from: &mut impl Read) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    if let Some(dir) = to.parent() {
        std::fs::create_dir_all(dir)?;
    }
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(to)?;
    io::copy(from, &mut file)?;
    file.flush()?;
    file.sync_all()
}

impl Unpacked {
    /// Whether the archive brought the journal's key along.
    #[must_use]
    pub fn has_key(&self) -> bool {
        self.found.contains_key(KEY)
    }

    /// Compares what was unpacked with the signed list: every part is there, each as it was, and nothing besides.
    ///
    /// # Errors
    /// [`ArchiveError`], naming the first part that differs.
    pub fn verify(&self, key: &ChainKey) -> Result<Manifest, ArchiveError> {
        let signature = hex::decode(self.signature.trim_ascii()).map_err(|_| ArchiveError::Forged)?;
        sign(key, &self.manifest).and_then(|mac| mac.verify_slice(&signature).ok()).ok_or(ArchiveError::Forged)?;
        // The form comes first: a newer list may have fields that are not known here.
        #[derive(Deserialize)]
        struct Form {
            form: u32,
        }
        let damaged = |e: serde_json::Error| ArchiveError::Damaged(format!("its list cannot be read: {e}"));
        let form: Form = serde_json::from_slice(&self.manifest).map_err(damaged)?;
        if form.form != FORM {
            return Err(ArchiveError::Form(form.form));
        }
        let manifest: Manifest = serde_json::from_slice(&self.manifest).map_err(damaged)?;
        for part in &manifest.parts {
            match self.found.get(&part.path) {
                None => return Err(ArchiveError::Damaged(format!("{} is missing", part.path))),
                Some((size, sha256)) if *size != part.size || *sha256 != part.sha256 => {
                    return Err(ArchiveError::Damaged(format!("{} is not what was backed up", part.path)));
                }
                Some(_) => {}
            }
        }
        let listed: BTreeSet<&str> = manifest.parts.iter().map(|p| p.path.as_str()).collect();
        if let Some(more) = self.found.keys().find(|name| !listed.contains(name.as_str())) {
            return Err(ArchiveError::Damaged(format!("{more} stands in no list")));
        }
        if !listed.contains(DATABASE) {
            return Err(ArchiveError::Damaged("there is no database in it".into()));
        }
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> ChainKey {
        ChainKey::new(b"a key of the tests that is long enough".to_vec())
    }

    fn empty() -> Manifest {
        Manifest {
            form: 0,
            program: "test".into(),
            taken_at: "2026-11-23T09:00:00+05:00".into(),
            schema: vec!["m1".into()],
            requests: 1,
            journal_rows: 2,
            media: "folder".into(),
            erased_meanwhile: Vec::new(),
            parts: Vec::new(),
        }
    }

    fn archive(dir: &Path) -> PathBuf {
        std::fs::write(dir.join("db"), vec![7u8; 3000]).unwrap();
        std::fs::write(dir.join("photo"), b"a photo").unwrap();
        let path = dir.join("a.tar");
        let mut w = Writer::create(&path).unwrap();
        assert!(w.add_file(DATABASE, &dir.join("db"), None).unwrap());
        let long = format!("{MEDIA}2026/11/{}", "x".repeat(150));
        assert!(w.add_file(&long, &dir.join("photo"), Some(&hex::encode(Sha256::digest(b"a photo")))).unwrap());
        assert!(!w.add_file("media/none", &dir.join("none"), None).unwrap());
        w.finish(empty(), &key()).unwrap();
        path
    }

    #[test]
    fn what_goes_in_comes_out() {
        let dir = tempfile::tempdir().unwrap();
        let path = archive(dir.path());
        let out = tempfile::tempdir().unwrap();
        let unpacked = unpack(&path, out.path()).unwrap();
        let m = unpacked.verify(&key()).unwrap();
        assert_eq!((m.form, m.parts.len(), m.requests), (FORM, 2, 1));
        assert!(!unpacked.has_key());
        assert_eq!(std::fs::read(out.path().join(DATABASE)).unwrap(), vec![7u8; 3000]);
        let other = ChainKey::new(b"another key that is long enough too".to_vec());
        assert!(matches!(unpacked.verify(&other), Err(ArchiveError::Forged)));
        // Nobody but the owner reads it, and none is written over.
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(Writer::create(&path), Err(ArchiveError::Io(..))));
    }

    #[test]
    fn a_file_that_is_not_what_was_stored_is_told() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("photo"), b"another photo").unwrap();
        let mut w = Writer::create(&dir.path().join("a.tar")).unwrap();
        let e = w.add_file("media/p", &dir.path().join("photo"), Some(&hex::encode(Sha256::digest(b"a photo")))).unwrap_err();
        assert!(matches!(e, ArchiveError::Damaged(_)), "{e}");
    }

    #[test]
    fn every_cut_and_every_altered_byte_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let whole = std::fs::read(archive(dir.path())).unwrap();
        let path = dir.path().join("wrong.tar");
        let refused = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            let out = tempfile::tempdir().unwrap();
            unpack(&path, out.path()).and_then(|u| u.verify(&key()).map(drop)).is_err()
        };
        assert!(!refused(&whole));
        // The two empty blocks at the end are no content: everything before them is.
        let content = whole.iter().rposition(|b| *b != 0).unwrap() + 1;
        for n in (0..content).step_by(97) {
            assert!(refused(&whole[..n]), "cut at {n}");
        }
        let mut kept = 0;
        for at in (0..content).step_by(61) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x20;
            // A byte of padding, or of a header field that says nothing, may change; what comes out is then the same.
            if !refused(&bytes) {
                kept += 1;
                let out = tempfile::tempdir().unwrap();
                unpack(&path, out.path()).unwrap();
                assert_eq!(std::fs::read(out.path().join(DATABASE)).unwrap(), vec![7u8; 3000], "byte {at}");
            }
        }
        assert!(kept * 3 < content / 61, "too much may be altered: {kept}");
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for (name, kind) in [
            ("../evil", tar::EntryType::Regular),
            ("/etc/passwd", tar::EntryType::Regular),
            ("media/../../evil", tar::EntryType::Regular),
            ("other", tar::EntryType::Regular),
            ("media/link", tar::EntryType::Symlink),
            ("media", tar::EntryType::Directory),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("a.tar");
            let mut tar = tar::Builder::new(File::create(&path).unwrap());
            let mut h = tar::Header::new_gnu();
            // Written as raw bytes: the library itself refuses to write such names.
            let bytes = h.as_old_mut();
            bytes.name[..name.len()].copy_from_slice(name.as_bytes());
            h.set_entry_type(kind);
            h.set_size(0);
            h.set_mode(0o600);
            h.set_cksum();
            tar.append(&h, io::empty()).unwrap();
            tar.finish().unwrap();
            let out = tempfile::tempdir().unwrap();
            let e = unpack(&path, out.path()).map(drop).unwrap_err();
            assert!(matches!(e, ArchiveError::Damaged(_)), "{name}: {e}");
            assert!(!dir.path().parent().unwrap().join("evil").exists());
        }
    }
}
