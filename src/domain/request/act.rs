//! The one door for changes: an act on a request is decided here, purely, into events.

use super::event::{CloseReason, Event};
use super::state::{Priority, Request, Status};
use crate::domain::access::Role;
use crate::domain::class::{Class, Hazard, words};
use crate::domain::ids::{AttachmentId, CrewCode, DistrictCode, QueueCode, RequestId, ServiceCode};
use crate::domain::sla::{Duty, Leave, PauseReason, SlaBook, Stage};
use crate::domain::text_ref::TextRef;
use crate::domain::time::Instant;

/// What somebody wants to do to a request. Words have been stored as erasable rows before they come here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    Accept,
    Assign {
        crew: CrewCode,
    },
    Start,
    Arrive,
    Hold {
        reason: TextRef,
        until: Option<Instant>,
        /// Unset: a reason in words only.
        why: Option<PauseReason>,
    },
    /// An asked-for pause is not given.
    DeclinePause {
        reason: Option<TextRef>,
    },
    Resume,
    Resolve {
        note: Option<TextRef>,
    },
    Close {
        by: CloseReason,
    },
    Reopen {
        reason: Option<TextRef>,
    },
    /// "Not ours", with the owner proposed.
    Refuse {
        reason: TextRef,
        queue: QueueCode,
    },
    Transfer {
        queue: QueueCode,
        reason: Option<TextRef>,
    },
    Reject {
        reason: TextRef,
    },
    Merge {
        into: RequestId,
    },
    /// `queue` is where the new classification routes to, with the rule's name; the same queue as before changes nothing.
    Reclassify {
        class: Option<Class>,
        service: Option<ServiceCode>,
        district: Option<DistrictCode>,
        hazard: Option<Hazard>,
        priority: Priority,
        queue: QueueCode,
        rule: String,
    },
    Reply {
        text: TextRef,
    },
    Note {
        text: TextRef,
    },
    AddMessage {
        text: TextRef,
    },
    Attach {
        attachment: AttachmentId,
    },
    Locate {
        text: TextRef,
    },
    Rate {
        score: u8,
    },
    Breach {
        stage: Stage,
        due_at: Instant,
    },
    Flag {
        vulnerable: bool,
    },
    /// A step of a ladder has effects on the request itself.
    Escalate {
        stage: Stage,
        rung: u32,
        raise: bool,
        watch: Vec<Duty>,
    },
    /// Puts the clocks under a revision of the policies and calendars.
    Retime {
        revision: i64,
    },
    /// At the change of shifts another crew takes the work over as it stands.
    HandOver {
        crew: CrewCode,
    },
}

/// What a decision stands on besides the state.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    pub book: &'a SlaBook,
    /// Unset: a resident or a part of the program.
    pub role: Option<Role>,
    pub at: Instant,
}

words! {
    /// The name of an act, as permissions and errors use it.
    ActKind {
        Accept = "accept", Assign = "assign", Start = "start", Arrive = "arrive", Hold = "hold", Resume = "resume", Resolve = "resolve",
        Close = "close", Reopen = "reopen", Refuse = "refuse", Transfer = "transfer", Reject = "reject", Merge = "merge",
        Reclassify = "reclassify", Reply = "reply", Note = "note", AddMessage = "add_message", Attach = "attach", Locate = "locate",
        Rate = "rate", Breach = "breach",
        DeclinePause = "decline_pause", Flag = "flag", Retime = "retime", Escalate = "escalate", HandOver = "hand_over",
    }
}

