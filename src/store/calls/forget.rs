//! Forgetting who was at the other end of a call.
//!
//! What stays is how many days lay between it and the calls of the same caller just before and after: nobody is known by that, and whether somebody called
//! again is still counted as it was when days are added up anew.

use super::BATCH;
use crate::domain::call::Direction;
use crate::domain::phone::Phone;
use crate::domain::{CallId, Instant};
use crate::store::db::Conn;
use crate::store::entity::call::{Column, Entity};
use crate::store::error::StoreError;
use chrono::Duration;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, Order, QueryFilter, QueryOrder, QuerySelect};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Nobody asks who called again after more days.
const FARTHEST: i16 = 366;
/// `before_days` of a caller who is not known to have called before.
const FIRST: i16 = -1;

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    phone: String,
    started_at: Instant,
    before_days: Option<i16>,
    after_days: Option<i16>,
}

/// Whole days between two moments, rounded up: at most `n` exactly when they lie no more than `n` times 24 hours apart.
fn days(from: Instant, to: Instant) -> i16 {
    let us = (to - from).num_microseconds().unwrap_or(i64::MAX).max(0);
    i16::try_from(us.div_euclid(DAY_US) + i64::from(us.rem_euclid(DAY_US) > 0)).unwrap_or(i16::MAX)
}

const DAY_US: i64 = 86_400_000_000;

/// The smaller of what stands and what was found.
fn nearer(stands: Option<i16>, found: Option<i16>) -> Option<i16> {
    stands.filter(|d| *d >= 0).into_iter().chain(found).min()
}

/// Calls by what is to be written of them.
#[derive(Default)]
struct Gaps {
    before: BTreeMap<i16, Vec<Uuid>>,
    after: BTreeMap<i16, Vec<Uuid>>,
}

impl Gaps {
    /// Of one caller's calls in their order, of which those in `gone` are forgotten at `now`.
    fn take(&mut self, calls: &[Row], gone: &BTreeSet<Uuid>, now: Instant) {
        let mut last: Option<&Row> = None;
        for (n, call) in calls.iter().enumerate() {
            let (prior, next) = (last.replace(call), calls.get(n + 1));
            let gap = |a: Option<&Row>, b: Option<&Row>| a.zip(b).map(|(a, b)| days(a.started_at, b.started_at));
            let goes = |r: Option<&Row>| r.is_some_and(|r| gone.contains(&r.id));
            let (before, after) = (gap(prior, Some(call)), gap(Some(call), next));
            if gone.contains(&call.id) {
                self.before.entry(nearer(call.before_days, before).unwrap_or(FIRST)).or_default().push(call.id);
                // Silent up to now, and nobody can tell any more.
                let silent = || -days(call.started_at, now).min(FARTHEST + 1);
                let after = nearer(call.after_days, after).or_else(|| Some(silent()).filter(|d| *d < 0));
                after.into_iter().for_each(|d| self.after.entry(d).or_default().push(call.id));
                continue;
            }
            if let Some(d) = before.filter(|_| goes(prior)) {
                self.before.entry(nearer(call.before_days, Some(d)).unwrap_or(d)).or_default().push(call.id);
            }
            if let Some(d) = after.filter(|_| goes(next)) {
                self.after.entry(nearer(call.after_days, Some(d)).unwrap_or(d)).or_default().push(call.id);
            }
        }
    }

    async fn write(self, c: &impl Conn) -> Result<(), StoreError> {
        for (column, groups) in [(Column::BeforeDays, self.before), (Column::AfterDays, self.after)] {
            for (days, ids) in groups {
                for part in ids.chunks(BATCH) {
                    Entity::update_many().col_expr(column, Expr::value(days)).filter(Column::Id.is_in(part.iter().copied())).exec(c).await?;
                }
            }
        }
        Ok(())
    }
}

