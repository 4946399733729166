//! Chats and the state of their dialogues.

use super::bulk::{Bulk, Conflict};
use super::db::Conn;
use super::entity::conversation::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use crate::domain::{ConversationId, Instant, Lang, ResidentId, StaffId, inbound::ChannelKind};
use sea_orm::sea_query::Expr;
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
    }
}

/// Writes new and changed conversations.
///
/// # Errors
/// [`StoreError`] when a value cannot be written.
pub fn upsert(bulk: &mut Bulk, rows: &[Conversation]) -> Result<(), StoreError> {
    use Column::{BlockedAt, LastInboundAt, ResidentId, SilenceAt, StaffId};
    let set = vec![ResidentId, StaffId, Column::Lang, Column::State, SilenceAt, LastInboundAt, BlockedAt];
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
