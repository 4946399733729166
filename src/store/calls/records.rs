//! Records and the identifiers that tie them into calls.

use super::BATCH;
use crate::domain::{CallId, Instant};
use crate::store::db::Conn;
use crate::store::entity::{call_key, call_record, call_source};
use crate::store::error::StoreError;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect,
};
use std::collections::{BTreeMap, BTreeSet};

/// A record about to be stored: its facts as JSON.
#[derive(Debug, Clone)]
pub struct NewRecord {
    /// 64 hexadecimal digits, unique.
    pub key: String,
    pub call: CallId,
    pub at: Instant,
    pub body: String,
}

/// Notes that the source is being fed. Held to the end of the transaction, so that two who feed the same source take turns: a call is computed from
/// all of its records.
///
/// # Errors
/// [`StoreError`].
pub async fn feed(c: &impl Conn, source: &str, zone: &str, profile: &str, now: Instant) -> Result<(), StoreError> {
    use call_source::{ActiveModel, Column, Entity};
    let row = ActiveModel { name: Set(source.to_owned()), zone: Set(zone.to_owned()), profile: Set(profile.to_owned()), fed_at: Set(now) };
    let conflict = OnConflict::column(Column::Name).update_columns([Column::Zone, Column::Profile, Column::FedAt]).to_owned();
    Entity::insert(row).on_conflict(conflict).exec_without_returning(c).await?;
    Ok(())
}

/// Which of these keys stand already.
///
/// # Errors
/// [`StoreError`].
pub async fn known(c: &impl Conn, keys: &[&str]) -> Result<BTreeSet<String>, StoreError> {
    use call_record::{Column, Entity};
    let mut out = BTreeSet::new();
    for part in keys.chunks(BATCH) {
        let rows: Vec<String> =
            Entity::find().select_only().column(Column::Key).filter(Column::Key.is_in(part.iter().copied())).into_tuple().all(c).await?;
        out.extend(rows);
    }
    Ok(out)
}

/// The calls that these identifiers belong to.
///
/// # Errors
/// [`StoreError`].
pub async fn holders(c: &impl Conn, source: &str, links: &[&str]) -> Result<BTreeMap<String, CallId>, StoreError> {
    use call_key::{Column, Entity};
    let mut out = BTreeMap::new();
    for part in links.chunks(BATCH) {
        let rows = Entity::find().filter(Column::Source.eq(source)).filter(Column::Link.is_in(part.iter().copied())).all(c).await?;
        out.extend(rows.into_iter().map(|r| (r.link, CallId(r.call_id))));
    }
    Ok(out)
}

/// The stored records of calls, oldest row first.
///
/// # Errors
/// [`StoreError`].
pub async fn of_calls(c: &impl Conn, calls: &[CallId]) -> Result<Vec<(CallId, String)>, StoreError> {
    use call_record::{Column, Entity};
    let mut out = Vec::new();
    for part in calls.chunks(BATCH) {
        let rows = Entity::find().filter(Column::CallId.is_in(part.iter().map(|i| i.0))).order_by(Column::Id, Order::Asc).all(c).await?;
        out.extend(rows.into_iter().map(|r| (CallId(r.call_id), r.body)));
    }
    Ok(out)
}

/// Stores new records.
///
/// # Errors
/// [`StoreError::Duplicate`] when one stands already: nothing was stored.
pub async fn insert(c: &impl Conn, source: &str, rows: Vec<NewRecord>) -> Result<(), StoreError> {
    use call_record::{ActiveModel, Entity};
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let part = rows.by_ref().take(BATCH * 4).map(|r| ActiveModel {
            id: NotSet,
            key: Set(r.key),
            source: Set(source.to_owned()),
            call_id: Set(r.call.0),
            at: Set(r.at),
            body: Set(r.body),
        });
        Entity::insert_many(part).exec_without_returning(c).await?;
    }
    Ok(())
}

/// Gives identifiers to calls, also those that belonged to another.
///
/// # Errors
/// [`StoreError`].
pub async fn hold(c: &impl Conn, source: &str, links: &[(String, CallId)]) -> Result<(), StoreError> {
    use call_key::{ActiveModel, Column, Entity};
    for part in links.chunks(BATCH * 8) {
        let rows = part.iter().map(|(link, call)| ActiveModel { source: Set(source.to_owned()), link: Set(link.clone()), call_id: Set(call.0) });
        let conflict = OnConflict::columns([Column::Source, Column::Link]).update_column(Column::CallId).to_owned();
        Entity::insert_many(rows).on_conflict(conflict).exec_without_returning(c).await?;
    }
    Ok(())
}

/// Moves everything of `from` to `to`: the two are one call.
///
/// # Errors
/// [`StoreError`].
pub async fn join(c: &impl Conn, from: CallId, to: CallId) -> Result<(), StoreError> {
    let to_value = || Expr::value(to.0);
    call_record::Entity::update_many()
        .col_expr(call_record::Column::CallId, to_value())
        .filter(call_record::Column::CallId.eq(from.0))
        .exec(c)
        .await?;
    call_key::Entity::update_many().col_expr(call_key::Column::CallId, to_value()).filter(call_key::Column::CallId.eq(from.0)).exec(c).await?;
    super::links::move_all(c, from, to).await?;
    crate::store::callbacks::move_call(c, from, to).await
}

/// What a record holds of the person at the other end.
const PERSONAL: [&str; 8] = ["src", "name", "dst", "caller", "dialled", "app_data", "to", "recording"];

fn forget(value: &mut serde_json::Value) {
    use serde_json::Value;
    match value {
        Value::Object(map) => map.iter_mut().for_each(|(k, v)| if PERSONAL.contains(&k.as_str()) { *v = Value::Null } else { forget(v) }),
        Value::Array(list) => list.iter_mut().for_each(forget),
        _ => {}
    }
}

/// Forgets the person at the other end in the records of these calls.
///
/// # Errors
/// [`StoreError`].
pub async fn erase(c: &impl Conn, calls: &[CallId]) -> Result<(), StoreError> {
    use call_record::{Column, Entity};
    for part in calls.chunks(BATCH) {
        for row in Entity::find().filter(Column::CallId.is_in(part.iter().map(|i| i.0))).all(c).await? {
            let mut body: serde_json::Value = serde_json::from_str(&row.body).map_err(|e| StoreError::corrupt("call_record.body", e))?;
            forget(&mut body);
            Entity::update_many().col_expr(Column::Body, Expr::value(body.to_string())).filter(Column::Id.eq(row.id)).exec(c).await?;
        }
    }
    Ok(())
}
