//! One resident across doors. A proved number joins chats to its owner; a number that is only said joins nothing; a wrong join can be undone.

use super::apply::subject_of;
use super::effects::Effects;
use super::record::record;
use super::{Core, DispatchError, acts};
use crate::domain::access::{Permission, Scope};
use crate::domain::actor::Actor;
use crate::domain::identity::Proof;
use crate::domain::phone::Phone;
use crate::domain::request::Event;
use crate::domain::{ConversationId, Instant, JoinId, Lang, ResidentId};
use crate::store::conversations::Conversation;
use crate::store::joins::Join;
use crate::store::residents::Resident;
use crate::store::{Bulk, StoreError, Tx, access_log, consents, conversations, joins, requests, residents, tokens};

/// The number of whoever writes in this chat was proved. The chat goes to the number's owner, and the requests made from it go along; a number
/// nobody has becomes that of the chat's resident. What `fx` holds must be written already.
///
/// # Errors
/// The store's; `Duplicate` when the same number is proved elsewhere at this moment: the event is then worked on again.
pub(super) async fn proved(
    core: &Core,
    tx: &Tx,
    fx: &mut Effects,
    talk: &mut Conversation,
    phone: &Phone,
    proof: Proof,
    now: Instant,
) -> Result<(), DispatchError> {
    if talk.proved_phone.as_ref() == Some(phone) {
        return Ok(());
    }
    let mine = residents::load(tx, talk.resident).await?.ok_or(DispatchError::NotFound)?;
    let owner = match residents::by_phone(tx, phone).await? {
        Some(owner) => owner.id,
        // No number yet, or the one that this same chat proved before: the person has a new one.
        None if mine.phone.is_none() || mine.phone == talk.proved_phone => {
            residents::set_phone(tx, mine.id, phone, now).await?;
            mine.id
        }
        // The resident has another number, proved elsewhere: this chat is somebody with a number of their own.
        None => residents::of_phone(tx, phone, talk.lang, now).await?.id,
    };
    if owner != talk.resident {
        let join =
            Join { id: JoinId::fresh(), conversation: talk.id, from: talk.resident, to: owner, proof, at: now, undone_at: None, undone_by: None };
        joins::insert(tx, &join).await?;
        consents::copy(tx, join.from, join.to).await?;
        hand_over(core, tx, fx, talk.id, join.from, join.to, &Actor::System("identity"), now).await?;
        talk.resident = owner;
    }
    talk.proved_phone = Some(phone.clone());
    Ok(())
}

/// The requests that one resident made from a chat are another's from now on.
#[allow(clippy::too_many_arguments, reason = "whose, from which chat, by whom and when")]
async fn hand_over(
    core: &Core,
    tx: &Tx,
    fx: &mut Effects,
    chat: ConversationId,
    from: ResidentId,
    to: ResidentId,
    by: &Actor,
    now: Instant,
) -> Result<(), DispatchError> {
    let ids = joins::requests_of(tx, chat, from).await?;
    for stored in requests::load_many(tx, &ids).await? {
        let mut subject = subject_of(tx, stored).await?;
        let expected = subject.stored.request.version;
        record(core, fx, &mut subject, &[Event::AuthorChanged { resident: to }], by, now)?;
        fx.changed.push((subject.stored, expected));
    }
    Ok(())
}

/// Undoes a join: the chat goes back to the resident it came from, with the requests made from it, also those made since.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` when it was undone already or the chat went on to somebody else meanwhile.
pub async fn undo_join(core: &Core, scope: &Scope, id: JoinId, reason: &str) -> Result<Join, DispatchError> {
    let reason = permitted(scope, reason)?;
    let now = core.now();
    let tx = core.db.begin().await?;
    let join = joins::load(&tx, id).await?.ok_or(DispatchError::NotFound)?;
    let mut talk = conversations::load(&tx, join.conversation).await?.ok_or(DispatchError::NotFound)?;
    if talk.resident != join.to || !joins::undo(&tx, id, scope.staff, now).await? {
        return Err(DispatchError::invalid("conflict", "the join was undone already, or another followed it"));
    }
    let mut fx = Effects::default();
    let actor = acts::actor_of(scope);
    hand_over(core, &tx, &mut fx, talk.id, join.to, join.from, &actor, now).await?;
    // What was proved stays remembered: the next message of a wire that vouches must not join again what a person has parted.
    talk.resident = join.from;
    fx.conversations.insert(talk.id, talk);
    fx.flush(&tx, now, core.wall()).await?;
    access_log::note(&tx, core.wall(), &actor.to_string(), &format!("join {id} undone"), None, Some(&reason)).await?;
    tx.commit().await.map_err(StoreError::from)?;
    core.signal(fx.after).await;
    Ok(Join { undone_at: Some(now), undone_by: Some(scope.staff), ..join })
}

/// The number belongs to somebody else now (operators give numbers out anew): the resident loses it, and whoever signed in with it is signed out.
/// Chats that it was proved in become residents of their own.
///
/// # Errors
/// `Forbidden`; `NotFound` for a resident who has no proved number.
pub async fn release_phone(core: &Core, scope: &Scope, id: ResidentId, reason: &str) -> Result<(), DispatchError> {
    let reason = permitted(scope, reason)?;
    let now = core.now();
    let tx = core.db.begin().await?;
    let phone = residents::load(&tx, id).await?.and_then(|r| r.phone).ok_or(DispatchError::NotFound)?;
    residents::release_phone(&tx, id).await?;
    tokens::revoke_all(&tx, id.0).await?;
    let mut talks = conversations::of_resident(&tx, id).await?;
    talks.retain(|t| t.proved_phone.as_ref() == Some(&phone));
    let fresh: Vec<Resident> = talks.iter().map(|t| Resident::fresh(t.lang, now)).collect();
    for (talk, new) in talks.iter_mut().zip(&fresh) {
        talk.resident = new.id;
        talk.proved_phone = None;
    }
    let mut bulk = Bulk::on(&tx);
    residents::insert(&mut bulk, &fresh)?;
    conversations::upsert(&mut bulk, &talks)?;
    bulk.run(&tx).await?;
    let actor = acts::actor_of(scope).to_string();
    access_log::note(&tx, core.wall(), &actor, &format!("phone of resident {id} released"), None, Some(&reason)).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

fn permitted(scope: &Scope, reason: &str) -> Result<String, DispatchError> {
    if !scope.may(Permission::PartResidents) {
        return Err(DispatchError::Forbidden);
    }
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(DispatchError::invalid("empty_text", "a reason is needed"));
    }
    if reason.chars().count() > acts::MAX_TEXT {
        return Err(DispatchError::invalid("too_large", format!("at most {} characters", acts::MAX_TEXT)));
    }
    Ok(reason.to_owned())
}

/// The resident a call is taken down for: a number seen on the line is a claim.
///
/// # Errors
/// The store's.
pub(super) async fn caller(tx: &Tx, phone: &Phone, lang: Option<Lang>, now: Instant) -> Result<ResidentId, DispatchError> {
    Ok(residents::of_claim(tx, phone, lang.unwrap_or(Lang::Kk), now).await?.id)
}
