//! Answers found by the words of a question, folded as triage folds messages: without Kazakh letters, in Latin, with another ending.

use super::Core;
use crate::domain::articles::Article;
use crate::triage::normalize;
use std::collections::BTreeSet;

/// Longest question, in characters.
pub const MAX_QUESTION: usize = 200;
/// Words of a question that are looked at.
const MOST_WORDS: usize = 12;
/// Letters that two forms of a word share at least.
const STEM: usize = 4;
/// A longest ending, in letters: Kazakh ones follow one another.
const ENDING: usize = 6;
/// What a word tells that stands among the article's own words, in its title, in its text.
const WEIGHTS: [u32; 3] = [9, 4, 1];

/// The words of one article in the folded alphabet.
struct Folded {
    words: [BTreeSet<String>; 3],
}

fn folded(text: &str) -> impl Iterator<Item = String> {
    normalize(text).words.into_iter().map(|w| w.folded)
}

impl Folded {
    fn of(a: &Article) -> Self {
        let both = |n: &crate::domain::catalog::Named| folded(&n.kk).chain(folded(&n.ru)).collect();
        Self { words: [a.words.iter().flat_map(|w| folded(w)).collect(), both(&a.title), both(&a.text)] }
    }

    /// What a word of the question tells for this article.
    fn weight(&self, asked: &str) -> u32 {
        let hit = |set: &BTreeSet<String>| set.contains(asked) || set.iter().any(|w| akin(w, asked));
        self.words.iter().zip(WEIGHTS).filter(|(set, _)| hit(set)).map(|(_, w)| w).max().unwrap_or(0)
    }
}

/// Two forms of one word: the same beginning, and only endings differ.
fn akin(a: &str, b: &str) -> bool {
    let common = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count();
    let (longer, shorter) = (a.chars().count().max(b.chars().count()), a.chars().count().min(b.chars().count()));
    common >= STEM && common + 2 >= shorter && longer - common <= ENDING
}

/// Articles that answer a question, the best first; without words all of them in their own order. A word that stands in most of them tells nothing.
#[must_use]
pub fn find<'a>(core: &'a Core, question: &str) -> Vec<&'a Article> {
    let all = &core.book.articles.all;
    let asked: BTreeSet<String> = folded(question).take(MOST_WORDS).collect();
    if asked.is_empty() {
        return all.iter().collect();
    }
    let known: Vec<Folded> = all.iter().map(Folded::of).collect();
    let mut scores = vec![0u32; all.len()];
    for word in &asked {
        let weights: Vec<u32> = known.iter().map(|f| f.weight(word)).collect();
        if weights.iter().filter(|w| **w > 0).count() * 2 > all.len() {
            continue;
        }
        for (score, weight) in scores.iter_mut().zip(weights) {
            *score += weight;
        }
    }
    let best = scores.iter().copied().max().unwrap_or(0);
    // A word met by the way is no answer beside one that was asked for by name.
    let mut found: Vec<(u32, &Article)> = scores.into_iter().zip(all).filter(|(score, _)| *score > 0 && *score * 4 >= best).collect();
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.into_iter().map(|(_, a)| a).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_differ_and_words_do_not() {
        for (a, b) in [("счетчик", "счетчика"), ("есептегиш", "есептегиштин"), ("шагым", "шагымды"), ("показания", "показаний")]
        {
            assert!(akin(a, b) && akin(b, a), "{a} {b}");
        }
        for (a, b) in [("газ", "газета"), ("су", "сурак"), ("свет", "светофорларымызбен"), ("вода", "водитель"), ("жарык", "жалоба")]
        {
            assert!(!akin(a, b), "{a} {b}");
        }
    }
}
