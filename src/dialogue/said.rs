//! Words: which request they make, which they belong to, which question they answer.

use super::crew::{Album, Evidence};
use super::outcome::Command;
use super::place::Asked;
use super::state::{Draft, LastRequest, Step};
use super::turn::{MAX_MEDIA, Turn};
use crate::domain::class::Class;
use crate::domain::house;
use crate::domain::inbound::{MediaKind, MediaRef};
use crate::domain::reading::{Place, Problem, Reading};
use crate::domain::{Instant, RequestNumber, ServiceCode};
use chrono::Datelike;

impl Turn<'_> {
    /// A message with words, and the file whose caption they are.
    pub fn text(&mut self, text: &str, reading: &Reading, media: Vec<MediaRef>) {
        if media.is_empty() && self.wish(text, reading) {
            return;
        }
        self.learn(text, reading);
        let lookup = if media.is_empty() { self.lookup(text) } else { None };
        match (self.take_step(), lookup) {
            (Step::CrewAwaitingResult { number, note, media: held, asked_at }, _) => {
                self.result_grows(Evidence { number, note, media: held, asked_at }, Some(text), media, Album::No);
            }
            (step, Some(number)) => {
                self.state.step = if step == Step::Fresh { Step::Idle } else { step };
                self.commands.push(Command::ShowStatus { number });
            }
            (Step::AwaitingReason { number, .. }, None) => {
                self.say_all_safety(reading);
                self.not_fixed(number, Some(text), media);
            }
            (Step::AwaitingPlace { draft, asked_at }, None) => self.place_answer(draft, asked_at, text, reading, media),
            (Step::AfterPlace { number, asked_at, house }, None) => {
                self.after_place_answer(Asked { number, asked_at, house }, text, reading, media);
            }
            (Step::AwaitingText { draft, asked_at }, None) => self.words_for(draft, asked_at, text, reading, media),
            (step @ (Step::Fresh | Step::Idle), None) => self.free(step == Step::Fresh, text, reading, media),
        }
    }

    /// An earlier message has new words. Which one it was is not known here: they go where it most likely went.
    pub fn edited(&mut self, text: &str, reading: &Reading) {
        let known = self.state.last.as_ref().and_then(|l| l.hazard);
        if reading.hazard.is_some() && reading.hazard != known {
            return self.text(text, reading, Vec::new());
        }
        match self.take_step() {
            Step::AwaitingPlace { mut draft, asked_at } => {
                merge(&mut draft, text, reading);
                if draft.has_place() {
                    self.register_placed(draft);
                } else {
                    self.state.step = Step::AwaitingPlace { draft, asked_at };
                }
            }
            Step::AwaitingReason { number, asked_at } => {
                self.add(number.clone(), text, Vec::new(), false);
                self.state.step = Step::AwaitingReason { number, asked_at };
            }
            step @ (Step::Fresh | Step::Idle | Step::AfterPlace { .. }) => match self.state.last.as_ref().map(|l| l.number.clone()) {
                Some(number) => {
                    self.add(number, text, Vec::new(), false);
                    self.state.step = step;
                }
                None => {
                    self.state.step = step;
                    self.text(text, reading, Vec::new());
                }
            },
            step @ (Step::AwaitingText { .. } | Step::CrewAwaitingResult { .. }) => {
                self.state.step = step;
                self.text(text, reading, Vec::new());
            }
        }
    }

    /// The language follows what is written until one is chosen. A message without letters teaches nothing.
    pub(super) fn learn(&mut self, text: &str, reading: &Reading) {
        if !self.state.lang_chosen && text.chars().any(char::is_alphabetic) {
            self.state.lang = Some(reading.reply);
        }
    }

    /// The text is nothing but a request number. The year must be one of ours: a telephone number may pass the check digit.
    fn lookup(&self, text: &str) -> Option<RequestNumber> {
        let number = RequestNumber::parse(text).ok()?;
        let year: i32 = number.digits().get(0..2)?.parse().ok()?;
        (24..=(self.ctx.now.year() + 1).rem_euclid(100)).contains(&year).then_some(number)
    }

    /// Nothing was asked.
    fn free(&mut self, first: bool, text: &str, reading: &Reading, media: Vec<MediaRef>) {
        if let Some(number) = self.ctx.pending.filter(|_| reading.empty) {
            // "Yes", "at home": it is an answer, however little it says.
            return self.add(number.clone(), text, media, false);
        }
        if reading.empty && media.is_empty() {
            let recent = self.recent().map(|l| l.number.clone());
            match recent {
                // An old "hello" is not worth a menu today.
                _ if self.ctx.stale => {}
                // "Hello, anyone?" right after a request: what stands with it is the answer.
                Some(number) => self.commands.push(Command::ShowStatus { number }),
                None if first => self.welcome(),
                None => self.say("ask.what"),
            }
            return;
        }
        match self.joins(text, reading) {
            Some(number) => self.add(number, text, media, false),
            None => self.consider(self.draft(text, reading, media)),
        }
    }

    /// The recent request which a further message belongs to. A message that clearly has an object of its own is a request of its own.
    pub(super) fn joins(&self, text: &str, reading: &Reading) -> Option<RequestNumber> {
        if let Some(number) = self.ctx.pending.filter(|n| !self.names_another(n, text, reading)) {
            return Some(number.clone());
        }
        let last = self.standing()?;
        if self.door.threads && !is_another_matter(last, reading) {
            return Some(last.number.clone());
        }
        if self.recent().is_none() && !plainly_of_before(last, text, reading) {
            return None;
        }
        if self.recent().is_some() && house::is_only_address(text) && reading.hazard.is_none() {
            return Some(last.number.clone());
        }
        if reading.hazard.is_some() && reading.hazard != last.hazard {
            return None;
        }
        let known = |s: &ServiceCode| last.service.as_ref() == Some(s) || last.linked.iter().any(|l| l.service.as_ref() == Some(s));
        if reading.others.iter().any(|p| !p.service.accepted().is_some_and(|s| known(&s))) {
            return None;
        }
        let same = match (reading.service.accepted(), reading.class.accepted()) {
            (_, Some(Class::Complaint | Class::Proposal)) => false,
            (Some(service), _) => {
                // More about one of several problems goes to that one's request.
                if let Some(other) = last.linked.iter().find(|l| l.service.as_ref() == Some(&service)) {
                    return Some(other.number.clone());
                }
                last.service.as_ref() == Some(&service)
            }
            // A fault of no named kind is another fault; "when will they come?" and "thank you" are about this one.
            (None, Some(Class::Incident)) => reading.hazard.is_some() || asks_after(text, reading),
            (None, _) => true,
        };
        same.then(|| last.number.clone())
    }

    /// An answer is awaited on this request: does the message plainly speak of another problem?
    fn names_another(&self, awaited: &RequestNumber, text: &str, reading: &Reading) -> bool {
        let last = self.state.last.as_ref().filter(|l| l.number == *awaited);
        let danger = reading.hazard.is_some() && last.is_none_or(|l| l.hazard != reading.hazard);
        if house::is_only_address(text) {
            // "Flat 45" sounds like trouble with housing to a model of words.
            return danger;
        }
        let service = reading.service.accepted().is_some_and(|s| last.is_none_or(|l| l.service.as_ref() != Some(&s)));
        let class = match reading.class.accepted() {
            Some(Class::Complaint | Class::Proposal) => true,
            Some(Class::Incident) => !reading.service.sure && text.split_whitespace().count() > 8,
            _ => false,
        };
        danger || service || class || !reading.others.is_empty()
    }

    /// Words for a file or a place that came before them.
    fn words_for(&mut self, mut draft: Draft, asked_at: Instant, text: &str, reading: &Reading, media: Vec<MediaRef>) {
        draft.media.extend(media);
        append(&mut draft.text, text);
        if reading.empty && draft.media.len() < MAX_MEDIA {
            self.state.step = Step::AwaitingText { draft, asked_at };
            return self.say("ask.what");
        }
        draft.named(reading.place.district().cloned());
        draft.address = reading.address.clone().or(draft.address);
        if reading.empty {
            return self.register(draft);
        }
        draft.reading = reading.clone();
        self.consider(draft);
    }

    /// A whole new request: register it, or ask first for the one thing that is missing. Danger is never asked first.
    pub fn consider(&mut self, draft: Draft) {
        let placed = draft.has_place() || self.ctx.stale;
        if draft.reading.hazard.is_some() {
            let place = draft.reading.place.clone();
            self.say_all_safety(&draft.reading);
            if placed {
                self.register_placed(draft);
            } else {
                self.register(draft);
                self.state.step = Step::AfterPlace { number: None, asked_at: self.ctx.now, house: false };
                self.ask_place(&place);
            }
            return;
        }
        if draft.reading.empty && !self.ctx.stale {
            self.state.step = Step::AwaitingText { draft, asked_at: self.ctx.now };
            let voice = draft_voice(&self.state.step);
            return self.say(if voice { "voice.kept" } else { "ask.what" });
        }
        if placed || !wants_place(&draft.reading) {
            return self.register_placed(draft);
        }
        let place = draft.reading.place.clone();
        if self.door.threads {
            self.register(draft);
            self.state.step = Step::AfterPlace { number: None, asked_at: self.ctx.now, house: false };
        } else {
            self.state.step = Step::AwaitingPlace { draft, asked_at: self.ctx.now };
        }
        self.ask_place(&place);
    }
}

