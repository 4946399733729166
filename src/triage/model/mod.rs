//! The linear model beside the word lists: hashed pieces of words and the counts of the lists, three heads, calibrated.

mod calibrate;
mod clusters;
mod corpus;
mod dense;
mod examples;
mod features;
mod file;
mod learn;
mod linear;
mod math;
mod noise;
mod speller;
mod trainer;

pub use corpus::Corpus;
pub(super) use dense::Lexical;
pub use examples::Example;
pub use file::ModelError;
pub(super) use learn::train;
pub use learn::{Learned, Plan};
pub use linear::Head;
pub use noise::{latin, polite, slips, unpunctuated};
pub use trainer::Effort;

use super::normalize::Normal;
use crate::domain::{Class, Hazard, ServiceCode};
use calibrate::Curve;
use features::grams;
pub(super) use features::{Gram, pattern_bucket};
use linear::Weights;
use speller::Speller;

/// A fitted model.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Model {
    weights: Weights,
    /// The words of the corpus.
    speller: Speller,
    temperature: [f32; 3],
    curves: [Curve; 3],
    /// The lists that counted for it.
    lists: String,
    /// Its own name: a part of its checksum.
    name: String,
}

/// Probabilities of every label, and how the words spoke for them.
#[derive(Debug, Clone, Default)]
pub(super) struct Opinion {
    grams: Vec<Gram>,
    pub services: Vec<f32>,
    pub classes: Vec<f32>,
    /// The first is "none", the others as in [`Hazard::ALL`].
    pub hazards: Vec<f32>,
}

impl Opinion {
    /// The probability that there is some danger.
    pub fn danger(&self) -> f32 {
        self.hazards.first().map_or(0.0, |none| 1.0 - none)
    }

    /// The likeliest kind of danger.
    pub fn kind(&self) -> Option<Hazard> {
        best(self.hazards.get(1..)?).and_then(|(at, _)| Hazard::ALL.get(at)).copied()
    }
}

/// The label of highest probability; of equals the first.
pub(super) fn best(probabilities: &[f32]) -> Option<(usize, f32)> {
    probabilities.iter().copied().enumerate().reduce(|a, b| if b.1 > a.1 { b } else { a })
}

impl Model {
    /// The message with its slips of the finger mended, if there are any.
    pub fn mend(&self, message: &Normal) -> Option<Normal> {
        self.speller.mend(message)
    }

    /// What it thinks of a message at which the lists have looked.
    pub fn judge(&self, message: &Normal, lexical: &Lexical) -> Opinion {
        let mut pieces = Vec::with_capacity(message.text.len() * 4);
        grams(&message.words, &lexical.patterns, |_| false, &mut pieces);
        let scores = self.weights.score(&pieces, lexical);
        let [s, c, h] = self.temperature;
        Opinion {
            services: self.weights.probabilities(&scores, Head::Service, s),
            classes: self.weights.probabilities(&scores, Head::Class, c),
            hazards: self.weights.probabilities(&scores, Head::Hazard, h),
            grams: pieces,
        }
    }

    /// The words that spoke most for a label, strongest first.
    pub fn spoken<'a>(&self, message: &'a Normal, opinion: &Opinion, head: Head, label: usize, most: usize) -> Vec<&'a str> {
        let mut by_word = Vec::new();
        self.weights.spoken(&opinion.grams, head, label, &mut by_word);
        let mut order: Vec<(usize, i32)> = by_word.into_iter().enumerate().filter(|(_, v)| *v > 0).collect();
        order.sort_by_key(|(at, v)| (std::cmp::Reverse(*v), *at));
        order
            .into_iter()
            .filter_map(|(at, _)| message.words.get(at))
            .map(|w| w.folded.as_str())
            .filter(|w| !w.starts_with(|c: char| c.is_ascii_digit()))
            .take(most)
            .collect()
    }

    /// Services in the order of [`Opinion::services`].
    pub fn services(&self) -> &[ServiceCode] {
        &self.weights.services
    }

    /// The threshold of a head for a target error.
    pub fn threshold(&self, head: Head, error: f32) -> f32 {
        self.curves.get(head as usize).map_or(1.01, |c| c.threshold(error))
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Version of the lists that counted for it.
    #[cfg(test)]
    pub fn lists(&self) -> &str {
        &self.lists
    }
}

/// The place of a class among the labels.
pub(super) fn class_at(class: Class) -> usize {
    Class::ALL.iter().position(|c| *c == class).unwrap_or(0)
}

/// The place of a danger, or of none, among the labels.
fn hazard_at(hazard: Option<Hazard>) -> usize {
    hazard.and_then(|h| Hazard::ALL.iter().position(|x| *x == h)).map_or(0, |at| at + 1)
}
