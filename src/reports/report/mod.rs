//! The reports: which tables each of them shows, out of which figures. Pages, commands, files and the API all show these.

mod behind;
mod centre;
mod tables;

use super::calls::{Terms, gather as gather_calls};
use super::facts::gather;
use super::sheet::Sheet;
use super::{corrections, deliveries, series};
use crate::domain::Instant;
use crate::domain::class::words;
use crate::domain::report::{Dim, Filter, Period, Step};
use crate::store::reports::houses;
use crate::store::{Db, StoreError, social};

pub use centre::sheets as calls;

words! {
    /// A report.
    Name {
        /// How many of what: the yearly table of classes, doors, services, districts, organisations.
        Summary = "summary",
        /// Over time, beside the year before.
        Dynamics = "dynamics",
        /// Targets kept, and how long things took.
        Sla = "sla",
        Queues = "queues",
        Districts = "districts",
        /// What was opened again, and what was reported from one house more than once.
        Repeats = "repeats",
        Satisfaction = "satisfaction",
        /// What was asked on social pages and not answered.
        Social = "social",
        Calls = "calls",
        /// What people corrected of triage's readings.
        Corrections = "corrections",
        Deliveries = "deliveries",
    }
}

impl Name {
    /// Whether the parts of the work (service, district and so on) can be chosen for it.
    #[must_use]
    pub const fn takes_parts(self) -> bool {
        !matches!(self, Self::Social | Self::Calls)
    }

    /// It is about calls, which not everybody who reads figures may read.
    #[must_use]
    pub const fn is_of_calls(self) -> bool {
        matches!(self, Self::Calls)
    }

    /// Its figures know no queues and districts: who does not see everything does not see them.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        matches!(self, Self::Social)
    }
}

/// Houses listed at most.
const HOUSES: u64 = 100;

/// What is asked of a report.
#[derive(Debug, Clone)]
pub struct Asked {
    pub filter: Filter,
    pub period: Period,
    /// How finely time is divided; unset: as it fits.
    pub step: Option<Step>,
    pub now: Instant,
    /// What calls are measured by.
    pub terms: Terms,
}

impl Asked {
    /// The division of time.
    #[must_use]
    pub fn step(&self) -> Step {
        self.step.unwrap_or_else(|| Step::fit(&self.period))
    }
}

/// The tables of a report.
///
/// # Errors
/// The store's.
pub async fn build(db: &Db, name: Name, a: &Asked) -> Result<Vec<Sheet>, StoreError> {
    let (c, f, p) = (db.read(), &a.filter, &a.period);
    Ok(match name {
        Name::Summary => tables::summary(&gather(db, f, *p, a.now).await?),
        Name::Dynamics => vec![tables::series(&series::of(db, f, *p, a.step(), a.now).await?)],
        Name::Sla => {
            let facts = gather(db, f, *p, a.now).await?;
            vec![tables::stages(&facts), tables::times(&facts), tables::owners(&facts)]
        }
        Name::Queues => vec![tables::work(&gather(db, f, *p, a.now).await?, "queues", Dim::Queue)],
        Name::Districts => vec![tables::work(&gather(db, f, *p, a.now).await?, "districts", Dim::District)],
        Name::Repeats => {
            let facts = gather(db, f, *p, a.now).await?;
            let (sums, most) = houses::repeated(c, f, p, HOUSES).await?;
            vec![tables::reopened(&facts), tables::house_sums(&sums, facts.received()), tables::houses(&most)]
        }
        Name::Satisfaction => {
            let facts = gather(db, f, *p, a.now).await?;
            vec![tables::stars(&facts), tables::ratings(&facts)]
        }
        Name::Social if !f.bounds.is_whole() => Vec::new(),
        Name::Social => {
            let asked = social::Filter { from: Some(p.from), to: Some(p.to), channel: f.channel, answered: None };
            vec![tables::social(&social::counts(c, &asked).await?)]
        }
        Name::Calls => centre::sheets(&gather_calls(c, a.terms, p.from, p.to, a.now).await?),
        Name::Corrections => {
            let (facts, made) = (gather(db, f, *p, a.now).await?, corrections::of(c, f, p).await?);
            vec![tables::corrections(&made, facts.received())]
        }
        Name::Deliveries => vec![tables::deliveries(&deliveries::of(c, f, p).await?)],
    })
}
