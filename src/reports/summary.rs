//! The summary of a period: how many of what, where they stand, how the clocks did.

use super::Table;
use crate::domain::Class;
use crate::domain::Instant;
use crate::domain::request::Status;
use crate::domain::sla::{Stage, TimerState};
use crate::store::{Conn, StoreError, stats};
use std::collections::BTreeMap;

/// How the clocks of one stage did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Clocks {
    pub met: i64,
    /// Ran out, whether the stage was reached later or not.
    pub breached: i64,
    pub running: i64,
    pub paused: i64,
    /// No longer needed before they ended.
    pub cancelled: i64,
}

/// Counts of requests received, and of clocks started, in `from..to`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    pub from: Instant,
    pub to: Instant,
    pub received: i64,
    /// By present class; `None` is what nobody has classified.
    pub classes: BTreeMap<Option<String>, i64>,
    /// By present queue and status.
    pub queues: BTreeMap<Option<String>, BTreeMap<String, i64>>,
    /// By door.
    pub channels: BTreeMap<String, i64>,
    pub clocks: BTreeMap<String, Clocks>,
}

impl Summary {
    /// Counts.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of(c: &impl Conn, from: Instant, to: Instant) -> Result<Self, StoreError> {
        let mut s =
            Self { from, to, received: 0, classes: BTreeMap::new(), queues: BTreeMap::new(), channels: BTreeMap::new(), clocks: BTreeMap::new() };
        for (class, queue, status, n) in stats::received(c, from, to).await? {
            s.received += n;
            *s.classes.entry(class).or_default() += n;
            *s.queues.entry(queue).or_default().entry(status).or_default() += n;
        }
        s.channels = stats::channels(c, from, to).await?.into_iter().collect();
        for (stage, state, n) in stats::clocks(c, from, to).await? {
            s.clocks.entry(stage).or_default().add(&state, n);
        }
        Ok(s)
    }

    /// How many of a class.
    #[must_use]
    pub fn of_class(&self, class: Option<Class>) -> i64 {
        self.classes.get(&class.map(|c| c.as_str().to_owned())).copied().unwrap_or(0)
    }

    /// Queues by status, only those statuses that occur.
    #[must_use]
    pub fn queue_table(&self) -> Table {
        let occurs = |s: &&Status| self.queues.values().any(|by| by.contains_key(s.as_str()));
        let statuses: Vec<&Status> = Status::ALL.iter().filter(occurs).collect();
        let mut head = vec!["queue"];
        head.extend(statuses.iter().map(|s| s.as_str()));
        head.push("all");
        let mut table = Table::new(&head);
        for (queue, by) in &self.queues {
            let mut row = vec![queue.clone().unwrap_or_else(|| "none".into())];
            row.extend(statuses.iter().map(|s| by.get(s.as_str()).copied().unwrap_or(0).to_string()));
            row.push(by.values().sum::<i64>().to_string());
            table.row(row);
        }
        table
    }

    /// Targets by stage. The silence after "done" is nobody's target and is left out.
    #[must_use]
    pub fn clock_table(&self) -> Table {
        let mut table = Table::new(&["target", "met", "breached", "running", "paused", "cancelled", "in time"]);
        for stage in Stage::ALL.iter().filter(|s| s.is_target()) {
            let c = self.clocks.get(stage.as_str()).copied().unwrap_or_default();
            let numbers = [c.met, c.breached, c.running, c.paused, c.cancelled].map(|n| n.to_string());
            table.row(std::iter::once(stage.as_str().to_owned()).chain(numbers).chain([share(c.met, c.met + c.breached)]));
        }
        table
    }

    /// Requests by door.
    #[must_use]
    pub fn channel_table(&self) -> Table {
        let mut table = Table::new(&["channel", "requests", "share"]);
        for (channel, n) in &self.channels {
            table.row([channel.clone(), n.to_string(), share(*n, self.received)]);
        }
        table
    }
}

impl Clocks {
    fn add(&mut self, state: &str, n: i64) {
        match TimerState::parse(state) {
            Some(TimerState::Met) => self.met += n,
            Some(TimerState::Breached) => self.breached += n,
            Some(TimerState::Running) => self.running += n,
            Some(TimerState::Paused) => self.paused += n,
            Some(TimerState::Cancelled) | None => self.cancelled += n,
        }
    }
}

/// A share in per cent with one decimal; a dash of nothing.
#[must_use]
pub fn share(part: i64, whole: i64) -> String {
    if whole <= 0 {
        return "-".into();
    }
    // Tenths of a per cent, rounded half up.
    let tenths = (part.saturating_mul(2000) + whole) / (2 * whole);
    format!("{}.{}%", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded() {
        assert_eq!(share(1, 3), "33.3%");
        assert_eq!(share(2, 3), "66.7%");
        assert_eq!(share(64_337, 80_758), "79.7%");
        assert_eq!(share(5, 5), "100.0%");
        assert_eq!(share(0, 0), "-");
    }

    #[test]
    fn an_unknown_state_is_not_a_success() {
        let mut c = Clocks::default();
        for s in ["met", "breached", "running", "paused", "cancelled", "odd"] {
            c.add(s, 1);
        }
        assert_eq!(c, Clocks { met: 1, breached: 1, running: 1, paused: 1, cancelled: 2 });
    }
}
