//! The words of requests: written in the background, found by beginning and in spite of slips, gone when the request is erased.

use super::db::Conn;
use super::entity::{message, request, request_place, request_word, search_gram};
use super::error::StoreError;
use super::requests::{Stored, scoped};
use crate::domain::access::Scope;
use crate::domain::search::{grams, head, slips, within};
use crate::domain::{MessageId, RequestId};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Known words that one word of a question may stand for.
const VARIANTS: usize = 24;
/// Requests looked at for one word: the newest of them.
pub const NEWEST: u64 = 2000;
/// Identifiers in one statement.
const BATCH: usize = 400;

/// A text that cannot be found yet.
#[derive(Debug, Clone)]
pub struct Waiting {
    pub message: MessageId,
    pub request: RequestId,
    /// None: erased meanwhile.
    pub text: Option<String>,
}

/// Whether a message, or an address, waits to be searchable.
///
/// # Errors
/// [`StoreError`].
pub async fn waiting_now(c: &impl Conn) -> Result<(bool, bool), StoreError> {
    let unsearched = || Expr::cust("searched = FALSE");
    let said: Option<Uuid> = message::Entity::find()
        .select_only()
        .column(message::Column::Id)
        .filter(unsearched())
        .filter(message::Column::RequestId.is_not_null())
        .limit(1)
        .into_tuple()
        .one(c)
        .await?;
    let place: Option<Uuid> = request_place::Entity::find()
        .select_only()
        .column(request_place::Column::RequestId)
        .filter(unsearched())
        .limit(1)
        .into_tuple()
        .one(c)
        .await?;
    Ok((said.is_some(), place.is_some()))
}

/// Messages and addresses that wait to be searchable. Inside a transaction they stay locked until its end, so that an erasure comes before or after.
///
/// # Errors
/// [`StoreError`].
pub async fn waiting(c: &impl Conn, limit: u64) -> Result<(Vec<Waiting>, Vec<(RequestId, Option<String>)>), StoreError> {
    use message::Column as M;
    let said: Vec<(Uuid, Uuid, Option<String>)> = message::Entity::find()
        .select_only()
        .column(M::Id)
        .column(M::RequestId)
        .column(M::Text)
        // Written out, so that the small index of what waits is used.
        .filter(Expr::cust("searched = FALSE"))
        .filter(M::RequestId.is_not_null())
        .order_by(M::Id, Order::Asc)
        .limit(limit)
        .lock_exclusive()
        .into_tuple()
        .all(c)
        .await?;
    let places = request_place::Entity::find()
        .filter(Expr::cust("searched = FALSE"))
        .order_by(request_place::Column::RequestId, Order::Asc)
        .limit(limit)
        .lock_exclusive()
        .all(c)
        .await?;
    let said = said.into_iter().map(|(m, r, text)| Waiting { message: MessageId(m), request: RequestId(r), text }).collect();
    Ok((said, places.into_iter().map(|p| (RequestId(p.request_id), p.address)).collect()))
}

/// Marks texts as taken in.
///
/// # Errors
/// [`StoreError`].
pub async fn taken_in(c: &impl Conn, said: &[MessageId], places: &[RequestId]) -> Result<(), StoreError> {
    let searched = Alias::new("searched");
    if !said.is_empty() {
        message::Entity::update_many()
            .col_expr(searched, Expr::value(true))
            .filter(message::Column::Id.is_in(said.iter().map(|m| m.0)))
            .exec(c)
            .await?;
    }
    if !places.is_empty() {
        request_place::Entity::update_many()
            .col_expr(request_place::Column::Searched, Expr::value(true))
            .filter(request_place::Column::RequestId.is_in(places.iter().map(|r| r.0)))
            .exec(c)
            .await?;
    }
    Ok(())
}

/// Adds the words of requests; those that stand already stay.
///
/// # Errors
/// [`StoreError`].
pub async fn add(c: &impl Conn, rows: &BTreeMap<RequestId, BTreeSet<String>>) -> Result<(), StoreError> {
    use {request_word::Column as W, search_gram::Column as G};
    let links: Vec<_> =
        rows.iter().flat_map(|(id, words)| words.iter().map(|w| request_word::ActiveModel { word: Set(w.clone()), request_id: Set(id.0) })).collect();
    for part in links.chunks(BATCH) {
        let keep = OnConflict::columns([W::Word, W::RequestId]).do_nothing().to_owned();
        request_word::Entity::insert_many(part.to_vec()).on_conflict(keep).exec_without_returning(c).await?;
    }
    let known: BTreeSet<&String> = rows.values().flatten().collect();
    let pieces: Vec<_> =
        known.into_iter().flat_map(|w| grams(w).into_iter().map(|g| search_gram::ActiveModel { gram: Set(g), word: Set(w.clone()) })).collect();
    for part in pieces.chunks(BATCH) {
        let keep = OnConflict::columns([G::Gram, G::Word]).do_nothing().to_owned();
        search_gram::Entity::insert_many(part.to_vec()).on_conflict(keep).exec_without_returning(c).await?;
    }
    Ok(())
}

