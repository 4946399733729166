//! What is open in a person's name: listed, ended; the own password; tokens of integrations.

use super::sign_in::{self, Peer, SignedIn};
use super::{Core, DispatchError, audit, passwords, secrets};
use crate::domain::access::{Permission, Scope};
use crate::domain::{Instant, StaffId};
use crate::store::sessions::{self, Session, SessionKind, Stage};
use crate::store::staff::{self, Staff};
use crate::store::{StoreError, rates};
use chrono::Duration;
use uuid::Uuid;

/// Longest life of a token of an integration, in days.
pub const LONGEST_DAYS: i64 = 730;

/// Living sessions of a person, the newest first: those on which nobody sat down for too long are left out.
///
/// # Errors
/// The store's.
pub async fn of(core: &Core, staff: StaffId) -> Result<Vec<Session>, DispatchError> {
    let (wall, idle) = (core.wall(), core.wall() - core.settings.session_idle);
    let all = sessions::of_staff(core.db.read(), staff, wall).await?;
    Ok(all.into_iter().filter(|s| s.kind != SessionKind::Console || s.seen_at > idle).collect())
}

/// Ends one session of a person, by that person or by an administrator.
///
/// # Errors
/// `NotFound` for another's, and for one that is over.
pub async fn end(core: &Core, by: StaffId, owner: StaffId, id: Uuid) -> Result<(), DispatchError> {
    let tx = core.db.begin().await?;
    if !sessions::end(&tx, id, owner).await? {
        return Err(DispatchError::NotFound);
    }
    audit::enter(core, &tx, &audit::person(by), "session_ended", Some(&audit::person(owner)), None).await?;
    Ok(tx.commit().await.map_err(StoreError::from)?)
}

/// Ends all sessions of a person but `except`; returns how many.
///
/// # Errors
/// The store's.
pub async fn end_others(core: &Core, by: StaffId, owner: StaffId, except: Option<Uuid>) -> Result<u64, DispatchError> {
    let tx = core.db.begin().await?;
    let gone = sessions::end_of_staff(&tx, owner, except, false).await?;
    audit::enter(core, &tx, &audit::person(by), "sessions_ended", Some(&audit::person(owner)), None).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(gone)
}

/// Sets the own password. All sessions end; this one goes on under a new token.
///
/// # Errors
/// `Unauthorized` for a wrong present password; `Invalid` for a weak new one; `RateLimited`.
pub async fn change_password(
    core: &Core,
    who: &Staff,
    session: &Session,
    present: &str,
    new: String,
    from: impl Into<Peer>,
) -> Result<SignedIn, DispatchError> {
    let (peer, wall) = (from.into(), core.wall());
    let bucket = secrets::sha256(&["password-change", &who.id.to_string()]);
    if !rates::hit(core.db.write(), &bucket, Duration::minutes(15), core.settings.login_attempts, wall).await? {
        return Err(super::limits::refused(Duration::minutes(15), wall));
    }
    if !passwords::fits(present.to_owned(), Some(who.password_hash.clone())).await? {
        return Err(DispatchError::Unauthorized);
    }
    // The present one was right: it was no guess, whatever the new one is.
    rates::forget(core.db.write(), &bucket).await?;
    own_password(core, who, session, new, &peer).await
}

/// Chooses a password in place of the one that an administrator gave. All other sessions end; this one becomes a whole one under a new token.
///
/// # Errors
/// `Unauthorized` when nothing has to be chosen; `Invalid` for a weak one and for the one that was given.
pub async fn first_password(core: &Core, who: &Staff, session: &Session, new: String, from: impl Into<Peer>) -> Result<SignedIn, DispatchError> {
    if session.stage != Stage::Password {
        return Err(DispatchError::Unauthorized);
    }
    if passwords::fits(new.clone(), Some(who.password_hash.clone())).await? {
        return Err(DispatchError::invalid("password_same", "another than the one that was given"));
    }
    own_password(core, who, session, new, &from.into()).await
}

async fn own_password(core: &Core, who: &Staff, session: &Session, new: String, peer: &Peer) -> Result<SignedIn, DispatchError> {
    let wall = core.wall();
    let hash = passwords::accepted(new, &[&who.login, &who.name]).await?;
    let tx = core.db.begin().await?;
    staff::set_password(&tx, who.id, &hash, false, wall).await?;
    sessions::end_of_staff(&tx, who.id, None, false).await?;
    sessions::forget_peers(&tx, Some(who.id), wall).await?;
    let person = audit::person(who.id);
    audit::enter(core, &tx, &person, "password_changed", Some(&person), None).await?;
    let who = Staff { password_given: false, ..who.clone() };
    let done = sign_in::open(core, &tx, who, session.kind, Stage::Full, peer, wall).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(done)
}

