//! What happened to a request. The journal stores these; the present state is their fold.

use crate::domain::class::{Class, Hazard, words};
use crate::domain::ids::{AttachmentId, CrewCode, DistrictCode, QueueCode, RequestId, ResidentId, ServiceCode};
use crate::domain::sla::{Duty, PauseReason, Stage};
use crate::domain::text_ref::TextRef;
use crate::domain::time::Instant;
use serde::{Deserialize, Serialize};

use super::state::{Priority, Registration, Status};

words! {
    /// Who or what closed a request.
    CloseReason {
        Confirmed = "confirmed",
        Silence = "silence",
        Staff = "staff",
        /// Thanks: answered and closed at once.
        Noted = "noted",
    }
}

/// One change. No personal data stands here: words are [`TextRef`]s to erasable rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    Registered(Box<Registration>),
    /// Routed, by the named rule.
    Queued {
        queue: QueueCode,
        rule: String,
    },
    /// The same message told of that request too: each of the two names the other.
    Linked {
        to: RequestId,
    },
    Accepted,
    Assigned {
        crew: CrewCode,
    },
    Started,
    Arrived,
    /// The clocks of arrival and restoration stand still.
    Held {
        reason: TextRef,
        /// When the work goes on by itself.
        until: Option<Instant>,
        /// Unset in old rows: a reason in words only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<PauseReason>,
    },
    Resumed,
    Resolved {
        note: Option<TextRef>,
    },
    Closed {
        by: CloseReason,
    },
    Reopened {
        reason: Option<TextRef>,
    },
    /// "Not ours": back to a queue, with the owner that was proposed.
    Refused {
        reason: TextRef,
        /// Where it went: to the proposed owner, or to arbitration.
        queue: QueueCode,
        /// Who was proposed, when it went to arbitration instead.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proposed: Option<QueueCode>,
    },
    Transferred {
        queue: QueueCode,
        reason: Option<TextRef>,
    },
    Rejected {
        reason: TextRef,
    },
    Merged {
        into: RequestId,
    },
    Reclassified {
        class: Option<Class>,
        service: Option<ServiceCode>,
        district: Option<DistrictCode>,
        hazard: Option<Hazard>,
        priority: Priority,
    },
    /// The resident said more.
    MessageAdded {
        text: TextRef,
    },
    AttachmentAdded {
        attachment: AttachmentId,
    },
    /// The place became known or changed; coordinates and address lie in the erasable row.
    Located {
        text: TextRef,
    },
    Replied {
        text: TextRef,
    },
    Noted {
        text: TextRef,
    },
    Rated {
        score: u8,
    },
    /// A clock ran out.
    Breached {
        stage: Stage,
        due_at: Instant,
        priority: Priority,
    },
    /// Somebody who may not pause asks for it. The clocks run on.
    PauseAsked {
        why: PauseReason,
        reason: TextRef,
        until: Option<Instant>,
    },
    PauseDeclined {
        reason: Option<TextRef>,
    },
    /// It became known that the resident is vulnerable, or is not.
    Flagged {
        vulnerable: bool,
    },
    /// A step of a ladder raised the priority, or gave the request people who watch it.
    Escalated {
        stage: Stage,
        /// Counts from 0 within the ladder.
        rung: u32,
        priority: Priority,
        watch: Vec<Duty>,
    },
    /// It became known whose request it is, or that this was a mistake.
    AuthorChanged {
        resident: ResidentId,
    },
    /// The request that this one was joined to went on: its resident is told here.
    ParentChanged {
        parent: RequestId,
        to: Status,
    },
    /// A changed policy or calendar was applied to this request.
    Retimed {
        /// The revision of the books that holds from now on.
        revision: i64,
    },
    /// Another crew has it from now on; the work stands as it stood.
    HandedOver {
        crew: CrewCode,
    },
}

words! {
    /// The name of an event's kind, as the journal's `kind` column holds it.
    EventKind {
        Registered = "registered", Queued = "queued", Linked = "linked", Accepted = "accepted", Assigned = "assigned", Started = "started", Arrived = "arrived",
        Held = "held", Resumed = "resumed", Resolved = "resolved", Closed = "closed", Reopened = "reopened", Refused = "refused",
        Transferred = "transferred", Rejected = "rejected", Merged = "merged", Reclassified = "reclassified", MessageAdded = "message_added",
        AttachmentAdded = "attachment_added", Located = "located", Replied = "replied", Noted = "noted", Rated = "rated", Breached = "breached",
        PauseAsked = "pause_asked", PauseDeclined = "pause_declined", Flagged = "flagged", Retimed = "retimed",
        Escalated = "escalated", AuthorChanged = "author_changed", ParentChanged = "parent_changed",
        HandedOver = "handed_over",
    }
}

impl Event {
    #[must_use]
    pub const fn kind(&self) -> EventKind {
        match self {
            Self::Registered(_) => EventKind::Registered,
            Self::Queued { .. } => EventKind::Queued,
            Self::Linked { .. } => EventKind::Linked,
            Self::Accepted => EventKind::Accepted,
            Self::Assigned { .. } => EventKind::Assigned,
            Self::Started => EventKind::Started,
            Self::Arrived => EventKind::Arrived,
            Self::Held { .. } => EventKind::Held,
            Self::Resumed => EventKind::Resumed,
            Self::Resolved { .. } => EventKind::Resolved,
            Self::Closed { .. } => EventKind::Closed,
            Self::Reopened { .. } => EventKind::Reopened,
            Self::Refused { .. } => EventKind::Refused,
            Self::Transferred { .. } => EventKind::Transferred,
            Self::Rejected { .. } => EventKind::Rejected,
            Self::Merged { .. } => EventKind::Merged,
            Self::Reclassified { .. } => EventKind::Reclassified,
            Self::MessageAdded { .. } => EventKind::MessageAdded,
            Self::AttachmentAdded { .. } => EventKind::AttachmentAdded,
            Self::Located { .. } => EventKind::Located,
            Self::Replied { .. } => EventKind::Replied,
            Self::Noted { .. } => EventKind::Noted,
            Self::Rated { .. } => EventKind::Rated,
            Self::Breached { .. } => EventKind::Breached,
            Self::PauseAsked { .. } => EventKind::PauseAsked,
            Self::PauseDeclined { .. } => EventKind::PauseDeclined,
            Self::Flagged { .. } => EventKind::Flagged,
            Self::Retimed { .. } => EventKind::Retimed,
            Self::Escalated { .. } => EventKind::Escalated,
            Self::AuthorChanged { .. } => EventKind::AuthorChanged,
            Self::ParentChanged { .. } => EventKind::ParentChanged,
            Self::HandedOver { .. } => EventKind::HandedOver,
        }
    }
}
