//! One step in the making: the memory as it changes, what is said and commanded so far, and the moves that several kinds of message share.

use super::button;
use super::input::Context;
use super::outcome::{Command, CrewCommand, Outcome, Say};
use super::state::{Conversation, Draft, LastRequest, Step};
use crate::domain::class::Hazard;
use crate::domain::door::Door;
use crate::domain::ids::DistrictCode;
use crate::domain::inbound::MediaRef;
use crate::domain::outgoing::{Keyboard, Params, Rank};
use crate::domain::reading::{Guess, MessageLang, Place, Reading};
use crate::domain::time::{Instant, plus_secs};
use crate::domain::{Lang, RequestNumber};

/// A file that comes so soon after another, in seconds, is one of a heap: the heap is acknowledged once.
pub(super) const HEAP_SECS: i64 = 20;

/// So long an answer to a question in a letter is one, in seconds.
const LETTER_SECS: i64 = 3 * 24 * 3600;

/// With so many files a draft is registered at once: the memory of a chat stays small whatever is sent.
pub(super) const MAX_MEDIA: usize = 20;

pub(super) struct Turn<'a> {
    pub state: Conversation,
    pub says: Vec<Say>,
    pub commands: Vec<Command>,
    pub ctx: &'a Context<'a>,
    pub door: Door,
}

impl<'a> Turn<'a> {
    pub fn new(state: &Conversation, ctx: &'a Context<'a>) -> Self {
        Self { state: state.clone(), says: Vec::new(), commands: Vec::new(), ctx, door: Door::of(ctx.channel) }
    }

    pub fn finish(self) -> Outcome {
        let silence_at = self.waits_until();
        Outcome { state: self.state, says: self.says, commands: self.commands, silence_at }
    }

    fn waits_until(&self) -> Option<Instant> {
        let asked_at = match &self.state.step {
            Step::Fresh | Step::Idle => return None,
            // The request goes on meanwhile.
            Step::AfterPlace { asked_at, .. } if self.door.threads => return Some(plus_secs(*asked_at, LETTER_SECS)),
            Step::AfterPlace { asked_at, .. } => *asked_at,
            Step::AwaitingText { asked_at, .. }
            | Step::AwaitingPlace { asked_at, .. }
            | Step::AwaitingReason { asked_at, .. }
            | Step::CrewAwaitingResult { asked_at, .. } => *asked_at,
        };
        Some(plus_secs(asked_at, self.ctx.limits.silence_secs))
    }

    /// Takes the step out for handling; `Idle` stands there until another is put back.
    pub fn take_step(&mut self) -> Step {
        std::mem::replace(&mut self.state.step, Step::Idle)
    }

    pub fn say(&mut self, key: &str) {
        self.say_with(key, Params::new(), Keyboard::None);
    }

    /// Keys are shown as far as the door can.
    pub fn say_with(&mut self, key: &str, params: Params, keyboard: Keyboard) {
        let keyboard = self.door.fit(keyboard);
        self.says.push(Say { key: key.to_owned(), params, keyboard, rank: Rank::Normal });
    }

    /// What to do first, for every danger that the message states.
    pub fn say_all_safety(&mut self, reading: &Reading) {
        let mut said = Vec::new();
        for hazard in reading.hazard.into_iter().chain(reading.others.iter().filter_map(|p| p.hazard)) {
            if !said.contains(&hazard) {
                said.push(hazard);
                self.say_safety(hazard);
            }
        }
    }

    fn say_safety(&mut self, hazard: Hazard) {
        self.says.push(Say { key: format!("safety.{hazard}"), params: Params::new(), keyboard: Keyboard::None, rank: Rank::Safety });
    }

    pub fn say_about(&mut self, key: &str, number: &RequestNumber) {
        self.say_with(key, Params::from([("number".to_owned(), number.to_string())]), Keyboard::None);
    }

    pub fn welcome(&mut self) {
        let keyboard = if self.door.short { Keyboard::None } else { button::languages() };
        self.say_with("welcome", Params::new(), keyboard);
    }

    /// The last request, while a further message may still belong to it.
    pub fn recent(&self) -> Option<&LastRequest> {
        let window = self.ctx.limits.join_window_secs;
        self.state.last.as_ref().filter(|l| self.ctx.now <= plus_secs(l.at, window))
    }

