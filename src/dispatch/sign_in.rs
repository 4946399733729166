//! Signing in: the password, then the second factor where there is one. Times here are wall times.
//!
//! Guessing is slowed by place, not by account: a place is a browser that has signed in to this account before, else an address. Strangers' guesses
//! at one account share a limit of their own, which only strangers run into, so nobody can lock a colleague out.

use super::second_factor;
use super::{Core, DispatchError, audit, limits, passwords, secrets};
use crate::domain::Instant;
use crate::domain::access::{Grants, Permission, Scope};
use crate::store::sessions::{self, Session, SessionKind, Stage};
use crate::store::staff::{self, Staff};
use crate::store::{Conn, StoreError, rates};
use chrono::Duration;
use uuid::Uuid;

/// Longest login that is looked for, in bytes.
const LONGEST_LOGIN: usize = 64;
/// How long a password that awaits its second factor is good for.
const CODE_WAITS: Duration = Duration::minutes(10);
/// How long setting a second factor up, or choosing a password, may take.
const ENROLMENT_WAITS: Duration = Duration::minutes(30);
/// Second factors that may be tried after one password.
const TRIES: i32 = 5;

fn quarter() -> Duration {
    Duration::minutes(15)
}

/// Where a call comes from.
#[derive(Debug, Clone, Default)]
pub struct Peer {
    pub address: String,
    /// What the browser or program calls itself.
    pub device: String,
    /// The secret that a browser got when it first signed in.
    pub known: Option<String>,
}

impl From<&str> for Peer {
    fn from(address: &str) -> Self {
        Self { address: address.to_owned(), ..Self::default() }
    }
}

impl From<&String> for Peer {
    fn from(address: &String) -> Self {
        Self::from(address.as_str())
    }
}

/// What a right password, or a right second factor, gives.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// With a stage other than [`Stage::Full`] it opens only the next step.
    pub token: String,
    pub expires: Instant,
    pub staff: Staff,
    pub stage: Stage,
    /// The secret by which this browser is known next time.
    pub known: String,
}

/// A living session, its owner, and what it may do.
#[derive(Debug, Clone)]
pub struct Signed {
    pub session: Session,
    pub staff: Staff,
    pub scope: Scope,
}

/// Signs a member of staff in with a password, at the console (`console`) or the API.
///
/// # Errors
/// `Unauthorized` without saying why; `RateLimited`; at the API `Invalid(second_factor_needed)` when the role asks for one that is not set up yet, and
/// `Invalid(password_change_needed)` when the password was given by an administrator.
pub async fn sign_in(core: &Core, login: &str, password: &str, from: impl Into<Peer>, console: bool) -> Result<SignedIn, DispatchError> {
    let (peer, wall) = (from.into(), core.wall());
    let login = login.trim().to_lowercase();
    if login.len() > LONGEST_LOGIN {
        return Err(DispatchError::Unauthorized);
    }
    let buckets = Buckets::of(core, &login, &peer).await?;
    buckets.hit(core).await?;
    let member = staff::by_login(core.db.read(), &login).await?;
    let hash = member.as_ref().filter(|m| !m.disabled).map(|m| m.password_hash.clone());
    let right = passwords::fits(password.to_owned(), hash).await?;
    let Some(staff) = member.clone().filter(|_| right) else {
        if let Some(m) = member {
            audit::enter(core, core.db.write(), &audit::person(m.id), "sign_in_failed", Some(&audit::person(m.id)), Some(&peer.address)).await?;
        }
        return Err(DispatchError::Unauthorized);
    };
    buckets.forgive(core).await?;
    if staff.password_given && !console {
        return Err(DispatchError::invalid("password_change_needed", "choose a password of your own in the console first"));
    }
    let stage = match (staff.second_factor, core.book.roles.get(staff.role).second_factor) {
        (true, _) => Stage::Code,
        (false, true) if console => Stage::Enrol,
        (false, true) => return Err(DispatchError::invalid("second_factor_needed", "set a second factor up in the console first")),
        (false, false) => last_stage(&staff),
    };
    let kind = if console { SessionKind::Console } else { SessionKind::Api };
    let tx = core.db.begin().await?;
    let done = open(core, &tx, staff, kind, stage, &peer, wall).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(done)
}

/// Where signing in ends: with a password that somebody else gave, a step remains.
pub(super) fn last_stage(staff: &Staff) -> Stage {
    if staff.password_given { Stage::Password } else { Stage::Full }
}

