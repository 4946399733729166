//! The tables at the end.

use super::ledger::Said;
use super::loss::Books;
use super::progress::show;
use crate::domain::Class;
use crate::reports::summary::share;
use crate::reports::{Facts, Table};
use std::collections::{BTreeMap, BTreeSet};

/// The service's report of 2020.
const YEAR_2020: [(Class, i64); 5] =
    [(Class::Consultation, 64_337), (Class::Incident, 14_411), (Class::Complaint, 1_202), (Class::Proposal, 701), (Class::Thanks, 107)];

/// Classes as they stand now, beside those of 2020.
#[must_use]
pub fn classes(s: &Facts) -> Table {
    let whole: i64 = YEAR_2020.iter().map(|(_, n)| n).sum();
    let mut t = Table::new(&["class", "requests", "share", "share in 2020"]);
    for (class, then) in YEAR_2020 {
        let n = s.of_class(Some(class));
        t.row([class.to_string(), n.to_string(), share(n, s.received()), share(then, whole)]);
    }
    let none = s.of_class(None);
    if none > 0 {
        t.row(["not classified".to_owned(), none.to_string(), share(none, s.received()), "-".into()]);
    }
    t.row(["all".to_owned(), s.received().to_string(), share(s.received(), s.received()), "100.0%".into()]);
    t
}

/// What was meant against what triage made of it at the door, before any correction. A request that several reports joined counts for the one
/// that began it.
#[must_use]
pub fn understood(said: &Said, books: &Books) -> Table {
    let mut seen: BTreeMap<Class, BTreeMap<&str, i64>> = BTreeMap::new();
    let mut counted = BTreeSet::new();
    for m in &books.messages {
        let (Some(request), Some(text)) = (m.request, &m.text) else { continue };
        let Some(report) = text.lines().find_map(|l| said.reports.get(l.trim())) else { continue };
        if counted.insert(request) {
            let got = books.first_class.get(&request).copied().flatten().map_or("none", Class::as_str);
            *seen.entry(report.class).or_default().entry(got).or_default() += 1;
        }
    }
    let mut head = vec!["meant"];
    head.extend(Class::ALL.iter().map(|c| c.as_str()));
    head.extend(["none", "right"]);
    let mut t = Table::new(&head);
    for class in Class::ALL {
        let by = seen.remove(class).unwrap_or_default();
        let all: i64 = by.values().sum();
        let count = |c: &str| by.get(c).copied().unwrap_or(0);
        let mut row = vec![class.to_string()];
        row.extend(Class::ALL.iter().map(|c| count(c.as_str()).to_string()));
        row.extend([count("none").to_string(), share(count(class.as_str()), all)]);
        t.row(row);
    }
    t
}

/// Everything about the period.
pub fn print(s: &Facts, understood: &Table) {
    show(format!("\nRequests by class\n{}", classes(s)));
    show(format!("What was meant (rows) and what triage made of it at the door (columns; none: left to a person)\n{understood}"));
    show(format!("Queues by status\n{}", s.queue_table()));
    show(format!("Clocks\n{}", s.clock_table()));
    show(format!("Channels\n{}", s.channel_table()));
}
