//! The one question of the service: where? And everything that may answer it.

use super::button;
use super::outcome::Command;
use super::said::{merge, wants_place};
use super::state::{Draft, Step};
use super::turn::{MAX_MEDIA, Turn};
use crate::domain::Class;
use crate::domain::RequestNumber;
use crate::domain::catalog::District;
use crate::domain::house;
use crate::domain::ids::DistrictCode;
use crate::domain::inbound::MediaRef;
use crate::domain::outgoing::{Keyboard, Params};
use crate::domain::reading::{Place, Reading};
use crate::domain::time::Instant;

/// In characters: what is longer is a story, not an address.
const ADDRESS_MAX: usize = 200;

impl Turn<'_> {
    /// Asks where. A name that stands in several districts is asked by those districts only.
    pub fn ask_place(&mut self, place: &Place) {
        let all = self.ctx.districts;
        let candidates: Vec<&District> = match place {
            Place::Ambiguous(codes) => all.iter().filter(|d| codes.contains(&d.code)).collect(),
            _ => Vec::new(),
        };
        if !candidates.is_empty() && candidates.len() < self.door.most() {
            return self.say_with("ask.which_district", Params::new(), button::districts(candidates, 0, self.door.most()));
        }
        self.say_with("ask.place", Params::new(), Keyboard::AskLocation);
        if self.door.has_keys() {
            self.show_districts(0);
        }
    }

    /// A page of the districts, as far as the place is asked just now.
    pub fn show_districts(&mut self, page: usize) {
        self.say_with("ask.district", Params::new(), button::districts(self.ctx.districts, page, self.door.most()));
    }

    /// Registers a draft whose place is known as far as it will be by this question; a district alone does not lead a crew to a door, so the house
    /// is asked after the number was given.
    pub fn register_placed(&mut self, draft: Draft) {
        let house = self.wants_house(&draft);
        self.register(draft);
        if house {
            self.state.step = Step::AfterPlace { number: None, asked_at: self.ctx.now, house: true };
            self.say("ask.house");
        }
    }

    fn wants_house(&self, draft: &Draft) -> bool {
        let known = draft.address.is_some() || draft.location.is_some() || draft.district.is_none();
        !known && !self.ctx.stale && (draft.reading.hazard.is_some() || wants_place(&draft.reading))
    }

    /// Words while a draft waits for its place. Asked once: whatever they say, the request goes on.
    pub fn place_answer(&mut self, mut draft: Draft, asked_at: Instant, text: &str, reading: &Reading, media: Vec<MediaRef>) {
        let with_media = !media.is_empty();
        draft.media.extend(media);
        merge(&mut draft, text, reading);
        if draft.reading.hazard.is_some() {
            return self.consider(draft);
        }
        if with_media && reading.empty && draft.media.len() < MAX_MEDIA {
            self.state.step = Step::AwaitingPlace { draft, asked_at };
            return;
        }
        if draft.address.is_none() && reading.place.district().is_none() && !reading.empty {
            draft.address = as_address(text);
        }
        if matches!(draft.reading.place, Place::Unknown) {
            draft.reading.place = reading.place.clone();
        }
        self.register_placed(draft);
    }

    /// Words while a registered danger waits for its place.
    pub fn after_place_answer(&mut self, asked: Asked, text: &str, reading: &Reading, media: Vec<MediaRef>) {
        let Asked { number, asked_at, house } = asked;
        let last = self.state.last.clone();
        let Some(number) = number.or_else(|| last.as_ref().map(|l| l.number.clone())) else {
            return self.consider(self.draft(text, reading, media));
        };
        let waiting = Step::AfterPlace { number: Some(number.clone()), asked_at, house };
        if house {
            return self.house_answer(&number, waiting, text, reading, media);
        }
        let district = reading.place.district().cloned();
        let named = district.is_some() || reading.address.is_some();
        let last_hazard = last.as_ref().and_then(|l| l.hazard);
        let other_danger = reading.hazard.is_some() && reading.hazard != last_hazard;
        // Right after the question a place that is named is the answer, whatever else is said; a letter days later may bring its own.
        let its_own = !named || self.door.threads;
        let other_matter = reading.class.sure && reading.service.sure && its_own && reading.service.best != last.and_then(|l| l.service);
        if other_danger || (other_matter && reading.hazard.is_none()) {
            return self.consider(self.draft(text, reading, media));
        }
        if reading.empty && media.is_empty() {
            self.state.step = waiting;
            return self.ask_place(&Place::Unknown);
        }
        // A letter days later says anything; only what reads like an address is one.
        let short = as_address(text).is_some() && (!self.door.threads || tells_house(text, reading, media.is_empty()));
        let plain_address = media.is_empty() && reading.hazard.is_none() && short;
        if !(named || plain_address) {
            self.state.step = waiting;
            return self.add(number, text, media, false);
        }
        self.locate_by(number.clone(), district, text);
        if !media.is_empty() {
            self.add(number, "", media, true);
        }
    }

    /// Words after the house was asked. They answer, or say more of the same, or begin something else.
    fn house_answer(&mut self, number: &RequestNumber, waiting: Step, text: &str, reading: &Reading, media: Vec<MediaRef>) {
        if reading.empty && media.is_empty() {
            self.state.step = waiting;
            return self.commands.push(Command::ShowStatus { number: number.clone() });
        }
        let joins = if self.is_address_of(number, text, reading) { Some(number.clone()) } else { self.joins(text, reading) };
        match joins {
            None => self.consider(self.draft(text, reading, media)),
            Some(to) if to == *number && tells_house(text, reading, media.is_empty()) => {
                self.locate_by(to.clone(), reading.place.district().cloned(), text);
                if !media.is_empty() {
                    self.add(to, "", media, true);
                }
            }
            Some(to) => {
                self.state.step = waiting;
                self.add(to, text, media, false);
            }
        }
    }

    /// An address and nothing that speaks of something else: not another service, danger or district.
    fn is_address_of(&self, number: &RequestNumber, text: &str, reading: &Reading) -> bool {
        let Some(last) = self.state.last.as_ref().filter(|l| l.number == *number) else { return false };
        let only = house::is_only_address(text);
        let same_service = only || reading.service.accepted().is_none_or(|s| last.service.as_ref() == Some(&s));
        let same_district = reading.place.district().is_none_or(|d| last.district.as_ref() == Some(d));
        let other =
            reading.hazard.is_some() || !reading.others.is_empty() || matches!(reading.class.accepted(), Some(Class::Complaint | Class::Proposal));
        (only || reading.address.is_some()) && same_service && same_district && !other
    }

    /// A shared place, or one pressed or resolved: answers the question, else belongs to the recent request, else begins a draft. Near an outline
    /// that is drawn roughly the point only completes what words said.
    pub fn placed(&mut self, location: Option<(f64, f64)>, district: Option<DistrictCode>, rough: bool) {
        match self.take_step() {
            Step::AwaitingPlace { mut draft, .. } => {
                set_place(&mut draft, location, district, rough);
                self.register_placed(draft);
            }
            Step::AwaitingText { mut draft, asked_at } => {
                set_place(&mut draft, location, district, rough);
                self.state.step = Step::AwaitingText { draft, asked_at };
            }
            Step::AwaitingReason { number, asked_at } => {
                self.locate(number.clone(), location, district, rough);
                self.state.step = Step::AwaitingReason { number, asked_at };
            }
            // The place of a job is the resident's word; where the crew stands does not change it.
            step @ Step::CrewAwaitingResult { .. } => {
                self.state.step = step;
                self.ask_result_again();
            }
            Step::AfterPlace { number: Some(number), .. } => self.locate(number, location, district, rough),
            Step::AfterPlace { number: None, .. } | Step::Fresh | Step::Idle => match self.addressee() {
                Some(number) => self.locate(number, location, district, rough),
                None if location.is_none() => self.say("button.old"),
                None => {
                    let mut draft = self.draft("", &self.wordless(), Vec::new());
                    set_place(&mut draft, location, district, rough);
                    self.consider(draft);
                }
            },
        }
    }

    /// "Skip": the request goes on without a place; a person will ask.
    pub fn skip_place(&mut self) {
        match self.take_step() {
            Step::AwaitingPlace { draft, .. } => self.register(draft),
            Step::AfterPlace { .. } => self.say("ask.skipped"),
            step => {
                self.state.step = step;
                self.say("button.old");
            }
        }
    }
}

fn set_place(draft: &mut Draft, location: Option<(f64, f64)>, district: Option<DistrictCode>, rough: bool) {
    draft.location = location.or(draft.location);
    draft.rough = rough;
    let named = draft.district.take();
    draft.district = if rough { named.or(district) } else { district.or(named) };
}

/// The open question for a place of a registered request.
pub(super) struct Asked {
    pub number: Option<RequestNumber>,
    pub asked_at: Instant,
    pub house: bool,
}

/// Does a message tell a street, a house, a flat? "5 мкр 12", "возле школы"; not "when will they come?".
fn tells_house(text: &str, reading: &Reading, alone: bool) -> bool {
    let named = reading.address.is_some() || house::is_only_address(text) || !matches!(reading.place, Place::Unknown);
    let words = text.split_whitespace().count();
    let number = text.chars().any(|c| c.is_ascii_digit());
    let unclear = !reading.class.sure && !reading.service.sure && !text.contains('?');
    named || (unclear && (number && words <= 8 || alone && (2..=4).contains(&words)))
}

fn as_address(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty() && text.chars().count() <= ADDRESS_MAX).then(|| text.to_owned())
}
