//! What residents do without a chat: through the JSON API with their token, through the public form, or by a caller's mouth at the operator's desk.

use super::apply::{find, perform, said};
use super::conversation::classify;
use super::effects::Effects;
use super::limits::{Limit, hit};
use super::notify::params;
use super::numbers::Numbers;
use super::problems::{self, Registered};
use super::record::Subject;
use super::register::{Classification, NewRequest};
use super::{Core, DispatchError, acts::MAX_TEXT, identities, intake, uploads};
use crate::dialogue::Draft;
use crate::domain::access::{Permission, Scope};
use crate::domain::actor::Actor;
use crate::domain::inbound::ChannelKind;
use crate::domain::phone::Phone;
use crate::domain::reading::{Place, Reading};
use crate::domain::request::{Act, CloseReason};
use crate::domain::{AttachmentId, CallId, Class, DistrictCode, Instant, Lang, RequestId, RequestNumber, ResidentId, ServiceCode};
use crate::store::access_log::{self, Entry};
use crate::store::idempotency::{self, Kept};
use crate::store::messages::direction;
use crate::store::requests::{self, Stored};
use crate::store::{StoreError, Tx, calls};
use crate::triage::{among, settle};
use uuid::Uuid;

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
    /// Only staff say so: it changes priorities.
    pub vulnerable: bool,
    /// Files that were brought before.
    pub media: Vec<AttachmentId>,
}

/// Turns what was made into the answer that is kept with an idempotency key.
pub type Shape<'a> = &'a (dyn Fn(&Registered) -> String + Send + Sync);