    /// The last request, while it is not ended: a message that plainly asks after it belongs to it however late it comes.
    pub fn standing(&self) -> Option<&LastRequest> {
        self.recent().or_else(|| self.state.last.as_ref().filter(|_| self.ctx.last_open))
    }

    /// The request that a file or a place without words belongs to.
    pub fn addressee(&self) -> Option<RequestNumber> {
        self.ctx.pending.or_else(|| self.recent().map(|l| &l.number)).cloned()
    }

    /// From now on further messages belong to this request.
    pub fn touch(&mut self, number: &RequestNumber) {
        let mut last = match self.state.last.take() {
            Some(l) if l.number == *number => l,
            _ => LastRequest { number: number.clone(), at: self.ctx.now, service: None, district: None, hazard: None, linked: Vec::new() },
        };
        last.at = self.ctx.now;
        self.state.last = Some(last);
    }

    pub fn draft(&self, text: &str, reading: &Reading, media: Vec<MediaRef>) -> Draft {
        Draft {
            text: text.to_owned(),
            reading: reading.clone(),
            media,
            location: None,
            district: reading.place.district().cloned(),
            rough: false,
            address: reading.address.clone(),
            received_at: self.ctx.received_at,
            reported_at: self.ctx.reported_at,
        }
    }

    /// The reading of a message without words.
    pub fn wordless(&self) -> Reading {
        let reply = self.state.reply_lang(self.ctx.lang_hint);
        Reading {
            lang: match reply {
                Lang::Kk => MessageLang::Kk,
                Lang::Ru => MessageLang::Ru,
            },
            reply,
            class: Guess::default(),
            service: Guess::default(),
            place: Place::Unknown,
            address: None,
            address_parts: None,
            hazard: None,
            needs_utility: false,
            empty: true,
            top_services: Vec::new(),
            top_classes: Vec::new(),
            others: Vec::new(),
            why: Vec::new(),
            version: String::new(),
        }
    }

    pub fn register(&mut self, draft: Draft) {
        self.commands.push(Command::Register(draft));
    }

    pub fn add(&mut self, number: RequestNumber, text: &str, media: Vec<MediaRef>, quiet: bool) {
        self.commands.push(Command::AddMessage { number, text: text.to_owned(), media, quiet });
    }

    /// A point, and the district it lies in.
    pub fn locate(&mut self, number: RequestNumber, location: Option<(f64, f64)>, district: Option<DistrictCode>, rough: bool) {
        self.commands.push(Command::Locate { number, location, district, rough, text: None });
    }

    /// A place in words.
    pub fn locate_by(&mut self, number: RequestNumber, district: Option<DistrictCode>, text: &str) {
        self.commands.push(Command::Locate { number, location: None, district, rough: false, text: Some(text.to_owned()) });
    }

    pub fn done(&mut self, number: RequestNumber, note: Option<String>, media: Vec<MediaRef>) {
        if let Some(group) = &mut self.state.media_group {
            group.number.get_or_insert_with(|| number.clone());
        }
        self.commands.push(Command::Crew(CrewCommand::Done { number, note, media }));
    }

    /// Ends what the chat waits for without a further answer: nothing that was said so far is lost.
    pub fn flush(&mut self) {
        match self.take_step() {
            Step::Fresh | Step::Idle | Step::AfterPlace { .. } => {}
            Step::AwaitingText { draft, .. } | Step::AwaitingPlace { draft, .. } => self.register(draft),
            Step::AwaitingReason { number, .. } => self.not_fixed(number, None, Vec::new()),
            Step::CrewAwaitingResult { number, note, media, .. } => self.done(number, note, media),
        }
    }

    pub fn not_fixed(&mut self, number: RequestNumber, reason: Option<&str>, media: Vec<MediaRef>) {
        self.touch(&number);
        self.commands.push(Command::NotFixed { number: number.clone(), reason: reason.map(str::to_owned) });
        if !media.is_empty() {
            self.add(number, "", media, true);
        }
    }

    /// The appointed time has come. A call that comes too early (the question was asked anew meanwhile) changes nothing.
    pub fn silence(&mut self) {
        if self.waits_until().is_some_and(|at| at <= self.ctx.now) {
            self.flush();
        }
    }
}
