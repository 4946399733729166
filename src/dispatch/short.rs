//! Short notices to residents who have no chat with us: of requests that were made with the application or taken down from a call. They say the number
//! and what happened, and nothing of a person: a number may be somebody else's tomorrow.

use super::effects::Effects;
use super::record::Subject;
use super::{Core, DispatchError, reach};
use crate::domain::ResidentId;
use crate::domain::inbound::ChannelKind;
use crate::domain::outgoing::{Body, Condition, Keyboard, Outgoing, Params, Rank};
use crate::domain::phone::Phone;
use crate::domain::reach::Line;
use crate::domain::request::{CloseReason, Event, Request, Status};
use crate::store::calls::{self, links};
use crate::store::{Conn, StoreError, residents};

/// The text of an event, and how long it stays true.
fn words(event: &Event) -> Option<(&'static str, Condition)> {
    let while_in = |states: &[Status]| Condition::StatusIn(states.to_vec());
    Some(match event {
        Event::Started => ("short.started", while_in(&[Status::InProgress])),
        Event::Held { .. } => ("short.held", while_in(&[Status::OnHold])),
        Event::Resolved { .. } => ("short.resolved", while_in(&[Status::Resolved])),
        Event::Closed { by: CloseReason::Silence } => ("short.closed", while_in(&[Status::Closed])),
        Event::Refused { .. } | Event::Transferred { .. } => ("short.transferred", while_in(&[Status::Queued, Status::Assigned, Status::InProgress])),
        Event::Rejected { .. } => ("short.rejected", Condition::Always),
        Event::Merged { .. } => ("short.merged", Condition::Always),
        Event::Replied { .. } => ("short.replied", Condition::Always),
        Event::ParentChanged { to: Status::Resolved, .. } => ("short.resolved", while_in(&[Status::Duplicate])),
        _ => return None,
    })
}

/// Adds the short notices that belong to events. A request of a chat is told of in its chat; one that a telephone with the application is told of by
/// push messages costs nothing more.
pub(super) async fn tell(core: &Core, c: &impl Conn, fx: &mut Effects, subject: &Subject, events: &[Event]) -> Result<(), DispatchError> {
    let r = &subject.stored.request;
    if r.conversation.is_some() || !core.settings.sms {
        return Ok(());
    }
    let told: Vec<_> = events.iter().filter_map(words).collect();
    let Some(resident) = r.resident.filter(|_| !told.is_empty()) else { return Ok(()) };
    if let Some(line) = door(core, c, r, resident).await? {
        fx.outbox.extend(told.into_iter().map(|(key, condition)| message(&line, r, key, condition)));
    }
    Ok(())
}

/// Tells a caller the number of what was taken down from a call.
pub(super) async fn taken_down(core: &Core, c: &impl Conn, fx: &mut Effects, r: &Request) -> Result<(), DispatchError> {
    if let (Some(resident), true) = (r.resident, core.settings.sms)
        && let Some(line) = door(core, c, r, resident).await?
    {
        fx.outbox.push(message(&line, r, "short.registered", Condition::Always));
    }
    Ok(())
}

/// Where the resident is met: by push messages, then nobody else needs to tell; in a chat of theirs; at a number that is theirs; at the number that the
/// request was told from.
async fn door(core: &Core, c: &impl Conn, r: &Request, resident: ResidentId) -> Result<Option<Line>, StoreError> {
    let Some(ways) = reach::ways(core, c, resident).await? else { return Ok(None) };
    if ways.lines.iter().any(|l| l.channel == ChannelKind::Push && !l.down) {
        return Ok(None);
    }
    if let Some(line) = core.settings.reach.choose(&ways.lines, |l| l.channel == ChannelKind::Push, |_| false, core.now()) {
        return Ok(Some(line.clone()));
    }
    let Some(account) = core.account_of(ChannelKind::Sms).filter(|_| ways.resident.phone.is_none()) else { return Ok(None) };
    let Some(phone) = line_of_call(c, r, resident).await?.filter(Phone::takes_sms) else { return Ok(None) };
    Ok(Some(Line {
        channel: ChannelKind::Sms,
        account,
        chat: phone.e164().to_owned(),
        conversation: None,
        lang: r.lang,
        last_inbound_at: None,
        blocked: false,
        down: false,
    }))
}

/// The number on the line when the request was taken down: what the exchange saw, not what somebody dictated.
async fn line_of_call(c: &impl Conn, r: &Request, resident: ResidentId) -> Result<Option<Phone>, StoreError> {
    if r.channel != ChannelKind::Phone {
        return Ok(None);
    }
    let Some(said) = residents::load(c, resident).await?.and_then(|known| known.claimed) else { return Ok(None) };
    let ids: Vec<_> = links::of_request(c, r.id).await?.into_iter().map(|l| l.call).collect();
    let mut seen = calls::load_many(c, &ids).await?.into_iter().filter_map(|call| call.phone);
    Ok(seen.find(|phone| *phone == said))
}

fn message(line: &Line, r: &Request, key: &str, condition: Condition) -> Outgoing {
    Outgoing {
        channel: line.channel,
        account: line.account.clone(),
        chat: line.chat.clone(),
        lang: r.lang,
        conversation: line.conversation,
        request: Some(r.id),
        body: Body::Template { key: key.to_owned(), params: Params::from([("number".to_owned(), r.number.to_string())]) },
        keyboard: Keyboard::None,
        rank: Rank::Normal,
        condition,
        dedupe: None,
    }
}
