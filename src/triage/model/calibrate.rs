//! From scores to honest probabilities, and from a target error to a threshold.

use super::math::{ln, softmax};

/// Bins of a [`Curve`], each one hundredth wide.
pub(super) const BINS: usize = 100;

/// How often guesses of each confidence were right, on messages that the model had not been trained on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Curve {
    /// Per hundredth of confidence: guesses and, of them, right ones.
    pub bins: Vec<(u16, u16)>,
}

impl Curve {
    /// Counts guesses: their confidence and whether they were right.
    pub fn count(guesses: impl Iterator<Item = (f32, bool)>) -> Self {
        let mut bins = vec![(0u16, 0u16); BINS];
        for (confidence, right) in guesses {
            if let Some((all, good)) = bins.get_mut(bin(confidence)) {
                *all = all.saturating_add(1);
                *good = good.saturating_add(u16::from(right));
            }
        }
        Self { bins }
    }

    /// The lowest confidence from which on no more than this share of guesses was wrong. Above 1 when there is none.
    pub fn threshold(&self, error: f32) -> f32 {
        let (mut all, mut wrong) = (0u32, 0u32);
        let mut threshold = 1.01f32;
        for (at, (n, good)) in self.bins.iter().enumerate().rev() {
            all += u32::from(*n);
            wrong += u32::from(n.saturating_sub(*good));
            if all > 0 && share(wrong, all) <= error {
                threshold = share(u32::try_from(at).unwrap_or(u32::MAX), 100);
            }
        }
        threshold
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range")]
fn bin(confidence: f32) -> usize {
    ((confidence * 100.0).clamp(0.0, 99.0)) as usize
}

#[allow(clippy::cast_precision_loss, reason = "counts of messages")]
fn share(part: u32, all: u32) -> f32 {
    part as f32 / all as f32
}

/// The temperature under which the probabilities of held-out messages were most honest: least surprise over a fixed grid.
pub(super) fn temperature(held_out: &[(Vec<f32>, usize)]) -> f32 {
    let surprise = |t: f32| -> f32 {
        let mut sum = 0.0f32;
        for (scores, gold) in held_out {
            let mut p: Vec<f32> = scores.iter().map(|s| s / t).collect();
            softmax(&mut p);
            sum -= ln(p.get(*gold).copied().unwrap_or(0.0).max(1e-6));
        }
        sum
    };
    let grid = (0..40u8).map(|i| 0.3 + 0.075 * f32::from(i));
    let best = grid.map(|t| (surprise(t), t)).min_by(|a, b| a.0.total_cmp(&b.0));
    best.map_or(1.0, |(_, t)| t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_follow_the_error() {
        let sure = (0..90).map(|i| (0.95, i != 0));
        let weak = (0..100).map(|i| (0.55, i % 2 == 0));
        let curve = Curve::count(sure.chain(weak));
        assert!((curve.threshold(0.02) - 0.56).abs() < 0.4 && curve.threshold(0.02) > 0.55);
        assert!(curve.threshold(0.5) <= 0.55);
        assert!(curve.threshold(0.0) > 1.0);
    }

    #[test]
    fn loud_scores_are_cooled() {
        let wrong_half: Vec<(Vec<f32>, usize)> = (0..50).map(|i| (vec![5.0, 0.0], usize::from(i % 3 == 0))).collect();
        assert!(temperature(&wrong_half) > 2.0);
    }
}
