//! The pattern language of the word lists, and one automaton that finds all of them in a single pass.
//!
//! `stem` matches the beginning of a word, `word!` the whole word, `a b` neighbours in this order, `a ~ b` words within [`NEAR`] of each other in
//! any order, `a + b` anywhere in the message.

use super::normalize::{Normal, fold_word};
use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use std::collections::HashMap;

/// How many places apart two words joined by `~` may stand.
const NEAR: usize = 4;

/// Number of a pattern, as given out by [`Builder::add`].
pub type PatternId = usize;

/// Words that must be neighbours: numbers of stems.
type Sequence = Vec<usize>;

#[derive(Debug)]
struct Pattern {
    /// All must be present; the sequences within one must be near each other.
    parts: Vec<Vec<Sequence>>,
    source: String,
}

/// Collects patterns before the automaton is built.
#[derive(Debug, Default)]
pub struct Builder {
    stems: HashMap<String, usize>,
    order: Vec<String>,
    patterns: Vec<Pattern>,
    problems: Vec<String>,
}

impl Builder {
    /// Adds a pattern. A pattern without words is noted as a problem and never matches.
    pub fn add(&mut self, source: &str) -> PatternId {
        let parts: Vec<Vec<Sequence>> =
            source.split('+').map(|part| part.split('~').map(|seq| self.sequence(seq)).filter(|s| !s.is_empty()).collect()).collect();
        if parts.iter().any(Vec::is_empty) {
            self.problems.push(format!("pattern '{source}' has an empty part"));
        }
        self.patterns.push(Pattern { parts, source: source.to_owned() });
        self.patterns.len() - 1
    }

    fn sequence(&mut self, text: &str) -> Sequence {
        let mut out = Vec::new();
        for word in text.split(|c: char| c.is_whitespace() || c == '-') {
            let folded = fold_word(word.trim_end_matches('!'));
            if folded.is_empty() {
                continue;
            }
            let key = if word.ends_with('!') { format!(" {folded} ") } else { format!(" {folded}") };
            let next = self.order.len();
            let id = *self.stems.entry(key.clone()).or_insert(next);
            if id == next {
                self.order.push(key);
            }
            out.push(id);
        }
        out
    }

    /// # Errors
    /// What is wrong with the patterns, one line each.
    pub fn build(self) -> Result<Patterns, Vec<String>> {
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        let automaton = AhoCorasickBuilder::new().match_kind(MatchKind::Standard).build(&self.order).map_err(|e| vec![format!("word lists: {e}")])?;
        let mut by_anchor: Vec<Vec<PatternId>> = vec![Vec::new(); self.order.len()];
        for (id, p) in self.patterns.iter().enumerate() {
            let anchor = p.parts.first().and_then(|part| part.first()).and_then(|seq| seq.first());
            if let Some(list) = anchor.and_then(|a| by_anchor.get_mut(*a)) {
                list.push(id);
            }
        }
        Ok(Patterns { automaton, by_anchor, patterns: self.patterns })
    }
}

/// All patterns of all word lists.
#[derive(Debug)]
pub struct Patterns {
    automaton: AhoCorasick,
    by_anchor: Vec<Vec<PatternId>>,
    patterns: Vec<Pattern>,
}

/// Which patterns a message holds.
#[derive(Debug)]
pub struct Hits(Vec<bool>);

impl Hits {
    #[must_use]
    pub fn has(&self, id: PatternId) -> bool {
        self.0.get(id).copied().unwrap_or(false)
    }

    /// How many of these patterns the message holds.
    #[must_use]
    pub fn count(&self, ids: &[PatternId]) -> usize {
        ids.iter().filter(|id| self.has(**id)).count()
    }

    /// The first of these patterns that the message holds.
    #[must_use]
    pub fn first(&self, ids: &[PatternId]) -> Option<PatternId> {
        ids.iter().copied().find(|id| self.has(*id))
    }
}

impl Patterns {
    /// The pattern as the word list has it.
    #[must_use]
    pub fn source(&self, id: PatternId) -> &str {
        self.patterns.get(id).map_or("", |p| p.source.as_str())
    }

    /// Finds every pattern of the message.
    #[must_use]
    pub fn find(&self, message: &Normal) -> Hits {
        let mut word_at = vec![0usize; message.text.len() + 1];
        let mut at = 0usize;
        for (i, b) in message.text.bytes().enumerate() {
            if let Some(slot) = word_at.get_mut(i) {
                *slot = at;
            }
            at += usize::from(b == b' ');
        }
        let mut seen: Vec<Vec<usize>> = vec![Vec::new(); self.by_anchor.len()];
        let mut touched = Vec::new();
        for m in self.automaton.find_overlapping_iter(message.text.as_str()) {
            let word = word_at.get(m.start()).copied().unwrap_or_default();
            if let Some(list) = seen.get_mut(m.pattern().as_usize()) {
                if list.is_empty() {
                    touched.push(m.pattern().as_usize());
                }
                list.push(word);
            }
        }
        let mut hits = vec![false; self.patterns.len()];
        for id in touched.iter().filter_map(|stem| self.by_anchor.get(*stem)).flatten() {
            if let (Some(p), Some(hit)) = (self.patterns.get(*id), hits.get_mut(*id)) {
                *hit = p.parts.iter().all(|part| near(part, &seen));
            }
        }
        Hits(hits)
    }
}

/// Where a sequence begins, at every place it stands.
fn starts(seq: &Sequence, seen: &[Vec<usize>]) -> Vec<usize> {
    let places = |stem: &usize| seen.get(*stem).map_or(&[][..], Vec::as_slice);
    let Some((first, rest)) = seq.split_first() else { return Vec::new() };
    places(first).iter().copied().filter(|at| rest.iter().enumerate().all(|(i, stem)| places(stem).contains(&(at + i + 1)))).collect()
}

/// Whether all sequences of a part stand near the first of them.
fn near(part: &[Sequence], seen: &[Vec<usize>]) -> bool {
    let Some((first, rest)) = part.split_first() else { return false };
    let anchors = starts(first, seen);
    if rest.is_empty() || anchors.is_empty() {
        return !anchors.is_empty();
    }
    let others: Vec<Vec<usize>> = rest.iter().map(|seq| starts(seq, seen)).collect();
    anchors.iter().any(|a| others.iter().all(|o| o.iter().any(|b| a != b && a.abs_diff(*b) <= NEAR)))
}

#[cfg(test)]
mod tests {
    use super::super::normalize::normalize;
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        let mut b = Builder::default();
        let id = b.add(pattern);
        b.build().unwrap().find(&normalize(text)).has(id)
    }

    #[test]
    fn the_pattern_language() {
        assert!(matches("қоқыс", "кокысты алмайды"));
        assert!(!matches("газ!", "газель келмеді"));
        assert!(matches("газ!", "Газ, иісі"));
        assert!(matches("су жоқ", "бізде су жок"));
        assert!(!matches("су жоқ", "су бар, жарық жоқ"));
        assert!(matches("свет ~ нет", "нет у нас света свет пропал"));
        assert!(!matches("свет ~ нет", "свет есть но воды совсем уже третий день нет"));
        assert!(matches("газ! + пеш", "пеш жағып отырмыз, ауылда газ жок"));
        assert!(!matches("су су", "су"));
    }

    #[test]
    fn an_empty_pattern_is_refused() {
        let mut b = Builder::default();
        b.add("су + ");
        assert!(b.build().is_err());
    }
}
