//! The summary of a period as tables of text: how many of what, where they stand, how the clocks did.

use super::Table;
use super::facts::{Clocks, Facts};
use crate::domain::Class;
use crate::domain::report::Dim;
use crate::domain::request::Status;
use crate::domain::sla::Stage;

impl Facts {
    /// How many of a class; `None`: of those that nobody has classified.
    #[must_use]
    pub fn of_class(&self, class: Option<Class>) -> i64 {
        let code = class.map(Class::as_str);
        self.by(Dim::Class).iter().filter(|c| c.key.as_deref() == code).map(|c| c.n).sum()
    }

    /// Queues by status, only those statuses that occur.
    #[must_use]
    pub fn queue_table(&self) -> Table {
        let statuses: Vec<&Status> = Status::ALL.iter().filter(|s| self.in_status(**s) > 0).collect();
        let mut head = vec!["queue"];
        head.extend(statuses.iter().map(|s| s.as_str()));
        head.push("all");
        let mut table = Table::new(&head);
        for (queue, facts) in self.split(Dim::Queue) {
            let mut row = vec![queue.unwrap_or_else(|| "none".into())];
            row.extend(statuses.iter().map(|s| facts.in_status(**s).to_string()));
            row.push(facts.received().to_string());
            table.row(row);
        }
        table
    }

    /// Targets by stage. The silence after "done" is nobody's target and is left out.
    #[must_use]
    pub fn clock_table(&self) -> Table {
        let mut table = Table::new(&["target", "met", "breached", "running", "paused", "cancelled", "in time"]);
        let clocks = self.clocks();
        for stage in Stage::ALL.iter().filter(|s| s.is_target()) {
            let c: Clocks = clocks.get(stage).copied().unwrap_or_default();
            let numbers = [c.met, c.breached, c.running, c.paused, c.cancelled].map(|n| n.to_string());
            let (met, decided) = c.kept();
            table.row(std::iter::once(stage.as_str().to_owned()).chain(numbers).chain([share(met, decided)]));
        }
        table
    }

    /// Requests by door.
    #[must_use]
    pub fn channel_table(&self) -> Table {
        let mut table = Table::new(&["channel", "requests", "share"]);
        for c in self.by(Dim::Channel) {
            table.row([c.key.unwrap_or_else(|| "none".into()), c.n.to_string(), share(c.n, self.received())]);
        }
        table
    }
}

/// A share in tenths of a per cent, rounded half up; `None` of nothing.
#[must_use]
pub fn tenths(part: i64, whole: i64) -> Option<i64> {
    (whole > 0).then(|| (part.saturating_mul(2000) + whole) / (2 * whole))
}

/// A share in per cent with one decimal; a dash of nothing.
#[must_use]
pub fn share(part: i64, whole: i64) -> String {
    tenths(part, whole).map_or_else(|| "-".into(), |t| format!("{}.{}%", t / 10, t % 10))
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
        assert_eq!(c.kept(), (1, 2));
    }
}
