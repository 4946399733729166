//! What the resident wants: counted cues with fitted weights, and rules that outrank them.

use super::files::parse;
use super::normalize::{Normal, fold_word};
use super::pattern::{Builder, Hits, PatternId, Patterns};
use crate::domain::reading::Guess;
use crate::domain::{Class, Hazard};
use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};

/// Number of cues that are counted.
pub(super) const CUES: usize = 17;
/// The lead (in log-odds) from which the guess passes the gate.
const SURE_LEAD: f32 = 1.6;
/// Counts above this add nothing: a long letter is not ten times angrier.
const CAP: usize = 4;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: String,
    thanks: ThanksWords,
    proposal: Two,
    complaint: Two,
    question: Two,
    defect: Two,
    repair: One,
    utility: One,
    outage: Outage,
    empty: EmptyWords,
    split: SplitWords,
    /// Per class: a bias and one weight per cue, in the order of [`Classes::cues`].
    weights: BTreeMap<String, Vec<f32>>,
}

#[derive(Debug, Deserialize)]
struct ThanksWords {
    strong: Vec<String>,
    closing: Vec<String>,
    done: Vec<String>,
    spoils: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Two {
    strong: Vec<String>,
    weak: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct One {
    strong: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Outage {
    strong: Vec<String>,
    not: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct EmptyWords {
    words: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SplitWords {
    joins: Vec<String>,
    adds: Vec<String>,
    cause: Vec<String>,
    together: Vec<(String, String)>,
    places: Vec<String>,
    at: Vec<String>,
    at_endings: Vec<String>,
}

/// Words at which one problem ends and the next begins, and pairs of services that are mostly one problem.
#[derive(Debug)]
pub(super) struct Joints {
    /// A new clause: "и", "а", "ал".
    pub joins: Vec<PatternId>,
    /// A further problem is announced: "и ещё", "тағы".
    pub adds: Vec<PatternId>,
    /// What follows is a reason, a wish or a condition, not a problem.
    pub cause: Vec<PatternId>,
    pub together: Vec<(String, String)>,
    /// Services whose nouns often only tell where something is.
    pub places: Vec<String>,
    /// Prepositions, folded, and Kazakh case endings of such a noun.
    pub at: HashSet<String>,
    pub at_endings: Vec<String>,
}

/// The words and weights of the classes.
#[derive(Debug)]
pub(super) struct Classes {
    thanks: [Vec<PatternId>; 4],
    pairs: [[Vec<PatternId>; 2]; 4],
    repair: Vec<PatternId>,
    utility: Vec<PatternId>,
    outage: [Vec<PatternId>; 2],
    empty: HashSet<String>,
    joints: Joints,
    weights: Vec<(Class, Vec<f32>)>,
}

impl Classes {
    pub fn load(text: &str, patterns: &mut Builder) -> Result<(Self, String), Vec<String>> {
        let file: File = parse("classes", text)?;
        let mut problems = Vec::new();
        let mut weights = Vec::new();
        for class in Class::ALL {
            match file.weights.get(class.as_str()) {
                Some(row) if row.len() == CUES + 1 && row.iter().all(|w| w.is_finite()) => weights.push((*class, row.clone())),
                _ => problems.push(format!("classes: weights.{class} must be {} numbers", CUES + 1)),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut ids = |words: &[String]| words.iter().map(|w| patterns.add(w)).collect::<Vec<_>>();
        let t = &file.thanks;
        let this = Self {
            thanks: [&t.strong, &t.closing, &t.done, &t.spoils].map(|w| ids(w)),
            pairs: [&file.proposal, &file.complaint, &file.question, &file.defect].map(|two| [ids(&two.strong), ids(&two.weak)]),
            repair: ids(&file.repair.strong),
            utility: ids(&file.utility.strong),
            outage: [ids(&file.outage.strong), ids(&file.outage.not)],
            empty: file.empty.words.iter().map(|w| fold_word(w)).collect(),
            joints: Joints {
                joins: ids(&file.split.joins),
                adds: ids(&file.split.adds),
                cause: ids(&file.split.cause),
                together: file.split.together,
                places: file.split.places,
                at: file.split.at.iter().map(|w| fold_word(w)).collect(),
                at_endings: file.split.at_endings.iter().map(|w| fold_word(w)).collect(),
            },
            weights,
        };
        Ok((this, file.version))
    }

    /// The counted cues, each from 0 to 1 or a little above: thanks, closing, done, spoils; proposal, complaint, question and defect (strong, weak
    /// each); repair; question mark; danger; short message; long message.
    pub fn cues(&self, hits: &Hits, message: &Normal, danger: bool) -> [f32; CUES] {
        let count = |ids: &[PatternId]| small(hits.count(ids).min(CAP));
        let flag = |b: bool| if b { 1.0 } else { 0.0 };
        let [t0, t1, t2, t3] = &self.thanks;
        let [p, c, q, d] = &self.pairs;
        let words = message.words.len();
        [
            count(t0),
            count(t1),
            count(t2),
            count(t3),
            count(&p[0]),
            count(&p[1]),
            count(&c[0]),
            count(&c[1]),
            count(&q[0]),
            count(&q[1]),
            count(&d[0]),
            count(&d[1]),
            count(&self.repair),
            flag(message.question),
            flag(danger),
            flag(words <= 5),
            flag(words > 25),
        ]
    }

    /// The class of a message.
    pub fn guess(&self, hits: &Hits, patterns: &Patterns, message: &Normal, danger: Option<Hazard>, why: &mut Vec<String>) -> Guess<Class> {
        if message.words.is_empty() {
            return Guess::default();
        }
        let cues = self.cues(hits, message, danger.is_some());
        let mut scores: Vec<(Class, f32)> = self.weights.iter().map(|(class, row)| (*class, score(row, &cues))).collect();
        scores.sort_by(|a, b| b.1.total_cmp(&a.1));
        let (Some((mut class, top)), Some((_, second))) = (scores.first().copied(), scores.get(1).copied()) else { return Guess::default() };
        let mut sure = top - second >= SURE_LEAD && cues.iter().take(CUES - 4).any(|c| *c > 0.0);
        let [thanks, closing, ..] = cues;
        if class == Class::Thanks && (thanks == 0.0 || closing > 0.0 || danger.is_some()) {
            // Gratitude needs a word of thanks, and neither "thanks in advance" nor a danger beside it.
            let next = scores.iter().find(|(c, _)| *c != Class::Thanks).map(|(c, _)| *c);
            class = next.unwrap_or(Class::Incident);
            sure = false;
            why.push("class:not_thanks".to_owned());
        }
        if danger.is_some() && matches!(class, Class::Consultation | Class::Proposal) {
            class = Class::Incident;
            why.push("class:danger_is_incident".to_owned());
        }
        let [outage, not_outage] = &self.outage;
        if class == Class::Consultation && hits.count(outage) > 0 && hits.count(not_outage) == 0 {
            // "When will the water be back?" is said where there is none.
            class = Class::Incident;
            sure = false;
            why.push("class:asked_as_a_question".to_owned());
        }
        let [p, c, q, d] = &self.pairs;
        let reasons = match class {
            Class::Thanks => self.thanks.first().map(Vec::as_slice),
            Class::Proposal => p.first().map(Vec::as_slice),
            Class::Complaint => c.first().map(Vec::as_slice),
            Class::Consultation => q.first().map(Vec::as_slice),
            Class::Incident => d.first().map(Vec::as_slice),
        };
        if let Some(id) = reasons.and_then(|ids| hits.first(ids)) {
            why.push(format!("class:{class}:{}", patterns.source(id)));
        }
        let sum: f32 = scores.iter().map(|(_, s)| (s - top).exp()).sum();
        Guess { best: Some(class), confidence: (1.0 / sum).clamp(0.0, 0.99), sure }
    }

    /// Where a message falls apart into problems.
    pub const fn joints(&self) -> &Joints {
        &self.joints
    }

    /// Signs that something is broken.
    pub fn defects(&self) -> &[PatternId] {
        let [.., defect] = &self.pairs;
        &defect[0]
    }

    /// A question that only the utility can answer.
    pub fn needs_utility(&self, hits: &Hits, class: Option<Class>) -> bool {
        class == Some(Class::Consultation) && hits.count(&self.utility) > 0
    }

    /// A greeting, "hello?", an emoji: nothing to register yet.
    pub fn is_empty(&self, message: &Normal) -> bool {
        message.words.len() <= 8 && message.words.iter().all(|w| self.empty.contains(&w.folded) || w.folded.chars().count() < 2)
    }
}

fn small(n: usize) -> f32 {
    f32::from(u8::try_from(n).unwrap_or(u8::MAX))
}

fn score(row: &[f32], cues: &[f32]) -> f32 {
    let bias = row.first().copied().unwrap_or_default();
    bias + row.iter().skip(1).zip(cues).map(|(w, c)| w * c).sum::<f32>()
}
