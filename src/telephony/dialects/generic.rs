//! Any other CSV, by a map of its columns.

use super::cdr::{self, Read, Rules};
use super::columns::Col;
use crate::telephony::fields::Row;
use crate::telephony::record::{BadField, Ending, System};
use crate::telephony::source::Source;

/// Which column is what, and what its words for the ending mean.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Map {
    columns: Vec<(Col, Place)>,
    endings: Vec<(String, Ending)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Name(String),
    /// From 0.
    Number(usize),
}

/// The map cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadMap {
    #[error("{0:?} is not of the form name=column")]
    Form(String),
    #[error("{name:?} is no name of ours; names: {}", Col::words().join(", "))]
    Name { name: String },
    #[error("{0:?} is no ending; endings: answered, no_answer, cancelled, busy, congestion, failed")]
    Ending(String),
    #[error("the map names no column for start")]
    NoStart,
    #[error("the file's header has no column {0:?}")]
    NotInHeader(String),
}

impl Map {
    /// Reads `start=Дата,caller=Номер,dst=3,disposition=Итог,answered:=Отвечен`: our name, then the header's name or a number from 1; a name with
    /// a colon before the sign gives a word of the file for an ending.
    ///
    /// # Errors
    /// [`BadMap`].
    pub fn parse(text: &str) -> Result<Self, BadMap> {
        let mut map = Self::default();
        for part in text.split([',', '\n']).map(str::trim).filter(|p| !p.is_empty()) {
            let (name, place) = part.split_once('=').map(|(n, p)| (n.trim(), p.trim())).ok_or_else(|| BadMap::Form(part.into()))?;
            if place.is_empty() {
                return Err(BadMap::Form(part.into()));
            }
            if let Some(ending) = name.strip_suffix(':') {
                map.endings.push((place.to_lowercase(), ending_named(ending).ok_or_else(|| BadMap::Ending(ending.into()))?));
                continue;
            }
            let col = Col::named(name).filter(|c| *c != Col::Other).ok_or_else(|| BadMap::Name { name: name.into() })?;
            let place = match place.parse::<usize>() {
                Ok(n) if n > 0 => Place::Number(n - 1),
                _ => Place::Name(place.to_owned()),
            };
            map.columns.push((col, place));
        }
        if map.columns.iter().any(|(c, _)| *c == Col::Start) { Ok(map) } else { Err(BadMap::NoStart) }
    }

    /// The file must begin with a header.
    #[must_use]
    pub fn by_name(&self) -> bool {
        self.columns.iter().any(|(_, p)| matches!(p, Place::Name(_)))
    }

    /// The columns of a file, given its header if it has one.
    ///
    /// # Errors
    /// [`BadMap::NotInHeader`].
    pub fn resolve(&self, header: &Row) -> Result<Vec<Col>, BadMap> {
        let mut out = vec![Col::Other; header.cells.len()];
        for (col, place) in &self.columns {
            let at = match place {
                Place::Number(n) => *n,
                Place::Name(name) => {
                    let same = |c: &String| c.trim().to_lowercase() == name.to_lowercase();
                    header.cells.iter().position(same).ok_or_else(|| BadMap::NotInHeader(name.clone()))?
                }
            };
            *out.get_mut(at).ok_or_else(|| BadMap::NotInHeader((at + 1).to_string()))? = *col;
        }
        Ok(out)
    }
}

fn ending_named(word: &str) -> Option<Ending> {
    Some(match word {
        "answered" => Ending::Answered,
        "no_answer" => Ending::NoAnswer,
        "cancelled" => Ending::Cancelled,
        "busy" => Ending::Busy,
        "congestion" => Ending::Congestion,
        "failed" => Ending::Failed,
        _ => return None,
    })
}

/// Reads a row.
pub fn row(row: &Row, source: &Source, map: &Map, columns: &[Col]) -> Read {
    if row.cells.len() < columns.len() {
        let expected = format!("{} columns, as in the first line", columns.len());
        return Read { reading: Err(BadField::new(row.cells.len(), "columns", expected)), proof: None };
    }
    cdr::read(row, source, &Rules { dialect: "generic", system: System::Generic, columns, endings: &map.endings, loose: true })
}
