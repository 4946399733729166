//! The one question of the service: where? And everything that may answer it.

use super::button;
use super::said::merge;
use super::state::{Draft, Step};
use super::turn::{MAX_MEDIA, Turn};
use crate::domain::RequestNumber;
use crate::domain::catalog::District;
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
        if !candidates.is_empty() && self.has_buttons() {
            return self.say_with("ask.which_district", Params::new(), button::districts(candidates));
        }
        self.say_with("ask.place", Params::new(), Keyboard::AskLocation);
        if self.has_buttons() {
            self.say_with("ask.district", Params::new(), button::districts(all));
        }
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
        self.register(draft);
    }

    /// Words while a registered danger waits for its place.
    pub fn after_place_answer(&mut self, number: Option<RequestNumber>, asked_at: Instant, text: &str, reading: &Reading, media: Vec<MediaRef>) {
        let last = self.state.last.clone();
        let Some(number) = number.or_else(|| last.as_ref().map(|l| l.number.clone())) else {
            return self.consider(self.draft(text, reading, media));
        };
        let waiting = Step::AfterPlace { number: Some(number.clone()), asked_at };
        let district = reading.place.district().cloned();
        let named = district.is_some() || reading.address.is_some();
        let last_hazard = last.as_ref().and_then(|l| l.hazard);
        let other_danger = reading.hazard.is_some() && reading.hazard != last_hazard;
        let other_matter = reading.class.sure && reading.service.sure && !named && reading.service.best != last.and_then(|l| l.service);
        if other_danger || (other_matter && reading.hazard.is_none()) {
            return self.consider(self.draft(text, reading, media));
        }
        if reading.empty && media.is_empty() {
            self.state.step = waiting;
            return self.ask_place(&Place::Unknown);
        }
        let plain_address = media.is_empty() && reading.hazard.is_none() && as_address(text).is_some();
        if !(named || plain_address) {
            self.state.step = waiting;
            return self.add(number, text, media, false);
        }
        self.locate_by(number.clone(), district, text);
        if !media.is_empty() {
            self.add(number, "", media, true);
        }
    }

    /// A shared place, or one pressed or resolved: answers the question, else belongs to the recent request, else begins a draft. Near an outline
    /// that is drawn roughly the point only completes what words said.
    pub fn placed(&mut self, location: Option<(f64, f64)>, district: Option<DistrictCode>, rough: bool) {
        match self.take_step() {
            Step::AwaitingPlace { mut draft, .. } => {
                set_place(&mut draft, location, district, rough);
                self.register(draft);
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
            Step::AfterPlace { number: None, .. } | Step::Fresh | Step::Idle => match self.recent().map(|l| l.number.clone()) {
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

fn as_address(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty() && text.chars().count() <= ADDRESS_MAX).then(|| text.to_owned())
}
