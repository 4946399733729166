//! Carries out what a step of the dialogue commands, and says what comes of it, in the chat it came from.

use super::apply::{find, perform, said, text_row};
use super::crew_desk;
use super::effects::Effects;
use super::intake::context;
use super::notify::{acknowledgement, params, say};
use super::numbers::Numbers;
use super::problems::register;
use super::record::Subject;
use super::register::{Classification, NewRequest, attach};
use super::wishes::{has_voice, instead};
use super::{Core, DispatchError, acts, identities, secrets};
use crate::dialogue::{self, Command, Context, Draft, Input, Linked};
use crate::domain::access::Scope;
use crate::domain::actor::Actor;
use crate::domain::door::Door;
use crate::domain::identity::Proof;
use crate::domain::inbound::MediaRef;
use crate::domain::outgoing::{Keyboard, Outgoing, Params, Rank};
use crate::domain::phone::Phone;
use crate::domain::request::{Act, ActKind, CloseReason, Status};
use crate::domain::{Class, CrewCode, DistrictCode, Instant, Lang, RequestNumber, StaffId};
use crate::store::conversations::Conversation;
use crate::store::messages::{PlaceRow, direction};
use crate::store::{Tx, codes, messages, rates, requests, staff};

/// One step of one chat inside a transaction.
pub(super) struct Turn<'a> {
    pub core: &'a Core,
    pub tx: &'a Tx,
    pub fx: &'a mut Effects,
    pub numbers: &'a mut Numbers,
    pub talk: &'a mut Conversation,
    pub raw: Option<i64>,
    pub now: Instant,
    pub received_at: Instant,
    pub reported_at: Instant,
    pub lang_hint: Option<Lang>,
    pub stale: bool,
}

/// What a resident told of a place.
struct Told {
    location: Option<(f64, f64)>,
    district: Option<DistrictCode>,
    /// The district only completes what is unknown.
    rough: bool,
    text: Option<String>,
}

/// Steps the dialogue and carries out its commands. Replies go into the outbox in the order: safety, results of commands, the rest.
pub(super) async fn run(mut turn: Turn<'_>, input: &Input<'_>) -> Result<(), DispatchError> {
    let member = turn.member().await?;
    let crew: Option<CrewCode> = member.as_ref().and_then(|m| m.crew.clone());
    let before: dialogue::Conversation = serde_json::from_str(&turn.talk.state).unwrap_or_else(|e| {
        // The words are safe in the raw events; only the memory of the chat starts anew.
        tracing::error!(conversation.id = %turn.talk.id, error = %e, "the state of a dialogue cannot be read");
        dialogue::Conversation::default()
    });
    let around = turn.around(&before, input).await?;
    let outcome = {
        let core = turn.core;
        dialogue::step(
            &before,
            input,
            &Context {
                crew: crew.as_ref(),
                choices: &around.choices,
                last_open: around.last_open,
                pending: around.pending.as_ref(),
                ..context(&turn, core)
            },
        )
    };
    let mut state = outcome.state;
    turn.went_on(&mut state, input).await?;
    turn.talk.lang = state.reply_lang(turn.lang_hint);
    turn.talk.silence_at = outcome.silence_at;
    let (safety, rest): (Vec<_>, Vec<_>) = outcome.says.into_iter().partition(|s| s.rank == Rank::Safety);
    for s in safety {
        turn.fx.outbox.push(Outgoing { rank: Rank::Safety, ..say(turn.talk, &s.key, s.params, s.keyboard) });
    }
    let greeted = rest.iter().any(|s| s.key == "welcome");
    for command in outcome.commands {
        turn.carry_out(command, &mut state, member.as_ref()).await?;
    }
    for s in rest {
        turn.fx.outbox.push(say(turn.talk, &s.key, s.params, s.keyboard));
    }
    if greeted && !Door::of(turn.talk.channel).short {
        turn.inform(&mut state);
    }
    turn.talk.state = serde_json::to_string(&state).map_err(|e| DispatchError::Internal(format!("dialogue state: {e}")))?;
    Ok(())
}

