//! One message on its way: whether it is still true, in which form it passes, and what the provider said.

use super::backoff;
use super::outbox::{OutboxWorker, chat_key, wire_key};
use super::wires::Down;
use crate::channels::wire::{Message, SendError, Sent};
use crate::channels::{receipts, render};
use crate::dispatch::{ladder, notices};
use crate::domain::inbound::{ChannelKind, Failure};
use crate::domain::outgoing::Condition;
use crate::domain::reach::under_post;
use crate::domain::{ConversationId, Lang, MessageId};
use crate::store::outbox::{self, OutboxRow, Outcome};
use crate::store::{StoreError, conversations, messages};
use std::time::Duration;

/// How long a wire that takes nothing is left alone. The first message after that shows whether it works again.
const REST: Duration = Duration::from_secs(30);

/// What became of one try.
pub(super) enum Try {
    Ended(Outcome),
    /// It does not pass in this chat. `refused`: the provider said so.
    Climbs {
        why: Failure,
        refused: bool,
        error: String,
    },
}

impl OutboxWorker {
    pub(super) async fn deliver(&self, row: &OutboxRow) -> Result<Try, StoreError> {
        if !self.has_time(row) {
            return Ok(self.rest(Duration::ZERO, "its turn came too late"));
        }
        let db = self.core.db.read();
        if !ladder::still_true(&self.core, db, row).await? || !ladder::still_needed(db, row).await? {
            return Ok(Try::Ended(Outcome::Expired));
        }
        let told;
        let row = match self.alarm(row).await? {
            None => row,
            Some(None) => return Ok(Try::Ended(Outcome::Expired)),
            Some(Some(made)) => {
                told = made;
                &told
            }
        };
        let words = match row.message_id {
            Some(id) => match messages::text_of(db, MessageId(id)).await? {
                Some(text) => Some(text),
                // Erased on the resident's wish.
                None => return Ok(Try::Ended(Outcome::Expired)),
            },
            None => None,
        };
        let mut message = render::message(&self.core.book, row, words)?;
        let Some(wire) = self.wires.get(&row.channel, &row.account) else {
            return Ok(self.rest(REST, "no wire is configured for this channel"));
        };
        if !self.is_open(row).await? {
            message.template = render::template(&self.core.book, row)?;
            if message.template.is_none() {
                return Ok(Try::Climbs { why: Failure::Window, refused: false, error: "the window is closed and there is no template".into() });
            }
        }
        let mut sent = self.give(&*wire, row, &message).await;
        if sent == Err(SendError::WindowClosed) && message.template.is_none() {
            // The provider's clock goes before ours.
            message.template = render::template(&self.core.book, row)?;
            if message.template.is_some() {
                sent = self.give(&*wire, row, &message).await;
            }
        }
        self.hush(chat_key(row), self.per_chat);
        self.judge(row, message, sent).await
    }

    /// Free text passes now, as far as we know.
    async fn is_open(&self, row: &OutboxRow) -> Result<bool, StoreError> {
        let policy = &self.core.settings.reach;
        let window = ChannelKind::parse(&row.channel).and_then(|c| policy.window(c));
        let (Some(span), false) = (window, under_post(&row.chat)) else { return Ok(true) };
        if row.reason.as_deref() == Some(Failure::Window.as_str()) {
            // The provider has refused it as free text.
            return Ok(false);
        }
        let Some(id) = row.conversation_id else { return Ok(true) };
        let talk = conversations::load(self.core.db.read(), ConversationId(id)).await?;
        Ok(talk.and_then(|t| t.last_inbound_at).is_some_and(|last| self.core.now() < last + span))
    }

    /// How long a provider may take: a message may go out twice, as words and as a template, and must be noted before its lease ends.
    fn patience(&self) -> Duration {
        self.lease.saturating_sub(Duration::from_secs(5)).max(Duration::from_secs(5)) / 4
    }

    /// It can still be sent before another sender may take it: it may have waited long for its turn in our hands.
    fn has_time(&self, row: &OutboxRow) -> bool {
        let needed = chrono::Duration::from_std(self.patience() * 2).unwrap_or_default();
        row.lease_until.is_none_or(|until| self.core.wall() + needed <= until)
    }

