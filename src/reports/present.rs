//! The wall of today: what is open now, where and how late, what is dangerous, what came today.

use crate::domain::Instant;
use crate::domain::calendar::{day_of, hour_of};
use crate::domain::report::{Bounds, Period, after};
use crate::domain::request::Status;
use crate::store::reports::now;
use crate::store::requests::Stored;
use crate::store::{Db, StoreError};
use std::collections::BTreeMap;

/// Dangers shown at once.
const DANGERS: u64 = 12;

/// Open requests of one queue or district.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// `None`: not known.
    pub code: Option<String>,
    pub open: i64,
    pub overdue: i64,
}

/// What stands open at a moment, within a reader's sight.
#[derive(Debug, Clone, PartialEq)]
pub struct Present {
    pub at: Instant,
    pub open: i64,
    pub overdue: i64,
    /// In a queue, and nobody has taken them yet.
    pub untaken: i64,
    /// The latest first, then the fullest.
    pub queues: Vec<Line>,
    pub districts: Vec<Line>,
    /// Open by queue and status: what `jambyl_requests_open` shows.
    pub by_status: BTreeMap<(Option<String>, String), i64>,
    /// Open dangers, and those of them that nobody has taken.
    pub dangers: (i64, i64),
    /// The most urgent of them.
    pub danger_rows: Vec<Stored>,
    /// Requests received today, in all and by local hour.
    pub today: i64,
    pub hours: [i64; 24],
    /// Yesterday by local hour, and until this time of day.
    pub yesterday: [i64; 24],
    pub yesterday_by_now: i64,
}

/// What stands open now.
///
/// # Errors
/// The store's.
pub async fn of(db: &Db, b: &Bounds, at: Instant) -> Result<Present, StoreError> {
    let c = db.read();
    let mut p = Present {
        at,
        open: 0,
        overdue: 0,
        untaken: 0,
        queues: Vec::new(),
        districts: Vec::new(),
        by_status: BTreeMap::new(),
        dangers: now::danger_counts(c, b).await?,
        danger_rows: now::dangers(c, b, DANGERS).await?,
        today: 0,
        hours: [0; 24],
        yesterday: [0; 24],
        yesterday_by_now: 0,
    };
    let (mut queues, mut districts): (BTreeMap<Option<String>, Line>, BTreeMap<Option<String>, Line>) = (BTreeMap::new(), BTreeMap::new());
    for row in now::open(c, b).await? {
        let late = if row.overdue { row.n } else { 0 };
        p.open += row.n;
        p.overdue += late;
        p.untaken += if row.status == Status::Queued.as_str() { row.n } else { 0 };
        for (lines, code) in [(&mut queues, &row.queue), (&mut districts, &row.district)] {
            let line = lines.entry(code.clone()).or_insert_with(|| Line { code: code.clone(), ..Line::default() });
            line.open += row.n;
            line.overdue += late;
        }
        *p.by_status.entry((row.queue, row.status)).or_default() += row.n;
    }
    p.queues = sorted(queues);
    p.districts = sorted(districts);
    let day = Period::day(day_of(at));
    for moment in now::moments(c, b, &day).await? {
        p.today += 1;
        count(&mut p.hours, moment);
    }
    for moment in now::moments(c, b, &Period::day(after(day_of(at), -1))).await? {
        p.yesterday_by_now += i64::from(moment <= at - chrono::Duration::days(1));
        count(&mut p.yesterday, moment);
    }
    Ok(p)
}

fn count(hours: &mut [i64; 24], moment: Instant) {
    if let Some(n) = hours.get_mut(hour_of(moment)) {
        *n += 1;
    }
}

fn sorted(lines: BTreeMap<Option<String>, Line>) -> Vec<Line> {
    let mut out: Vec<Line> = lines.into_values().collect();
    out.sort_by(|a, b| (b.overdue, b.open, &a.code).cmp(&(a.overdue, a.open, &b.code)));
    out
}