/// A letter in the thread of a request: does it speak of something else all the same?
fn is_another_matter(last: &LastRequest, reading: &Reading) -> bool {
    let known = |s: &ServiceCode| last.service.as_ref() == Some(s) || last.linked.iter().any(|l| l.service.as_ref() == Some(s));
    let danger = reading.hazard.is_some() && reading.hazard != last.hazard;
    danger || reading.service.accepted().is_some_and(|s| !known(&s)) || !reading.others.is_empty()
}

/// A short question without a place, said right after a request, asks after that one.
fn asks_after(text: &str, reading: &Reading) -> bool {
    let placed = reading.address.is_some() || !matches!(reading.place, Place::Unknown);
    let words = text.split_whitespace().count();
    !placed && (words <= 3 || words <= 8 && text.trim_end().ends_with('?'))
}

/// A message long after its request: is it plainly about that one? Same object and no other place, or a short word that names none.
fn plainly_of_before(last: &LastRequest, text: &str, reading: &Reading) -> bool {
    let placed = reading.address.is_some() || !matches!(reading.place, Place::Unknown);
    if placed || reading.hazard.is_some() {
        return false;
    }
    let known = |s: &ServiceCode| last.service.as_ref() == Some(s) || last.linked.iter().any(|l| l.service.as_ref() == Some(s));
    match reading.service.accepted() {
        Some(service) => known(&service),
        None => text.split_whitespace().count() <= 8,
    }
}

