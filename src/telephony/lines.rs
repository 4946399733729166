//! Bytes to lines, as they come: a pure splitter that is fed chunks, keeps a half-written last line and never holds more than one record.

use std::collections::VecDeque;

/// No record of any dialect is longer; Asterisk itself writes at most 1024 bytes, a JSON document with its call flow some 60 KiB.
pub const DEFAULT_CAP: usize = 1 << 20;
/// A quoted value that runs over more lines than this is taken for a lost quote.
const MAX_LINES_IN_QUOTES: usize = 16;

/// Where records end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// At each line end.
    Lines,
    /// At a line end outside double quotes.
    Quoted { delimiter: u8 },
    /// At the brace that closes a document; whatever stands between documents is skipped.
    Json,
}

/// A place in a file: give it to [`Splitter::resume`] to go on there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Bytes before it.
    pub offset: u64,
    /// Line ends before it.
    pub lines: u64,
}

/// One record's bytes, without its line end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub bytes: Vec<u8>,
    /// The line it begins on, from 1.
    pub number: u64,
    pub offset: u64,
    /// Where the next begins.
    pub next: Position,
}

/// A record longer than the cap; it was skipped to its line end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {number} (byte {offset}): longer than {cap} bytes, not a call record")]
pub struct TooLong {
    pub number: u64,
    pub offset: u64,
    pub cap: usize,
    pub next: Position,
}

/// The splitter. Holds at most one unfinished record and the finished ones not yet taken.
#[derive(Debug)]
pub struct Splitter {
    framing: Framing,
    cap: usize,
    /// Bytes since `start`, not yet a record.
    buffer: Vec<u8>,
    start: Position,
    /// How far `buffer` has been scanned, and what was seen there.
    scanned: usize,
    state: State,
    skipping: bool,
    ready: VecDeque<Result<Line, TooLong>>,
    first: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    /// In quotes, or in a JSON string.
    quoted: bool,
    /// The last byte was a quote that may have closed the value, or a backslash in JSON.
    pending: bool,
    /// Nothing but blanks of this field were seen.
    field_start: bool,
    depth: u32,
    newlines: usize,
    first_newline: usize,
    /// Where the JSON document begins.
    document: usize,
}

impl State {
    fn fresh() -> Self {
        Self { field_start: true, ..Self::default() }
    }
}

impl Splitter {
    #[must_use]
    pub fn new(framing: Framing) -> Self {
        Self::resume(framing, Position::default())
    }

    /// Goes on at a place that [`Line::next`] named; bytes before it are not fed.
    #[must_use]
    pub fn resume(framing: Framing, at: Position) -> Self {
        Self {
            framing,
            cap: DEFAULT_CAP,
            buffer: Vec::new(),
            start: at,
            scanned: 0,
            state: State::fresh(),
            skipping: false,
            ready: VecDeque::new(),
            first: at.offset == 0,
        }
    }

    /// Another cap on a record's bytes.
    #[must_use]
    pub fn with_cap(mut self, cap: usize) -> Self {
        self.cap = cap.max(16);
        self
    }

    /// Takes the next bytes of the file, of any number. Feed moderate chunks and drain with [`Splitter::next_line`] between: what is ready is held.
    pub fn feed(&mut self, chunk: &[u8]) {
        self.buffer.extend_from_slice(chunk);
        if self.first && self.buffer.len() >= 3 {
            self.first = false;
            if self.buffer.starts_with(b"\xef\xbb\xbf") {
                self.consume(3, 0);
            }
        }
        self.scan();
    }

    /// The next whole record.
    pub fn next_line(&mut self) -> Option<Result<Line, TooLong>> {
        self.ready.pop_front()
    }

    /// The file is complete: what waits without a line end is a record too, and a quote that never closed ends with its first line.
    pub fn finish(&mut self) {
        loop {
            self.scan();
            if self.buffer.is_empty() {
                return;
            }
            if self.skipping {
                let n = self.buffer.len();
                self.consume(n, 0);
                self.skipping = false;
            } else if self.framing == Framing::Json
                && self.state.depth == 0
                && self.buffer.iter().all(|b| b.is_ascii_whitespace() || b"[],".contains(b))
            {
                // What closes an array of documents.
                let n = self.buffer.len();
                self.consume(n, 0);
            } else if self.framing != Framing::Json && self.state.newlines > 0 {
                let at = self.state.first_newline;
                self.emit(0, at, at + 1);
            } else {
                let n = self.buffer.len();
                self.emit(0, n, n);
            }
        }
    }

