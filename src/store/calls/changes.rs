//! Days of which calls changed, written in the transaction of the change: so figures that were added up are never shown for what is no longer so.

use super::BATCH;
use crate::domain::calendar::day_of;
use crate::domain::{CallId, Instant};
use crate::store::db::Conn;
use crate::store::entity::call;
use crate::store::entity::report_call_change::{ActiveModel, Entity};
use crate::store::error::StoreError;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, QueryFilter, QuerySelect,
};
use std::collections::BTreeSet;

/// Notes the days of these moments.
pub(super) async fn note(c: &impl Conn, moments: impl IntoIterator<Item = Instant>) -> Result<(), StoreError> {
    let days: BTreeSet<i64> = moments.into_iter().map(|at| day_of(at).number()).collect();
    let days: Vec<i32> = days.into_iter().filter_map(|d| i32::try_from(d).ok()).collect();
    for part in days.chunks(BATCH) {
        Entity::insert_many(part.iter().map(|day| ActiveModel { id: NotSet, day: Set(*day) })).exec_without_returning(c).await?;
    }
    Ok(())
}

/// When these calls began, as they stand.
pub(super) async fn begun(c: &impl Conn, calls: &[CallId]) -> Result<Vec<Instant>, StoreError> {
    let mut out = Vec::new();
    for part in calls.chunks(BATCH) {
        let q = call::Entity::find().select_only().column(call::Column::StartedAt).filter(call::Column::Id.is_in(part.iter().map(|i| i.0)));
        out.extend(q.into_tuple::<Instant>().all(c).await?);
    }
    Ok(out)
}

/// Notes the days on which these calls began.
pub(super) async fn of_calls(c: &impl Conn, calls: &[CallId]) -> Result<(), StoreError> {
    let moments = begun(c, calls).await?;
    note(c, moments).await
}
