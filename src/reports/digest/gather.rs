//! The figures of a digest.

use super::{Figures, Pair, Row, Social};
use crate::domain::Instant;
use crate::domain::calendar::Day;
use crate::domain::digest::Part;
use crate::domain::report::{Dim, Period, Step, after};
use crate::domain::request::{Priority, Status};
use crate::reports::facts::{self, Facts};
use crate::reports::series;
use crate::store::reports::{now as present, standing};
use crate::store::requests::Stored;
use crate::store::{Db, StoreError, social};

/// Lines of each list.
const LINES: u64 = 8;
/// Open incidents of one service that make a house, and a district, worth naming.
const AT_A_HOUSE: i64 = 3;
const IN_A_DISTRICT: i64 = 5;
/// Comments that make a post worth naming.
const UNDER_A_POST: i64 = 3;

/// Gathers what a reader is told of a day, as it stands at `now`.
///
/// # Errors
/// The store's.
pub async fn gather(db: &Db, day: Day, part: &Part, now: Instant) -> Result<Figures, StoreError> {
    let (c, f) = (db.read(), part.filter());
    let of_day = |d: Day| facts::gather(db, &f, Period::day(d), now);
    let week = Period::days(after(day, -6), after(day, 1));
    let (today, before, week_ago) = (of_day(day).await?, of_day(after(day, -1)).await?, of_day(after(day, -7)).await?);
    let (this, last) = (facts::gather(db, &f, week, now).await?, facts::gather(db, &f, week.before(), now).await?);
    let days = series::of(db, &f, Period::days(after(day, -13), after(day, 1)), Step::Day, now).await?;
    let open = standing::open(c, &f).await?;
    let sum = |wanted: &dyn Fn(&standing::Open) -> bool| -> i64 { open.iter().filter(|o| wanted(o)).map(|o| o.n).sum() };
    let worst = present::worst(c, &f, LINES).await?;
    let dangers = standing::dangers(c, &f, 1000).await?;
    let untaken = |s: &Stored| matches!(s.request.status, Status::New | Status::Queued);
    let mut places = standing::districts(c, &f, IN_A_DISTRICT, LINES).await?;
    places.extend(standing::houses(c, &f, AT_A_HOUSE, LINES).await?);
    Ok(Figures {
        day,
        part: part.clone(),
        at: now,
        received: Pair { now: today.received(), before: before.received() },
        week_ago: week_ago.received(),
        week: Pair { now: this.received(), before: last.received() },
        closed: Pair { now: this.closed(), before: last.closed() },
        reopened: Pair { now: this.reopened(), before: last.reopened() },
        days: days.iter().map(|p| (p.begins(), p.n)).collect(),
        classes: largest(&this, Dim::Class),
        services: largest(&this, Dim::Service),
        districts: largest(&this, Dim::District),
        kept: kept(&this),
        kept_before: kept(&last),
        open: sum(&|_| true),
        overdue: sum(&|o| o.overdue),
        untaken: sum(&|o| matches!(o.status.as_str(), "new" | "queued")),
        owners: owners(&open),
        worst: worst.iter().map(|s| row(s, now - s.sort_due)).collect(),
        dangers_day: today.dangers(),
        dangers_open: (
            i64::try_from(dangers.len()).unwrap_or(i64::MAX),
            i64::try_from(dangers.iter().filter(|s| untaken(s)).count()).unwrap_or(i64::MAX),
        ),
        dangers: dangers.iter().take(8).map(|s| row(s, now - s.request.received_at)).collect(),
        places,
        stars: this.stars(),
        stars_before: last.stars(),
        social: if *part == Part::All { Some(talk(db, &week).await?) } else { None },
    })
}

fn largest(facts: &Facts, dim: Dim) -> Vec<(Option<String>, i64)> {
    facts.by(dim).into_iter().filter(|c| c.n > 0).take(6).map(|c| (c.key, c.n)).collect()
}

/// Targets kept and decided, of all stages that are somebody's target.
fn kept(facts: &Facts) -> (i64, i64) {
    let of = |(met, all): (i64, i64), (stage, clocks): (crate::domain::sla::Stage, facts::Clocks)| {
        let (m, a) = if stage.is_target() { clocks.kept() } else { (0, 0) };
        (met + m, all + a)
    };
    facts.clocks().into_iter().fold((0, 0), of)
}

/// Who has something late, the latest first.
fn owners(open: &[standing::Open]) -> Vec<(Option<String>, i64, i64)> {
    let mut all: std::collections::BTreeMap<Option<String>, (i64, i64)> = std::collections::BTreeMap::new();
    for o in open {
        let line = all.entry(o.queue.clone()).or_default();
        line.0 += if o.overdue { o.n } else { 0 };
        line.1 += o.n;
    }
    let mut out: Vec<_> = all.into_iter().filter(|(_, (late, _))| *late > 0).map(|(q, (late, open))| (q, late, open)).collect();
    out.sort_by(|a, b| (b.1, b.2, &a.0).cmp(&(a.1, a.2, &b.0)));
    out.truncate(6);
    out
}

fn row(s: &Stored, span: chrono::Duration) -> Row {
    let r = &s.request;
    Row {
        number: r.number.clone(),
        service: r.service.as_ref().map(ToString::to_string),
        district: r.district.as_ref().map(ToString::to_string),
        queue: r.queue.as_ref().map(ToString::to_string),
        hazard: r.hazard.filter(|_| r.priority == Priority::DANGER).map(|h| h.as_str().to_owned()),
        untaken: matches!(r.status, Status::New | Status::Queued),
        secs: span.num_seconds().max(0),
    }
}

async fn talk(db: &Db, week: &Period) -> Result<Social, StoreError> {
    let f = social::Filter { from: Some(week.from), to: Some(week.to), ..social::Filter::default() };
    let mut out = Social { posts: standing::talked_of(db.read(), week, UNDER_A_POST, 3).await?, ..Social::default() };
    for n in social::counts(db.read(), &f).await?.into_values() {
        out.all += n.all;
        out.asking += n.asking;
        out.unanswered += n.asking - n.answered;
    }
    Ok(out)
}
