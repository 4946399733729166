//! A new request: classified, routed, its clocks started, its author told, all in the caller's transaction.

use super::effects::{Count, Effects};
use super::record::{Subject, begin, record};
use super::{Core, DispatchError, secrets};
use crate::config::Book;
use crate::domain::actor::Actor;
use crate::domain::inbound::{ChannelKind, MediaRef};
use crate::domain::reading::Reading;
use crate::domain::request::{CloseReason, Event, GENESIS, Priority, Registration, Request};
use crate::domain::routing::{Route, RouteKey};
use crate::domain::verdict::Verdict;
use crate::domain::{
    AttachmentId, Class, ConversationId, DistrictCode, Hazard, Instant, Lang, MessageId, RequestId, RequestNumber, ResidentId, ServiceCode, time,
};
use crate::store::attachments::NewAttachment;
use crate::store::messages::{NewMessage, PlaceRow, direction};
use crate::store::requests::Stored;

/// What a request is about, as far as anybody knows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Classification {
    pub class: Option<Class>,
    pub service: Option<ServiceCode>,
    pub district: Option<DistrictCode>,
    pub hazard: Option<Hazard>,
    pub needs_utility: bool,
}

impl Classification {
    /// How urgent it is before any clock has run out.
    #[must_use]
    pub fn priority(&self) -> Priority {
        match (self.hazard, self.class) {
            (Some(_), _) => Priority::DANGER,
            (None, Some(Class::Consultation | Class::Proposal | Class::Thanks)) => Priority::LOW,
            (None, _) => Priority::NORMAL,
        }
    }

    #[must_use]
    pub fn route_key(&self) -> RouteKey<'_> {
        RouteKey { class: self.class, service: self.service.as_ref(), district: self.district.as_ref(), needs_utility: self.needs_utility }
    }

    /// Where the rules send it.
    ///
    /// # Errors
    /// [`DispatchError::Internal`] when no queue at all can take it.
    pub(super) fn route(&self, core: &Core) -> Result<Route, DispatchError> {
        let book: &Book = &core.book;
        book.routing.route(&self.route_key(), &book.catalog).ok_or_else(|| DispatchError::Internal("no queue takes the request".into()))
    }
}

/// Everything a new request is made of.
#[derive(Debug, Clone)]
pub struct NewRequest {
    pub number: RequestNumber,
    pub channel: ChannelKind,
    pub account: String,
    pub lang: Lang,
    pub resident: Option<ResidentId>,
    pub conversation: Option<ConversationId>,
    pub what: Classification,
    pub text: String,
    pub address: Option<String>,
    pub location: Option<(f64, f64)>,
    pub media: Vec<MediaRef>,
    /// The resident is old, ill, disabled or with small children, as far as we were told.
    pub vulnerable: bool,
    pub raw_event: Option<i64>,
    /// What triage read in the text.
    pub reading: Option<Reading>,
    /// When the resident sent it.
    pub reported_at: Instant,
    /// When it reached us: clocks start here.
    pub received_at: Instant,
}

/// Opens a request: all but [`seal`]. The rows are collected in `fx`; the returned subject is the state they make.
///
/// # Errors
/// [`DispatchError::Internal`] when no queue at all can take it, which `check-config` finds beforehand.
pub(super) fn open(core: &Core, fx: &mut Effects, actor: &Actor, new: NewRequest, now: Instant) -> Result<Subject, DispatchError> {
    let now = time::truncate(now);
    let mut new = new;
    // A service that was closed for new work has a successor.
    if let Some(open) = new.what.service.as_ref().and_then(|s| core.book.catalog.open_service(s.as_str())) {
        new.what.service = Some(open.code.clone());
    }
    let id = RequestId::fresh();
    let message = NewMessage {
        id: MessageId::fresh(),
        request: Some(id),
        conversation: new.conversation,
        direction: direction::IN,
        author: actor.to_string(),
        text: crate::domain::inbound::storable(&new.text),
        salt: secrets::salt(),
        raw_event: new.raw_event,
        at: new.received_at,
    };
    let registration = Registration {
        number: new.number,
        channel: new.channel,
        lang: new.lang,
        resident: new.resident,
        conversation: new.conversation,
        class: new.what.class,
        service: new.what.service.clone(),
        district: new.what.district.clone(),
        hazard: new.what.hazard,
        priority: new.what.priority(),
        needs_utility: new.what.needs_utility,
        text: message.text_ref(),
        reported_at: time::truncate(new.reported_at),
        received_at: time::truncate(new.received_at),
        triage: new.reading.as_ref().map(Verdict::of),
        vulnerable: new.vulnerable,
    };
    let request = Request::begin(id, &registration, now);
    let mut subject = Subject { stored: Stored { request, last_hash: GENESIS, sort_due: time::never(), overdue: false }, timers: Vec::new() };
    begin(core, fx, &mut subject, &Event::Registered(Box::new(registration)), actor, now)?;

    let route = new.what.route(core)?;
    // It is the rules that choose the queue, whoever wrote.
    record(core, fx, &mut subject, &[Event::Queued { queue: route.queue, rule: route.rule }], &Actor::System("routing"), now)?;
    let mut events = Vec::new();
    let attachments = attach(new.media, Some(id), new.conversation, new.channel, &new.account, new.received_at);
    events.extend(attachments.iter().map(|a| Event::AttachmentAdded { attachment: a.id }));
    if new.what.class == Some(Class::Thanks) {
        events.push(Event::Closed { by: CloseReason::Noted });
    }
    record(core, fx, &mut subject, &events, actor, now)?;

    fx.messages.push(message);
    fx.attachments.extend(attachments);
    fx.reasons.extend(new.reading.filter(|r| !r.why.is_empty()).map(|r| (id, r.why)));
    if new.address.is_some() || new.location.is_some() {
        let place = PlaceRow {
            address: new.address.as_deref().map(crate::domain::inbound::storable),
            lat: new.location.map(|l| l.0),
            lon: new.location.map(|l| l.1),
        };
        fx.places.push((id, place));
    }
    Ok(subject)
}

/// Ends the opening: what was recorded until now is the request's first stored state.
pub(super) fn seal(fx: &mut Effects, subject: &Subject) {
    let r = &subject.stored.request;
    fx.created.push(subject.stored.clone());
    fx.after.counts.push(Count::Created { channel: r.channel, class: r.class, service: r.service.clone() });
    if r.hazard.is_some() {
        fx.after.dangers.insert(r.id);
    }
}

/// Rows for files that a message brought.
#[must_use]
pub fn attach(
    media: Vec<MediaRef>,
    request: Option<RequestId>,
    conversation: Option<ConversationId>,
    channel: ChannelKind,
    account: &str,
    at: Instant,
) -> Vec<NewAttachment> {
    media
        .into_iter()
        .map(|media| NewAttachment {
            id: AttachmentId::fresh(),
            request,
            conversation,
            channel: channel.as_str().to_owned(),
            account: account.to_owned(),
            media,
            at,
        })
        .collect()
}
