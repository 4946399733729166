//! People to be told of alarms: one row for a person, a way and a step. Rows of one chat that wait together become one message.

use super::bulk::{Bulk, Conflict};
use super::db::Conn;
use super::entity::notice::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use crate::domain::sla::Way;
use crate::domain::{Instant, Lang, RequestId, StaffId, TimerId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect,
};

pub use super::entity::notice::Model as NoticeRow;

/// Where a notice stands.
pub mod state {
    /// Waits to be put into a message.
    pub const WAITING: &str = "waiting";
    /// An outbox row carries it.
    pub const TOLD: &str = "told";
    /// On the screen, not yet seen.
    pub const SHOWN: &str = "shown";
    pub const SEEN: &str = "seen";
    /// No longer true before it was seen.
    pub const DROPPED: &str = "dropped";
}

/// A notice to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNotice {
    /// Unset for an address of the configuration.
    pub staff: Option<StaffId>,
    pub way: Way,
    /// Channel, account and chat; empty for the screen.
    pub to: (String, String, String),
    pub lang: Lang,
    pub request: RequestId,
    pub timer: TimerId,
    /// -1: the clock ran out, whatever its ladder says.
    pub rung: i32,
    pub send_at: Instant,
    pub at: Instant,
}

/// Writes notices; one that stands already stays as it is.
///
/// # Errors
/// [`StoreError`] when a value cannot be written.
pub fn insert(bulk: &mut Bulk, rows: &[NewNotice]) -> Result<(), StoreError> {
    let models = rows.iter().map(|n| {
        let (channel, account, chat) = &n.to;
        let whom = n.staff.map_or_else(|| chat.clone(), |s| s.to_string());
        ActiveModel {
            id: NotSet,
            dedupe: Set(format!("{}:{}:{}:{whom}:{channel}:{account}:{chat}", n.timer, n.rung, n.way)),
            staff_id: Set(n.staff.map(|s| s.0)),
            way: Set(n.way.as_str().to_owned()),
            channel: Set(channel.clone()),
            account: Set(account.clone()),
            chat: Set(chat.clone()),
            lang: Set(n.lang.as_str().to_owned()),
            request_id: Set(n.request.0),
            timer_id: Set(n.timer.0),
            rung: Set(n.rung),
            state: Set(if n.way == Way::Screen { state::SHOWN } else { state::WAITING }.to_owned()),
            send_at: Set(n.send_at),
            created_at: Set(n.at),
            ended_at: Set(None),
        }
    });
    bulk.add(models.collect(), &Conflict::Keep(vec![Column::Dedupe]))
}

/// Notices that wait and may go now, oldest first.
///
/// # Errors
/// [`StoreError`].
pub async fn due(c: &impl Conn, now: Instant, limit: u64) -> Result<Vec<Model>, StoreError> {
    let q = Entity::find().filter(Column::State.eq(state::WAITING)).filter(Column::SendAt.lte(now));
    Ok(q.order_by(Column::SendAt, Order::Asc).order_by(Column::Id, Order::Asc).limit(limit).all(c).await?)
}

/// When a chat was last told something.
///
/// # Errors
/// [`StoreError`].
pub async fn last_told(c: &impl Conn, to: (&str, &str, &str)) -> Result<Option<Instant>, StoreError> {
    let q = Entity::find()
        .select_only()
        .column(Column::EndedAt)
        .filter(Column::Channel.eq(to.0))
        .filter(Column::Account.eq(to.1))
        .filter(Column::Chat.eq(to.2))
        .filter(Column::EndedAt.is_not_null());
    Ok(q.order_by(Column::EndedAt, Order::Desc).limit(1).into_tuple().one(c).await?)
}

/// Lets notices wait longer.
///
/// # Errors
/// [`StoreError`].
pub async fn postpone(c: &impl Conn, ids: &[i64], until: Instant) -> Result<(), StoreError> {
    Entity::update_many().col_expr(Column::SendAt, Expr::value(until)).filter(Column::Id.is_in(ids.iter().copied())).exec(c).await?;
    Ok(())
}

/// Moves notices from one state to another. Gives how many were in it: fewer than asked means that another was faster.
///
/// # Errors
/// [`StoreError`].
pub async fn end(c: &impl Conn, ids: &[i64], from: &str, to: &str, at: Instant) -> Result<u64, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::State, Expr::value(to))
        .col_expr(Column::EndedAt, Expr::value(at))
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(Column::State.eq(from))
        .exec(c)
        .await?;
    Ok(done.rows_affected)
}

/// What stands on a person's screen, newest first.
///
/// # Errors
/// [`StoreError`].
pub async fn on_screen(c: &impl Conn, staff: StaffId, limit: u64) -> Result<Vec<Model>, StoreError> {
    let q = Entity::find().filter(Column::StaffId.eq(staff.0)).filter(Column::State.eq(state::SHOWN));
    Ok(q.order_by(Column::Id, Order::Desc).limit(limit).all(c).await?)
}

/// Takes one notice off its owner's screen. False when it does not stand there.
///
/// # Errors
/// [`StoreError`].
pub async fn see(c: &impl Conn, id: i64, staff: StaffId, at: Instant) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::State, Expr::value(state::SEEN))
        .col_expr(Column::EndedAt, Expr::value(at))
        .filter(Column::Id.eq(id))
        .filter(Column::StaffId.eq(staff.0))
        .filter(Column::State.eq(state::SHOWN))
        .exec(c)
        .await?;
    Ok(done.rows_affected == 1)
}
