//! Warnings and escalations: the steps of ladders whose time has come, each taken exactly once, whoever looks first.

use super::apply::perform;
use super::effects::Effects;
use super::record::Subject;
use super::{Core, DispatchError};
use crate::domain::actor::Actor;
use crate::domain::inbound::ChannelKind;
use crate::domain::request::{Act, ActKind, Request};
use crate::domain::sla::{Alarm, Books, Duty, Rung, SlaBook, Timer, Way, alarms, awaited, still_true};
use crate::domain::time::plus_secs;
use crate::domain::{ConversationId, Instant, Lang, RequestId, StaffId, TimerId};
use crate::store::alarms::Raised;
use crate::store::conversations::Conversation;
use crate::store::duties::OnDuty;
use crate::store::notices::NewNotice;
use crate::store::staff::Staff;
use crate::store::{StoreError, Tx, alarms as taken, conversations, duties, requests, staff, timers};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The step of a notice that belongs to no ladder: the clock ran out.
pub const RAN_OUT: i32 = -1;

/// Whether a notice of this step may still be sent.
#[must_use]
pub fn holds(books: &Books, request: &Request, timer: &Timer, rung: i32, now: Instant) -> bool {
    match usize::try_from(rung) {
        Ok(rung) => still_true(books, request, timer, rung, now),
        Err(_) => awaited(request, timer) && timer.due_at <= now,
    }
}

/// Everybody who can be told, as far as a batch of alarms needs them.
struct People {
    roster: Vec<OnDuty>,
    staff: Vec<Staff>,
    chats: Vec<Conversation>,
}

/// One who is told, with the address for letters.
struct Person<'a> {
    staff: &'a Staff,
    mail: Option<&'a str>,
}

impl People {
    async fn load(tx: &Tx) -> Result<Self, StoreError> {
        let staff: Vec<Staff> = staff::all(tx).await?.into_iter().filter(|s| !s.disabled).collect();
        let ids: Vec<StaffId> = staff.iter().map(|s| s.id).collect();
        Ok(Self { roster: duties::all(tx).await?, chats: conversations::of_staff(tx, &ids).await?, staff })
    }

    /// Who has a duty for a request at a minute of the local day. Where the roster names nobody, those whose role it is.
    fn of(&self, duty: Duty, request: &Request, minute: u16) -> Vec<Person<'_>> {
        let queue = request.queue.as_ref();
        let mut out: Vec<Person<'_>> = Vec::new();
        for d in self.roster.iter().filter(|d| d.duty == duty) {
            let here = d.queue.as_ref().is_none_or(|q| Some(q) == queue) && d.hours.is_none_or(|h| h.covers(minute));
            let known = self.staff.iter().find(|s| s.id == d.staff);
            let Some(staff) = known.filter(|s| here && (duty != Duty::CrewLead || s.crew == request.crew)) else { continue };
            match out.iter_mut().find(|p| p.staff.id == staff.id) {
                Some(known) => known.mail = known.mail.or(d.mail.as_deref()),
                None => out.push(Person { staff, mail: d.mail.as_deref() }),
            }
        }
        if out.is_empty() {
            out.extend(self.staff.iter().filter(|s| by_role(s, duty, request)).map(|staff| Person { staff, mail: self.mail_of(staff.id) }));
        }
        out
    }

    fn mail_of(&self, staff: StaffId) -> Option<&str> {
        self.roster.iter().filter(|d| d.staff == staff).find_map(|d| d.mail.as_deref())
    }
}

/// Where people are told: channel, account, chat, language, and the conversation when it is a chat of theirs.
pub(super) type Address = (ChannelKind, String, String, Lang, Option<ConversationId>);

/// Where those who have one of these duties for a request now are told, each chat and each letter box once.
///
/// # Errors
/// The store's.
pub(super) async fn addresses(tx: &Tx, of: &[Duty], request: &Request, minute: u16) -> Result<Vec<Address>, StoreError> {
    let people = People::load(tx).await?;
    let mut out: Vec<Address> = Vec::new();
    for person in of.iter().flat_map(|duty| people.of(*duty, request, minute)) {
        let chats = people.chats.iter().filter(|c| c.staff == Some(person.staff.id) && c.blocked_at.is_none());
        let chats = chats.map(|c| (c.channel, c.account.clone(), c.chat.clone(), person.staff.lang, Some(c.id)));
        let mail = person.mail.map(|m| (ChannelKind::Mail, "main".to_owned(), m.to_owned(), person.staff.lang, None));
        for address in chats.chain(mail) {
            if !out.iter().any(|a| (a.0, &a.1, &a.2) == (address.0, &address.1, &address.2)) {
                out.push(address);
            }
        }
    }
    Ok(out)
}

