//! Who is calling: staff by password, residents by a code to their phone, both by tokens afterwards. Times here are wall times.

use super::{Core, DispatchError, secrets};
use crate::domain::access::Role;
use crate::domain::calendar::Span;
use crate::domain::inbound::ChannelKind;
use crate::domain::outgoing::{Body, Condition, Keyboard, Outgoing, Params, Rank};
use crate::domain::phone::Phone;
use crate::domain::sla::Duty;
use crate::domain::{CrewCode, Instant, Lang, QueueCode, ResidentId, StaffId};
use crate::store::duties::{self, OnDuty};
use crate::store::staff::{self, Staff};
use crate::store::tokens::kind;
use crate::store::{Bulk, StoreError, codes, outbox, rates, residents, tokens};
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString, rand_core::OsRng};
use argon2::{Algorithm, Argon2, Params as Cost, Version};
use chrono::Duration;

/// A new account.
#[derive(Debug, Clone)]
pub struct NewStaff {
    pub login: String,
    pub name: String,
    pub role: Role,
    pub queues: Vec<QueueCode>,
    pub crew: Option<CrewCode>,
    pub lang: Lang,
    pub password: String,
}

/// Shortest password, in characters.
pub const MIN_PASSWORD: usize = 10;

// 19 MiB, two passes: the minimum that OWASP's password storage cheat sheet gives for Argon2id.
fn argon() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Cost::new(19 * 1024, 2, 1, None).unwrap_or_default())
}

/// # Errors
/// `Internal` when hashing fails, which it does not for passwords of sane length.
pub async fn hash_password(password: String) -> Result<String, DispatchError> {
    tokio::task::spawn_blocking(move || {
        let salt = SaltString::generate(&mut OsRng);
        argon().hash_password(password.as_bytes(), &salt).map(|h| h.to_string())
    })
    .await
    .map_err(|e| DispatchError::Internal(e.to_string()))?
    .map_err(|e| DispatchError::Internal(e.to_string()))
}

async fn fits(password: String, hash: String) -> bool {
    tokio::task::spawn_blocking(move || PasswordHash::new(&hash).is_ok_and(|h| argon().verify_password(password.as_bytes(), &h).is_ok()))
        .await
        .unwrap_or(false)
}

/// Makes an account.
///
/// # Errors
/// `Invalid` for a short password, a bad login, unknown queues or crew; `Store(Duplicate)` when the login is taken.
pub async fn add_staff(core: &Core, new: NewStaff) -> Result<Staff, DispatchError> {
    let login = new.login.trim().to_lowercase();
    if login.is_empty() || login.len() > 64 || !login.chars().all(|c| c.is_ascii_alphanumeric() || ".-_@".contains(c)) {
        return Err(DispatchError::invalid("unprocessable", "a login has 1 to 64 of a-z 0-9 . - _ @"));
    }
    if new.password.chars().count() < MIN_PASSWORD {
        return Err(DispatchError::invalid("unprocessable", format!("a password has at least {MIN_PASSWORD} characters")));
    }
    if let Some(q) = new.queues.iter().find(|q| core.book.catalog.queue(q.as_str()).is_none()) {
        return Err(DispatchError::invalid("bad_queue", q.as_str()));
    }
    match (&new.crew, new.role) {
        (None, Role::Crew) => return Err(DispatchError::invalid("bad_crew", "a crew account names its crew")),
        (Some(c), _) if core.book.catalog.crew(c.as_str()).is_none() => return Err(DispatchError::invalid("bad_crew", c.as_str())),
        _ => {}
    }
    let member = Staff {
        id: StaffId::fresh(),
        login,
        name: new.name,
        role: new.role,
        queues: new.queues,
        crew: new.crew,
        lang: new.lang,
        password_hash: hash_password(new.password).await?,
        disabled: false,
        created_at: core.now(),
    };
    let tx = core.db.begin().await?;
    staff::insert(&tx, &member).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(member)
}

/// A hash that no password fits, so that an unknown login takes as long as a wrong password.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ib2R5$Zr0K5dN9x0m2nM4n0y8T9zq0hJx1Qv7m5B2c3D4e5F6";

/// What a successful sign-in gives.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub token: String,
    pub expires: Instant,
    pub staff: Staff,
}

/// Signs a member of staff in. `from` is where the call came from, for the rate limit, which counts failures per login *and* address: a stranger
/// cannot lock a dispatcher out by guessing.
///
/// # Errors
/// `Unauthorized` without saying why; `RateLimited`.
pub async fn sign_in(core: &Core, login: &str, password: &str, from: &str, session: bool) -> Result<SignedIn, DispatchError> {
    let wall = core.wall();
    let login = login.trim().to_lowercase();
    let bucket = secrets::sha256(&["login", &login, from]);
    if !rates::hit(core.db.write(), &bucket, Duration::minutes(15), core.settings.login_attempts, wall).await? {
        return Err(DispatchError::RateLimited);
    }
    let member = staff::by_login(core.db.read(), &login).await?.filter(|s| !s.disabled);
    let hash = member.as_ref().map_or_else(|| NOBODY.to_owned(), |m| m.password_hash.clone());
    let right = fits(password.to_owned(), hash).await;
    let Some(staff) = member.filter(|_| right) else { return Err(DispatchError::Unauthorized) };
    rates::forget(core.db.write(), &bucket).await?;
    let (kind, life) =
        if session { (kind::SESSION, Duration::hours(core.settings.session_hours)) } else { (kind::STAFF, Duration::days(core.settings.token_days)) };
    let (token, expires) = issue(core, kind, staff.id.0, life).await?;
    Ok(SignedIn { token, expires, staff })
}

