//! From notices to messages: what one person is to be told together becomes one message, whose words are made when it is sent, of what is true then.

use super::alarm::holds;
use super::effects::Effects;
use super::notify::{self, breach_key};
use super::record::Subject;
use super::{Core, DispatchError};
use crate::domain::inbound::ChannelKind;
use crate::domain::outgoing::{Body, Condition, Keyboard, Outgoing, Params, Rank};
use crate::domain::sla::{Timer, alarms};
use crate::domain::time::plus_secs;
use crate::domain::{Instant, Lang, RequestId, StaffId, TimerId};
use crate::store::notices::{self, NoticeRow, state};
use crate::store::requests::{self, Stored};
use crate::store::{Conn, StoreError, timers};
use std::collections::BTreeMap;

/// The template of a message about alarms; its words depend on what is still true.
pub const TEMPLATE: &str = "alarm";
/// Notices looked at together, which is also the most that one message tells of.
const TOGETHER: u64 = 1000;
/// Requests named in one message; the others are counted.
const NAMED: usize = 15;

/// Puts waiting notices into messages, one for each chat. A chat that was told something a moment ago waits until its time is over. Gives how many
/// notices were put in.
///
/// # Errors
/// The store's.
pub async fn gather(core: &Core) -> Result<usize, DispatchError> {
    let now = core.now();
    if notices::due(core.db.read(), now, 1).await?.is_empty() {
        return Ok(0);
    }
    let pause = i64::from(core.books().in_force(now).sla.group_secs);
    let tx = core.db.begin().await?;
    let mut chats: BTreeMap<(String, String, String), Vec<NoticeRow>> = BTreeMap::new();
    for row in notices::due(&tx, now, TOGETHER).await? {
        chats.entry((row.channel.clone(), row.account.clone(), row.chat.clone())).or_default().push(row);
    }
    let (mut fx, mut put) = (Effects::default(), 0);
    for ((channel, account, chat), rows) in chats {
        let ids: Vec<i64> = rows.iter().map(|r| r.id).collect();
        let last = notices::last_told(&tx, (&channel, &account, &chat)).await?;
        if let Some(again) = last.map(|at| plus_secs(at, pause)).filter(|again| *again > now) {
            notices::postpone(&tx, &ids, again).await?;
            continue;
        }
        if notices::end(&tx, &ids, state::WAITING, state::TOLD, now).await? != ids.len() as u64 {
            // Another process puts them into its message: ours must not stand.
            return Ok(0);
        }
        let Some(first) = rows.first() else { continue };
        put += rows.len();
        fx.outbox.push(Outgoing {
            channel: ChannelKind::parse(&channel).ok_or_else(|| StoreError::corrupt("notice.channel", &channel))?,
            account,
            chat,
            lang: Lang::parse(&first.lang).ok_or_else(|| StoreError::corrupt("notice.lang", &first.lang))?,
            conversation: None,
            request: None,
            body: Body::Template { key: TEMPLATE.into(), params: Params::new() },
            keyboard: Keyboard::None,
            rank: Rank::Normal,
            condition: Condition::Alarms(rows.iter().map(|r| (TimerId(r.timer_id), r.rung)).collect()),
            dedupe: Some(format!("alarm:{}", first.id)),
        });
    }
    fx.flush(&tx, now, core.wall()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    core.signal(fx.after).await;
    Ok(put)
}

/// An alarm that is still true, with what it is about.
struct Standing {
    subject: Subject,
    timer: Timer,
}

/// Those of these alarms that are still true, each clock once, the most urgent first.
async fn standing(core: &Core, c: &impl Conn, alarms: &[(TimerId, i32)]) -> Result<Vec<Standing>, StoreError> {
    let (books, now) = (core.books(), core.now());
    let ids: Vec<TimerId> = alarms.iter().map(|(id, _)| *id).collect();
    let clocks: BTreeMap<TimerId, Timer> = timers::load(c, &ids).await?.into_iter().map(|t| (t.id, t)).collect();
    let mut wanted: Vec<RequestId> = clocks.values().map(|t| t.request).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let stored: BTreeMap<RequestId, Stored> = requests::load_many(c, &wanted).await?.into_iter().map(|s| (s.request.id, s)).collect();
    let mut out: BTreeMap<TimerId, Standing> = BTreeMap::new();
    for (id, rung) in alarms {
        let Some(timer) = clocks.get(id) else { continue };
        let Some(s) = stored.get(&timer.request) else { continue };
        if holds(&books, &s.request, timer, *rung, now) {
            let subject = Subject { stored: s.clone(), timers: vec![timer.clone()] };
            out.entry(*id).or_insert(Standing { subject, timer: timer.clone() });
        }
    }
    let mut out: Vec<Standing> = out.into_values().collect();
    out.sort_by_key(|s| (s.subject.stored.request.priority, s.timer.due_at, s.timer.id));
    Ok(out)
}

fn facts(core: &Core, s: &Standing, now: Instant) -> Params {
    let mut p = notify::params(&s.subject);
    let books = core.books();
    let left = s.timer.run.need_us - s.timer.spent_us(&books, now);
    p.insert("due".into(), format!("@time:{}", s.timer.due_at.to_rfc3339()));
    p.insert("stage".into(), format!("@stage.{}", s.timer.stage));
    p.insert("left".into(), format!("@span:{}", left.abs() / 1_000_000));
    p
}

/// The words of a message about alarms, as things stand now: the template and its values. `None` when nothing of it is true any more.
///
/// # Errors
/// [`StoreError`].
pub async fn words(core: &Core, c: &impl Conn, alarms: &[(TimerId, i32)], lang: Lang) -> Result<Option<(&'static str, Params)>, StoreError> {
    let all = standing(core, c, alarms).await?;
    let now = core.now();
    let late = |s: &Standing| s.timer.due_at <= now;
    Ok(match all.as_slice() {
        [] => None,
        [one] if late(one) => Some((breach_key(one.timer.stage), facts(core, one, now))),
        [one] => Some(("alarm.soon", facts(core, one, now))),
        many => {
            let line = |s: &Standing| core.book.render(lang, if late(s) { "alarm.line_late" } else { "alarm.line_soon" }, &facts(core, s, now));
            let mut lines: Vec<String> = many.iter().take(NAMED).map(line).collect();
            if let Some(more) = many.len().checked_sub(NAMED).filter(|n| *n > 0) {
                lines.push(core.book.render(lang, "alarm.more", &Params::from([("count".to_owned(), more.to_string())])));
            }
            let list = lines.join("\n");
            Some(("alarm.many", Params::from([("count".to_owned(), many.len().to_string()), ("list".to_owned(), list)])))
        }
    })
}

/// A notice on somebody's screen.
#[derive(Debug, Clone)]
pub struct Shown {
    pub id: i64,
    pub at: Instant,
    pub request: Stored,
    pub timer: Timer,
    /// The clock has run out.
    pub late: bool,
    pub key: &'static str,
    pub params: Params,
}

/// What a person's screen shows: what is no longer true is taken away first.
///
/// # Errors
/// The store's.
pub async fn screen(core: &Core, staff: StaffId, limit: u64) -> Result<Vec<Shown>, DispatchError> {
    let db = core.db.read();
    let rows = notices::on_screen(db, staff, limit).await?;
    let now = core.now();
    let (mut out, mut gone) = (Vec::new(), Vec::new());
    for row in &rows {
        let found = standing(core, db, &[(TimerId(row.timer_id), row.rung)]).await?.into_iter().next();
        match found {
            None => gone.push(row.id),
            // The newest notice of a clock stands for the older ones.
            Some(s) if out.iter().any(|o: &Shown| o.timer.id == s.timer.id) => gone.push(row.id),
            Some(s) => {
                let late = s.timer.due_at <= now;
                let key = if late { breach_key(s.timer.stage) } else { "alarm.soon" };
                let params = facts(core, &s, now);
                out.push(Shown { id: row.id, at: row.created_at, request: s.subject.stored, timer: s.timer, late, key, params });
            }
        }
    }
    if !gone.is_empty() {
        notices::end(core.db.write(), &gone, state::SHOWN, state::DROPPED, now).await?;
    }
    Ok(out)
}

/// Open requests that a ladder gave this person to watch, the newest first.
///
/// # Errors
/// The store's.
pub async fn watched(core: &Core, staff: StaffId, limit: u64) -> Result<Vec<Stored>, DispatchError> {
    let ids = crate::store::watchers::of_staff(core.db.read(), staff, limit).await?;
    let mut all = requests::load_many(core.db.read(), &ids).await?;
    all.retain(|s| s.request.status.is_open());
    all.sort_by_key(|s| (s.request.priority, s.sort_due, s.request.id));
    Ok(all)
}

/// Takes a notice off a person's screen.
///
/// # Errors
/// `NotFound` when it does not stand there.
pub async fn see(core: &Core, staff: StaffId, id: i64) -> Result<(), DispatchError> {
    if notices::see(core.db.write(), id, staff, core.now()).await? { Ok(()) } else { Err(DispatchError::NotFound) }
}

/// The steps that were taken about a request, with when each was to be: what a manager asks first.
///
/// # Errors
/// The store's.
pub async fn taken(core: &Core, c: &impl Conn, id: RequestId) -> Result<Vec<Taken>, DispatchError> {
    let books = core.books();
    let clocks = timers::of_requests(c, &[id]).await?;
    let rows = crate::store::alarms::of_request(c, id).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let timer = clocks.iter().find(|t| t.id.0 == row.timer_id)?;
            let step = alarms(&books, timer).into_iter().find(|a| usize::try_from(row.rung) == Ok(a.rung)).map(|a| a.step);
            Some(Taken { stage: timer.stage, rung: row.rung, due: row.due_at, at: row.raised_at, told: row.told, step })
        })
        .collect())
}

/// One step of a ladder that was taken.
#[derive(Debug, Clone)]
pub struct Taken {
    pub stage: crate::domain::sla::Stage,
    pub rung: i32,
    pub due: Instant,
    pub at: Instant,
    /// How many were told.
    pub told: i32,
    /// What the ladder says of it, while the clock runs.
    pub step: Option<crate::domain::sla::Rung>,
}
