//! What the model sees of a message: hashed pieces of its words, and what the word lists counted.

use crate::triage::normalize::Word;

/// Buckets of the hashed pieces, as a power of two.
pub(super) const BUCKET_BITS: u32 = 16;
/// Lengths of the pieces, in letters; the edges of a word count as letters.
const SHORTEST: usize = 2;
const LONGEST: usize = 5;
/// Longer words are cut here, longer messages too: time stays bounded.
const MAX_LETTERS: usize = 24;
const MAX_WORDS: usize = 400;
/// Changes whenever the same text would give other pieces, so that an old model is not asked about them.
pub(super) const FEATURES_VERSION: u16 = 2;

const EDGE: u32 = 0x20;
const NUMBER: u32 = 0x23;
const PLACE: u32 = 0x40;
const WORD_SEED: u32 = 0x5bd1_e995;
const PAIR_SEED: u32 = 0x1b87_3593;
const STEM_SEED: u32 = 0x2545_f491;
const NEAR_SEED: u32 = 0x7feb_352d;
const PATTERN_SEED: u32 = 0x846c_a68b;
/// A pattern of the word lists counts as so many pieces.
const PATTERN_TIMES: usize = 3;
/// Letters of a word that stand for all its forms.
const STEM: usize = 4;

/// A piece of the message.
#[derive(Debug, Clone, Copy)]
pub(in crate::triage) struct Gram {
    pub bucket: u32,
    /// The word it lies in, or the first of two.
    pub word: u32,
}

const fn mix(h: u32, c: u32) -> u32 {
    (h.rotate_left(5) ^ c).wrapping_mul(0x9e37_79b1)
}

const fn bucket(h: u32) -> u32 {
    (h ^ (h >> 15)).wrapping_mul(0x85eb_ca6b) >> (32 - BUCKET_BITS)
}

/// The bucket of a pattern of the word lists.
pub(in crate::triage) fn pattern_bucket(source: &str) -> u32 {
    bucket(source.chars().fold(PATTERN_SEED, |h, c| mix(h, u32::from(c))))
}

/// Cuts words into pieces: letters 2 to 5 long with the word's edges, whole words, and pairs of neighbours. Numbers are one and the same piece, and so
/// are the names of places, so that no service is learnt from where people happened to live.
pub(super) fn grams(words: &[Word], patterns: &[Gram], is_place: impl Fn(usize) -> bool, out: &mut Vec<Gram>) {
    out.clear();
    for _ in 0..PATTERN_TIMES {
        out.extend_from_slice(patterns);
    }
    let mut before = WORD_SEED;
    let (mut stem_before, mut stem_before_that) = (WORD_SEED, WORD_SEED);
    let mut letters = [EDGE; MAX_LETTERS + 2];
    for (at, word) in words.iter().take(MAX_WORDS).enumerate() {
        let index = u32::try_from(at).unwrap_or(u32::MAX);
        let mut push = |h: u32| out.push(Gram { bucket: bucket(h), word: index });
        let mut stem = WORD_SEED;
        let mut spelled_len = 0;
        let whole = if is_place(at) {
            mix(WORD_SEED, PLACE)
        } else if word.folded.starts_with(|c: char| c.is_ascii_digit()) {
            mix(WORD_SEED, NUMBER)
        } else {
            let mut len = 1;
            let mut h = WORD_SEED;
            for (slot, c) in letters.iter_mut().skip(1).take(MAX_LETTERS).zip(word.folded.chars()) {
                *slot = u32::from(c);
                h = mix(h, *slot);
                if len == STEM {
                    stem = h;
                }
                spelled_len = len;
                len += 1;
            }
            if let Some(edge) = letters.get_mut(len) {
                *edge = EDGE;
            }
            let spelled = letters.get(..=len).unwrap_or_default();
            for from in 0..spelled.len() {
                let mut piece = 0u32;
                for (n, c) in spelled.iter().skip(from).take(LONGEST).enumerate() {
                    piece = mix(piece, *c);
                    if n + 1 >= SHORTEST {
                        push(piece);
                    }
                }
            }
            h
        };
        let stem = if spelled_len > STEM { stem } else { whole };
        push(whole);
        push(mix(mix(PAIR_SEED, before), whole));
        push(mix(mix(STEM_SEED, stem_before), stem));
        push(mix(mix(NEAR_SEED, stem_before_that), stem));
        before = whole;
        (stem_before_that, stem_before) = (stem_before, stem);
    }
}
