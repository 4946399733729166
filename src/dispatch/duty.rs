//! Crews on duty: who works now, new work to whoever works, the handing over at the change of shifts, and what was left behind.

use super::acts::actor_of;
use super::alarm::{self, Address};
use super::apply::{perform, subject_of};
use super::effects::Effects;
use super::{Core, DispatchError, notify};
use crate::config::Book;
use crate::domain::access::{Permission, Scope};
use crate::domain::actor::Actor;
use crate::domain::outgoing::{Body, Condition, Keyboard, Outgoing, Params, Rank};
use crate::domain::request::{Act, ActKind};
use crate::domain::shift::Duty;
use crate::domain::sla::Duty as Roster;
use crate::domain::{CrewCode, Instant, QueueCode, RequestId};
use crate::store::access_log::{self, Entry};
use crate::store::requests::{self, Stored};
use crate::store::shift_gaps::{self, Gap};
use crate::store::{StoreError, Tx, conversations, staff};
use chrono::Duration;
use std::collections::{BTreeMap, BTreeSet};

/// A crew has so long after its shift to hand its work over before that is flagged.
const GRACE: Duration = Duration::minutes(15);
/// Requests of one step, and of one handing over.
const STEP: u64 = 50;
const MOST: u64 = 500;
/// Requests named in one message; the others are counted.
const NAMED: usize = 15;

/// One crew at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrewNow {
    pub crew: CrewCode,
    pub queue: QueueCode,
    pub duty: Duty,
    /// Open requests with it.
    pub open: u64,
    /// The crew that its work would go to.
    pub next: Option<CrewCode>,
}

/// Every crew within reach: those on duty first.
///
/// # Errors
/// The store's.
pub async fn now(core: &Core, scope: &Scope) -> Result<Vec<CrewNow>, DispatchError> {
    let loads = requests::crew_loads(core.db.read()).await?;
    let book: &Book = &core.book;
    let at = core.now();
    let mut out: Vec<CrewNow> = book
        .catalog
        .crews
        .iter()
        .filter(|c| !c.closed || loads.contains_key(&c.code))
        .filter(|c| scope.covers(&c.queue, Some(&c.code)) || c.also.iter().any(|q| scope.covers(q, Some(&c.code))))
        .map(|c| CrewNow {
            crew: c.code.clone(),
            queue: c.queue.clone(),
            duty: book.shifts.duty(&c.code, &book.calendar, at),
            open: loads.get(&c.code).copied().unwrap_or(0),
            next: book.shifts.next(&book.catalog, &c.queue, &book.calendar, at, &loads, Some(&c.code)).map(|n| n.code.clone()),
        })
        .collect();
    out.sort_by(|a, b| a.duty.cmp(&b.duty).then_with(|| b.open.cmp(&a.open)));
    Ok(out)
}

/// Whether any queue gives its new work to the crew on duty by itself.
#[must_use]
pub fn assigns(core: &Core) -> bool {
    core.book.catalog.queues.iter().any(|q| q.auto_assign)
}

/// Gives waiting requests of queues that want it to the crew on duty with the least in hand. Gives how many were given.
///
/// # Errors
/// The store's. Who is faster with a request keeps it.
pub async fn assign_step(core: &Core) -> Result<usize, DispatchError> {
    let queues: Vec<QueueCode> = core.book.catalog.queues.iter().filter(|q| q.auto_assign).map(|q| q.code.clone()).collect();
    if queues.is_empty() {
        return Ok(0);
    }
    let mut loads: Option<BTreeMap<CrewCode, u64>> = None;
    let mut given = 0;
    for queue in queues {
        for stored in requests::without_crew(core.db.read(), &queue, STEP).await? {
            let known = match &mut loads {
                Some(known) => known,
                none => none.insert(requests::crew_loads(core.db.read()).await?),
            };
            let book: &Book = &core.book;
            let Some(crew) = book.shifts.next(&book.catalog, &queue, &book.calendar, core.now(), known, None).map(|c| c.code.clone()) else { break };
            let id = stored.request.id;
            match assign(core, stored, &crew).await {
                Ok(true) => {
                    *known.entry(crew).or_default() += 1;
                    given += 1;
                }
                Ok(false) => {}
                Err(e) if e.is_transient() => return Err(e),
                Err(e) => tracing::error!(request.id = %id, error = %e, "a request cannot be given to the crew on duty; the others are"),
            }
        }
    }
    Ok(given)
}

