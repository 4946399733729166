//! What staff do to a request, through whatever door: the console, the API, the crew's chat.

use super::apply::{find, perform, text_row};
use super::effects::Effects;
use super::record::Subject;
use super::register::Classification;
use super::{Core, DispatchError, learning};
use crate::domain::access::{Permission, Reach, Role, Scope};
use crate::domain::actor::Actor;
use crate::domain::request::{Act, ActKind, CloseReason, Priority};
use crate::domain::sla::PauseReason;
use crate::domain::{Class, CrewCode, DistrictCode, Hazard, Instant, QueueCode, RequestNumber, ServiceCode};
use crate::store::messages::direction;
use crate::store::{Tx, access_log, requests};

/// Longest text a person may write in one go, in characters.
pub const MAX_TEXT: usize = 4000;

/// An act as a member of staff states it, with words still as words.
#[derive(Debug, Clone, PartialEq)]
pub enum StaffAct {
    Accept,
    Assign {
        crew: CrewCode,
    },
    Start,
    Arrive,
    /// Pauses the clocks of arrival and restoration; a role that may not asks for it.
    Hold {
        why: Option<PauseReason>,
        reason: String,
        until: Option<Instant>,
    },
    /// A pause that was asked for is not given.
    DeclinePause {
        reason: Option<String>,
    },
    /// The resident is old, ill, disabled or with small children, or is not.
    Flag {
        vulnerable: bool,
    },
    Resume,
    Resolve {
        note: Option<String>,
    },
    Close,
    Reopen {
        reason: Option<String>,
    },
    Refuse {
        reason: String,
        queue: QueueCode,
    },
    Transfer {
        queue: QueueCode,
        reason: Option<String>,
    },
    Reject {
        reason: String,
    },
    Merge {
        into: RequestNumber,
    },
    /// A field left out stays as it is.
    Reclassify {
        class: Option<Class>,
        service: Option<ServiceCode>,
        district: Option<DistrictCode>,
        hazard: Option<Option<Hazard>>,
        priority: Option<Priority>,
    },
    Reply {
        text: String,
    },
    Note {
        text: String,
    },
}

impl StaffAct {
    #[must_use]
    pub const fn kind(&self) -> ActKind {
        match self {
            Self::Accept => ActKind::Accept,
            Self::Assign { .. } => ActKind::Assign,
            Self::Start => ActKind::Start,
            Self::Arrive => ActKind::Arrive,
            Self::Hold { .. } => ActKind::Hold,
            Self::DeclinePause { .. } => ActKind::DeclinePause,
            Self::Flag { .. } => ActKind::Flag,
            Self::Resume => ActKind::Resume,
            Self::Resolve { .. } => ActKind::Resolve,
            Self::Close => ActKind::Close,
            Self::Reopen { .. } => ActKind::Reopen,
            Self::Refuse { .. } => ActKind::Refuse,
            Self::Transfer { .. } => ActKind::Transfer,
            Self::Reject { .. } => ActKind::Reject,
            Self::Merge { .. } => ActKind::Merge,
            Self::Reclassify { .. } => ActKind::Reclassify,
            Self::Reply { .. } => ActKind::Reply,
            Self::Note { .. } => ActKind::Note,
        }
    }
}

/// The author of a scope's acts.
#[must_use]
pub fn actor_of(scope: &Scope) -> Actor {
    match (&scope.reach, scope.role) {
        (Reach::Crew(crew), Role::Crew) => Actor::Crew { staff: scope.staff, crew: crew.clone() },
        _ => Actor::Staff { staff: scope.staff, role: scope.role },
    }
}

