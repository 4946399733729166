//! Second factors: setting one up, checking a code, recovery codes.

use super::seal::{open, seal};
use super::sign_in::{self, Peer, SignedIn};
use super::{Core, DispatchError, audit, passwords, secrets};
use crate::domain::totp;
use crate::store::sessions::{self, Session, Stage};
use crate::store::staff::Staff;
use crate::store::{Conn, StoreError, rates, second_factor as kept};
use chrono::Duration;
use rand::RngCore;

/// Recovery codes that a person gets.
const CODES: usize = 10;
/// Letters of a recovery code, without look-alikes.
const LETTERS: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";

/// A secret to be put into an application.
#[derive(Debug, Clone)]
pub struct Proposed {
    /// As it is typed.
    pub secret: String,
    /// As a QR code carries it.
    pub address: String,
}

/// The secret that awaits its confirmation; the same until it is confirmed.
///
/// # Errors
/// The store's.
pub async fn propose(core: &Core, staff: &Staff) -> Result<Proposed, DispatchError> {
    let owner = staff.id.to_string();
    let mut bytes = vec![0u8; totp::SECRET];
    rand::rng().fill_bytes(&mut bytes);
    if !kept::propose(core.db.write(), staff.id, &seal(core, &owner, &bytes)?).await? {
        // The newest truth, not a reader that lags behind.
        let sealed = kept::load(core.db.write(), staff.id).await?.pending.ok_or(DispatchError::NotFound)?;
        bytes = open(core, &owner, &sealed)?;
    }
    Ok(Proposed { secret: totp::base32(&bytes), address: totp::address(&bytes, &staff.login, "Jambyl109") })
}

/// Puts the proposed secret in force by a code made with it. Recovery codes are made anew and shown this once; all other sessions of the person end,
/// and this one gets a new token.
///
/// # Errors
/// `Invalid(bad_code)`; `NotFound` when nothing was proposed; `RateLimited`.
pub async fn confirm(
    core: &Core,
    staff: &Staff,
    session: &Session,
    typed: &str,
    from: impl Into<Peer>,
) -> Result<(Vec<String>, SignedIn), DispatchError> {
    let (peer, wall) = (from.into(), core.wall());
    // Who has a second factor and not yet shown it may not put another in its place.
    if matches!(session.stage, Stage::Code | Stage::Password) {
        return Err(DispatchError::Unauthorized);
    }
    limited(core, staff).await?;
    let tx = core.db.begin().await?;
    let sealed = kept::load(&tx, staff.id).await?.pending.ok_or(DispatchError::NotFound)?;
    let secret = open(core, &staff.id.to_string(), &sealed)?;
    let step = totp::fits(&secret, typed, wall).ok_or_else(|| DispatchError::invalid("bad_code", "wrong or outdated"))?;
    if !kept::confirm(&tx, staff.id, &sealed, step, wall).await? {
        return Err(DispatchError::NotFound);
    }
    let codes = new_codes(core, &tx, staff).await?;
    sessions::end_of_staff(&tx, staff.id, None, false).await?;
    let who = audit::person(staff.id);
    audit::enter(core, &tx, &who, "second_factor_on", Some(&who), None).await?;
    let staff = Staff { second_factor: true, ..staff.clone() };
    let stage = sign_in::last_stage(&staff);
    let done = sign_in::open(core, &tx, staff, session.kind, stage, &peer, wall).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok((codes, done))
}

/// Takes the second factor away by its owner's wish: password and a code are asked for.
///
/// # Errors
/// `Forbidden` when the role asks for one; `Unauthorized` for a wrong password; `Invalid(bad_code)`; `RateLimited`.
pub async fn give_up(core: &Core, staff: &Staff, password: &str, typed: &str) -> Result<(), DispatchError> {
    if core.book.roles.get(staff.role).second_factor {
        return Err(DispatchError::Forbidden);
    }
    limited(core, staff).await?;
    if !passwords::fits(password.to_owned(), Some(staff.password_hash.clone())).await? {
        return Err(DispatchError::Unauthorized);
    }
    let tx = core.db.begin().await?;
    if !spend(core, &tx, staff, typed).await? {
        return Err(DispatchError::invalid("bad_code", "wrong, used or outdated"));
    }
    kept::remove(&tx, staff.id).await?;
    let who = audit::person(staff.id);
    audit::enter(core, &tx, &who, "second_factor_off", Some(&who), None).await?;
    Ok(tx.commit().await.map_err(StoreError::from)?)
}

/// New recovery codes; the old ones are void.
///
/// # Errors
/// `Invalid(bad_code)`; `RateLimited`.
pub async fn fresh_codes(core: &Core, staff: &Staff, typed: &str) -> Result<Vec<String>, DispatchError> {
    limited(core, staff).await?;
    let tx = core.db.begin().await?;
    if !spend(core, &tx, staff, typed).await? {
        return Err(DispatchError::invalid("bad_code", "wrong, used or outdated"));
    }
    let codes = new_codes(core, &tx, staff).await?;
    let who = audit::person(staff.id);
    audit::enter(core, &tx, &who, "recovery_codes", Some(&who), None).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(codes)
}

/// Takes what was typed as a code of the application or as a recovery code, once. False when it is neither or was taken before.
pub(super) async fn spend(core: &Core, c: &impl Conn, staff: &Staff, typed: &str) -> Result<bool, DispatchError> {
    let wall = core.wall();
    let Some(sealed) = kept::load(c, staff.id).await?.secret else { return Ok(false) };
    let secret = open(core, &staff.id.to_string(), &sealed)?;
    if let Some(step) = totp::fits(&secret, typed, wall) {
        return Ok(kept::take(c, staff.id, step).await?);
    }
    let code = plain(typed);
    if code.len() != 10 {
        return Ok(false);
    }
    let spent = kept::spend_code(c, staff.id, &hashed(core, staff, &code), wall).await?;
    if spent {
        let who = audit::person(staff.id);
        audit::enter(core, c, &who, "recovery_code", Some(&who), None).await?;
    }
    Ok(spent)
}

async fn limited(core: &Core, staff: &Staff) -> Result<(), DispatchError> {
    let bucket = secrets::sha256(&["second-factor", &staff.id.to_string()]);
    let allowed = rates::hit(core.db.write(), &bucket, Duration::hours(1), core.settings.second_factor_per_hour, core.wall()).await?;
    if allowed { Ok(()) } else { Err(super::limits::refused(Duration::hours(1), core.wall())) }
}

async fn new_codes(core: &Core, c: &impl Conn, staff: &Staff) -> Result<Vec<String>, DispatchError> {
    let mut shown = Vec::with_capacity(CODES);
    let mut hashes = Vec::with_capacity(CODES);
    for _ in 0..CODES {
        let mut bytes = [0u8; 10];
        rand::rng().fill_bytes(&mut bytes);
        let code: String = bytes.iter().filter_map(|b| LETTERS.get(usize::from(b % 31))).map(|l| char::from(*l)).collect();
        hashes.push(hashed(core, staff, &code));
        let (left, right) = code.split_at_checked(5).unwrap_or((&code, ""));
        shown.push(format!("{left}-{right}"));
    }
    kept::replace_codes(c, staff.id, &hashes).await?;
    Ok(shown)
}

/// As a person types it back: case, spaces and dashes do not count.
fn plain(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).take(11).collect()
}

/// With the service's key in it: fifty bits alone could be tried out against a stolen table.
fn hashed(core: &Core, staff: &Staff, code: &str) -> String {
    secrets::sha256(&["recovery", &hex::encode(core.chain.derive("recovery codes")), &staff.id.to_string(), code])
}
