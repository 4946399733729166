//! Whether a new model may take the place of the one in use: both read the frozen messages, and no language may lose by it.

use crate::triage::scores::slice_of;
use crate::triage::{Example, Triage};
use serde::Serialize;
use std::collections::BTreeMap;

/// A head whose loss is never chance: a danger that is no longer seen.
const STRICT: &str = "danger_seen";

/// One label of one message, read right or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    head: &'static str,
    slice: &'static str,
    right: bool,
}

/// How many of `n` were read right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Share {
    n: u32,
    right: u32,
}

/// Lets triage read labelled messages. The same messages always give the same heads and slices in the same order.
pub(super) fn marks(triage: &Triage, examples: &[Example]) -> Vec<Mark> {
    let mut out = Vec::new();
    for e in examples {
        let r = triage.read(&e.text);
        let service = e.service.as_ref().map(|gold| ("service", r.service.best.as_ref() == Some(gold)));
        let class = e.class.map(|gold| ("class", r.class.best == Some(gold)));
        let danger = e.hazard.map(|gold| match gold {
            Some(_) => (STRICT, r.hazard.is_some()),
            None => ("danger_not_invented", r.hazard.is_none()),
        });
        for (head, right) in [service, class, danger].into_iter().flatten() {
            out.extend(["all"].into_iter().chain(slice_of(e).map(|s| s.as_str())).map(|slice| Mark { head, slice, right }));
        }
    }
    out
}

/// Marks counted by head and slice.
pub(super) fn shares(marks: &[Mark]) -> BTreeMap<&'static str, BTreeMap<&'static str, Share>> {
    let mut out: BTreeMap<_, BTreeMap<_, Share>> = BTreeMap::new();
    for m in marks {
        let share = out.entry(m.head).or_default().entry(m.slice).or_default();
        share.n += 1;
        share.right += u32::from(m.right);
    }
    out
}

/// Where the new marks are worse than the old ones of the same messages, in words. What is lost here and gained there by chance alone is no loss:
/// of `c` messages that changed, a surplus of up to the square root of `c` is.
pub(super) fn worse(before: &[Mark], after: &[Mark]) -> Vec<String> {
    let mut changed: BTreeMap<(&str, &str), (u32, u32)> = BTreeMap::new();
    for (old, new) in before.iter().zip(after) {
        let (lost, gained) = changed.entry((old.head, old.slice)).or_default();
        *lost += u32::from(old.right && !new.right);
        *gained += u32::from(!old.right && new.right);
    }
    let too_many = |head: &str, lost: u32, gained: u32| {
        let surplus = f64::from(lost) - f64::from(gained);
        surplus > if head == STRICT { 0.0 } else { f64::from(lost + gained).sqrt() }
    };
    let bad = changed.into_iter().filter(|((head, _), (lost, gained))| too_many(head, *lost, *gained));
    bad.map(|((head, slice), (lost, gained))| format!("{head} in {slice}: {lost} read worse, {gained} better")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages of which some were right before and some are after.
    fn told(head: &'static str, lost: usize, gained: usize) -> usize {
        let marks = |rights: [(bool, usize); 3]| {
            rights.into_iter().flat_map(|(right, n)| std::iter::repeat_n(Mark { head, slice: "kk", right }, n)).collect::<Vec<_>>()
        };
        let before = marks([(true, 100), (true, lost), (false, gained)]);
        let after = marks([(true, 100), (false, lost), (true, gained)]);
        worse(&before, &after).len()
    }

    #[test]
    fn a_loss_beyond_chance_is_told_and_a_danger_lost_always_is() {
        for (lost, gained, want) in [(0, 0, 0), (0, 9, 0), (1, 0, 0), (2, 0, 1), (5, 3, 0), (6, 2, 1), (30, 30, 0), (40, 20, 1)] {
            assert_eq!(told("service", lost, gained), want, "{lost} {gained}");
        }
        assert_eq!((told(STRICT, 1, 0), told(STRICT, 1, 1), told(STRICT, 0, 1)), (1, 0, 0));
    }

    #[test]
    fn shares_count_by_head_and_slice() {
        let m = |slice, right| Mark { head: "class", slice, right };
        let s = shares(&[m("all", true), m("ru", true), m("all", false), m("kk", false)]);
        assert_eq!((s["class"]["all"], s["class"]["kk"]), (Share { n: 2, right: 1 }, Share { n: 1, right: 0 }));
    }
}
