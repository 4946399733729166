//! The key of a recording: a relative path that cannot leave its folder.

use chrono::NaiveDateTime;
use std::path::{Path, PathBuf};

/// Roots that exchanges write before their recordings.
const ROOTS: [&str; 5] = [
    "/var/spool/asterisk/monitor/",
    "/var/lib/freeswitch/recordings/",
    "/usr/local/freeswitch/recordings/",
    "/var/lib/freeswitch/storage/",
    "/usr/share/freeswitch/recordings/",
];
const KINDS: [&str; 8] = ["wav", "mp3", "gsm", "ogg", "opus", "wav49", "m4a", "flac"];

/// The name would leave its folder, or is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a recording below its folder")]
pub struct BadName;

/// The value looks like the name of a sound file: told from the other uses of `userfield`.
#[must_use]
pub fn looks_like(text: &str) -> bool {
    let text = text.trim();
    let text = text.strip_prefix("audio:").unwrap_or(text);
    text.rsplit_once('.').is_some_and(|(stem, kind)| !stem.is_empty() && KINDS.iter().any(|k| k.eq_ignore_ascii_case(kind)))
}

/// The key below the configured root. An absolute path loses a root that exchanges are known to use; another absolute path, `..`, a backslash
/// or a control character make it no key.
///
/// # Errors
/// [`BadName`].
pub fn key(text: &str) -> Result<String, BadName> {
    let text = text.trim();
    let text = text.strip_prefix("audio:").unwrap_or(text);
    let text = ROOTS.iter().find_map(|r| text.strip_prefix(r)).unwrap_or(text);
    let sane = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(|c: char| c.is_control() || c == '\\' || c == ':');
    if text.len() <= 512 && text.split('/').all(sane) { Ok(text.to_owned()) } else { Err(BadName) }
}

/// As [`key`]; a bare file name lies in the day's folder, as FreePBX keeps them. `local`: the start by the exchange's wall clock.
///
/// # Errors
/// [`BadName`].
pub fn key_by_day(text: &str, local: NaiveDateTime) -> Result<String, BadName> {
    let key = key(text)?;
    Ok(if key.contains('/') { key } else { format!("{}/{key}", local.format("%Y/%m/%d")) })
}

/// The file behind a key, wherever links inside the folder lead, as long as that is inside the folder.
#[must_use]
pub fn inside(root: &Path, key: &str) -> Option<PathBuf> {
    // Checked when it was read; a row may have been written by an older version or by hand.
    let key = self::key(key).ok()?;
    let root = root.canonicalize().ok()?;
    let path = root.join(key).canonicalize().ok()?;
    (path.starts_with(&root) && path.is_file()).then_some(path)
}

/// Deletes the file behind a key; true when it is gone. Without a folder, or when it lies elsewhere, it stays.
#[must_use]
pub fn delete(root: Option<&Path>, key: &str) -> bool {
    let Some(root) = root else { return false };
    match inside(root, key) {
        Some(path) => std::fs::remove_file(path).is_ok(),
        // Readable folder, no such file: it is gone already.
        None => root.is_dir() && !root.join(key).exists(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stay_below_their_root() {
        assert_eq!(key("/var/spool/asterisk/monitor/2024/03/01/q-109.wav").unwrap(), "2024/03/01/q-109.wav");
        assert_eq!(key("audio:in-1.WAV").unwrap(), "in-1.WAV");
        for bad in [
            "../etc/passwd",
            "/etc/passwd",
            "a/../../b.wav",
            "a\\b.wav",
            "",
            "a//b.wav",
            "a\0.wav",
            "C:/x.wav",
            "/var/spool/asterisk/monitor/../x.wav",
        ] {
            assert_eq!(key(bad), Err(BadName), "{bad}");
        }
        let day = chrono::NaiveDate::from_ymd_opt(2024, 3, 1).unwrap().and_hms_opt(0, 0, 1).unwrap();
        assert_eq!(key_by_day("in.wav", day).unwrap(), "2024/03/01/in.wav");
        assert!(looks_like("/x/y.WAV") && looks_like("audio:1.gsm") && !looks_like("1706420300.12") && !looks_like(".wav"));
    }

    #[test]
    fn nothing_outside_the_folder_is_reached() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("monitor");
        std::fs::create_dir_all(root.join("2024/03")).unwrap();
        std::fs::write(root.join("2024/03/a.wav"), b"sound").unwrap();
        std::fs::write(dir.path().join("secret.wav"), b"secret").unwrap();
        std::fs::create_dir(dir.path().join("elsewhere")).unwrap();
        std::fs::write(dir.path().join("elsewhere/b.wav"), b"secret").unwrap();
        std::fs::create_dir(dir.path().join("monitor-2")).unwrap();
        std::fs::write(dir.path().join("monitor-2/c.wav"), b"secret").unwrap();
        std::os::unix::fs::symlink(dir.path().join("secret.wav"), root.join("link.wav")).unwrap();
        std::os::unix::fs::symlink(dir.path().join("elsewhere"), root.join("folder")).unwrap();
        std::os::unix::fs::symlink(root.join("2024/03/a.wav"), root.join("within.wav")).unwrap();
        assert!(inside(&root, "2024/03/a.wav").is_some());
        assert!(inside(&root, "within.wav").is_some(), "a link that stays inside");
        let absolute = dir.path().join("secret.wav").display().to_string();
        for key in [
            "../secret.wav",
            "2024/../../secret.wav",
            "link.wav",
            "folder/b.wav",
            "../monitor-2/c.wav",
            "2024",
            "",
            ".",
            "missing.wav",
            "a\0.wav",
            &absolute,
        ] {
            assert!(inside(&root, key).is_none(), "{key}");
            let _ = delete(Some(&root), key);
        }
        for kept in ["secret.wav", "elsewhere/b.wav", "monitor-2/c.wav", "monitor/2024/03/a.wav"] {
            assert!(dir.path().join(kept).exists(), "{kept} was deleted");
        }
        assert!(!delete(None, "2024/03/a.wav") && delete(Some(&root), "2024/03/a.wav") && delete(Some(&root), "2024/03/a.wav"));
    }
}
