//! What operators do with calls: join them to requests, answer at once, call back, keep a form for later.

use super::acts::{MAX_TEXT, actor_of};
use super::apply::{perform, said, subject_of};
use super::effects::Effects;
use super::record::Subject;
use super::{Core, DispatchError};
use crate::bus::Hint;
use crate::domain::access::{Permission, Scope};
use crate::domain::callback::{Attempt, Callback, State};
use crate::domain::{CallId, CallbackId, Instant, RequestId, RequestNumber, StaffId};
use crate::store::calls::{self, Topic, links};
use crate::store::{StoreError, Tx, callbacks, drafts, requests, staff};

/// Longest topic of a question answered at once, in characters.
pub const MAX_TOPIC: usize = 200;
/// Largest draft, in bytes of JSON, and most drafts of one member of staff.
pub const MAX_DRAFT: usize = 64 * 1024;
const MAX_DRAFTS: u64 = 50;

fn need(scope: &Scope, what: Permission) -> Result<(), DispatchError> {
    if scope.may(what) { Ok(()) } else { Err(DispatchError::Forbidden) }
}

/// Notes who took the request down, and links it to the call: the named one, else the one that the operator is on.
pub(super) async fn taken_down(
    core: &Core,
    tx: &Tx,
    scope: &Scope,
    request: RequestId,
    call: Option<CallId>,
    now: Instant,
) -> Result<(), DispatchError> {
    links::took_down(tx, request, scope.staff, now).await?;
    let found = match call {
        Some(id) => Some((calls::load(tx, id).await?.ok_or(DispatchError::NotFound)?.id, links::how::NAMED)),
        None => calls::list::of_staff_at(tx, scope.staff, now - core.settings.link_grace, now).await?.map(|c| (c.id, links::how::TIME)),
    };
    if let Some((call, how)) = found {
        let link = links::Link { call, request, how: how.into(), actor: actor_of(scope).to_string(), at: now };
        links::add(tx, &[link]).await?;
    }
    Ok(())
}

async fn reachable(tx: &Tx, scope: &Scope, number: &RequestNumber) -> Result<requests::Stored, DispatchError> {
    requests::by_number_scoped(tx, number, scope).await?.ok_or(DispatchError::NotFound)
}

/// Joins a call to a request that stands; `words` of the caller go into its thread.
///
/// # Errors
/// `NotFound` for either, also outside the scope; `NotNow` when the request takes no more words; `Invalid`.
pub async fn join(core: &Core, scope: &Scope, id: CallId, number: &RequestNumber, words: Option<&str>) -> Result<Subject, DispatchError> {
    need(scope, Permission::WorkCalls)?;
    let words = words.map(str::trim).filter(|w| !w.is_empty());
    if words.is_some_and(|w| w.chars().count() > MAX_TEXT) {
        return Err(DispatchError::invalid("too_large", format!("at most {MAX_TEXT} characters")));
    }
    let mut tries = 0;
    loop {
        match join_once(core, scope, id, number, words).await {
            Err(DispatchError::Stale(_)) if tries < 3 => tries += 1,
            other => return other,
        }
    }
}

async fn join_once(core: &Core, scope: &Scope, id: CallId, number: &RequestNumber, words: Option<&str>) -> Result<Subject, DispatchError> {
    let (now, actor) = (core.now(), actor_of(scope));
    let tx = core.db.begin().await?;
    calls::load(&tx, id).await?.ok_or(DispatchError::NotFound)?;
    let stored = reachable(&tx, scope, number).await?;
    let mut subject = subject_of(&tx, stored).await?;
    let mut fx = Effects::default();
    if let Some(words) = words {
        let act = said(&mut fx, &subject, &actor, words, now);
        perform(core, &tx, &mut fx, &mut subject, &[act], &actor, now).await?;
        fx.flush(&tx, now, core.wall()).await?;
    }
    let link = links::Link { call: id, request: subject.stored.request.id, how: links::how::NAMED.into(), actor: actor.to_string(), at: now };
    links::put(&tx, &link).await?;
    tx.commit().await.map_err(StoreError::from)?;
    core.signal(fx.after).await;
    core.bus.publish(Hint::Call(id.to_string()));
    Ok(subject)
}

/// Takes the link of a call and a request away, for good.
///
/// # Errors
/// `NotFound` when there is none, also outside the scope.
pub async fn part(core: &Core, scope: &Scope, id: CallId, number: &RequestNumber) -> Result<(), DispatchError> {
    need(scope, Permission::WorkCalls)?;
    let tx = core.db.begin().await?;
    let request = reachable(&tx, scope, number).await?.request.id;
    if !links::take_away(&tx, id, request, &actor_of(scope).to_string(), core.now()).await? {
        return Err(DispatchError::NotFound);
    }
    tx.commit().await.map_err(StoreError::from)?;
    core.bus.publish(Hint::Call(id.to_string()));
    Ok(())
}