async fn issue(core: &Core, kind: &str, subject: uuid::Uuid, life: Duration) -> Result<(String, Instant), DispatchError> {
    let token = secrets::token();
    let wall = core.wall();
    let expires = wall + life;
    tokens::insert(core.db.write(), &secrets::sha256(&[&token]), kind, subject, wall, expires).await?;
    Ok((token, expires))
}

/// The member of staff behind a bearer token or, with `session`, a console cookie.
///
/// # Errors
/// `Unauthorized`.
pub async fn staff_by_token(core: &Core, token: &str, session: bool) -> Result<Staff, DispatchError> {
    let kind = if session { kind::SESSION } else { kind::STAFF };
    let found = staff::by_token(core.db.read(), &secrets::sha256(&[token]), kind, core.wall()).await?;
    found.filter(|s| !s.disabled).ok_or(DispatchError::Unauthorized)
}

/// Ends one token.
///
/// # Errors
/// The store's.
pub async fn sign_out(core: &Core, token: &str) -> Result<(), DispatchError> {
    Ok(tokens::revoke(core.db.write(), &secrets::sha256(&[token])).await?)
}

/// Sends a sign-in code to a phone. Says nothing about whether the phone is known.
///
/// # Errors
/// `RateLimited`.
pub async fn send_code(core: &Core, phone: &Phone, lang: Lang, from: &str) -> Result<(), DispatchError> {
    let wall = core.wall();
    let s = &core.settings;
    let hour = Duration::hours(1);
    let by_phone = secrets::sha256(&["otp-phone", phone.e164()]);
    let by_address = secrets::sha256(&["otp-address", from]);
    let tx = core.db.begin().await?;
    let allowed = rates::hit(&tx, &by_phone, hour, s.otp_per_phone_per_hour, wall).await?
        & rates::hit(&tx, &by_address, hour, s.otp_per_address_per_hour, wall).await?;
    if allowed {
        let code = secrets::code();
        let subject = secrets::sha256(&["otp", phone.e164()]);
        let hash = secrets::sha256(&["otp", phone.e164(), &code]);
        codes::insert(&tx, codes::purpose::SIGN_IN, &subject, &hash, wall, wall + Duration::seconds(s.otp_ttl_secs)).await?;
        let sms = Outgoing {
            channel: ChannelKind::Sms,
            account: "main".into(),
            chat: phone.e164().to_owned(),
            lang,
            conversation: None,
            request: None,
            body: Body::Template { key: "otp.code".into(), params: Params::from([("code".to_owned(), code)]) },
            keyboard: Keyboard::None,
            rank: Rank::Normal,
            condition: Condition::Always,
            dedupe: None,
        };
        let mut bulk = Bulk::on(&tx);
        outbox::insert(&mut bulk, &[sms], core.now(), wall)?;
        bulk.run(&tx).await?;
    }
    // The hits are counted even when nothing is sent.
    tx.commit().await.map_err(StoreError::from)?;
    if !allowed {
        return Err(DispatchError::RateLimited);
    }
    core.bus.publish(crate::bus::Hint::Outbox);
    Ok(())
}

/// Exchanges a code for a resident's token.
///
/// # Errors
/// `Invalid(bad_code)` for a wrong, spent or outdated code, or when its tries are used up.
pub async fn redeem_code(core: &Core, phone: &Phone, code: &str, lang: Lang) -> Result<(ResidentId, String, Instant), DispatchError> {
    use subtle::ConstantTimeEq;
    let wall = core.wall();
    let bad = || DispatchError::invalid("bad_code", "wrong, used or outdated");
    let subject = secrets::sha256(&["otp", phone.e164()]);
    let row = codes::newest(core.db.read(), codes::purpose::SIGN_IN, &subject, wall).await?.ok_or_else(bad)?;
    // The try is counted before it is known whether it was right.
    if !codes::count_try(core.db.write(), row.id, core.settings.otp_attempts).await? {
        return Err(bad());
    }
    let given = secrets::sha256(&["otp", phone.e164(), code.trim()]);
    if !bool::from(given.as_bytes().ct_eq(row.code_hash.as_bytes())) {
        return Err(bad());
    }
    let tx = core.db.begin().await?;
    if !codes::spend(&tx, row.id, wall).await? {
        return Err(bad());
    }
    let resident = residents::of_phone(&tx, phone, lang, core.now()).await?;
    let token = secrets::token();
    let expires = wall + Duration::days(core.settings.token_days);
    tokens::insert(&tx, &secrets::sha256(&[&token]), kind::RESIDENT, resident.id.0, wall, expires).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok((resident.id, token, expires))
}

/// The resident behind a bearer token.
///
/// # Errors
/// `Unauthorized`.
pub async fn resident_by_token(core: &Core, token: &str) -> Result<ResidentId, DispatchError> {
    let hash = secrets::sha256(&[token]);
    let id = tokens::subject(core.db.read(), &hash, kind::RESIDENT, core.wall()).await?.ok_or(DispatchError::Unauthorized)?;
    Ok(ResidentId(id))
}

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
    let row = OnDuty { id: uuid::Uuid::now_v7(), staff: member.id, duty, queue, hours, mail: mail.map(str::to_owned) };
    duties::insert(core.db.write(), &row).await?;
    Ok(row)
}
