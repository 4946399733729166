//! From labelled messages to a model: other spellings are added, held-out guesses are made by cluster, and from them come temperatures and curves.

use super::calibrate::{Curve, temperature};
use super::clusters::{clusters, text_hash};
use super::examples::Example;
use super::features::grams;
use super::linear::{Head, Scores};
use super::math::softmax;
use super::speller::Speller;
use super::trainer::{Dice, Effort, Row, fit};
use super::{Model, best, class_at, hazard_at, noise};
use crate::domain::ServiceCode;
use crate::triage::lists::Lists;
use crate::triage::normalize::{Normal, normalize};
use std::collections::BTreeMap;

/// Copies of every example with slips of the finger.
const NOISY: u64 = 4;

/// An author of fewer lines is no group of their own.
const LEAST_OF_AUTHOR: usize = 100;

/// How to learn.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub effort: Effort,
    /// Parts for the held-out guesses where the examples are not of several authors.
    pub folds: usize,
    /// Weight of each added spelling beside its original.
    pub spelling_weight: f32,
}

impl Default for Plan {
    fn default() -> Self {
        Self { effort: Effort::default(), folds: 5, spelling_weight: 1.0 }
    }
}

/// A model and how its held-out guesses did.
#[derive(Debug, Clone)]
pub struct Learned {
    pub bytes: Vec<u8>,
    pub examples: usize,
    /// Share of right held-out guesses: service, class, danger or none.
    pub held_out: [f32; 3],
}

/// One example with all its spellings.
struct Prepared {
    rows: Vec<Row>,
}

/// Fits a model to examples. Pure, and always the same bytes for the same lists and examples in the same order.
#[must_use]
pub(in crate::triage) fn train(lists: &Lists, examples: &[Example], plan: &Plan) -> Learned {
    let services = lists.services.codes();
    let plain: Vec<Normal> = examples.iter().map(|e| normalize(&e.text)).collect();
    let speller = Speller::learn(plain.iter());
    let prepared: Vec<Prepared> = examples.iter().map(|e| prepare(lists, &speller, e, &services, plan)).collect();
    let texts: Vec<&str> = plain.iter().map(|m| m.text.as_str()).collect();
    let groups = groups(examples, &texts, plan.folds.max(2));
    let guesses = held_out(&prepared, &groups, &services, plan);
    let per_head = Head::ALL.map(|head| {
        let columns = head.columns(services.len());
        let known = prepared.iter().zip(&guesses).filter_map(|(p, s)| Some((p.rows.first()?.gold.get(head as usize).copied()??, s)));
        known.map(|(gold, s)| (s.get(columns.clone()).unwrap_or_default().to_vec(), gold)).collect::<Vec<_>>()
    });
    let temperature = [0, 1, 2].map(|h| per_head.get(h).map_or(1.0, |list| temperature(list)));
    let all: Vec<&Row> = prepared.iter().flat_map(|p| &p.rows).collect();
    let weights = fit(&all, &services, &plan.effort);
    let judged = |h: usize| {
        let t = temperature.get(h).copied().unwrap_or(1.0);
        per_head.get(h).into_iter().flatten().filter_map(move |(scores, gold)| {
            let mut p: Vec<f32> = scores.iter().map(|s| s / t).collect();
            softmax(&mut p);
            best(&p).map(|(at, p)| (p, at == *gold))
        })
    };
    // All alarms together: what the lists state is believed whatever the model thinks of it.
    let alarms = prepared.iter().zip(&guesses).filter_map(|(p, s)| {
        let row = p.rows.first()?;
        let gold = row.gold.get(Head::Hazard as usize).copied()??;
        let t = temperature.get(Head::Hazard as usize).copied().unwrap_or(1.0);
        let mut columns: Vec<f32> = s.get(Head::Hazard.columns(services.len()))?.iter().map(|s| s / t).collect();
        softmax(&mut columns);
        let danger = 1.0 - columns.first()?;
        Some((if row.lexical.hazard.is_some() { 1.0 } else { danger }, gold > 0))
    });
    let curves = [Curve::count(judged(0)), Curve::count(judged(1)), Curve::count(alarms)];
    let held_out = [0, 1, 2].map(|h| share(judged(h).map(|(_, right)| right)));
    let model = Model { weights, speller, temperature, curves, lists: lists.version.clone(), name: String::new() };
    Learned { bytes: model.to_bytes(), examples: examples.len(), held_out }
}

