//! Sheets as files: CSV and XLSX, with the words that the asker gives.

use super::sheet::{Cell, Sheet};
use super::summary::tenths;
use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Workbook, XlsxError};

/// How codes and names are written for a reader.
pub trait Words {
    /// A cell that is no number.
    fn cell(&self, cell: &Cell) -> String;
    /// The head of a column.
    fn column(&self, name: &str) -> String;
    /// The title of a sheet.
    fn sheet(&self, name: &str) -> String;
    /// What stands before a sum.
    fn all(&self) -> String;
}

/// Codes as they are: for programs.
#[derive(Debug, Clone, Copy)]
pub struct Bare;

impl Words for Bare {
    fn cell(&self, cell: &Cell) -> String {
        cell.plain()
    }
    fn column(&self, name: &str) -> String {
        name.to_owned()
    }
    fn sheet(&self, name: &str) -> String {
        name.to_owned()
    }
    fn all(&self) -> String {
        "all".to_owned()
    }
}

/// A cell of CSV. One that a spreadsheet would take for a formula is made a text.
#[must_use]
pub fn cell(text: &str) -> String {
    let text = if text.starts_with(['=', '@', '+', '-', '\t', '\r', '＝', '＠', '＋', '－']) && text.parse::<f64>().is_err() {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// One sheet as CSV with a head.
#[must_use]
pub fn csv(sheet: &Sheet, words: &dyn Words) -> String {
    let line = |cells: Vec<String>| format!("{}\r\n", cells.iter().map(|c| cell(c)).collect::<Vec<_>>().join(","));
    let mut out = line(sheet.columns.iter().map(|c| words.column(c)).collect());
    for (n, row) in sheet.lines().enumerate() {
        let whole = n == sheet.rows.len();
        let cells = row.cells.iter().enumerate().map(|(i, c)| match c {
            c if c.is_number() => c.plain(),
            _ if whole && i == 0 => words.all(),
            c => words.cell(c),
        });
        out.push_str(&line(cells.collect()));
    }
    out
}

/// Sheets as one workbook: a sheet each, heads that stay in sight, numbers as numbers.
///
/// # Errors
/// What the library cannot write.
#[expect(clippy::cast_precision_loss, reason = "a cell of a spreadsheet is a float; counts stay far below 2^52")]
pub fn xlsx(sheets: &[Sheet], words: &dyn Words) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let head = Format::new().set_bold().set_border_bottom(FormatBorder::Thin).set_text_wrap().set_align(FormatAlign::Top);
    let (bold, percent, two) = (Format::new().set_bold(), Format::new().set_num_format("0.0%"), Format::new().set_num_format("0.00"));
    for (n, sheet) in sheets.iter().enumerate() {
        let page = book.add_worksheet();
        page.set_name(tab(&words.sheet(sheet.name), n))?;
        page.set_freeze_panes(1, 0)?;
        for (i, name) in (0u16..).zip(&sheet.columns) {
            page.write_string_with_format(0, i, words.column(name), &head)?;
            page.set_column_width(i, if i == 0 { 36.0 } else { 15.0 })?;
        }
        for (y, row) in (1u32..).zip(sheet.lines()) {
            let whole = usize::try_from(y).is_ok_and(|y| y == sheet.rows.len() + 1);
            for (x, c) in (0u16..).zip(&row.cells) {
                match c {
                    Cell::Count(v) => page.write_number(y, x, *v as f64)?,
                    Cell::Minutes(Some(v)) => page.write_number(y, x, *v)?,
                    Cell::Share(part, all) => match tenths(*part, *all) {
                        Some(t) => page.write_number_with_format(y, x, t as f64 / 1000.0, &percent)?,
                        None => continue,
                    },
                    Cell::Hundredths(Some(v)) => page.write_number_with_format(y, x, *v as f64 / 100.0, &two)?,
                    Cell::Minutes(None) | Cell::Hundredths(None) => continue,
                    Cell::Code(..) | Cell::Text(_) | Cell::Day(_) if whole && x == 0 => page.write_string_with_format(y, x, words.all(), &bold)?,
                    Cell::Code(..) | Cell::Text(_) | Cell::Day(_) => page.write_string(y, x, words.cell(c))?,
                };
            }
        }
    }
    book.save_to_buffer()
}

/// A name that a spreadsheet takes: 31 characters, none of those that it uses itself, and no two alike.
fn tab(title: &str, n: usize) -> String {
    let clean: String = title.chars().map(|c| if "[]:*?/\\'".contains(c) { ' ' } else { c }).take(27).collect();
    if n == 0 { clean } else { format!("{} {}", clean.trim_end(), n + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::sheet::Row;

    fn sheet() -> Sheet {
        let mut s = Sheet::new("classes", &["class", "count", "share"]);
        s.rows.push(Row::plain(vec![Cell::code("class", "incident"), Cell::Count(2), Cell::Share(2, 3)]));
        s.rows.push(Row::plain(vec![Cell::Code("class", None), Cell::Count(1), Cell::Share(1, 3)]));
        s.total = Some(Row::plain(vec![Cell::Code("class", None), Cell::Count(3), Cell::Share(3, 3)]));
        s
    }

    #[test]
    fn csv_by_hand() {
        assert_eq!(csv(&sheet(), &Bare), "class,count,share\r\nincident,2,66.7\r\n,1,33.3\r\nall,3,100.0\r\n");
    }

    #[test]
    fn cells_are_no_formulas() {
        for (text, want) in [
            ("a", "a"),
            ("a,b", "\"a,b\""),
            ("a\"b", "\"a\"\"b\""),
            ("=1+1", "'=1+1"),
            ("-1", "-1"),
            ("-x", "'-x"),
            ("@a", "'@a"),
            ("", ""),
            ("-2+3|x", "'-2+3|x"),
            ("\r=1", "\"'\r=1\""),
            ("－1", "'－1"),
        ] {
            assert_eq!(cell(text), want);
        }
    }

    #[test]
    fn a_workbook_is_a_zip_and_names_are_taken() {
        let bytes = xlsx(&[sheet(), sheet()], &Bare).unwrap();
        assert!(bytes.starts_with(b"PK"));
        assert_eq!(tab("a/b[c]", 0), "a b c ");
        assert!(tab(&"я".repeat(60), 12).chars().count() <= 31);
    }

    #[test]
    fn rows_sort_by_any_column() {
        let mut s = sheet();
        s.sort("count", true, &|c| c.plain());
        assert_eq!(s.rows[0].cells[1], Cell::Count(1));
        s.sort("count", false, &|c| c.plain());
        assert_eq!(s.rows[0].cells[1], Cell::Count(2));
        s.sort("class", false, &|c| c.plain());
        assert_eq!(s.rows[0].cells[1], Cell::Count(1));
        s.sort("nothing", false, &|c| c.plain());
    }

    #[test]
    fn a_table_of_text() {
        let text = sheet().table().to_string();
        assert!(text.contains("66.7%") && text.contains("none") && text.contains("all"), "{text}");
    }
}
