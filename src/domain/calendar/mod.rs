//! Working time: when an organisation works, and exact arithmetic over it.
//!
//! [`Calendars`] is the data (`config/calendar.toml`), [`Timetable`] the compiled form that measures. All times are UTC microseconds; a calendar has its
//! own zone, and an instant is working time exactly when its local wall-clock time lies in one of the calendar's intervals, so an hour that happens twice
//! counts twice and one that is skipped does not count.

mod book;
mod day;
pub mod ical;
mod local;
mod span;
#[cfg(test)]
pub(super) mod tests;
mod timetable;
mod zone;

pub use book::{Calendar, Calendars, Holiday, Hours, OwnDay, WorkingDay};
pub use day::{Day, Weekday};
pub use local::{begins, day_of, hour_of};
pub use span::{BadSpan, Span};
pub use timetable::{Off, Timetable, Timetables};
