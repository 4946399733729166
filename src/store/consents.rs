//! What residents were told of how their data are used, and since when.

use super::bulk::{Bulk, Conflict};
use super::db::Conn;
use super::entity::{consent_text, resident_consent};
use super::error::StoreError;
use crate::domain::inbound::ChannelKind;
use crate::domain::{Instant, Lang, ResidentId};
use resident_consent::Column as R;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder};
use std::collections::BTreeMap;

/// What stands of one resident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    pub text: String,
    pub lang: String,
    pub channel: String,
    pub told_at: Instant,
    /// When they went on after it was shown.
    pub given_at: Option<Instant>,
}

/// A text that was shown to a resident.
#[derive(Debug, Clone, Copy)]
pub struct New<'a> {
    pub resident: ResidentId,
    /// Names the text, which is kept once.
    pub digest: &'a str,
    pub lang: Lang,
    pub text: &'a str,
    pub channel: ChannelKind,
    pub at: Instant,
}

/// Texts were shown. What a resident was shown before keeps its date.
///
/// # Errors
/// [`StoreError`] when a value cannot be written.
pub fn told<'a>(bulk: &mut Bulk, rows: impl Iterator<Item = New<'a>>) -> Result<(), StoreError> {
    let (mut texts, mut people) = (BTreeMap::new(), BTreeMap::new());
    for row in rows {
        texts.entry(row.digest).or_insert(row);
        people.entry((row.resident, row.digest)).or_insert(row);
    }
    let texts = texts.into_values().map(|t| consent_text::ActiveModel {
        digest: Set(t.digest.to_owned()),
        lang: Set(t.lang.as_str().to_owned()),
        text: Set(t.text.to_owned()),
        since: Set(t.at),
    });
    bulk.add(texts.collect(), &Conflict::Keep(vec![consent_text::Column::Digest]))?;
    let people = people.into_values().map(|t| resident_consent::ActiveModel {
        resident_id: Set(t.resident.0),
        digest: Set(t.digest.to_owned()),
        channel: Set(t.channel.as_str().to_owned()),
        told_at: Set(t.at),
        given_at: Set(None),
    });
    bulk.add(people.collect(), &Conflict::Keep(vec![R::ResidentId, R::Digest]))
}

/// The resident went on after the texts were shown.
///
/// # Errors
/// [`StoreError`].
pub async fn given(c: &impl Conn, who: ResidentId, at: Instant) -> Result<(), StoreError> {
    resident_consent::Entity::update_many()
        .col_expr(R::GivenAt, Expr::value(at))
        .filter(R::ResidentId.eq(who.0))
        .filter(R::GivenAt.is_null())
        .exec(c)
        .await?;
    Ok(())
}

/// What a resident was told, the newest first.
///
/// # Errors
/// [`StoreError`].
pub async fn of(c: &impl Conn, who: ResidentId) -> Result<Vec<Consent>, StoreError> {
    let rows = resident_consent::Entity::find()
        .find_also_related(consent_text::Entity)
        .filter(R::ResidentId.eq(who.0))
        .order_by(R::ToldAt, Order::Desc)
        .all(c)
        .await?;
    let shown = |(row, text): (resident_consent::Model, Option<consent_text::Model>)| {
        let text = text?;
        Some(Consent { text: text.text, lang: text.lang, channel: row.channel, told_at: row.told_at, given_at: row.given_at })
    };
    Ok(rows.into_iter().filter_map(shown).collect())
}

/// The consents of one chat's resident go along to another.
///
/// # Errors
/// [`StoreError`].
pub async fn copy(c: &impl Conn, from: ResidentId, to: ResidentId) -> Result<(), StoreError> {
    for row in resident_consent::Entity::find().filter(R::ResidentId.eq(from.0)).all(c).await? {
        let row = resident_consent::ActiveModel {
            resident_id: Set(to.0),
            digest: Set(row.digest),
            channel: Set(row.channel),
            told_at: Set(row.told_at),
            given_at: Set(row.given_at),
        };
        let once = OnConflict::columns([R::ResidentId, R::Digest]).do_nothing().to_owned();
        resident_consent::Entity::insert(row).on_conflict(once).exec_without_returning(c).await?;
    }
    Ok(())
}
