//! Days of rest out of an iCalendar feed (RFC 5545): all-day events, single or yearly. What cannot be taken is told, never guessed.
//!
//! Feeds of holidays are full of entries on which everybody works. So nothing is imported silently: the answer lists every day with its name and note,
//! a filter can demand a word of the note ("Public holiday"), and the account of a clock names each day it left out.

use super::Day;
use chrono::{Datelike, Days, NaiveDate};
use std::collections::BTreeMap;

/// The longest feed that is read, in bytes.
pub const MAX_BYTES: usize = 1 << 20;
/// The longest event, in days, and the most days a feed may give.
const MAX_EVENT_DAYS: u64 = 366;
const MAX_DAYS: usize = 5_000;

/// What is no feed at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IcalError {
    #[error("the file is larger than {MAX_BYTES} bytes")]
    TooLarge,
    #[error("this is not an iCalendar file: it does not begin with BEGIN:VCALENDAR")]
    NotCalendar,
    #[error("the file breaks off: BEGIN and END do not match")]
    Unfinished,
    #[error("the file gives more than {MAX_DAYS} days")]
    TooManyDays,
}

/// Why an event was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    #[error("it has no date of its own")]
    NoDate,
    #[error("it takes hours, not whole days")]
    Timed,
    #[error("it ends before it begins, or lasts longer than a year")]
    Length,
    #[error("its rule of repetition is not a plain yearly one")]
    Rule,
    #[error("it is cancelled")]
    Cancelled,
    #[error("its note does not have the wanted word")]
    Filtered,
}

/// A day of rest that a feed gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedDay {
    pub date: Day,
    pub name: String,
    /// Categories and description, as far as the feed has them.
    pub note: String,
}

/// What a feed gives within a span of days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Feed {
    /// In the order of time; several events on one day stand once, with their names joined.
    pub days: Vec<FeedDay>,
    /// Events left out, by name.
    pub skipped: Vec<(String, Why)>,
}

/// Reads the days of a feed between `from` and `until`, both included; with `only`, those whose note has that text, whatever its case.
///
/// # Errors
/// [`IcalError`] when the text is not a feed.
pub fn read(text: &str, from: Day, until: Day, only: Option<&str>) -> Result<Feed, IcalError> {
    if text.len() > MAX_BYTES {
        return Err(IcalError::TooLarge);
    }
    let lines = unfold(text);
    if lines.first().is_none_or(|l| !l.trim_start_matches('\u{feff}').trim_end().eq_ignore_ascii_case("BEGIN:VCALENDAR")) {
        return Err(IcalError::NotCalendar);
    }
    let only = only.map(str::to_lowercase);
    let mut days: BTreeMap<Day, FeedDay> = BTreeMap::new();
    let mut skipped = Vec::new();
    for event in events(&lines)? {
        let taken = match only.as_deref() {
            Some(word) if !event.note.to_lowercase().contains(word) => Err(Why::Filtered),
            _ => event.days(from, until),
        };
        match taken {
            Err(why) => skipped.push((event.name, why)),
            Ok(dates) => {
                for date in dates {
                    days.entry(date).and_modify(|d| join(&mut d.name, &event.name)).or_insert_with(|| FeedDay {
                        date,
                        name: event.name.clone(),
                        note: event.note.clone(),
                    });
                }
                if days.len() > MAX_DAYS {
                    return Err(IcalError::TooManyDays);
                }
            }
        }
    }
    Ok(Feed { days: days.into_values().collect(), skipped })
}

fn join(name: &mut String, more: &str) {
    if name.len() < 500 && !name.split("; ").any(|n| n == more) {
        name.push_str("; ");
        name.push_str(more);
    }
}

/// A line that begins with a space or a tab goes on with the one before.
fn unfold(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for line in text.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        match (line.strip_prefix([' ', '\t']), out.last_mut()) {
            (Some(rest), Some(last)) => last.push_str(rest),
            _ => out.push(line.to_owned()),
        }
    }
    out
}

#[derive(Debug, Default)]
struct Event {
    name: String,
    note: String,
    start: Option<Result<NaiveDate, Why>>,
    end: Option<Result<NaiveDate, Why>>,
    rule: Option<String>,
    except: Vec<NaiveDate>,
    cancelled: bool,
}

fn events(lines: &[String]) -> Result<Vec<Event>, IcalError> {
    let mut out = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let mut event: Option<Event> = None;
    for line in lines {
        let Some((name, params, value)) = property(line.trim_start_matches('\u{feff}')) else { continue };
        match name.as_str() {
            "BEGIN" => {
                open.push(value.trim().to_ascii_uppercase());
                if open.len() > 16 {
                    return Err(IcalError::Unfinished);
                }
                if open.last().is_some_and(|o| o == "VEVENT") && event.is_none() {
                    event = Some(Event::default());
                }
            }
            "END" => {
                let closed = value.trim().to_ascii_uppercase();
                if open.pop().as_deref() != Some(closed.as_str()) {
                    return Err(IcalError::Unfinished);
                }
                if closed == "VEVENT" {
                    out.extend(event.take());
                }
            }
            // What stands in an alarm inside of an event is not the event's.
            _ if open.last().is_some_and(|o| o == "VEVENT") => {
                if let Some(event) = event.as_mut() {
                    event.take(&name, &params, value);
                }
            }
            _ => {}
        }
    }
    if open.is_empty() { Ok(out) } else { Err(IcalError::Unfinished) }
}

