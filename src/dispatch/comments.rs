//! What people write under posts. What states a problem or asks something becomes a request: one courteous answer in public, without a word about the
//! person or the matter, and one in private with the number. What states nothing is only written down. Nothing is ever asked in public.

use super::conversation::Turn;
use super::effects::Effects;
use super::intake::{Prepared, Talks};
use super::numbers::Numbers;
use super::{Core, DispatchError, secrets, unsent};
use crate::dialogue::{self, Draft};
use crate::domain::actor::Actor;
use crate::domain::inbound::{CommentPlace, Content, MediaRef, storable};
use crate::domain::outgoing::{Body, Condition, Keyboard, Outgoing, Params, Rank};
use crate::domain::reading::Reading;
use crate::domain::{Class, ConversationId, Instant, MessageId, RequestId, RequestNumber, ResidentId, time};
use crate::store::messages::{NewMessage, direction};
use crate::store::social::{self, CommentRow, Key, NewComment, need};
use crate::store::{Tx, messages, requests};

/// A comment can be answered in private for so long, in seconds: seven days less an hour for the way.
const PRIVATE_SECS: i64 = 7 * 86_400 - 3600;
/// Under a live broadcast only while it lasts: nobody tells us how long, so the answer is worth little after this.
const LIVE_SECS: i64 = 3600;

/// One comment and what stands around it.
struct Comment<'a> {
    p: &'a Prepared,
    place: &'a CommentPlace,
    key: Key<'a>,
    known: Option<CommentRow>,
    posted_at: Instant,
}

/// Whether a comment calls for an answer, by what triage read in it.
fn need_of(r: &Reading) -> &'static str {
    let thanks = |c: Option<Class>| c == Some(Class::Thanks);
    if r.hazard.is_some() {
        return need::REQUEST;
    }
    match (r.class.accepted(), r.service.accepted()) {
        (Some(Class::Thanks), _) => need::NONE,
        _ if r.empty => need::NONE,
        (Some(_), _) | (None, Some(_)) => need::REQUEST,
        (None, None) if thanks(r.class.best) => need::NONE,
        (None, None) => need::UNCLEAR,
    }
}

/// What a transaction of the intake holds.
pub(super) struct Work<'a> {
    pub core: &'a Core,
    pub tx: &'a Tx,
    pub fx: &'a mut Effects,
    pub numbers: &'a mut Numbers,
    pub talks: &'a mut Talks,
    pub now: Instant,
}

/// Takes one comment in.
pub(super) async fn one(w: &mut Work<'_>, p: &Prepared, place: &CommentPlace) -> Result<(), DispatchError> {
    let i = &p.item.inbound;
    let key = Key { channel: i.channel, account: &i.account, comment: &place.comment };
    let posted_at = time::truncate(i.sent_at.unwrap_or(p.item.received_at).min(p.item.received_at));
    let known = social::find(w.tx, &key).await?;
    let c = Comment { p, place, key, known, posted_at };
    match &i.content {
        Content::Own { .. } => c.answered_elsewhere(w.tx, w.now).await,
        Content::Unsent { .. } => c.taken_away(w).await,
        Content::Shown { .. } => c.shown_again(w.tx).await,
        Content::Text(text) | Content::Edited { text, .. } => c.said(w, text, Vec::new()).await,
        Content::Media { media, caption, .. } => {
            let text = caption.as_deref().unwrap_or("");
            c.said(w, text, vec![media.clone()]).await
        }
        // A mention whose words the provider does not tell, or a kind that we cannot read: a person should look.
        Content::Unsupported { .. } | Content::Mention { .. } => c.note(w.tx, need::UNCLEAR, None, None).await,
        _ => Ok(()),
    }
}