/// The classification that a draft amounts to.
pub(super) fn classify(draft: &Draft) -> Classification {
    let r = &draft.reading;
    let hazard = r.hazard;
    Classification {
        class: if hazard.is_some() { Some(Class::Incident) } else { r.class.accepted() },
        service: r.service.accepted(),
        district: draft.district.clone().or_else(|| r.place.district().cloned()),
        hazard,
        needs_utility: r.needs_utility,
    }
}

impl Turn<'_> {
    async fn member(&self) -> Result<Option<staff::Staff>, DispatchError> {
        let Some(id) = self.talk.staff else { return Ok(None) };
        Ok(staff::load(self.tx, id).await?.filter(|s| !s.disabled))
    }

    pub(super) fn actor(&self) -> Actor {
        Actor::Resident(self.talk.resident)
    }

    pub(super) fn reply(&mut self, key: &str, params: Params, keyboard: Keyboard) {
        self.fx.outbox.push(say(self.talk, key, params, keyboard));
    }

    pub(super) fn reply_about(&mut self, key: &str, number: &RequestNumber, keyboard: Keyboard) {
        self.reply(key, Params::from([("number".to_owned(), number.to_string())]), keyboard);
    }

    async fn carry_out(&mut self, command: Command, state: &mut dialogue::Conversation, member: Option<&staff::Staff>) -> Result<(), DispatchError> {
        match command {
            Command::Register(draft) => self.register(draft, state).await,
            Command::AddMessage { number, text, media, quiet } => self.add(&number, &text, media, quiet).await,
            Command::Locate { number, location, district, rough, text } => {
                let place = Told { location, district, rough, text };
                if self.locate(&number, &place).await? {
                    // What the same message told of lies in the same place.
                    for other in state.last.as_ref().filter(|l| l.number == number).map(|l| l.linked.clone()).unwrap_or_default() {
                        self.locate(&other.number, &place).await?;
                    }
                    self.reply_about("ack.located", &number, Keyboard::None);
                }
                Ok(())
            }
            Command::Confirm { number } => self.confirm(&number).await,
            Command::NotFixed { number, reason } => self.not_fixed(&number, reason.as_deref()).await,
            Command::Rate { number, score } => {
                if self.try_acts(&number, |_, _| vec![Act::Rate { score }]).await?.is_some() {
                    self.reply("rated", Params::new(), Keyboard::None);
                }
                Ok(())
            }
            Command::Correct { number, service } => self.correct(&number, &service).await,
            Command::Operator { number, text } => self.call_operator(number.or_else(|| state.last.as_ref().map(|l| l.number.clone())), &text).await,
            Command::Withdraw { number, text } => self.withdraw(&number, &text).await,
            Command::ShowMine => self.show_mine().await,
            Command::ShowStatus { number } => self.show_status(&number).await,
            Command::SetLanguage(lang) => {
                self.talk.lang = lang;
                Ok(())
            }
            Command::SetPhone(phone) => self.set_phone(&phone).await,
            Command::SendCode { phone } => self.send_code(&phone).await,
            Command::ProveCode { phone, code } => {
                if self.prove_code(&phone, &code).await? {
                    state.proved();
                }
                Ok(())
            }
            Command::LinkStaff { code } => self.link(&code).await,
            Command::Crew(command) => {
                let Some((scope, crew)) = member.and_then(|m| Some((m.scope(&self.core.book.roles), m.crew.clone()?))) else {
                    self.reply("crew.not_linked", Params::new(), Keyboard::None);
                    return Ok(());
                };
                self.settle().await?;
                crew_desk::from_chat(self, &scope, &crew, command).await
            }
            Command::MarkBlocked => {
                self.talk.blocked_at = Some(self.now);
                Ok(())
            }
            Command::MarkUnblocked => {
                self.talk.blocked_at = None;
                Ok(())
            }
        }
    }

    pub(super) async fn register(&mut self, draft: Draft, state: &mut dialogue::Conversation) -> Result<(), DispatchError> {
        let number = self.numbers.take(self.tx, self.now).await?;
        let what = classify(&draft);
        let new = NewRequest {
            vulnerable: false,
            number: number.clone(),
            channel: self.talk.channel,
            account: self.talk.account.clone(),
            lang: self.talk.lang,
            resident: Some(self.talk.resident),
            conversation: Some(self.talk.id),
            what,
            text: draft.text.clone(),
            address: draft.address.clone(),
            location: draft.location,
            media: draft.media.clone(),
            raw_event: self.raw,
            // A draft without words was read by nobody.
            reading: Some(draft.reading.clone()).filter(|r| !r.version.is_empty()),
            reported_at: draft.reported_at,
            received_at: draft.received_at,
        };
        let instead = instead(&draft);
        let voice = has_voice(&draft.media);
        let actor = self.actor();
        let made = register(self.core, self.tx, self.fx, self.numbers, &actor, new, self.now).await?;
        let linked = made.linked.iter().map(|s| &s.stored.request).map(|r| Linked { number: r.number.clone(), service: r.service.clone() }).collect();
        state.registered(&number, &draft, linked, self.now);
        let mut told = acknowledgement(self.talk, &made);
        if told.keyboard != Keyboard::None {
            told.keyboard = Door::of(self.talk.channel).fit(dialogue::acknowledged(&number, &instead));
        }
        self.fx.outbox.push(told);
        self.inform(state);
        if voice { self.flag(&number, "flag.voice").await } else { Ok(()) }
    }

    /// Writes what this batch has collected, so that requests made a moment ago can be found.
    pub(super) async fn settle(&mut self) -> Result<(), DispatchError> {
        // The chat itself may be new: requests and messages point at it.
        self.fx.conversations.insert(self.talk.id, self.talk.clone());
        self.fx.flush(self.tx, self.now, self.core.wall()).await
    }

    /// A request that belongs to this chat or its resident.
    pub(super) async fn own(&mut self, number: &RequestNumber) -> Result<Option<Subject>, DispatchError> {
        self.settle().await?;
        match find(self.tx, number).await {
            Ok(s) => {
                let r = &s.stored.request;
                let ours = r.conversation == Some(self.talk.id) || r.resident == Some(self.talk.resident);
                Ok(ours.then_some(s))
            }
            Err(DispatchError::NotFound) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Does acts on an own request; says so in the chat when that cannot be, and gives the present state when it was done.
    pub(super) async fn try_acts(
        &mut self,
        number: &RequestNumber,
        acts: impl FnOnce(&mut Effects, &Subject) -> Vec<Act>,
    ) -> Result<Option<Subject>, DispatchError> {
        let Some(mut subject) = self.own(number).await? else {
            self.reply("status.not_found", Params::new(), Keyboard::None);
            return Ok(None);
        };
        let mut step = Effects::default();
        let acts = acts(&mut step, &subject);
        match perform(self.core, self.tx, &mut step, &mut subject, &acts, &self.actor(), self.now).await {
            Ok(()) => {
                self.fx.absorb(step);
                Ok(Some(subject))
            }
            Err(DispatchError::NotNow(_, present)) => {
                let status = format!("@state.{}", present.request.status);
                self.reply("act.not_now", Params::from([("status".to_owned(), status)]), Keyboard::None);
                Ok(None)
            }
            Err(e) => Err(e),
        }
    }

    pub(super) async fn add(&mut self, number: &RequestNumber, text: &str, media: Vec<MediaRef>, quiet: bool) -> Result<(), DispatchError> {
        let (actor, now, raw) = (self.actor(), self.now, self.raw);
        let (talk, channel, account) = (self.talk.id, self.talk.channel, self.talk.account.clone());
        let voice = has_voice(&media);
        let done = self
            .try_acts(number, |fx, subject| {
                let mut acts = Vec::new();
                if !text.trim().is_empty() {
                    acts.push(said(fx, subject, &actor, text, now));
                    if let Some(row) = fx.messages.last_mut() {
                        row.raw_event = raw;
                    }
                }
                let files = attach(media, Some(subject.stored.request.id), Some(talk), channel, &account, now);
                acts.extend(files.iter().map(|a| Act::Attach { attachment: a.id }));
                fx.attachments.extend(files);
                acts
            })
            .await?;
        if done.is_none() {
            return Ok(());
        }
        if !quiet {
            self.reply_about(if voice { "ack.voice" } else { "ack.added" }, number, Keyboard::None);
        }
        if voice { self.flag(number, "flag.voice").await } else { Ok(()) }
    }

    /// Writes a place down; true when that was done.
    async fn locate(&mut self, number: &RequestNumber, told: &Told) -> Result<bool, DispatchError> {
        let Some(subject) = self.own(number).await? else { return Ok(false) };
        let old = messages::place_of(self.tx, subject.stored.request.id).await?.unwrap_or_default();
        let (core, actor, now) = (self.core, self.actor(), self.now);
        let mut wrong = None;
        let done = self
            .try_acts(number, |fx, subject| {
                let words = match (&told.text, told.location) {
                    (Some(t), _) => t.clone(),
                    (None, Some((lat, lon))) => format!("{lat:.6}, {lon:.6}"),
                    (None, None) => told.district.as_ref().map(ToString::to_string).unwrap_or_default(),
                };
                let row = text_row(subject, direction::IN, &actor, &words, now);
                let mut acts = vec![Act::Locate { text: row.text_ref() }];
                fx.messages.push(row);
                let place = PlaceRow {
                    address: told.text.as_deref().map(crate::domain::inbound::storable).or(old.address),
                    lat: told.location.map(|l| l.0).or(old.lat),
                    lon: told.location.map(|l| l.1).or(old.lon),
                };
                fx.places.push((subject.stored.request.id, place));
                let r = &subject.stored.request;
                let certain = !told.rough || r.district.is_none();
                if told.district.is_some() && told.district != r.district && certain && r.status.is_open() {
                    match acts::reclassify(core, subject, None, None, told.district.as_ref(), None, None) {
                        Ok(act) => acts.push(act),
                        Err(e) => wrong = Some(e),
                    }
                }
                acts
            })
            .await?;
        match wrong {
            Some(e) => Err(e),
            None => Ok(done.is_some()),
        }
    }

    async fn confirm(&mut self, number: &RequestNumber) -> Result<(), DispatchError> {
        let closed = self.own(number).await?.is_some_and(|s| s.stored.request.status == Status::Closed);
        if closed || self.try_acts(number, |_, _| vec![Act::Close { by: CloseReason::Confirmed }]).await?.is_some() {
            self.reply_about("confirmed", number, Keyboard::None);
            self.reply("rate.ask", Params::new(), dialogue::rating(number));
        }
        Ok(())
    }

    async fn not_fixed(&mut self, number: &RequestNumber, reason: Option<&str>) -> Result<(), DispatchError> {
        let (actor, now) = (self.actor(), self.now);
        let status = self.own(number).await?.map(|s| s.stored.request.status);
        match (status, reason) {
            // Open already, by a second press, or ended for good: it cannot be opened again, and what was said is kept all the same.
            (Some(s), Some(r)) if !r.trim().is_empty() && !ActKind::Reopen.allowed_from(s) => return self.add(number, r, Vec::new(), false).await,
            (Some(s), _) if s.is_open() => return Ok(()),
            _ => {}
        }
        self.try_acts(number, |fx, subject| {
            let reason = reason.filter(|r| !r.trim().is_empty()).map(|r| {
                let row = text_row(subject, direction::IN, &actor, r, now);
                let reference = row.text_ref();
                fx.messages.push(row);
                reference
            });
            vec![Act::Reopen { reason }]
        })
        .await?;
        Ok(())
    }

    async fn show_mine(&mut self) -> Result<(), DispatchError> {
        self.settle().await?;
        let short = Door::of(self.talk.channel).short;
        let mine = requests::of_chat(self.tx, self.talk.resident, self.talk.id, if short { 1 } else { 5 }).await?;
        let Some(newest) = mine.first() else {
            self.reply("status.none", Params::new(), Keyboard::None);
            return Ok(());
        };
        if short {
            let number = newest.request.number.clone();
            return self.show_status(&number).await;
        }
        self.reply("status.list_head", Params::new(), Keyboard::None);
        for stored in mine {
            let number = stored.request.number.clone();
            let p = params(&Subject { stored, timers: Vec::new() });
            self.reply("status.line", p, dialogue::status(&number));
        }
        Ok(())
    }

    pub(super) async fn show_status(&mut self, number: &RequestNumber) -> Result<(), DispatchError> {
        let Some((subject, own)) = self.seen(number).await? else {
            self.reply("status.not_found", Params::new(), Keyboard::None);
            return Ok(());
        };
        let due = subject.live(crate::domain::sla::Stage::Restore).or_else(|| subject.live(crate::domain::sla::Stage::Accept)).is_some();
        let r = &subject.stored.request;
        let keyboard = if own && r.status == Status::Resolved { dialogue::resolved(number) } else { Keyboard::None };
        let key = if due { "status.one" } else { "status.one_no_due" };
        let p = params(&subject);
        self.reply(key, p, keyboard);
        Ok(())
    }

    async fn set_phone(&mut self, phone: &Phone) -> Result<(), DispatchError> {
        self.settle().await?;
        identities::proved(self.core, self.tx, self.fx, self.talk, phone, Proof::Contact, self.now).await
    }

    async fn link(&mut self, code: &str) -> Result<(), DispatchError> {
        self.settle().await?;
        let wall = self.core.wall();
        let bucket = secrets::sha256(&["link", self.talk.channel.as_str(), &self.talk.account, &self.talk.chat]);
        let allowed = rates::hit(self.tx, &bucket, chrono::Duration::hours(1), 10, wall).await?;
        let subject = secrets::sha256(&["link", code.trim()]);
        let found = codes::newest(self.tx, codes::purpose::LINK, &subject, wall).await?.filter(|_| allowed);
        let member = match &found {
            Some(row) if codes::spend(self.tx, row.id, wall).await? => {
                let id: Option<StaffId> = row.code_hash.parse().ok();
                match id {
                    Some(id) => staff::load(self.tx, id).await?.filter(|s| !s.disabled),
                    None => None,
                }
            }
            _ => None,
        };
        match member {
            Some(m) => {
                self.talk.staff = Some(m.id);
                let crew = m.crew.map_or_else(|| m.name.clone(), |c| format!("@crew.{c}"));
                self.reply("crew.linked", Params::from([("crew".to_owned(), crew)]), Keyboard::None);
            }
            None => self.reply("crew.link_bad", Params::new(), Keyboard::None),
        }
        Ok(())
    }

    /// For the crew's part: replies in this chat.
    pub(super) fn answer(&mut self, key: &str, params: Params, keyboard: Keyboard) {
        self.reply(key, params, keyboard);
    }

    /// For the crew's part: an act with the member's own scope.
    pub(super) async fn crew_act(&mut self, scope: &Scope, number: &RequestNumber, act: &acts::StaffAct) -> Result<Subject, DispatchError> {
        let mut step = Effects::default();
        let done = acts::act_in(self.core, self.tx, &mut step, scope, number, None, act, self.now).await;
        if done.is_ok() {
            self.fx.absorb(step);
            self.fx.flush(self.tx, self.now, self.core.wall()).await?;
        }
        done
    }
}