async fn assign(core: &Core, stored: Stored, crew: &CrewCode) -> Result<bool, DispatchError> {
    let now = core.now();
    let tx = core.db.begin().await?;
    let Some(fresh) = requests::load(&tx, stored.request.id).await?.filter(|s| s.request.version == stored.request.version) else { return Ok(false) };
    let mut subject = subject_of(&tx, fresh).await?;
    let mut fx = Effects::default();
    perform(core, &tx, &mut fx, &mut subject, &[Act::Assign { crew: crew.clone() }], &Actor::System("duty"), now).await?;
    match fx.flush(&tx, now, core.wall()).await {
        Ok(()) => {}
        Err(DispatchError::Stale(_)) => return Ok(false),
        Err(e) => return Err(e),
    }
    tx.commit().await.map_err(StoreError::from)?;
    core.signal(fx.after).await;
    Ok(true)
}

/// What became of a handing over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handed {
    pub moved: usize,
    /// Stayed: out of the caller's reach, or of a queue that the next crew does not serve.
    pub left: usize,
}

/// Hands the open work of one crew to another by one act: each request has its row in the journal, both crews are told.
///
/// # Errors
/// `Forbidden`; `bad_crew` for a crew that does not exist, is closed, is the same, or is off duty.
pub async fn hand_over(core: &Core, scope: &Scope, from: &CrewCode, to: &CrewCode) -> Result<Handed, DispatchError> {
    if !scope.may(Permission::Act(ActKind::HandOver)) {
        return Err(DispatchError::Forbidden);
    }
    let book: &Book = &core.book;
    let now = core.now();
    let bad = |code: &CrewCode| DispatchError::invalid("bad_crew", code.as_str());
    book.catalog.crew(from.as_str()).ok_or_else(|| bad(from))?;
    let next = book.catalog.crew(to.as_str()).filter(|c| !c.closed && to != from).ok_or_else(|| bad(to))?;
    if !book.shifts.duty(to, &book.calendar, now).works() {
        return Err(DispatchError::invalid("crew_off_duty", to.as_str()));
    }
    let tx = core.db.begin().await?;
    let jobs = requests::crew_jobs(&tx, from, MOST).await?;
    let all = jobs.len();
    let (mut fx, mut done) = (Effects::default(), Vec::new());
    for stored in jobs {
        let r = &stored.request;
        let ours = scope.sees(r) && r.queue.as_ref().is_some_and(|q| next.serves(q)) && ActKind::HandOver.allowed_from(r.status);
        if !ours {
            continue;
        }
        let id = r.id;
        let actor = actor_of(scope);
        let entry = Entry { actor: &actor.to_string(), what: "act:hand_over", request: Some(id), ..Default::default() };
        access_log::write(&tx, core.wall(), &entry).await?;
        let mut subject = subject_of(&tx, stored).await?;
        perform(core, &tx, &mut fx, &mut subject, &[Act::HandOver { crew: to.clone() }], &actor, now).await?;
        done.push(id);
    }
    if !done.is_empty() {
        tell_former(&tx, &mut fx, from, to, done.len()).await?;
        shift_gaps::clear(&tx, &done).await?;
    }
    fx.flush(&tx, now, core.wall()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    core.signal(fx.after).await;
    Ok(Handed { moved: done.len(), left: all - done.len() })
}

async fn tell_former(tx: &Tx, fx: &mut Effects, from: &CrewCode, to: &CrewCode, count: usize) -> Result<(), DispatchError> {
    let members: Vec<_> = staff::of_crew(tx, from).await?.iter().map(|s| s.id).collect();
    let params: Params = [("count".to_owned(), count.to_string()), ("crew".to_owned(), format!("@crew.{to}"))].into();
    let chats = conversations::of_staff(tx, &members).await?;
    fx.outbox.extend(chats.iter().map(|chat| notify::say(chat, "crew.handed_off", params.clone(), Keyboard::None)));
    Ok(())
}

/// Flags open work whose crew went off duty a while ago, and takes flags away that hold no more. Gives how many were set.
///
/// # Errors
/// The store's.
pub async fn flag_step(core: &Core) -> Result<usize, DispatchError> {
    if core.book.shifts.shifts.is_empty() {
        return Ok(0);
    }
    unflag(core).await?;
    let at = core.now();
    let mut flagged = 0;
    for (crew, off_at) in left(core, at).await? {
        flagged += flag(core, &crew, off_at, at).await?;
    }
    if flagged > 0 {
        tracing::warn!(requests = flagged, "crews went off duty and handed their open work to nobody");
    }
    Ok(flagged)
}

/// Flags what one crew left behind, and tells whoever is on duty for its queues and their heads, in the same transaction.
async fn flag(core: &Core, crew: &CrewCode, off_at: Instant, at: Instant) -> Result<usize, DispatchError> {
    let jobs = requests::crew_jobs(core.db.read(), crew, MOST).await?;
    let known: BTreeSet<RequestId> = shift_gaps::all(core.db.read(), MOST).await?.into_iter().map(|g| g.request).collect();
    if jobs.iter().all(|s| known.contains(&s.request.id)) {
        return Ok(0);
    }
    let tx = core.db.begin().await?;
    let mut fresh: Vec<Stored> = Vec::new();
    for stored in jobs {
        let gap = Gap { request: stored.request.id, crew: crew.clone(), off_at };
        if shift_gaps::flag(&tx, &gap, at).await? {
            fresh.push(stored);
        }
    }
    let mut fx = Effects::default();
    tell_of_gap(core, &tx, &mut fx, crew, off_at, &fresh, at).await?;
    fx.flush(&tx, at, core.wall()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    core.signal(fx.after).await;
    Ok(fresh.len())
}

/// One message to each chat and letter box, with the numbers of what was left in their queues. It is sent at once, also at night: people wait.
async fn tell_of_gap(
    core: &Core,
    tx: &Tx,
    fx: &mut Effects,
    crew: &CrewCode,
    off_at: Instant,
    fresh: &[Stored],
    at: Instant,
) -> Result<(), DispatchError> {
    let minute = core.books().in_force(at).tables.minute_of(at);
    let mut told: BTreeMap<Address, Vec<&Stored>> = BTreeMap::new();
    let mut queues: BTreeMap<Option<QueueCode>, Vec<&Stored>> = BTreeMap::new();
    for stored in fresh {
        queues.entry(stored.request.queue.clone()).or_default().push(stored);
    }
    for of_queue in queues.into_values() {
        let Some(first) = of_queue.first() else { continue };
        for address in alarm::addresses(tx, &[Roster::Dispatcher, Roster::Head], &first.request, minute).await? {
            told.entry(address).or_default().extend(&of_queue);
        }
    }
    for ((channel, account, chat, lang, conversation), left) in told {
        let Some(first) = left.first() else { continue };
        let mut list: Vec<String> = left.iter().take(NAMED).map(|s| format!("№ {}", s.request.number)).collect();
        if let Some(more) = left.len().checked_sub(NAMED).filter(|n| *n > 0) {
            list.push(core.book.render(lang, "alarm.more", &Params::from([("count".to_owned(), more.to_string())])));
        }
        let params: Params = [
            ("crew".to_owned(), format!("@crew.{crew}")),
            ("at".to_owned(), format!("@time:{}", off_at.to_rfc3339())),
            ("count".to_owned(), left.len().to_string()),
            ("list".to_owned(), list.join("\n")),
        ]
        .into();
        fx.outbox.push(Outgoing {
            dedupe: Some(format!("gap:{}:{}:{channel}:{account}:{chat}", first.request.id, off_at.timestamp())),
            channel,
            account,
            chat,
            lang,
            conversation,
            request: None,
            body: Body::Template { key: "alarm.handover".into(), params },
            keyboard: Keyboard::None,
            rank: Rank::Normal,
            condition: Condition::Always,
        });
    }
    Ok(())
}

/// Crews with open work that went off duty longer than [`GRACE`] ago.
async fn left(core: &Core, at: Instant) -> Result<Vec<(CrewCode, Instant)>, DispatchError> {
    let busy = requests::crew_loads(core.db.read()).await?;
    let book: &Book = &core.book;
    let off = busy.into_keys().filter_map(|crew| match book.shifts.duty(&crew, &book.calendar, at) {
        // Long ago is told as the farthest that is looked back.
        Duty::Off(since) => Some((crew, since.unwrap_or(at - Duration::days(14)))),
        Duty::On | Duty::Unplanned => None,
    });
    Ok(off.filter(|(_, since)| *since + GRACE <= at).collect())
}

/// How many requests within reach were left behind.
///
/// # Errors
/// The store's.
pub async fn left_behind(core: &Core, scope: &Scope) -> Result<usize, DispatchError> {
    let ids: Vec<RequestId> = shift_gaps::all(core.db.read(), MOST).await?.into_iter().map(|g| g.request).collect();
    Ok(requests::load_many(core.db.read(), &ids).await?.iter().filter(|s| scope.sees(&s.request)).count())
}

async fn unflag(core: &Core) -> Result<(), DispatchError> {
    let gaps = shift_gaps::all(core.db.read(), MOST).await?;
    if gaps.is_empty() {
        return Ok(());
    }
    let ids: Vec<RequestId> = gaps.iter().map(|g| g.request).collect();
    let rows: BTreeMap<RequestId, Stored> = requests::load_many(core.db.read(), &ids).await?.into_iter().map(|s| (s.request.id, s)).collect();
    let book: &Book = &core.book;
    let at = core.now();
    let over = |g: &Gap| {
        let same = rows.get(&g.request).is_some_and(|s| s.request.status.is_open() && s.request.crew.as_ref() == Some(&g.crew));
        !same || book.shifts.duty(&g.crew, &book.calendar, at).works()
    };
    let gone: Vec<RequestId> = gaps.iter().filter(|g| over(g)).map(|g| g.request).collect();
    Ok(shift_gaps::clear(core.db.write(), &gone).await?)
}
