//! FreeSWITCH `mod_cdr_csv`: the templates `example` and `asterisk`, as written and as re-saved by a spreadsheet.

use super::cdr::{self, Read, Rules};
use super::columns::{Col, FREESWITCH_ASTERISK, FREESWITCH_EXAMPLE};
use crate::telephony::fields::{self, Row};
use crate::telephony::record::{BadField, System};
use crate::telephony::source::Source;

/// The columns for a row of so many.
fn columns(n: usize) -> Option<&'static [Col]> {
    match n {
        13..=15 => FREESWITCH_EXAMPLE.get(..n),
        17..=18 => FREESWITCH_ASTERISK.get(..n),
        _ => None,
    }
}

fn read(row: &Row, source: &Source, header: Option<&[Col]>) -> Read {
    let found = match header {
        Some(h) => Some(h).filter(|h| h.len() == row.cells.len() && h.contains(&Col::Cause)),
        None => columns(row.cells.len()),
    };
    match found {
        Some(columns) => {
            let rules = Rules { dialect: "freeswitch-csv", system: System::Freeswitch, columns, endings: &[], loose: false };
            cdr::read(row, source, &rules)
        }
        None => Read {
            reading: Err(BadField::new(
                row.cells.len(),
                "columns",
                "13 to 15 (template example), 17 or 18 (template asterisk), or those of a header with hangup_cause",
            )),
            proof: None,
        },
    }
}

/// Takes away the `;` that the built-in template writes at the end, and empty columns that a spreadsheet added.
fn trimmed(mut row: Row, delimiter: u8, header: Option<&[Col]>) -> Row {
    if delimiter != b';'
        && let Some(last) = row.cells.last_mut()
        && last.ends_with(';')
    {
        last.truncate(last.trim_end_matches(';').len());
    }
    if header.is_some() {
        return row;
    }
    while row.cells.len() > FREESWITCH_ASTERISK.len() && row.cells.last().is_some_and(|c| c.trim().is_empty()) {
        row.cells.pop();
    }
    // One empty column behind a whole `example` row.
    if row.cells.len() == FREESWITCH_EXAMPLE.len() + 1 && row.cells.last().is_some_and(|c| c.trim().is_empty()) {
        row.cells.pop();
    }
    row
}

/// Reads a line. Values are not escaped by the template, so a line that makes no sense by the rules of CSV is cut at `","` instead.
pub fn line(bytes: &[u8], delimiter: u8, source: &Source, header: Option<&[Col]>) -> Read {
    let strict = read(&trimmed(fields::csv(bytes, delimiter), delimiter, header), source, header);
    if strict.reading.is_ok() {
        return strict;
    }
    match fields::all_quoted(bytes, delimiter).map(|row| read(&trimmed(row, delimiter, header), source, header)) {
        Some(lenient) if lenient.reading.is_ok() => lenient,
        _ => strict,
    }
}
