//! Outgoing messages: written with the state they tell of, claimed by lease, never shown sent when they were not.

use super::bulk::{Bulk, Conflict};
use super::conversations::Conversation;
use super::db::Conn;
use super::entity::outbox::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use crate::domain::delivery::stage;
use crate::domain::inbound::{ChannelKind, Failure};
use crate::domain::outgoing::{Body, Condition as Truth, Outgoing, Params};
use crate::domain::{Instant, RequestId};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, LockBehavior, LockType, Query, SelectStatement};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, EntityTrait, FromQueryResult, Order, QueryFilter, QueryOrder, QuerySelect,
};
use std::collections::BTreeSet;

pub use super::entity::outbox::Model as OutboxRow;

/// Where a message stands.
pub mod status {
    /// Waits for its turn.
    pub const PENDING: &str = "pending";
    /// In a sender's hands until its lease ends.
    pub const SENDING: &str = "sending";
    pub const SENT: &str = "sent";
    /// Given up: shown to an administrator, can be sent again.
    pub const DEAD: &str = "dead";
    /// No longer true when its turn came.
    pub const EXPIRED: &str = "expired";
    /// Waits for the resident to come back.
    pub const PARKED: &str = "parked";
    /// Did not pass here; another message stands in for it.
    pub const MOVED: &str = "moved";
}

/// The template whose parameters and text are secret: a one-time code is forgotten here as soon as it has left.
pub const SECRET_TEMPLATE: &str = "otp.code";

/// What a column becomes when a message has come to its end: nothing where it was secret.
fn unless_secret(blank: Expr, kept: Expr) -> Expr {
    Expr::case(Expr::col(Column::Template).eq(SECRET_TEMPLATE), blank).finally(kept).into()
}

/// Stores outgoing messages; one whose dedupe key stands already is not written again.
///
/// # Errors
/// [`StoreError`] when a value cannot be written.
pub fn insert(bulk: &mut Bulk, rows: &[Outgoing], now: Instant, wall: Instant) -> Result<(), StoreError> {
    let models = rows.iter().map(|o| row(o, now, wall)).collect::<Result<Vec<_>, _>>()?;
    bulk.add(models, &Conflict::Keep(vec![Column::Dedupe]))
}

/// A message as a row. What is learnt only later is left to the table's defaults.
pub(super) fn row(o: &Outgoing, now: Instant, wall: Instant) -> Result<ActiveModel, StoreError> {
    let (template, params, message) = match &o.body {
        Body::Template { key, params } => (Some(key.clone()), to_json("outbox.params", params)?, None),
        Body::Words { id, head: None } => (None, "{}".to_owned(), Some(id.0)),
        Body::Words { id, head: Some((key, params)) } => (Some(key.clone()), to_json("outbox.params", params)?, Some(id.0)),
    };
    Ok(ActiveModel {
        id: NotSet,
        channel: Set(o.channel.as_str().to_owned()),
        account: Set(o.account.clone()),
        chat: Set(o.chat.clone()),
        lang: Set(o.lang.as_str().to_owned()),
        rank: Set(o.rank.order()),
        conversation_id: Set(o.conversation.map(|v| v.0)),
        request_id: Set(o.request.map(|r| r.0)),
        template: Set(template),
        params: Set(params),
        message_id: Set(message),
        keyboard: Set(to_json("outbox.keyboard", &o.keyboard)?),
        condition: Set(to_json("outbox.condition", &o.condition)?),
        status: Set(status::PENDING.to_owned()),
        attempts: Set(0),
        next_attempt_at: Set(wall),
        lease_owner: Set(None),
        lease_until: Set(None),
        dedupe: Set(o.dedupe.clone()),
        created_at: Set(now),
        sent_at: Set(None),
        provider_id: Set(None),
        sent_text: Set(None),
        error: Set(None),
        ..Default::default()
    })
}

fn to_json(column: &'static str, value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::corrupt(column, e))
}

