//! Digests as they were made, and their readers besides those of the configuration.

use super::db::Conn;
use super::entity::{digest_letter, digest_reader, outbox};
use super::error::StoreError;
use crate::domain::Instant;
use digest_letter::{ActiveModel, Column, Entity};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};

pub use super::entity::digest_letter::Model as DigestLetter;
pub use super::entity::digest_reader::Model as DigestReader;

/// Keeps a digest. False when the same one stands already.
///
/// # Errors
/// [`StoreError`].
pub async fn keep(c: &impl Conn, letter: DigestLetter) -> Result<bool, StoreError> {
    let row = ActiveModel {
        key: Set(letter.key),
        day: Set(letter.day),
        address: Set(letter.address),
        subject: Set(letter.subject),
        text: Set(letter.text),
        html: Set(letter.html),
        made_at: Set(letter.made_at),
    };
    let kept = OnConflict::column(Column::Key).do_nothing().to_owned();
    Ok(Entity::insert(row).on_conflict(kept).exec_without_returning(c).await? == 1)
}

/// Which of these were made already.
///
/// # Errors
/// [`StoreError`].
pub async fn made(c: &impl Conn, keys: &[String]) -> Result<Vec<String>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    Ok(Entity::find().select_only().column(Column::Key).filter(Column::Key.is_in(keys.iter().cloned())).into_tuple().all(c).await?)
}

/// When the last digest was taken by the mail server, of the newest that were made; none: none of them was yet.
///
/// # Errors
/// [`StoreError`].
pub async fn last_sent(c: &impl Conn) -> Result<Option<Instant>, StoreError> {
    let newest = Entity::find().select_only().column(Column::Key).order_by(Column::MadeAt, Order::Desc).limit(NEWEST);
    let keys: Vec<String> = newest.into_tuple().all(c).await?;
    if keys.is_empty() {
        return Ok(None);
    }
    let sent = outbox::Entity::find()
        .select_only()
        .column_as(outbox::Column::SentAt.max(), "last")
        .filter(outbox::Column::Status.eq(super::outbox::status::SENT))
        .filter(outbox::Column::Dedupe.is_in(keys));
    Ok(sent.into_tuple::<Option<Instant>>().one(c).await?.flatten())
}

/// Several days of many readers.
const NEWEST: u64 = 256;

/// The digest that an outbox row carries, if it carries one.
///
/// # Errors
/// [`StoreError`].
pub async fn of_outbox(c: &impl Conn, id: i64) -> Result<Option<DigestLetter>, StoreError> {
    let key: Option<Option<String>> =
        outbox::Entity::find().select_only().column(outbox::Column::Dedupe).filter(outbox::Column::Id.eq(id)).into_tuple().one(c).await?;
    match key.flatten().filter(|k| k.starts_with(PREFIX)) {
        Some(key) => Ok(Entity::find_by_id(key).one(c).await?),
        None => Ok(None),
    }
}

/// How keys of digests begin.
pub const PREFIX: &str = "digest:";

/// Drops digests made before a moment.
///
/// # Errors
/// [`StoreError`].
pub async fn purge(c: &impl Conn, before: Instant) -> Result<u64, StoreError> {
    Ok(Entity::delete_many().filter(Column::MadeAt.lt(before)).exec(c).await?.rows_affected)
}

/// Readers that an administrator added or took out: few.
///
/// # Errors
/// [`StoreError`].
pub async fn readers(c: &impl Conn) -> Result<Vec<DigestReader>, StoreError> {
    Ok(digest_reader::Entity::find().order_by(digest_reader::Column::Address, Order::Asc).all(c).await?)
}

/// Adds a reader, or changes one.
///
/// # Errors
/// [`StoreError`].
pub async fn set_reader(c: &impl Conn, reader: DigestReader) -> Result<(), StoreError> {
    use digest_reader::Column as R;
    let over = OnConflict::column(R::Address).update_columns([R::Lang, R::Scope, R::Active, R::ChangedAt]).to_owned();
    digest_reader::Entity::insert(reader_row(reader)).on_conflict(over).exec_without_returning(c).await?;
    Ok(())
}

fn reader_row(reader: DigestReader) -> digest_reader::ActiveModel {
    digest_reader::ActiveModel {
        address: Set(reader.address),
        lang: Set(reader.lang),
        scope: Set(reader.scope),
        active: Set(reader.active),
        changed_at: Set(reader.changed_at),
    }
}

/// Adds a reader. False when the address stands already.
///
/// # Errors
/// [`StoreError`].
pub async fn add_reader(c: &impl Conn, reader: DigestReader) -> Result<bool, StoreError> {
    let kept = OnConflict::column(digest_reader::Column::Address).do_nothing().to_owned();
    Ok(digest_reader::Entity::insert(reader_row(reader)).on_conflict(kept).exec_without_returning(c).await? == 1)
}

/// Changes a reader who stands as it was seen. False when somebody was faster.
///
/// # Errors
/// [`StoreError`].
pub async fn change_reader(c: &impl Conn, reader: DigestReader, seen: Instant) -> Result<bool, StoreError> {
    use digest_reader::Column as R;
    let done = digest_reader::Entity::update_many()
        .col_expr(R::Lang, Expr::value(reader.lang))
        .col_expr(R::Scope, Expr::value(reader.scope))
        .col_expr(R::Active, Expr::value(reader.active))
        .col_expr(R::ChangedAt, Expr::value(reader.changed_at))
        .filter(R::Address.eq(reader.address))
        .filter(R::ChangedAt.eq(seen))
        .exec(c)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Forgets an address that an administrator had added. False when somebody was faster.
///
/// # Errors
/// [`StoreError`].
pub async fn forget_reader(c: &impl Conn, address: &str, seen: Instant) -> Result<bool, StoreError> {
    use digest_reader::Column as R;
    let gone = digest_reader::Entity::delete_many().filter(R::Address.eq(address)).filter(R::ChangedAt.eq(seen)).exec(c).await?;
    Ok(gone.rows_affected == 1)
}
