//! A resident signs in with the application: a one-time code to the phone, then a short token and one that renews it. Times here are wall times.
//!
//! Tokens that renewed one another are a family, which is one sign-in on one telephone. A renewing token works once: when a spent one comes back,
//! somebody has copied it, nobody can tell who of the two is the owner, and the whole family ends.

use super::limits::{Limit, hit};
use super::{Core, DispatchError, secrets};
use crate::domain::inbound::ChannelKind;
use crate::domain::outgoing::{Body, Condition, Keyboard, Outgoing, Params, Rank};
use crate::domain::phone::Phone;
use crate::domain::{Instant, Lang, ResidentId};
use crate::store::tokens::kind;
use crate::store::{Bulk, Conn, StoreError, codes, conversations, devices, outbox, residents, tokens};
use chrono::Duration;
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// The template of a code. Its parameters are blanked as soon as it is sent.
pub const CODE: &str = outbox::SECRET_TEMPLATE;

/// WhatsApp takes free text only so long after the resident wrote.
const WHATSAPP_WINDOW: Duration = Duration::hours(24);

/// A code is asked for so many times a day and phone at most, in hours' worths.
const HOURS_A_DAY: i32 = 3;

/// What a successful sign-in or renewal gives.
#[derive(Debug, Clone)]
pub struct Session {
    pub resident: ResidentId,
    pub token: String,
    pub expires: Instant,
    pub refresh: String,
    pub refresh_expires: Instant,
}

/// Sends a sign-in code to a phone: into the resident's own chat of the wished channel when there is one, as a short message otherwise. Says nothing
/// about whether the phone is known.
///
/// # Errors
/// `RateLimited` by phone and by address.
pub async fn send_code(core: &Core, phone: &Phone, lang: Lang, wish: ChannelKind, from: &str) -> Result<(), DispatchError> {
    let wall = core.wall();
    let s = &core.settings;
    let tx = core.db.begin().await?;
    let limits = [
        (Limit::hourly("otp-phone", s.otp_per_phone_per_hour), phone.e164()),
        (Limit::daily("otp-phone-day", s.otp_per_phone_per_hour.saturating_mul(HOURS_A_DAY)), phone.e164()),
        (Limit::hourly("otp-address", s.otp_per_address_per_hour), from),
    ];
    let mut refused = None;
    for (limit, who) in limits {
        match hit(core, &tx, limit, who).await {
            // What a narrower limit stops does not count in a wider one.
            Err(e @ DispatchError::RateLimited { .. }) => {
                refused = Some(e);
                break;
            }
            other => other?,
        }
    }
    if refused.is_none() {
        let code = secrets::code();
        let expires = wall + Duration::seconds(s.otp_ttl_secs);
        let hash = secrets::sha256(&["otp", phone.e164(), &code]);
        codes::insert(&tx, codes::purpose::SIGN_IN, &subject(phone), &hash, wall, expires).await?;
        let chat = chat_of(&tx, phone, wish, wall).await?;
        let to = chat.unwrap_or_else(|| To { channel: ChannelKind::Sms, account: "main".into(), chat: phone.e164().to_owned(), talk: None });
        let letter = Outgoing {
            channel: to.channel,
            account: to.account,
            chat: to.chat,
            lang,
            conversation: to.talk,
            request: None,
            body: Body::Template { key: CODE.into(), params: Params::from([("code".to_owned(), code)]) },
            keyboard: Keyboard::None,
            rank: Rank::Normal,
            condition: Condition::BeforeWall(expires),
            dedupe: None,
        };
        let mut bulk = Bulk::on(&tx);
        outbox::insert(&mut bulk, &[letter], core.now(), wall)?;
        bulk.run(&tx).await?;
    }
    // The hits are counted even when nothing is sent.
    tx.commit().await.map_err(StoreError::from)?;
    if let Some(e) = refused {
        return Err(e);
    }
    core.bus.publish(crate::bus::Hint::Outbox);
    Ok(())
}

fn subject(phone: &Phone) -> String {
    secrets::sha256(&["otp", phone.e164()])
}

/// Where a code goes.
struct To {
    channel: ChannelKind,
    account: String,
    chat: String,
    talk: Option<crate::domain::ConversationId>,
}

/// The chat that the phone's owner is known to have in this channel. The phone of a resident is one that its owner has proved.
async fn chat_of(c: &impl Conn, phone: &Phone, wish: ChannelKind, wall: Instant) -> Result<Option<To>, StoreError> {
    // Looked up for short messages too, so that known and unknown phones take the same way.
    let Some(resident) = residents::by_phone(c, phone).await? else { return Ok(None) };
    let open = |t: &conversations::Conversation| match t.channel {
        ChannelKind::Whatsapp => t.last_inbound_at.is_some_and(|at| wall - at < WHATSAPP_WINDOW),
        ChannelKind::Telegram => true,
        _ => false,
    };
    let talks = conversations::of_resident(c, resident.id).await?;
    let talk = talks.into_iter().find(|t| t.channel == wish && t.blocked_at.is_none() && open(t));
    Ok(talk.map(|t| To { channel: t.channel, account: t.account, chat: t.chat, talk: Some(t.id) }))
}

