//! A resident's rights: to have what is held about them, and to have it forgotten. Either is one act of a member of staff who may, with a reason, and
//! stands in the audit before anything is handed out or goes.

pub mod pack;

use super::acts::{MAX_TEXT, actor_of};
use super::erase::{self, Erased};
use super::{Core, DispatchError, audit};
use crate::domain::access::{Permission, Scope};
use crate::domain::phone::Phone;
use crate::domain::{RequestNumber, ResidentId};
use crate::store::residents::Resident;
use crate::store::rights::{self, Held, Ticket};
use crate::store::{StoreError, requests, residents};
use chrono::Duration;
use uuid::Uuid;

/// A ticket that is not used within this time opens nothing.
const TICKET: Duration = Duration::minutes(30);

/// Who acts.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    Staff(&'a Scope),
    /// Whoever may start commands on the machine.
    Machine,
}

impl By<'_> {
    fn actor(self) -> Result<String, DispatchError> {
        match self {
            Self::Machine => Ok("system:cli".into()),
            Self::Staff(scope) if scope.may(Permission::ManageRights) => Ok(actor_of(scope).to_string()),
            Self::Staff(_) => Err(DispatchError::Forbidden),
        }
    }
}

/// How a resident is named in the audit.
#[must_use]
pub fn object(id: ResidentId) -> String {
    format!("resident:{id}")
}

fn reasoned(reason: &str) -> Result<&str, DispatchError> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(DispatchError::invalid("empty_text", "a reason is needed"));
    }
    if reason.chars().count() > MAX_TEXT {
        return Err(DispatchError::invalid("too_large", format!("at most {MAX_TEXT} characters")));
    }
    Ok(reason)
}

/// The resident behind a request's number, an identifier, or a number of a telephone that was proved to be theirs. A number that somebody merely said
/// names nobody here: behind it may be another person.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn find(core: &Core, word: &str) -> Result<Resident, DispatchError> {
    let c = core.db.read();
    let word = word.trim();
    let id = if let Ok(id) = word.parse::<ResidentId>() {
        Some(id)
    } else if let Ok(number) = RequestNumber::parse(word) {
        requests::by_number(c, &number).await?.and_then(|s| s.request.resident)
    } else if let Ok(phone) = Phone::parse(word) {
        residents::by_phone(c, &phone).await?.map(|r| r.id)
    } else {
        None
    };
    let id = id.ok_or(DispatchError::NotFound)?;
    residents::load(c, id).await?.ok_or(DispatchError::NotFound)
}

/// A ticket for one export: good once, for half an hour, for whoever asked. Nothing is put together until it is used, so no copy lies about.
///
/// # Errors
/// `Forbidden`, `NotFound`, `Invalid` without a reason; the store's.
pub async fn ask(core: &Core, scope: &Scope, id: ResidentId, reason: &str) -> Result<Ticket, DispatchError> {
    let (actor, reason) = (By::Staff(scope).actor()?, reasoned(reason)?);
    residents::load(core.db.read(), id).await?.ok_or(DispatchError::NotFound)?;
    let wall = core.wall();
    let ticket = Ticket {
        id: Uuid::new_v4(),
        resident_id: id.0,
        staff_id: scope.staff.0,
        reason: reason.to_owned(),
        made_at: wall,
        ends_at: wall + TICKET,
        taken_at: None,
    };
    let tx = core.db.begin().await?;
    audit::enter(core, &tx, &actor, "export_asked", Some(&object(id)), Some(reason)).await?;
    rights::issue(&tx, &ticket).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(ticket)
}

/// Uses a ticket up and gives what is held at this moment. A second time, too late, or by somebody else: there is nothing.
///
/// # Errors
/// `Forbidden`, `NotFound`; the store's.
pub async fn take(core: &Core, scope: &Scope, ticket: Uuid) -> Result<Held, DispatchError> {
    let actor = By::Staff(scope).actor()?;
    let tx = core.db.begin().await?;
    let found = rights::redeem(&tx, ticket, scope.staff, core.wall()).await?.ok_or(DispatchError::NotFound)?;
    let id = ResidentId(found.resident_id);
    audit::enter(core, &tx, &actor, "export_taken", Some(&object(id)), Some(&found.reason)).await?;
    tx.commit().await.map_err(StoreError::from)?;
    rights::held(core.db.read(), id).await?.ok_or(DispatchError::NotFound)
}

/// The same at once, for a command on the machine.
///
/// # Errors
/// `NotFound`, `Invalid` without a reason; the store's.
pub async fn export(core: &Core, id: ResidentId, reason: &str) -> Result<Held, DispatchError> {
    let (actor, reason) = (By::Machine.actor()?, reasoned(reason)?);
    audit::enter(core, core.db.write(), &actor, "export_taken", Some(&object(id)), Some(reason)).await?;
    rights::held(core.db.read(), id).await?.ok_or(DispatchError::NotFound)
}

/// Forgets a resident. The caller deletes the files that are named; those it cannot delete are noted as doomed. A second time nothing is left to go.
///
/// # Errors
/// `Forbidden`, `NotFound`, `Invalid` without a reason; the store's: then nothing was erased.
pub async fn forget(core: &Core, by: By<'_>, id: ResidentId, reason: &str) -> Result<Erased, DispatchError> {
    let (actor, reason) = (by.actor()?, reasoned(reason)?);
    residents::load(core.db.read(), id).await?.ok_or(DispatchError::NotFound)?;
    // Before, so that nothing is tried unseen; with it, so that what did not happen is not told as done, nor what happened left untold.
    audit::enter(core, core.db.write(), &actor, "erasure_asked", Some(&object(id)), Some(reason)).await?;
    let tx = core.db.begin().await?;
    let erased = erase::within(core, &tx, id).await?;
    audit::enter(core, &tx, &actor, "resident_erased", Some(&object(id)), Some(reason)).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(erased)
}
