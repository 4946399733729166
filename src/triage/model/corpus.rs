//! The labelled messages that are shipped: what a model may learn from, and what it must never see.

use super::clusters::{clusters, text_hash};
use super::examples::Example;
use super::trainer::Dice;
use crate::triage::normalize::normalize;

/// Written to be learnt from.
const TRAINING: [(&str, &str); 5] = [
    ("messages_train.tsv", include_str!("../../../config/triage/messages_train.tsv")),
    ("messages_words_ru.tsv", include_str!("../../../config/triage/messages_words_ru.tsv")),
    ("messages_words_kk.tsv", include_str!("../../../config/triage/messages_words_kk.tsv")),
    ("messages_classes.tsv", include_str!("../../../config/triage/messages_classes.tsv")),
    ("messages_danger.tsv", include_str!("../../../config/triage/messages_danger.tsv")),
];
/// Its author looked at classes and left dangers unmarked ("лифт застрял, ішінде адам бар"): where it marks none, nobody said.
const CLASSES_ONLY: &str = "messages_classes.tsv";
/// Written by two other authors to judge by.
const FROZEN: [(&str, &str); 2] = [
    ("messages_frozen.tsv", include_str!("../../../config/triage/messages_frozen.tsv")),
    ("messages_frozen_2.tsv", include_str!("../../../config/triage/messages_frozen_2.tsv")),
];
/// Of a thousand clusters of the training files, so many are kept back.
const KEPT_BACK: usize = 150;

/// Labelled messages, parted.
#[derive(Debug, Clone)]
pub struct Corpus {
    /// What a model is fitted to.
    pub training: Vec<Example>,
    /// Clusters of the training files that no model is fitted to.
    pub kept_back: Vec<Example>,
    /// Hard messages by authors of their own, that no model is fitted to.
    pub frozen: Vec<Example>,
}

impl Corpus {
    /// The shipped messages.
    ///
    /// # Errors
    /// Every wrong line of the files.
    pub fn shipped() -> Result<Self, Vec<String>> {
        let mut all = Vec::new();
        for (name, text) in TRAINING {
            let mut examples = Example::parse_all(name, text)?;
            if name == CLASSES_ONLY {
                examples.iter_mut().filter(|e| e.hazard == Some(None)).for_each(|e| e.hazard = None);
            }
            all.extend(examples);
        }
        let mut frozen = Vec::new();
        for (name, text) in FROZEN {
            frozen.extend(Example::parse_all(name, text)?);
        }
        Ok(Self::part(all, frozen))
    }

    /// Parts examples by near-duplicate cluster. A cluster that touches the frozen messages is dropped.
    #[must_use]
    pub fn part(examples: Vec<Example>, frozen: Vec<Example>) -> Self {
        let normal: Vec<String> = frozen.iter().chain(&examples).map(|e| normalize(&e.text).text).collect();
        let texts: Vec<&str> = normal.iter().map(String::as_str).collect();
        let first = frozen.len();
        let of = clusters(&texts);
        let mut out = Self { training: Vec::new(), kept_back: Vec::new(), frozen };
        for (example, cluster) in examples.into_iter().zip(of.iter().skip(first)) {
            // The frozen messages come first, so a cluster that touches them is named by one of them.
            if *cluster < first {
                continue;
            }
            let name = texts.get(*cluster).copied().unwrap_or("");
            let kept = Dice(text_hash(name)).below(1000) < KEPT_BACK;
            if kept { out.kept_back.push(example) } else { out.training.push(example) }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_frozen_part_is_learnt() {
        let corpus = Corpus::shipped().unwrap();
        let parts = corpus.training.len() + corpus.kept_back.len();
        assert!(corpus.kept_back.len() * 10 > parts && corpus.kept_back.len() * 5 < parts, "{} of {parts}", corpus.kept_back.len());
        let again = Corpus::part(corpus.frozen.clone(), corpus.frozen);
        assert!(again.training.is_empty() && again.kept_back.is_empty());
    }
}
