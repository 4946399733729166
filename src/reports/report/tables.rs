//! Figures laid out as tables, each figure with what stands behind it.

use super::behind::{link, none};
use crate::domain::report::{Dim, Period, Reached};
use crate::domain::sla::Stage;
use crate::domain::{Class, Instant};
use crate::reports::corrections::Corrections;
use crate::reports::deliveries::Delivered;
use crate::reports::facts::{Clocks, Facts};
use crate::reports::series::Point;
use crate::reports::sheet::{Cell, Link, Row, Sheet};
use crate::store::reports::houses::{Repeated, Sums};
use crate::store::social::Counted;
use std::collections::BTreeMap;

/// What takes a link together with another.
fn and(mut a: Link, b: Link) -> Option<Link> {
    a.extend(b);
    Some(a)
}

pub(super) fn summary(f: &Facts) -> Vec<Sheet> {
    let mut out = vec![totals(f), classes(f)];
    for (name, dim) in
        [("channels", Dim::Channel), ("services", Dim::Service), ("districts", Dim::District), ("queues", Dim::Queue), ("statuses", Dim::Status)]
    {
        out.push(counted(f, name, dim));
    }
    out
}

fn totals(f: &Facts) -> Sheet {
    let whole = f.received();
    let mut s = Sheet::new("totals", &["figure", "count", "share"]);
    for (name, n, behind) in [
        ("received", whole, Vec::new()),
        ("open", f.open(), link("open", "1")),
        ("overdue", f.overdue(), link("overdue", "1")),
        ("closed", f.closed(), link("status", "closed")),
        ("dangers", f.dangers(), link("danger", "1")),
        ("reopened", f.reopened(), link("reopened", "1")),
        ("rated", f.stars().rated(), link("rated", "1")),
    ] {
        s.rows.push(Row::linked(vec![(Cell::code("figure", name), None), (Cell::Count(n), Some(behind)), (Cell::Share(n, whole), None)]));
    }
    s
}

/// The yearly table, in its usual order.
fn classes(f: &Facts) -> Sheet {
    let whole = f.received();
    let mut s = Sheet::new("classes", &["class", "count", "share"]);
    for class in Class::ALL.iter().copied().map(Some).chain([None]) {
        let n = f.of_class(class);
        if n > 0 || class.is_some() {
            let code = class.map(Class::as_str);
            s.rows.push(line("class", code, n, whole));
        }
    }
    s.total = Some(sum("class", whole));
    s
}

fn line(kind: &'static str, code: Option<&str>, n: i64, whole: i64) -> Row {
    let cell = Cell::Code(kind, code.map(str::to_owned));
    Row::linked(vec![(cell, None), (Cell::Count(n), Some(none(kind, code))), (Cell::Share(n, whole), None)])
}

fn sum(kind: &'static str, whole: i64) -> Row {
    Row::linked(vec![(Cell::Code(kind, None), None), (Cell::Count(whole), Some(Vec::new())), (Cell::Share(whole, whole), None)])
}

fn counted(f: &Facts, name: &'static str, dim: Dim) -> Sheet {
    let whole = f.received();
    let mut s = Sheet::new(name, &[dim.as_str(), "count", "share"]);
    s.rows = f.by(dim).iter().map(|c| line(dim.as_str(), c.key.as_deref(), c.n, whole)).collect();
    s.total = Some(sum(dim.as_str(), whole));
    s
}

pub(super) fn series(points: &[Point]) -> Sheet {
    let mut s = Sheet::new("series", &["from", "count", "last_year"]);
    let moment = |at: Instant| at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
    let behind = |p: &Period| Some(vec![("from", moment(p.from)), ("to", moment(p.to))]);
    for p in points {
        s.rows.push(Row::linked(vec![
            (Cell::Day(p.begins()), None),
            (Cell::Count(p.n), behind(&p.period)),
            (Cell::Count(p.last_year), behind(&p.period.last_year())),
        ]));
    }
    let all = |of: fn(&Point) -> i64| points.iter().map(of).sum::<i64>();
    s.total = Some(Row::linked(vec![
        (Cell::Code("figure", None), None),
        (Cell::Count(all(|p| p.n)), Some(Vec::new())),
        (Cell::Count(all(|p| p.last_year)), None),
    ]));
    s
}

const STATES: [&str; 5] = ["met", "breached", "running", "paused", "cancelled"];

fn clock_cells(c: &Clocks, behind: &Link) -> Vec<(Cell, Option<Link>)> {
    let numbers = [c.met, c.breached, c.running, c.paused, c.cancelled];
    let mut cells: Vec<_> = STATES.iter().zip(numbers).map(|(state, n)| (Cell::Count(n), and(behind.clone(), link("clock", *state)))).collect();
    let (met, decided) = c.kept();
    cells.push((Cell::Share(met, decided), None));
    cells
}