/// Exchanges a code for a session.
///
/// # Errors
/// `Invalid(bad_code)` for a wrong, spent or outdated code, or when its tries are used up; `RateLimited` by address.
pub async fn redeem_code(core: &Core, phone: &Phone, code: &str, lang: Lang, from: &str) -> Result<Session, DispatchError> {
    let wall = core.wall();
    let s = &core.settings;
    let bad = || DispatchError::invalid("bad_code", "wrong, used or outdated");
    // Guesses at many phones at once are seen here; those at one phone by the code's own tries.
    let guesses = Limit::hourly("token-address", s.otp_per_address_per_hour.saturating_mul(s.otp_attempts));
    hit(core, core.db.write(), guesses, from).await?;
    let row = codes::newest(core.db.read(), codes::purpose::SIGN_IN, &subject(phone), wall).await?;
    let given = secrets::sha256(&["otp", phone.e164(), code.trim()]);
    // The try is counted before it is known whether it was right.
    let Some(row) = row else { return Err(bad()) };
    let counted = codes::count_try(core.db.write(), row.id, s.otp_attempts).await?;
    if !bool::from(given.as_bytes().ct_eq(row.code_hash.as_bytes())) || !counted {
        return Err(bad());
    }
    let tx = core.db.begin().await?;
    if !codes::spend(&tx, row.id, wall).await? {
        return Err(bad());
    }
    let resident = residents::of_phone(&tx, phone, lang, core.now()).await?;
    let session = issue(core, &tx, resident.id, Uuid::now_v7(), wall).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(session)
}

async fn issue(core: &Core, c: &impl Conn, resident: ResidentId, family: Uuid, wall: Instant) -> Result<Session, DispatchError> {
    let s = &core.settings;
    let (token, refresh) = (secrets::token(), secrets::token());
    let (expires, refresh_expires) = (wall + Duration::minutes(s.access_minutes), wall + Duration::days(s.refresh_days));
    tokens::insert_in(c, family, &secrets::sha256(&[&token]), kind::RESIDENT, resident.0, wall, expires).await?;
    tokens::insert_in(c, family, &secrets::sha256(&[&refresh]), kind::REFRESH, resident.0, wall, refresh_expires).await?;
    Ok(Session { resident, token, expires, refresh, refresh_expires })
}

/// Exchanges a renewing token for a new session of the same family.
///
/// # Errors
/// `Unauthorized` for one that is unknown, has run out, or was used before; in the last case its family has ended.
pub async fn renew(core: &Core, refresh: &str) -> Result<Session, DispatchError> {
    let wall = core.wall();
    let hash = secrets::sha256(&[refresh]);
    let tx = core.db.begin().await?;
    let held = tokens::held(&tx, &hash, kind::REFRESH, wall).await?.ok_or(DispatchError::Unauthorized)?;
    let family = held.family.ok_or(DispatchError::Unauthorized)?;
    if !tokens::spend(&tx, &hash, kind::REFRESH, wall).await? {
        end(&tx, family).await?;
        tx.commit().await.map_err(StoreError::from)?;
        tracing::warn!("a spent refresh token came back: the sign-in that it belonged to was ended");
        return Err(DispatchError::Unauthorized);
    }
    let session = issue(core, &tx, ResidentId(held.subject), family, wall).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(session)
}

async fn end(c: &impl Conn, family: Uuid) -> Result<(), StoreError> {
    tokens::revoke_family(c, family).await?;
    devices::remove_family(c, family).await
}

/// Ends a sign-in: its tokens and its telephone's push messages.
///
/// # Errors
/// The store's.
pub async fn sign_out(core: &Core, family: Uuid) -> Result<(), DispatchError> {
    let tx = core.db.begin().await?;
    end(&tx, family).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// The resident behind a bearer token, and the sign-in that it belongs to.
///
/// # Errors
/// `Unauthorized`.
pub async fn resident_by_token(core: &Core, token: &str) -> Result<(ResidentId, Uuid), DispatchError> {
    let hash = secrets::sha256(&[token]);
    let held = tokens::held(core.db.read(), &hash, kind::RESIDENT, core.wall()).await?.ok_or(DispatchError::Unauthorized)?;
    // Tokens from before there were families are asked to sign in once more.
    Ok((ResidentId(held.subject), held.family.ok_or(DispatchError::Unauthorized)?))
}

/// Forgets the codes that were sent to a phone.
///
/// # Errors
/// The store's.
pub(super) async fn forget_codes(c: &impl Conn, phone: &Phone) -> Result<(), StoreError> {
    codes::erase(c, codes::purpose::SIGN_IN, &subject(phone)).await
}
