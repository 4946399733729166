//! One line to its columns.

use crate::domain::call::Flag;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// A line cut into columns, with what is odd about it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    pub cells: Vec<String>,
    pub flags: BTreeSet<Flag>,
}

impl Row {
    /// The column, without blanks around it; `None` when empty or absent.
    #[must_use]
    pub fn get(&self, column: usize) -> Option<&str> {
        self.cells.get(column).map(|c| c.trim()).filter(|c| !c.is_empty())
    }
}

/// Bytes to text that loses nothing: bytes that are not UTF-8, and NUL and its kin, become `%A5`.
#[must_use]
pub fn text_of(bytes: &[u8]) -> (String, BTreeSet<Flag>) {
    let mut flags = BTreeSet::new();
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() && !matches!(c, '\t' | '\n' | '\r') {
                flags.insert(Flag::ControlBytes);
                let mut buffer = [0; 4];
                c.encode_utf8(&mut buffer).bytes().for_each(|b| escape(&mut out, b));
            } else {
                out.push(c);
            }
        }
        for b in chunk.invalid() {
            flags.insert(Flag::NotUtf8);
            escape(&mut out, *b);
        }
    }
    (out, flags)
}

fn escape(out: &mut String, b: u8) {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    out.push('%');
    for nibble in [b >> 4, b & 15] {
        out.push(HEX.get(usize::from(nibble)).copied().unwrap_or('0'));
    }
}

/// Zeros that a file system leaves at a place never written, before a good line.
fn without_leading_nuls(bytes: &[u8]) -> &[u8] {
    let n = bytes.iter().take_while(|b| **b == 0).count();
    bytes.get(n..).unwrap_or_default()
}

thread_local! {
    /// Building a cutter costs ten times as much as cutting a line, and a copy of one is built anew.
    static CUTTERS: RefCell<[(u8, csv_core::Reader); 3]> = RefCell::new([b',', b';', b'\t'].map(|d| (d, cutter(d))));
}

fn cutter(delimiter: u8) -> csv_core::Reader {
    csv_core::ReaderBuilder::new().delimiter(delimiter).terminator(csv_core::Terminator::Any(0)).build()
}

/// Lends the cutter of a delimiter.
fn with_cutter<T>(delimiter: u8, f: impl FnOnce(&mut csv_core::Reader) -> T) -> T {
    CUTTERS.with_borrow_mut(|all| match all.iter_mut().find(|(d, _)| *d == delimiter) {
        Some((_, reader)) => {
            reader.reset();
            f(reader)
        }
        None => f(&mut cutter(delimiter)),
    })
}

/// Cuts by the rules of RFC 4180, with blanks before a quote allowed.
#[must_use]
pub fn csv(bytes: &[u8], delimiter: u8) -> Row {
    let body = without_leading_nuls(bytes);
    // NUL ends the record for the cutter, so that line ends inside bare values are kept.
    let nul = |b: &u8| if *b == 0 { b"%00".to_vec() } else { vec![*b] };
    let holds_nul = body.contains(&0);
    let body = if holds_nul { std::borrow::Cow::Owned(body.iter().flat_map(nul).collect::<Vec<u8>>()) } else { body.into() };
    let (mut out, mut ends) = (vec![0; body.len() + 1], vec![0; body.len() + 2]);
    let (wrote, fields) = with_cutter(delimiter, |reader| {
        let (_, _, wrote, fields) = reader.read_record(&body, &mut out, &mut ends);
        // An empty input ends the last record.
        let (_, _, more, ended) = reader.read_record(&[], out.get_mut(wrote..).unwrap_or_default(), ends.get_mut(fields..).unwrap_or_default());
        (wrote + more, fields + ended)
    });
    let mut row = Row::default();
    if bytes.contains(&0) {
        row.flags.insert(Flag::ControlBytes);
    }
    let mut from = 0;
    for end in ends.iter().take(fields) {
        let raw = out.get(from..(*end).min(wrote)).unwrap_or_default();
        from = *end;
        let (mut text, flags) = text_of(raw);
        row.flags.extend(flags);
        // ` "x"`: a blank stood before the quote.
        let bare = text.trim();
        if bare.len() < text.len()
            && let Some(inner) = bare.strip_prefix('"').and_then(|t| t.strip_suffix('"'))
        {
            text = inner.to_owned();
        }
        row.cells.push(text);
    }
    row
}

