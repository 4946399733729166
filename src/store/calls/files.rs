//! How far a file of records has been read.

use crate::domain::Instant;
use crate::store::db::Conn;
use crate::store::entity::call_file::{ActiveModel, Column, Entity};
use crate::store::error::StoreError;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait};

/// A place in a file, and what tells the file from another of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePosition {
    pub inode: u64,
    /// Bytes read.
    pub offset: u64,
    pub lines: u64,
    /// So many of its first bytes have this SHA-256.
    pub head_len: u64,
    pub head_hash: String,
}

fn number(column: &'static str, n: i64) -> Result<u64, StoreError> {
    u64::try_from(n).map_err(|e| StoreError::corrupt(column, e))
}

/// # Errors
/// [`StoreError`].
pub async fn load(c: &impl Conn, source: &str, path: &str) -> Result<Option<FilePosition>, StoreError> {
    let Some(m) = Entity::find_by_id((source.to_owned(), path.to_owned())).one(c).await? else { return Ok(None) };
    Ok(Some(FilePosition {
        // Kept as the same bits: an inode may use all of them.
        inode: m.inode.cast_unsigned(),
        offset: number("call_file.position", m.position)?,
        lines: number("call_file.line", m.line)?,
        head_len: number("call_file.head_len", m.head_len)?,
        head_hash: m.head_hash,
    }))
}

/// # Errors
/// [`StoreError`].
pub async fn save(c: &impl Conn, source: &str, path: &str, p: &FilePosition, now: Instant) -> Result<(), StoreError> {
    let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let row = ActiveModel {
        source: Set(source.to_owned()),
        path: Set(path.to_owned()),
        inode: Set(p.inode.cast_signed()),
        position: Set(signed(p.offset)),
        line: Set(signed(p.lines)),
        head_len: Set(signed(p.head_len)),
        head_hash: Set(p.head_hash.clone()),
        updated_at: Set(now),
    };
    let columns = [Column::Inode, Column::Position, Column::Line, Column::HeadLen, Column::HeadHash, Column::UpdatedAt];
    let conflict = OnConflict::columns([Column::Source, Column::Path]).update_columns(columns).to_owned();
    Entity::insert(row).on_conflict(conflict).exec_without_returning(c).await?;
    Ok(())
}
