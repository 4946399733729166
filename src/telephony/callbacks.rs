//! Missed calls become tasks to call back, and tasks end when the caller has been reached in another way.

use crate::dispatch::effects::Effects;
use crate::dispatch::{Core, DispatchError};
use crate::domain::callback::{Callback, Outcome, State, urgency};
use crate::domain::inbound::ChannelKind;
use crate::domain::outgoing::{Body, Condition, Keyboard, Outgoing, Params, Rank};
use crate::domain::phone::Phone;
use crate::domain::{Instant, Lang};
use crate::store::calls::{self, StoredCall};
use crate::store::{StoreError, Tx, callbacks, conversations, residents};
use std::collections::{BTreeMap, BTreeSet};

/// Calls looked at in one transaction.
const BATCH: u64 = 200;

/// One round: gives how many calls and tasks were settled. `now` may lie ahead of the clock when it is known that no record will come any more.
///
/// # Errors
/// The store's; what is not done yet is done in the next round.
pub async fn sweep(core: &Core, now: Instant) -> Result<usize, DispatchError> {
    Ok(make(core, now).await? + end(core).await?)
}

/// Tasks out of missed calls.
async fn make(core: &Core, now: Instant) -> Result<usize, DispatchError> {
    let due = calls::to_call_back(core.db.read(), now, BATCH).await?;
    if due.is_empty() {
        return Ok(0);
    }
    let tx = core.db.begin().await?;
    let ids: Vec<_> = due.iter().map(|c| c.id).collect();
    if calls::callback_made(&tx, &ids).await? != ids.len() as u64 {
        // Another is at it, or a call has changed meanwhile: the next round sees.
        return Ok(0);
    }
    let missed: Vec<(&StoredCall, &Phone, Instant)> = due.iter().filter_map(|c| Some((c, c.phone.as_ref()?, c.call.ended_at?))).collect();
    let phones: Vec<Phone> = missed.iter().map(|m| m.1.clone()).collect::<BTreeSet<_>>().into_iter().collect();
    let spoke = spoke_since(&tx, &phones, missed.iter().map(|m| m.0.call.started_at).min()).await?;
    let mut open: BTreeMap<Phone, Callback> =
        callbacks::open_for(&tx, &phones).await?.into_iter().filter_map(|t| Some((t.phone.clone()?, t))).collect();
    let danger: BTreeSet<String> = callbacks::in_danger(&tx, &phones).await?.into_iter().collect();
    let (policy, clock) = (&core.settings.callback, core.now());
    let mut new = BTreeSet::new();
    for (call, phone, ended) in missed {
        if spoke.get(phone.e164()).is_some_and(|(_, last)| *last >= call.call.started_at) {
            continue;
        }
        match open.get_mut(phone) {
            Some(task) => task.missed_again(call.id, ended, policy),
            None => {
                new.insert(phone.clone());
                open.insert(phone.clone(), Callback::begin(phone.clone(), call.id, ended, policy, clock));
            }
        }
    }
    let mut fx = Effects::default();
    for (phone, task) in &mut open {
        if danger.contains(phone.e164()) {
            task.urgency = urgency::DANGER;
        }
        if new.contains(phone)
            && let Some(out) = promise(&tx, phone, task).await?
        {
            task.promised_at = Some(clock);
            fx.outbox.push(out);
        }
    }
    callbacks::save(&tx, &open.into_values().collect::<Vec<_>>()).await?;
    fx.flush(&tx, clock, core.wall()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    core.signal(fx.after).await;
    Ok(due.len())
}

/// By number: how the caller and we last met, and when.
async fn spoke_since(
    tx: &impl crate::store::Conn,
    phones: &[Phone],
    from: Option<Instant>,
) -> Result<BTreeMap<String, (Outcome, Instant)>, StoreError> {
    let Some(from) = from else { return Ok(BTreeMap::new()) };
    let mut last: BTreeMap<String, (Outcome, Instant)> = BTreeMap::new();
    let answered = calls::list::answered_since(tx, phones, from).await?.into_iter().map(|(p, at)| (p, Outcome::GotThrough, at));
    let wrote = callbacks::wrote_since(tx, phones, from).await?.into_iter().map(|(p, at)| (p, Outcome::WroteElsewhere, at));
    for (phone, how, at) in answered.chain(wrote) {
        let entry = last.entry(phone).or_insert((how, at));
        if at > entry.1 {
            *entry = (how, at);
        }
    }
    Ok(last)
}

/// Ends tasks whose callers were answered or wrote since.
async fn end(core: &Core) -> Result<usize, DispatchError> {
    let mut ended = 0;
    for state in [State::Open, State::Taken] {
        let mut after = None;
        loop {
            let page = callbacks::list(core.db.read(), state, after.as_ref(), BATCH).await?;
            let Some(last) = page.last() else { break };
            after = Some(callbacks::CallbackCursor::after(last));
            let phones: Vec<Phone> = page.iter().filter_map(|t| t.phone.clone()).collect();
            let from = page.iter().map(|t| t.first_missed_at).min();
            let spoke = spoke_since(core.db.read(), &phones, from).await?;
            for task in &page {
                let met = task.phone.as_ref().and_then(|p| spoke.get(p.e164())).filter(|(_, at)| *at >= task.last_missed_at);
                if let Some((how, _)) = met {
                    let mut closed = task.clone();
                    closed.close(*how, "system:calls", core.now());
                    ended += usize::from(callbacks::update(core.db.write(), task, &closed).await?);
                }
            }
        }
    }
    Ok(ended)
}

/// "We will call you back": into the caller's own chat where one is known, else by SMS, both languages when theirs is not known.
async fn promise(tx: &Tx, phone: &Phone, task: &Callback) -> Result<Option<Outgoing>, StoreError> {
    let resident = match residents::by_phone(tx, phone).await? {
        Some(proved) => Some(proved),
        None => residents::by_claim(tx, phone).await?,
    };
    let mut chats = match &resident {
        Some(r) => conversations::of_resident(tx, r.id).await?,
        None => Vec::new(),
    };
    chats.retain(|c| c.blocked_at.is_none() && c.staff.is_none());
    let chat = chats.into_iter().max_by_key(|c| c.last_inbound_at);
    let params = Params::from([("due".to_owned(), format!("@time:{}", task.due_at.to_rfc3339()))]);
    let template = |key: &str| Body::Template { key: key.to_owned(), params: params.clone() };
    let common = |channel, account: String, to: String, lang, body| Outgoing {
        channel,
        account,
        chat: to,
        lang,
        conversation: None,
        request: None,
        body,
        keyboard: Keyboard::None,
        rank: Rank::Normal,
        // Told later it would be no promise any more.
        condition: Condition::Before(task.due_at),
        dedupe: Some(format!("callback:{}", task.id)),
    };
    Ok(match (chat, resident) {
        (Some(c), _) => Some(Outgoing { conversation: Some(c.id), ..common(c.channel, c.account, c.chat, c.lang, template("callback.promise")) }),
        (None, _) if !phone.takes_sms() => None,
        (None, Some(r)) => Some(common(ChannelKind::Sms, "main".into(), phone.e164().to_owned(), r.lang, template("callback.promise"))),
        (None, None) => Some(common(ChannelKind::Sms, "main".into(), phone.e164().to_owned(), Lang::Kk, template("callback.promise_both"))),
    })
}
