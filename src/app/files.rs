//! Where a process keeps its own files, and the key of the journal among them.

use super::AppError;
use crate::config::Config;
use crate::domain::request::ChainKey;
use std::path::{Path, PathBuf};

/// Folders of ours whose disks are watched.
pub(super) fn folders(config: &Config) -> Vec<(&'static str, PathBuf)> {
    let data = (!config.database.is_postgres()).then(|| ("data", data_folder(config)));
    let media = config.media.bucket().is_none().then(|| ("media", PathBuf::from(config.media.folder())));
    data.into_iter().chain(media).collect()
}

/// The folder where the embedded service keeps its files.
#[must_use]
pub fn data_folder(config: &Config) -> PathBuf {
    let url = config.database.url.expose();
    let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")).and_then(|p| p.split('?').next());
    match path.and_then(|p| Path::new(p).parent()) {
        Some(dir) if !dir.as_os_str().is_empty() => dir.to_owned(),
        _ => PathBuf::from("data"),
    }
}

/// The file of the key that the embedded service made for itself.
#[must_use]
pub fn key_file(config: &Config) -> PathBuf {
    data_folder(config).join("journal.key")
}

/// The configured key, or in `single` one made at the first start, readable by nobody else.
pub(super) fn chain_key(config: &Config) -> Result<ChainKey, AppError> {
    let given = config.journal.key.expose();
    if !given.is_empty() {
        return Ok(ChainKey::new(given.as_bytes().to_vec()));
    }
    let path = key_file(config);
    let broken = |e: std::io::Error| AppError::Setup(format!("the journal's key {} cannot be used: {e}", path.display()));
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).map_err(broken)?;
    }
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
        Ok(mut file) => {
            let key = crate::dispatch::secrets::token();
            file.write_all(key.as_bytes()).and_then(|()| file.sync_all()).map_err(broken)?;
            Ok(ChainKey::new(key.into_bytes()))
        }
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
            let key = std::fs::read_to_string(&path).map_err(broken)?;
            if key.trim().len() < 32 {
                return Err(AppError::Setup(format!("the journal's key {} is too short: restore it from a backup", path.display())));
            }
            Ok(ChainKey::new(key.trim().as_bytes().to_vec()))
        }
        Err(e) => Err(broken(e)),
    }
}
