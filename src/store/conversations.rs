//! Chats and the state of their dialogues.

use super::bulk::{Bulk, Conflict};
use super::db::Conn;
use super::entity::conversation::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use crate::domain::phone::Phone;
use crate::domain::{ConversationId, Instant, Lang, ResidentId, StaffId, inbound::ChannelKind};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, DbBackend, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, Statement, Value};

/// One chat. `state` is the dialogue's JSON, opaque here.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversation {
    pub id: ConversationId,
    pub channel: ChannelKind,
    pub account: String,
    pub chat: String,
    pub resident: ResidentId,
    /// Set when a member of a crew linked this chat.
    pub staff: Option<StaffId>,
    pub lang: Lang,
    pub state: String,
    pub silence_at: Option<Instant>,
    pub last_inbound_at: Option<Instant>,
    pub blocked_at: Option<Instant>,
    pub created_at: Instant,
    /// Proved by the wire or by a shared contact to be the writer's.
    pub proved_phone: Option<Phone>,
}

impl TryFrom<Model> for Conversation {
    type Error = StoreError;
    fn try_from(m: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: ConversationId(m.id),
            channel: ChannelKind::parse(&m.channel).ok_or_else(|| StoreError::corrupt("conversation.channel", &m.channel))?,
            account: m.account,
            chat: m.chat,
            resident: ResidentId(m.resident_id),
            staff: m.staff_id.map(StaffId),
            lang: Lang::parse(&m.lang).ok_or_else(|| StoreError::corrupt("conversation.lang", &m.lang))?,
            state: m.state,
            silence_at: m.silence_at,
            last_inbound_at: m.last_inbound_at,
            blocked_at: m.blocked_at,
            created_at: m.created_at,
            proved_phone: m.proved_phone.map(|p| Phone::parse(&p)).transpose().map_err(|e| StoreError::corrupt("conversation.proved_phone", e))?,
        })
    }
}

fn active(v: &Conversation) -> ActiveModel {
    ActiveModel {
        id: Set(v.id.0),
        channel: Set(v.channel.as_str().to_owned()),
        account: Set(v.account.clone()),
        chat: Set(v.chat.clone()),
        resident_id: Set(v.resident.0),
        staff_id: Set(v.staff.map(|s| s.0)),
        lang: Set(v.lang.as_str().to_owned()),
        state: Set(v.state.clone()),
        silence_at: Set(v.silence_at),
        last_inbound_at: Set(v.last_inbound_at),
        blocked_at: Set(v.blocked_at),
        created_at: Set(v.created_at),
        proved_phone: Set(v.proved_phone.as_ref().map(|p| p.e164().to_owned())),
        ..Default::default()
    }
}

/// Writes new and changed conversations.
///
/// # Errors
/// [`StoreError`] when a value cannot be written.
pub fn upsert(bulk: &mut Bulk, rows: &[Conversation]) -> Result<(), StoreError> {
    use Column::{BlockedAt, LastInboundAt, ProvedPhone, ResidentId, SilenceAt, StaffId};
    let set = vec![ResidentId, StaffId, Column::Lang, Column::State, SilenceAt, LastInboundAt, BlockedAt, ProvedPhone];
    bulk.add(rows.iter().map(active).collect(), &Conflict::Update(Column::Id, set))
}

/// The conversations of these chats of one account.
///
/// # Errors
/// [`StoreError`].
pub async fn of_chats(c: &impl Conn, channel: ChannelKind, account: &str, chats: &[String]) -> Result<Vec<Conversation>, StoreError> {
    if chats.is_empty() {
        return Ok(Vec::new());
    }
    let rows = if c.get_database_backend() == DbBackend::Postgres {
        // Chat by chat through the unique key: a list of chats the planner may take for a filter and read every chat of the account.
        let sql = "SELECT c.* FROM jsonb_array_elements_text($3::text::jsonb) AS wanted(chat) CROSS JOIN LATERAL \
            (SELECT * FROM conversation WHERE channel = $1 AND account = $2 AND chat = wanted.chat LIMIT 1) AS c";
        let values: [Value; 3] = [channel.as_str().into(), account.into(), serde_json::json!(chats).to_string().into()];
        Entity::find().from_raw_sql(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).all(c).await?
    } else {
        Entity::find()
            .filter(Column::Channel.eq(channel.as_str()))
            .filter(Column::Account.eq(account))
            .filter(Column::Chat.is_in(chats.iter().cloned()))
            .all(c)
            .await?
    };
    rows.into_iter().map(Conversation::try_from).collect()
}

/// # Errors
/// [`StoreError`].
pub async fn load(c: &impl Conn, id: ConversationId) -> Result<Option<Conversation>, StoreError> {
    Entity::find_by_id(id.0).one(c).await?.map(Conversation::try_from).transpose()
}

/// The chats of a resident, the one used last first.
///
/// # Errors
/// [`StoreError`].
pub async fn of_resident(c: &impl Conn, resident: ResidentId) -> Result<Vec<Conversation>, StoreError> {
    let rows = Entity::find().filter(Column::ResidentId.eq(resident.0)).order_by(Column::LastInboundAt, Order::Desc).all(c).await?;
    rows.into_iter().map(Conversation::try_from).collect()
}

