//! What a model is fitted to: the whole corpus again, and beside it what people corrected, weighed so that neither drowns the other.

use crate::domain::{Class, Hazard, RequestId, ServiceCode};
use crate::store::corrections::Correction;
use crate::triage::{Example, normalize};
use std::collections::{BTreeMap, BTreeSet};

/// A correction counts as so many lines of the corpus: it is what residents really write.
const WEIGHT: f32 = 3.0;
/// Corrections of one service weigh at most as much as its lines in the corpus, and may always weigh so much.
const LEAST_ROOM: f32 = 30.0;

/// The examples of a refit.
#[derive(Debug, Clone)]
pub(super) struct Mix {
    pub examples: Vec<Example>,
    /// Corrections among them.
    pub corrections: usize,
    /// Corrections left out because people contradict one another about the same words.
    pub disputed: usize,
}

/// What a person said a text is.
type Label = (Option<Class>, Option<ServiceCode>, Option<Hazard>);

fn label(c: &Correction) -> Label {
    (c.class, c.service.clone(), c.hazard)
}

/// A text as triage compares it: folded words.
fn folded(text: &str) -> String {
    normalize(text).words.iter().map(|w| w.folded.as_str()).collect::<Vec<_>>().join(" ")
}

/// Puts corpus and corrections together. Words of the frozen part are left out: a model must not be judged by what it was taught.
pub(super) fn mix(corpus: Vec<Example>, said: Vec<Correction>, frozen: &[Example]) -> Mix {
    let frozen: BTreeSet<String> = frozen.iter().map(|e| folded(&e.text)).collect();
    // The last word on a request counts.
    let last: BTreeMap<RequestId, Correction> = said.into_iter().map(|c| (c.request, c)).collect();
    let mut by_text: BTreeMap<String, Vec<Correction>> = BTreeMap::new();
    for c in last.into_values() {
        let key = folded(&c.text);
        if !key.is_empty() && !frozen.contains(&key) {
            by_text.entry(key).or_default().push(c);
        }
    }
    let mut kept: Vec<Correction> = Vec::new();
    let mut disputed = 0;
    for mut group in by_text.into_values() {
        group.sort_by_key(|c| c.id);
        match agreed(&group) {
            Some(label_of_most) => {
                let before = group.len();
                group.retain(|c| label(c) == label_of_most);
                disputed += before - group.len();
                // The same words said often are one lesson.
                kept.extend(group.into_iter().next_back());
            }
            None => disputed += group.len(),
        }
    }
    kept.sort_by_key(|c| c.id);
    let corrections = kept.len();
    let weights = weights(&corpus, &kept);
    let mut examples = corpus;
    examples.extend(kept.into_iter().map(|c| Example {
        weight: c.service.as_ref().and_then(|s| weights.get(s)).copied().unwrap_or(WEIGHT),
        text: c.text,
        lang: None,
        class: c.class,
        service: c.service,
        // A dispatcher may know the district from elsewhere than the words.
        district: None,
        hazard: Some(c.hazard),
        author: None,
    }));
    Mix { examples, corrections, disputed }
}

/// The label on which more than two thirds of the people agree; each person counts once, by what they said last.
fn agreed(group: &[Correction]) -> Option<Label> {
    let by_person: BTreeMap<&str, Label> = group.iter().map(|c| (c.actor.as_str(), label(c))).collect();
    let mut votes: Vec<(Label, usize)> = Vec::new();
    for l in by_person.values() {
        match votes.iter_mut().find(|(x, _)| x == l) {
            Some((_, n)) => *n += 1,
            None => votes.push((l.clone(), 1)),
        }
    }
    votes.into_iter().find(|(_, n)| n * 3 > by_person.len() * 2).map(|(l, _)| l)
}

