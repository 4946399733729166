//! A file's bytes to records, in constant memory.

use super::dialects::cdr::Read;
use super::lines::{Position, Splitter, TooLong};
use super::profile::Layout;
use super::record::{BadField, Record};
use super::source::Source;
use super::zone::{ZoneCheck, ZoneVerdict};

/// A line that is no record. Keep its bytes: nothing of the file is lost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadLine {
    #[error("line {number}: {bad}")]
    Field { number: u64, bad: BadField, bytes: Vec<u8> },
    #[error(transparent)]
    TooLong(#[from] TooLong),
}

/// The next thing of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    Record(Box<Record>),
    /// A good line that speaks of no call: the header, an agent's pause.
    Other,
    Bad(BadLine),
}

/// Reads a file under a layout. Feed it bytes, then take items until there are none.
#[derive(Debug)]
pub struct Reader<'a> {
    layout: Layout,
    source: &'a Source,
    splitter: Splitter,
    at: Position,
    zone: ZoneCheck,
}

impl<'a> Reader<'a> {
    #[must_use]
    pub fn new(layout: Layout, source: &'a Source) -> Self {
        Self::resume(layout, source, Position::default())
    }

    /// Goes on at a position that [`Reader::position`] named.
    #[must_use]
    pub fn resume(layout: Layout, source: &'a Source, at: Position) -> Self {
        let splitter = Splitter::resume(layout.framing(), at);
        Self { layout, source, splitter, at, zone: ZoneCheck::new(source.zone) }
    }

    /// Takes the next bytes.
    pub fn feed(&mut self, chunk: &[u8]) {
        self.splitter.feed(chunk);
    }

    /// The file is complete: a last line without an end is read too.
    pub fn finish(&mut self) {
        self.splitter.finish();
    }

    /// Behind the last item taken: what to remember.
    #[must_use]
    pub fn position(&self) -> Position {
        self.at
    }

    /// Bytes of a half-written line.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.splitter.waiting()
    }

    /// What the records so far prove about the zone.
    #[must_use]
    pub fn zone(&self) -> ZoneVerdict {
        self.zone.verdict()
    }

    /// The next item; `None`: feed more.
    pub fn next_item(&mut self) -> Option<Item> {
        let line = match self.splitter.next_line()? {
            Ok(line) => line,
            Err(long) => {
                self.at = long.next;
                return Some(Item::Bad(long.into()));
            }
        };
        self.at = line.next;
        if line.offset <= 3 && line.number == 1 && self.layout.skips_first {
            return Some(Item::Other);
        }
        let Read { reading, proof } = self.layout.read(&line.bytes, self.source);
        if let Some((at, found)) = proof {
            self.zone.see(line.number, at, found);
        }
        Some(match reading {
            Ok(Some(record)) => Item::Record(Box::new(record)),
            Ok(None) => Item::Other,
            Err(bad) => Item::Bad(BadLine::Field { number: line.number, bad, bytes: line.bytes }),
        })
    }
}