/// The group in which each example is held out. Written by several authors, the lines of each author are one group: so the figures and the thresholds
/// are those of people of whom the model has read nothing. What residents wrote, and the lines of a single author, are parted by near-duplicate cluster.
fn groups(examples: &[Example], texts: &[&str], folds: usize) -> Vec<usize> {
    let mut lines: BTreeMap<u64, usize> = BTreeMap::new();
    for author in examples.iter().filter_map(|e| e.author) {
        *lines.entry(author).or_default() += 1;
    }
    lines.retain(|_, n| *n >= LEAST_OF_AUTHOR);
    let authors: Vec<u64> = lines.into_keys().collect();
    let many = authors.len() > 2;
    let folds = if many { authors.len() } else { folds };
    let by_cluster = clusters(texts).into_iter().map(|c| Dice(text_hash(texts.get(c).copied().unwrap_or(""))).below(folds));
    let own = |e: &Example| if many { e.author.and_then(|a| authors.iter().position(|x| *x == a)) } else { None };
    examples.iter().zip(by_cluster).map(|(e, cluster)| own(e).unwrap_or(cluster)).collect()
}

fn share(right: impl Iterator<Item = bool>) -> f32 {
    let (mut all, mut good) = (0u16, 0u16);
    for r in right {
        all = all.saturating_add(1);
        good = good.saturating_add(u16::from(r));
    }
    f32::from(good) / f32::from(all.max(1))
}

/// Scores of every example by a model that has not seen its group.
fn held_out(prepared: &[Prepared], groups: &[usize], services: &[ServiceCode], plan: &Plan) -> Vec<Scores> {
    let mut out = vec![Scores::default(); prepared.len()];
    let last = groups.iter().copied().max().unwrap_or(0);
    for group in 0..=last {
        let others: Vec<&Row> = prepared.iter().zip(groups).filter(|(_, g)| **g != group).flat_map(|(p, _)| &p.rows).collect();
        let weights = fit(&others, services, &plan.effort);
        for ((p, g), slot) in prepared.iter().zip(groups).zip(&mut out) {
            if *g == group
                && let Some(row) = p.rows.first()
            {
                *slot = weights.score(&row.grams, &row.lexical);
            }
        }
    }
    out
}

fn prepare(lists: &Lists, speller: &Speller, example: &Example, services: &[ServiceCode], plan: &Plan) -> Prepared {
    let seed = text_hash(&example.text);
    let gold =
        [example.service.as_ref().and_then(|s| services.iter().position(|x| x == s)), example.class.map(class_at), example.hazard.map(hazard_at)];
    let row = |text: &str, weight: f32| {
        let typed = normalize(text);
        let message = speller.mend(&typed).unwrap_or(typed);
        let look = lists.look(&message, services);
        let mut pieces = Vec::new();
        grams(&message.words, &look.lexical.patterns, |_| false, &mut pieces);
        Row { grams: pieces, lexical: look.lexical, gold, weight }
    };
    let mut rows = vec![row(&example.text, example.weight)];
    if plan.spelling_weight > 0.0 {
        let weight = example.weight * plan.spelling_weight;
        let mut dice = Dice(seed);
        for copy in 1..=NOISY {
            rows.push(row(&noise::slips(&example.text, 80 + dice.below(60), seed ^ copy), weight));
        }
        rows.push(row(&noise::latin(&noise::slips(&example.text, 10, seed ^ 11)), weight * 0.5));
        rows.push(row(&noise::unpunctuated(&noise::polite(&example.text, seed ^ 12)), weight * 0.5));
    }
    Prepared { rows }
}