/// Does one act. With `expected`, only on that version of the request.
///
/// # Errors
/// `Forbidden`, `NotFound` (also outside the scope), `Stale` and `NotNow` with the present state, `Invalid` for unknown codes and empty texts.
pub async fn act(core: &Core, scope: &Scope, number: &RequestNumber, expected: Option<i64>, act: &StaffAct) -> Result<Subject, DispatchError> {
    if !scope.may(Permission::Act(act.kind())) {
        return Err(DispatchError::Forbidden);
    }
    let now = core.now();
    let tx = core.db.begin().await?;
    let mut fx = Effects::default();
    let subject = act_in(core, &tx, &mut fx, scope, number, expected, act, now).await?;
    fx.flush(&tx, now, core.wall()).await?;
    tx.commit().await.map_err(crate::store::StoreError::from)?;
    core.signal(fx.after).await;
    Ok(subject)
}

/// The same inside a transaction that the caller commits. The caller has checked the permission.
#[allow(clippy::too_many_arguments, reason = "an act is named by exactly these")]
pub(super) async fn act_in(
    core: &Core,
    tx: &Tx,
    fx: &mut Effects,
    scope: &Scope,
    number: &RequestNumber,
    expected: Option<i64>,
    act: &StaffAct,
    now: Instant,
) -> Result<Subject, DispatchError> {
    let mut subject = find(tx, number).await?;
    requests::by_number_scoped(tx, number, scope).await?.ok_or(DispatchError::NotFound)?;
    if expected.is_some_and(|v| v != subject.stored.request.version) {
        return Err(DispatchError::Stale(Box::new(subject.stored)));
    }
    let actor = actor_of(scope);
    // Proved by the journal; here so that one search tells what a person did.
    let what = format!("act:{}", act.kind());
    let entry = access_log::Entry { actor: &actor.to_string(), what: &what, request: Some(subject.stored.request.id), ..Default::default() };
    access_log::write(tx, core.wall(), &entry).await?;
    let acts = resolve(core, tx, fx, &subject, &actor, act, now).await?;
    perform(core, tx, fx, &mut subject, &acts, &actor, now).await?;
    Ok(subject)
}

fn words(
    fx: &mut Effects,
    subject: &Subject,
    actor: &Actor,
    way: &'static str,
    text: &str,
    now: Instant,
) -> Result<crate::domain::text_ref::TextRef, DispatchError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(DispatchError::invalid("empty_text", "a text is needed"));
    }
    if text.chars().count() > MAX_TEXT {
        return Err(DispatchError::invalid("too_large", format!("at most {MAX_TEXT} characters")));
    }
    let row = text_row(subject, way, actor, text, now);
    let reference = row.text_ref();
    fx.messages.push(row);
    Ok(reference)
}