pub(super) fn stages(f: &Facts) -> Sheet {
    let mut s = Sheet::new("stages", &["stage", "met", "breached", "running", "paused", "cancelled", "kept"]);
    let clocks = f.clocks();
    for stage in Stage::ALL.iter().filter(|s| s.is_target()) {
        let c = clocks.get(stage).copied().unwrap_or_default();
        let mut cells = vec![(Cell::code("stage", stage.as_str()), None)];
        cells.extend(clock_cells(&c, &link("stage", stage.as_str())));
        s.rows.push(Row::linked(cells));
    }
    s
}

pub(super) fn times(f: &Facts) -> Sheet {
    let mut s = Sheet::new("times", &["stage", "count", "median", "p90"]);
    for point in Reached::ALL {
        let t = f.times(*point);
        s.rows.push(Row::plain(vec![Cell::code("stage", point.as_str()), Cell::Count(t.n), Cell::Minutes(t.median), Cell::Minutes(t.p90)]));
    }
    s
}

pub(super) fn owners(f: &Facts) -> Sheet {
    let mut s = Sheet::new("owners", &["owner", "stage", "met", "breached", "running", "paused", "cancelled", "kept"]);
    for (owner, stages) in f.owners() {
        for (stage, c) in stages {
            let mut cells = vec![(Cell::Code("queue", owner.clone()), None), (Cell::code("stage", stage.as_str()), None)];
            let behind = and(link("stage", stage.as_str()), none("owner", owner.as_deref())).unwrap_or_default();
            cells.extend(clock_cells(&c, &behind));
            s.rows.push(Row::linked(cells));
        }
    }
    // Who breaks most stands first.
    s.sort("breached", false, &Cell::plain);
    s
}

/// One line of work: of a queue, a district or all.
fn work_line(kind: &'static str, code: Option<String>, f: &Facts, whole: bool) -> Row {
    let own = if whole { Vec::new() } else { none(kind, code.as_deref()) };
    let restore = f.clocks().get(&Stage::Restore).copied().unwrap_or_default();
    let (met, decided) = restore.kept();
    let behind = |more: Link| and(own.clone(), more);
    Row::linked(vec![
        (Cell::Code(kind, code), None),
        (Cell::Count(f.received()), behind(Vec::new())),
        (Cell::Count(f.open()), behind(link("open", "1"))),
        (Cell::Count(f.overdue()), behind(link("overdue", "1"))),
        (Cell::Count(f.closed()), behind(link("status", "closed"))),
        (Cell::Count(f.reopened()), behind(link("reopened", "1"))),
        (Cell::Count(f.refusals()), behind(link("refused", "1"))),
        (Cell::Share(met, decided), None),
        (Cell::Minutes(f.times(Reached::Restored).median), None),
        (Cell::Minutes(f.times(Reached::Restored).p90), None),
        (Cell::Hundredths(f.stars().mean()), behind(link("rated", "1"))),
    ])
}

pub(super) fn work(f: &Facts, name: &'static str, dim: Dim) -> Sheet {
    let kind = dim.as_str();
    let columns = [kind, "received", "open", "overdue", "closed", "reopened", "refusals", "kept_restore", "median", "p90", "rating"];
    let mut s = Sheet::new(name, &columns);
    s.rows = f.split(dim).into_iter().map(|(code, part)| work_line(kind, code, &part, false)).collect();
    s.sort("received", false, &Cell::plain);
    s.total = Some(work_line(kind, None, f, true));
    s
}

pub(super) fn reopened(f: &Facts) -> Sheet {
    let mut s = Sheet::new("reopened", &["queue", "received", "reopened", "share"]);
    let row = |code: Option<String>, f: &Facts, own: Link| {
        Row::linked(vec![
            (Cell::Code("queue", code), None),
            (Cell::Count(f.received()), Some(own.clone())),
            (Cell::Count(f.reopened()), and(own, link("reopened", "1"))),
            (Cell::Share(f.reopened(), f.received()), None),
        ])
    };
    s.rows = f.split(Dim::Queue).into_iter().map(|(code, part)| row(code.clone(), &part, none("queue", code.as_deref()))).collect();
    s.sort("reopened", false, &Cell::plain);
    s.total = Some(row(None, f, Vec::new()));
    s
}

pub(super) fn house_sums(sums: &Sums, received: i64) -> Sheet {
    let mut s = Sheet::new("house_sums", &["figure", "count", "share"]);
    s.rows.push(Row::plain(vec![Cell::code("figure", "places"), Cell::Count(sums.places), Cell::Share(0, 0)]));
    s.rows.push(Row::plain(vec![Cell::code("figure", "place_reports"), Cell::Count(sums.reports), Cell::Share(sums.reports, received)]));
    s
}

