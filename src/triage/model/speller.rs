//! Slips of the finger: a word that is spelt as no word of the corpus is spelt is read as the commonest known word one slip away from it.

use crate::triage::normalize::Normal;
use std::collections::BTreeMap;

/// Shorter words have too many neighbours to be mended, longer ones are left as they are.
const SHORTEST: usize = 4;
const LONGEST: usize = 24;
/// A word must have been written so often to be known.
const LEAST: usize = 2;
/// Known words at most: their numbers have two bytes.
const MOST: usize = 30_000;
const BUCKET_BITS: u32 = 16;
/// Letters and the edge of a word.
const LETTERS: usize = 33;
const THREES: usize = LETTERS * LETTERS * LETTERS;
const ALPHABET: std::ops::RangeInclusive<char> = 'а'..='я';

/// A known word: its letters from 0 on, and how often it was written, up to 255 times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub letters: Box<[u8]>,
    pub count: u8,
}

/// The known words, indexed by themselves and by what is left of them without one letter.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::triage) struct Speller {
    words: Vec<Known>,
    /// Where the entries of each bucket begin.
    starts: Vec<u32>,
    entries: Vec<u16>,
    /// One bit for every three neighbouring letters that occur twice in the known words. A word that is only new is made of these, one with a slip seldom.
    threes: Vec<u64>,
}

impl Speller {
    /// Learns the words of messages.
    pub fn learn<'a>(messages: impl Iterator<Item = &'a Normal>) -> Self {
        let mut counts: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
        for w in messages.flat_map(|m| &m.words) {
            if let Some(letters) = letters(&w.folded) {
                *counts.entry(letters).or_default() += 1;
            }
        }
        counts.retain(|_, n| *n >= LEAST);
        let known = |(letters, n): (Vec<u8>, usize)| Known { letters: letters.into(), count: u8::try_from(n).unwrap_or(u8::MAX) };
        Self::new(counts.into_iter().take(MOST).map(known).collect())
    }

    /// Indexes known words.
    pub fn new(words: Vec<Known>) -> Self {
        let mut keyed: Vec<(usize, u16)> = Vec::with_capacity(words.len() * 9);
        for (word, id) in words.iter().zip(0u16..) {
            keyed.extend(keys(&word.letters).map(|k| (k, id)));
        }
        let mut starts = vec![0u32; (1 << BUCKET_BITS) + 1];
        for (key, _) in &keyed {
            if let Some(n) = starts.get_mut(key + 1) {
                *n += 1;
            }
        }
        let mut sum = 0;
        for n in &mut starts {
            sum += *n;
            *n = sum;
        }
        let mut next = starts.clone();
        let mut entries = vec![0u16; keyed.len()];
        for (key, id) in keyed {
            if let Some(at) = next.get_mut(key) {
                if let Some(slot) = entries.get_mut(*at as usize) {
                    *slot = id;
                }
                *at += 1;
            }
        }
        let (mut once, mut twice) = (vec![0u64; THREES / 64 + 1], vec![0u64; THREES / 64 + 1]);
        for at in words.iter().flat_map(|w| threes(&w.letters)) {
            if let (Some(once), Some(twice)) = (once.get_mut(at / 64), twice.get_mut(at / 64)) {
                *twice |= *once & 1 << (at % 64);
                *once |= 1 << (at % 64);
            }
        }
        Self { words, starts, entries, threes: twice }
    }

    pub fn words(&self) -> &[Known] {
        &self.words
    }

    /// The message with its slips mended; `None` when there is nothing to mend. Names inside a sentence stay as they are.
    pub fn mend(&self, message: &Normal) -> Option<Normal> {
        let mut out: Option<Normal> = None;
        let mut inside = false;
        for (at, w) in message.words.iter().enumerate() {
            let name = inside && w.capital;
            inside = !w.ends_sentence;
            let Some(better) = letters(&w.folded).filter(|l| !name && l.len() >= SHORTEST).and_then(|l| self.nearest(&l)) else { continue };
            if let Some(word) = out.get_or_insert_with(|| message.clone()).words.get_mut(at) {
                word.folded = better.letters.iter().filter_map(|l| char::from_u32(u32::from(*ALPHABET.start()) + u32::from(*l))).collect();
            }
        }
        if let Some(m) = &mut out {
            m.retell();
        }
        out
    }

    /// The commonest known word one slip away; `None` for a word that may well be one itself.
    fn nearest(&self, letters: &[u8]) -> Option<&Known> {
        if threes(letters).all(|at| self.threes.get(at / 64).is_some_and(|bits| bits >> (at % 64) & 1 == 1)) {
            return None;
        }
        let mut best: Option<&Known> = None;
        for key in keys(letters) {
            let of = self.starts.get(key).zip(self.starts.get(key + 1)).map(|(from, to)| *from as usize..*to as usize);
            for id in of.and_then(|range| self.entries.get(range)).into_iter().flatten() {
                let Some(word) = self.words.get(usize::from(*id)) else { continue };
                if *word.letters == *letters {
                    return None;
                }
                if best.is_none_or(|b| word.count > b.count) && one_slip(letters, &word.letters) {
                    best = Some(word);
                }
            }
        }
        best
    }
}

