//! Where a list goes on, as an opaque word: hex of JSON. It comes back from outside, so it is read like any hostile input.

use crate::domain::{Instant, RequestId};
use crate::store::callbacks::CallbackCursor;
use crate::store::calls::list::CallCursor;
use crate::store::outages::OutageCursor;
use crate::store::requests::{QueueCursor, Stored};
use crate::store::social::CommentCursor;
use crate::web::error::ApiError;
use chrono::Datelike;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Longest cursor that is looked at, in characters. Ours are shorter than half of it.
const LONGEST: usize = 600;

/// Something that a list can go on from.
pub trait Cursor: Serialize + DeserializeOwned {
    /// The values can be asked of the database.
    fn is_sane(&self) -> bool;
}

/// Databases know fewer years than chrono does.
fn storable(at: Instant) -> bool {
    (1970..=9999).contains(&at.year())
}

impl Cursor for QueueCursor {
    fn is_sane(&self) -> bool {
        storable(self.due)
    }
}

impl Cursor for CallCursor {
    fn is_sane(&self) -> bool {
        storable(self.at)
    }
}

impl Cursor for CommentCursor {
    fn is_sane(&self) -> bool {
        storable(self.at) && self.id >= 0
    }
}

impl Cursor for OutageCursor {
    fn is_sane(&self) -> bool {
        storable(self.at)
    }
}

impl Cursor for CallbackCursor {
    fn is_sane(&self) -> bool {
        storable(self.at)
    }
}

/// Goes on before this one, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnCursor {
    pub at: Instant,
    pub id: RequestId,
}

impl OwnCursor {
    #[must_use]
    pub fn after(s: &Stored) -> Self {
        Self { at: s.request.received_at, id: s.request.id }
    }
}

impl Cursor for OwnCursor {
    fn is_sane(&self) -> bool {
        storable(self.at)
    }
}

/// Goes on after this one of a thread, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThreadCursor {
    pub at: Instant,
    pub id: uuid::Uuid,
}

impl Cursor for ThreadCursor {
    fn is_sane(&self) -> bool {
        storable(self.at)
    }
}

/// Goes on before this entry of the audit, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditCursor {
    pub at: Instant,
    pub id: i64,
}

impl Cursor for AuditCursor {
    fn is_sane(&self) -> bool {
        storable(self.at) && self.id >= 0
    }
}

/// Goes on before this row, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowCursor {
    pub row: i64,
}

impl Cursor for RowCursor {
    fn is_sane(&self) -> bool {
        self.row >= 0
    }
}

/// The word for a place in a list.
#[must_use]
pub fn encode<C: Cursor>(c: &C) -> Option<String> {
    serde_json::to_vec(c).ok().map(hex::encode)
}

/// The place that a word stands for; none for an empty word.
///
/// # Errors
/// `bad_request` for a word that this list did not give out.
pub fn decode<C: Cursor>(word: Option<&str>) -> Result<Option<C>, ApiError> {
    let Some(word) = word.map(str::trim).filter(|w| !w.is_empty()) else { return Ok(None) };
    let bad = || ApiError::detail("bad_request", "cursor: not one that this list gave out");
    if word.len() > LONGEST {
        return Err(bad());
    }
    let bytes = hex::decode(word).map_err(|_| bad())?;
    let cursor: C = serde_json::from_slice(&bytes).map_err(|_| bad())?;
    if cursor.is_sane() { Ok(Some(cursor)) } else { Err(bad()) }
}

/// A page out of one row more than it shows: the rows, and the word for the rest.
#[must_use]
pub fn page<T, C: Cursor>(mut rows: Vec<T>, limit: usize, after: impl Fn(&T) -> C) -> (Vec<T>, Option<String>) {
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = if more { rows.last().and_then(|last| encode(&after(last))) } else { None };
    (rows, next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn queue(priority: i16, secs: i64) -> QueueCursor {
        QueueCursor { priority, due: chrono::DateTime::from_timestamp(secs, 0).unwrap(), id: RequestId::fresh() }
    }

    #[test]
    fn hostile_words_are_refused() {
        let far = hex::encode(r#"{"priority":1,"due":"+200000-01-01T00:00:00Z","id":"00000000-0000-0000-0000-000000000000"}"#);
        let early = hex::encode(r#"{"priority":1,"due":"-4000-01-01T00:00:00Z","id":"00000000-0000-0000-0000-000000000000"}"#);
        let big = hex::encode(r#"{"priority":99999,"due":"2026-01-01T00:00:00Z","id":"00000000-0000-0000-0000-000000000000"}"#);
        let sql = hex::encode(r#"{"priority":1,"due":"2026-01-01T00:00:00Z","id":"' or 1=1 --"}"#);
        let other = encode(&RowCursor { row: 5 }).unwrap();
        let deep = hex::encode("[".repeat(290));
        let long = "7b".repeat(10_000);
        for word in ["x", "zz", "7b", "7b7d", "6e756c6c", "ә", "7b 7d", "\0", &far, &early, &big, &sql, &other, &deep, &long] {
            let e = decode::<QueueCursor>(Some(word)).unwrap_err();
            assert_eq!(e.code, "bad_request", "{word}");
        }
        let negative = hex::encode(r#"{"row":-1}"#);
        let much = hex::encode(r#"{"row":9223372036854775808}"#);
        let extra = hex::encode(r#"{"row":1,"also":2}"#);
        for word in [&negative, &much, &extra] {
            assert!(decode::<RowCursor>(Some(word)).is_err(), "{word}");
        }
    }

    #[test]
    fn nothing_is_the_beginning() {
        for word in [None, Some(""), Some("  ")] {
            assert_eq!(decode::<RowCursor>(word).unwrap(), None);
        }
    }

    #[test]
    fn a_page_goes_on_after_its_last_row() {
        let (rows, next) = page(vec![9, 8, 7], 2, |r| RowCursor { row: *r });
        assert_eq!(rows, [9, 8]);
        assert_eq!(decode(next.as_deref()).unwrap(), Some(RowCursor { row: 8 }));
        let (rows, next) = page(vec![9, 8], 2, |r| RowCursor { row: *r });
        assert_eq!((rows.len(), next), (2, None));
    }

    proptest! {
        #[test]
        fn comes_back_as_it_went(priority in 0i16..4, secs in 0i64..253_402_214_401, micros in 0u32..1_000_000) {
            let mut c = queue(priority, secs);
            c.due += chrono::Duration::microseconds(i64::from(micros));
            prop_assume!(storable(c.due));
            let word = encode(&c).unwrap();
            prop_assert!(word.len() < LONGEST / 2);
            prop_assert_eq!(decode::<QueueCursor>(Some(&word)).unwrap(), Some(c));
        }

        #[test]
        fn any_word_is_answered(word in "\\PC{0,80}") {
            let _ = decode::<QueueCursor>(Some(&word));
            let _ = decode::<OwnCursor>(Some(&hex::encode(&word)));
        }
    }
}
