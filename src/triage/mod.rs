//! Understanding what a resident wrote: language, danger, service, class, place. Pure: texts of the word lists in, a [`Reading`] out.

mod address;
mod address_words;
mod borders;
mod class;
mod courtesy;
mod danger;
mod files;
mod language;
mod lists;
mod model;
#[cfg(test)]
mod model_tests;
mod normalize;
mod pattern;
mod place;
mod place_choice;
mod place_context;
mod place_ending;
mod place_name;
mod place_typo;
pub mod scores;
mod service;
mod settle;
mod spelling;
mod split;
#[cfg(test)]
mod tests;
mod verdict;
#[cfg(test)]
mod words_tests;

pub use borders::Located;
pub use files::TriageFiles;
pub use model::{Corpus, Effort, Example, Learned, ModelError, Plan, latin, polite, slips, unpunctuated};
pub use normalize::{Normal, fold_word, normalize};
pub use settle::{among, settle};
pub use verdict::Targets;

use crate::domain::reading::{Place, Problem, Reading};
use crate::domain::{Class, DistrictCode};
use lists::Lists;
use model::Model;
use std::sync::Arc;
use verdict::{Gates, Verdict};

/// The model that is shipped inside the binary.
const MODEL: &[u8] = include_bytes!("../../config/triage/model.bin");

/// Reads messages. Built once, shared between threads. A clone with another model shares the word lists.
#[derive(Debug, Clone)]
pub struct Triage {
    lists: Arc<Lists>,
    model: Arc<Model>,
    targets: Targets,
    gates: Gates,
    version: Arc<str>,
}

impl Triage {
    /// Builds triage from its files and the shipped model.
    ///
    /// # Errors
    /// Every problem of every file, one line each.
    pub fn load(files: &TriageFiles<'_>) -> Result<Self, Vec<String>> {
        let lists = Lists::load(files)?;
        let model = Model::from_bytes(files.model.unwrap_or(MODEL)).map_err(|e| vec![format!("model: {e}")])?;
        Ok(Self::new(Arc::new(lists), model, Targets::default()))
    }

    fn new(lists: Arc<Lists>, model: Model, targets: Targets) -> Self {
        let gates = Gates::new(&model, &targets);
        let version = format!("{}-model-{}", lists.version, model.name()).into();
        Self { lists, model: Arc::new(model), targets, gates, version }
    }

    /// The same word lists and gates with another model.
    ///
    /// # Errors
    /// [`ModelError`] when the bytes are not a model for this program.
    pub fn with_model(&self, bytes: &[u8]) -> Result<Self, ModelError> {
        Ok(Self::new(Arc::clone(&self.lists), Model::from_bytes(bytes)?, self.targets))
    }

    /// The same with other targets for the gates.
    #[must_use]
    pub fn with_targets(mut self, targets: Targets) -> Self {
        self.targets = targets;
        self.gates = Gates::new(&self.model, &targets);
        self
    }

    /// Fits a model to labelled messages. Pure: the same examples in the same order always give the same bytes. It takes seconds.
    #[must_use]
    pub fn train(&self, examples: &[Example], plan: &Plan) -> Learned {
        model::train(&self.lists, examples, plan)
    }

    /// The same without a model at hand: what `train` does when the shipped one is of another version.
    ///
    /// # Errors
    /// Every problem of every file, one line each.
    pub fn train_from(files: &TriageFiles<'_>, examples: &[Example], plan: &Plan) -> Result<Learned, Vec<String>> {
        Ok(model::train(&Lists::load(files)?, examples, plan))
    }

    /// Reads one message. Any text is fine, an empty one too.
    #[must_use]
    pub fn read(&self, text: &str) -> Reading {
        let typed = normalize(text);
        let mended = self.model.mend(&typed);
        let lists = &self.lists;
        let (lang, reply) = lists.languages.read(&typed);
        let mut message = mended.unwrap_or_else(|| typed.clone());
        let mut look = lists.look(&message, self.model.services());
        let empty = look.hazard.is_none() && look.service.best.is_none() && lists.classes.is_empty(&message);
        let mut whole = verdict::weigh(&self.model, &self.gates, &message, &look, look.hazard);
        if let Some(rest) = courtesy::without(&message) {
            look = lists.look(&rest, self.model.services());
            let bare = verdict::weigh(&self.model, &self.gates, &rest, &look, look.hazard);
            // The closing thanks may be all the thanks there is: "Свет дали. Спасибо!"
            let grateful = whole.class.best == Some(Class::Thanks) && !bare.class.sure && bare.hazard.is_none();
            whole = if grateful { Verdict { class: whole.class, top_classes: whole.top_classes, ..bare } } else { bare };
            message = rest;
        }
        let mut why = look.why;
        why.extend(whole.why);
        let mut problems = self.problems(&message, &look.hits).into_iter();
        let place = lists.gazetteer.find(&typed, &mut why);
        let address = address::read(text);
        let (service, class, hazard) =
            problems.next().map_or((whole.service, whole.class, whole.hazard), |lead| (lead.service, lead.class, lead.hazard.or(whole.hazard)));
        Reading {
            lang,
            reply,
            needs_utility: lists.classes.needs_utility(&look.hits, class.best),
            class,
            service,
            place,
            address: address.as_ref().map(|a| a.typed.clone()),
            address_parts: address,
            hazard,
            empty,
            top_services: whole.top_services,
            top_classes: whole.top_classes,
            others: problems.collect(),
            why,
            version: self.version.as_ref().to_owned(),
        }
    }

    /// The problems of a message that states several, the most dangerous first; nothing for one that states a single problem.
    fn problems(&self, message: &Normal, hits: &pattern::Hits) -> Vec<Problem> {
        let l = &self.lists;
        let splitter = split::Splitter { services: &l.services, classes: &l.classes, dangers: &l.dangers, patterns: &l.patterns };
        let read = |part: split::Statement| {
            let v = verdict::of_part(l, &self.model, &self.gates, &part.message, part.hazard);
            Problem { text: part.message.source, class: v.class, service: v.service, hazard: v.hazard }
        };
        splitter.split(message, hits).into_iter().map(read).collect()
    }

    /// The district of a point, `None` outside the oblast.
    #[must_use]
    pub fn locate(&self, lat: f64, lon: f64) -> Option<DistrictCode> {
        self.district_at(lat, lon).map(|l| l.district)
    }

    /// The same, and whether the answer is certain.
    #[must_use]
    pub fn district_at(&self, lat: f64, lon: f64) -> Option<Located> {
        self.lists.borders.district_at(lat, lon)
    }

    /// The place that an address names, by the gazetteer alone.
    #[must_use]
    pub fn place_in(&self, address: &str) -> Place {
        self.lists.gazetteer.find(&normalize(address), &mut Vec::new())
    }

    /// Latitude and longitude of a settlement, named as [`crate::domain::reading::Place::Found`] names it.
    #[must_use]
    pub fn settlement_point(&self, district: &DistrictCode, name: &str) -> Option<(f64, f64)> {
        self.lists.gazetteer.point(district, name)
    }

    /// Version of the word lists, the maps and the model.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }
}