/// The letters of a Cyrillic word from 0 on.
fn letters(word: &str) -> Option<Vec<u8>> {
    let number = |c: char| if ALPHABET.contains(&c) { u8::try_from(u32::from(c) - u32::from(*ALPHABET.start())).ok() } else { None };
    let out: Vec<u8> = word.chars().map(number).collect::<Option<_>>()?;
    (SHORTEST - 1..=LONGEST).contains(&out.len()).then_some(out)
}

/// The buckets of a word: of itself, and of it without each of its letters.
fn keys(letters: &[u8]) -> impl Iterator<Item = usize> {
    (0..=letters.len()).map(move |n| {
        let kept = letters.iter().enumerate().filter(|(i, _)| i + 1 != n).map(|(_, l)| u32::from(*l) + 1);
        let h = kept.fold(0x811c_9dc5u32, |h, l| (h ^ l).wrapping_mul(0x0100_0193).rotate_left(7));
        (h.wrapping_mul(0x9e37_79b1) >> (32 - BUCKET_BITS)) as usize
    })
}

/// Every three neighbouring letters of a word, its edges included, as numbers.
fn threes(letters: &[u8]) -> impl Iterator<Item = usize> {
    let at = |i: usize| i.checked_sub(1).and_then(|i| letters.get(i)).map_or(0, |l| usize::from(*l) + 1);
    (0..letters.len()).map(move |i| (at(i) * LETTERS + at(i + 1)) * LETTERS + at(i + 2))
}

/// One letter lost, added, replaced or swapped with the next.
fn one_slip(a: &[u8], b: &[u8]) -> bool {
    let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (a.get(head..).unwrap_or_default(), b.get(head..).unwrap_or_default());
    let tail = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    match (a.get(..a.len() - tail), b.get(..b.len() - tail)) {
        (Some([]), Some([_])) | (Some([_]), Some([_] | [])) => true,
        (Some([x, y]), Some([v, w])) => x == w && y == v,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::triage::normalize::normalize;

    #[test]
    fn slips_are_mended_and_known_words_and_names_stay() {
        let known: Vec<Normal> =
            ["вода вода вода вода вода воды воды нет", "свет свет свет свет свет нет электричество электричество"].map(normalize).into();
        let speller = Speller::learn(known.iter());
        let mended = |text: &str| speller.mend(&normalize(text)).map(|m| m.text);
        for (typed, meant) in
            [("вдоа", " вода "), ("нет свтеа света", " нет свтеа свет "), ("элетричество", " электричество "), ("элекктричество", " электричество ")]
        {
            assert_eq!(mended(typed).as_deref(), Some(meant), "{typed}");
        }
        for typed in ["воды нет", "вд", "у нас Вдоа", "12345", "", "электричесва"] {
            assert_eq!(mended(typed), None, "{typed}");
        }
        assert_eq!(Speller::new(speller.words().to_vec()), speller);
        assert_eq!(Speller::default().mend(&normalize("вдоа")), None);
    }
}
