//! Who is told what happened: outgoing messages that belong to events, written in the same transaction.

use super::Core;
use super::problems::Registered;
use super::record::Subject;
use crate::dialogue::{self, Button};
use crate::domain::door::Door;
use crate::domain::inbound::ChannelKind;
use crate::domain::outgoing::{Body, Condition, Key, Keyboard, Outgoing, Params, Rank, joined};
use crate::domain::request::{CloseReason, Event, Request, Status};
use crate::domain::sla::{Stage, Timer, Way};
use crate::domain::{Class, Instant, Lang, MessageId};
use crate::store::conversations::Conversation;
use crate::store::notices::NewNotice;

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

/// The keys as far as the door can show them. Where every word costs, only those that answer a question.
fn offered(channel: ChannelKind, keyboard: Keyboard) -> Keyboard {
    let door = Door::of(channel);
    let extra = |k: &Key| matches!(Button::parse(&k.data), Some(Button::Status(_) | Button::Mine | Button::Fix(..)));
    match &keyboard {
        Keyboard::Inline(rows) if door.short && rows.iter().flatten().all(extra) => Keyboard::None,
        _ => door.fit(keyboard),
    }
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
        keyboard: offered(to.channel, keyboard),
        rank: Rank::Normal,
        condition: Condition::Always,
        dedupe: None,
    }
}

fn about(to: &Conversation, request: &Request, key: &str, params: Params, keyboard: Keyboard) -> Outgoing {
    Outgoing { request: Some(request.id), ..say(to, key, params, keyboard) }
}

/// A person's own words into a chat, under a line that says what they are about: one message, so that nothing comes between.
fn words(to: &Conversation, request: &Request, head: &str, params: Params, id: MessageId) -> Outgoing {
    let body = Body::Words { id, head: Some((head.to_owned(), params)) };
    Outgoing { request: Some(request.id), body, ..say(to, "", Params::new(), Keyboard::None) }
}

/// The answer to a registration: the number and honest times. Several problems of one message are told in one answer.
#[must_use]
pub fn acknowledgement(to: &Conversation, made: &Registered) -> Outgoing {
    let subject = &made.leading;
    let r = &subject.stored.request;
    let several = !made.linked.is_empty();
    let key = if several && r.hazard.is_some() {
        "ack.several_danger"
    } else if several {
        "ack.several"
    } else if r.class == Some(Class::Thanks) {
        "ack.answered_thanks"
    } else if r.hazard.is_some() {
        "ack.registered_danger"
    } else if subject.live(Stage::Accept).is_some() && subject.live(Stage::Restore).is_some() {
        "ack.registered"
    } else {
        "ack.registered_no_clock"
    };
    let keyboard = if r.class == Some(Class::Thanks) { Keyboard::None } else { dialogue::status(&r.number) };
    let mut p = params(subject);
    if several {
        p.insert("requests".into(), lines(made));
    }
    let mut out = about(to, r, key, p, keyboard);
    out.dedupe = Some(format!("ack:{}", r.id));
    out
}

/// Number, service and target of each, one a line.
fn lines(made: &Registered) -> String {
    let all: Vec<Params> = made.all().map(params).collect();
    let mut parts = Vec::new();
    for (i, p) in all.iter().enumerate() {
        parts.push(if i == 0 { "№ " } else { "\n№ " });
        for (at, name) in ["number", "service", "restore_due"].into_iter().enumerate() {
            if at > 0 {
                parts.push(" · ");
            }
            parts.push(p.get(name).map_or("", String::as_str));
        }
    }
    joined(parts)
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
            vec![words(to, r, "notice.rejected", p(), reason.message)]
        }
        Event::Merged { .. } => vec![about(to, r, "notice.merged", p(), Keyboard::None)],
        Event::ParentChanged { to: status, .. } => {
            joined_key(*status).map(|key| while_in(about(to, r, key, p(), Keyboard::None), &[Status::Duplicate])).into_iter().collect()
        }
        Event::Replied { text } => vec![words(to, r, "reply.head", p(), text.message)],
        _ => Vec::new(),
    }
}

/// What the resident of a joined request is told when the other one goes on; closing it says nothing new.
fn joined_key(status: Status) -> Option<&'static str> {
    match status {
        Status::Resolved => Some("notice.joined_resolved"),
        Status::Rejected => Some("notice.joined_rejected"),
        Status::Queued => Some("notice.joined_reopened"),
        _ => None,
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
            | Event::ParentChanged { .. }
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

/// A job that came from the crew before, into the chats of the next one.
#[must_use]
pub fn taken_over(to: &Conversation, subject: &Subject, place: &str) -> Outgoing {
    let open = vec![Status::Assigned, Status::InProgress, Status::OnHold];
    let out = new_job(to, subject, place);
    let body = match out.body {
        Body::Template { params, .. } => Body::Template { key: "crew.taken_over".to_owned(), params },
        words => words,
    };
    Outgoing { condition: Condition::StatusIn(open), body, ..out }
}

/// What became of a crew's wish, into its chats.
#[must_use]
pub fn to_crew(to: &Conversation, subject: &Subject, key: &str) -> Outgoing {
    let r = &subject.stored.request;
    about(to, r, key, params(subject), dialogue::crew_job(&r.number, r.status, r.arrived_at.is_some()))
}

/// A clock ran out: letters to those whom the configuration names, whatever the ladder says.
#[must_use]
pub fn breach_letters(core: &Core, timer: &Timer, now: Instant) -> Vec<NewNotice> {
    let letter = |address: &String| NewNotice {
        staff: None,
        way: Way::Mail,
        to: (ChannelKind::Mail.to_string(), "main".into(), address.clone()),
        lang: Lang::Ru,
        request: timer.request,
        timer: timer.id,
        rung: super::alarm::RAN_OUT,
        send_at: now,
        at: now,
    };
    core.settings.breach_to.iter().map(letter).collect()
}

/// The text that tells of a clock that ran out.
#[must_use]
pub fn breach_key(stage: Stage) -> &'static str {
    match stage {
        Stage::Register => "breach.register",
        Stage::Accept => "breach.accept",
        Stage::Arrive => "breach.arrive",
        Stage::Close => "breach.close",
        Stage::Arbitrate => "breach.arbitrate",
        Stage::Restore | Stage::Silence | Stage::Resume => "breach.restore",
    }
}
