//! The pattern language of the word lists, and one automaton that finds all of them in a single pass.
//!
//! `stem` matches the beginning of a word, `word!` the whole word, `a|b` either (`a_b|c` when one of them is two words), `@name` any word of a named group, `a b` neighbours in this order,
//! `a ~ b` words of one sentence within [`NEAR`] of each other in any order, `a + b` anywhere in the message.

use super::normalize::{Normal, fold_word};
use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// How many places apart two words joined by `~` may stand.
const NEAR: usize = 4;

/// Number of a pattern, as given out by [`Builder::add`].
pub type PatternId = usize;

/// One place of a pattern: any of several stems.
type Slot = u32;
/// Slots that must be neighbours.
type Sequence = Vec<Slot>;
/// No slot.
const NONE: Slot = Slot::MAX;

/// A pattern under the slot at which it begins, with up to two others that it needs: most are ruled out by these alone.
#[derive(Debug, Clone, Copy)]
struct Anchored {
    id: PatternId,
    needs: [Slot; 2],
}

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
    /// The slots that a stem fills.
    fills: Vec<Vec<Slot>>,
    slots: HashMap<Vec<usize>, Slot>,
    groups: BTreeMap<String, Vec<String>>,
    patterns: Vec<Pattern>,
    problems: Vec<String>,
}

impl Builder {
    /// Names groups of words for the patterns added from now on. The groups of an earlier file are forgotten.
    pub fn name_groups(&mut self, groups: BTreeMap<String, Vec<String>>) {
        self.groups = groups;
    }

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

    /// How many patterns there are: the number of the next.
    pub const fn next(&self) -> PatternId {
        self.patterns.len()
    }

    /// Adds a list of patterns.
    pub fn add_all(&mut self, sources: &[String]) -> Vec<PatternId> {
        sources.iter().map(|s| self.add(s)).collect()
    }

    fn sequence(&mut self, text: &str) -> Sequence {
        text.split(|c: char| c.is_whitespace() || c == '-').filter_map(|place| self.slot(place)).collect()
    }

    /// The slot of one place, `None` for an empty one.
    fn slot(&mut self, place: &str) -> Option<Slot> {
        let words: Vec<String> = match place.strip_prefix('@') {
            Some(name) => self.groups.get(name).cloned().unwrap_or_else(|| {
                self.problems.push(format!("no group '{name}'"));
                Vec::new()
            }),
            None => place.split('|').map(str::to_owned).collect(),
        };
        let mut stems: Vec<usize> = words.iter().filter_map(|w| self.stem(w)).collect();
        stems.sort_unstable();
        stems.dedup();
        if stems.is_empty() {
            return None;
        }
        let next = Slot::try_from(self.slots.len()).unwrap_or(Slot::MAX);
        let slot = *self.slots.entry(stems.clone()).or_insert(next);
        if slot == next {
            for stem in stems {
                if let Some(fills) = self.fills.get_mut(stem) {
                    fills.push(slot);
                }
            }
        }
        Some(slot)
    }

    fn stem(&mut self, word: &str) -> Option<usize> {
        let folded = word.trim_end_matches('!').split('_').map(fold_word).collect::<Vec<_>>().join(" ");
        if folded.is_empty() {
            return None;
        }
        let key = if word.ends_with('!') { format!(" {folded} ") } else { format!(" {folded}") };
        let next = self.order.len();
        let id = *self.stems.entry(key.clone()).or_insert(next);
        if id == next {
            self.order.push(key);
            self.fills.push(Vec::new());
        }
        Some(id)
    }

    /// # Errors
    /// What is wrong with the patterns, one line each.
    pub fn build(self) -> Result<Patterns, Vec<String>> {
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        let automaton = AhoCorasickBuilder::new().match_kind(MatchKind::Standard).build(&self.order).map_err(|e| vec![format!("word lists: {e}")])?;
        let mut by_anchor: Vec<Vec<Anchored>> = vec![Vec::new(); self.slots.len()];
        for (id, p) in self.patterns.iter().enumerate() {
            let mut slots = p.parts.iter().flatten().flatten().copied();
            let anchor = slots.next().unwrap_or(NONE);
            let needs = [slots.next().unwrap_or(NONE), slots.next().unwrap_or(NONE)];
            if let Some(list) = by_anchor.get_mut(anchor as usize) {
                list.push(Anchored { id, needs });
            }
        }
        Ok(Patterns { automaton, fills: self.fills, by_anchor, patterns: self.patterns })
    }
}

/// All patterns of all word lists.
#[derive(Debug)]
pub struct Patterns {
    automaton: AhoCorasick,
    fills: Vec<Vec<Slot>>,
    by_anchor: Vec<Vec<Anchored>>,
    patterns: Vec<Pattern>,
}

