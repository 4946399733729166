//! Counting pairs of right and given labels.

use std::collections::{BTreeMap, BTreeSet};

/// How often each right label was given each label; an empty given label stands for no answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    pairs: BTreeMap<(String, String), usize>,
}

impl Tally {
    pub fn add(&mut self, gold: &str, given: &str) {
        *self.pairs.entry((gold.to_owned(), given.to_owned())).or_default() += 1;
    }

    pub fn n(&self) -> usize {
        self.pairs.values().sum()
    }

    pub fn accuracy(&self) -> f64 {
        let right: usize = self.pairs.iter().filter(|((g, b), _)| g == b).map(|(_, n)| n).sum();
        share(right, self.n())
    }

    /// The mean F1 of the labels that occur among the right ones.
    pub fn macro_f1(&self) -> f64 {
        let labels: BTreeSet<&String> = self.pairs.keys().map(|(g, _)| g).collect();
        let sum = |f: &dyn Fn(&str, &str) -> bool| self.pairs.iter().filter(|((g, b), _)| f(g, b)).map(|(_, n)| n).sum::<usize>();
        let f1 = |label: &str| share(2 * sum(&|g, b| g == label && b == label), sum(&|g, _| g == label) + sum(&|_, b| b == label));
        if labels.is_empty() { 0.0 } else { labels.iter().map(|l| f1(l)).sum::<f64>() / number(labels.len()) }
    }

    /// Right label, given label, count; the commonest mistakes first.
    pub fn mistakes(&self) -> Vec<(String, String, usize)> {
        let mut out: Vec<_> = self.pairs.iter().filter(|((g, b), _)| g != b).map(|((g, b), n)| (g.clone(), b.clone(), *n)).collect();
        out.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| (&a.0, &a.1).cmp(&(&b.0, &b.1))));
        out
    }

    /// The table of all pairs: right label, then given label and count.
    pub fn table(&self) -> BTreeMap<String, BTreeMap<String, usize>> {
        let mut out: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
        for ((g, b), n) in &self.pairs {
            let given = if b.is_empty() { "none" } else { b };
            out.entry(g.clone()).or_default().insert(given.to_owned(), *n);
        }
        out
    }
}

/// A share to four places; 0 of nothing.
pub(super) fn share(part: usize, all: usize) -> f64 {
    if all == 0 { 0.0 } else { number(part) / number(all) }
}

#[allow(clippy::cast_precision_loss, reason = "counts of messages")]
const fn number(n: usize) -> f64 {
    n as f64
}
