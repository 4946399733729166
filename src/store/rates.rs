//! Rate limits, counted in the database so that several processes share them. Buckets are hashes: no phone and no address stands here.

use super::db::Conn;
use super::entity::rate_window::{ActiveModel, Column, Entity};
use super::error::StoreError;
use crate::domain::Instant;
use chrono::{Duration, DurationRound};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

/// Counts one hit of `bucket` in the current window of `window` length; true while the count is within `max`.
///
/// # Errors
/// [`StoreError`].
pub async fn hit(c: &impl Conn, bucket: &str, window: Duration, max: i32, now: Instant) -> Result<bool, StoreError> {
    let starts = now.duration_trunc(window).unwrap_or(now);
    let row = ActiveModel { bucket: Set(bucket.to_owned()), starts_at: Set(starts), hits: Set(1) };
    Entity::insert(row)
        .on_conflict(OnConflict::columns([Column::Bucket, Column::StartsAt]).value(Column::Hits, Expr::col((Entity, Column::Hits)).add(1)).to_owned())
        .exec_without_returning(c)
        .await?;
    let hits = Entity::find_by_id((bucket.to_owned(), starts)).one(c).await?.map_or(0, |r| r.hits);
    Ok(hits <= max)
}

/// Seconds until the current window ends, at least one: when a caller who was refused may come again.
#[must_use]
pub fn rest(window: Duration, now: Instant) -> u64 {
    let ends = now.duration_trunc(window).unwrap_or(now) + window;
    let left = u64::try_from((ends - now).num_milliseconds()).unwrap_or(0);
    std::cmp::max(left.div_ceil(1000), 1)
}

/// Takes one hit of the current window back: the try turned out to be no failure.
///
/// # Errors
/// [`StoreError`].
pub async fn refund(c: &impl Conn, bucket: &str, window: Duration, now: Instant) -> Result<(), StoreError> {
    let starts = now.duration_trunc(window).unwrap_or(now);
    Entity::update_many()
        .col_expr(Column::Hits, Expr::col(Column::Hits).sub(1))
        .filter(Column::Bucket.eq(bucket))
        .filter(Column::StartsAt.eq(starts))
        .filter(Column::Hits.gt(0))
        .exec(c)
        .await?;
    Ok(())
}

/// Drops windows that ended.
///
/// # Errors
/// [`StoreError`].
pub async fn purge(c: &impl Conn, before: Instant) -> Result<u64, StoreError> {
    Ok(Entity::delete_many().filter(Column::StartsAt.lt(before)).exec(c).await?.rows_affected)
}

/// Forgets a bucket: the guesses before a right password do not count against it.
///
/// # Errors
/// [`StoreError`].
pub async fn forget(c: &impl Conn, bucket: &str) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::Bucket.eq(bucket)).exec(c).await?;
    Ok(())
}