impl Act {
    #[must_use]
    pub const fn kind(&self) -> ActKind {
        match self {
            Self::Accept => ActKind::Accept,
            Self::Assign { .. } => ActKind::Assign,
            Self::Start => ActKind::Start,
            Self::Arrive => ActKind::Arrive,
            Self::Hold { .. } => ActKind::Hold,
            Self::Resume => ActKind::Resume,
            Self::Resolve { .. } => ActKind::Resolve,
            Self::Close { .. } => ActKind::Close,
            Self::Reopen { .. } => ActKind::Reopen,
            Self::Refuse { .. } => ActKind::Refuse,
            Self::Transfer { .. } => ActKind::Transfer,
            Self::Reject { .. } => ActKind::Reject,
            Self::Merge { .. } => ActKind::Merge,
            Self::Reclassify { .. } => ActKind::Reclassify,
            Self::Reply { .. } => ActKind::Reply,
            Self::Note { .. } => ActKind::Note,
            Self::AddMessage { .. } => ActKind::AddMessage,
            Self::Attach { .. } => ActKind::Attach,
            Self::Locate { .. } => ActKind::Locate,
            Self::Rate { .. } => ActKind::Rate,
            Self::Breach { .. } => ActKind::Breach,
            Self::DeclinePause { .. } => ActKind::DeclinePause,
            Self::Flag { .. } => ActKind::Flag,
            Self::Retime { .. } => ActKind::Retime,
            Self::Escalate { .. } => ActKind::Escalate,
            Self::HandOver { .. } => ActKind::HandOver,
        }
    }
}

impl ActKind {
    /// From which states the act may be done.
    #[must_use]
    pub const fn allowed_from(self, status: Status) -> bool {
        use Status as S;
        match self {
            Self::Accept => matches!(status, S::Queued),
            Self::Assign => matches!(status, S::Queued | S::Assigned),
            Self::Start => matches!(status, S::Assigned),
            Self::Arrive => matches!(status, S::InProgress),
            Self::Hold | Self::DeclinePause | Self::Resolve => matches!(status, S::Assigned | S::InProgress),
            Self::Resume => matches!(status, S::OnHold),
            Self::HandOver => matches!(status, S::Assigned | S::InProgress | S::OnHold),
            Self::Close => matches!(status, S::Resolved),
            Self::Reopen => matches!(status, S::Resolved | S::Closed),
            Self::Refuse | Self::Transfer => matches!(status, S::Queued | S::Assigned | S::InProgress),
            Self::Reject => matches!(status, S::New | S::Queued),
            Self::Merge | Self::Reclassify | Self::Flag | Self::Retime => status.is_open(),
            // A resolved request may be late in being closed.
            Self::Breach | Self::Escalate => status.is_open() || matches!(status, S::Resolved),
            Self::Rate => matches!(status, S::Resolved | S::Closed),
            Self::Reply | Self::Note | Self::AddMessage | Self::Attach | Self::Locate => true,
        }
    }
}

/// Why an act was not done. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    #[error("'{act}' cannot be done while the request is '{status}'")]
    NotFrom { act: ActKind, status: Status },
    #[error("a rating is a number from 1 to 5")]
    BadScore,
    #[error("a request cannot be joined to itself")]
    IntoItself,
    #[error("the request is in that queue already")]
    SameQueue,
    #[error("this role may not pause for the reason '{0}'")]
    MayNotPause(PauseReason),
    #[error("nobody has asked for a pause")]
    NothingAsked,
    #[error("a pause must end later than it begins")]
    PauseInPast,
}

