//! From raw events to requests: each event's conversation makes one step, and everything that follows commits with the mark that it is done.

use super::conversation::{Turn, run};
use super::effects::Effects;
use super::numbers::Numbers;
use super::{Core, DispatchError, colleagues, comments, held, identities, letters, receipts, unsent};
use crate::dialogue::{Context, Input};
use crate::domain::identity::Proof;
use crate::domain::inbound::{ChannelKind, Content, Inbound};
use crate::domain::phone::Phone;
use crate::domain::reading::{Place, Reading};
use crate::domain::{ConversationId, Instant, Lang, ResidentId};
use crate::metrics::{Head, TriageOutcome};
use crate::store::conversations::{self, Conversation};
use crate::store::residents::Resident;
use crate::store::{StoreError, Tx, requests, residents, wires};
use crate::triage::among;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The key under which events of one chat are kept in order.
#[must_use]
pub fn conversation_key(channel: ChannelKind, account: &str, chat: &str) -> String {
    format!("{channel}:{account}:{chat}")
}

/// A raw event, read by its wire.
#[derive(Debug, Clone)]
pub struct Item {
    pub raw: i64,
    pub received_at: Instant,
    pub inbound: Inbound,
    /// What the message said that this one takes back, as far as we still have it.
    pub earlier: Vec<Content>,
}

/// An item with what triage says of its words, made before the transaction.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub(super) item: Item,
    pub(super) reading: Option<Reading>,
}

impl Prepared {
    /// The raw event it came from.
    #[must_use]
    pub fn raw(&self) -> i64 {
        self.item.raw
    }

    #[must_use]
    pub fn channel(&self) -> ChannelKind {
        self.item.inbound.channel
    }

    /// The conversation within which order is kept.
    #[must_use]
    pub fn key(&self) -> String {
        let i = &self.item.inbound;
        conversation_key(i.channel, &i.account, &i.chat)
    }
}

/// Lets triage read.
#[must_use]
pub fn prepare(core: &Core, mut item: Item) -> Prepared {
    item.inbound.make_storable();
    let text = match &item.inbound.content {
        Content::Text(t) | Content::Edited { text: t, .. } => Some(t.as_str()),
        Content::Media { caption, .. } => caption.as_deref(),
        _ => None,
    };
    let reading = text.map(|t| read(core, t));
    Prepared { item, reading }
}

/// Reads a text and counts what triage could tell.
#[must_use]
pub fn read(core: &Core, text: &str) -> Reading {
    let r = core.triage.get().read(text);
    let gate = |some: bool, sure: bool| match (some, sure) {
        (_, true) => TriageOutcome::Sure,
        (true, false) => TriageOutcome::Unsure,
        (false, false) => TriageOutcome::Nothing,
    };
    core.metrics.triage(Head::Class, gate(r.class.best.is_some(), r.class.sure));
    core.metrics.triage(Head::Service, gate(r.service.best.is_some(), r.service.sure));
    core.metrics.triage(Head::District, gate(r.place != Place::Unknown, r.place.district().is_some()));
    core.metrics.triage(Head::Hazard, gate(r.hazard.is_some(), r.hazard.is_some()));
    core.metrics.triage(Head::Language, TriageOutcome::Sure);
    r
}