/// Did a voice note come and nothing else?
fn draft_voice(step: &Step) -> bool {
    matches!(step, Step::AwaitingText { draft, .. } if draft.text.is_empty() && draft.media.iter().any(|m| m.kind == MediaKind::Voice))
}

/// Only a fault has a place that a crew must find. An unclear message with a known service is taken for a fault.
pub(super) fn wants_place(reading: &Reading) -> bool {
    match reading.class.best {
        Some(class) => class == Class::Incident,
        None => reading.service.best.is_some(),
    }
}

/// One line per message.
pub(super) fn append(to: &mut String, text: &str) {
    if !to.is_empty() && !text.is_empty() {
        to.push('\n');
    }
    to.push_str(text);
}

/// Completes a draft with a further message: what was unknown or unsure is taken from it.
pub(super) fn merge(draft: &mut Draft, text: &str, reading: &Reading) {
    append(&mut draft.text, text);
    let mine = &mut draft.reading;
    mine.hazard = mine.hazard.or(reading.hazard);
    let further = mine.service.sure && reading.service.sure && mine.service.best != reading.service.best;
    if further && reading.class.accepted() == Some(Class::Incident) {
        // The answer tells of something else besides.
        let (class, service) = (reading.class.clone(), reading.service.clone());
        mine.others.push(Problem { text: text.to_owned(), class, service, hazard: reading.hazard });
    }
    if !mine.class.sure && reading.class.sure {
        mine.class = reading.class.clone();
        mine.top_classes.clone_from(&reading.top_classes);
    }
    if !mine.service.sure && reading.service.sure {
        mine.service = reading.service.clone();
        mine.top_services.clone_from(&reading.top_services);
    }
    mine.others.extend(reading.others.iter().cloned());
    if mine.version.is_empty() {
        mine.version.clone_from(&reading.version);
    }
    let named = reading.place.district().cloned();
    if named.is_some() {
        mine.place = reading.place.clone();
    }
    if let Some(address) = &reading.address {
        draft.address = Some(address.clone());
    }
    mine.why.extend(reading.why.iter().cloned());
    draft.named(named);
}