/// The weight of one correction of each service.
fn weights(corpus: &[Example], kept: &[Correction]) -> BTreeMap<ServiceCode, f32> {
    let mut room: BTreeMap<&ServiceCode, f32> = BTreeMap::new();
    for e in corpus {
        if let Some(s) = &e.service {
            *room.entry(s).or_default() += e.weight;
        }
    }
    let mut asked: BTreeMap<&ServiceCode, f32> = BTreeMap::new();
    for s in kept.iter().filter_map(|c| c.service.as_ref()) {
        *asked.entry(s).or_default() += WEIGHT;
    }
    asked
        .into_iter()
        .map(|(s, asked)| {
            let room = room.get(s).copied().unwrap_or(0.0).max(LEAST_ROOM);
            (s.clone(), WEIGHT * (room / asked).min(1.0))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(id: i64, request: RequestId, actor: &str, text: &str, service: &str) -> Correction {
        Correction {
            id,
            request,
            actor: actor.into(),
            text: text.into(),
            class: Some(Class::Incident),
            service: ServiceCode::new(service).ok(),
            district: None,
            hazard: None,
        }
    }

    fn line(text: &str, service: &str) -> Example {
        Example::parse_all("t", &format!("{text}\tru\tincident\t{service}\t-\t-\t")).unwrap().remove(0)
    }

    fn fresh() -> RequestId {
        RequestId::fresh()
    }

    #[test]
    fn the_last_word_on_a_request_counts_and_the_same_words_are_one_lesson() {
        let one = fresh();
        let all = vec![said(1, one, "staff:a", "гудит труба", "water"), said(2, one, "staff:b", "гудит труба", "heating")];
        let m = mix(vec![], all, &[]);
        assert_eq!((m.corrections, m.disputed, m.examples[0].service.as_ref().unwrap().as_str()), (1, 0, "heating"));
        let twice = vec![said(1, fresh(), "staff:a", "гудит труба", "water"), said(2, fresh(), "staff:a", "Гудит труба!", "water")];
        assert_eq!(mix(vec![], twice, &[]).corrections, 1);
    }

    #[test]
    fn what_people_dispute_is_left_out() {
        let t = "течёт у соседей";
        let two = vec![said(1, fresh(), "staff:a", t, "water"), said(2, fresh(), "staff:b", t, "housing")];
        let m = mix(vec![], two.clone(), &[]);
        assert_eq!((m.corrections, m.disputed), (0, 2));
        // One against three is a slip.
        let most = [two, vec![said(3, fresh(), "staff:c", t, "housing"), said(4, fresh(), "staff:d", t, "housing")]].concat();
        let m = mix(vec![], most, &[]);
        assert_eq!((m.corrections, m.disputed, m.examples[0].service.as_ref().unwrap().as_str()), (1, 1, "housing"));
    }

    #[test]
    fn words_of_the_frozen_part_teach_nothing() {
        let m = mix(vec![], vec![said(1, fresh(), "staff:a", "НЕТ воды", "gas")], &[line("нет воды", "water")]);
        assert_eq!((m.corrections, m.examples.len()), (0, 0));
    }

    #[test]
    fn a_flood_of_one_kind_does_not_drown_the_corpus() {
        let corpus: Vec<Example> = (0..60).map(|i| line(&format!("нет воды {i} дом"), "water")).collect();
        let flood = (0..1000u32).map(|i| said(i64::from(i), fresh(), "staff:a", &format!("слово{} вода", letters(i)), "water")).collect();
        let m = mix(corpus.clone(), flood, &[]);
        assert_eq!((m.corrections, m.examples.len()), (1000, 1060));
        let taught: f32 = m.examples[60..].iter().map(|e| e.weight).sum();
        assert!((taught - 60.0).abs() < 0.1, "{taught}");
        let few = mix(corpus, vec![said(1, fresh(), "staff:a", "сухо в кране", "water")], &[]);
        assert!((few.examples[60].weight - WEIGHT).abs() < f32::EPSILON);
    }

    /// A number in syllables, since digits are all alike to triage and stretched letters are one.
    fn letters(n: u32) -> String {
        n.to_string().bytes().map(|b| ["ба", "ве", "го", "ду", "жа", "зе", "ко", "лу", "ма", "не"][usize::from(b - b'0')]).collect()
    }
}
