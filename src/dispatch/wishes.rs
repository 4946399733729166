//! What a resident may want at any moment of a conversation, and what the conversation must know of the world for it.

use super::apply::{find, perform, text_row};
use super::conversation::Turn;
use super::effects::{Effects, Told};
use super::notify::params;
use super::record::Subject;
use super::{DispatchError, acts, secrets};
use crate::dialogue::{self, Consent, Draft, Input};
use crate::domain::actor::Actor;
use crate::domain::inbound::{ChannelKind, MediaKind, MediaRef};
use crate::domain::outgoing::{Keyboard, Params};
use crate::domain::request::{Act, Request, Status};
use crate::domain::time::plus_secs;
use crate::domain::{Lang, RequestNumber, ServiceCode};
use crate::store::messages::direction;
use crate::store::{choices, consents, rates, requests};
use chrono::Duration;

/// A question waits so long for an answer typed as a number or as yes and no, in seconds.
const CHOICES_SECS: i64 = 3 * 86_400;
/// Requests of others whose public state one chat may ask for in an hour.
const STRANGERS_PER_HOUR: i32 = 10;
/// At most so many requests of a chat are looked at for one that waits for an answer.
const LOOKED_AT: u64 = 5;
/// At most so many other services are offered beside the one that was read.
const INSTEAD: usize = 3;

/// What is looked up for one message only.
#[derive(Default)]
pub(super) struct Around {
    pub choices: Vec<String>,
    pub last_open: bool,
    pub pending: Option<RequestNumber>,
}

/// Does a file speak?
pub(super) fn has_voice(media: &[MediaRef]) -> bool {
    media.iter().any(|m| m.kind == MediaKind::Voice)
}

/// What a draft may be about as well: offered when the reading was not sure.
pub(super) fn instead(draft: &Draft) -> Vec<ServiceCode> {
    let reading = &draft.reading;
    if reading.service.sure { Vec::new() } else { reading.top_services.iter().take(INSTEAD).map(|(s, _)| s.clone()).collect() }
}

