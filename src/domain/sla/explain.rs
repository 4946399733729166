//! "What would be due when, if it came in at T?"

use super::Stage;
use super::book::Revision;
use super::policy::Facts;
use super::target::Base;
use crate::domain::catalog::Named;
use crate::domain::time::Instant;

/// The deadlines of a request that does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The policy that would be taken.
    pub policy: Option<String>,
    pub basis: Option<Named>,
    /// Stages that count from receipt, each with its deadline.
    pub due: Vec<(Stage, Instant)>,
}

/// The deadlines of a request with these facts, received at `from`.
#[must_use]
pub fn preview(rev: &Revision, facts: &Facts<'_>, from: Instant) -> Preview {
    let Some(policy) = rev.sla.choose(facts, rev.tables.day_of(from)) else {
        return Preview { policy: None, basis: None, due: Vec::new() };
    };
    let due = |stage: Stage| {
        let target = policy.target(stage).filter(|t| t.from == Base::Received && stage != Stage::Close)?;
        let table = rev.tables.get(target.calendar(&rev.tables, facts.queue));
        Some((stage, table.after(from, target.need_us(&rev.tables, facts.queue, from))))
    };
    Preview { policy: Some(policy.name.clone()), basis: policy.basis.clone(), due: Stage::CHAIN.into_iter().filter_map(due).collect() }
}
