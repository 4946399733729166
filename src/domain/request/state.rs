//! The present state of a request, and how events make it.

use super::event::Event;
use crate::domain::class::{Class, Hazard, words};
use crate::domain::ids::{ConversationId, CrewCode, DistrictCode, QueueCode, RequestId, ResidentId, ServiceCode};
use crate::domain::inbound::ChannelKind;
use crate::domain::lang::Lang;
use crate::domain::number::RequestNumber;
use crate::domain::sla::PauseReason;
use crate::domain::text_ref::TextRef;
use crate::domain::time::Instant;
use crate::domain::verdict::Verdict;
use serde::{Deserialize, Serialize};

words! {
    /// Where a request stands.
    Status {
        /// Stored, not yet routed.
        New = "new",
        Queued = "queued",
        Assigned = "assigned",
        InProgress = "in_progress",
        OnHold = "on_hold",
        Resolved = "resolved",
        Closed = "closed",
        Rejected = "rejected",
        Duplicate = "duplicate",
    }
}

impl Status {
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::New | Self::Queued | Self::Assigned | Self::InProgress | Self::OnHold)
    }
}

/// 0 is danger, 1 high, 2 normal, 3 low. Smaller is more urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Priority(pub u8);

impl Priority {
    pub const DANGER: Self = Self(0);
    pub const HIGH: Self = Self(1);
    pub const NORMAL: Self = Self(2);
    pub const LOW: Self = Self(3);

    /// One step more urgent; danger itself is never reached by waiting.
    #[must_use]
    pub fn raised(self) -> Self {
        if self <= Self::HIGH { self } else { Self(self.0 - 1) }
    }
}

/// How a request begins: everything that is known when it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Registration {
    pub number: RequestNumber,
    pub channel: ChannelKind,
    pub lang: Lang,
    pub resident: Option<ResidentId>,
    pub conversation: Option<ConversationId>,
    pub class: Option<Class>,
    pub service: Option<ServiceCode>,
    pub district: Option<DistrictCode>,
    pub hazard: Option<Hazard>,
    pub priority: Priority,
    pub needs_utility: bool,
    pub text: TextRef,
    pub reported_at: Instant,
    pub received_at: Instant,
    /// What triage thought of the words; none when a person stated everything, and in rows older than this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub triage: Option<Verdict>,
    /// The resident is old, ill, disabled or with small children, as far as we were told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub vulnerable: bool,
}

/// The present state. `version` counts the journal's rows: it is the `seq` of the last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub id: RequestId,
    pub number: RequestNumber,
    pub status: Status,
    /// While on hold: what it goes back to.
    pub held_from: Option<Status>,
    /// While on hold: why.
    pub held_why: Option<PauseReason>,
    /// A pause that was asked for and neither given nor declined yet.
    pub pause_asked: Option<PauseReason>,
    pub class: Option<Class>,
    pub service: Option<ServiceCode>,
    pub district: Option<DistrictCode>,
    pub queue: Option<QueueCode>,
    pub crew: Option<CrewCode>,
    pub hazard: Option<Hazard>,
    pub priority: Priority,
    pub needs_utility: bool,
    pub vulnerable: bool,
    pub channel: ChannelKind,
    pub lang: Lang,
    pub resident: Option<ResidentId>,
    pub conversation: Option<ConversationId>,
    pub parent: Option<RequestId>,
    pub reported_at: Instant,
    pub received_at: Instant,
    pub accepted_at: Option<Instant>,
    pub arrived_at: Option<Instant>,
    pub resolved_at: Option<Instant>,
    pub closed_at: Option<Instant>,
    pub updated_at: Instant,
    pub reopened: u32,
    pub refused: u32,
    pub breaches: u32,
    pub rating: Option<u8>,
    pub version: i64,
}

impl Request {
    /// The state after the first event.
    #[must_use]
    pub fn begin(id: RequestId, r: &Registration, at: Instant) -> Self {
        Self {
            id,
            number: r.number.clone(),
            status: Status::New,
            held_from: None,
            held_why: None,
            pause_asked: None,
            class: r.class,
            service: r.service.clone(),
            district: r.district.clone(),
            queue: None,
            crew: None,
            hazard: r.hazard,
            priority: r.priority,
            needs_utility: r.needs_utility,
            vulnerable: r.vulnerable,
            channel: r.channel,
            lang: r.lang,
            resident: r.resident,
            conversation: r.conversation,
            parent: None,
            reported_at: r.reported_at,
            received_at: r.received_at,
            accepted_at: None,
            arrived_at: None,
            resolved_at: None,
            closed_at: None,
            updated_at: at,
            reopened: 0,
            refused: 0,
            breaches: 0,
            rating: None,
            version: 1,
        }
    }

