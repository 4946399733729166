//! What is known of the requests of one queue, service, district, class and door: sums that can be added to each other, and kept as JSON.

use super::Key;
use super::times::grid;
use crate::domain::report::Reached;
use crate::domain::request::Status;
use crate::store::reports::rows::{ClockRow, Row};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

fn none(n: &i64) -> bool {
    *n == 0
}

fn no_stars(stars: &[i64; 5]) -> bool {
    stars.iter().all(none)
}

/// Sums of some requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Part {
    /// How many stand so now.
    #[serde(rename = "s")]
    pub statuses: BTreeMap<String, i64>,
    /// Open and late.
    #[serde(rename = "o", skip_serializing_if = "none")]
    pub overdue: i64,
    /// A danger was stated.
    #[serde(rename = "d", skip_serializing_if = "none")]
    pub dangers: i64,
    /// Opened again at least once.
    #[serde(rename = "r", skip_serializing_if = "none")]
    pub reopened: i64,
    /// Of which an organisation said "not ours" at least once.
    #[serde(rename = "f", skip_serializing_if = "none")]
    pub refusals: i64,
    #[serde(rename = "g", skip_serializing_if = "no_stars")]
    pub stars: [i64; 5],
    /// For each point of the way: how many reached it after so many minutes.
    #[serde(rename = "t", skip_serializing_if = "BTreeMap::is_empty")]
    pub times: BTreeMap<String, BTreeMap<u32, i64>>,
    /// Clocks by stage, owner and state.
    #[serde(rename = "c", skip_serializing_if = "BTreeMap::is_empty")]
    pub clocks: BTreeMap<String, BTreeMap<String, BTreeMap<String, i64>>>,
}

impl Part {
    #[must_use]
    pub fn received(&self) -> i64 {
        self.statuses.values().sum()
    }

    #[must_use]
    pub fn open(&self) -> i64 {
        self.statuses.iter().filter(|(s, _)| Status::parse(s).is_some_and(Status::is_open)).map(|(_, n)| n).sum()
    }

    /// Takes a request in.
    pub fn add(&mut self, row: &Row) {
        let status = Status::parse(&row.status);
        *self.statuses.entry(row.status.clone()).or_default() += 1;
        self.overdue += i64::from(row.overdue && status.is_some_and(Status::is_open));
        self.dangers += i64::from(row.hazard.is_some());
        self.reopened += i64::from(row.reopened > 0);
        self.refusals += i64::from(row.refused > 0);
        if let Some(stars) = row.rating.and_then(|r| usize::try_from(r - 1).ok()).and_then(|i| self.stars.get_mut(i)) {
            *stars += 1;
        }
        // Rejected and joined requests end too, but nobody has closed their work.
        let closed = row.closed_at.filter(|_| status == Some(Status::Closed));
        let points = [
            (Reached::Accepted, row.accepted_at),
            (Reached::Arrived, row.arrived_at),
            (Reached::Restored, row.resolved_at),
            (Reached::Closed, closed),
        ];
        for (point, at) in points {
            if let Some(at) = at {
                let minutes = grid((at - row.received_at).num_seconds());
                *self.times.entry(point.as_str().to_owned()).or_default().entry(minutes).or_default() += 1;
            }
        }
    }

    /// Takes clocks in.
    pub fn clock(&mut self, row: &ClockRow) {
        let owners = self.clocks.entry(row.stage.clone()).or_default();
        let states = owners.entry(row.owner.clone().unwrap_or_default()).or_default();
        *states.entry(row.state.clone()).or_default() += row.n;
    }

    /// Takes the sums of further requests in.
    pub fn take_in(&mut self, other: &Self) {
        fn add<K: Ord + Clone>(to: &mut BTreeMap<K, i64>, from: &BTreeMap<K, i64>) {
            for (key, n) in from {
                match to.get_mut(key) {
                    Some(sum) => *sum += n,
                    None => {
                        to.insert(key.clone(), *n);
                    }
                }
            }
        }
        add(&mut self.statuses, &other.statuses);
        self.overdue += other.overdue;
        self.dangers += other.dangers;
        self.reopened += other.reopened;
        self.refusals += other.refusals;
        self.stars.iter_mut().zip(other.stars).for_each(|(sum, n)| *sum += n);
        for (point, times) in &other.times {
            add(self.times.entry(point.clone()).or_default(), times);
        }
        for (stage, owners) in &other.clocks {
            let to = self.clocks.entry(stage.clone()).or_default();
            for (owner, states) in owners {
                add(to.entry(owner.clone()).or_default(), states);
            }
        }
    }
}

impl Key {
    pub(super) fn of_row(r: &Row) -> Self {
        Self::new([&r.queue, &r.service, &r.district, &r.class], &r.channel)
    }

    pub(super) fn of_clock(r: &ClockRow) -> Self {
        Self::new([&r.queue, &r.service, &r.district, &r.class], &r.channel)
    }

    fn new([queue, service, district, class]: [&Option<String>; 4], channel: &str) -> Self {
        let text = |code: &Option<String>| code.clone().unwrap_or_default();
        Self { queue: text(queue), service: text(service), district: text(district), class: text(class), channel: channel.to_owned() }
    }
}
