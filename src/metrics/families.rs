//! How families are made: registered once, with every known child standing at 0.

use prometheus::{GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// A label and the values that are known of it.
type Label<'a> = (&'a str, &'a [&'a str]);

/// Makes families in one registry.
pub(super) struct Family<'a>(&'a Registry);

impl<'a> Family<'a> {
    pub(super) fn new(registry: &'a Registry) -> Self {
        Self(registry)
    }

    pub(super) fn counter(&self, name: &str, help: &str, labels: &[Label<'_>]) -> Result<IntCounterVec, prometheus::Error> {
        let family = IntCounterVec::new(Opts::new(name, help), &names(labels))?;
        self.0.register(Box::new(family.clone()))?;
        for values in combinations(labels) {
            // Making the child is what sets it to 0.
            drop(family.get_metric_with_label_values(&values)?);
        }
        Ok(family)
    }

    pub(super) fn level(&self, name: &str, help: &str, labels: &[Label<'_>]) -> Result<Level, prometheus::Error> {
        let family = GaugeVec::new(Opts::new(name, help), &names(labels))?;
        self.0.register(Box::new(family.clone()))?;
        let level = Level { family, children: Mutex::default() };
        combinations(labels).iter().for_each(|values| level.set_one(values, 0.0));
        Ok(level)
    }

    pub(super) fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Result<Histogram, prometheus::Error> {
        let family = Histogram::with_opts(HistogramOpts::new(name, help).buckets(buckets.to_vec()))?;
        self.0.register(Box::new(family.clone()))?;
        Ok(family)
    }

    /// The family of HTTP answers, with the good answer of every known route.
    pub(super) fn http(&self, name: &str, help: &str, buckets: &[f64], routes: &[(&str, &str)]) -> Result<HistogramVec, prometheus::Error> {
        let family = HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets.to_vec()), &["route", "method", "status"])?;
        self.0.register(Box::new(family.clone()))?;
        for (route, method) in routes.iter().copied().chain([("/health/live", "GET")]) {
            drop(family.get_metric_with_label_values(&[route, method, "200"])?);
        }
        Ok(family)
    }
}

fn names<'a>(labels: &[Label<'a>]) -> Vec<&'a str> {
    labels.iter().map(|(name, _)| *name).collect()
}

/// Every combination of known values, in the order of the labels.
fn combinations<'a>(labels: &[Label<'a>]) -> Vec<Vec<&'a str>> {
    labels.iter().fold(vec![Vec::new()], |rows, (_, values)| {
        rows.iter().flat_map(|row| values.iter().map(|value| row.iter().copied().chain([*value]).collect())).collect()
    })
}

/// A gauge whose values are read from elsewhere as a whole: what a reading does not mention is zero.
pub(super) struct Level {
    family: GaugeVec,
    /// The label values of every child made so far.
    children: Mutex<BTreeSet<Vec<String>>>,
}

impl Level {
    pub(super) fn set_one(&self, values: &[&str], to: f64) {
        self.children.lock().unwrap_or_else(PoisonError::into_inner).insert(values.iter().map(|v| (*v).to_owned()).collect());
        self.family.with_label_values(values).set(to);
    }

    pub(super) fn set_all<'a>(&self, rows: impl Iterator<Item = (Vec<&'a str>, f64)>) {
        let mut children = self.children.lock().unwrap_or_else(PoisonError::into_inner);
        let mut mentioned = BTreeSet::new();
        for (values, to) in rows {
            self.family.with_label_values(&values).set(to);
            mentioned.insert(values.into_iter().map(str::to_owned).collect::<Vec<_>>());
        }
        // Only after the new values stand: a scrape in between never sees a false zero.
        for drained in children.difference(&mentioned) {
            self.family.with_label_values(drained).set(0.0);
        }
        children.append(&mut mentioned);
    }
}
