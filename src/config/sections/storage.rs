//! Where things are kept: rows, signals, media, data files, the journal's key.

use crate::config::secret::{Secret, ServiceUrl};
use serde::{Deserialize, Serialize};

/// The database: the truth.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// `sqlite://path` or `postgres://user:password@host/name`.
    pub url: ServiceUrl,
    pub max_connections: u32,
}

impl Database {
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        matches!(self.url.scheme(), "postgres" | "postgresql")
    }
}

/// Redis: timers and signals of a cluster, all of it rebuildable.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    /// Empty: none.
    pub url: ServiceUrl,
    /// Begins every key, so that several installations may share one Redis.
    pub prefix: String,
}

/// Photos, voice notes, documents.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Media {
    /// A folder, or `s3://bucket`.
    pub url: ServiceUrl,
    /// The largest file kept, bytes.
    pub max_bytes: u64,
    /// Of a bucket: the service's address; empty: that of the region.
    pub endpoint: String,
    pub region: String,
    pub access_key: Secret,
    pub secret_key: Secret,
}

impl Media {
    /// The bucket, when files do not lie in a folder.
    #[must_use]
    pub fn bucket(&self) -> Option<&str> {
        self.url.expose().strip_prefix("s3://").map(|b| b.trim_end_matches('/'))
    }

    /// Bytes of a file held at once: a smaller file is stored in one go, a larger one in parts of this size, and it appears only when it is whole.
    /// Services that speak S3 take no smaller parts.
    #[must_use]
    pub fn part(&self) -> usize {
        if self.bucket().is_some() { 5 * 1024 * 1024 } else { 512 * 1024 }
    }

    /// The folder, when there is no bucket.
    #[must_use]
    pub fn folder(&self) -> &str {
        let url = self.url.expose();
        url.strip_prefix("file://").unwrap_or(url)
    }
}

/// `[config]`: the data files that replace the embedded ones.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataDir {
    /// Empty: only the embedded files.
    pub dir: String,
}

impl DataDir {
    /// The folder, if one is set.
    #[must_use]
    pub fn path(&self) -> Option<&std::path::Path> {
        (!self.dir.is_empty()).then(|| std::path::Path::new(&self.dir))
    }
}

/// The journal's hash chain.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journal {
    /// Empty in `single`: made in the data folder at the first start.
    pub key: Secret,
}
