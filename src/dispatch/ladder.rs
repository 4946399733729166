//! When a message cannot reach a resident in its own chat: another door of theirs, a request to write to us again, a call by an operator.

use super::reach::{self, WAITING, Ways};
use super::{Core, DispatchError};
use crate::bus::Hint;
use crate::domain::callback::{Callback, urgency};
use crate::domain::door::Door;
use crate::domain::inbound::{ChannelKind, Failure};
use crate::domain::outgoing::{Body, Condition, Keyboard, Outgoing, Params, Rank};
use crate::domain::phone::Phone;
use crate::domain::reach::{Line, is_short};
use crate::domain::{CallbackId, Instant, Lang, RequestId};
use crate::store::conversations::Conversation;
use crate::store::outbox::{self, OutboxRow, Outcome, status};
use crate::store::{Conn, StoreError, Tx, callbacks, conversations, deliveries, errands, messages, requests};

/// What is to be done with a message that did not pass.
#[derive(Debug, Clone)]
pub enum Step {
    /// The door has opened meanwhile: it is sent as it is.
    Again,
    /// It is no longer true.
    Stale,
    /// Another message stands in for it.
    Way(Box<Outgoing>),
    /// It waits, and this asks the resident to write.
    Nudge(Box<Outgoing>),
    /// An operator is asked to call.
    Call(Phone),
    /// Nobody can be reached.
    Nothing,
}

/// A message that did not pass, with everything around it.
pub struct Stuck {
    /// The first of the messages that stand in for one another.
    origin: i64,
    /// The first one, when this is another.
    first: Option<OutboxRow>,
    talk: Option<Conversation>,
    ways: Option<Ways>,
    pub step: Step,
}

/// Whether a message may still be said.
///
/// # Errors
/// [`StoreError`].
pub async fn still_true(core: &Core, c: &impl Conn, row: &OutboxRow) -> Result<bool, StoreError> {
    match outbox::condition(row)? {
        // Alarms are looked at one by one when the words are made.
        Condition::Always | Condition::Alarms(_) => Ok(true),
        Condition::Before(at) => Ok(core.now() < at),
        Condition::BeforeWall(at) => Ok(core.wall() < at),
        Condition::StatusIn(states) => {
            let Some(id) = row.request_id else { return Ok(true) };
            let stored = requests::load(c, RequestId(id)).await?;
            Ok(stored.is_some_and(|s| states.contains(&s.request.status)))
        }
    }
}

