//! Rights held by one process until a time, and the sharing of intake slots among living workers. Wall time is passed in.

use super::db::Conn;
use super::entity::{lease, poll_offset, worker_node};
use super::error::StoreError;
use super::raw_events::SLOTS;
use crate::domain::Instant;
use chrono::Duration;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter};

/// Takes or prolongs a lease. True when it is ours until `now + for_`.
///
/// # Errors
/// [`StoreError`].
pub async fn take(c: &impl Conn, name: &str, owner: &str, now: Instant, for_: Duration) -> Result<bool, StoreError> {
    let until = now + for_;
    let updated = lease::Entity::update_many()
        .col_expr(lease::Column::Owner, Expr::value(owner))
        .col_expr(lease::Column::Until, Expr::value(until))
        .filter(lease::Column::Name.eq(name))
        .filter(Condition::any().add(lease::Column::Owner.eq(owner)).add(lease::Column::Until.lt(now)))
        .exec(c)
        .await?
        .rows_affected;
    if updated > 0 {
        return Ok(true);
    }
    let row = lease::ActiveModel { name: Set(name.to_owned()), owner: Set(owner.to_owned()), until: Set(until) };
    let inserted =
        lease::Entity::insert(row).on_conflict(OnConflict::column(lease::Column::Name).do_nothing().to_owned()).exec_without_returning(c).await?;
    Ok(inserted > 0)
}

/// Gives a lease back.
///
/// # Errors
/// [`StoreError`].
pub async fn release(c: &impl Conn, name: &str, owner: &str) -> Result<(), StoreError> {
    lease::Entity::delete_many().filter(lease::Column::Name.eq(name)).filter(lease::Column::Owner.eq(owner)).exec(c).await?;
    Ok(())
}

/// Says that this worker lives, and takes its fair share of slots: free ones are taken, surplus ones given back. Returns the slots held.
///
/// # Errors
/// [`StoreError`].
pub async fn share_slots(c: &impl Conn, owner: &str, now: Instant, for_: Duration) -> Result<Vec<i16>, StoreError> {
    // First the dead, then oneself: two who come back together would otherwise each wait for the other's row.
    worker_node::Entity::delete_many().filter(worker_node::Column::SeenUntil.lt(now)).exec(c).await?;
    let node = worker_node::ActiveModel { owner: Set(owner.to_owned()), seen_until: Set(now + for_) };
    worker_node::Entity::insert(node)
        .on_conflict(OnConflict::column(worker_node::Column::Owner).update_column(worker_node::Column::SeenUntil).to_owned())
        .exec_without_returning(c)
        .await?;
    let alive = worker_node::Entity::find().count(c).await?.max(1);
    let fair = usize::try_from(u64::from(SLOTS.unsigned_abs()).div_ceil(alive)).unwrap_or(1);

    let mut held = Vec::new();
    let rows = lease::Entity::find().filter(lease::Column::Name.starts_with("slot:")).all(c).await?;
    for slot in 0..SLOTS {
        let name = format!("slot:{slot}");
        let ours = rows.iter().any(|r| r.name == name && r.owner == owner);
        if ours && held.len() >= fair {
            release(c, &name, owner).await?;
            continue;
        }
        let free = rows.iter().find(|r| r.name == name).is_none_or(|r| r.until < now);
        if (ours || (free && held.len() < fair)) && take(c, &name, owner, now, for_).await? {
            held.push(slot);
        }
    }
    Ok(held)
}

/// Forgets every holder of slots. Only for the embedded database, whose one server has just started: what stands there is left from a crash.
/// Were it not so, two workers would race, which costs time and harms nothing.
///
/// # Errors
/// [`StoreError`].
pub async fn clear_slots(c: &impl Conn) -> Result<(), StoreError> {
    lease::Entity::delete_many().filter(lease::Column::Name.starts_with("slot:")).exec(c).await?;
    worker_node::Entity::delete_many().exec(c).await?;
    Ok(())
}

/// A worker that stops gives its slots back at once.
///
/// # Errors
/// [`StoreError`].
pub async fn leave(c: &impl Conn, owner: &str) -> Result<(), StoreError> {
    lease::Entity::delete_many().filter(lease::Column::Owner.eq(owner)).exec(c).await?;
    worker_node::Entity::delete_many().filter(worker_node::Column::Owner.eq(owner)).exec(c).await?;
    Ok(())
}

/// Where long polling of a bot goes on; 0 at first.
///
/// # Errors
/// [`StoreError`].
pub async fn poll_offset(c: &impl Conn, bot: &str) -> Result<i64, StoreError> {
    Ok(poll_offset::Entity::find_by_id(bot.to_owned()).one(c).await?.map_or(0, |r| r.next))
}

/// Remembers where long polling goes on; written in the transaction that stores the updates.
///
/// # Errors
/// [`StoreError`].
pub async fn set_poll_offset(c: &impl Conn, bot: &str, next: i64) -> Result<(), StoreError> {
    let row = poll_offset::ActiveModel { bot: Set(bot.to_owned()), next: Set(next) };
    poll_offset::Entity::insert(row)
        .on_conflict(OnConflict::column(poll_offset::Column::Bot).update_column(poll_offset::Column::Next).to_owned())
        .exec_without_returning(c)
        .await?;
    Ok(())
}
