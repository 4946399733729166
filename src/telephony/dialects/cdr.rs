//! What every CSV dialect shares: a row of named columns to a leg, each value strictly believed.

use super::columns::Col;
use crate::domain::call::{Direction, Flag};
use crate::domain::{Instant, time};
use crate::telephony::fields::Row;
use crate::telephony::record::{BadField, Ending, Fact, Leg, Reading, Record, RecordKey, Stay, System};
use crate::telephony::recording;
use crate::telephony::source::Source;
use crate::telephony::zone::{self, Resolved, Stamp, epoch_of_uniqueid, micros_of_fraction};
use chrono::{Duration, NaiveDateTime};
use std::collections::BTreeSet;

/// How one dialect reads its rows.
pub struct Rules<'a> {
    /// Part of each record's key.
    pub dialect: &'static str,
    pub system: System,
    pub columns: &'a [Col],
    /// Words for endings beyond the dialect's own set, lower case, of a column map.
    pub endings: &'a [(String, Ending)],
    /// Duration, billed seconds and ending may be absent.
    pub loose: bool,
}

/// The reading, and the zone it proved.
pub struct Read {
    pub reading: Reading,
    /// When it began and the offset its stamps were written in, where that can be proven.
    pub proof: Option<(Instant, i64)>,
}

struct Cells<'a> {
    row: &'a Row,
    columns: &'a [Col],
}

impl Cells<'_> {
    fn at(&self, col: Col) -> Option<usize> {
        self.columns.iter().position(|c| *c == col)
    }

    fn get(&self, col: Col) -> Option<&str> {
        self.at(col).and_then(|i| self.row.get(i)).filter(|v| !v.eq_ignore_ascii_case("null") && *v != "\\N")
    }

    fn text(&self, col: Col) -> Option<String> {
        self.get(col).map(str::to_owned)
    }

    fn bad(&self, col: Col, expected: &str) -> BadField {
        BadField::new(self.at(col).unwrap_or(self.columns.len()), col.name(), expected)
    }

    fn stamp(&self, col: Col) -> Result<Option<Stamp>, BadField> {
        match self.get(col) {
            // Zero dates of a database.
            None => Ok(None),
            Some(t) if t.starts_with("0000-00-00") || t.starts_with("1970-01-01 0") || t == "0" => Ok(None),
            Some(t) => Stamp::parse(t).map(Some).ok_or_else(|| self.bad(col, "a date and time such as 2024-03-01 10:00:00, or nothing")),
        }
    }

    fn length(&self, col: Col) -> Result<Option<i64>, BadField> {
        match self.get(col) {
            None => Ok(None),
            Some(t) => micros(t).map(Some).ok_or_else(|| self.bad(col, "whole seconds")),
        }
    }
}

/// `26` or `26.123456` seconds in microseconds; at most eleven days.
#[must_use]
pub fn micros(text: &str) -> Option<i64> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    if whole.is_empty() || whole.len() > 6 || !whole.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(whole.parse::<i64>().ok()? * 1_000_000 + i64::from(micros_of_fraction(fraction)?))
}

/// The ending that an Asterisk disposition names.
#[must_use]
pub fn disposition(text: &str) -> Option<Ending> {
    Some(match text.trim().to_ascii_uppercase().as_str() {
        "ANSWERED" | "ANSWER" => Ending::Answered,
        "NO ANSWER" | "NOANSWER" => Ending::NoAnswer,
        "BUSY" => Ending::Busy,
        "FAILED" => Ending::Failed,
        "CONGESTION" => Ending::Congestion,
        "CANCEL" | "CANCELLED" => Ending::Cancelled,
        _ => return None,
    })
}

fn is_ama(text: &str) -> bool {
    ["DEFAULT", "OMIT", "BILLING", "DOCUMENTATION", "IGNORE", "UNKNOWN", "0", "1", "2", "3"].iter().any(|w| w.eq_ignore_ascii_case(text))
}

/// Whole columns and moments of one row.
struct Times {
    started: Instant,
    answered: Option<Instant>,
    ended: Option<Instant>,
    duration: i64,
    billed: i64,
    stamped: bool,
    local: NaiveDateTime,
    resolved: Resolved,
}

