//! Which letter belongs to which thread, and under which name ours went out.

use super::db::Conn;
use super::entity::{mail_letter, mail_whole};
use super::error::StoreError;
use crate::domain::Instant;
use mail_letter::{ActiveModel, Column, Entity};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

/// Letters of a thread that are looked at for an answer.
const LAST: u64 = 20;

/// A letter that came.
#[derive(Debug, Clone)]
pub struct Came<'a> {
    pub account: &'a str,
    /// The Message-ID without its brackets.
    pub letter: &'a str,
    pub chat: &'a str,
    pub address: &'a str,
    pub subject: &'a str,
    pub at: Instant,
}

/// Notes a letter that came; one that is known stays as it is.
///
/// # Errors
/// [`StoreError`].
pub async fn note(c: &impl Conn, came: &Came<'_>) -> Result<(), StoreError> {
    let row = ActiveModel {
        account: Set(came.account.to_owned()),
        letter: Set(came.letter.to_owned()),
        chat: Set(came.chat.to_owned()),
        address: Set(came.address.to_owned()),
        subject: Set(Some(came.subject.to_owned())),
        outbox_id: Set(None),
        at: Set(came.at),
    };
    Entity::insert(row).on_conflict(OnConflict::new().do_nothing().to_owned()).exec_without_returning(c).await?;
    Ok(())
}

/// What is known of these letters: name, chat, address, and the outbox row of those that we sent.
///
/// # Errors
/// [`StoreError`].
pub async fn known(c: &impl Conn, account: &str, letters: &[String]) -> Result<Vec<mail_letter::Model>, StoreError> {
    if letters.is_empty() {
        return Ok(Vec::new());
    }
    Ok(Entity::find().filter(Column::Account.eq(account)).filter(Column::Letter.is_in(letters.iter().cloned())).all(c).await?)
}

/// The name under which an outbox row goes out: `fresh` the first time, and the same at every further try, so that a receiver who got it twice knows.
///
/// # Errors
/// [`StoreError`].
pub async fn name_of(
    c: &impl Conn,
    account: &str,
    outbox: i64,
    (chat, address): (&str, &str),
    fresh: &str,
    at: Instant,
) -> Result<String, StoreError> {
    let row = ActiveModel {
        account: Set(account.to_owned()),
        letter: Set(fresh.to_owned()),
        chat: Set(chat.to_owned()),
        address: Set(address.to_owned()),
        subject: Set(None),
        outbox_id: Set(Some(outbox)),
        at: Set(at),
    };
    Entity::insert(row).on_conflict(OnConflict::new().do_nothing().to_owned()).exec_without_returning(c).await?;
    let stands = Entity::find().filter(Column::OutboxId.eq(outbox)).one(c).await?;
    Ok(stands.map_or_else(|| fresh.to_owned(), |r| r.letter))
}

/// What an answer in a thread refers to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Thread {
    /// Of the letter that came last.
    pub subject: Option<String>,
    /// The letter that came last.
    pub answers: Option<String>,
    /// The letters of the thread, the oldest first.
    pub chain: Vec<String>,
}

/// The thread of a chat, without the outbox row that is being sent.
///
/// # Errors
/// [`StoreError`].
pub async fn thread(c: &impl Conn, account: &str, chat: &str, sending: Option<i64>) -> Result<Thread, StoreError> {
    let mut rows =
        Entity::find().filter(Column::Account.eq(account)).filter(Column::Chat.eq(chat)).order_by(Column::At, Order::Desc).limit(LAST).all(c).await?;
    rows.retain(|r| r.outbox_id.is_none() || r.outbox_id != sending);
    let last = rows.iter().find(|r| r.outbox_id.is_none());
    Ok(Thread {
        subject: last.and_then(|r| r.subject.clone()),
        answers: last.map(|r| r.letter.clone()),
        chain: rows.iter().rev().map(|r| r.letter.clone()).collect(),
    })
}

/// Chats of an address, the one used last first.
///
/// # Errors
/// [`StoreError`].
pub async fn chats_of(c: &impl Conn, account: &str, address: &str) -> Result<Vec<String>, StoreError> {
    let rows: Vec<String> = Entity::find()
        .select_only()
        .column(Column::Chat)
        .filter(Column::Account.eq(account))
        .filter(Column::Address.eq(address))
        .order_by(Column::At, Order::Desc)
        .limit(LAST)
        .into_tuple()
        .all(c)
        .await?;
    let mut out: Vec<String> = Vec::new();
    for chat in rows {
        if !out.contains(&chat) {
            out.push(chat);
        }
    }
    Ok(out)
}

/// How many letters of ours went to an address since a moment.
///
/// # Errors
/// [`StoreError`].
pub async fn sent_since(c: &impl Conn, account: &str, address: &str, since: Instant) -> Result<u64, StoreError> {
    let q = Entity::find().filter(Column::Account.eq(account)).filter(Column::Address.eq(address)).filter(Column::At.gte(since));
    Ok(q.filter(Column::OutboxId.is_not_null()).count(c).await?)
}

/// Keeps a whole letter of which only the beginning lies in the inbox.
///
/// # Errors
/// [`StoreError`].
pub async fn keep_whole(c: &impl Conn, account: &str, external: &str, chat: &str, body: Vec<u8>, at: Instant) -> Result<(), StoreError> {
    let row = mail_whole::ActiveModel {
        account: Set(account.to_owned()),
        external_id: Set(external.to_owned()),
        chat: Set(chat.to_owned()),
        body: Set(body),
        at: Set(at),
    };
    mail_whole::Entity::insert(row).on_conflict(OnConflict::new().do_nothing().to_owned()).exec_without_returning(c).await?;
    Ok(())
}

/// A whole letter, where it was too long for the inbox.
///
/// # Errors
/// [`StoreError`].
pub async fn whole(c: &impl Conn, account: &str, external: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let found = mail_whole::Entity::find_by_id((account.to_owned(), external.to_owned())).one(c).await?;
    Ok(found.map(|r| r.body))
}

/// Forgets the letters of a thread: names, address, subjects, bodies.
///
/// # Errors
/// [`StoreError`].
pub async fn erase(c: &impl Conn, account: &str, chat: &str) -> Result<(), StoreError> {
    mail_whole::Entity::delete_many().filter(mail_whole::Column::Account.eq(account)).filter(mail_whole::Column::Chat.eq(chat)).exec(c).await?;
    // The name stays, so that the same letter is not taken for a new one; whose it was does not.
    Entity::update_many()
        .col_expr(Column::Address, Expr::value("erased"))
        .col_expr(Column::Chat, Expr::value("erased"))
        .col_expr(Column::Subject, Expr::value(Option::<String>::None))
        .filter(Column::Account.eq(account))
        .filter(Column::Chat.eq(chat))
        .exec(c)
        .await?;
    Ok(())
}