pub(super) fn houses(most: &[Repeated]) -> Sheet {
    let mut s = Sheet::new("houses", &["house", "service", "district", "reports"]);
    for r in most {
        let behind = and(link("same_house_as", r.sample.clone()), none("service", r.service.as_deref()));
        s.rows.push(Row::linked(vec![
            (Cell::Text(street(&r.house)), None),
            (Cell::Code("service", r.service.clone()), None),
            (Cell::Code("district", r.district.clone()), None),
            (Cell::Count(r.n), behind),
        ]));
    }
    s
}

/// A house without its number: lists show streets, the requests behind them their addresses.
fn street(house: &str) -> String {
    house.split_once('|').map_or(house, |(street, _)| street).to_owned()
}

pub(super) fn stars(f: &Facts) -> Sheet {
    let stars = f.stars();
    let mut s = Sheet::new("stars", &["stars", "count", "share"]);
    for (n, count) in (1..).zip(stars.by).collect::<Vec<(u8, i64)>>().into_iter().rev() {
        s.rows.push(Row::linked(vec![
            (Cell::Text(n.to_string()), None),
            (Cell::Count(count), Some(link("stars", n.to_string()))),
            (Cell::Share(count, stars.rated()), None),
        ]));
    }
    s.total = Some(Row::linked(vec![
        (Cell::Code("figure", None), None),
        (Cell::Count(stars.rated()), Some(link("rated", "1"))),
        (Cell::Share(stars.rated(), f.received()), None),
    ]));
    s
}

pub(super) fn ratings(f: &Facts) -> Sheet {
    let mut s = Sheet::new("ratings", &["queue", "closed", "rated", "rating", "low"]);
    let row = |code: Option<String>, f: &Facts, own: Link| {
        let stars = f.stars();
        let low = stars.by.iter().take(2).sum();
        Row::linked(vec![
            (Cell::Code("queue", code), None),
            (Cell::Count(f.closed()), and(own.clone(), link("status", "closed"))),
            (Cell::Count(stars.rated()), and(own, link("rated", "1"))),
            (Cell::Hundredths(stars.mean()), None),
            (Cell::Share(low, stars.rated()), None),
        ])
    };
    s.rows = f.split(Dim::Queue).into_iter().map(|(code, part)| row(code.clone(), &part, none("queue", code.as_deref()))).collect();
    s.sort("rated", false, &Cell::plain);
    s.total = Some(row(None, f, Vec::new()));
    s
}

pub(super) fn social(pages: &BTreeMap<(String, String), Counted>) -> Sheet {
    let mut s = Sheet::new("social", &["channel", "account", "comments", "asking", "answered", "unanswered", "share"]);
    let cells = |n: &Counted| {
        let left = n.asking - n.answered;
        vec![Cell::Count(n.all), Cell::Count(n.asking), Cell::Count(n.answered), Cell::Count(left), Cell::Share(left, n.asking)]
    };
    let mut all = Counted::default();
    for ((channel, account), n) in pages {
        all.all += n.all;
        all.asking += n.asking;
        all.answered += n.answered;
        let mut row = vec![Cell::code("channel", channel.clone()), Cell::Text(account.clone())];
        row.extend(cells(n));
        s.rows.push(Row::plain(row));
    }
    let mut row = vec![Cell::Code("channel", None), Cell::Text(String::new())];
    row.extend(cells(&all));
    s.total = Some(Row::plain(row));
    s
}

pub(super) fn corrections(made: &Corrections, received: i64) -> Sheet {
    let mut s = Sheet::new("corrections", &["head", "count", "share"]);
    for (head, n) in &made.heads {
        s.rows.push(Row::linked(vec![
            (Cell::code("head", head.clone()), None),
            (Cell::Count(*n), Some(link("corrected", head.clone()))),
            (Cell::Share(*n, received), None),
        ]));
    }
    s.total = Some(Row::linked(vec![
        (Cell::Code("head", None), None),
        (Cell::Count(made.all), Some(link("corrected", "1"))),
        (Cell::Share(made.all, received), None),
    ]));
    s
}

pub(super) fn deliveries(channels: &BTreeMap<String, Delivered>) -> Sheet {
    let mut s = Sheet::new("deliveries", &["channel", "made", "sent", "arrived", "read", "failed", "moved", "expired", "waiting"]);
    let cells = |d: &Delivered| [d.made, d.sent, d.arrived, d.read, d.failed, d.moved, d.expired, d.waiting].map(Cell::Count);
    let mut all = Delivered::default();
    for (channel, d) in channels {
        all.take_in(d);
        s.rows.push(Row::plain(std::iter::once(Cell::code("channel", channel.clone())).chain(cells(d)).collect()));
    }
    s.total = Some(Row::plain(std::iter::once(Cell::Code("channel", None)).chain(cells(&all)).collect()));
    s
}