/// The condition under which a row is still true.
///
/// # Errors
/// [`StoreError::Corrupt`].
pub fn condition(row: &Model) -> Result<Truth, StoreError> {
    serde_json::from_str(&row.condition).map_err(|e| StoreError::corrupt("outbox.condition", e))
}

/// Written out, not as a parameter: the indexes of what waits and of what ended badly hold only such rows, and are taken only when the plan knows it.
fn is(state: &str) -> Expr {
    Expr::col((Entity, Column::Status)).eq(Expr::Constant(state.into()))
}

fn unsent() -> Expr {
    Expr::col((Entity, Column::Status)).is_in([status::PENDING, status::SENDING].map(|s| Expr::Constant(s.into())))
}

/// What may be tried now. The time stands first and alone, so that the index passes over whatever rests; a row in somebody's hands rests until its
/// lease has ended.
fn claimable(wall: Instant) -> Condition {
    let free = Condition::any().add(Column::Status.eq(status::PENDING)).add(Column::LeaseUntil.lt(wall));
    Condition::all().add(unsent()).add(Column::NextAttemptAt.lte(wall)).add(free)
}

/// Rows of the same chat that go before the row that the caller's query looks at.
fn going_before() -> SelectStatement {
    let older = Alias::new("older");
    let o = |col: Column| Expr::col((older.clone(), col));
    let ours = |col: Column| Expr::col((Entity, col));
    Query::select()
        .expr(Expr::value(1))
        .from_as(Entity, older.clone())
        .and_where(o(Column::Channel).eq(ours(Column::Channel)))
        .and_where(o(Column::Account).eq(ours(Column::Account)))
        .and_where(o(Column::Chat).eq(ours(Column::Chat)))
        .and_where(o(Column::Status).is_in([status::PENDING, status::SENDING]))
        .cond_where(
            Condition::any()
                .add(o(Column::Rank).lt(ours(Column::Rank)))
                .add(Condition::all().add(o(Column::Rank).eq(ours(Column::Rank))).add(o(Column::Id).lt(ours(Column::Id)))),
        )
        .to_owned()
}

/// The first unsent row of each chat, if it is due: safety first, then the oldest. Wires in `except` (channel, account) are passed over, so that what
/// waits for a wire that rests does not hide the others. A hint only: [`claim`] decides.
///
/// # Errors
/// [`StoreError`].
pub async fn candidates(c: &impl Conn, wall: Instant, channels: &[&str], except: &[(String, String)], limit: u64) -> Result<Vec<Model>, StoreError> {
    let mut q = Entity::find()
        .filter(unsent())
        .filter(claimable(wall))
        .filter(Column::Channel.is_in(channels.iter().copied()))
        .filter(Expr::exists(going_before()).not());
    for (channel, account) in except {
        q = q.filter(Condition::any().add(Column::Channel.ne(channel.as_str())).add(Column::Account.ne(account.as_str())));
    }
    Ok(q.order_by(Column::Rank, Order::Asc).order_by(Column::Id, Order::Asc).limit(limit).all(c).await?)
}

/// Takes rows into our hands until `until`: those that are still due and that no other unsent row of their chat goes before. Returns their ids.
///
/// On PostgreSQL rows that another sender is taking at this moment are passed over; on SQLite there is one writer, and the locking words, which it does
/// not know, are left out by the query builder.
///
/// # Errors
/// [`StoreError`].
pub async fn claim(c: &impl Conn, rows: &[Model], owner: &str, wall: Instant, until: Instant) -> Result<BTreeSet<i64>, StoreError> {
    let wanted = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(Column::Id.is_in(rows.iter().map(|r| r.id)))
        .order_by(Column::Id, Order::Asc)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .to_owned();
    let taken = Entity::update_many()
        .col_expr(Column::Status, Expr::value(status::SENDING))
        .col_expr(Column::LeaseOwner, Expr::value(owner))
        .col_expr(Column::LeaseUntil, Expr::value(until))
        .col_expr(Column::NextAttemptAt, Expr::value(until))
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .filter(Column::Id.in_subquery(wanted))
        .filter(claimable(wall))
        .filter(Expr::exists(going_before()).not())
        .exec_with_returning(c)
        .await?;
    Ok(taken.into_iter().map(|r| r.id).collect())
}

