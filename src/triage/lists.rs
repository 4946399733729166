//! The word lists and maps together, and what they say of a message before any model is asked.

use super::files::TriageFiles;
use super::model::{Gram, Lexical, pattern_bucket};
use super::normalize::Normal;
use super::pattern::{Builder, Hits, Patterns};
use super::{borders, class, danger, language, place, service};
use crate::domain::reading::Guess;
use crate::domain::{Hazard, ServiceCode};
use std::ops::Range;

/// Everything that is read from files. Shared by all models of a process.
#[derive(Debug)]
pub(super) struct Lists {
    pub patterns: Patterns,
    pub services: service::Services,
    pub dangers: danger::Dangers,
    pub classes: class::Classes,
    pub languages: language::Languages,
    pub gazetteer: place::Gazetteer,
    pub borders: borders::Borders,
    pub version: String,
    /// The model's bucket of every pattern.
    buckets: Vec<u32>,
    /// These the model does not see: its opinion on danger is to be its own.
    danger_patterns: Range<usize>,
}

/// What the lists say of one message.
#[derive(Debug)]
pub(super) struct Look {
    pub hits: Hits,
    pub hazard: Option<Hazard>,
    pub service: Guess<ServiceCode>,
    pub lexical: Lexical,
    pub why: Vec<String>,
}

impl Lists {
    pub fn load(files: &TriageFiles<'_>) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        let mut patterns = Builder::default();
        let services = kept(service::Services::load(files.services, &mut patterns), &mut problems);
        let first_danger = patterns.next();
        let dangers = kept(danger::Dangers::load(files.hazards, &mut patterns), &mut problems);
        let danger_patterns = first_danger..patterns.next();
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
                let buckets = patterns.sources().map(pattern_bucket).collect();
                Ok(Self { buckets, danger_patterns, patterns, services, dangers, classes, languages, gazetteer, borders, version })
            }
            _ => Err(problems),
        }
    }

    /// Looks at one message. `services` names the scores wanted, in their order.
    pub fn look(&self, message: &Normal, services: &[ServiceCode]) -> Look {
        let hits = self.patterns.find(message);
        let mut why = Vec::new();
        let hazard = self.dangers.find(&hits, &self.patterns, &mut why);
        let hazard_over = why.iter().any(|w| w.starts_with("hazard_over"));
        let service = self.services.guess(&hits, &self.patterns, &mut why);
        let class = self.classes.guess(&hits, &self.patterns, message, hazard, &mut why);
        let scores = self.services.scores(&hits);
        let score = |code: &ServiceCode| scores.iter().find(|(c, _)| *c == code).map_or(0, |(_, s)| *s);
        let gram = |(id, word): (usize, usize)| Some(Gram { bucket: *self.buckets.get(id)?, word: u32::try_from(word).ok()? });
        let patterns = hits.first_places().filter(|(id, _)| !self.danger_patterns.contains(id)).filter_map(gram).collect();
        let lexical = Lexical {
            patterns,
            services: services.iter().map(score).collect(),
            cues: self.classes.cues(&hits, message, hazard.is_some()),
            class: class.best,
            hazard,
            hazard_over,
            latin: message.latin,
            words: message.words.len(),
        };
        Look { hits, hazard, service, lexical, why }
    }
}

/// The good part, with the problems put aside.
fn kept<T>(result: Result<T, Vec<String>>, problems: &mut Vec<String>) -> Option<T> {
    result.map_err(|p| problems.extend(p)).ok()
}
