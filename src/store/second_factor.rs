//! Second factors of staff: secrets, sealed by their owner's use case, and recovery codes by their hashes.

use super::db::Conn;
use super::entity::recovery_code::{ActiveModel as Code, Column as R, Entity as Codes};
use super::entity::staff::{Column, Entity};
use super::error::StoreError;
use crate::domain::{Instant, StaffId};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter};

/// What is kept of a person's second factor.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// Sealed.
    pub secret: Option<String>,
    /// Sealed, not confirmed yet.
    pub pending: Option<String>,
    pub since: Option<Instant>,
}

/// # Errors
/// [`StoreError`].
pub async fn load(c: &impl Conn, staff: StaffId) -> Result<Kept, StoreError> {
    let row = Entity::find_by_id(staff.0).one(c).await?;
    Ok(row.map_or_else(Kept::default, |m| Kept { secret: m.totp_secret, pending: m.totp_pending, since: m.totp_since }))
}

/// Keeps a sealed secret that is not confirmed yet, unless one is being confirmed already. True when it was kept.
///
/// # Errors
/// [`StoreError`].
pub async fn propose(c: &impl Conn, staff: StaffId, sealed: &str) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::TotpPending, Expr::value(sealed))
        .filter(Column::Id.eq(staff.0))
        .filter(Column::TotpPending.is_null())
        .exec(c)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Makes the secret that waits the one in force; `step` is that of the code which proved it. False when another was faster.
///
/// # Errors
/// [`StoreError`].
pub async fn confirm(c: &impl Conn, staff: StaffId, sealed: &str, step: i64, wall: Instant) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::TotpSecret, Expr::value(sealed))
        .col_expr(Column::TotpPending, Expr::value(Option::<String>::None))
        .col_expr(Column::TotpStep, Expr::value(step))
        .col_expr(Column::TotpSince, Expr::value(wall))
        .filter(Column::Id.eq(staff.0))
        .filter(Column::TotpPending.eq(sealed))
        .exec(c)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Takes the code of a step. False when that step or a later one was taken before: one code opens one door once.
///
/// # Errors
/// [`StoreError`].
pub async fn take(c: &impl Conn, staff: StaffId, step: i64) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::TotpStep, Expr::value(step))
        .filter(Column::Id.eq(staff.0))
        .filter(Condition::any().add(Column::TotpStep.is_null()).add(Column::TotpStep.lt(step)))
        .exec(c)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Takes the second factor and its codes away.
///
/// # Errors
/// [`StoreError`].
pub async fn remove(c: &impl Conn, staff: StaffId) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::TotpSecret, Expr::value(Option::<String>::None))
        .col_expr(Column::TotpPending, Expr::value(Option::<String>::None))
        .col_expr(Column::TotpStep, Expr::value(Option::<i64>::None))
        .col_expr(Column::TotpSince, Expr::value(Option::<Instant>::None))
        .filter(Column::Id.eq(staff.0))
        .exec(c)
        .await?;
    Codes::delete_many().filter(R::StaffId.eq(staff.0)).exec(c).await?;
    Ok(())
}

/// Replaces a person's recovery codes.
///
/// # Errors
/// [`StoreError`].
pub async fn replace_codes(c: &impl Conn, staff: StaffId, hashes: &[String]) -> Result<(), StoreError> {
    Codes::delete_many().filter(R::StaffId.eq(staff.0)).exec(c).await?;
    let rows = hashes.iter().map(|hash| Code { hash: Set(hash.clone()), staff_id: Set(staff.0), used_at: Set(None) });
    Codes::insert_many(rows).exec_without_returning(c).await?;
    Ok(())
}

/// Spends a recovery code. False when it is none or was spent.
///
/// # Errors
/// [`StoreError`].
pub async fn spend_code(c: &impl Conn, staff: StaffId, hash: &str, wall: Instant) -> Result<bool, StoreError> {
    let done = Codes::update_many()
        .col_expr(R::UsedAt, Expr::value(wall))
        .filter(R::Hash.eq(hash))
        .filter(R::StaffId.eq(staff.0))
        .filter(R::UsedAt.is_null())
        .exec(c)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Recovery codes that were not spent.
///
/// # Errors
/// [`StoreError`].
pub async fn codes_left(c: &impl Conn, staff: StaffId) -> Result<u64, StoreError> {
    Ok(Codes::find().filter(R::StaffId.eq(staff.0)).filter(R::UsedAt.is_null()).count(c).await?)
}