/// Chats linked to members of staff.
///
/// # Errors
/// [`StoreError`].
pub async fn of_staff(c: &impl Conn, staff: &[StaffId]) -> Result<Vec<Conversation>, StoreError> {
    if staff.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Entity::find().filter(Column::StaffId.is_in(staff.iter().map(|s| s.0))).all(c).await?;
    rows.into_iter().map(Conversation::try_from).collect()
}

/// Chats whose silence has lasted long enough, oldest first.
///
/// # Errors
/// [`StoreError`].
pub async fn silent(c: &impl Conn, now: Instant, limit: u64) -> Result<Vec<Conversation>, StoreError> {
    let rows = Entity::find().filter(Column::SilenceAt.lte(now)).order_by(Column::SilenceAt, Order::Asc).limit(limit).all(c).await?;
    rows.into_iter().map(Conversation::try_from).collect()
}

/// Takes one silent chat for handling; false when another was faster or the resident wrote meanwhile.
///
/// # Errors
/// [`StoreError`].
pub async fn claim_silence(c: &impl Conn, id: ConversationId, silence_at: Instant) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::SilenceAt, Expr::value(Option::<Instant>::None))
        .filter(Column::Id.eq(id.0))
        .filter(Column::SilenceAt.eq(silence_at))
        .exec(c)
        .await?;
    Ok(done.rows_affected == 1)
}

/// The wire knows the chat by another name from now on; what has not been sent yet goes there. False when a chat of that name stands already.
///
/// # Errors
/// [`StoreError`].
pub async fn rename(c: &impl Conn, talk: &Conversation, chat: &str) -> Result<bool, StoreError> {
    if !of_chats(c, talk.channel, &talk.account, &[chat.to_owned()]).await?.is_empty() {
        return Ok(false);
    }
    Entity::update_many().col_expr(Column::Chat, Expr::value(chat)).filter(Column::Id.eq(talk.id.0)).exec(c).await?;
    move_unsent(c, talk, chat).await?;
    Ok(true)
}

/// What waits for a chat goes to another of the same account.
///
/// # Errors
/// [`StoreError`].
pub async fn move_unsent(c: &impl Conn, talk: &Conversation, chat: &str) -> Result<(), StoreError> {
    use super::entity::outbox;
    use super::outbox::status;
    outbox::Entity::update_many()
        .col_expr(outbox::Column::Chat, Expr::value(chat))
        .filter(outbox::Column::Channel.eq(talk.channel.as_str()))
        .filter(outbox::Column::Account.eq(talk.account.as_str()))
        .filter(outbox::Column::Chat.eq(talk.chat.as_str()))
        .filter(outbox::Column::Status.is_in([status::PENDING, status::PARKED]))
        .exec(c)
        .await?;
    Ok(())
}

/// Notes that a chat cannot be reached.
///
/// # Errors
/// [`StoreError`].
pub async fn mark_blocked(c: &impl Conn, channel: &str, account: &str, chat: &str, at: Option<Instant>) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::BlockedAt, Expr::value(at))
        .filter(Column::Channel.eq(channel))
        .filter(Column::Account.eq(account))
        .filter(Column::Chat.eq(chat))
        .exec(c)
        .await?;
    Ok(())
}

/// Looks again later at a silent chat whose handling failed, so that it does not stand before the others.
///
/// # Errors
/// [`StoreError`].
pub async fn postpone_silence(c: &impl Conn, id: ConversationId, silence_at: Instant, to: Instant) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::SilenceAt, Expr::value(to))
        .filter(Column::Id.eq(id.0))
        .filter(Column::SilenceAt.eq(silence_at))
        .exec(c)
        .await?;
    Ok(())
}

/// Something waits until the resident of these chats writes again. What was noted before stays.
///
/// # Errors
/// [`StoreError`].
pub async fn hold(c: &impl Conn, ids: &[ConversationId], at: Instant) -> Result<(), StoreError> {
    Entity::update_many().col_expr(Column::HeldAt, Expr::value(at)).filter(Column::Id.is_in(ids.iter().map(|i| i.0))).exec(c).await?;
    Ok(())
}

/// Chats whose residents have written since something began to wait for them.
///
/// # Errors
/// [`StoreError`].
pub async fn back(c: &impl Conn, limit: u64) -> Result<Vec<Conversation>, StoreError> {
    let q = Entity::find().filter(Column::HeldAt.is_not_null()).filter(Expr::col(Column::LastInboundAt).gte(Expr::col(Column::HeldAt)));
    q.order_by(Column::HeldAt, Order::Asc).limit(limit).all(c).await?.into_iter().map(Conversation::try_from).collect()
}

/// Nothing waits for these chats any more. Gives how many of them something waited for.
///
/// # Errors
/// [`StoreError`].
pub async fn release(c: &impl Conn, ids: &[ConversationId]) -> Result<u64, StoreError> {
    let q = Entity::update_many()
        .col_expr(Column::HeldAt, Expr::value(Option::<Instant>::None))
        .filter(Column::Id.is_in(ids.iter().map(|i| i.0)))
        .filter(Column::HeldAt.is_not_null());
    Ok(q.exec(c).await?.rows_affected)
}