    /// Takes one event in. Total: an event that was journaled always applies.
    pub fn apply(&mut self, event: &Event, at: Instant) {
        match event {
            Event::Registered(_)
            | Event::MessageAdded { .. }
            | Event::AttachmentAdded { .. }
            | Event::Located { .. }
            | Event::Linked { .. }
            | Event::Replied { .. }
            | Event::Noted { .. }
            | Event::ParentChanged { .. }
            | Event::Retimed { .. } => {}
            Event::PauseAsked { why, .. } => self.pause_asked = Some(*why),
            Event::PauseDeclined { .. } => self.pause_asked = None,
            Event::AuthorChanged { resident } => self.resident = Some(*resident),
            Event::Flagged { vulnerable } => self.vulnerable = *vulnerable,
            Event::Escalated { priority, .. } => self.priority = *priority,
            Event::Queued { queue, .. } => {
                self.queue = Some(queue.clone());
                if self.status == Status::New {
                    self.status = Status::Queued;
                }
            }
            Event::Accepted => {
                self.status = Status::Assigned;
                self.accepted_at = Some(at);
            }
            Event::Assigned { crew } => {
                self.status = Status::Assigned;
                self.crew = Some(crew.clone());
                self.accepted_at.get_or_insert(at);
            }
            Event::Started => self.status = Status::InProgress,
            Event::HandedOver { crew } => {
                self.crew = Some(crew.clone());
                self.pause_asked = None;
                // The next crew has not set out yet.
                if self.status == Status::InProgress {
                    self.status = Status::Assigned;
                }
                if self.held_from == Some(Status::InProgress) {
                    self.held_from = Some(Status::Assigned);
                }
            }
            Event::Arrived => {
                self.arrived_at.get_or_insert(at);
            }
            Event::Held { why, .. } => {
                self.held_from = Some(self.status);
                self.held_why = Some(why.unwrap_or(PauseReason::Other));
                self.pause_asked = None;
                self.status = Status::OnHold;
            }
            Event::Resumed => {
                self.status = self.held_from.take().unwrap_or(Status::Assigned);
                self.held_why = None;
            }
            Event::Resolved { .. } => {
                self.pause_asked = None;
                self.status = Status::Resolved;
                self.resolved_at = Some(at);
            }
            Event::Closed { .. } => {
                self.pause_asked = None;
                self.status = Status::Closed;
                self.closed_at = Some(at);
            }
            Event::Reopened { .. } => {
                self.back_to_queue();
                self.reopened += 1;
                self.resolved_at = None;
                self.closed_at = None;
            }
            Event::Refused { queue, .. } => {
                self.back_to_queue();
                self.refused += 1;
                self.queue = Some(queue.clone());
            }
            Event::Transferred { queue, .. } => {
                self.back_to_queue();
                self.queue = Some(queue.clone());
            }
            Event::Rejected { .. } => {
                self.pause_asked = None;
                self.status = Status::Rejected;
                self.closed_at = Some(at);
            }
            Event::Merged { into } => {
                self.pause_asked = None;
                self.status = Status::Duplicate;
                self.parent = Some(*into);
                self.closed_at = Some(at);
            }
            Event::Reclassified { class, service, district, hazard, priority } => {
                self.class = *class;
                self.service.clone_from(service);
                self.district.clone_from(district);
                self.hazard = *hazard;
                self.priority = *priority;
            }
            Event::Rated { score } => self.rating = Some(*score),
            Event::Breached { priority, .. } => {
                self.breaches += 1;
                self.priority = *priority;
            }
        }
        self.updated_at = at;
        self.version += 1;
    }

    fn back_to_queue(&mut self) {
        self.status = Status::Queued;
        self.held_from = None;
        self.held_why = None;
        self.pause_asked = None;
        self.crew = None;
        self.accepted_at = None;
        self.arrived_at = None;
    }
}

/// Recomputes the state from the whole journal. `None` when it does not begin with a registration.
#[must_use]
pub fn fold<'a>(id: RequestId, rows: impl IntoIterator<Item = (&'a Event, Instant)>) -> Option<Request> {
    let mut rows = rows.into_iter();
    let (first, at) = rows.next()?;
    let Event::Registered(registration) = first else { return None };
    let mut state = Request::begin(id, registration, at);
    for (event, at) in rows {
        state.apply(event, at);
    }
    Some(state)
}