/// Works through events in their order, all in one transaction.
///
/// # Errors
/// Any; then none of them is done, and the caller may try each alone.
pub async fn process(core: &Core, batch: &[Prepared]) -> Result<(), DispatchError> {
    if batch.is_empty() {
        return Ok(());
    }
    let now = core.now();
    let tx = core.db.begin().await?;
    let mut fx = Effects::default();
    let mut numbers = core.spare.take(&tx, batch.len(), now).await?;
    let mut talks = Talks::load(&tx, batch).await?;
    let mut done = Vec::with_capacity(batch.len());
    for p in batch {
        done.push(p.item.raw);
        if aside(core, &tx, &mut fx, &mut numbers, &mut talks, p, now).await? {
            continue;
        }
        let begins = p.channel() == ChannelKind::Mail && talks.known(p).is_none();
        let others = if begins { talks.of_address(p) } else { Vec::new() };
        let talk = talks.of(&mut fx, p, now);
        if begins {
            letters::same_writer(&tx, &mut fx, talk, &p.item.inbound.sender, &others).await?;
        }
        one(core, &tx, &mut fx, &mut numbers, talk, p, now).await?;
        fx.conversations.insert(talk.id, talk.clone());
    }
    fx.flush_done(&tx, &done, now, core.wall()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    core.spare.put_back(numbers, now);
    core.signal(fx.after).await;
    Ok(())
}

/// What is no step of a conversation: nobody said anything to us, or it was said in public. True when that was all.
async fn aside(
    core: &Core,
    tx: &Tx,
    fx: &mut Effects,
    numbers: &mut Numbers,
    talks: &mut Talks,
    p: &Prepared,
    now: Instant,
) -> Result<bool, DispatchError> {
    let i = &p.item.inbound;
    if let Some(place) = &i.comment {
        comments::one(&mut comments::Work { core, tx, fx, numbers, talks, now }, p, place).await?;
        return Ok(true);
    }
    match &i.content {
        Content::Receipt(r) => receipts::apply(core, tx, fx, i.channel, &i.account, r, now).await?,
        Content::ReceiptUntil { until, stage } => receipts::apply_until(tx, i.channel, &i.account, &i.chat, *until, *stage).await?,
        Content::WireDown(why) => wires::note(tx, i.channel.as_str(), &i.account, Some(why.as_str()), now).await?,
        Content::Renamed { chat, phone } => renamed(core, tx, fx, talks, p, (chat, phone.as_ref()), now).await?,
        Content::Unsent { .. } => return unsent::hide(core, tx, fx, talks, p, now).await,
        Content::Own { text: Some(text) } => colleagues::spoke(core, tx, fx, talks, p, text, now).await?,
        Content::Ignored { .. } | Content::Reaction { .. } | Content::Own { .. } | Content::Shown { .. } => {}
        _ => return Ok(false),
    }
    Ok(true)
}

/// The chat goes on under another name; a number that the provider tells with it is proved, and the old one is no longer the resident's.
async fn renamed(
    core: &Core,
    tx: &Tx,
    fx: &mut Effects,
    talks: &mut Talks,
    p: &Prepared,
    (chat, phone): (&str, Option<&Phone>),
    now: Instant,
) -> Result<(), DispatchError> {
    // Chats, proofs and requests of this batch are looked for in the database.
    fx.flush(tx, now, core.wall()).await?;
    let Some(talk) = talks.rename(tx, fx, p, chat).await? else { return Ok(()) };
    if let Some(phone) = phone {
        fx.flush(tx, now, core.wall()).await?;
        identities::proved(core, tx, fx, talk, phone, Proof::Provider, now).await?;
        fx.conversations.insert(talk.id, talk.clone());
    }
    Ok(())
}

async fn one(
    core: &Core,
    tx: &Tx,
    fx: &mut Effects,
    numbers: &mut Numbers,
    talk: &mut Conversation,
    p: &Prepared,
    now: Instant,
) -> Result<(), DispatchError> {
    let inbound = &p.item.inbound;
    let received_at = p.item.received_at;
    let reported_at = inbound.sent_at.unwrap_or(received_at).min(received_at);
    let reading = match &p.reading {
        Some(r) => Cow::Borrowed(r),
        None => Cow::Owned(core.triage.get().read("")),
    };
    let reading = &*match &reading.place {
        // A name that stands in several districts: the one from which this resident wrote before, if it is one of them.
        Place::Ambiguous(_) => {
            let saved = requests::last_district(tx, Some(talk.resident), Some(talk.id)).await?;
            Cow::Owned(Reading { place: among(reading.place.clone(), saved.as_ref()), ..reading.into_owned() })
        }
        _ => reading,
    };
    let input = match &inbound.content {
        Content::Text(text) => Input::Text { text, reading },
        Content::Edited { text, .. } => Input::Edited { text, reading },
        Content::Command { name, arg } => Input::Command { name, arg },
        Content::Button { data, .. } => Input::Button { data },
        Content::Location { lat, lon } => {
            let found = core.triage.get().district_at(*lat, *lon);
            let rough = found.as_ref().is_some_and(|l| l.near_rough_border);
            Input::Location { lat: *lat, lon: *lon, district: found.map(|l| l.district), rough }
        }
        Content::Contact { phone, own } => Input::Contact { phone: phone.clone(), own: *own },
        Content::Media { media, caption, group } => {
            Input::Media { media, caption: caption.as_deref().map(|c| (c, reading)), group: group.as_deref() }
        }
        Content::Blocked => Input::Blocked,
        Content::Unblocked => Input::Unblocked,
        Content::Unsupported { kind } => Input::Unsupported { kind },
        Content::Unsent { .. } => Input::Unsent { text: None },
        Content::Ignored { .. }
        | Content::Reaction { .. }
        | Content::Mention { .. }
        | Content::Own { .. }
        | Content::Shown { .. }
        | Content::Renamed { .. }
        | Content::Receipt(_)
        | Content::WireDown(_)
        | Content::ReceiptUntil { .. } => return Ok(()),
    };
    held::heard(talk, inbound, reported_at);
    if let Some(sender) = inbound.phone.as_ref().filter(|s| s.verified && talk.proved_phone.as_ref() != Some(&s.phone)) {
        fx.conversations.insert(talk.id, talk.clone());
        fx.flush(tx, now, core.wall()).await?;
        identities::proved(core, tx, fx, talk, &sender.phone, Proof::Provider, now).await?;
    }
    let stale = received_at.signed_duration_since(reported_at).num_seconds() > core.settings.stale_secs;
    let steps: Vec<Input<'_>> = match input {
        // A draft may hold a message as it was and as it was changed to.
        Input::Unsent { .. } => unsent::words(&p.item.earlier).into_iter().map(|text| Input::Unsent { text: Some(text) }).collect(),
        other => vec![other],
    };
    for input in &steps {
        let (fx, numbers, talk) = (&mut *fx, &mut *numbers, &mut *talk);
        let turn = Turn { core, tx, fx, numbers, talk, raw: Some(p.item.raw), now, received_at, reported_at, lang_hint: inbound.lang_hint, stale };
        run(turn, input).await?;
    }
    Ok(())
}

