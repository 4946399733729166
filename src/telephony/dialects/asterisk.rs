//! Asterisk `cdr_csv` (`Master.csv`), `cdr_custom`, and the table of FreePBX.

use super::cdr::{self, Read, Rules};
use super::columns::{ASTERISK, ASTERISK_17_USERFIELD, ASTERISK_CUSTOM, Col};
use crate::telephony::fields::Row;
use crate::telephony::record::{BadField, System};
use crate::telephony::source::Source;
use crate::telephony::zone::epoch_of_uniqueid;

/// What the last of 17 columns is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seventeenth {
    UniqueId,
    UserField,
}

fn rules<'a>(dialect: &'static str, columns: &'a [Col]) -> Rules<'a> {
    Rules { dialect, system: System::Asterisk, columns, endings: &[], loose: false }
}

fn refused(n: usize, expected: &str) -> Read {
    Read { reading: Err(BadField::new(n, "columns", expected)), proof: None }
}

/// A row of `cdr_csv`. One file may hold rows of several lengths, from before and after a change of `cdr.conf`.
pub fn cdr_csv(row: &Row, source: &Source, seventeen: Option<Seventeenth>) -> Read {
    let columns = match (row.cells.len(), seventeen) {
        (17, None) => return refused(16, "to be told whether the 17th column is the uniqueid or the userfield"),
        (17, Some(Seventeenth::UserField)) => &ASTERISK_17_USERFIELD[..],
        (n @ (16 | 17 | 18 | 21), _) => ASTERISK.get(..n).unwrap_or(&ASTERISK),
        (n, _) => return refused(n, "16, 17, 18 or 21 columns"),
    };
    cdr::read(row, source, &rules("asterisk", columns))
}

/// A row of `cdr_custom` in the order of its sample configuration.
pub fn cdr_custom(row: &Row, source: &Source) -> Read {
    match row.cells.len() {
        19 => cdr::read(row, source, &rules("asterisk-custom", &ASTERISK_CUSTOM)),
        n => refused(n, "19 columns"),
    }
}

/// A row under a header. A `linkedid` column and its kin may be missing.
pub fn by_header(row: &Row, source: &Source, dialect: &'static str, header: &[Col]) -> Read {
    if header.contains(&Col::Cause) {
        refused(0, "a header with disposition; hangup_cause is a column of FreeSWITCH")
    } else if row.cells.len() == header.len() {
        cdr::read(row, source, &rules(dialect, header))
    } else {
        refused(row.cells.len(), &format!("{} columns, as in the header", header.len()))
    }
}

/// Tells the 17th column by the content of a sample: `None` when it is empty, or of both kinds.
pub fn tell_seventeenth<'a>(values: impl IntoIterator<Item = &'a str>) -> Option<Seventeenth> {
    let (mut ids, mut others, mut empty) = (0, 0, 0);
    for value in values {
        match value.trim() {
            "" => empty += 1,
            v if epoch_of_uniqueid(v).is_some() => ids += 1,
            _ => others += 1,
        }
    }
    match (ids, others, empty) {
        (1.., 0, 0) => Some(Seventeenth::UniqueId),
        (0, 1.., _) => Some(Seventeenth::UserField),
        _ => None,
    }
}