/// The buckets that one try counts in.
struct Buckets {
    place: String,
    place_day: String,
    address: String,
    /// Only for a place that never signed in to this account.
    strangers: Option<String>,
}

impl Buckets {
    async fn of(core: &Core, login: &str, peer: &Peer) -> Result<Self, DispatchError> {
        let by_address = known_address(login, &peer.address);
        let browser = match &peer.known {
            Some(k) => {
                let hash = known_browser(login, k);
                sessions::is_known(core.db.read(), &hash).await?.then_some(hash)
            }
            None => None,
        };
        let known = browser.is_some() || sessions::is_known(core.db.read(), &by_address).await?;
        let place = browser.unwrap_or(by_address);
        Ok(Self {
            place_day: secrets::sha256(&["login-day", &place]),
            place: secrets::sha256(&["login", &place]),
            address: secrets::sha256(&["login-address", &peer.address]),
            strangers: (!known).then(|| secrets::sha256(&["login-strangers", login])),
        })
    }

    /// Counts one try, before it is known whether it is right. What a narrower limit stops does not count in a wider one: one place cannot use up the
    /// tries of all.
    async fn hit(&self, core: &Core) -> Result<(), DispatchError> {
        let (s, wall, c) = (&core.settings, core.wall(), core.db.write());
        let narrow_first = [
            (&self.place, quarter(), s.login_attempts),
            (&self.place_day, Duration::days(1), s.login_attempts.saturating_mul(4)),
            (&self.address, quarter(), s.login_per_address),
        ];
        for (bucket, window, max) in narrow_first {
            if !rates::hit(c, bucket, window, max, wall).await? {
                return Err(limits::refused(window, wall));
            }
        }
        match &self.strangers {
            Some(b) if !rates::hit(c, b, Duration::hours(1), s.login_strangers_per_hour, wall).await? => {
                Err(limits::refused(Duration::hours(1), wall))
            }
            _ => Ok(()),
        }
    }

    /// The try was right: it was no guess.
    async fn forgive(&self, core: &Core) -> Result<(), DispatchError> {
        let (wall, c) = (core.wall(), core.db.write());
        rates::forget(c, &self.place).await?;
        rates::forget(c, &self.place_day).await?;
        rates::refund(c, &self.address, quarter(), wall).await?;
        if let Some(b) = &self.strangers {
            rates::refund(c, b, Duration::hours(1), wall).await?;
        }
        Ok(())
    }
}

fn known_address(login: &str, address: &str) -> String {
    secrets::sha256(&["known-address", login, address])
}

fn known_browser(login: &str, secret: &str) -> String {
    secrets::sha256(&["known-browser", login, secret])
}

/// Opens a session. A whole one makes the place known and is written to the audit.
pub(super) async fn open(
    core: &Core,
    c: &impl Conn,
    staff: Staff,
    kind: SessionKind,
    stage: Stage,
    peer: &Peer,
    wall: Instant,
) -> Result<SignedIn, DispatchError> {
    let token = secrets::token();
    let life = match (stage, kind) {
        (Stage::Code, _) => CODE_WAITS,
        (Stage::Enrol | Stage::Password, _) => ENROLMENT_WAITS,
        (Stage::Full, SessionKind::Console) => Duration::hours(core.settings.session_hours),
        (Stage::Full, _) => Duration::days(core.settings.token_days),
    };
    let session = Session {
        id: Uuid::now_v7(),
        staff: staff.id,
        kind,
        stage,
        label: None,
        scopes: None,
        made_by: None,
        device: shortened(&peer.device),
        address: peer.address.clone(),
        created_at: wall,
        seen_at: wall,
        ends_at: wall + life,
    };
    sessions::insert(c, &secrets::sha256(&[&token]), &session).await?;
    let known = peer.known.clone().filter(|k| k.len() == 64).unwrap_or_else(secrets::token);
    if stage == Stage::Full {
        let mut places = vec![known_address(&staff.login, &peer.address)];
        if kind == SessionKind::Console {
            places.push(known_browser(&staff.login, &known));
        }
        sessions::know(c, staff.id, &places, wall).await?;
        let who = audit::person(staff.id);
        audit::enter(core, c, &who, "sign_in", Some(&who), Some(&peer.address)).await?;
    }
    Ok(SignedIn { token, expires: session.ends_at, staff, stage, known })
}