impl Comment<'_> {
    fn author(&self) -> Option<&str> {
        let i = &self.p.item.inbound;
        Some(i.sender.as_str()).filter(|s| !s.starts_with("comment:") && *s != "-")
    }

    async fn note(&self, tx: &Tx, need: &'static str, request: Option<RequestId>, message: Option<MessageId>) -> Result<(), DispatchError> {
        let new = NewComment {
            key: self.key,
            post: &self.place.post,
            parent: self.place.parent.as_deref(),
            author: self.author(),
            need,
            request,
            message,
            posted_at: self.posted_at,
            received_at: self.p.item.received_at,
        };
        Ok(social::note(tx, &new).await?)
    }

    /// A colleague wrote under a comment: that one has its answer.
    async fn answered_elsewhere(&self, tx: &Tx, now: Instant) -> Result<(), DispatchError> {
        if let Some(parent) = &self.place.parent {
            social::answered(tx, &Key { comment: parent, ..self.key }, self.posted_at.min(now)).await?;
        }
        Ok(())
    }

    async fn taken_away(&self, w: &mut Work<'_>) -> Result<(), DispatchError> {
        let (tx, now) = (w.tx, w.now);
        w.fx.flush(tx, now, w.core.wall()).await?;
        social::removed(tx, &self.key, Some(now)).await?;
        // What was written in the same batch is known only now.
        let Some(row) = social::find(tx, &self.key).await? else { return Ok(()) };
        if let Some(id) = row.message_id {
            messages::hide(tx, MessageId(id), Some(now), None).await?;
        }
        if let Some((talk, resident)) = self.talk_of(tx, &row).await? {
            unsent::hide_stored(tx, talk, resident, &self.p.item.earlier, now).await?;
        }
        Ok(())
    }

    async fn shown_again(&self, tx: &Tx) -> Result<(), DispatchError> {
        social::removed(tx, &self.key, None).await?;
        if let Some(id) = self.known.as_ref().and_then(|row| row.message_id) {
            messages::hide(tx, MessageId(id), None, None).await?;
        }
        Ok(())
    }

    /// The chat and the resident of the request that a comment became.
    async fn talk_of(&self, tx: &Tx, row: &CommentRow) -> Result<Option<(ConversationId, ResidentId)>, DispatchError> {
        let Some(id) = row.request_id else { return Ok(None) };
        let stored = requests::load(tx, RequestId(id)).await?;
        Ok(stored.and_then(|s| s.request.conversation.zip(s.request.resident)))
    }

    async fn said(&self, w: &mut Work<'_>, text: &str, media: Vec<MediaRef>) -> Result<(), DispatchError> {
        let read_nothing;
        let reading = match &self.p.reading {
            Some(r) => r,
            None => {
                read_nothing = w.core.triage.get().read("");
                &read_nothing
            }
        };
        if let Some(number) = self.goes_to(w).await? {
            self.turn(w).add(&number, text, media, true).await?;
            return self.note(w.tx, need::NONE, None, None).await;
        }
        let mut need = need_of(reading);
        // A picture under a post without a word: perhaps a fault, perhaps a joke.
        if need == need::NONE && !media.is_empty() && reading.class.best != Some(Class::Thanks) {
            need = need::UNCLEAR;
        }
        match need {
            need::REQUEST => self.register(w, text, media, reading).await,
            need::UNCLEAR => {
                let row = self.words(text, w.now);
                let id = row.id;
                w.fx.messages.push(row);
                self.note(w.tx, need, None, Some(id)).await
            }
            _ => self.note(w.tx, need, None, None).await,
        }
    }

    /// The request that this comment says more about: its own when it was edited, or that of the comment of the same author that it answers.
    async fn goes_to(&self, w: &mut Work<'_>) -> Result<Option<RequestNumber>, DispatchError> {
        let own = self.known.as_ref().and_then(|row| row.request_id);
        let above = match (&self.place.parent, own) {
            (Some(parent), None) => {
                let row = social::find(w.tx, &Key { comment: parent, ..self.key }).await?;
                row.filter(|r| r.author.is_some() && r.author.as_deref() == self.author()).and_then(|r| r.request_id)
            }
            _ => None,
        };
        let Some(id) = own.or(above) else { return Ok(None) };
        w.fx.flush(w.tx, w.now, w.core.wall()).await?;
        Ok(requests::load(w.tx, RequestId(id)).await?.filter(|s| own.is_some() || s.request.status.is_open()).map(|s| s.request.number))
    }

    fn words(&self, text: &str, now: Instant) -> NewMessage {
        NewMessage {
            id: MessageId::fresh(),
            request: None,
            conversation: None,
            direction: direction::IN,
            author: Actor::System("comment").to_string(),
            text: storable(text),
            salt: secrets::salt(),
            raw_event: Some(self.p.item.raw),
            at: now,
        }
    }

    /// A step of the author's own conversation.
    fn turn<'w>(&self, w: &'w mut Work<'_>) -> Turn<'w> {
        let item = &self.p.item;
        let talk = w.talks.of(w.fx, self.p, w.now);
        Turn {
            core: w.core,
            tx: w.tx,
            fx: w.fx,
            numbers: w.numbers,
            talk,
            raw: Some(item.raw),
            now: w.now,
            received_at: item.received_at,
            reported_at: self.posted_at,
            lang_hint: item.inbound.lang_hint,
            stale: true,
        }
    }

    async fn register(&self, w: &mut Work<'_>, text: &str, media: Vec<MediaRef>, reading: &Reading) -> Result<(), DispatchError> {
        let draft = Draft {
            text: text.to_owned(),
            reading: reading.clone(),
            media,
            location: None,
            district: reading.place.district().cloned(),
            rough: false,
            address: reading.address.clone(),
            received_at: self.p.item.received_at,
            reported_at: self.posted_at,
        };
        let (before, created) = (std::mem::take(&mut w.fx.outbox), w.fx.created.len());
        let mut turn = self.turn(w);
        let mut state: dialogue::Conversation = serde_json::from_str(&turn.talk.state).unwrap_or_default();
        turn.talk.lang = state.reply_lang(Some(reading.reply));
        turn.register(draft, &mut state).await?;
        turn.talk.state = serde_json::to_string(&state).map_err(|e| DispatchError::Internal(format!("dialogue state: {e}")))?;
        let talk = turn.talk.clone();
        let said = std::mem::replace(&mut w.fx.outbox, before);
        w.fx.conversations.insert(talk.id, talk.clone());
        let request = w.fx.created.get(created).map(|s| s.request.id).or_else(|| said.first().and_then(|o| o.request));
        let lasts = if self.place.live { LIVE_SECS } else { PRIVATE_SECS };
        let until = time::plus_secs(self.posted_at, lasts);
        let public = Outgoing {
            channel: talk.channel,
            account: talk.account.clone(),
            chat: format!("comment:{}", self.place.comment),
            lang: talk.lang,
            conversation: Some(talk.id),
            request,
            // A danger is answered with what to do first: that is nobody's secret.
            body: Body::Template {
                key: reading.hazard.map_or_else(|| "comment.public".to_owned(), |h| format!("safety.{h}")),
                params: Params::new(),
            },
            keyboard: Keyboard::None,
            rank: if reading.hazard.is_some() { Rank::Safety } else { Rank::Normal },
            condition: Condition::Always,
            dedupe: Some(self.key.public_dedupe()),
        };
        w.fx.outbox.push(public);
        // One answer in private is all that the provider allows: the registration's own, with the number.
        let privately = usize::from(!self.place.elsewhere);
        w.fx.outbox.extend(said.into_iter().take(privately).map(|answer| Outgoing {
            chat: format!("private:{}", self.place.comment),
            keyboard: Keyboard::None,
            condition: Condition::Before(until),
            dedupe: Some(self.key.private_dedupe()),
            ..answer
        }));
        self.note(w.tx, need::REQUEST, request, None).await
    }
}
