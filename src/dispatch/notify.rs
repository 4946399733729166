//! Who is told what happened: outgoing messages that belong to events, written in the same transaction.

use super::Core;
use super::record::Subject;
use crate::dialogue;
use crate::domain::inbound::ChannelKind;
use crate::domain::outgoing::{Body, Condition, Keyboard, Outgoing, Params, Rank};
use crate::domain::request::{CloseReason, Event, Request, Status};
use crate::domain::sla::Stage;
use crate::domain::{Class, Lang, MessageId};
use crate::store::conversations::Conversation;

/// Parameters that most templates about a request take.
#[must_use]
pub fn params(subject: &Subject) -> Params {
    let r = &subject.stored.request;
    let due = |stage| subject.live(stage).map_or_else(|| "@unknown.due".to_owned(), |t| format!("@time:{}", t.due_at.to_rfc3339()));
    let code = |kind: &str, c: Option<&str>| c.map_or_else(|| format!("@unknown.{kind}"), |c| format!("@{kind}.{c}"));
    let mut p = Params::new();
    p.insert("number".into(), r.number.to_string());
    p.insert("service".into(), code("service", r.service.as_ref().map(crate::domain::ServiceCode::as_str)));
    p.insert("district".into(), code("district", r.district.as_ref().map(crate::domain::DistrictCode::as_str)));
    p.insert("queue".into(), code("queue", r.queue.as_ref().map(crate::domain::QueueCode::as_str)));
    p.insert("status".into(), format!("@state.{}", r.status));
    p.insert("accept_due".into(), due(Stage::Accept));
    p.insert("restore_due".into(), due(Stage::Restore));
    p.insert("due".into(), due(if subject.live(Stage::Restore).is_some() { Stage::Restore } else { Stage::Accept }));
    if let Some(h) = r.hazard {
        p.insert("hazard".into(), format!("@hazard.{h}"));
    }
    p
}

/// A template into a chat.
#[must_use]
pub fn say(to: &Conversation, key: &str, params: Params, keyboard: Keyboard) -> Outgoing {
    Outgoing {
        channel: to.channel,
        account: to.account.clone(),
        chat: to.chat.clone(),
        lang: to.lang,
        conversation: Some(to.id),
        request: None,
        body: Body::Template { key: key.to_owned(), params },
        keyboard,
        rank: Rank::Normal,
        condition: Condition::Always,
        dedupe: None,
    }
}

fn about(to: &Conversation, request: &Request, key: &str, params: Params, keyboard: Keyboard) -> Outgoing {
    Outgoing { request: Some(request.id), ..say(to, key, params, keyboard) }
}

/// A person's own words into a chat.
fn words(to: &Conversation, request: &Request, id: MessageId) -> Outgoing {
    Outgoing { request: Some(request.id), body: Body::Words(id), ..say(to, "", Params::new(), Keyboard::None) }
}

/// The answer to a registration: the number and honest times.
#[must_use]
pub fn acknowledgement(to: &Conversation, subject: &Subject) -> Outgoing {
    let r = &subject.stored.request;
    let key = if r.class == Some(Class::Thanks) {
        "ack.answered_thanks"
    } else if r.hazard.is_some() {
        "ack.registered_danger"
    } else if subject.live(Stage::Accept).is_some() && subject.live(Stage::Restore).is_some() {
        "ack.registered"
    } else {
        "ack.registered_no_clock"
    };
    let keyboard = if r.class == Some(Class::Thanks) { Keyboard::None } else { dialogue::status(&r.number) };
    let mut out = about(to, r, key, params(subject), keyboard);
    out.dedupe = Some(format!("ack:{}", r.id));
    out
}

