//! How good triage is on labelled messages: figures per head and per way of writing. Pure; latencies are measured by the caller.

mod heads;
mod tally;
mod text;

pub use heads::{DistrictScores, HazardScores, HeadScores, LanguageScores, Slice};
pub use text::as_text;

use super::model::Example;
use crate::domain::reading::{MessageLang, Place, Reading};
use heads::{Row, district, hazard, head, language};
use serde::Serialize;

/// All figures of one file.
#[derive(Debug, Clone, Serialize)]
pub struct Scores {
    pub n: usize,
    pub heads: Heads,
    pub latency_us: Latency,
}

/// The figures of every head.
#[derive(Debug, Clone, Serialize)]
pub struct Heads {
    pub class: HeadScores,
    pub service: HeadScores,
    pub district: DistrictScores,
    pub hazard: HazardScores,
    pub language: LanguageScores,
}

/// Microseconds of one reading.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Latency {
    pub p50: f64,
    pub p99: f64,
}

impl Latency {
    /// From the time of every reading, in nanoseconds.
    #[must_use]
    pub fn of(mut nanoseconds: Vec<u64>) -> Self {
        nanoseconds.sort_unstable();
        let at = |share: usize| {
            let index = (nanoseconds.len() * share / 100).min(nanoseconds.len().saturating_sub(1));
            nanoseconds.get(index).map_or(0.0, |ns| f64::from(u32::try_from(*ns / 10).unwrap_or(u32::MAX)) / 100.0)
        };
        Self { p50: at(50), p99: at(99) }
    }
}

/// The way of writing a message belongs to. Latin letters outrank the language.
#[must_use]
pub fn slice_of(example: &Example) -> Option<Slice> {
    let letters = example.text.chars().filter(|c| c.is_alphabetic()).count();
    let latin = example.text.chars().filter(char::is_ascii_alphabetic).count();
    if latin * 2 > letters {
        return Some(Slice::Latin);
    }
    Some(match example.lang? {
        MessageLang::Ru => Slice::Ru,
        MessageLang::Mixed => Slice::Mixed,
        MessageLang::Kk if example.text.chars().any(super::normalize::is_kazakh_letter) => Slice::Kk,
        MessageLang::Kk => Slice::KkFolded,
    })
}

/// Compares what triage read with what people say. Both lists are in the same order.
#[must_use]
pub fn evaluate(examples: &[Example], readings: &[Reading], latency_us: Latency) -> Scores {
    let pairs = || examples.iter().zip(readings);
    let classes = pairs().filter_map(|(e, r)| {
        let best = r.class.best.or_else(|| r.top_classes.first().map(|(c, _)| *c));
        Some(Row {
            gold: e.class?.to_string(),
            best: best.map(|b| b.to_string()),
            confidence: r.class.confidence,
            sure: r.class.sure,
            slice: slice_of(e),
        })
    });
    let services = pairs().filter_map(|(e, r)| {
        let best = r.service.best.as_ref().or_else(|| r.top_services.first().map(|(s, _)| s));
        let gold = e.service.as_ref()?.to_string();
        Some(Row { gold, best: best.map(ToString::to_string), confidence: r.service.confidence, sure: r.service.sure, slice: slice_of(e) })
    });
    let districts = pairs().filter_map(|(e, r)| Some((e.district.clone()?, r.place.district().cloned(), matches!(r.place, Place::Ambiguous(_)))));
    let hazards = pairs().filter_map(|(e, r)| Some((e.text.as_str(), e.hazard?.is_some(), r.hazard.is_some())));
    let languages = pairs().filter_map(|(e, r)| Some(e.lang? == r.lang));
    Scores {
        n: examples.len(),
        heads: Heads {
            class: head(classes.collect()),
            service: head(services.collect()),
            district: district(districts),
            hazard: hazard(hazards),
            language: language(languages),
        },
        latency_us,
    }
}

#[cfg(test)]
mod tests;