/// Answer and end are placed by their distance from the start, so that a clock moved between them does no harm; lengths decide when they disagree.
fn times(cells: &Cells<'_>, source: &Source, rules: &Rules<'_>, flags: &mut BTreeSet<Flag>) -> Result<Times, BadField> {
    let start = cells.stamp(Col::Start)?.ok_or_else(|| cells.bad(Col::Start, "a date and time such as 2024-03-01 10:00:00"))?;
    let (answer, end) = (cells.stamp(Col::Answer)?, cells.stamp(Col::End)?);
    let (duration, billed) = (cells.length(Col::Duration)?, cells.length(Col::Billsec)?);
    if !rules.loose {
        for (col, value) in [(Col::Duration, duration), (Col::Billsec, billed)] {
            if value.is_none() {
                return Err(cells.bad(col, "whole seconds"));
            }
        }
    }
    let proof = cells.get(Col::UniqueId).and_then(epoch_of_uniqueid);
    let resolved = match start.offset {
        Some(offset) => Resolved { at: start.local.and_utc() - Duration::seconds(offset), flag: None, found: None },
        // Without seconds the stamp is up to a minute early, which is no contradiction.
        None => source.zone.resolve(start.local, proof.filter(|_| start.seconds)),
    };
    flags.extend(resolved.flag);
    let precise = [Some(start), answer, end].into_iter().flatten().all(|s| s.seconds);
    if !precise {
        flags.insert(Flag::MinutePrecision);
    }
    let started = time::truncate(resolved.at);
    let since = |s: Stamp| match (s.offset, start.offset) {
        (Some(o), _) => s.local.and_utc() - Duration::seconds(o) - started,
        _ => s.local - start.local,
    };
    let slack = Duration::seconds(if precise { 2 } else { 61 });
    let near = |a: Duration, b: Duration| (a - b).abs() <= slack;
    let by_lengths = duration.map(Duration::microseconds);
    let end_after = match (end.map(since), by_lengths) {
        (Some(e), Some(d)) if precise && near(e, d) => Some(e),
        (Some(e), Some(d)) => {
            // A clock set back or forward by an hour between the stamps.
            if precise && !near(e + Duration::hours(1), d) && !near(e - Duration::hours(1), d) {
                flags.insert(Flag::TimesDisagree);
            }
            Some(d)
        }
        (Some(e), None) => Some(e),
        (None, d) => d,
    }
    .map(|d| d.max(Duration::zero()));
    let talked = billed.filter(|b| *b > 0);
    let answer_after = match (answer.map(since), talked, end_after) {
        (Some(a), Some(b), Some(e)) if !precise || !near(e - a, Duration::microseconds(b)) => {
            let whole_hour =
                near(e - a + Duration::hours(1), Duration::microseconds(b)) || near(e - a - Duration::hours(1), Duration::microseconds(b));
            if precise && !whole_hour {
                flags.insert(Flag::TimesDisagree);
            }
            Some(e - Duration::microseconds(b))
        }
        (Some(a), _, _) => Some(a),
        (None, Some(b), Some(e)) => Some(e - Duration::microseconds(b)),
        (None, _, _) => None,
    }
    .map(|a| a.max(Duration::zero()));
    let answered = answer_after.and_then(|a| started.checked_add_signed(a)).map(time::truncate);
    let ended = end_after.and_then(|e| started.checked_add_signed(e)).map(time::truncate);
    let micros_between = |a: Option<Instant>, b: Option<Instant>| a.zip(b).and_then(|(a, b)| (b - a).num_microseconds()).map_or(0, |d| d.max(0));
    let duration = duration.unwrap_or_else(|| micros_between(Some(started), ended));
    let billed = billed.unwrap_or_else(|| micros_between(answered, ended));
    Ok(Times { started, answered, ended, duration, billed, stamped: end.is_some() && precise, local: start.local, resolved })
}

/// Reads one row.
pub fn read(row: &Row, source: &Source, rules: &Rules<'_>) -> Read {
    match leg(row, source, rules) {
        Ok((record, proof)) => Read { reading: Ok(Some(record)), proof },
        Err(bad) => Read { reading: Err(bad), proof: None },
    }
}

fn ending(cells: &Cells<'_>, rules: &Rules<'_>, t: &Times) -> Result<Ending, BadField> {
    if let Some(cause) = cells.get(Col::Cause) {
        if !super::causes::known(cause) {
            return Err(cells.bad(Col::Cause, "a hangup cause such as NORMAL_CLEARING"));
        }
        return Ok(super::causes::ending(cause, t.answered.is_some() || t.billed > 0));
    }
    if cells.at(Col::Cause).is_some() {
        return Err(cells.bad(Col::Cause, "a hangup cause such as NORMAL_CLEARING"));
    }
    let expected = "one of ANSWERED, NO ANSWER, BUSY, FAILED, CONGESTION, CANCEL";
    match cells.get(Col::Disposition) {
        Some(word) => {
            let own = rules.endings.iter().find(|(w, _)| *w == word.to_lowercase()).map(|(_, e)| *e);
            own.or_else(|| disposition(word)).ok_or_else(|| cells.bad(Col::Disposition, expected))
        }
        None if rules.loose && cells.at(Col::Disposition).is_none() => {
            Ok(if t.answered.is_some() || t.billed > 0 { Ending::Answered } else { Ending::NoAnswer })
        }
        None => Err(cells.bad(Col::Disposition, expected)),
    }
}

type Made = (Record, Option<(Instant, i64)>);

