//! A table of text for terminals: columns as wide as their widest cell, numbers to the right.

use std::fmt;

/// Rows under a heading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    #[must_use]
    pub fn new(head: &[&str]) -> Self {
        Self { head: head.iter().map(|h| (*h).to_owned()).collect(), rows: Vec::new() }
    }

    /// A further row; missing cells stay empty.
    pub fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn widths(&self) -> Vec<usize> {
        let width = |i: usize| std::iter::once(&self.head).chain(&self.rows).filter_map(|r| r.get(i)).map(|c| c.chars().count()).max().unwrap_or(0);
        (0..self.head.len()).map(width).collect()
    }
}

fn is_number(cell: &str) -> bool {
    cell.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+') && cell.chars().all(|c| c.is_ascii_digit() || " .,%+-".contains(c))
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        for (n, row) in std::iter::once(&self.head).chain(&self.rows).enumerate() {
            let mut line = String::new();
            for (i, width) in widths.iter().enumerate() {
                let cell = row.get(i).map_or("", String::as_str);
                // A heading stands over its column: right where the column holds numbers.
                let sample = if n == 0 { self.rows.first().and_then(|r| r.get(i)).map_or("", String::as_str) } else { cell };
                let pad = " ".repeat(width.saturating_sub(cell.chars().count()));
                let (before, after) = if is_number(sample) { (pad.as_str(), "") } else { ("", pad.as_str()) };
                line.push_str("  ");
                line.push_str(before);
                line.push_str(cell);
                line.push_str(after);
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_even_and_numbers_stand_to_the_right() {
        let mut t = Table::new(&["class", "count"]);
        t.row(["incident", "7"]);
        t.row(["алғыс", "112"]);
        t.row(["x"]);
        assert_eq!(t.to_string(), "  class     count\n  incident      7\n  алғыс       112\n  x\n");
    }
}