    async fn give(&self, wire: &dyn crate::channels::wire::Channel, row: &OutboxRow, message: &Message) -> Result<Sent, SendError> {
        // A row is never in two hands while a provider is slow.
        let answer = tokio::time::timeout(self.patience(), wire.send(&row.chat, message)).await;
        answer.unwrap_or_else(|_| Err(SendError::Transient("no answer in time".into())))
    }

    async fn judge(&self, row: &OutboxRow, message: Message, sent: Result<Sent, SendError>) -> Result<Try, StoreError> {
        let (channel, account) = (row.channel.as_str(), row.account.as_str());
        let error = match sent {
            Ok(s) => {
                self.noted(self.board.passed(channel, account).await);
                let approved = message.template.map(|t| t.name);
                return Ok(Try::Ended(Outcome::Sent { provider_id: s.provider_id, text: message.text, at: self.core.now(), approved }));
            }
            Err(e) => e,
        };
        let climbs = |error: &SendError| Try::Climbs { why: receipts::failure(error), refused: true, error: error.to_string() };
        Ok(match &error {
            SendError::RetryAfter(span) => {
                self.hush(chat_key(row), *span);
                self.rest(*span, "the provider asked to slow down")
            }
            SendError::Throttled(span) => {
                self.hush(wire_key(row), *span);
                self.rest(*span, "the account sends too fast")
            }
            SendError::Unauthorized | SendError::Stopped(_) => {
                // Every message of this wire would fail alike: it is left alone for a while, and its queue waits.
                let why = if error == SendError::Unauthorized { Down::Unauthorized } else { Down::Stopped };
                self.noted(self.board.down(channel, account, why).await);
                self.hush(wire_key(row), REST);
                self.rest(REST, &error.to_string())
            }
            SendError::Blocked | SendError::Unreachable(_) => {
                conversations::mark_blocked(self.core.db.write(), channel, account, &row.chat, Some(self.core.now())).await?;
                climbs(&error)
            }
            SendError::WindowClosed | SendError::TemplateRefused(_) => climbs(&error),
            SendError::Rejected(why) => Try::Ended(Outcome::Dead { error: why.clone(), reason: Failure::Rejected }),
            SendError::Transient(why) => {
                self.noted(self.board.stumbled(channel, account).await);
                if row.attempts + 1 >= self.max_attempts {
                    climbs(&error)
                } else {
                    let at = self.core.wall() + chrono::Duration::from_std(backoff(self.base, row.attempts, self.max_backoff)).unwrap_or_default();
                    Try::Ended(Outcome::Retry { at, error: why.clone(), reason: Failure::Transient, counts: true })
                }
            }
        })
    }

    /// Tried again later; it is not the message that failed.
    fn rest(&self, span: Duration, why: &str) -> Try {
        let at = self.core.wall() + chrono::Duration::from_std(span).unwrap_or_default();
        Try::Ended(Outcome::Retry { at, error: why.to_owned(), reason: Failure::Transient, counts: false })
    }

    /// How a wire was seen is news, not a condition of sending.
    fn noted(&self, done: Result<(), StoreError>) {
        if let Err(e) = done {
            tracing::warn!(error = %e, "how a wire was seen could not be noted");
        }
    }

    /// A message about alarms gets its words now; `Some(None)` when nothing of it is true any more, `None` for all other messages.
    async fn alarm(&self, row: &OutboxRow) -> Result<Option<Option<OutboxRow>>, StoreError> {
        let Condition::Alarms(list) = outbox::condition(row)? else { return Ok(None) };
        let lang = Lang::parse(&row.lang).ok_or_else(|| StoreError::corrupt("outbox.lang", &row.lang))?;
        let Some((key, params)) = notices::words(&self.core, self.core.db.read(), &list, lang).await? else { return Ok(Some(None)) };
        let params = serde_json::to_string(&params).map_err(|e| StoreError::corrupt("outbox.params", e))?;
        Ok(Some(Some(OutboxRow { template: Some(key.to_owned()), params, ..row.clone() })))
    }
}