/// Cuts a line whose every value stands in quotes, and whose values may hold unescaped quotes: by `","` alone.
#[must_use]
pub fn all_quoted(bytes: &[u8], delimiter: u8) -> Option<Row> {
    let (text, flags) = text_of(without_leading_nuls(bytes));
    let body = text.trim().trim_end_matches(';').strip_prefix('"')?.strip_suffix('"')?;
    let separator = format!("\"{}\"", char::from(delimiter));
    let mut row = Row { cells: body.split(separator.as_str()).map(str::to_owned).collect(), flags };
    row.flags.insert(Flag::BrokenQuotes);
    Some(row)
}

/// Cuts at the delimiter and nothing else.
#[must_use]
pub fn plain(bytes: &[u8], delimiter: u8) -> Row {
    let (text, flags) = text_of(without_leading_nuls(bytes));
    Row { cells: text.split(char::from(delimiter)).map(str::to_owned).collect(), flags }
}

/// The delimiter of a line of CSV: the commonest of comma, semicolon and tab outside quotes; comma when none occurs.
#[must_use]
pub fn delimiter_of(line: &[u8]) -> u8 {
    let (mut quoted, mut counts) = (false, [(b',', 0usize), (b';', 0), (b'\t', 0)]);
    for b in line {
        match b {
            b'"' => quoted = !quoted,
            b if !quoted => counts.iter_mut().filter(|(d, _)| d == b).for_each(|(_, n)| *n += 1),
            _ => {}
        }
    }
    counts.iter().rev().max_by_key(|(_, n)| *n).filter(|(_, n)| *n > 0).map_or(b',', |(d, _)| *d)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cuts() {
        assert_eq!(csv(b"\"a\",,\"b \"\"q\"\" c\",12", b',').cells, ["a", "", "b \"q\" c", "12"]);
        assert_eq!(csv(b"\"a\", \"b\"", b',').cells, ["a", "b"]);
        assert_eq!(csv(b"\"a\nb\",c", b',').cells, ["a\nb", "c"]);
        assert_eq!(csv(b"a,b,", b',').cells, ["a", "b", ""]);
        assert_eq!(csv(b"\"\"", b',').cells, [""]);
        assert_eq!(all_quoted(b"\"Bob \"B\" C\",\"1\";", b',').unwrap().cells, ["Bob \"B\" C", "1"]);
        assert_eq!(delimiter_of(b"\"a;b;c\",2"), b',');
        assert_eq!(delimiter_of(b"a;b;1,5"), b';');
    }

    #[test]
    fn keeps_what_is_not_text() {
        let row = csv(b"\"\xa5 Ltd\",1", b',');
        assert_eq!(row.cells, ["%A5 Ltd", "1"]);
        assert!(row.flags.contains(&Flag::NotUtf8));
        let row = csv(b"\0\0\0a,b", b',');
        assert_eq!(row.cells, ["a", "b"]);
        assert!(row.flags.contains(&Flag::ControlBytes));
    }

    proptest! {
        #[test]
        fn written_by_the_rules_reads_back(cells in proptest::collection::vec("[a-zА-я\"\n,; ]{0,8}[a-z]", 1..8)) {
            let line = cells.iter().map(|c| format!("\"{}\"", c.replace('"', "\"\""))).collect::<Vec<_>>().join(",");
            prop_assert_eq!(csv(line.as_bytes(), b',').cells, cells);
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = (csv(&bytes, b','), all_quoted(&bytes, b','), plain(&bytes, b'|'), delimiter_of(&bytes));
        }
    }
}