/// How the sending of a claimed row ended.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Accepted by the provider. The text as sent is kept for the thread, and the approved template as which it went out.
    Sent {
        provider_id: String,
        text: String,
        at: Instant,
        approved: Option<String>,
    },
    /// Try again at this wall time. What was not the message's own failure does not count against it.
    Retry {
        at: Instant,
        error: String,
        reason: Failure,
        counts: bool,
    },
    Dead {
        error: String,
        reason: Failure,
    },
    Expired,
    /// Waits until the resident writes again.
    Parked {
        error: String,
        reason: Failure,
    },
    /// Another message stands in for it.
    Moved {
        error: String,
        reason: Failure,
    },
}

/// Writes how it ended. False when the row is no longer in our hands: another sender has taken over, or a receipt has said how it ended.
///
/// # Errors
/// [`StoreError`].
pub async fn finish(c: &impl Conn, id: i64, owner: &str, outcome: Outcome) -> Result<bool, StoreError> {
    let mut q = Entity::update_many()
        .col_expr(Column::LeaseOwner, Expr::value(Option::<String>::None))
        .col_expr(Column::LeaseUntil, Expr::value(Option::<Instant>::None))
        .filter(Column::Id.eq(id))
        .filter(Column::LeaseOwner.eq(owner));
    // A receipt may be here sooner than the answer to the send; the words as sent are still missing then.
    let ours = if matches!(outcome, Outcome::Sent { .. }) { vec![status::SENDING, status::SENT] } else { vec![status::SENDING] };
    q = q.filter(Column::Status.is_in(ours));
    let why = |q: sea_orm::UpdateMany<Entity>, state: &str, error: String, reason: Failure| {
        q.col_expr(Column::Status, Expr::value(state))
            .col_expr(Column::Error, Expr::value(error))
            .col_expr(Column::Reason, Expr::value(reason.as_str()))
    };
    if matches!(outcome, Outcome::Sent { .. } | Outcome::Dead { .. } | Outcome::Expired) {
        q = q.col_expr(Column::Params, unless_secret(Expr::value("{}"), Expr::col(Column::Params)));
    }
    q = match outcome {
        Outcome::Sent { provider_id, text, at, approved } => q
            .col_expr(Column::Status, Expr::value(status::SENT))
            .col_expr(Column::ProviderId, Expr::value(provider_id))
            .col_expr(Column::SentText, unless_secret(Expr::value(Option::<String>::None), Expr::value(text)))
            .col_expr(Column::SentAt, Expr::value(at))
            .col_expr(Column::Approved, Expr::value(approved))
            .col_expr(Column::Reason, Expr::value(Option::<String>::None))
            .col_expr(Column::Error, Expr::value(Option::<String>::None)),
        Outcome::Retry { at, error, reason, counts } => {
            let q = why(q, status::PENDING, error, reason).col_expr(Column::NextAttemptAt, Expr::value(at));
            if counts { q } else { q.col_expr(Column::Attempts, Expr::col(Column::Attempts).sub(1)) }
        }
        Outcome::Dead { error, reason } => why(q, status::DEAD, error, reason),
        Outcome::Expired => q.col_expr(Column::Status, Expr::value(status::EXPIRED)),
        Outcome::Parked { error, reason } => why(q, status::PARKED, error, reason),
        Outcome::Moved { error, reason } => why(q, status::MOVED, error, reason),
    };
    Ok(q.exec(c).await?.rows_affected == 1)
}

/// Puts a dead row back into the queue. False when it is not dead.
///
/// # Errors
/// [`StoreError`].
pub async fn resend(c: &impl Conn, id: i64, wall: Instant) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::Status, Expr::value(status::PENDING))
        .col_expr(Column::Attempts, Expr::value(0))
        .col_expr(Column::NextAttemptAt, Expr::value(wall))
        .col_expr(Column::Stage, Expr::value(stage::NONE))
        .col_expr(Column::Reason, Expr::value(Option::<String>::None))
        .filter(Column::Id.eq(id))
        .filter(Column::Status.eq(status::DEAD))
        .exec(c)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Messages held for a chat go out when the resident is back.
