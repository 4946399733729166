//! Fits the weights: stochastic gradient descent on softmax losses, in a fixed order, so that the same examples always give the same bits.

use super::dense::{DENSE, Lexical, tells_danger};
use super::features::Gram;
use super::linear::{BUCKETS, Head, LANES, RARITY, RARITY_UNIT, Weights, norm};
use super::math::{exp, ln};
use crate::domain::ServiceCode;

/// How long and how hard to train.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    pub epochs: u32,
    /// Step at the start; it falls to nothing in a straight line.
    pub step: f32,
    /// Steps on what the word lists counted, in relation to the others.
    pub dense_step: f32,
    /// Pull towards zero per step and unit of step.
    pub pull: f32,
    pub dense_pull: f32,
    /// A piece must occur in so many messages.
    pub least: u32,
    /// How far rare labels are lifted: 0 not, 1 to equal weight.
    pub balance: f32,
}

impl Default for Effort {
    fn default() -> Self {
        Self { epochs: 12, step: 1.5, dense_step: 0.1, pull: 2e-5, dense_pull: 1e-4, least: 2, balance: 0.5 }
    }
}

/// One message as the trainer sees it.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub grams: Vec<Gram>,
    pub lexical: Lexical,
    /// The right label of every head, within the head. `None`: nobody said.
    pub gold: [Option<usize>; 3],
    pub weight: f32,
}

/// One row with its pieces weighed.
struct Ready {
    pieces: Vec<(u32, f32)>,
    dense: [f32; DENSE],
}

/// Fits a model to rows.
pub(super) fn fit(rows: &[&Row], services: &[ServiceCode], effort: &Effort) -> Weights {
    let rarity = rarities(rows, effort.least);
    let ready: Vec<Ready> = rows.iter().map(|r| prepare(r, &rarity)).collect();
    let lifts = lifts(rows, services.len(), effort.balance);
    let mut sparse = vec![[0.0f32; LANES]; BUCKETS];
    let mut dense = [[0.0f32; LANES]; DENSE];
    let mut shrink = 1.0f32;
    let mut order: Vec<u32> = (0..u32::try_from(rows.len()).unwrap_or(u32::MAX)).collect();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let steps = (count(rows.len()) * count(effort.epochs as usize)).max(1.0);
    let mut done = 0.0f32;
    for _ in 0..effort.epochs {
        dice.shuffle(&mut order);
        for at in &order {
            let (Some(row), Some(seen)) = (rows.get(*at as usize), ready.get(*at as usize)) else { continue };
            let step = effort.step * (1.0 - done / steps);
            done += 1.0;
            let mut scores = [0.0f32; LANES];
            for (b, x) in &seen.pieces {
                if let Some(w) = sparse.get(*b as usize) {
                    add(&mut scores, w, *x * shrink);
                }
            }
            for (w, x) in dense.iter().zip(seen.dense) {
                if x != 0.0 {
                    add(&mut scores, w, x);
                }
            }
            let blame = blame(&scores, row, services.len(), &lifts);
            // The lists know nearly every danger of the corpus. A second opinion is worth something only if it does not look at the first.
            let mut blind = blame;
            if let Some(columns) = blind.get_mut(Head::Hazard.columns(services.len())) {
                columns.fill(0.0);
            }
            shrink *= 1.0 - step * effort.pull;
            for (b, x) in &seen.pieces {
                if let Some(w) = sparse.get_mut(*b as usize) {
                    add(w, &blame, -step * x / shrink);
                }
            }
            let step = step * effort.dense_step;
            for (at, (w, x)) in dense.iter_mut().zip(seen.dense).enumerate() {
                if x != 0.0 {
                    if at > 0 {
                        w.iter_mut().for_each(|w| *w *= 1.0 - step * effort.dense_pull);
                    }
                    add(w, if tells_danger(at) { &blind } else { &blame }, -step * x);
                }
            }
        }
    }
    quantise(&sparse, &dense, shrink, &rarity, services)
}

fn add(sum: &mut [f32; LANES], row: &[f32; LANES], times: f32) {
    for (s, w) in sum.iter_mut().zip(row) {
        *s += w * times;
    }
}

/// How far the probabilities are from the truth, per label.
fn blame(scores: &[f32; LANES], row: &Row, services: usize, lifts: &[Vec<f32>; 3]) -> [f32; LANES] {
    let mut out = [0.0f32; LANES];
    for ((head, gold), lifts) in Head::ALL.into_iter().zip(row.gold).zip(lifts) {
        let Some(gold) = gold else { continue };
        let columns = head.columns(services);
        let (Some(out), Some(scores)) = (out.get_mut(columns.clone()), scores.get(columns)) else { continue };
        let top = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        for (o, s) in out.iter_mut().zip(scores) {
            *o = exp(s - top);
        }
        let sum: f32 = out.iter().sum();
        let weight = row.weight * lifts.get(gold).copied().unwrap_or(1.0);
        for (label, o) in out.iter_mut().enumerate() {
            *o = (*o / sum - if label == gold { 1.0 } else { 0.0 }) * weight;
        }
    }
    out
}

