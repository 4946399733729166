//! One table of figures, for every form in which it is shown: page, terminal, CSV, XLSX, JSON.

use super::Table;
use super::summary::{share, tenths};
use crate::domain::calendar::Day;
use serde_json::{Map, Value, json};

/// A figure or what it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// A word of a closed set or a code of the catalogue, of this kind; `None`: not known.
    Code(&'static str, Option<String>),
    /// Text as it is.
    Text(String),
    Count(i64),
    /// A part of a whole.
    Share(i64, i64),
    /// A length of time; `None`: of nothing.
    Minutes(Option<u32>),
    /// Hundredths; `None`: of nothing.
    Hundredths(Option<i64>),
    Day(Day),
}

impl Cell {
    #[must_use]
    pub fn code(kind: &'static str, code: impl Into<String>) -> Self {
        Self::Code(kind, Some(code.into()))
    }

    /// It stands to the right of its column.
    #[must_use]
    pub const fn is_number(&self) -> bool {
        !matches!(self, Self::Code(..) | Self::Text(_) | Self::Day(_))
    }

    /// By what rows are sorted: numbers by their value, the rest by its words.
    #[must_use]
    pub fn rank(&self) -> i64 {
        match self {
            Self::Count(n) => *n,
            Self::Share(part, whole) => tenths(*part, *whole).unwrap_or(-1),
            Self::Minutes(n) => n.map_or(-1, i64::from),
            Self::Hundredths(n) => n.unwrap_or(-1),
            Self::Day(d) => d.number(),
            Self::Code(..) | Self::Text(_) => 0,
        }
    }

    /// As programs read it: codes bare, shares in per cent with one decimal, lengths of time in minutes, nothing where there is nothing.
    #[must_use]
    pub fn plain(&self) -> String {
        match self {
            Self::Code(_, code) => code.clone().unwrap_or_default(),
            Self::Text(text) => text.clone(),
            Self::Count(n) => n.to_string(),
            Self::Share(part, whole) => tenths(*part, *whole).map(|t| format!("{}.{}", t / 10, t % 10)).unwrap_or_default(),
            Self::Minutes(n) => n.map(|n| n.to_string()).unwrap_or_default(),
            Self::Hundredths(n) => n.map(|n| format!("{}.{:02}", n / 100, n % 100)).unwrap_or_default(),
            Self::Day(d) => d.to_string(),
        }
    }

    /// The same as a value of JSON.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "tenths of a per cent and hundredths of a star are small")]
    pub fn json(&self) -> Value {
        match self {
            Self::Code(_, code) => json!(code),
            Self::Count(n) => json!(n),
            Self::Share(part, whole) => json!(tenths(*part, *whole).map(|t| t as f64 / 10.0)),
            Self::Minutes(n) => json!(n),
            Self::Hundredths(n) => json!(n.map(|n| n as f64 / 100.0)),
            Self::Text(_) | Self::Day(_) => json!(self.plain()),
        }
    }
}

/// What stands behind a figure, as a query of the list of requests.
pub type Link = Vec<(&'static str, String)>;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub cells: Vec<Cell>,
    /// For each cell: which requests it counts. Missing: none, or too many kinds.
    pub links: Vec<Option<Link>>,
}

impl Row {
    /// A line without links.
    #[must_use]
    pub fn plain(cells: Vec<Cell>) -> Self {
        let links = vec![None; cells.len()];
        Self { cells, links }
    }

    /// A line from cells, each with what stands behind it.
    #[must_use]
    pub fn linked(cells: Vec<(Cell, Option<Link>)>) -> Self {
        let (cells, links) = cells.into_iter().unzip();
        Self { cells, links }
    }
}

/// A table of figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// One word: `classes`.
    pub name: &'static str,
    /// One word for each column: `count`.
    pub columns: Vec<&'static str>,
    pub rows: Vec<Row>,
    /// The sum below.
    pub total: Option<Row>,
}

impl Sheet {
    #[must_use]
    pub fn new(name: &'static str, columns: &[&'static str]) -> Self {
        Self { name, columns: columns.to_vec(), rows: Vec::new(), total: None }
    }

    /// Sorts by a column: numbers the largest first, the rest by `words`; `back`: the other way round. Rows that are equal keep their order.
    pub fn sort(&mut self, column: &str, back: bool, words: &dyn Fn(&Cell) -> String) {
        let Some(at) = self.columns.iter().position(|c| *c == column) else { return };
        self.rows.sort_by(|a, b| {
            let (Some(a), Some(b)) = (a.cells.get(at), b.cells.get(at)) else { return std::cmp::Ordering::Equal };
            let order = if a.is_number() || matches!(a, Cell::Day(_)) { b.rank().cmp(&a.rank()) } else { words(a).cmp(&words(b)) };
            if back { order.reverse() } else { order }
        });
    }

    /// The rows and the sum below them.
    pub fn lines(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().chain(&self.total)
    }

    /// Rows as JSON objects, the sum apart.
    #[must_use]
    pub fn json(&self) -> Value {
        let object = |row: &Row| -> Value {
            let pairs: Map<String, Value> = self.columns.iter().zip(&row.cells).map(|(name, cell)| ((*name).to_owned(), cell.json())).collect();
            Value::Object(pairs)
        };
        json!({"rows": self.rows.iter().map(object).collect::<Vec<_>>(), "total": self.total.as_ref().map(object)})
    }

    /// As a table of text.
    #[must_use]
    pub fn table(&self) -> Table {
        let mut table = Table::new(&self.columns);
        for (n, row) in self.lines().enumerate() {
            let whole = n == self.rows.len();
            table.row(row.cells.iter().enumerate().map(|(i, cell)| match cell {
                Cell::Code(_, None) if whole && i == 0 => "all".to_owned(),
                Cell::Code(_, None) => "none".to_owned(),
                Cell::Share(part, whole) => share(*part, *whole),
                other => Some(other.plain()).filter(|t| !t.is_empty()).unwrap_or_else(|| "-".to_owned()),
            }));
        }
        table
    }
}