/// Decides what an act does. Pure: the same request and act always give the same events.
///
/// # Errors
/// [`ActError`] when the act is not allowed in the present state.
pub fn decide(request: &Request, act: &Act, ground: &Ground<'_>) -> Result<Vec<Event>, ActError> {
    let kind = act.kind();
    if !kind.allowed_from(request.status) {
        return Err(ActError::NotFrom { act: kind, status: request.status });
    }
    let same = |q: &QueueCode| request.queue.as_ref() == Some(q);
    Ok(match act.clone() {
        Act::Accept => vec![Event::Accepted],
        Act::Assign { crew } => vec![Event::Assigned { crew }],
        Act::Start => vec![Event::Started],
        Act::Arrive => vec![Event::Arrived],
        Act::Hold { reason, until, why } => vec![hold(ground, reason, until, why)?],
        Act::DeclinePause { .. } if request.pause_asked.is_none() => return Err(ActError::NothingAsked),
        Act::DeclinePause { reason } => vec![Event::PauseDeclined { reason }],
        Act::Resume => vec![Event::Resumed],
        Act::Resolve { note } => vec![Event::Resolved { note }],
        Act::Close { by } => vec![Event::Closed { by }],
        Act::Reopen { reason } => vec![Event::Reopened { reason }],
        Act::Refuse { queue, .. } | Act::Transfer { queue, .. } if same(&queue) => return Err(ActError::SameQueue),
        Act::Refuse { reason, queue } => vec![refuse(request, ground, reason, queue)],
        Act::Transfer { queue, reason } => vec![Event::Transferred { queue, reason }],
        Act::Reject { reason } => vec![Event::Rejected { reason }],
        Act::Merge { into } if into == request.id => return Err(ActError::IntoItself),
        Act::Merge { into } => vec![Event::Merged { into }],
        Act::Reclassify { class, service, district, hazard, priority, queue, rule } => {
            let mut out = vec![Event::Reclassified { class, service, district, hazard, priority }];
            if !same(&queue) {
                if request.status == Status::New || request.status == Status::Queued {
                    out.push(Event::Queued { queue, rule });
                } else if request.status != Status::OnHold {
                    out.push(Event::Transferred { queue, reason: None });
                }
            }
            out
        }
        Act::Reply { text } => vec![Event::Replied { text }],
        Act::Note { text } => vec![Event::Noted { text }],
        Act::AddMessage { text } => answered(request, ground, Event::MessageAdded { text }),
        // A picture or a place from the resident is an answer too; one from staff is not.
        Act::Attach { attachment } if ground.role.is_none() => answered(request, ground, Event::AttachmentAdded { attachment }),
        Act::Attach { attachment } => vec![Event::AttachmentAdded { attachment }],
        Act::Locate { text } => answered(request, ground, Event::Located { text }),
        Act::Rate { score } if (1..=5).contains(&score) => vec![Event::Rated { score }],
        Act::Rate { .. } => return Err(ActError::BadScore),
        Act::Breach { stage, due_at } => vec![Event::Breached { stage, due_at, priority: request.priority.raised() }],
        Act::Flag { vulnerable } => vec![Event::Flagged { vulnerable }],
        Act::Escalate { stage, rung, raise, watch } => {
            let priority = if raise { request.priority.raised() } else { request.priority };
            vec![Event::Escalated { stage, rung, priority, watch }]
        }
        Act::Retime { revision } => vec![Event::Retimed { revision }],
        Act::HandOver { crew } => vec![Event::HandedOver { crew }],
    })
}

fn hold(ground: &Ground<'_>, reason: TextRef, until: Option<Instant>, why: Option<PauseReason>) -> Result<Event, ActError> {
    if until.is_some_and(|until| until <= ground.at) {
        return Err(ActError::PauseInPast);
    }
    let kind = why.unwrap_or(PauseReason::Other);
    let rule = ground.book.pause(kind);
    match ground.role.map_or(Leave::Pause, |role| rule.leave(role)) {
        Leave::Pause => Ok(Event::Held { reason, until: rule.end(ground.at, until), why }),
        Leave::Ask => Ok(Event::PauseAsked { why: kind, reason, until }),
        Leave::No => Err(ActError::MayNotPause(kind)),
    }
}

/// The first refusals go to the proposed owner; then an arbiter decides, and owners no longer send it to each other.
fn refuse(request: &Request, ground: &Ground<'_>, reason: TextRef, proposed: QueueCode) -> Event {
    let arbiter = ground
        .book
        .arbitration
        .as_ref()
        .filter(|a| request.refused.saturating_add(1) >= a.after_refusals && request.queue.as_ref() != Some(&a.queue));
    match arbiter {
        Some(a) if a.queue != proposed => Event::Refused { reason, queue: a.queue.clone(), proposed: Some(proposed) },
        _ => Event::Refused { reason, queue: proposed, proposed: None },
    }
}

/// A word from the resident ends a pause that waited for it.
fn answered(request: &Request, ground: &Ground<'_>, event: Event) -> Vec<Event> {
    let waited = request.status == Status::OnHold && request.held_why.is_some_and(|why| ground.book.pause(why).until_answer);
    if waited { vec![event, Event::Resumed] } else { vec![event] }
}