/// What a program calls itself: one line, not too long.
fn shortened(device: &str) -> String {
    device.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// The second step: a code of the application, or a recovery code. The session that awaited it ends, whatever its token was before.
///
/// # Errors
/// `Unauthorized` when nothing awaits a code, or too many were wrong; `Invalid(bad_code)` for a wrong or used one; `RateLimited`.
pub async fn second_step(core: &Core, ticket: &str, typed: &str, from: impl Into<Peer>, console: bool) -> Result<SignedIn, DispatchError> {
    let (peer, wall) = (from.into(), core.wall());
    let Signed { session, staff, .. } = half(core, ticket, console).await?;
    if session.stage != Stage::Code {
        return Err(DispatchError::Unauthorized);
    }
    let tries = secrets::sha256(&["second-factor-session", &session.id.to_string()]);
    if !rates::hit(core.db.write(), &tries, Duration::days(1), TRIES, wall).await? {
        sessions::end(core.db.write(), session.id, staff.id).await?;
        return Err(DispatchError::Unauthorized);
    }
    let per_account = secrets::sha256(&["second-factor", &staff.id.to_string()]);
    if !rates::hit(core.db.write(), &per_account, Duration::hours(1), core.settings.second_factor_per_hour, wall).await? {
        return Err(limits::refused(Duration::hours(1), core.wall()));
    }
    let tx = core.db.begin().await?;
    if !second_factor::spend(core, &tx, &staff, typed).await? {
        // The tries were counted outside.
        tx.rollback().await.map_err(StoreError::from)?;
        let who = audit::person(staff.id);
        audit::enter(core, core.db.write(), &who, "second_factor_failed", Some(&who), Some(&peer.address)).await?;
        return Err(DispatchError::invalid("bad_code", "wrong, used or outdated"));
    }
    // Two who send the same code at once: one of them finds the session gone.
    if !sessions::end(&tx, session.id, staff.id).await? {
        return Err(DispatchError::Unauthorized);
    }
    let stage = last_stage(&staff);
    let done = open(core, &tx, staff, session.kind, stage, &peer, wall).await?;
    tx.commit().await.map_err(StoreError::from)?;
    rates::refund(core.db.write(), &per_account, Duration::hours(1), wall).await?;
    Ok(done)
}

/// Who stands behind the token of a session, whatever stage it is in.
async fn any_stage(core: &Core, token: &str) -> Result<Signed, DispatchError> {
    let wall = core.wall();
    let found = sessions::by_hash(core.db.read(), &secrets::sha256(&[token]), wall - core.settings.session_idle, wall).await?;
    let (session, staff) = found.filter(|(_, s)| !s.disabled).ok_or(DispatchError::Unauthorized)?;
    let mut scope = staff.scope(&core.book.roles);
    if let Some(names) = &session.scopes {
        let narrowed: Grants = names.iter().filter_map(|n| Permission::parse(n)).collect();
        scope.grants = scope.grants.and(narrowed);
    }
    // At most one write a minute and session.
    let stale = wall - Duration::minutes(1);
    if session.seen_at < stale {
        sessions::touch(core.db.write(), session.id, stale, wall).await?;
    }
    Ok(Signed { session, staff, scope })
}

/// The member of staff behind a bearer token or, with `console`, a console cookie.
///
/// # Errors
/// `Unauthorized`.
pub async fn staff_by_token(core: &Core, token: &str, console: bool) -> Result<Signed, DispatchError> {
    let found = any_stage(core, token).await?;
    let fits = (found.session.kind == SessionKind::Console) == console && found.session.stage == Stage::Full;
    if fits { Ok(found) } else { Err(DispatchError::Unauthorized) }
}

/// The same while signing in is under way, and after it.
///
/// # Errors
/// `Unauthorized`.
pub async fn half(core: &Core, token: &str, console: bool) -> Result<Signed, DispatchError> {
    let found = any_stage(core, token).await?;
    if (found.session.kind == SessionKind::Console) == console { Ok(found) } else { Err(DispatchError::Unauthorized) }
}

/// Ends a session by its owner's wish.
///
/// # Errors
/// The store's.
pub async fn sign_out(core: &Core, session: &Session) -> Result<(), DispatchError> {
    sessions::end(core.db.write(), session.id, session.staff).await?;
    Ok(())
}