/// Whether a stand-in is still needed: the first message may have arrived after all.
///
/// # Errors
/// [`StoreError`].
pub async fn still_needed(c: &impl Conn, row: &OutboxRow) -> Result<bool, StoreError> {
    let Some(origin) = row.origin_id else { return Ok(true) };
    for other in deliveries::family(c, origin).await? {
        if other.id != row.id && deliveries::track(&other)?.arrived() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Decides what becomes of a message that failed for `why`. `refused`: the provider said so, and not only our own clock.
///
/// # Errors
/// [`StoreError`].
pub async fn look(core: &Core, c: &impl Conn, row: &OutboxRow, why: Failure, refused: bool) -> Result<Stuck, StoreError> {
    let origin = row.origin_id.unwrap_or(row.id);
    let family = deliveries::family(c, origin).await?;
    let first = family.iter().find(|r| r.id == origin);
    let talk = match first.and_then(|r| r.conversation_id) {
        Some(id) => conversations::load(c, crate::domain::ConversationId(id)).await?,
        None => None,
    };
    // A member of a crew is no resident; what is about no request was meant for this chat at this moment; a courtesy in public is for that place only.
    let matters = (row.request_id.is_some() || row.rank == Rank::Safety.order()) && !row.chat.starts_with("comment:");
    let talk = talk.filter(|t| t.staff.is_none() && matters);
    let ways = match &talk {
        Some(t) => reach::ways(core, c, t.resident).await?,
        None => None,
    };
    let mut stuck = Stuck { origin, first: first.filter(|r| r.id != row.id).cloned(), talk, ways, step: Step::Nothing };
    stuck.step = decide(core, c, row, &stuck, &family, (why, refused)).await?;
    Ok(stuck)
}

async fn decide(
    core: &Core,
    c: &impl Conn,
    row: &OutboxRow,
    stuck: &Stuck,
    family: &[OutboxRow],
    (why, refused): (Failure, bool),
) -> Result<Step, StoreError> {
    let (Some(talk), Some(ways)) = (&stuck.talk, &stuck.ways) else { return Ok(Step::Nothing) };
    if !still_true(core, c, row).await? {
        return Ok(Step::Stale);
    }
    let (policy, now, body) = (&core.settings.reach, core.now(), deliveries::body(row)?);
    let own = ways.of(talk).filter(|l| l.channel.as_str() == row.channel && l.chat == row.chat);
    if why == Failure::Window && !refused && own.is_some_and(|l| policy.is_open(l, now)) {
        return Ok(Step::Again);
    }
    if let (Failure::Window, Body::Words { head, .. }, Some(own)) = (why, &body, own)
        && core.book.templates.find(own.channel, WAITING).is_some()
    {
        let params = head.as_ref().map(|(_, p)| p.clone()).unwrap_or_default();
        return Ok(Step::Nudge(Box::new(nudge(row, talk, params)?)));
    }
    let short = short_enough(core, c, &body, ways.resident.lang).await?;
    let tried = |l: &Line| {
        family.iter().any(|r| r.channel == l.channel.as_str() && r.account == l.account && r.chat == l.chat)
            || (l.channel == ChannelKind::Sms && !short)
    };
    let template = |l: &Line| matches!(&body, Body::Template { key, .. } if core.book.templates.find(l.channel, key).is_some());
    Ok(match (policy.choose(&ways.lines, tried, template, now), &ways.resident.phone) {
        (Some(line), _) => Step::Way(Box::new(by(row, body, line, stuck.origin, family.len())?)),
        (None, Some(phone)) => Step::Call(phone.clone()),
        (None, None) => Step::Nothing,
    })
}

async fn short_enough(core: &Core, c: &impl Conn, body: &Body, lang: Lang) -> Result<bool, StoreError> {
    let said = |key: &str, params: &Params| core.book.render_at(ChannelKind::Sms, lang, key, params);
    let text = match body {
        Body::Template { key, params } => said(key, params),
        Body::Words { id, head } => {
            let words = messages::text_of(c, *id).await?.unwrap_or_default();
            head.as_ref().map_or(String::new(), |(key, params)| said(key, params) + "\n") + &words
        }
    };
    Ok(is_short(&text))
}

fn common(row: &OutboxRow, body: Body) -> Result<Outgoing, StoreError> {
    Ok(Outgoing {
        channel: ChannelKind::parse(&row.channel).ok_or_else(|| StoreError::corrupt("outbox.channel", &row.channel))?,
        account: row.account.clone(),
        chat: row.chat.clone(),
        lang: Lang::parse(&row.lang).ok_or_else(|| StoreError::corrupt("outbox.lang", &row.lang))?,
        conversation: row.conversation_id.map(crate::domain::ConversationId),
        request: row.request_id.map(RequestId),
        body,
        keyboard: Keyboard::None,
        rank: if row.rank == Rank::Safety.order() { Rank::Safety } else { Rank::Normal },
        condition: outbox::condition(row)?,
        dedupe: None,
    })
}

/// The same message by another door.
fn by(row: &OutboxRow, body: Body, line: &Line, origin: i64, nth: usize) -> Result<Outgoing, StoreError> {
    let keyboard: Keyboard = serde_json::from_str(&row.keyboard).map_err(|e| StoreError::corrupt("outbox.keyboard", e))?;
    let body = if line.channel == ChannelKind::Push { pushed(body) } else { body };
    Ok(Outgoing {
        channel: line.channel,
        account: line.account.clone(),
        chat: line.chat.clone(),
        lang: line.lang,
        conversation: line.conversation,
        // An answer to a number without a chat would not be understood as one.
        keyboard: if line.conversation.is_some() { Door::of(line.channel).fit(keyboard) } else { Keyboard::None },
        dedupe: Some(format!("way:{origin}:{nth}")),
        ..common(row, body)?
    })
}

/// What a locked screen may show of a message: that there is one, and about which request.
fn pushed(body: Body) -> Body {
    let params = match body {
        Body::Template { params, .. } | Body::Words { head: Some((_, params)), .. } => params,
        Body::Words { head: None, .. } => Params::new(),
    };
    match params.get("number") {
        Some(number) => Body::Template { key: "push.news".into(), params: Params::from([("number".to_owned(), number.clone())]) },
        None => Body::Template { key: "push.some_news".into(), params: Params::new() },
    }
}

fn nudge(row: &OutboxRow, talk: &Conversation, params: Params) -> Result<Outgoing, StoreError> {
    let number = params.get("number").cloned().unwrap_or_default();
    let body = Body::Template { key: WAITING.into(), params: Params::from([("number".to_owned(), number)]) };
    Ok(Outgoing { lang: talk.lang, condition: Condition::Always, ..common(row, body)? })
}

impl Stuck {
    /// Where the message itself goes.
    #[must_use]
    pub fn becomes(&self, why: Failure) -> &'static str {
        match &self.step {
            Step::Again => status::PENDING,
            Step::Stale => status::EXPIRED,
            Step::Way(_) => status::MOVED,
            Step::Nudge(_) => status::PARKED,
            // When the resident writes again, the window is open.
            Step::Call(_) | Step::Nothing if why == Failure::Window && self.first.is_none() => status::PARKED,
            Step::Call(_) | Step::Nothing => status::DEAD,
        }
    }

    /// Writes what follows, after the message itself has gone where [`Self::becomes`] says. True when there is something to send.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when somebody else made a task for the same number at this moment.
    pub async fn follow(&self, core: &Core, tx: &Tx, row: &OutboxRow, why: Failure) -> Result<bool, StoreError> {
        let (now, wall) = (core.now(), core.wall());
        let mut waits = self.becomes(why) == status::PARKED;
        if let (Some(first), Step::Call(_) | Step::Nothing) = (&self.first, &self.step)
            && deliveries::failure(first)? == Some(Failure::Window)
        {
            // The stand-in has failed too: the first message waits for its resident.
            waits |= deliveries::shift(tx, first.id, status::MOVED, status::PARKED).await?;
        }
        if let (true, Some(talk)) = (waits, &self.talk) {
            let mut ids: Vec<_> = self.ways.iter().flat_map(|w| &w.lines).filter_map(|l| l.conversation).collect();
            ids.push(talk.id);
            conversations::hold(tx, &ids, now).await?;
        }
        match &self.step {
            Step::Way(out) => deliveries::stand_in(tx, out, Some(self.origin), now, wall).await,
            Step::Nudge(out) => deliveries::stand_in(tx, out, None, now, wall).await,
            Step::Call(phone) => {
                let task = task_for(core, tx, phone, row, now).await?;
                errands::add(tx, task, row.id, row.request_id.map(RequestId), why, now).await?;
                Ok(false)
            }
            Step::Again => Ok(true),
            Step::Stale | Step::Nothing => Ok(false),
        }
    }
}

/// The open task of a number, made when there is none.
async fn task_for(core: &Core, tx: &Tx, phone: &Phone, row: &OutboxRow, now: Instant) -> Result<CallbackId, StoreError> {
    let open = callbacks::open_for(tx, std::slice::from_ref(phone)).await?.into_iter().next();
    let danger = match row.request_id {
        Some(id) => requests::load(tx, RequestId(id)).await?.is_some_and(|s| s.request.hazard.is_some() && s.request.status.is_open()),
        None => row.rank == Rank::Safety.order(),
    };
    let known = open.is_some();
    let mut task = open.unwrap_or_else(|| Callback::to_tell(phone.clone(), &core.settings.callback, now));
    let urgent = danger && task.urgency > urgency::DANGER;
    if urgent {
        task.urgency = urgency::DANGER;
    }
    if urgent || !known {
        callbacks::save(tx, std::slice::from_ref(&task)).await?;
    }
    Ok(task.id)
}

/// A claimed message did not pass: it goes where the ladder leads, in one transaction. `None`: it was no longer in our hands.
///
/// # Errors
/// The store's; then nothing was written and the lease runs out.
pub async fn climb(
    core: &Core,
    row: &OutboxRow,
    owner: &str,
    (why, refused): (Failure, bool),
    error: String,
) -> Result<Option<&'static str>, DispatchError> {
    let tx = core.db.begin().await?;
    let stuck = look(core, &tx, row, why, refused).await?;
    let goes = stuck.becomes(why);
    let outcome = match goes {
        // Not the window: that word would send it as a template.
        status::PENDING => Outcome::Retry { at: core.wall(), error, reason: Failure::Transient, counts: false },
        status::EXPIRED => Outcome::Expired,
        status::MOVED => Outcome::Moved { error, reason: why },
        status::PARKED => Outcome::Parked { error, reason: why },
        _ => Outcome::Dead { error, reason: why },
    };
    if !outbox::finish(&tx, row.id, owner, outcome).await? {
        return Ok(None);
    }
    let sends = stuck.follow(core, &tx, row, why).await?;
    tx.commit().await.map_err(StoreError::from)?;
    if sends {
        core.bus.publish(Hint::Outbox);
    }
    Ok(Some(goes))
}