/// The answer of a creating call.
#[derive(Debug, Clone)]
pub enum Created {
    /// Made now.
    Fresh { made: Box<Registered>, answer: String },
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

/// What triage and the caller say together.
fn build(core: &Core, s: Stated, mut reading: Reading, origin: &Origin, number: RequestNumber, now: Instant) -> NewRequest {
    let lang = s.lang.unwrap_or(reading.reply);
    let district = s.district.clone().or_else(|| {
        let point = s.location.and_then(|(lat, lon)| core.triage.get().district_at(lat, lon));
        settle(point.as_ref(), &reading.place).district().cloned()
    });
    lead_with(&mut reading, s.service.as_ref(), &s.text);
    let address = s.address.clone().or_else(|| reading.address.clone());
    let draft = Draft {
        text: s.text,
        reading,
        media: Vec::new(),
        location: s.location,
        district,
        rough: false,
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
        vulnerable: s.vulnerable,
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
        reading: Some(draft.reading),
        reported_at: now,
        received_at: now,
    }
}

/// When the caller names the service of a further problem, that one leads, unless the first is a danger: no problem may be lost by the naming.
fn lead_with(reading: &mut Reading, service: Option<&ServiceCode>, whole: &str) {
    let (Some(service), None) = (service, reading.hazard) else { return };
    if reading.service.best.as_ref() == Some(service) {
        return;
    }
    let Some(named) = reading.others.iter_mut().find(|p| p.service.best.as_ref() == Some(service)) else { return };
    std::mem::swap(&mut named.class, &mut reading.class);
    std::mem::swap(&mut named.service, &mut reading.service);
    std::mem::swap(&mut named.hazard, &mut reading.hazard);
    // The words of the first problem are not known apart.
    whole.clone_into(&mut named.text);
}

async fn register_stated(core: &Core, tx: &Tx, fx: &mut Effects, s: Stated, origin: &Origin, now: Instant) -> Result<Registered, DispatchError> {
    let mut reading = intake::read(core, &s.text);
    if s.district.is_none() && matches!(reading.place, Place::Ambiguous(_)) {
        let saved = requests::last_district(tx, origin.resident, None).await?;
        reading.place = among(reading.place, saved.as_ref());
    }
    let mut numbers = Numbers::draw(tx, 1 + reading.others.len(), now).await?;
    let new = build(core, s, reading, origin, numbers.take(tx, now).await?, now);
    problems::register(core, tx, fx, &mut numbers, &origin.actor, new, now).await
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
    let scope = scope_of(resident);
    let tx = core.db.begin().await?;
    if let Some((key, body)) = key
        && let Some(kept) = idempotency::find(&tx, &scope, key).await?
    {
        return repeated(kept, body);
    }
    let mut fx = Effects::default();
    let origin = Origin { channel: ChannelKind::App, actor: Actor::Resident(resident), resident: Some(resident) };
    let media = files(&stated.media)?;
    let mut made = register_stated(core, &tx, &mut fx, stated, &origin, now).await?;
    uploads::join_new(core, &tx, &mut fx, resident.0, &origin.actor, &media, &mut made.leading, now).await?;
    fx.flush(&tx, now, core.wall()).await?;
    let answer = shape(&made);
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
    Ok(Created::Fresh { made: Box::new(made), answer })
}

/// Whose keys are meant: those of one resident say nothing about another's.
pub(super) fn scope_of(resident: ResidentId) -> String {
    format!("resident:{resident}")
}

/// Files to join, each once.
fn files(given: &[AttachmentId]) -> Result<Vec<AttachmentId>, DispatchError> {
    let mut ids = given.to_vec();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() != given.len() || ids.len() > uploads::MOST {
        return Err(DispatchError::invalid("unprocessable", format!("media: at most {} files, each once", uploads::MOST)));
    }
    Ok(ids)
}

fn repeated(kept: Kept, body: &str) -> Result<Created, DispatchError> {
    if kept.body_hash == body { Ok(Created::Repeated { answer: kept.answer }) } else { Err(DispatchError::KeyReused) }
}

/// Looks at a public form and counts it by address and by telephone, before anything that comes with it is stored.
///
/// # Errors
/// `Invalid`, `RateLimited`.
pub async fn admit_form(core: &Core, stated: &Stated, phone: Option<&Phone>, from: &str) -> Result<(), DispatchError> {
    validated(core, stated)?;
    hit(core, core.db.write(), Limit::hourly("form", core.settings.form_per_address_per_hour), from).await?;
    if let Some(p) = phone {
        hit(core, core.db.write(), Limit::hourly("form-phone", core.settings.form_per_phone_per_hour), p.e164()).await?;
    }
    Ok(())
}

/// Registers a form that [`admit_form`] let in: no token, so it belongs to nobody's list. Its files were brought by `by`, a name that this one form has.
///
/// # Errors
/// `Invalid` for files that are not there.
pub async fn register_form(core: &Core, mut stated: Stated, phone: Option<Phone>, by: Uuid) -> Result<Registered, DispatchError> {
    if let Some(p) = phone {
        // Nobody has proved that the number is theirs: it is something to call back, kept with the erasable words, not an identity.
        stated.text = format!("{}\n☎ {}", stated.text, p.e164());
    }
    let now = core.now();
    let tx = core.db.begin().await?;
    let mut fx = Effects::default();
    let origin = Origin { channel: ChannelKind::Web, actor: Actor::System("form"), resident: None };
    let media = files(&stated.media)?;
    let mut made = register_stated(core, &tx, &mut fx, stated, &origin, now).await?;
    uploads::join_new(core, &tx, &mut fx, by, &origin.actor, &media, &mut made.leading, now).await?;
    fx.flush(&tx, now, core.wall()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    core.signal(fx.after).await;
    Ok(made)
}

/// A request that an operator takes down for a caller: during `call`, else during the conversation that the operator has just now, if any.
///
/// # Errors
/// `Forbidden`, `Invalid`; `NotFound` for a call that does not stand.
pub async fn for_caller(core: &Core, scope: &Scope, stated: Stated, phone: Option<Phone>, call: Option<CallId>) -> Result<Registered, DispatchError> {
    if !scope.may(Permission::CreateForCaller) {
        return Err(DispatchError::Forbidden);
    }
    validated(core, &stated)?;
    let now = core.now();
    let tx = core.db.begin().await?;
    // Whoever is on the line is the caller, unless the operator says otherwise.
    let phone = match (phone, call) {
        (None, Some(id)) => calls::load(&tx, id).await?.ok_or(DispatchError::NotFound)?.phone,
        (given, _) => given,
    };
    let resident = match phone {
        Some(p) => Some(identities::caller(&tx, &p, stated.lang, now).await?),
        None => None,
    };
    let mut fx = Effects::default();
    let origin = Origin { channel: ChannelKind::Phone, actor: super::acts::actor_of(scope), resident };
    let made = register_stated(core, &tx, &mut fx, stated, &origin, now).await?;
    fx.flush(&tx, now, core.wall()).await?;
    let entry = Entry { actor: &origin.actor.to_string(), what: "taken_down", request: Some(made.leading.stored.request.id), ..Default::default() };
    access_log::write(&tx, core.wall(), &entry).await?;
    super::call_desk::taken_down(core, &tx, scope, made.leading.stored.request.id, call, now).await?;
    super::short::taken_down(core, &tx, &mut fx, &made.leading.stored.request).await?;
    fx.flush(&tx, now, core.wall()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    core.signal(fx.after).await;
    Ok(made)
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
    /// Words, files, or both.
    Message {
        text: String,
        media: Vec<AttachmentId>,
    },
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
        OwnAct::Message { text, media } => {
            let (text, media) = (text.trim(), files(media)?);
            if text.is_empty() && media.is_empty() {
                return Err(DispatchError::invalid("empty_text", "text is needed"));
            }
            if text.chars().count() > MAX_TEXT {
                return Err(DispatchError::invalid("too_large", format!("at most {MAX_TEXT} characters")));
            }
            let mut acts: Vec<Act> = Vec::new();
            if !text.is_empty() {
                acts.push(said(&mut fx, &subject, &actor, text, now));
            }
            let words = fx.messages.last().map(|m| m.id);
            acts.extend(uploads::join_further(&tx, resident.0, &media, &subject, words).await?);
            acts
        }
        OwnAct::Rate(score) => vec![Act::Rate { score: *score }],
        OwnAct::Confirm => vec![Act::Close { by: CloseReason::Confirmed }],
        OwnAct::Reopen(reason) => {
            let reason = reason.as_deref().map(str::trim).filter(|r| !r.is_empty()).map(|r| {
                let row = super::apply::text_row(&subject, direction::IN, &actor, r, now);
                let reference = row.text_ref();
                fx.messages.push(row);
                reference
            });
            vec![Act::Reopen { reason }]
        }
    };
    perform(core, &tx, &mut fx, &mut subject, &decided, &actor, now).await?;
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
