//! The morning digest: the figures of a day for one reader, out of the same definitions as every report, and how they read as a letter.

mod bars;
mod decision;
mod gather;
mod html;
mod lines;
mod plain;
#[cfg(test)]
mod tests;

pub use decision::Decision;
pub use gather::gather;

use super::facts::Stars;
use crate::config::Book;
use crate::domain::Lang;
use crate::domain::calendar::Day;
use crate::domain::digest::Part;
use crate::domain::{Instant, RequestNumber};
use crate::store::reports::standing::{Place, Talked};

/// A figure and the same one of the time before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pair {
    pub now: i64,
    pub before: i64,
}

/// An open request that is late, or a danger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub number: RequestNumber,
    pub service: Option<String>,
    pub district: Option<String>,
    /// Who answers for it.
    pub queue: Option<String>,
    pub hazard: Option<String>,
    /// Nobody has taken it yet.
    pub untaken: bool,
    /// Seconds since its time ran out, or since it was received.
    pub secs: i64,
}

/// What was written under posts of ours within the week.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Social {
    pub all: i64,
    pub asking: i64,
    pub unanswered: i64,
    pub posts: Vec<Talked>,
}

/// Everything that one digest tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// The day it is about.
    pub day: Day,
    pub part: Part,
    /// When it was made: what stands open, stands so at this moment.
    pub at: Instant,
    /// Received on the day, and on the day before.
    pub received: Pair,
    /// On the same weekday of the week before.
    pub week_ago: i64,
    /// Received in seven days up to the day, and in the seven before.
    pub week: Pair,
    /// Closed of those received in the week.
    pub closed: Pair,
    pub reopened: Pair,
    /// The last fourteen days, the oldest first.
    pub days: Vec<(Day, i64)>,
    /// Of the week: code and how many, the largest first.
    pub classes: Vec<(Option<String>, i64)>,
    pub services: Vec<(Option<String>, i64)>,
    pub districts: Vec<(Option<String>, i64)>,
    /// Targets of the week that were kept, and decided in all.
    pub kept: (i64, i64),
    pub kept_before: (i64, i64),
    pub open: i64,
    pub overdue: i64,
    pub untaken: i64,
    /// Queues with something late: code, late, open.
    pub owners: Vec<(Option<String>, i64, i64)>,
    pub worst: Vec<Row>,
    /// Dangers stated on the day.
    pub dangers_day: i64,
    /// Dangers open now, and those of them that nobody has taken.
    pub dangers_open: (i64, i64),
    pub dangers: Vec<Row>,
    pub places: Vec<Place>,
    pub stars: Stars,
    pub stars_before: Stars,
    /// Only in the digest of the whole work: posts belong to nobody's part.
    pub social: Option<Social>,
}

/// A letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// The figures in a reader's words. `link`: where the console is, if anywhere.
#[must_use]
pub fn letter(book: &Book, lang: Lang, figures: &Figures, link: &str) -> Letter {
    let sections = lines::sections(book, lang, figures);
    Letter {
        subject: lines::subject(book, lang, figures),
        text: plain::text(book, lang, figures, &sections, link),
        html: html::page(book, lang, figures, &sections, link),
    }
}