///
/// # Errors
/// [`StoreError`].
pub async fn unpark(c: &impl Conn, channel: &str, account: &str, chat: &str, wall: Instant) -> Result<u64, StoreError> {
    Ok(Entity::update_many()
        .col_expr(Column::Status, Expr::value(status::PENDING))
        .col_expr(Column::NextAttemptAt, Expr::value(wall))
        .col_expr(Column::Attempts, Expr::value(0))
        .col_expr(Column::Stage, Expr::value(stage::NONE))
        .col_expr(Column::Reason, Expr::value(Option::<String>::None))
        .filter(Column::Channel.eq(channel))
        .filter(Column::Account.eq(account))
        .filter(Column::Chat.eq(chat))
        .filter(Column::Status.eq(status::PARKED))
        .exec(c)
        .await?
        .rows_affected)
}

/// Rows of one status, newest first.
///
/// # Errors
/// [`StoreError`].
pub async fn list(c: &impl Conn, state: &str, before: Option<i64>, limit: u64) -> Result<Vec<Model>, StoreError> {
    let mut q = Entity::find().filter(is(state));
    if let Some(id) = before {
        q = q.filter(Column::Id.lt(id));
    }
    Ok(q.order_by(Column::Id, Order::Desc).limit(limit).all(c).await?)
}

/// What was sent, or waits to be, about a request, oldest first.
///
/// # Errors
/// [`StoreError`].
pub async fn of_request(c: &impl Conn, id: RequestId) -> Result<Vec<Model>, StoreError> {
    Ok(Entity::find().filter(Column::RequestId.eq(id.0)).order_by(Column::Id, Order::Asc).all(c).await?)
}

/// Unsent rows by channel: how many, and when the oldest was made. At most [`COUNTED`] rows are looked at, those that go first.
///
/// # Errors
/// [`StoreError`].
pub async fn backlog(c: &impl Conn) -> Result<Vec<(String, i64, Instant)>, StoreError> {
    let first = Query::select()
        .columns([Column::Channel, Column::CreatedAt])
        .from(Entity)
        .and_where(unsent())
        .order_by(Column::Rank, Order::Asc)
        .order_by(Column::Id, Order::Asc)
        .limit(COUNTED)
        .to_owned();
    let q = Query::select()
        .column(Column::Channel)
        .expr_as(Expr::val(1).count(), "n")
        .expr_as(Expr::col(Column::CreatedAt).min(), "oldest")
        .from_subquery(first, "unsent")
        .group_by_col(Column::Channel)
        .to_owned();
    let rows = Backlog::find_by_statement(c.get_database_backend().build(&q)).all(c).await?;
    Ok(rows.into_iter().map(|r| (r.channel, r.n, r.oldest)).collect())
}

/// More unsent rows than this are told as so many: whoever reads the figure is alarmed by then.
pub const COUNTED: u64 = 50_000;

#[derive(FromQueryResult)]
struct Backlog {
    channel: String,
    n: i64,
    oldest: Instant,
}

/// Blanks texts and parameters of what was sent into a conversation. What still waits expires; a sender who has it in hand finds it taken away, so
/// that its words are not written back.
///
/// # Errors
/// [`StoreError`].
pub async fn erase(c: &impl Conn, talk: &Conversation) -> Result<(), StoreError> {
    // Found by the chat, which has an index.
    let theirs = Condition::all()
        .add(Column::Channel.eq(talk.channel.as_str()))
        .add(Column::Account.eq(talk.account.as_str()))
        .add(Column::Chat.eq(talk.chat.as_str()))
        .add(Column::ConversationId.eq(talk.id.0));
    Entity::update_many()
        .col_expr(Column::Status, Expr::value(status::EXPIRED))
        .col_expr(Column::LeaseOwner, Expr::value(Option::<String>::None))
        .col_expr(Column::LeaseUntil, Expr::value(Option::<Instant>::None))
        .filter(theirs.clone())
        .filter(Column::Status.is_in([status::PENDING, status::SENDING, status::PARKED]))
        .exec(c)
        .await?;
    Entity::update_many()
        .col_expr(Column::SentText, Expr::value(Option::<String>::None))
        .col_expr(Column::Params, Expr::value("{}"))
        .filter(theirs)
        .exec(c)
        .await?;
    Ok(())
}

