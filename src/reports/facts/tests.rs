use super::*;
use crate::domain::calendar::Day;
use crate::store::reports::rows::{ClockRow, Row};

fn at(text: &str) -> crate::domain::Instant {
    text.parse().unwrap()
}

fn row(queue: &str, status: &str, rating: Option<i16>) -> Row {
    Row {
        queue: Some(queue.to_owned()),
        service: None,
        district: Some("taraz".into()),
        class: Some("incident".into()),
        channel: "phone".into(),
        status: status.into(),
        hazard: None,
        overdue: true,
        reopened: 0,
        refused: 0,
        rating,
        received_at: at("2026-11-20T05:00:00Z"),
        accepted_at: Some(at("2026-11-20T05:10:59Z")),
        arrived_at: None,
        resolved_at: None,
        closed_at: Some(at("2026-11-20T06:00:00Z")),
    }
}

fn facts() -> Facts {
    let mut f = Facts::empty(Period::day(Day("2026-11-20".parse().unwrap())));
    for (queue, status, rating) in [("a", "closed", Some(5)), ("a", "rejected", None), ("b", "queued", Some(2)), ("b", "odd", Some(9))] {
        let row = row(queue, status, rating);
        f.parts.entry(Key::of_row(&row)).or_default().add(&row);
    }
    for (owner, state, n) in [(Some("a"), "met", 3), (Some("a"), "breached", 1), (None, "met", 2)] {
        let key = Key { queue: "a".into(), service: String::new(), district: "taraz".into(), class: "incident".into(), channel: "phone".into() };
        let clock = ClockRow {
            queue: Some(key.queue.clone()),
            service: None,
            district: Some("taraz".into()),
            class: Some("incident".into()),
            channel: "phone".into(),
            stage: "accept".into(),
            state: state.into(),
            owner: owner.map(str::to_owned),
            n,
        };
        assert_eq!(Key::of_clock(&clock), key);
        f.parts.entry(key).or_default().clock(&clock);
    }
    f
}

#[test]
fn figures_of_four_requests() {
    let f = facts();
    assert_eq!((f.received(), f.open(), f.overdue(), f.closed()), (4, 1, 1, 1), "late counts for what is open only; an unknown status is not open");
    assert_eq!(f.stars().by, [0, 1, 0, 0, 1], "nine stars are none");
    assert_eq!(f.stars().mean(), Some(350));
    assert_eq!(f.times(Reached::Accepted), Times { n: 4, median: Some(10), p90: Some(10) });
    assert_eq!(f.times(Reached::Closed), Times { n: 1, median: Some(60), p90: Some(60) });
    assert_eq!(f.clocks()[&Stage::Accept].kept(), (5, 6));
    assert_eq!(f.owners()[&None][&Stage::Accept].met, 2);
    assert_eq!(f.by(Dim::Queue), [Count { key: Some("a".into()), n: 2 }, Count { key: Some("b".into()), n: 2 }]);
    assert_eq!(f.by(Dim::Service), [Count { key: None, n: 4 }]);
    assert_eq!(f.split(Dim::Queue)[&Some("b".to_owned())].open(), 1);
}

#[test]
fn what_is_kept_comes_back_and_adds_up() {
    let f = facts();
    let mut twice = Facts::empty(f.period);
    for (key, part) in f.parts() {
        let text = serde_json::to_string(part).unwrap();
        let back: Part = serde_json::from_str(&text).unwrap();
        assert_eq!(&back, part, "{text}");
        twice.add(key.clone(), &back);
    }
    assert_eq!(twice, f);
    twice.take_in(facts());
    assert_eq!((twice.received(), twice.stars().by, twice.clocks()[&Stage::Accept].met), (8, [0, 2, 0, 0, 2], 10));
    assert_eq!(twice.times(Reached::Accepted).n, 8);
}