/// Where a pattern stands: its first and last word. Of a pattern with `+`, the part before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: usize,
    pub to: usize,
}

/// Which patterns a message holds, and where.
#[derive(Debug)]
pub struct Hits {
    has: Vec<bool>,
    /// In the order of the pattern numbers.
    spans: Vec<(PatternId, Span)>,
    /// The phrase and the sentence in which each word stands, counted from 0.
    breaks: Arc<[(u32, u32)]>,
}

impl Hits {
    #[must_use]
    pub fn has(&self, id: PatternId) -> bool {
        self.has.get(id).copied().unwrap_or(false)
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

    /// Every pattern once, with the first word where it stands.
    pub fn first_places(&self) -> impl Iterator<Item = (PatternId, usize)> {
        let mut last = usize::MAX;
        self.spans.iter().filter(move |(id, _)| std::mem::replace(&mut last, *id) != *id).map(|(id, span)| (*id, span.from))
    }

    /// Every pattern with every place where it stands, in the order of the pattern numbers.
    pub fn all_places(&self) -> impl Iterator<Item = (PatternId, Span)> {
        self.spans.iter().copied()
    }

    /// Every place where a pattern stands.
    pub fn places(&self, id: PatternId) -> impl Iterator<Item = Span> {
        let begin = if self.has(id) { self.spans.partition_point(|(p, _)| *p < id) } else { self.spans.len() };
        self.spans.iter().skip(begin).take_while(move |(p, _)| *p == id).map(|(_, span)| *span)
    }

    /// The hits that stand wholly between two words.
    #[must_use]
    pub fn within(&self, from: usize, to: usize) -> Self {
        let mut has = vec![false; self.has.len()];
        let spans: Vec<(PatternId, Span)> = self.spans.iter().filter(|(_, s)| s.from >= from && s.to <= to).copied().collect();
        for (id, _) in &spans {
            if let Some(slot) = has.get_mut(*id) {
                *slot = true;
            }
        }
        Self { has, spans, breaks: Arc::clone(&self.breaks) }
    }

    /// Both words stand in one sentence.
    #[must_use]
    pub fn same_sentence(&self, a: usize, b: usize) -> bool {
        self.breaks.get(a).map(|x| x.1) == self.breaks.get(b).map(|x| x.1)
    }

    /// Both words stand in one phrase: no comma between them.
    #[must_use]
    pub fn same_phrase(&self, a: usize, b: usize) -> bool {
        matches!((self.breaks.get(a), self.breaks.get(b)), (Some(a), Some(b)) if a == b)
    }

    /// The sentence of a word, counted from 0.
    #[must_use]
    pub fn sentence(&self, word: usize) -> u32 {
        self.breaks.get(word).map_or(0, |x| x.1)
    }

    /// Every place where one of these patterns stands.
    pub fn places_of(&self, ids: &[PatternId]) -> Vec<(PatternId, Span)> {
        let mut out = Vec::new();
        for id in ids.iter().filter(|id| self.has(**id)) {
            out.extend(self.places(*id).map(|span| (*id, span)));
        }
        out
    }
}

/// The words of a message as slots: sorted pairs of slot and word, and the phrase and sentence of every word.
struct Seen {
    at: Vec<(Slot, u32)>,
    breaks: Vec<(u32, u32)>,
}

impl Seen {
    fn places(&self, slot: Slot) -> &[(Slot, u32)] {
        let begin = self.at.partition_point(|(s, _)| *s < slot);
        let rest = self.at.get(begin..).unwrap_or_default();
        let len = rest.iter().take_while(|(s, _)| *s == slot).count();
        rest.get(..len).unwrap_or_default()
    }

    fn holds(&self, slot: Slot, word: u32) -> bool {
        self.at.binary_search(&(slot, word)).is_ok()
    }

    /// Where a sequence begins, at every place it stands.
    fn starts(&self, seq: &Sequence) -> impl Iterator<Item = u32> {
        let (first, rest) = seq.split_first().map_or((Slot::MAX, &[][..]), |(f, r)| (*f, r));
        let follows = move |at: &u32| rest.iter().zip(at + 1..).all(|(slot, word)| self.holds(*slot, word));
        self.places(first).iter().map(|(_, at)| *at).filter(follows)
    }

    fn together(&self, a: u32, b: u32) -> bool {
        a.abs_diff(b) as usize <= NEAR && self.breaks.get(a as usize).map(|x| x.1) == self.breaks.get(b as usize).map(|x| x.1)
    }