impl Turn<'_> {
    /// What the dialogue needs to know for this message and not for others.
    pub(super) async fn around(&mut self, before: &dialogue::Conversation, input: &Input<'_>) -> Result<Around, DispatchError> {
        let mut around = Around::default();
        if !matches!(input, Input::Text { .. } | Input::Media { .. } | Input::Location { .. }) {
            return Ok(around);
        }
        if let Input::Text { text, .. } = input
            && dialogue::needs_choices(text)
        {
            self.settle().await?;
            let since = plus_secs(self.now, -CHOICES_SECS);
            around.choices = choices::last(self.tx, self.talk.channel, &self.talk.account, &self.talk.chat, since).await?;
        }
        let Some(last) = &before.last else { return Ok(around) };
        let long_ago = self.now > plus_secs(last.at, self.core.settings.dialogue.join_window_secs);
        let mut open = if long_ago {
            requests::of_chat(self.tx, self.talk.resident, self.talk.id, LOOKED_AT).await?
        } else {
            requests::by_number(self.tx, &last.number).await?.into_iter().collect()
        };
        open.retain(|s| s.request.status.is_open());
        around.last_open = open.iter().any(|s| s.request.number == last.number);
        for stored in open {
            if self.waits_for_resident(&stored.request).await? {
                around.pending = Some(stored.request.number);
                break;
            }
        }
        Ok(around)
    }

    /// Does the work stand still until the resident answers, or did staff write to them last?
    async fn waits_for_resident(&self, r: &Request) -> Result<bool, DispatchError> {
        let books = self.core.books();
        let held = r.status == Status::OnHold && r.held_why.is_some_and(|why| books.in_force(self.now).sla.pause(why).until_answer);
        Ok(held || choices::staff_wrote_last(self.tx, r.id).await?)
    }

    /// The text of consent goes under the message that was just put out, once in a chat.
    pub(super) fn inform(&mut self, state: &mut dialogue::Conversation) {
        if state.consent != Consent::None {
            return;
        }
        let Some(out) = self.fx.outbox.last_mut() else { return };
        if !out.follow("@consent.notice") {
            return;
        }
        let text = self.core.book.text_at(self.talk.channel, self.talk.lang, "consent.notice").to_owned();
        let digest = secrets::sha256(&["consent", self.talk.lang.as_str(), &text]);
        self.fx.consents.push(Told { resident: self.talk.resident, digest, lang: self.talk.lang, text, channel: self.talk.channel, at: self.now });
        state.consent = Consent::Told;
    }

    /// Whoever goes on after the text of consent was shown has agreed.
    pub(super) async fn went_on(&mut self, state: &mut dialogue::Conversation, input: &Input<'_>) -> Result<(), DispatchError> {
        let spoke = !matches!(input, Input::Silence | Input::Blocked | Input::Unblocked | Input::Unsent { .. });
        if state.consent == Consent::Told && spoke {
            self.settle().await?;
            consents::given(self.tx, self.talk.resident, self.now).await?;
            state.consent = Consent::Given;
        }
        Ok(())
    }

    /// A request that may be shown here: an own one; where short messages are all there is, also the public state of one whose number the sender
    /// knows, as on the public page, and not often.
    /// With false: not an own one.
    pub(super) async fn seen(&mut self, number: &RequestNumber) -> Result<Option<(Subject, bool)>, DispatchError> {
        let own = self.own(number).await?;
        if own.is_some() || self.talk.channel != ChannelKind::Sms {
            return Ok(own.map(|s| (s, true)));
        }
        let bucket = secrets::sha256(&["status", self.talk.channel.as_str(), &self.talk.account, &self.talk.chat]);
        if !rates::hit(self.tx, &bucket, Duration::hours(1), STRANGERS_PER_HOUR, self.core.wall()).await? {
            return Ok(None);
        }
        match find(self.tx, number).await {
            Ok(subject) => Ok(Some((subject, false))),
            Err(DispatchError::NotFound) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// A note for staff under a request of this chat, in both languages: staff read either.
    pub(super) async fn flag(&mut self, number: &RequestNumber, key: &str) -> Result<(), DispatchError> {
        let Some(mut subject) = self.own(number).await? else { return Ok(()) };
        let words = [Lang::Kk, Lang::Ru].map(|l| self.core.book.messages.get(l, key).unwrap_or(key)).join(" · ");
        let by = Actor::System("dialogue");
        let mut step = Effects::default();
        let row = text_row(&subject, direction::INNER, &by, &words, self.now);
        let note = Act::Note { text: row.text_ref() };
        step.messages.push(row);
        perform(self.core, self.tx, &mut step, &mut subject, &[note], &by, self.now).await?;
        self.fx.absorb(step);
        Ok(())
    }

    /// A person is wanted: the request says so to whoever opens it.
    pub(super) async fn call_operator(&mut self, number: Option<RequestNumber>, text: &str) -> Result<(), DispatchError> {
        let Some(number) = number else { return Ok(()) };
        if !text.trim().is_empty() {
            self.add(&number, text, Vec::new(), true).await?;
        }
        self.flag(&number, "flag.operator").await?;
        self.reply_about("operator.told", &number, Keyboard::None);
        Ok(())
    }

    /// A registered request is not taken back by a word: staff are told, and work goes on until they decide.
    pub(super) async fn withdraw(&mut self, number: &RequestNumber, text: &str) -> Result<(), DispatchError> {
        let Some(subject) = self.own(number).await? else {
            self.reply("status.not_found", Params::new(), Keyboard::None);
            return Ok(());
        };
        if !subject.stored.request.status.is_open() {
            return self.show_status(number).await;
        }
        self.add(number, text, Vec::new(), true).await?;
        self.flag(number, "flag.withdraw").await?;
        self.reply_about("cancel.asked", number, Keyboard::None);
        Ok(())
    }

    /// It is about something else. Before anybody works on it the request goes to the right queue at once; later a person decides.
    pub(super) async fn correct(&mut self, number: &RequestNumber, service: &ServiceCode) -> Result<(), DispatchError> {
        let Some(subject) = self.own(number).await? else {
            self.reply("status.not_found", Params::new(), Keyboard::None);
            return Ok(());
        };
        if !matches!(subject.stored.request.status, Status::New | Status::Queued) {
            let said = self.core.book.label(self.talk.lang, &format!("@service.{service}"));
            return self.add(number, &said, Vec::new(), false).await;
        }
        let act = acts::reclassify(self.core, &subject, None, Some(service), None, None, None)?;
        if let Some(now) = self.try_acts(number, |_, _| vec![act]).await? {
            self.reply("ack.corrected", params(&now), Keyboard::None);
        }
        Ok(())
    }
}
