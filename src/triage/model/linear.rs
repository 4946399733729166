//! The linear model itself: one row of small numbers per bucket, one column per label of each head.

use super::dense::{DENSE, Lexical, MOST_SERVICES};
use super::features::{BUCKET_BITS, Gram};
use super::math::softmax;
use crate::domain::{Class, Hazard, ServiceCode};
use std::ops::Range;

/// Columns: labels of all heads, and the last for how rare the bucket is.
pub(super) const LANES: usize = 32;
pub(super) const RARITY: usize = LANES - 1;
/// One unit of rarity.
pub(super) const RARITY_UNIT: f32 = 1.0 / 12.0;
pub(super) const BUCKETS: usize = 1 << BUCKET_BITS;

/// What is decided, each by its own columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    Service = 0,
    Class = 1,
    Hazard = 2,
}

impl Head {
    pub const ALL: [Self; 3] = [Self::Service, Self::Class, Self::Hazard];

    /// Its columns in a model of so many services. The first of the hazard's stands for "none".
    pub(super) fn columns(self, services: usize) -> Range<usize> {
        let class = services.min(MOST_SERVICES);
        let hazard = class + Class::ALL.len();
        match self {
            Self::Service => 0..class,
            Self::Class => class..hazard,
            Self::Hazard => hazard..hazard + 1 + Hazard::ALL.len(),
        }
    }
}

/// Scores of all labels before they become probabilities.
pub(super) type Scores = [f32; LANES];

/// Numbers of the model, ready for use.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Weights {
    pub services: Vec<ServiceCode>,
    pub rows: Vec<[i8; LANES]>,
    /// What one unit of a column is worth.
    pub unit: [f32; LANES],
    pub dense: Vec<[f32; LANES]>,
}

impl Weights {
    /// Scores of one message.
    pub fn score(&self, grams: &[Gram], lexical: &Lexical) -> Scores {
        let mut sums = [0i32; LANES];
        let mut length = 0i32;
        for gram in grams {
            let Some(row) = self.rows.get(gram.bucket as usize) else { continue };
            for (sum, w) in sums.iter_mut().zip(row) {
                *sum += i32::from(*w);
            }
            let rarity = i32::from(row[RARITY]);
            length += rarity * rarity;
        }
        let norm = norm(length);
        let mut out = [0.0; LANES];
        for ((o, sum), unit) in out.iter_mut().zip(sums).zip(self.unit) {
            *o = whole(sum) * unit * norm;
        }
        for (x, row) in lexical.numbers().into_iter().zip(&self.dense) {
            if x != 0.0 {
                for (o, w) in out.iter_mut().zip(row) {
                    *o += x * w;
                }
            }
        }
        out
    }

    /// How much each word of a message speaks for one label rather than for the others of its head.
    pub fn spoken(&self, grams: &[Gram], head: Head, label: usize, by_word: &mut Vec<i32>) {
        by_word.clear();
        let columns = head.columns(self.services.len());
        let others = i32::try_from(columns.len()).unwrap_or(1).max(2) - 1;
        for gram in grams {
            let Some(row) = self.rows.get(gram.bucket as usize) else { continue };
            let all: i32 = row.get(columns.clone()).unwrap_or_default().iter().map(|w| i32::from(*w)).sum();
            let own = row.get(columns.start + label).map_or(0, |w| i32::from(*w));
            let word = gram.word as usize;
            if by_word.len() <= word {
                by_word.resize(word + 1, 0);
            }
            if let Some(slot) = by_word.get_mut(word) {
                *slot += own * (others + 1) - all;
            }
        }
    }

    /// Probabilities of one head, its scores divided by a temperature.
    pub fn probabilities(&self, scores: &Scores, head: Head, temperature: f32) -> Vec<f32> {
        let mut out: Vec<f32> = scores.get(head.columns(self.services.len())).unwrap_or_default().iter().map(|s| s / temperature).collect();
        softmax(&mut out);
        out
    }
}

/// What every piece is multiplied by, so that long messages do not shout.
pub(super) fn norm(length: i32) -> f32 {
    if length > 0 { 1.0 / (whole(length).sqrt() * RARITY_UNIT) } else { 0.0 }
}

#[allow(clippy::cast_precision_loss, reason = "sums of at most a few million")]
const fn whole(n: i32) -> f32 {
    n as f32
}

const _: () = assert!(DENSE < 128 && MOST_SERVICES + 5 + 9 < LANES);