/// A token for another program.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// The account in whose name it acts.
    pub login: String,
    /// What it is for.
    pub label: String,
    /// Permissions by name; it never has more than the account.
    pub scopes: Vec<String>,
    pub days: i64,
}

/// Makes a token for another program. The token itself is returned this once and stored only as a hash.
///
/// # Errors
/// `NotFound` for an unknown or disabled account; `Invalid` for scopes that do not exist, that the account lacks, or that would let a program make accounts.
pub async fn make_token(core: &Core, by: &Scope, new: &NewToken) -> Result<(String, Session), DispatchError> {
    let wrong = |why: String| DispatchError::invalid("unprocessable", why);
    let label: String = new.label.trim().chars().filter(|c| !c.is_control()).take(80).collect();
    if label.is_empty() {
        return Err(wrong("label: what the token is for".into()));
    }
    if !(1..=LONGEST_DAYS).contains(&new.days) {
        return Err(wrong(format!("days: 1 to {LONGEST_DAYS}")));
    }
    let member = staff::by_login(core.db.read(), &new.login.trim().to_lowercase()).await?.filter(|s| !s.disabled).ok_or(DispatchError::NotFound)?;
    let grants = core.book.roles.get(member.role).grants;
    let mut scopes = Vec::new();
    for name in &new.scopes {
        let p = Permission::parse(name.trim()).ok_or_else(|| wrong("scopes: there is no such permission".into()))?;
        if p == Permission::ManageStaff {
            return Err(wrong("scopes: accounts are managed by people".into()));
        }
        if !grants.has(p) {
            return Err(wrong(format!("scopes: the account's role lacks '{}'", p.name())));
        }
        scopes.push(p.name());
    }
    if scopes.is_empty() {
        return Err(wrong("scopes: at least one permission".into()));
    }
    scopes.sort();
    scopes.dedup();
    // A beginning of its own, so that scanners for leaked secrets find it.
    let token = format!("j109_{}", secrets::token());
    let wall = core.wall();
    let session = Session {
        id: Uuid::now_v7(),
        staff: member.id,
        kind: SessionKind::Integration,
        stage: Stage::Full,
        label: Some(label.clone()),
        scopes: Some(scopes.clone()),
        made_by: Some(by.staff),
        device: String::new(),
        address: String::new(),
        created_at: wall,
        seen_at: wall,
        ends_at: wall + Duration::days(new.days),
    };
    let tx = core.db.begin().await?;
    sessions::insert(&tx, &secrets::sha256(&[&token]), &session).await?;
    let what = format!("{label}: {}", scopes.join(" "));
    audit::enter(core, &tx, &audit::person(by.staff), "token_made", Some(&audit::person(member.id)), Some(&what)).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok((token, session))
}

/// Living tokens of other programs, with the login each acts for.
///
/// # Errors
/// The store's.
pub async fn tokens(core: &Core) -> Result<Vec<(Session, String)>, DispatchError> {
    let c = core.db.read();
    let people = staff::all(c).await?;
    let login = |id: StaffId| people.iter().find(|s| s.id == id).map_or_else(String::new, |s| s.login.clone());
    Ok(sessions::integrations(c, core.wall()).await?.into_iter().map(|s| (login(s.staff), s)).map(|(l, s)| (s, l)).collect())
}

/// Ends the token of another program.
///
/// # Errors
/// `NotFound`.
pub async fn end_token(core: &Core, by: StaffId, id: Uuid) -> Result<(), DispatchError> {
    let all = sessions::integrations(core.db.read(), core.wall()).await?;
    let session = all.into_iter().find(|s| s.id == id).ok_or(DispatchError::NotFound)?;
    let tx = core.db.begin().await?;
    if !sessions::end(&tx, id, session.staff).await? {
        return Err(DispatchError::NotFound);
    }
    audit::enter(core, &tx, &audit::person(by), "token_ended", Some(&audit::person(session.staff)), session.label.as_deref()).await?;
    Ok(tx.commit().await.map_err(StoreError::from)?)
}

/// Until when a session lasts at most if nobody uses it.
#[must_use]
pub fn over_at(core: &Core, s: &Session) -> Instant {
    match s.kind {
        SessionKind::Console => s.ends_at.min(s.seen_at + core.settings.session_idle),
        _ => s.ends_at,
    }
}
