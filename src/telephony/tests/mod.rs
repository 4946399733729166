//! Golden files per dialect, written by the documented rules; times; joining; and what no input may do.

mod dialects;
mod join;
mod props;
mod times;
mod verify;

use super::profile::{Layout, Profile};
use super::reader::{Item, Reader};
use super::record::{Fact, Leg, Record};
use super::source::Source;
use super::verify::{Told, detect};
use super::zone::Zone;
use crate::domain::Instant;
use crate::domain::call::Call;

pub fn utc() -> Source {
    Source::new("pbx", Zone::utc())
}

pub fn almaty() -> Source {
    Source::new("pbx", Zone::almaty())
}

pub fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

pub const S: i64 = 1_000_000;

/// Every item of a whole file.
pub fn items(profile: Profile, text: &[u8], source: &Source) -> Vec<Item> {
    let layout = detect(profile, text, true, &Told::default(), source).unwrap_or_else(|e| panic!("{e}"));
    read(layout, text, source)
}

pub fn read(layout: Layout, text: &[u8], source: &Source) -> Vec<Item> {
    let mut reader = Reader::new(layout, source);
    reader.feed(text);
    reader.finish();
    std::iter::from_fn(|| reader.next_item()).collect()
}

/// Every record of a whole file that holds nothing else.
pub fn records(profile: Profile, text: &str, source: &Source) -> Vec<Record> {
    items(profile, text.as_bytes(), source)
        .into_iter()
        .filter_map(|i| match i {
            Item::Record(r) => Some(*r),
            Item::Other => None,
            Item::Bad(bad) => panic!("{bad}"),
        })
        .collect()
}

pub fn leg(record: &Record) -> &Leg {
    match &record.fact {
        Fact::Leg(leg) => leg,
        other => panic!("{other:?}"),
    }
}

pub fn only(records: &[Record], source: &Source) -> Call {
    let mut calls = super::join::calls(records, source);
    assert_eq!(calls.len(), 1, "{calls:#?}");
    calls.remove(0)
}
