//! What residents do without a chat: through the JSON API with their token, through the public form, or by a caller's mouth at the operator's desk.

use super::apply::{find, perform, said};
use super::conversation::classify;
use super::effects::Effects;
use super::notify::params;
use super::numbers::Numbers;
use super::record::Subject;
use super::register::{Classification, NewRequest, register};
use super::{Core, DispatchError, acts::MAX_TEXT, intake, secrets};
use crate::dialogue::Draft;
use crate::domain::access::{Permission, Scope};
use crate::domain::actor::Actor;
use crate::domain::inbound::ChannelKind;
use crate::domain::phone::Phone;
use crate::domain::request::{Act, CloseReason};
use crate::domain::{Class, DistrictCode, Instant, Lang, RequestId, RequestNumber, ResidentId, ServiceCode};
use crate::store::idempotency::{self, Kept};
use crate::store::messages::direction;
use crate::store::requests::{self, Stored};
use crate::store::{StoreError, Tx, rates, residents};
use chrono::Duration;

/// A request as a form or a client states it. What is not given is read from the text.
#[derive(Debug, Clone, Default)]
pub struct Stated {
    pub text: String,
    pub class: Option<Class>,
    pub service: Option<ServiceCode>,
    pub district: Option<DistrictCode>,
    pub address: Option<String>,
    pub location: Option<(f64, f64)>,
    pub lang: Option<Lang>,
}

/// Turns a subject into the answer that is kept with an idempotency key.
pub type Shape<'a> = &'a (dyn Fn(&Subject) -> String + Send + Sync);

/// The answer of a creating call.
#[derive(Debug, Clone)]
pub enum Created {
    /// Made now.
    Fresh { subject: Box<Subject>, answer: String },
    /// Made before, with the same key and body.
    Repeated { answer: String },
}

fn validated(core: &Core, s: &Stated) -> Result<(), DispatchError> {
    if s.text.trim().is_empty() {
        return Err(DispatchError::invalid("empty_text", "text is needed"));
    }
    if s.text.chars().count() > MAX_TEXT || s.address.as_ref().is_some_and(|a| a.chars().count() > 500) {
        return Err(DispatchError::invalid("too_large", format!("text: at most {MAX_TEXT} characters; address: at most 500")));
    }
    if let Some(x) = s.service.as_ref().filter(|x| core.book.catalog.service(x.as_str()).is_none()) {
        return Err(DispatchError::invalid("unprocessable", format!("unknown service '{x}'")));
    }
    if let Some(x) = s.district.as_ref().filter(|x| core.book.catalog.district(x.as_str()).is_none()) {
        return Err(DispatchError::invalid("unprocessable", format!("unknown district '{x}'")));
    }
    if s.location.is_some_and(|(lat, lon)| !(-90.0..=90.0).contains(&lat) || !(-180.0..=180.0).contains(&lon)) {
        return Err(DispatchError::invalid("unprocessable", "lat is -90..90, lon is -180..180"));
    }
    Ok(())
}

struct Origin {
    channel: ChannelKind,
    actor: Actor,
    resident: Option<ResidentId>,
}

fn build(core: &Core, s: Stated, origin: &Origin, number: RequestNumber, now: Instant) -> NewRequest {
    let reading = intake::read(core, &s.text);
    let lang = s.lang.unwrap_or(reading.reply);
    let district = s.district.clone().or_else(|| s.location.and_then(|(lat, lon)| core.triage.locate(lat, lon)));
    let address = s.address.clone().or_else(|| reading.address.clone());
    let draft = Draft {
        text: s.text,
        reading,
        media: Vec::new(),
        location: s.location,
        district,
        address: address.clone(),
        received_at: now,
        reported_at: now,
    };
    let read = classify(&draft);
    // What the caller states stands above what was read, but a danger in the words is never talked away.
    let what = Classification {
        class: if read.hazard.is_some() { read.class } else { s.class.or(read.class) },
        service: s.service.or(read.service),
        ..read
    };
    NewRequest {
        number,
        channel: origin.channel,
        account: "main".into(),
        lang,
        resident: origin.resident,
        conversation: None,
        what,
        text: draft.text,
        address,
        location: draft.location,
        media: Vec::new(),
        raw_event: None,
        reported_at: now,
        received_at: now,
    }
}