/// Rare labels weigh more, so that a seldom service is not drowned.
fn lifts(rows: &[&Row], services: usize, balance: f32) -> [Vec<f32>; 3] {
    Head::ALL.map(|head| {
        let mut counts = vec![0.0f32; head.columns(services).len()];
        for row in rows {
            if let Some(slot) = row.gold.get(head as usize).copied().flatten().and_then(|g| counts.get_mut(g)) {
                *slot += row.weight;
            }
        }
        let total: f32 = counts.iter().sum();
        let kinds = count(counts.iter().filter(|c| **c > 0.0).count()).max(1.0);
        counts.iter().map(|c| if *c > 0.0 { exp(balance * ln(total / kinds / c)).min(4.0) } else { 1.0 }).collect()
    })
}

/// In units: how rare a piece is among the messages, 0 for one that is too rare to be learnt from.
fn rarities(rows: &[&Row], least: u32) -> Vec<i8> {
    let mut counts = vec![0u32; BUCKETS];
    let mut seen: Vec<u32> = Vec::new();
    for row in rows {
        seen.clear();
        seen.extend(row.grams.iter().map(|g| g.bucket));
        seen.sort_unstable();
        seen.dedup();
        for b in &seen {
            if let Some(c) = counts.get_mut(*b as usize) {
                *c += 1;
            }
        }
    }
    let all = count(rows.len()) + 1.0;
    let units = |n: u32| if n < least { 0 } else { units((1.0 + ln(all / (count(n as usize) + 1.0))) / RARITY_UNIT) };
    counts.into_iter().map(units).collect()
}

fn prepare(row: &Row, rarity: &[i8]) -> Ready {
    let mut pieces: Vec<(u32, f32)> = Vec::with_capacity(row.grams.len());
    let mut length = 0i32;
    for g in &row.grams {
        let r = rarity.get(g.bucket as usize).copied().unwrap_or(0);
        length += i32::from(r) * i32::from(r);
        if r > 0 {
            pieces.push((g.bucket, f32::from(r) * RARITY_UNIT));
        }
    }
    pieces.sort_by_key(|(b, _)| *b);
    pieces.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        kept.1 += if same { next.1 } else { 0.0 };
        same
    });
    let norm = norm(length);
    pieces.iter_mut().for_each(|(_, x)| *x *= norm);
    Ready { pieces, dense: row.lexical.numbers() }
}

/// Puts the weights, times the rarity of their bucket, into one byte each.
fn quantise(sparse: &[[f32; LANES]], dense: &[[f32; LANES]; DENSE], shrink: f32, rarity: &[i8], services: &[ServiceCode]) -> Weights {
    let real = |row: &[f32; LANES], r: i8| row.map(|w| w * shrink * f32::from(r) * RARITY_UNIT);
    let mut most = [0.0f32; LANES];
    for (row, r) in sparse.iter().zip(rarity) {
        for (m, w) in most.iter_mut().zip(real(row, *r)) {
            *m = m.max(w.abs());
        }
    }
    let unit = most.map(|m| m / 127.0);
    let rows = sparse.iter().zip(rarity).map(|(row, r)| {
        let mut out = [0i8; LANES];
        for ((o, w), unit) in out.iter_mut().zip(real(row, *r)).zip(unit) {
            *o = if unit > 0.0 { units(w / unit) } else { 0 };
        }
        out[RARITY] = *r;
        out
    });
    Weights { services: services.to_vec(), rows: rows.collect(), unit, dense: dense.to_vec() }
}

/// To the nearest whole number of one byte.
#[allow(clippy::cast_possible_truncation, reason = "clamped to the range")]
fn units(x: f32) -> i8 {
    x.round().clamp(-127.0, 127.0) as i8
}

#[allow(clippy::cast_precision_loss, reason = "counts of messages")]
const fn count(n: usize) -> f32 {
    n as f32
}

/// A small generator of even chance (`SplitMix64`).
#[derive(Debug, Clone)]
pub(super) struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % (u64::try_from(n).unwrap_or(1).max(1))).unwrap_or(0)
    }

    /// True `share` times out of a thousand.
    pub fn chance(&mut self, share: usize) -> bool {
        self.below(1000) < share
    }

    fn shuffle(&mut self, list: &mut [u32]) {
        for i in (1..list.len()).rev() {
            let j = self.below(i + 1);
            list.swap(i, j);
        }
    }
}