/// What a resident is told of an event in their own chat.
#[must_use]
pub fn to_resident(to: &Conversation, subject: &Subject, event: &Event) -> Vec<Outgoing> {
    let r = &subject.stored.request;
    let p = || params(subject);
    let while_in = |out: Outgoing, states: &[Status]| Outgoing { condition: Condition::StatusIn(states.to_vec()), ..out };
    match event {
        Event::Started => vec![while_in(about(to, r, "notice.started", p(), Keyboard::None), &[Status::InProgress])],
        Event::Held { .. } => vec![while_in(about(to, r, "notice.held", p(), Keyboard::None), &[Status::OnHold])],
        Event::Resolved { .. } => {
            vec![while_in(about(to, r, "resolved.ask", p(), dialogue::resolved(&r.number)), &[Status::Resolved])]
        }
        Event::Closed { by: CloseReason::Silence } => {
            vec![while_in(about(to, r, "notice.closed_silence", p(), dialogue::resolved(&r.number)), &[Status::Closed])]
        }
        Event::Reopened { .. } => vec![about(to, r, "reopened", p(), Keyboard::None)],
        Event::Refused { .. } | Event::Transferred { .. } => {
            vec![while_in(about(to, r, "notice.transferred", p(), Keyboard::None), &[Status::Queued, Status::Assigned, Status::InProgress])]
        }
        Event::Rejected { reason } => {
            vec![about(to, r, "notice.rejected", p(), Keyboard::None), words(to, r, reason.message)]
        }
        Event::Merged { .. } => vec![about(to, r, "notice.merged", p(), Keyboard::None)],
        Event::Replied { text } => vec![about(to, r, "reply.head", p(), Keyboard::None), words(to, r, text.message)],
        _ => Vec::new(),
    }
}

/// Whether an event may concern the resident at all, so that the chat need not be loaded for the others.
#[must_use]
pub fn concerns_resident(event: &Event) -> bool {
    matches!(
        event,
        Event::Started
            | Event::Held { .. }
            | Event::Resolved { .. }
            | Event::Closed { by: CloseReason::Silence }
            | Event::Reopened { .. }
            | Event::Refused { .. }
            | Event::Transferred { .. }
            | Event::Rejected { .. }
            | Event::Merged { .. }
            | Event::Replied { .. }
    )
}

/// A new job, into the chats of a crew.
#[must_use]
pub fn new_job(to: &Conversation, subject: &Subject, place: &str) -> Outgoing {
    let r = &subject.stored.request;
    let mut p = params(subject);
    p.insert("place".into(), place.to_owned());
    let keyboard = dialogue::crew_job(&r.number, r.status, r.arrived_at.is_some());
    let open = vec![Status::Queued, Status::Assigned, Status::InProgress];
    Outgoing { condition: Condition::StatusIn(open), ..about(to, r, "crew.new_job", p, keyboard) }
}

/// A clock ran out: into chats of staff.
#[must_use]
pub fn breach_to_chat(to: &Conversation, subject: &Subject, stage: Stage, due: &str) -> Outgoing {
    about(to, &subject.stored.request, breach_key(stage), breach_params(subject, due), Keyboard::None)
}

/// A clock ran out: letters to those whom the configuration names.
#[must_use]
pub fn breach_letters(core: &Core, subject: &Subject, stage: Stage, due: &str, timer: &str) -> Vec<Outgoing> {
    core.settings
        .breach_to
        .iter()
        .map(|address| Outgoing {
            channel: ChannelKind::Mail,
            account: "main".into(),
            chat: address.clone(),
            lang: Lang::Ru,
            conversation: None,
            request: Some(subject.stored.request.id),
            body: Body::Template { key: breach_key(stage).into(), params: breach_params(subject, due) },
            keyboard: Keyboard::None,
            rank: Rank::Normal,
            condition: Condition::Always,
            dedupe: Some(format!("breach:{timer}:{}", super::secrets::sha256(&[address]))),
        })
        .collect()
}

fn breach_key(stage: Stage) -> &'static str {
    if stage == Stage::Accept { "breach.accept" } else { "breach.restore" }
}

fn breach_params(subject: &Subject, due: &str) -> Params {
    let mut p = params(subject);
    p.insert("due".into(), format!("@time:{due}"));
    p
}
