//! Understanding what a resident wrote: language, danger, service, class, place. Pure: texts of the word lists in, a [`Reading`] out.

mod address;
mod borders;
mod class;
mod danger;
mod files;
mod language;
mod normalize;
mod pattern;
mod place;
mod place_context;
mod place_name;
mod service;
mod spelling;
#[cfg(test)]
mod tests;

pub use borders::Located;
pub use files::TriageFiles;
pub use normalize::{Normal, fold_word, normalize};

use crate::domain::reading::Reading;
use crate::domain::{DistrictCode, ServiceCode};
use pattern::{Builder, Patterns};

/// Reads messages. Built once, shared between threads.
#[derive(Debug)]
pub struct Triage {
    patterns: Patterns,
    services: service::Services,
    dangers: danger::Dangers,
    classes: class::Classes,
    languages: language::Languages,
    gazetteer: place::Gazetteer,
    borders: borders::Borders,
    version: String,
}

impl Triage {
    /// Builds triage from its files.
    ///
    /// # Errors
    /// Every problem of every file, one line each.
    pub fn load(files: &TriageFiles<'_>) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        let mut patterns = Builder::default();
        let services = kept(service::Services::load(files.services, &mut patterns), &mut problems);
        let dangers = kept(danger::Dangers::load(files.hazards, &mut patterns), &mut problems);
        let classes = kept(class::Classes::load(files.classes, &mut patterns), &mut problems);
        let languages = kept(language::Languages::load(files.language), &mut problems);
        let gazetteer = kept(place::Gazetteer::load(files.gazetteer, files.microdistricts), &mut problems);
        let borders = kept(borders::Borders::load(files.borders), &mut problems);
        let patterns = kept(patterns.build(), &mut problems);
        match (services, dangers, classes, languages, gazetteer, borders, patterns) {
            (
                Some((services, s)),
                Some((dangers, d)),
                Some((classes, c)),
                Some((languages, l)),
                Some((gazetteer, g)),
                Some((borders, b)),
                Some(patterns),
            ) if problems.is_empty() => {
                let version = format!("lexicon-{s}.{d}.{c}.{l}-geo-{g}.{b}");
                Ok(Self { patterns, services, dangers, classes, languages, gazetteer, borders, version })
            }
            _ => Err(problems),
        }
    }

    /// Reads one message. Any text is fine, an empty one too.
    #[must_use]
    pub fn read(&self, text: &str) -> Reading {
        let message = normalize(text);
        let hits = self.patterns.find(&message);
        let mut why = Vec::new();
        let hazard = self.dangers.find(&hits, &self.patterns, &mut why);
        let service = self.services.guess(&hits, &self.patterns, &mut why);
        let class = self.classes.guess(&hits, &self.patterns, &message, hazard, &mut why);
        let (lang, reply) = self.languages.read(&message);
        let place = self.gazetteer.find(&message, &mut why);
        let empty = hazard.is_none() && service.best.is_none() && self.classes.is_empty(&message);
        Reading {
            lang,
            reply,
            needs_utility: self.classes.needs_utility(&hits, class.best),
            class,
            service,
            place,
            address: address::find(text),
            hazard,
            empty,
            top_services: Vec::new(),
            top_classes: Vec::new(),
            others: Vec::new(),
            why,
            version: self.version.clone(),
        }
    }

    /// The services that may be meant, best first: what a dispatcher is offered when the gate is shut.
    #[must_use]
    pub fn services_ranked(&self, text: &str) -> Vec<ServiceCode> {
        let hits = self.patterns.find(&normalize(text));
        self.services.scores(&hits).into_iter().filter(|(_, s)| *s > 0).take(3).map(|(c, _)| c.clone()).collect()
    }

    /// The counted class cues of a message: features for a model behind the same interface, and for fitting the weights in `classes.toml`.
    #[must_use]
    pub fn cues(&self, text: &str) -> Vec<f32> {
        let message = normalize(text);
        let hits = self.patterns.find(&message);
        let danger = self.dangers.find(&hits, &self.patterns, &mut Vec::new()).is_some();
        self.classes.cues(&hits, &message, danger).to_vec()
    }

    /// The district of a point, `None` outside the oblast.
    #[must_use]
    pub fn locate(&self, lat: f64, lon: f64) -> Option<DistrictCode> {
        self.district_at(lat, lon).map(|l| l.district)
    }

    /// The same, and whether the answer is certain.
    #[must_use]
    pub fn district_at(&self, lat: f64, lon: f64) -> Option<Located> {
        self.borders.district_at(lat, lon)
    }

    /// Latitude and longitude of a settlement, named as [`crate::domain::reading::Place::Found`] names it.
    #[must_use]
    pub fn settlement_point(&self, district: &DistrictCode, name: &str) -> Option<(f64, f64)> {
        self.gazetteer.point(district, name)
    }

    /// Version of the word lists and maps.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }
}

/// The good part, with the problems put aside.
fn kept<T>(result: Result<T, Vec<String>>, problems: &mut Vec<String>) -> Option<T> {
    result.map_err(|p| problems.extend(p)).ok()
}
