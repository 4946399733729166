//! Codes by which staff link a chat, and duties. Times here are wall times. How staff sign in stands in [`super::sign_in`], how residents do in
//! [`super::app_session`].

use super::{Core, DispatchError, audit, secrets};
use crate::domain::actor::Actor;
use crate::domain::calendar::Span;
use crate::domain::sla::Duty;
use crate::domain::{QueueCode, StaffId};
use crate::store::codes;
use crate::store::duties::{self, OnDuty};
use crate::store::{StoreError, staff};
use chrono::Duration;
use uuid::Uuid;

pub use super::sign_in::{sign_in, staff_by_token};
pub use super::staff_accounts::{NewStaff, add_staff};

/// A one-time code by which a member of staff links a chat.
///
/// # Errors
/// The store's.
pub async fn link_code(core: &Core, staff: StaffId) -> Result<String, DispatchError> {
    let wall = core.wall();
    // Ten characters of a 32-letter alphabet without look-alikes: it is typed by hand on a phone.
    const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let raw = secrets::token();
    let code: String = raw
        .as_bytes()
        .chunks(2)
        .take(10)
        .filter_map(|c| u8::from_str_radix(std::str::from_utf8(c).ok()?, 16).ok())
        .filter_map(|b| LETTERS.get(usize::from(b % 32)).map(|l| char::from(*l)))
        .collect();
    let subject = secrets::sha256(&["link", &code]);
    codes::insert(core.db.write(), codes::purpose::LINK, &subject, &staff.to_string(), wall, wall + Duration::minutes(30)).await?;
    Ok(code)
}

/// Gives a member of staff a duty: from then on ladders find them by it.
///
/// # Errors
/// `Invalid` for an unknown login or queue, and for what is no address.
pub async fn add_duty(
    core: &Core,
    author: &Actor,
    login: &str,
    duty: Duty,
    queue: Option<QueueCode>,
    hours: Option<Span>,
    mail: Option<&str>,
) -> Result<OnDuty, DispatchError> {
    let member = staff::by_login(core.db.read(), &login.trim().to_lowercase()).await?;
    let member = member.ok_or_else(|| DispatchError::invalid("unprocessable", format!("there is no account '{login}'")))?;
    if let Some(q) = queue.as_ref().filter(|q| core.book.catalog.queue(q.as_str()).is_none()) {
        return Err(DispatchError::invalid("bad_queue", q.as_str()));
    }
    let mail = mail.map(str::trim).filter(|m| !m.is_empty());
    if mail.is_some_and(|m| m.len() > 254 || m.contains(char::is_whitespace) || !m.contains('@')) {
        return Err(DispatchError::invalid("unprocessable", "mail: this is no address"));
    }
    let row = OnDuty { id: Uuid::now_v7(), staff: member.id, duty, queue, hours, mail: mail.map(str::to_owned) };
    let tx = core.db.begin().await?;
    duties::insert(&tx, &row).await?;
    let what = format!("{} {}", member.login, row.duty);
    audit::enter(core, &tx, &author.to_string(), "duty_added", Some(&format!("duty:{}", row.id)), Some(&what)).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(row)
}

/// Takes a duty away.
///
/// # Errors
/// `NotFound`.
pub async fn remove_duty(core: &Core, author: &Actor, id: Uuid) -> Result<(), DispatchError> {
    let tx = core.db.begin().await?;
    if !duties::remove(&tx, id).await? {
        return Err(DispatchError::NotFound);
    }
    audit::enter(core, &tx, &author.to_string(), "duty_removed", Some(&format!("duty:{id}")), None).await?;
    Ok(tx.commit().await.map_err(StoreError::from)?)
}