fn leg(row: &Row, source: &Source, rules: &Rules<'_>) -> Result<Made, BadField> {
    let cells = Cells { row, columns: rules.columns };
    let mut flags = row.flags.clone();
    let mut t = times(&cells, source, rules, &mut flags)?;
    let ending = ending(&cells, rules, &t)?;
    // A record is written when its leg is over, so one without lengths is over too.
    t.ended = t.ended.or(Some(t.answered.unwrap_or(t.started)));
    t.answered = t.answered.or(t.ended.filter(|_| ending == Ending::Answered));
    if let Some(ama) = cells.get(Col::AmaFlags)
        && !is_ama(ama)
    {
        return Err(cells.bad(Col::AmaFlags, "DEFAULT, OMIT, BILLING, DOCUMENTATION or a digit"));
    }
    let sequence = match cells.get(Col::Sequence) {
        Some(s) => Some(s.parse().map_err(|_| cells.bad(Col::Sequence, "a whole number"))?),
        None => None,
    };
    let named = cells.get(Col::Recording).map(|r| recording::key_by_day(r, t.local));
    let named = named.or_else(|| cells.get(Col::UserField).filter(|u| recording::looks_like(u)).map(recording::key));
    let recording = named.and_then(|n| n.map_err(|_| flags.insert(Flag::BadRecording)).ok());
    let (clid_name, clid_number) = split_clid(cells.get(Col::Clid).unwrap_or(""));
    let src = cells.text(Col::Src).or_else(|| cells.text(Col::Cnum)).or(clid_number);
    let moment = |col: Col| -> Result<Option<Instant>, BadField> {
        Ok(cells.stamp(col)?.map(|s| match s.offset {
            Some(o) => s.local.and_utc() - Duration::seconds(o),
            None => source.zone.resolve(s.local, None).at,
        }))
    };
    let waited = cells.length(Col::Wait)?.map(Duration::microseconds);
    let (joined, queue) = (moment(Col::Joined)?, cells.text(Col::Queue));
    let joined = joined.or_else(|| waited.and_then(|w| t.answered.or(t.ended).and_then(|a| a.checked_sub_signed(w))));
    let stay = (joined.is_some() || queue.is_some()).then(|| Stay {
        queue,
        joined,
        answered: t.answered.filter(|_| ending == Ending::Answered),
        left: t.ended.filter(|_| ending != Ending::Answered),
    });
    let direction = cells.get(Col::Direction).and_then(|d| match d.to_lowercase().as_str() {
        "inbound" | "in" | "incoming" | "входящий" => Some(Direction::Inbound),
        "outbound" | "out" | "outgoing" | "исходящий" => Some(Direction::Outbound),
        "internal" | "внутренний" => Some(Direction::Internal),
        _ => None,
    });
    let id = cells.text(Col::UniqueId).or_else(|| cells.text(Col::Uuid));
    let link = cells.text(Col::LinkedId);
    let leg = Leg {
        id: id.clone(),
        link: link.clone(),
        sequence,
        direction,
        src,
        name: cells.text(Col::Cnam).or(clid_name),
        dst: cells.text(Col::Dst),
        did: cells.text(Col::Did),
        context: cells.text(Col::Context),
        channel: cells.text(Col::Channel),
        peer: cells.text(Col::Peer).or_else(|| cells.text(Col::BlegUuid)),
        app: cells.text(Col::App),
        app_data: cells.text(Col::AppData),
        agent: cells.text(Col::Agent),
        answered: t.answered,
        ended: t.ended,
        duration_us: t.duration,
        billed_us: t.billed,
        ending,
        stay,
        hold_us: cells.length(Col::Hold)?.unwrap_or(0),
        recording,
        stamped: t.stamped,
        ..Leg::begun(rules.system, t.started)
    };
    let links = [id, link.clone(), cells.text(Col::BlegUuid)].into_iter().flatten().collect();
    let call = link.or_else(|| leg.id.clone()).unwrap_or_default();
    let trimmed = row.cells.iter().map(|c| c.trim());
    let key = RecordKey::of(source, rules.dialect, trimmed);
    let proof = t.resolved.found.map(|f| (t.started, f));
    Ok((Record::new(key, &call, links, t.started, flags, Fact::Leg(Box::new(leg))), proof))
}

/// `"Name" <number>` in its parts.
fn split_clid(clid: &str) -> (Option<String>, Option<String>) {
    let some = |t: &str| Some(t.trim().trim_matches('"').trim().to_owned()).filter(|t| !t.is_empty());
    match (clid.rfind('<'), clid.rfind('>')) {
        (Some(open), Some(close)) if open < close => (some(clid.get(..open).unwrap_or("")), some(clid.get(open + 1..close).unwrap_or(""))),
        _ => (None, some(clid).filter(|t| t.bytes().all(|b| b.is_ascii_digit() || b == b'+'))),
    }
}

/// A row that names the columns: at least three of its words are column names and none is a date.
#[must_use]
pub fn is_header(row: &Row) -> bool {
    let names = row.cells.iter().filter(|c| Col::named(c).is_some()).count();
    names >= 3 && !row.cells.iter().any(|c| zone::Stamp::parse(c).is_some())
}