/// Takes the place out of what others were told of a request: crews' jobs name the address. What still waits goes out without it.
///
/// # Errors
/// [`StoreError`].
pub async fn erase_request(c: &impl Conn, request: RequestId) -> Result<(), StoreError> {
    for row in of_request(c, request).await? {
        let mut params: Params = serde_json::from_str(&row.params).map_err(|e| StoreError::corrupt("outbox.params", e))?;
        if params.contains_key("place") {
            params.insert("place".into(), "@unknown.place".into());
        }
        let mut q = Entity::update_many()
            .col_expr(Column::SentText, Expr::value(Option::<String>::None))
            .col_expr(Column::Params, Expr::value(to_json("outbox.params", &params)?))
            .filter(Column::Id.eq(row.id));
        if row.conversation_id.is_none() && row.channel == ChannelKind::Sms.as_str() {
            // A short notice to whoever told of it: the number goes too, and what waits is not sent.
            q = q.col_expr(Column::Chat, Expr::value("erased"));
            if matches!(row.status.as_str(), status::PENDING | status::SENDING | status::PARKED) {
                q = q
                    .col_expr(Column::Status, Expr::value(status::EXPIRED))
                    .col_expr(Column::LeaseOwner, Expr::value(Option::<String>::None))
                    .col_expr(Column::LeaseUntil, Expr::value(Option::<Instant>::None));
            }
        } else if row.status == status::SENDING {
            // Taken out of the sender's hands, who would write the words back.
            q = q
                .col_expr(Column::Status, Expr::value(status::PENDING))
                .col_expr(Column::NextAttemptAt, Expr::col(Column::CreatedAt))
                .col_expr(Column::LeaseOwner, Expr::value(Option::<String>::None))
                .col_expr(Column::LeaseUntil, Expr::value(Option::<Instant>::None));
        }
        q.exec(c).await?;
    }
    Ok(())
}

/// What was sent into a conversation went into a chat of this name.
///
/// # Errors
/// [`StoreError`].
pub async fn rename_chat(c: &impl Conn, talk: &Conversation, name: &str) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::Chat, Expr::value(name))
        .filter(Column::Channel.eq(talk.channel.as_str()))
        .filter(Column::Account.eq(talk.account.as_str()))
        .filter(Column::Chat.eq(talk.chat.as_str()))
        .filter(Column::ConversationId.eq(talk.id.0))
        .exec(c)
        .await?;
    Ok(())
}

/// Forgets what was sent to an address that was erased: the address itself, texts and parameters. What still waits expires, also out of a sender's
/// hands.
///
/// # Errors
/// [`StoreError`].
pub async fn erase_address(c: &impl Conn, channel: &str, chat: &str) -> Result<(), StoreError> {
    let theirs = Condition::all().add(Column::Channel.eq(channel)).add(Column::Chat.eq(chat));
    Entity::update_many()
        .col_expr(Column::Status, Expr::value(status::EXPIRED))
        .col_expr(Column::LeaseOwner, Expr::value(Option::<String>::None))
        .col_expr(Column::LeaseUntil, Expr::value(Option::<Instant>::None))
        .filter(theirs.clone())
        .filter(Column::Status.is_in([status::PENDING, status::SENDING, status::PARKED]))
        .exec(c)
        .await?;
    Entity::update_many()
        .col_expr(Column::SentText, Expr::value(Option::<String>::None))
        .col_expr(Column::Params, Expr::value("{}"))
        .col_expr(Column::Chat, Expr::value("erased"))
        .filter(theirs)
        .exec(c)
        .await?;
    Ok(())
}
