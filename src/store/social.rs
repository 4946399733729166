//! What people write under posts: whether it calls for an answer and whether it got one.

use super::db::Conn;
use super::entity::outbox as out;
use super::entity::social_comment::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use super::outbox::status;
use crate::domain::inbound::ChannelKind;
use crate::domain::{Instant, MessageId, RequestId};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query, SelectStatement};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, Select,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use super::entity::social_comment::Model as CommentRow;

/// Whether a comment calls for an answer.
pub mod need {
    /// It states something that became a request.
    pub const REQUEST: &str = "request";
    /// It says something that we could not make out: a person should look.
    pub const UNCLEAR: &str = "unclear";
    /// Thanks, a greeting, a sign: nothing is asked.
    pub const NONE: &str = "none";
}

/// Which comment.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    pub channel: ChannelKind,
    pub account: &'a str,
    pub comment: &'a str,
}

impl Key<'_> {
    fn filter(&self) -> Condition {
        Condition::all().add(Column::Channel.eq(self.channel.as_str())).add(Column::Account.eq(self.account)).add(Column::Comment.eq(self.comment))
    }

    /// The key under which our only answer in public stands in the outbox.
    #[must_use]
    pub fn public_dedupe(&self) -> String {
        format!("comment:{}:{}:{}", self.channel, self.account, self.comment)
    }

    /// The key of our only answer in private.
    #[must_use]
    pub fn private_dedupe(&self) -> String {
        format!("private:{}:{}:{}", self.channel, self.account, self.comment)
    }
}

/// A comment as it is first seen.
#[derive(Debug, Clone)]
pub struct NewComment<'a> {
    pub key: Key<'a>,
    pub post: &'a str,
    pub parent: Option<&'a str>,
    pub author: Option<&'a str>,
    pub need: &'static str,
    pub request: Option<RequestId>,
    pub message: Option<MessageId>,
    pub posted_at: Instant,
    pub received_at: Instant,
}

/// Writes a comment down. One that stands already gets the stronger need, and the request if it had none.
///
/// # Errors
/// [`StoreError`].
pub async fn note(c: &impl Conn, new: &NewComment<'_>) -> Result<(), StoreError> {
    let k = &new.key;
    let row = ActiveModel {
        id: NotSet,
        channel: Set(k.channel.as_str().to_owned()),
        account: Set(k.account.to_owned()),
        comment: Set(k.comment.to_owned()),
        post: Set(new.post.to_owned()),
        parent: Set(new.parent.map(str::to_owned)),
        author: Set(new.author.map(str::to_owned)),
        need: Set(new.need.to_owned()),
        request_id: Set(new.request.map(|r| r.0)),
        message_id: Set(new.message.map(|m| m.0)),
        posted_at: Set(new.posted_at),
        received_at: Set(new.received_at),
        answered_at: Set(None),
        removed_at: Set(None),
    };
    let once = OnConflict::columns([Column::Channel, Column::Account, Column::Comment]).do_nothing().to_owned();
    let fresh = Entity::insert(row).on_conflict(once).exec_without_returning(c).await? > 0;
    if !fresh {
        let mut q = Entity::update_many().filter(k.filter()).filter(Column::RequestId.is_null());
        q = match new.request {
            Some(id) => q.col_expr(Column::Need, Expr::value(new.need)).col_expr(Column::RequestId, Expr::value(id.0)),
            None if new.need == need::UNCLEAR => q.col_expr(Column::Need, Expr::value(new.need)),
            None => return Ok(()),
        };
        if let Some(m) = new.message {
            q = q.col_expr(Column::MessageId, Expr::value(m.0));
        }
        q.exec(c).await?;
    }
    Ok(())
}

/// # Errors
/// [`StoreError`].
pub async fn find(c: &impl Conn, key: &Key<'_>) -> Result<Option<Model>, StoreError> {
    Ok(Entity::find().filter(key.filter()).one(c).await?)
}

/// A colleague has answered it in the provider's own application. The first answer counts.
///
/// # Errors
/// [`StoreError`].
pub async fn answered(c: &impl Conn, key: &Key<'_>, at: Instant) -> Result<(), StoreError> {
    Entity::update_many().col_expr(Column::AnsweredAt, Expr::value(at)).filter(key.filter()).filter(Column::AnsweredAt.is_null()).exec(c).await?;
    Ok(())
}

/// It was taken away, or stands there again.
///
/// # Errors
/// [`StoreError`].
pub async fn removed(c: &impl Conn, key: &Key<'_>, at: Option<Instant>) -> Result<(), StoreError> {
    Entity::update_many().col_expr(Column::RemovedAt, Expr::value(at)).filter(key.filter()).exec(c).await?;
    Ok(())
}

/// Forgets who wrote comments, and their words as far as they stand by themselves.
///
/// # Errors
/// [`StoreError`].
pub async fn erase(c: &impl Conn, channel: ChannelKind, account: &str, author: &str) -> Result<(), StoreError> {
    let own = || Condition::all().add(Column::Channel.eq(channel.as_str())).add(Column::Account.eq(account)).add(Column::Author.eq(author));
    let words: Vec<Option<uuid::Uuid>> = Entity::find().select_only().column(Column::MessageId).filter(own()).into_tuple().all(c).await?;
    super::messages::erase(c, &words.into_iter().flatten().map(MessageId).collect::<Vec<_>>()).await?;
    Entity::update_many().col_expr(Column::Author, Expr::value(Option::<String>::None)).filter(own()).exec(c).await?;
    Ok(())
}