/// Notes that a call was a question answered at once.
///
/// # Errors
/// `NotFound`; `Invalid`; `conflict` when the call has a topic already.
pub async fn consultation(core: &Core, scope: &Scope, id: CallId, topic: &str) -> Result<Topic, DispatchError> {
    need(scope, Permission::WorkCalls)?;
    let text = topic.trim();
    if text.is_empty() {
        return Err(DispatchError::invalid("empty_text", "topic is needed"));
    }
    if text.chars().count() > MAX_TOPIC {
        return Err(DispatchError::invalid("too_large", format!("topic: at most {MAX_TOPIC} characters")));
    }
    let tx = core.db.begin().await?;
    calls::load(&tx, id).await?.ok_or(DispatchError::NotFound)?;
    let topic = Topic { text: text.to_owned(), by: actor_of(scope).to_string(), at: core.now() };
    if !calls::set_topic(&tx, id, &topic).await? {
        return Err(DispatchError::invalid("conflict", "the call has a topic already"));
    }
    tx.commit().await.map_err(StoreError::from)?;
    core.bus.publish(Hint::Call(id.to_string()));
    Ok(topic)
}

/// Takes a call-back. Its own holder may take it again.
///
/// # Errors
/// `NotFound`; `conflict` when another has it or it is over.
pub async fn take(core: &Core, scope: &Scope, id: CallbackId) -> Result<Callback, DispatchError> {
    need(scope, Permission::WorkCalls)?;
    let c = core.db.write();
    let taken = callbacks::take(c, id, scope.staff, core.now()).await?;
    let task = callbacks::load(c, id).await?.ok_or(DispatchError::NotFound)?;
    if taken || (task.state == State::Taken && task.taken_by == Some(scope.staff)) {
        Ok(task)
    } else {
        Err(DispatchError::invalid("conflict", "another has it, or it is over"))
    }
}

/// Notes what an attempt to call back came to.
///
/// # Errors
/// `NotFound`; `Invalid`; `conflict` when another has the task or it is over.
pub async fn tried(core: &Core, scope: &Scope, id: CallbackId, what: Attempt, note: Option<&str>) -> Result<Callback, DispatchError> {
    need(scope, Permission::WorkCalls)?;
    let note = note.map(str::trim).filter(|n| !n.is_empty());
    if note.is_some_and(|n| n.chars().count() > MAX_TEXT) {
        return Err(DispatchError::invalid("too_large", format!("note: at most {MAX_TEXT} characters")));
    }
    let now = core.now();
    let conflict = || DispatchError::invalid("conflict", "another has it, or it is over");
    let tx = core.db.begin().await?;
    let seen = callbacks::load(&tx, id).await?.ok_or(DispatchError::NotFound)?;
    if !seen.is_open() || seen.taken_by.is_some_and(|s| s != scope.staff) {
        return Err(conflict());
    }
    let mut task = seen.clone();
    task.tried(what, &actor_of(scope).to_string(), &core.settings.callback, now);
    if !callbacks::update(&tx, &seen, &task).await? {
        return Err(conflict());
    }
    callbacks::note_attempt(&tx, id, scope.staff, what, note, now).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(task)
}

/// Keeps a form for later, over one of the same name.
///
/// # Errors
/// `Invalid`; `conflict` when there are too many.
pub async fn keep_draft(core: &Core, staff: StaffId, name: &str, body: &str) -> Result<(), DispatchError> {
    if body.len() > MAX_DRAFT {
        return Err(DispatchError::invalid("too_large", format!("a draft has at most {MAX_DRAFT} bytes")));
    }
    let tx = core.db.begin().await?;
    if drafts::load(&tx, staff, name).await?.is_none() && drafts::count(&tx, staff).await? >= MAX_DRAFTS {
        return Err(DispatchError::invalid("conflict", format!("at most {MAX_DRAFTS} drafts: remove one")));
    }
    drafts::put(&tx, staff, name, body, core.now()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Says by which name an exchange knows a member of staff.
///
/// # Errors
/// `NotFound` for an unknown login; `Invalid` for an empty name.
pub async fn name_agent(core: &Core, login: &str, agent: &str) -> Result<(), DispatchError> {
    let agent = agent.trim().to_lowercase();
    if agent.is_empty() || agent.chars().count() > 80 {
        return Err(DispatchError::invalid("unprocessable", "an agent has 1 to 80 characters"));
    }
    let tx = core.db.begin().await?;
    let member = staff::by_login(&tx, &login.trim().to_lowercase()).await?.ok_or(DispatchError::NotFound)?;
    calls::agents::set(&tx, &agent, member.id).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}