    /// Bytes that wait for the rest of their line.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.buffer.len()
    }

    fn consume(&mut self, n: usize, newlines: u64) {
        self.buffer.drain(..n.min(self.buffer.len()));
        self.start.offset += n as u64;
        self.start.lines += newlines;
        self.scanned = 0;
        self.state = State::fresh();
    }

    /// A record is `buffer[from..to]`; everything before `next` is used up.
    fn emit(&mut self, from: usize, to: usize, next: usize) {
        let slice = self.buffer.get(from..to).unwrap_or_default();
        let newlines = |b: &[u8]| b.iter().filter(|b| **b == b'\n').count() as u64;
        let before = newlines(self.buffer.get(..from).unwrap_or_default());
        let all = newlines(self.buffer.get(..next).unwrap_or_default());
        let mut bytes = slice.to_vec();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        let line = Line {
            number: self.start.lines + before + 1,
            offset: self.start.offset + from as u64,
            next: Position { offset: self.start.offset + next as u64, lines: self.start.lines + all },
            bytes,
        };
        self.consume(next, all);
        if !line.bytes.iter().all(u8::is_ascii_whitespace) {
            self.ready.push_back(Ok(line));
        }
    }

    fn scan(&mut self) {
        // Records are cut from the front of `chunk` without moving the rest each time.
        let mut rest = std::mem::take(&mut self.buffer);
        let mut used = 0;
        while let Some(tail) = rest.get(used..) {
            let found = if self.skipping { tail.iter().position(|b| *b == b'\n').map(|at| (0, 0, at + 1)) } else { self.find(tail) };
            match found {
                Some((_, _, next)) if self.skipping => {
                    self.start.offset += next as u64;
                    self.start.lines += 1;
                    used += next;
                    self.skipping = false;
                    if let Some(Err(long)) = self.ready.back_mut() {
                        long.next = self.start;
                    }
                }
                Some((from, to, next)) => {
                    let piece = tail.get(..next).unwrap_or_default().to_vec();
                    self.buffer = piece;
                    self.emit(from, to, next);
                    used += next;
                }
                None => break,
            }
            self.scanned = 0;
            self.state = State::fresh();
        }
        rest.drain(..used.min(rest.len()));
        self.buffer = rest;
        if self.skipping {
            self.start.offset += self.buffer.len() as u64;
            self.buffer.clear();
            self.scanned = 0;
        } else if self.buffer.len() > self.cap {
            self.too_long();
        }
    }

    /// Skips the record that outgrew the cap, from its first line end if it has one.
    fn too_long(&mut self) {
        let (number, offset) = (self.start.lines + 1, self.start.offset);
        let end = self.buffer.iter().position(|b| *b == b'\n');
        let cap = self.cap;
        if let Some(end) = end {
            self.consume(end + 1, 1);
        } else {
            let n = self.buffer.len();
            self.consume(n, 0);
            self.skipping = true;
        }
        self.ready.push_back(Err(TooLong { number, offset, cap, next: self.start }));
        if end.is_some() {
            self.scan();
        }
    }

    /// `(from, to, next)` of the first whole record in `bytes`, going on where the last scan stopped.
    fn find(&mut self, bytes: &[u8]) -> Option<(usize, usize, usize)> {
        let mut at = self.scanned;
        while let Some(&b) = bytes.get(at) {
            let found = match self.framing {
                Framing::Lines => (b == b'\n').then_some((0, at, at + 1)),
                Framing::Quoted { delimiter } => self.quoted(b, at, delimiter),
                Framing::Json => self.json(b, at),
            };
            at += 1;
            if found.is_some() {
                self.scanned = 0;
                return found;
            }
        }
        self.scanned = at;
        None
    }

    fn quoted(&mut self, b: u8, at: usize, delimiter: u8) -> Option<(usize, usize, usize)> {
        let s = &mut self.state;
        if s.quoted {
            match b {
                b'"' => s.pending = !s.pending,
                _ if s.pending => {
                    // The quote before this byte closed the value.
                    s.quoted = false;
                    s.pending = false;
                }
                b'\n' => {
                    if s.newlines == 0 {
                        s.first_newline = at;
                    }
                    s.newlines += 1;
                    if s.newlines >= MAX_LINES_IN_QUOTES {
                        let first = s.first_newline;
                        return Some((0, first, first + 1));
                    }
                    return None;
                }
                _ => return None,
            }
            if s.quoted {
                return None;
            }
        }
        match b {
            b'\n' => return Some((0, at, at + 1)),
            b'"' if s.field_start => {
                s.quoted = true;
                s.field_start = false;
            }
            b if b == delimiter => s.field_start = true,
            b' ' => {}
            _ => s.field_start = false,
        }
        None
    }

    fn json(&mut self, b: u8, at: usize) -> Option<(usize, usize, usize)> {
        let s = &mut self.state;
        if s.depth == 0 {
            if b == b'{' {
                s.depth = 1;
                s.document = at;
            }
            return None;
        }
        if s.quoted {
            match b {
                _ if s.pending => s.pending = false,
                b'\\' => s.pending = true,
                b'"' => s.quoted = false,
                _ => {}
            }
            return None;
        }
        match b {
            b'"' => s.quoted = true,
            b'{' => s.depth += 1,
            b'}' => {
                s.depth -= 1;
                if s.depth == 0 {
                    return Some((s.document, at + 1, at + 1));
                }
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(framing: Framing, chunks: &[&[u8]]) -> Vec<Result<Line, TooLong>> {
        let mut s = Splitter::new(framing).with_cap(64);
        let mut out = Vec::new();
        for c in chunks {
            s.feed(c);
            while let Some(l) = s.next_line() {
                out.push(l);
            }
        }
        s.finish();
        while let Some(l) = s.next_line() {
            out.push(l);
        }
        out
    }

    fn texts(framing: Framing, text: &str) -> Vec<String> {
        all(framing, &[text.as_bytes()]).into_iter().filter_map(Result::ok).map(|l| String::from_utf8(l.bytes).unwrap()).collect()
    }

    const CSV: Framing = Framing::Quoted { delimiter: b',' };

    #[test]
    fn ends_and_quotes() {
        assert_eq!(texts(Framing::Lines, "a\r\nb\n\n\nc"), ["a", "b", "c"]);
        assert_eq!(texts(CSV, "\"a\n,b\",c\n\"d\"\"\n\",e\nf\n"), ["\"a\n,b\",c", "\"d\"\"\n\",e", "f"]);
        assert_eq!(texts(CSV, "a\"b,c\nd\n"), ["a\"b,c", "d"], "a quote inside a bare value opens nothing");
        assert_eq!(texts(CSV, "\"never closed,c\nd,e\nf\n"), ["\"never closed,c", "d,e", "f"]);
        assert_eq!(texts(Framing::Json, "[{\"a\":\"}\\\"\"},\n {\"b\":{}}]"), ["{\"a\":\"}\\\"\"}", "{\"b\":{}}"]);
        assert_eq!(texts(CSV, "\u{feff}a,b\n"), ["a,b"]);
    }

    #[test]
    fn a_half_line_waits() {
        let mut s = Splitter::new(CSV);
        s.feed(b"one\ntw");
        assert_eq!(s.next_line().unwrap().unwrap().next, Position { offset: 4, lines: 1 });
        assert!(s.next_line().is_none());
        assert_eq!(s.waiting(), 2);
        s.feed(b"o\n");
        let line = s.next_line().unwrap().unwrap();
        assert_eq!((line.bytes.as_slice(), line.number, line.offset), (b"two".as_slice(), 2, 4));
    }

    #[test]
    fn too_long_is_skipped_and_told() {
        let long = "x".repeat(1000);
        let got = all(Framing::Lines, &[b"a\n", long.as_bytes(), long.as_bytes(), b"\nb\n"]);
        assert!(matches!(&got[1], Err(TooLong { number: 2, offset: 2, cap: 64, .. })));
        assert_eq!(got[2].as_ref().unwrap().number, 3);
        assert_eq!(got[2].as_ref().unwrap().offset, 2003);
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_lines(
            bytes in proptest::collection::vec(prop_oneof![Just(b'"'), Just(b'\n'), Just(b','), Just(b'{'), Just(b'}'), Just(b'\\'), any::<u8>()], 0..200),
            cuts in proptest::collection::vec(1usize..20, 1..40),
            which in 0usize..3,
        ) {
            let framing = [Framing::Lines, CSV, Framing::Json][which];
            // Below the cap, where the cut decides nothing.
            let run = |chunks: &[&[u8]]| {
                let mut s = Splitter::new(framing);
                let mut out = Vec::new();
                for c in chunks { s.feed(c); while let Some(l) = s.next_line() { out.push(l); } }
                s.finish();
                while let Some(l) = s.next_line() { out.push(l); }
                out
            };
            let whole = run(&[&bytes]);
            let mut chunks = Vec::new();
            let mut rest: &[u8] = &bytes;
            for n in cuts.iter().cycle() {
                if rest.is_empty() { break; }
                let (a, b) = rest.split_at((*n).min(rest.len()));
                chunks.push(a);
                rest = b;
            }
            prop_assert_eq!(&run(&chunks), &whole);
            let mut end = 0;
            for l in whole.iter().flatten() { prop_assert!(l.offset >= end); end = l.next.offset; }
        }

        #[test]
        fn resuming_anywhere_gives_the_rest(lines in proptest::collection::vec("[a-z,]{1,9}", 1..20), at in 0usize..20) {
            let text = lines.join("\n") + "\n";
            let whole: Vec<Line> = all(CSV, &[text.as_bytes()]).into_iter().flatten().collect();
            let at = at.min(whole.len() - 1);
            let mut s = Splitter::resume(CSV, whole[at].next);
            s.feed(&text.as_bytes()[usize::try_from(whole[at].next.offset).unwrap()..]);
            for want in &whole[at + 1..] { prop_assert_eq!(&s.next_line().unwrap().unwrap(), want); }
            prop_assert!(s.next_line().is_none());
        }

        #[test]
        fn never_panics_at_the_cap(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            for framing in [Framing::Lines, CSV, Framing::Json] { let _ = all(framing, &[&bytes, b"\n", &bytes]); }
        }
    }
}