/// How far these calls lie from the others of the same callers.
async fn gaps(c: &impl Conn, ids: &[CallId], now: Instant) -> Result<Gaps, StoreError> {
    let inbound = || Column::Direction.eq(Direction::Inbound.as_str());
    let mine: Vec<(String, Instant)> = Entity::find()
        .select_only()
        .columns([Column::Phone, Column::StartedAt])
        .filter(Column::Id.is_in(ids.iter().map(|i| i.0)))
        .filter(inbound())
        .filter(Column::Phone.is_not_null())
        .into_tuple()
        .all(c)
        .await?;
    let mut out = Gaps::default();
    let (Some(from), Some(to)) = (mine.iter().map(|m| m.1).min(), mine.iter().map(|m| m.1).max()) else { return Ok(out) };
    let around = Duration::days(i64::from(FARTHEST) + 1);
    let phones: BTreeSet<&str> = mine.iter().map(|m| m.0.as_str()).collect();
    let rows: Vec<Row> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::Phone, Column::StartedAt, Column::BeforeDays, Column::AfterDays])
        .filter(Column::Phone.is_in(phones))
        .filter(inbound())
        .filter(Column::StartedAt.gte(from.checked_sub_signed(around)))
        .filter(Column::StartedAt.lte(to.checked_add_signed(around)))
        .order_by(Column::Phone, Order::Asc)
        .order_by(Column::StartedAt, Order::Asc)
        .order_by(Column::Id, Order::Asc)
        .into_model()
        .all(c)
        .await?;
    let gone: BTreeSet<Uuid> = ids.iter().map(|i| i.0).collect();
    rows.chunk_by(|a, b| a.phone == b.phone).for_each(|calls| out.take(calls, &gone, now));
    Ok(out)
}

/// Forgets who was at the other end of every call with this number. Gives these calls.
///
/// # Errors
/// [`StoreError`].
pub async fn erase(c: &impl Conn, phone: &Phone, now: Instant) -> Result<Vec<CallId>, StoreError> {
    let ids: Vec<Uuid> = Entity::find().select_only().column(Column::Id).filter(Column::Phone.eq(phone.e164())).into_tuple().all(c).await?;
    let ids: Vec<CallId> = ids.into_iter().map(CallId).collect();
    forget(c, &ids, now).await?;
    Ok(ids)
}

/// The same of single calls.
///
/// # Errors
/// [`StoreError`].
pub async fn forget(c: &impl Conn, ids: &[CallId], now: Instant) -> Result<(), StoreError> {
    for part in ids.chunks(BATCH) {
        gaps(c, part, now).await?.write(c).await?;
        Entity::update_many()
            .col_expr(Column::Caller, Expr::value(Option::<String>::None))
            .col_expr(Column::CallerKind, Expr::value("anonymous"))
            .col_expr(Column::CallerName, Expr::value(Option::<String>::None))
            .col_expr(Column::Phone, Expr::value(Option::<String>::None))
            .col_expr(Column::Dialled, Expr::value(Option::<String>::None))
            .filter(Column::Id.is_in(part.iter().map(|i| i.0)))
            .exec(c)
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn days_are_rounded_up() {
        let from = at("2026-11-01T10:00:00Z");
        for (to, want) in
            [("2026-11-01T10:00:00Z", 0), ("2026-11-01T10:00:00.000001Z", 1), ("2026-11-08T10:00:00Z", 7), ("2026-11-08T10:00:00.000001Z", 8)]
        {
            assert_eq!(days(from, at(to)), want, "{to}");
        }
        assert_eq!(days(from, at("2026-10-01T10:00:00Z")), 0);
        assert_eq!(days(at("1900-01-01T00:00:00Z"), from), i16::MAX);
    }

    #[test]
    fn those_who_stay_keep_what_they_knew_of_those_who_go() {
        let row = |n: u128, text: &str, before, after| Row {
            id: Uuid::from_u128(n),
            phone: "p".into(),
            started_at: at(text),
            before_days: before,
            after_days: after,
        };
        let calls = [
            row(1, "2026-01-01T00:00:00Z", None, None),
            row(2, "2026-01-03T12:00:00Z", None, None),
            row(3, "2026-01-10T00:00:00Z", Some(1), None),
            row(4, "2026-03-01T00:00:00Z", None, None),
        ];
        let id = |n: u128| Uuid::from_u128(n);
        let mut gaps = Gaps::default();
        gaps.take(&calls, &[id(2), id(4)].into(), at("2026-03-06T00:00:00Z"));
        // The second lay 2.5 days after the first and 6.5 before the third; the third knew of somebody nearer already; the fourth was silent for five days.
        assert_eq!(gaps.before, BTreeMap::from([(1, vec![id(3)]), (3, vec![id(2)]), (50, vec![id(4)])]));
        assert_eq!(gaps.after, BTreeMap::from([(-5, vec![id(4)]), (3, vec![id(1)]), (7, vec![id(2)]), (50, vec![id(3)])]));
    }
}
