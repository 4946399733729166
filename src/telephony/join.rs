//! One call from many records. A call is a set of records tied by shared identifiers, whatever came first.

use super::merge;
use super::record::Record;
use super::source::Source;
use crate::domain::call::Call;
use std::collections::BTreeMap;

/// The call that a record belongs to, before anything else is known: its `linkedid`, `call_uuid`, or its channel's identifier. The store keeps
/// every one of [`Record::links`] in a table from identifier to call; a record whose identifiers name several calls makes them one.
#[must_use]
pub fn call_key(record: &Record) -> &str {
    &record.call
}

/// Sorts records into calls: two records with a common identifier are of one call, and so are those that a third ties together. The order of the
/// calls and of the records in them depends on the set of records alone.
#[must_use]
pub fn components(records: &[Record]) -> Vec<Vec<&Record>> {
    let mut parent: Vec<usize> = (0..records.len()).collect();
    fn root(parent: &mut [usize], mut at: usize) -> usize {
        while let Some(&up) = parent.get(at)
            && up != at
        {
            // Path halving.
            let above = parent.get(up).copied().unwrap_or(up);
            if let Some(slot) = parent.get_mut(at) {
                *slot = above;
            }
            at = above;
        }
        at
    }
    let mut holder: BTreeMap<&str, usize> = BTreeMap::new();
    for (i, record) in records.iter().enumerate() {
        for link in &record.links {
            let first = *holder.entry(link.as_str()).or_insert(i);
            let (a, b) = (root(&mut parent, first), root(&mut parent, i));
            if let Some(slot) = parent.get_mut(a.max(b)) {
                *slot = a.min(b);
            }
        }
    }
    let mut calls: BTreeMap<usize, Vec<&Record>> = BTreeMap::new();
    for (i, record) in records.iter().enumerate() {
        calls.entry(root(&mut parent, i)).or_default().push(record);
    }
    let mut calls: Vec<Vec<&Record>> = calls.into_values().collect();
    for call in &mut calls {
        call.sort_unstable();
        call.dedup_by(|a, b| a.key == b.key);
    }
    calls.sort_unstable();
    calls
}

/// The call that these records tell of; `None` without a record. A function of the set: order and repetition of the records change nothing.
#[must_use]
pub fn merge(records: &[&Record], source: &Source) -> Option<Call> {
    let mut records = records.to_vec();
    records.sort_unstable();
    records.dedup_by(|a, b| a.key == b.key);
    merge::call(&records, source)
}

/// [`components`], each of them merged.
#[must_use]
pub fn calls(records: &[Record], source: &Source) -> Vec<Call> {
    components(records).iter().filter_map(|c| merge::call(c, source)).collect()
}
