//! How long each kind of data is kept.

use crate::domain::retention::{Keep, Kind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rules by kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Retention(BTreeMap<Kind, Keep>);

impl Retention {
    /// The rule of a kind. One that is not listed is kept for ever; the built-in file lists all.
    #[must_use]
    pub fn of(&self, kind: Kind) -> Keep {
        self.0.get(&kind).copied().unwrap_or(Keep::Forever)
    }

    /// Rules that would harm.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let short = |(kind, keep): (&Kind, &Keep)| match keep {
            Keep::Days(n) if *n < kind.least_days() => {
                Some(format!("retention.{kind} is {keep}: it must be at least {} days, or \"forever\"", kind.least_days()))
            }
            _ => None,
        };
        self.0.iter().filter_map(short).collect()
    }
}
