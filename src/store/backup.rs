//! A copy of the embedded database while it is at work, and what a copy is asked before it is put in place.

use super::db::{Conn, Db};
use super::entity::{attachment, request, request_journal};
use super::error::StoreError;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteLockingMode};
use sea_orm::sqlx::{ConnectOptions, Connection, Executor};
use sea_orm::{ColumnTrait, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Statement};
use std::path::Path;
use std::time::Duration;
use uuid::Uuid;

/// Writes a copy of one moment into a new file that only its owner can read. Whoever writes meanwhile is not held up: the copy is read out of the log's
/// snapshot.
///
/// # Errors
/// [`StoreError`], also when the file stands already.
pub async fn snapshot(db: &Db, to: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::OpenOptionsExt;
    // SQLite would let everybody read it; it takes an empty file as it finds it.
    std::fs::File::options().write(true).create_new(true).mode(0o600).open(to).map_err(|e| StoreError::corrupt("backup", e))?;
    let to = to.to_str().ok_or_else(|| StoreError::corrupt("backup", "the name of the file is not UTF-8"))?;
    let c = db.read();
    c.execute_raw(Statement::from_sql_and_values(c.get_database_backend(), "VACUUM INTO $1", [to.into()])).await?;
    Ok(())
}

/// Whether pages and indexes are whole.
///
/// # Errors
/// `Corrupt` with what SQLite found first.
pub async fn check(c: &impl Conn) -> Result<(), StoreError> {
    let row = c.query_one_raw(Statement::from_string(c.get_database_backend(), "PRAGMA integrity_check(1)")).await?;
    match row.map(|r| r.try_get_by_index::<String>(0)).transpose()?.as_deref() {
        Some("ok") => Ok(()),
        found => Err(StoreError::corrupt("database", found.unwrap_or("nothing"))),
    }
}

/// A stored file that a row points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub id: Uuid,
    pub key: String,
    /// Hex of SHA-256 as it was noted when the file came; files of older versions may have none.
    pub sha256: Option<String>,
}

/// Files whose bytes lie in the media store, in pages.
///
/// # Errors
/// [`StoreError`].
pub async fn files_after(c: &impl Conn, after: Option<Uuid>, limit: u64) -> Result<Vec<Kept>, StoreError> {
    use attachment::Column as A;
    let mut q = attachment::Entity::find().filter(A::StoreKey.is_not_null()).filter(A::Status.ne("arriving")).filter(A::Status.ne("erased"));
    if let Some(id) = after {
        q = q.filter(A::Id.gt(id));
    }
    let rows = q.order_by(A::Id, Order::Asc).limit(limit).all(c).await?;
    Ok(rows.into_iter().filter_map(|a| Some(Kept { id: a.id, key: a.store_key?, sha256: a.sha256 })).collect())
}

/// Whether a row still points at the file: one that was erased meanwhile does not.
///
/// # Errors
/// [`StoreError`].
pub async fn still_kept(c: &impl Conn, file: &Kept) -> Result<bool, StoreError> {
    Ok(attachment::Entity::find_by_id(file.id).one(c).await?.is_some_and(|a| a.store_key.as_deref() == Some(file.key.as_str())))
}

/// How many requests and journal rows there are.
///
/// # Errors
/// [`StoreError`].
pub async fn counts(c: &impl Conn) -> Result<(u64, u64), StoreError> {
    Ok((request::Entity::find().count(c).await?, request_journal::Entity::find().count(c).await?))
}

/// Whether another process has the embedded database open. A file that does not exist is not in use.
///
/// # Errors
/// [`StoreError`] when the file cannot be asked.
pub async fn in_use(file: &Path) -> Result<bool, StoreError> {
    if !file.exists() {
        return Ok(false);
    }
    let broken = |e: sea_orm::sqlx::Error| StoreError::corrupt("database.url", e);
    // Every connection of a database with a log holds a shared lock on the file, so an exclusive one is refused while anybody is there.
    let options = SqliteConnectOptions::new().filename(file).locking_mode(SqliteLockingMode::Exclusive).busy_timeout(Duration::from_millis(50));
    let mut alone = match options.connect().await {
        Ok(c) => c,
        Err(e) if is_locked(&e) => return Ok(true),
        Err(e) => return Err(broken(e)),
    };
    let locked = match alone.execute("BEGIN EXCLUSIVE").await {
        Ok(_) => alone.execute("ROLLBACK").await.map(|_| false).map_err(broken),
        Err(e) if is_locked(&e) => Ok(true),
        Err(e) => Err(broken(e)),
    };
    // A lock that is not given back politely ends with the connection.
    let _ = alone.close().await;
    locked
}

fn is_locked(e: &sea_orm::sqlx::Error) -> bool {
    e.to_string().contains("locked") || e.to_string().contains("busy")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop where it stands")]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[tokio::test]
    async fn only_its_owner_reads_a_copy() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::connect(&format!("sqlite://{}", dir.path().join("a.db").display()), 2).await.unwrap();
        db.migrate().await.unwrap();
        let to = dir.path().join("copy.db");
        snapshot(&db, &to).await.unwrap();
        assert_eq!(std::fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
        let copy = Db::connect(&format!("sqlite://{}", to.display()), 2).await.unwrap();
        check(copy.read()).await.unwrap();
        assert!(snapshot(&db, &to).await.is_err(), "nothing is written over");
    }
}