    /// The span of a part at one place of its first sequence.
    fn span(&self, part: &[Sequence], anchor: u32) -> Option<Span> {
        let (first, rest) = part.split_first()?;
        let mut span = Span { from: anchor as usize, to: anchor as usize + first.len() - 1 };
        let (first_from, first_to) = (span.from, span.to);
        for seq in rest {
            let apart = |b: &u32| (*b as usize) > first_to || *b as usize + seq.len() - 1 < first_from;
            let b = self.starts(seq).filter(|b| self.together(anchor, *b)).filter(apart).min_by_key(|b| anchor.abs_diff(*b))? as usize;
            span = Span { from: span.from.min(b), to: span.to.max(b + seq.len() - 1) };
        }
        Some(span)
    }
}

impl Patterns {
    /// The pattern as the word list has it.
    #[must_use]
    pub fn source(&self, id: PatternId) -> &str {
        self.patterns.get(id).map_or("", |p| p.source.as_str())
    }

    /// All patterns as the word lists have them, in the order of their numbers.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().map(|p| p.source.as_str())
    }

    /// Finds every pattern of the message.
    #[must_use]
    pub fn find(&self, message: &Normal) -> Hits {
        let seen = self.see(message);
        let mut hits = Hits { has: vec![false; self.patterns.len()], spans: Vec::with_capacity(64), breaks: Arc::default() };
        let mut present = vec![0u64; self.by_anchor.len() / 64 + 1];
        for (slot, _) in &seen.at {
            if let Some(bits) = present.get_mut(*slot as usize / 64) {
                *bits |= 1 << (slot % 64);
            }
        }
        let is_present = |slot: Slot| slot == NONE || present.get(slot as usize / 64).is_some_and(|bits| bits >> (slot % 64) & 1 == 1);
        let mut last = NONE;
        for (slot, _) in &seen.at {
            if *slot == last {
                continue;
            }
            last = *slot;
            for a in self.by_anchor.get(*slot as usize).into_iter().flatten() {
                if a.needs.into_iter().all(is_present) {
                    self.try_pattern(a.id, &seen, &mut hits);
                }
            }
        }
        hits.spans.sort_unstable_by_key(|(id, span)| (*id, span.from, span.to));
        hits.breaks = seen.breaks.into();
        hits
    }

    fn try_pattern(&self, id: PatternId, seen: &Seen, hits: &mut Hits) {
        let Some((main, others)) = self.patterns.get(id).and_then(|p| p.parts.split_first()) else { return };
        let here = |part: &Vec<Sequence>| part.first().is_some_and(|seq| seen.starts(seq).any(|at| seen.span(part, at).is_some()));
        if !others.iter().all(here) {
            return;
        }
        let Some(first) = main.first() else { return };
        for span in seen.starts(first).filter_map(|at| seen.span(main, at)) {
            hits.spans.push((id, span));
            if let Some(has) = hits.has.get_mut(id) {
                *has = true;
            }
        }
    }

    fn see(&self, message: &Normal) -> Seen {
        let mut word_at = vec![0u32; message.text.len() + 1];
        let mut at = 0u32;
        for (slot, b) in word_at.iter_mut().zip(message.text.bytes()) {
            *slot = at;
            at += u32::from(b == b' ');
        }
        let mut found = Vec::with_capacity(128);
        for m in self.automaton.find_overlapping_iter(message.text.as_str()) {
            let word = word_at.get(m.start()).copied().unwrap_or_default();
            found.extend(self.fills.get(m.pattern().as_usize()).into_iter().flatten().map(|slot| (*slot, word)));
        }
        found.sort_unstable();
        found.dedup();
        let mut breaks = Vec::with_capacity(message.words.len());
        let (mut phrase, mut sentence) = (0u32, 0u32);
        for w in &message.words {
            breaks.push((phrase, sentence));
            phrase += u32::from(w.ends_phrase);
            sentence += u32::from(w.ends_sentence);
        }
        Seen { at: found, breaks }
    }
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
        assert!(matches("пахн|воня ~ газ!", "газ у нас воняет") && !matches("пахн|воня ~ газ!", "газ есть"));
        assert!(!matches("свет ~ нет", "Свет есть. Нет воды"));
        assert!(matches("люк ~ открыт|не_закры", "люк никто не закрыл") && !matches("люк ~ открыт|не_закры", "люк закрыли"));
    }

    #[test]
    fn groups_and_places() {
        let mut b = Builder::default();
        b.name_groups(BTreeMap::from([("wire".to_owned(), vec!["провод".to_owned(), "сым!".to_owned()])]));
        let id = b.add("@wire ~ висит|үзіл");
        let patterns = b.build().unwrap();
        let hits = patterns.find(&normalize("тут провода низко висят, а там сым үзілді и висит провод"));
        assert_eq!(hits.places(id).map(|s| (s.from, s.to)).collect::<Vec<_>>(), [(6, 7), (9, 10)]);
        let mut b = Builder::default();
        b.add("@none");
        assert!(b.build().is_err());
    }

    #[test]
    fn an_empty_pattern_is_refused() {
        let mut b = Builder::default();
        b.add("су + ");
        assert!(b.build().is_err());
    }
}