async fn resolve(
    core: &Core,
    tx: &Tx,
    fx: &mut Effects,
    subject: &Subject,
    actor: &Actor,
    act: &StaffAct,
    now: Instant,
) -> Result<Vec<Act>, DispatchError> {
    let queue = |q: &QueueCode| match core.book.catalog.queue(q.as_str()) {
        // A queue that was closed for new work is none to send to.
        Some(known) if known.successor.is_none() => Ok(q.clone()),
        _ => Err(DispatchError::invalid("bad_queue", q.as_str())),
    };
    let inner = |fx: &mut Effects, text: &str| words(fx, subject, actor, direction::INNER, text, now);
    Ok(vec![match act {
        StaffAct::Accept => Act::Accept,
        StaffAct::Assign { crew } => {
            let known =
                core.book.catalog.crew(crew.as_str()).filter(|c| !c.closed && subject.stored.request.queue.as_ref().is_none_or(|q| c.serves(q)));
            Act::Assign { crew: known.map(|c| c.code.clone()).ok_or_else(|| DispatchError::invalid("bad_crew", crew.as_str()))? }
        }
        StaffAct::Start => Act::Start,
        StaffAct::Arrive => Act::Arrive,
        StaffAct::Hold { why, reason, until } => Act::Hold { reason: inner(fx, reason)?, until: *until, why: *why },
        StaffAct::DeclinePause { reason } => {
            let reason = reason.as_deref().filter(|n| !n.trim().is_empty()).map(|n| inner(fx, n)).transpose()?;
            Act::DeclinePause { reason }
        }
        StaffAct::Flag { vulnerable } => Act::Flag { vulnerable: *vulnerable },
        StaffAct::Resume => Act::Resume,
        StaffAct::Resolve { note } => {
            let note = note.as_deref().filter(|n| !n.trim().is_empty()).map(|n| inner(fx, n)).transpose()?;
            Act::Resolve { note }
        }
        StaffAct::Close => Act::Close { by: CloseReason::Staff },
        StaffAct::Reopen { reason } => Act::Reopen { reason: reason.as_deref().filter(|n| !n.trim().is_empty()).map(|n| inner(fx, n)).transpose()? },
        StaffAct::Refuse { reason, queue: q } => Act::Refuse { queue: queue(q)?, reason: inner(fx, reason)? },
        StaffAct::Transfer { queue: q, reason } => {
            let reason = reason.as_deref().filter(|n| !n.trim().is_empty()).map(|n| inner(fx, n)).transpose()?;
            Act::Transfer { queue: queue(q)?, reason }
        }
        StaffAct::Reject { reason } => Act::Reject { reason: words(fx, subject, actor, direction::OUT, reason, now)? },
        StaffAct::Merge { into } => {
            let target = requests::by_number(tx, into).await?.ok_or_else(|| DispatchError::invalid("bad_number", into.to_string()))?;
            if target.request.status == crate::domain::request::Status::Duplicate {
                return Err(DispatchError::invalid("unprocessable", "that request was joined to another itself"));
            }
            Act::Merge { into: target.request.id }
        }
        StaffAct::Reclassify { class, service, district, hazard, priority } => {
            let act = reclassify(core, subject, *class, service.as_ref(), district.as_ref(), *hazard, *priority)?;
            learning::note(tx, fx, subject, &act, actor, now).await?;
            if matches!(act, Act::Reclassify { hazard: Some(_), .. }) && subject.stored.request.hazard.is_none() {
                fx.after.dangers.insert(subject.stored.request.id);
            }
            return Ok(vec![act]);
        }
        StaffAct::Reply { text } => Act::Reply { text: words(fx, subject, actor, direction::OUT, text, now)? },
        StaffAct::Note { text } => Act::Note { text: inner(fx, text)? },
    }])
}

/// The act of a new classification, routed anew.
pub(super) fn reclassify(
    core: &Core,
    subject: &Subject,
    class: Option<Class>,
    service: Option<&ServiceCode>,
    district: Option<&DistrictCode>,
    hazard: Option<Option<Hazard>>,
    priority: Option<Priority>,
) -> Result<Act, DispatchError> {
    let r = &subject.stored.request;
    if let Some(s) = service.filter(|s| core.book.catalog.service(s.as_str()).is_none()) {
        return Err(DispatchError::invalid("unprocessable", format!("unknown service '{s}'")));
    }
    if let Some(d) = district.filter(|d| core.book.catalog.district(d.as_str()).is_none()) {
        return Err(DispatchError::invalid("unprocessable", format!("unknown district '{d}'")));
    }
    let what = Classification {
        class: class.or(r.class),
        service: service
            .map(|s| core.book.catalog.open_service(s.as_str()).map_or_else(|| s.clone(), |open| open.code.clone()))
            .or_else(|| r.service.clone()),
        district: district.cloned().or_else(|| r.district.clone()),
        hazard: hazard.unwrap_or(r.hazard),
        needs_utility: r.needs_utility,
    };
    // A priority that waiting has raised is not lowered by a correction of class or place.
    let priority = priority.unwrap_or_else(|| what.priority().min(if r.breaches > 0 { r.priority } else { Priority::LOW }));
    let route = what.route(core)?;
    Ok(Act::Reclassify {
        class: what.class,
        service: what.service,
        district: what.district,
        hazard: what.hazard,
        priority,
        queue: route.queue,
        rule: route.rule,
    })
}