/// Known words that a folded word of a question may stand for: itself, those that begin with it, and those a slip or two away.
///
/// # Errors
/// [`StoreError`].
pub async fn variants(c: &impl Conn, word: &str) -> Result<Vec<String>, StoreError> {
    use search_gram::Column as G;
    let mut out = vec![word.to_owned()];
    if word.chars().count() >= 3 {
        let began: Vec<String> = search_gram::Entity::find()
            .select_only()
            .column(G::Word)
            .filter(G::Gram.eq(head(word)))
            .filter(G::Word.gt(word))
            .filter(G::Word.lt(format!("{word}\u{10ffff}")))
            .order_by(G::Word, Order::Asc)
            .limit(VARIANTS as u64)
            .into_tuple()
            .all(c)
            .await?;
        out.extend(began);
    }
    let most = slips(word);
    if most > 0 {
        let near: Vec<String> = search_gram::Entity::find()
            .select_only()
            .column(G::Word)
            .filter(G::Gram.is_in(grams(word)))
            .group_by(G::Word)
            .order_by(Expr::col(G::Gram).count(), Order::Desc)
            .order_by(G::Word, Order::Asc)
            .limit(60)
            .into_tuple()
            .all(c)
            .await?;
        out.extend(near.into_iter().filter(|w| within(w, word, most)));
    }
    let mut seen = BTreeSet::new();
    out.retain(|w| seen.insert(w.clone()));
    out.truncate(VARIANTS);
    Ok(out)
}

/// Requests that hold a word of every group, newest first, within the scope. True: older ones were not looked at.
///
/// # Errors
/// [`StoreError`].
pub async fn find(c: &impl Conn, scope: &Scope, groups: &[Vec<String>], limit: usize) -> Result<(Vec<Stored>, bool), StoreError> {
    let mut candidates: Option<BTreeSet<Uuid>> = None;
    let mut cut = false;
    // The rarest group leads: the others are only asked about its requests.
    let mut counted = Vec::new();
    for group in groups {
        let mut newest: BTreeSet<Uuid> = BTreeSet::new();
        for word in group {
            let found = newest_with(c, word).await?;
            cut |= found.len() as u64 == NEWEST;
            newest.extend(found);
        }
        counted.push((newest.len(), newest, group));
    }
    counted.sort_by_key(|(n, ..)| *n);
    for (_, newest, group) in counted {
        candidates = Some(match candidates {
            None => newest,
            Some(led) => with_any(c, &led, group).await?,
        });
    }
    let mut left: Vec<Uuid> = candidates.unwrap_or_default().into_iter().collect();
    left.reverse();
    let mut out: Vec<Stored> = Vec::new();
    for part in left.chunks(BATCH) {
        let rows = scoped(request::Entity::find(), scope)
            .filter(request::Column::Id.is_in(part.iter().copied()))
            .order_by(request::Column::Id, Order::Desc)
            .all(c)
            .await?;
        for row in rows {
            out.push(Stored::try_from(row)?);
        }
        if out.len() > limit {
            out.truncate(limit);
            return Ok((out, true));
        }
    }
    Ok((out, cut))
}

async fn newest_with(c: &impl Conn, word: &str) -> Result<Vec<Uuid>, StoreError> {
    use request_word::Column as W;
    Ok(request_word::Entity::find()
        .select_only()
        .column(W::RequestId)
        .filter(W::Word.eq(word))
        .order_by(W::RequestId, Order::Desc)
        .limit(NEWEST)
        .into_tuple()
        .all(c)
        .await?)
}

/// Those of these requests that hold one of the words.
async fn with_any(c: &impl Conn, ids: &BTreeSet<Uuid>, words: &[String]) -> Result<BTreeSet<Uuid>, StoreError> {
    use request_word::Column as W;
    let ids: Vec<Uuid> = ids.iter().copied().collect();
    let mut out = BTreeSet::new();
    for part in ids.chunks(BATCH) {
        let rows: Vec<Uuid> = request_word::Entity::find()
            .select_only()
            .column(W::RequestId)
            .filter(W::RequestId.is_in(part.iter().copied()))
            .filter(W::Word.is_in(words))
            .into_tuple()
            .all(c)
            .await?;
        out.extend(rows);
    }
    Ok(out)
}

/// Forgets the words of a request, and those that no other request has.
///
/// # Errors
/// [`StoreError`].
pub async fn erase(c: &impl Conn, id: RequestId) -> Result<(), StoreError> {
    use request_word::Column as W;
    let words: Vec<String> = request_word::Entity::find().select_only().column(W::Word).filter(W::RequestId.eq(id.0)).into_tuple().all(c).await?;
    request_word::Entity::delete_many().filter(W::RequestId.eq(id.0)).exec(c).await?;
    for word in words {
        let other: Option<Uuid> =
            request_word::Entity::find().select_only().column(W::RequestId).filter(W::Word.eq(word.as_str())).limit(1).into_tuple().one(c).await?;
        if other.is_none() {
            search_gram::Entity::delete_many()
                .filter(search_gram::Column::Gram.is_in(grams(&word)))
                .filter(search_gram::Column::Word.eq(word.as_str()))
                .exec(c)
                .await?;
        }
    }
    Ok(())
}