fn by_role(s: &Staff, duty: Duty, request: &Request) -> bool {
    use crate::domain::access::Role;
    let own_queue = request.queue.as_ref().is_some_and(|q| s.queues.contains(q));
    match duty {
        Duty::CrewLead => s.role == Role::Crew && request.crew.is_some() && s.crew == request.crew,
        Duty::Dispatcher => s.role == Role::Dispatcher && (s.queues.is_empty() || own_queue),
        Duty::Head => s.role == Role::Manager && own_queue,
        Duty::Akimat => s.role == Role::Manager && s.queues.is_empty(),
    }
}

/// Takes the steps whose time has come, of at most `limit` clocks together; when that fails, one clock alone, and one that fails alone is put off for a
/// minute. Gives how many clocks were looked at.
///
/// # Errors
/// The store's, when trying again may help.
pub async fn raise_all(core: &Core, limit: u64) -> Result<usize, DispatchError> {
    let together = match raise(core, limit).await {
        Err(e) if !e.is_transient() => e,
        other => return other,
    };
    tracing::warn!(error = %together, "a batch of alarms failed; the first is tried alone");
    match raise(core, 1).await {
        Err(e) if !e.is_transient() => {
            tracing::error!(error = %e, "an alarm cannot be raised; it is put off");
            let now = core.now();
            timers::put_off_first(core.db.write(), now, plus_secs(now, 60)).await?;
            Ok(1)
        }
        other => other,
    }
}

/// Takes the steps whose time has come, at most those of `limit` clocks, in one transaction. Gives how many clocks were looked at.
///
/// # Errors
/// The store's. Nothing was taken then.
pub async fn raise(core: &Core, limit: u64) -> Result<usize, DispatchError> {
    let now = core.now();
    if !timers::alarms_wait(core.db.read(), now).await? {
        return Ok(0);
    }
    let tx = core.db.begin().await?;
    let Taken { fx, lags, looked } = match take(core, &tx, limit, now).await {
        Ok(done) => done,
        Err(e) => {
            // Rows that are locked are passed over: these must be free again before the next look, not some time after it.
            if let Err(e) = tx.rollback().await {
                tracing::debug!(error = %e, "a failed batch of alarms was not rolled back by word");
            }
            return Err(e);
        }
    };
    if looked == 0 {
        return Ok(0);
    }
    tx.commit().await.map_err(StoreError::from)?;
    lags.into_iter().for_each(|late| core.metrics.alarm_lag(late));
    core.signal(fx.after).await;
    Ok(looked)
}

/// A batch that is written and not yet committed.
#[derive(Default)]
struct Taken {
    fx: Effects,
    /// How late each step was taken.
    lags: Vec<Duration>,
    /// How many clocks were looked at.
    looked: usize,
}

/// Takes the steps of at most `limit` clocks, with everything that follows from them.
async fn take(core: &Core, tx: &Tx, limit: u64, now: Instant) -> Result<Taken, DispatchError> {
    let due = timers::take_alarms(tx, now, limit).await?;
    if due.is_empty() {
        return Ok(Taken::default());
    }
    if due.iter().map(|t| t.run.revision).max().is_some_and(|newest| !core.books().knows(newest)) {
        super::books::reload(core).await?;
    }
    let books = core.books();
    let mut subjects = subjects(tx, &due).await?;
    let ids: Vec<TimerId> = due.iter().map(|t| t.id).collect();
    let done = taken::of_timers(tx, &ids).await?;
    let mut people = None;
    let (mut fx, mut next) = (Effects::default(), Vec::new());
    for t in &due {
        let ladder = alarms(&books, t);
        next.extend(ladder.iter().find(|a| a.at > now).map(|a| (t.id, a.at)));
        let ready = ladder.iter().filter(|a| a.at <= now && !done.contains(&(t.id, i32::try_from(a.rung).unwrap_or(i32::MAX))));
        for alarm in ready {
            let Some(subject) = subjects.get_mut(&t.request) else { continue };
            // An earlier step of this batch may have moved the request on.
            let Some(clock) = subject.timers.iter().find(|c| c.id == t.id).cloned() else { continue };
            if !still_true(&books, &subject.stored.request, &clock, alarm.rung, now) {
                continue;
            }
            if people.is_none() {
                people = Some(People::load(tx).await?);
            }
            if let Some(people) = &people {
                step(core, tx, &mut fx, &books, people, subject, &clock, alarm, now).await?;
            }
        }
    }
    timers::set_alarms(tx, &next).await?;
    let lags = fx.alarms.iter().filter_map(|r| r.at.signed_duration_since(r.due).to_std().ok()).collect();
    fx.flush(tx, now, core.wall()).await?;
    Ok(Taken { fx, lags, looked: due.len() })
}