async fn register_one(core: &Core, tx: &Tx, fx: &mut Effects, s: Stated, origin: &Origin, now: Instant) -> Result<Subject, DispatchError> {
    let number = Numbers::draw(tx, 1, now).await?.take()?;
    let new = build(core, s, origin, number, now);
    register(core, fx, &origin.actor, new, now)
}

/// A resident's request through the API. With `key`, a repeated call gets the stored answer: key, body, request and answer commit together.
///
/// # Errors
/// `Invalid`; `KeyReused` when the key came with another body.
pub async fn create(
    core: &Core,
    resident: ResidentId,
    stated: Stated,
    key: Option<(&str, &str)>,
    shape: Shape<'_>,
) -> Result<Created, DispatchError> {
    validated(core, &stated)?;
    let now = core.now();
    let scope = format!("resident:{resident}");
    let tx = core.db.begin().await?;
    if let Some((key, body)) = key
        && let Some(kept) = idempotency::find(&tx, &scope, key).await?
    {
        return repeated(kept, body);
    }
    let mut fx = Effects::default();
    let origin = Origin { channel: ChannelKind::App, actor: Actor::Resident(resident), resident: Some(resident) };
    let subject = register_one(core, &tx, &mut fx, stated, &origin, now).await?;
    fx.flush(&tx, now, core.wall()).await?;
    let answer = shape(&subject);
    if let Some((key, body)) = key {
        let kept = Kept { body_hash: body.to_owned(), status: 201, answer: answer.clone() };
        if !idempotency::keep(&tx, &scope, key, &kept, core.wall()).await? {
            // The same call came twice at once and the other one has committed: ours is rolled back, theirs is the answer.
            drop(tx);
            let kept = idempotency::find(core.db.read(), &scope, key).await?.ok_or(DispatchError::KeyRunning)?;
            return repeated(kept, body);
        }
    }
    tx.commit().await.map_err(StoreError::from)?;
    core.signal(fx.after).await;
    Ok(Created::Fresh { subject: Box::new(subject), answer })
}

fn repeated(kept: Kept, body: &str) -> Result<Created, DispatchError> {
    if kept.body_hash == body { Ok(Created::Repeated { answer: kept.answer }) } else { Err(DispatchError::KeyReused) }
}

