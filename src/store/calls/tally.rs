//! How many calls ended how: counted where they are imported, told to the metrics of one serving process.

use crate::store::db::Conn;
use crate::store::entity::call_tally::{ActiveModel, Column, Entity};
use crate::store::error::StoreError;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

/// Counts calls that have ended.
///
/// # Errors
/// [`StoreError`].
pub async fn add(c: &impl Conn, outcome: &str, n: i64) -> Result<(), StoreError> {
    let row = ActiveModel { outcome: Set(outcome.to_owned()), counted: Set(n), told: Set(0) };
    let sum = Expr::col((Entity, Column::Counted)).add(Expr::col((Alias::new("excluded"), Column::Counted)));
    let conflict = OnConflict::column(Column::Outcome).value(Column::Counted, sum).to_owned();
    Entity::insert(row).on_conflict(conflict).exec_without_returning(c).await?;
    Ok(())
}

/// What has not been told yet; each count is given to one caller only.
///
/// # Errors
/// [`StoreError`].
pub async fn take(c: &impl Conn) -> Result<Vec<(String, u64)>, StoreError> {
    let mut out = Vec::new();
    for m in Entity::find().filter(Expr::col(Column::Counted).gt(Expr::col(Column::Told))).all(c).await? {
        let mine = Entity::update_many()
            .col_expr(Column::Told, Expr::value(m.counted))
            .filter(Column::Outcome.eq(m.outcome.as_str()))
            .filter(Column::Told.eq(m.told))
            .exec(c)
            .await?;
        if mine.rows_affected == 1 {
            out.push((m.outcome, m.counted.saturating_sub(m.told).unsigned_abs()));
        }
    }
    Ok(out)
}