/// Name, parameters and value of a line; a colon inside of quotes is part of a parameter.
fn property(line: &str) -> Option<(String, String, &str)> {
    let mut quoted = false;
    let colon = line.char_indices().find(|(_, c)| {
        quoted ^= *c == '"';
        *c == ':' && !quoted
    })?;
    let (head, value) = line.split_at(colon.0);
    let (name, params) = head.split_once(';').unwrap_or((head, ""));
    Some((name.trim().to_ascii_uppercase(), params.to_ascii_uppercase(), value.strip_prefix(':').unwrap_or(value)))
}

fn date(value: &str) -> Option<NaiveDate> {
    let digits = value.get(..8).filter(|d| d.bytes().all(|b| b.is_ascii_digit()))?;
    NaiveDate::parse_from_str(digits, "%Y%m%d").ok()
}

/// A whole day; an hour makes the event a timed one.
fn whole_day(value: &str) -> Result<NaiveDate, Why> {
    let value = value.trim();
    if value.len() > 8 && value.as_bytes().get(8) == Some(&b'T') {
        return Err(Why::Timed);
    }
    if value.len() != 8 {
        return Err(Why::NoDate);
    }
    date(value).ok_or(Why::NoDate)
}

fn plain(value: &str) -> String {
    let mut out = String::with_capacity(value.len().min(200));
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => out.push(' '),
                Some(other) => out.push(other),
                None => {}
            },
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
        if out.len() >= 200 {
            break;
        }
    }
    out.trim().to_owned()
}

impl Event {
    fn take(&mut self, name: &str, _params: &str, value: &str) {
        match name {
            "SUMMARY" => self.name = plain(value),
            "DESCRIPTION" | "CATEGORIES" => {
                if !self.note.is_empty() {
                    self.note.push(' ');
                }
                self.note.push_str(&plain(value));
            }
            "DTSTART" => self.start = Some(whole_day(value)),
            "DTEND" => self.end = Some(whole_day(value)),
            "RRULE" => self.rule = Some(value.trim().to_ascii_uppercase()),
            // Dates that are added one by one, and lengths other than an end, are not read: better left out than half read.
            "RDATE" | "DURATION" => self.rule = Some(name.to_owned()),
            "EXDATE" => self.except.extend(value.split(',').filter_map(|v| date(v.trim()))),
            "STATUS" => self.cancelled = value.trim().eq_ignore_ascii_case("CANCELLED"),
            _ => {}
        }
    }

    /// Its days within a span.
    fn days(&self, from: Day, until: Day) -> Result<Vec<Day>, Why> {
        if self.cancelled {
            return Err(Why::Cancelled);
        }
        let start = self.start.ok_or(Why::NoDate)??;
        let next = start.checked_add_days(Days::new(1)).ok_or(Why::NoDate)?;
        // The end is the first day after; some write the day itself for a single one.
        let end = self.end.transpose()?.map_or(next, |end| if end == start { next } else { end });
        let length = u64::try_from(end.signed_duration_since(start).num_days()).map_err(|_| Why::Length)?;
        if !(1..=MAX_EVENT_DAYS).contains(&length) {
            return Err(Why::Length);
        }
        let mut out = Vec::new();
        for begin in self.begins(start, until.0)? {
            if self.except.contains(&begin) {
                continue;
            }
            out.extend((0..length).filter_map(|n| begin.checked_add_days(Days::new(n)).map(Day)).filter(|d| (from..=until).contains(d)));
        }
        Ok(out)
    }

    /// The first days of all its repetitions up to `last`.
    fn begins(&self, start: NaiveDate, last: NaiveDate) -> Result<Vec<NaiveDate>, Why> {
        let Some(rule) = &self.rule else { return Ok(vec![start]) };
        let (mut yearly, mut interval, mut count, mut until) = (false, 1_i32, u32::MAX, last);
        for part in rule.split(';').filter(|p| !p.is_empty()) {
            let (key, value) = part.split_once('=').ok_or(Why::Rule)?;
            match key {
                "FREQ" => yearly = value == "YEARLY",
                "INTERVAL" => interval = value.parse().ok().filter(|n| (1..=100).contains(n)).ok_or(Why::Rule)?,
                "COUNT" => count = value.parse().ok().filter(|n| *n > 0).ok_or(Why::Rule)?,
                "UNTIL" => until = date(value).ok_or(Why::Rule)?.min(last),
                "BYMONTH" if value.parse() == Ok(start.month()) => {}
                "BYMONTHDAY" if value.parse() == Ok(start.day()) => {}
                "WKST" => {}
                _ => return Err(Why::Rule),
            }
        }
        if !yearly {
            return Err(Why::Rule);
        }
        let years = (start.year()..=until.year()).step_by(usize::try_from(interval).unwrap_or(1));
        // 29 February comes only in leap years, and only then counts.
        let dates = years.take(1000).filter_map(|year| NaiveDate::from_ymd_opt(year, start.month(), start.day()));
        Ok(dates.take_while(|d| *d <= until).take(usize::try_from(count).unwrap_or(usize::MAX)).collect())
    }
}