/// A request through the public form: no token, so it belongs to nobody's list, and the rate per address is limited.
///
/// # Errors
/// `Invalid`, `RateLimited`.
pub async fn from_form(core: &Core, mut stated: Stated, phone: Option<Phone>, from: &str) -> Result<Subject, DispatchError> {
    validated(core, &stated)?;
    let bucket = secrets::sha256(&["form", from]);
    if !rates::hit(core.db.write(), &bucket, Duration::hours(1), core.settings.form_per_address_per_hour, core.wall()).await? {
        return Err(DispatchError::RateLimited);
    }
    if let Some(p) = phone {
        // Nobody has proved that the number is theirs: it is something to call back, kept with the erasable words, not an identity.
        stated.text = format!("{}\n☎ {}", stated.text, p.e164());
    }
    let now = core.now();
    let tx = core.db.begin().await?;
    let mut fx = Effects::default();
    let origin = Origin { channel: ChannelKind::Web, actor: Actor::System("form"), resident: None };
    let subject = register_one(core, &tx, &mut fx, stated, &origin, now).await?;
    fx.flush(&tx, now, core.wall()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    core.signal(fx.after).await;
    Ok(subject)
}

/// A request that an operator takes down for a caller.
///
/// # Errors
/// `Forbidden`, `Invalid`.
pub async fn for_caller(core: &Core, scope: &Scope, stated: Stated, phone: Option<Phone>) -> Result<Subject, DispatchError> {
    if !scope.role.may(Permission::CreateForCaller) {
        return Err(DispatchError::Forbidden);
    }
    validated(core, &stated)?;
    let now = core.now();
    let tx = core.db.begin().await?;
    let resident = match phone {
        Some(p) => Some(residents::of_phone(&tx, &p, stated.lang.unwrap_or(Lang::Kk), now).await?.id),
        None => None,
    };
    let mut fx = Effects::default();
    let origin = Origin { channel: ChannelKind::Phone, actor: super::acts::actor_of(scope), resident };
    let subject = register_one(core, &tx, &mut fx, stated, &origin, now).await?;
    fx.flush(&tx, now, core.wall()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    core.signal(fx.after).await;
    Ok(subject)
}

/// A resident's own request with its clocks.
///
/// # Errors
/// `NotFound`, also for another resident's.
pub async fn own(core: &Core, resident: ResidentId, number: &RequestNumber) -> Result<Subject, DispatchError> {
    let subject = find(core.db.read(), number).await?;
    if subject.stored.request.resident == Some(resident) { Ok(subject) } else { Err(DispatchError::NotFound) }
}

/// A page of a resident's own requests, newest first.
///
/// # Errors
/// The store's.
pub async fn mine(core: &Core, resident: ResidentId, before: Option<(Instant, RequestId)>, limit: u64) -> Result<Vec<Stored>, DispatchError> {
    Ok(requests::of_resident(core.db.read(), resident, before, limit).await?)
}

/// What a resident does to their own request.
#[derive(Debug, Clone)]
pub enum OwnAct {
    Message(String),
    Rate(u8),
    Reopen(Option<String>),
    Confirm,
}

/// Does it. Concurrent changes by others are taken in: a resident has no version to state.
///
/// # Errors
/// `NotFound`, `NotNow`, `Invalid`.
pub async fn act(core: &Core, resident: ResidentId, number: &RequestNumber, act: &OwnAct) -> Result<Subject, DispatchError> {
    let mut tries = 0;
    loop {
        match act_once(core, resident, number, act).await {
            Err(DispatchError::Stale(_)) if tries < 3 => tries += 1,
            other => return other,
        }
    }
}

async fn act_once(core: &Core, resident: ResidentId, number: &RequestNumber, act: &OwnAct) -> Result<Subject, DispatchError> {
    let now = core.now();
    let actor = Actor::Resident(resident);
    let tx = core.db.begin().await?;
    let mut subject = find(&tx, number).await?;
    if subject.stored.request.resident != Some(resident) {
        return Err(DispatchError::NotFound);
    }
    let mut fx = Effects::default();
    let decided = match act {
        OwnAct::Message(text) => {
            let text = text.trim();
            if text.is_empty() {
                return Err(DispatchError::invalid("empty_text", "text is needed"));
            }
            if text.chars().count() > MAX_TEXT {
                return Err(DispatchError::invalid("too_large", format!("at most {MAX_TEXT} characters")));
            }
            said(&mut fx, &subject, &actor, text, now)
        }
        OwnAct::Rate(score) => Act::Rate { score: *score },
        OwnAct::Confirm => Act::Close { by: CloseReason::Confirmed },
        OwnAct::Reopen(reason) => {
            let reason = reason.as_deref().map(str::trim).filter(|r| !r.is_empty()).map(|r| {
                let row = super::apply::text_row(&subject, direction::IN, &actor, r, now);
                let reference = row.text_ref();
                fx.messages.push(row);
                reference
            });
            Act::Reopen { reason }
        }
    };
    perform(core, &tx, &mut fx, &mut subject, &[decided], &actor, now).await?;
    fx.flush(&tx, now, core.wall()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    core.signal(fx.after).await;
    Ok(subject)
}

/// Parameters of a request for rendering its state to people.
#[must_use]
pub fn shown(subject: &Subject) -> crate::domain::outgoing::Params {
    params(subject)
}