/// Messages about the comment's request that the provider took, on the comment's own channel.
fn replies() -> SelectStatement {
    let own = |column: Column| Expr::col((Entity, column));
    Query::select()
        .expr(Expr::val(1))
        .from(out::Entity)
        .and_where(Expr::col((out::Entity, out::Column::RequestId)).eq(own(Column::RequestId)))
        .and_where(Expr::col((out::Entity, out::Column::Channel)).eq(own(Column::Channel)))
        .and_where(Expr::col((out::Entity, out::Column::Status)).eq(status::SENT))
        .to_owned()
}

/// A colleague answered it, or we did.
fn was_answered() -> Condition {
    Condition::any().add(Column::AnsweredAt.is_not_null()).add(Expr::exists(replies()))
}

/// Comments of one page, or of all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Posted at or after.
    pub from: Option<Instant>,
    /// Posted before.
    pub to: Option<Instant>,
    pub channel: Option<ChannelKind>,
    /// Only those that call for an answer and have it, or have it not.
    pub answered: Option<bool>,
}

fn filtered(f: &Filter) -> Select<Entity> {
    let mut q = Entity::find();
    if let Some(at) = f.from {
        q = q.filter(Column::PostedAt.gte(at));
    }
    if let Some(at) = f.to {
        q = q.filter(Column::PostedAt.lt(at));
    }
    if let Some(channel) = f.channel {
        q = q.filter(Column::Channel.eq(channel.as_str()));
    }
    match f.answered {
        None => q,
        Some(true) => q.filter(Column::Need.ne(need::NONE)).filter(was_answered()),
        Some(false) => q.filter(Column::Need.ne(need::NONE)).filter(was_answered().not()),
    }
}

/// Where a page goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommentCursor {
    pub at: Instant,
    pub id: i64,
}

impl CommentCursor {
    #[must_use]
    pub fn after(row: &Model) -> Self {
        Self { at: row.posted_at, id: row.id }
    }
}

/// A page, newest first.
///
/// # Errors
/// [`StoreError`].
pub async fn list(c: &impl Conn, f: &Filter, after: Option<&CommentCursor>, limit: u64) -> Result<Vec<Model>, StoreError> {
    let mut q = filtered(f);
    if let Some(k) = after {
        let key = Expr::tuple([Column::PostedAt, Column::Id].map(|c| Expr::col((Entity, c))));
        q = q.filter(key.lt(Expr::tuple([Expr::value(k.at), Expr::value(k.id)])));
    }
    Ok(q.order_by(Column::PostedAt, Order::Desc).order_by(Column::Id, Order::Desc).limit(limit).all(c).await?)
}

/// When the provider took the first of our messages about these requests on this channel.
///
/// # Errors
/// [`StoreError`].
pub async fn first_replies(c: &impl Conn, requests: &[RequestId]) -> Result<Vec<(RequestId, String, Option<Instant>)>, StoreError> {
    if requests.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(Option<uuid::Uuid>, String, Option<Instant>)> = out::Entity::find()
        .select_only()
        .column(out::Column::RequestId)
        .column(out::Column::Channel)
        .column_as(out::Column::SentAt.min(), "first")
        .filter(out::Column::RequestId.is_in(requests.iter().map(|r| r.0)))
        .filter(out::Column::Status.eq(status::SENT))
        .group_by(out::Column::RequestId)
        .group_by(out::Column::Channel)
        .into_tuple()
        .all(c)
        .await?;
    Ok(rows.into_iter().filter_map(|(id, channel, at)| Some((RequestId(id?), channel, at))).collect())
}

/// Counts of one page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted {
    /// All that was written there.
    pub all: i64,
    /// Of it, what calls for an answer.
    pub asking: i64,
    /// Of that, what has it.
    pub answered: i64,
}

/// How many comments there were and how many of those that ask got an answer, by channel and account.
///
/// # Errors
/// [`StoreError`].
pub async fn counts(c: &impl Conn, f: &Filter) -> Result<BTreeMap<(String, String), Counted>, StoreError> {
    let mut out: BTreeMap<(String, String), Counted> = BTreeMap::new();
    let by_page = |q: Select<Entity>| {
        q.select_only()
            .column(Column::Channel)
            .column(Column::Account)
            .column(Column::Need)
            .column_as(Column::Id.count(), "n")
            .group_by(Column::Channel)
            .group_by(Column::Account)
            .group_by(Column::Need)
            .into_tuple::<(String, String, String, i64)>()
    };
    for (channel, account, kind, n) in by_page(filtered(&Filter { answered: None, ..f.clone() })).all(c).await? {
        let page = out.entry((channel, account)).or_default();
        page.all += n;
        if kind != need::NONE {
            page.asking += n;
        }
    }
    for (channel, account, _, n) in by_page(filtered(&Filter { answered: Some(true), ..f.clone() })).all(c).await? {
        out.entry((channel, account)).or_default().answered += n;
    }
    Ok(out)
}