async fn subjects(tx: &Tx, due: &[Timer]) -> Result<BTreeMap<RequestId, Subject>, DispatchError> {
    let ids: Vec<RequestId> = due.iter().map(|t| t.request).collect::<BTreeSet<_>>().into_iter().collect();
    let mut clocks: BTreeMap<RequestId, Vec<Timer>> = BTreeMap::new();
    for t in timers::of_requests(tx, &ids).await? {
        clocks.entry(t.request).or_default().push(t);
    }
    let stored = requests::load_many(tx, &ids).await?;
    Ok(stored.into_iter().map(|s| (s.request.id, Subject { timers: clocks.remove(&s.request.id).unwrap_or_default(), stored: s })).collect())
}

#[allow(clippy::too_many_arguments, reason = "a step stands on exactly these")]
async fn step(
    core: &Core,
    tx: &Tx,
    fx: &mut Effects,
    books: &Books,
    people: &People,
    subject: &mut Subject,
    t: &Timer,
    alarm: &Alarm,
    now: Instant,
) -> Result<(), DispatchError> {
    let rung = i32::try_from(alarm.rung).unwrap_or(i32::MAX);
    let rev = books.in_force(now);
    let minute = rev.tables.minute_of(now);
    let request = subject.stored.request.clone();
    let before = fx.notices.len();
    let mut told = BTreeSet::new();
    for duty in &alarm.step.to {
        for person in people.of(*duty, &request, minute) {
            if told.insert(person.staff.id) {
                notify(fx, people, &person, &alarm.step, (&request, t.id, rung), quiet_until(&rev.sla, &alarm.step, minute, now), now);
            }
        }
    }
    let count = i32::try_from(fx.notices.len() - before).unwrap_or(i32::MAX);
    fx.alarms.push(Raised { timer: t.id, rung, request: request.id, due: alarm.at, at: now, told: count });
    for duty in &alarm.step.watch {
        fx.watchers.extend(people.of(*duty, &request, minute).into_iter().map(|p| (request.id, p.staff.id, now)));
    }
    effects(core, tx, fx, subject, t, alarm, now).await
}

/// Until when a step waits for the morning: only messengers are quiet at night.
fn quiet_until(sla: &SlaBook, step: &Rung, minute: u16, now: Instant) -> Instant {
    let rest = sla.quiet.as_ref().filter(|_| !step.wakes).and_then(|q| q.rest(minute));
    rest.map_or(now, |m| plus_secs(now, i64::from(m) * 60 - now.timestamp().rem_euclid(60)))
}

fn notify(fx: &mut Effects, people: &People, person: &Person<'_>, step: &Rung, what: (&Request, TimerId, i32), quiet: Instant, now: Instant) {
    let (request, timer, rung) = what;
    let base = |way, to, send_at| NewNotice {
        staff: Some(person.staff.id),
        way,
        to,
        lang: person.staff.lang,
        request: request.id,
        timer,
        rung,
        send_at,
        at: now,
    };
    for way in &step.by {
        match way {
            Way::Screen => fx.notices.push(base(Way::Screen, (String::new(), String::new(), String::new()), now)),
            Way::Mail => fx.notices.extend(person.mail.map(|m| base(Way::Mail, (ChannelKind::Mail.to_string(), "main".into(), m.to_owned()), now))),
            Way::Messenger => {
                let own = people.chats.iter().filter(|c| c.staff == Some(person.staff.id) && c.blocked_at.is_none());
                fx.notices.extend(own.map(|c| base(Way::Messenger, (c.channel.to_string(), c.account.clone(), c.chat.clone()), quiet)));
            }
        }
    }
}

/// What a step does to the request itself, as far as its state allows.
async fn effects(core: &Core, tx: &Tx, fx: &mut Effects, subject: &mut Subject, t: &Timer, alarm: &Alarm, now: Instant) -> Result<(), DispatchError> {
    let r = &subject.stored.request;
    let mut acts = Vec::new();
    let raise = alarm.step.raise_priority && r.priority.raised() != r.priority;
    if raise || !alarm.step.watch.is_empty() {
        let rung = u32::try_from(alarm.rung).unwrap_or(u32::MAX);
        acts.push(Act::Escalate { stage: t.stage, rung, raise, watch: alarm.step.watch.clone() });
    }
    // Where it was closed, to whoever came after it.
    if let Some(queue) = alarm.step.move_to.as_ref().and_then(|q| core.book.catalog.open_queue(q.as_str())).map(|q| q.code.clone())
        && ActKind::Transfer.allowed_from(r.status)
        && r.queue.as_ref() != Some(&queue)
    {
        acts.push(Act::Transfer { queue, reason: None });
    }
    if acts.is_empty() {
        return Ok(());
    }
    perform(core, tx, fx, subject, &acts, &Actor::System("escalation"), now).await
}
