//! The figures of each head.

use super::tally::{Tally, share};
use crate::domain::DistrictCode;
use crate::domain::class::words;
use serde::Serialize;
use std::collections::BTreeMap;

words! {
    /// A way of writing.
    Slice {
        Ru = "ru",
        /// Kazakh with at least one letter that only Kazakh has.
        Kk = "kk",
        /// Kazakh on a Russian keyboard.
        KkFolded = "kk_folded",
        Mixed = "mixed",
        /// Over half of the letters are Latin.
        Latin = "latin",
    }
}

/// Confidences at which coverage is shown against accuracy, in hundredths.
const STEPS: [u8; 7] = [30, 40, 50, 60, 70, 80, 90];

/// One message under one head.
pub(super) struct Row {
    pub gold: String,
    pub best: Option<String>,
    pub confidence: f32,
    pub sure: bool,
    pub slice: Option<Slice>,
}

/// Figures of a head with labels.
#[derive(Debug, Clone, Serialize)]
pub struct HeadScores {
    pub macro_f1: f64,
    pub accuracy: f64,
    /// Share that the gate passes.
    pub coverage: f64,
    pub accuracy_answered: f64,
    pub slices: BTreeMap<&'static str, SliceScores>,
    /// Right label, given label, count.
    pub confusion: BTreeMap<String, BTreeMap<String, usize>>,
    /// Coverage and accuracy from a confidence on.
    pub curve: Vec<Step>,
    #[serde(skip)]
    pub mistakes: Vec<(String, String, usize)>,
}

/// Figures of one way of writing.
#[derive(Debug, Clone, Serialize)]
pub struct SliceScores {
    pub n: usize,
    pub macro_f1: f64,
    pub accuracy: f64,
}

/// What answering only from a confidence on would give.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    pub confidence: f64,
    pub coverage: f64,
    pub accuracy: f64,
}

/// Figures of the place.
#[derive(Debug, Clone, Serialize)]
pub struct DistrictScores {
    pub accuracy_where_named: f64,
    /// Of the messages without a place, the share that got one.
    pub false_place_rate: f64,
    /// Messages whose name stands in several districts.
    pub asked: usize,
}

/// Figures of danger, whatever its kind.
#[derive(Debug, Clone, Serialize)]
pub struct HazardScores {
    pub recall: f64,
    pub precision: f64,
    pub misses: Vec<String>,
    #[serde(skip)]
    pub false_alarms: Vec<String>,
}

/// Figures of the language.
#[derive(Debug, Clone, Serialize)]
pub struct LanguageScores {
    pub accuracy: f64,
}

pub(super) fn head(rows: Vec<Row>) -> HeadScores {
    let tally = |keep: &dyn Fn(&Row) -> bool| {
        let mut t = Tally::default();
        rows.iter().filter(|r| keep(r)).for_each(|r| t.add(&r.gold, r.best.as_deref().unwrap_or_default()));
        t
    };
    let all = tally(&|_| true);
    let answered = tally(&|r| r.sure);
    let slices = Slice::ALL.iter().map(|slice| {
        let t = tally(&|r| r.slice == Some(*slice));
        (slice.as_str(), SliceScores { n: t.n(), macro_f1: t.macro_f1(), accuracy: t.accuracy() })
    });
    let curve = STEPS.iter().map(|step| {
        let t = tally(&|r| r.confidence * 100.0 >= f32::from(*step));
        Step { confidence: f64::from(*step) / 100.0, coverage: share(t.n(), rows.len()), accuracy: t.accuracy() }
    });
    HeadScores {
        macro_f1: all.macro_f1(),
        accuracy: all.accuracy(),
        coverage: share(answered.n(), rows.len()),
        accuracy_answered: answered.accuracy(),
        slices: slices.collect(),
        confusion: all.table(),
        curve: curve.collect(),
        mistakes: all.mistakes(),
    }
}

pub(super) fn district(rows: impl Iterator<Item = (Option<DistrictCode>, Option<DistrictCode>, bool)>) -> DistrictScores {
    let (mut named, mut right, mut unnamed, mut invented, mut asked) = (0, 0, 0, 0, 0);
    for (gold, given, ambiguous) in rows {
        asked += usize::from(ambiguous);
        if gold.is_some() {
            named += 1;
            right += usize::from(gold == given);
        } else {
            unnamed += 1;
            invented += usize::from(given.is_some());
        }
    }
    DistrictScores { accuracy_where_named: share(right, named), false_place_rate: share(invented, unnamed), asked }
}

pub(super) fn hazard<'a>(rows: impl Iterator<Item = (&'a str, bool, bool)>) -> HazardScores {
    let (mut found, mut misses, mut false_alarms) = (0usize, Vec::new(), Vec::new());
    for (text, gold, given) in rows {
        match (gold, given) {
            (true, true) => found += 1,
            (true, false) => misses.push(text.to_owned()),
            (false, true) => false_alarms.push(text.to_owned()),
            (false, false) => {}
        }
    }
    HazardScores { recall: share(found, found + misses.len()), precision: share(found, found + false_alarms.len()), misses, false_alarms }
}

pub(super) fn language(rows: impl Iterator<Item = bool>) -> LanguageScores {
    let all: Vec<bool> = rows.collect();
    LanguageScores { accuracy: share(all.iter().filter(|r| **r).count(), all.len()) }
}
