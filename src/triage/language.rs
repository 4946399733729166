//! In which language a message is written, word by word, so that mixed speech is seen.

use super::files::{LanguageFile, parse};
use super::normalize::{Normal, Word, fold_word};
use crate::domain::Lang;
use crate::domain::reading::MessageLang;
use std::collections::HashSet;

/// The vote of a word that is known; a word that only looks like a language has one.
const SURE: usize = 2;

/// Markers of the two languages.
#[derive(Debug)]
pub(super) struct Languages {
    kk: Markers,
    ru: Markers,
    /// Loanwords in dictionary form.
    shared: HashSet<String>,
}

#[derive(Debug)]
struct Markers {
    whole: HashSet<String>,
    begins: HashSet<String>,
    ends: Vec<String>,
}

impl Markers {
    fn new(words: &[String], endings: &[String]) -> Self {
        let (whole, begins): (Vec<&String>, Vec<&String>) = words.iter().partition(|w| w.ends_with('!'));
        Self {
            whole: whole.into_iter().map(|w| fold_word(w.trim_end_matches('!'))).collect(),
            begins: begins.into_iter().map(|w| fold_word(w)).collect(),
            ends: endings.iter().map(|e| fold_word(e)).collect(),
        }
    }

    fn knows(&self, word: &str) -> bool {
        self.whole.contains(word)
            || word.char_indices().skip(2).any(|(i, _)| word.get(..i).is_some_and(|p| self.begins.contains(p)))
            || self.begins.contains(word)
    }

    fn ends(&self, word: &str) -> bool {
        self.ends.iter().any(|e| word.len() > e.len() + 4 && word.ends_with(e.as_str()))
    }
}

/// What was counted.
#[derive(Debug, Clone, Copy, Default)]
struct Votes {
    kk: usize,
    ru: usize,
}

impl Languages {
    pub fn load(text: &str) -> Result<(Self, String), Vec<String>> {
        let file: LanguageFile = parse("language", text)?;
        let shared = file.shared.iter().map(|w| fold_word(w)).collect();
        Ok((Self { kk: Markers::new(&file.kk, &file.kk_endings), ru: Markers::new(&file.ru, &file.ru_endings), shared }, file.version))
    }

    fn vote(&self, word: &Word, first: bool) -> Votes {
        let w = word.folded.as_str();
        let name = word.capital && !first;
        if word.kazakh {
            return Votes { kk: if name { 1 } else { SURE }, ru: 0 };
        }
        if self.shared.contains(w) {
            return Votes::default();
        }
        match (self.kk.knows(w), self.ru.knows(w)) {
            (true, false) => return Votes { kk: SURE, ru: 0 },
            (false, true) => return Votes { kk: 0, ru: SURE },
            (true, true) => return Votes::default(),
            (false, false) => {}
        }
        if name {
            // A name says nothing about the language around it.
            return Votes::default();
        }
        // Letters that native Kazakh words do without.
        let foreign = w.chars().any(|c| matches!(c, 'в' | 'ц' | 'щ' | 'ь' | 'ъ' | 'э'));
        match (self.kk.ends(w), self.ru.ends(w)) {
            (true, false) if !foreign => Votes { kk: SURE, ru: 0 },
            (false, true) => Votes { kk: 0, ru: SURE },
            (false, false) if foreign => Votes { kk: 0, ru: 1 },
            _ => Votes::default(),
        }
    }

    /// The language of the message and the one to answer in. A message without a sign of either counts as Russian only when it is not empty of
    /// letters. Who mixes the two speaks Kazakh, and is answered in it.
    pub fn read(&self, message: &Normal) -> (MessageLang, Lang) {
        let v = message
            .words
            .iter()
            .enumerate()
            .map(|(i, w)| self.vote(w, i == 0))
            .fold(Votes::default(), |a, b| Votes { kk: a.kk + b.kk, ru: a.ru + b.ru });
        let lang = match (v.kk, v.ru) {
            (0, _) => MessageLang::Ru,
            (_, 0) => MessageLang::Kk,
            (kk, ru) if ru * 5 < kk => MessageLang::Kk,
            (kk, ru) if kk * 4 < ru => MessageLang::Ru,
            _ => MessageLang::Mixed,
        };
        let reply = if lang == MessageLang::Ru && !message.words.is_empty() { Lang::Ru } else { Lang::Kk };
        (lang, reply)
    }
}