/// A chat has been silent long enough. False when the resident wrote meanwhile or another worker was faster.
///
/// # Errors
/// The store's; the chat is then tried again.
pub async fn silence(core: &Core, talk: &Conversation) -> Result<bool, DispatchError> {
    let Some(at) = talk.silence_at else { return Ok(false) };
    let now = core.now();
    let tx = core.db.begin().await?;
    if !conversations::claim_silence(&tx, talk.id, at).await? {
        return Ok(false);
    }
    let Some(mut fresh) = conversations::load(&tx, talk.id).await? else { return Ok(false) };
    let mut fx = Effects::default();
    let mut numbers = Numbers::draw(&tx, 1, now).await?;
    let turn = Turn {
        core,
        tx: &tx,
        fx: &mut fx,
        numbers: &mut numbers,
        talk: &mut fresh,
        raw: None,
        now,
        received_at: now,
        reported_at: now,
        lang_hint: None,
        stale: false,
    };
    run(turn, &Input::Silence).await?;
    fx.conversations.insert(fresh.id, fresh);
    fx.flush(&tx, now, core.wall()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    core.signal(fx.after).await;
    Ok(true)
}

type ChatKey = (ChannelKind, String, String);

/// The chats of a batch, loaded in one query per account.
pub(super) struct Talks(BTreeMap<ChatKey, Conversation>);

impl Talks {
    async fn load(tx: &Tx, batch: &[Prepared]) -> Result<Self, DispatchError> {
        let mut wanted: BTreeMap<(ChannelKind, String), Vec<String>> = BTreeMap::new();
        for p in batch {
            let i = &p.item.inbound;
            wanted.entry((i.channel, i.account.clone())).or_default().push(i.chat.clone());
        }
        let mut found = BTreeMap::new();
        for ((channel, account), mut chats) in wanted {
            chats.sort_unstable();
            chats.dedup();
            for talk in conversations::of_chats(tx, channel, &account, &chats).await? {
                found.insert((talk.channel, talk.account.clone(), talk.chat.clone()), talk);
            }
        }
        Ok(Self(found))
    }

    /// The chat of an item, if there is one.
    pub(super) fn known(&mut self, p: &Prepared) -> Option<&mut Conversation> {
        let i = &p.item.inbound;
        self.0.get_mut(&(i.channel, i.account.clone(), i.chat.clone()))
    }

    /// The chat that a piece is about whose wire names only the number that is left behind: that of whoever proved this number here.
    async fn proved(&mut self, tx: &Tx, i: &Inbound) -> Result<Option<Conversation>, DispatchError> {
        let Some(sender) = i.phone.as_ref().filter(|s| s.verified) else { return Ok(None) };
        let Some(owner) = residents::by_phone(tx, &sender.phone).await? else { return Ok(None) };
        let mut own = conversations::of_resident(tx, owner.id).await?;
        own.retain(|t| t.channel == i.channel && t.account == i.account && t.proved_phone.as_ref() == Some(&sender.phone));
        // With two chats of one number nobody can tell which is meant.
        let (Some(found), true) = (own.pop(), own.is_empty()) else { return Ok(None) };
        // This batch may know more of it than the database.
        Ok(Some(self.0.remove(&(found.channel, found.account.clone(), found.chat.clone())).unwrap_or(found)))
    }

    /// Chats of the same sender, and whose they are.
    fn of_address(&self, p: &Prepared) -> Vec<(String, ResidentId)> {
        let i = &p.item.inbound;
        let same = |(channel, account, chat): &ChatKey| {
            *channel == i.channel && *account == i.account && chat.strip_prefix(&i.sender).is_some_and(|rest| rest.starts_with('#'))
        };
        self.0.iter().filter(|(key, talk)| same(key) && talk.staff.is_none()).map(|((_, _, chat), talk)| (chat.clone(), talk.resident)).collect()
    }

    /// The chat goes on under another name. If one of that name stands already, both are of one resident from now on. Gives the chat of that name.
    async fn rename(&mut self, tx: &Tx, fx: &mut Effects, p: &Prepared, chat: &str) -> Result<Option<&mut Conversation>, DispatchError> {
        let i = &p.item.inbound;
        if i.chat == chat {
            return Ok(self.known(p));
        }
        let named = self.0.remove(&(i.channel, i.account.clone(), i.chat.clone()));
        let Some(mut talk) = (match named {
            Some(talk) => Some(talk),
            None => self.proved(tx, i).await?,
        }) else {
            return Ok(None);
        };
        let to = (i.channel, i.account.clone(), chat.to_owned());
        if talk.chat == chat {
            return Ok(Some(self.0.entry(to).or_insert(talk)));
        }
        let old = talk.chat.clone();
        if !self.0.contains_key(&to)
            && let Some(there) = conversations::of_chats(tx, i.channel, &i.account, &[chat.to_owned()]).await?.pop()
        {
            self.0.insert(to.clone(), there);
        }
        if let Some(there) = self.0.get_mut(&to) {
            there.resident = talk.resident;
            fx.conversations.insert(there.id, there.clone());
            conversations::move_unsent(tx, &talk, chat).await?;
        } else {
            conversations::rename(tx, &talk, chat).await?;
            chat.clone_into(&mut talk.chat);
            fx.conversations.entry(talk.id).and_modify(|v| chat.clone_into(&mut v.chat));
            self.0.insert(to.clone(), talk);
        }
        for out in fx.outbox.iter_mut().filter(|o| o.channel == i.channel && o.account == i.account && o.chat == old) {
            chat.clone_into(&mut out.chat);
        }
        Ok(self.0.get_mut(&to))
    }

    pub(super) fn of(&mut self, fx: &mut Effects, p: &Prepared, now: Instant) -> &mut Conversation {
        let i = &p.item.inbound;
        self.0.entry((i.channel, i.account.clone(), i.chat.clone())).or_insert_with(|| {
            let lang = p.reading.as_ref().map(|r| r.reply).or(i.lang_hint).unwrap_or(Lang::Kk);
            // A number that the provider does not vouch for is what somebody says of themselves.
            let claimed = i.phone.as_ref().filter(|p| !p.verified).map(|p| p.phone.clone());
            let resident = Resident { claimed, name: i.sender_name.clone(), ..Resident::fresh(lang, now) };
            let talk = Conversation {
                id: ConversationId::fresh(),
                channel: i.channel,
                account: i.account.clone(),
                chat: i.chat.clone(),
                resident: resident.id,
                staff: None,
                lang,
                state: "{}".into(),
                silence_at: None,
                last_inbound_at: None,
                blocked_at: None,
                created_at: now,
                proved_phone: None,
            };
            fx.residents.push(resident);
            talk
        })
    }
}

/// What the dialogue is told about the world, but for what is looked up for one message only.
pub(super) fn context<'a>(turn: &Turn<'_>, core: &'a Core) -> Context<'a> {
    Context {
        now: turn.now,
        received_at: turn.received_at,
        reported_at: turn.reported_at,
        channel: turn.talk.channel,
        lang_hint: turn.lang_hint,
        crew: None,
        districts: &core.book.catalog.districts,
        services: &core.book.catalog.services,
        choices: &[],
        last_open: false,
        pending: None,
        limits: &core.settings.dialogue,
        stale: turn.stale,
    }
}
