//! Which service a message is about: weighted words, and a gate that passes only clear leads.

use super::files::{ServicesFile, parse};
use super::pattern::{Builder, Hits, PatternId, Patterns, Span};
use crate::domain::ServiceCode;
use crate::domain::reading::Guess;

/// Weight of a word that alone tells the service.
pub(super) const STRONG: i32 = 4;
pub(super) const MEDIUM: i32 = 2;
const WEAK: i32 = 1;
const AGAINST: i32 = -4;

/// The words of all services.
#[derive(Debug)]
pub(super) struct Services {
    list: Vec<Words>,
    /// Per pattern: the service of which it speaks, and how loudly. Patterns of other lists are not in it.
    speaks: Vec<(usize, i32)>,
    sure_score: i32,
    sure_lead: i32,
}

#[derive(Debug)]
struct Words {
    code: ServiceCode,
    weighted: Vec<(PatternId, i32)>,
}

impl Services {
    pub fn load(text: &str, patterns: &mut Builder) -> Result<(Self, String), Vec<String>> {
        let file: ServicesFile = parse("services", text)?;
        let mut problems = Vec::new();
        let mut list = Vec::new();
        for s in &file.service {
            let mut weighted = Vec::new();
            for (words, weight) in [(&s.strong, STRONG), (&s.medium, MEDIUM), (&s.weak, WEAK), (&s.against, AGAINST)] {
                weighted.extend(words.iter().map(|w| (patterns.add(w), weight)));
            }
            match ServiceCode::new(s.code.as_str()) {
                Ok(code) => list.push(Words { code, weighted }),
                Err(e) => problems.push(format!("services: {e}")),
            }
        }
        if list.is_empty() {
            problems.push("services: no service has words".to_owned());
        }
        let mut speaks = vec![(usize::MAX, 0); patterns.next()];
        for (at, words) in list.iter().enumerate() {
            for (id, weight) in &words.weighted {
                if let Some(slot) = speaks.get_mut(*id) {
                    *slot = (at, *weight);
                }
            }
        }
        let this = Self { list, speaks, sure_score: file.sure_score, sure_lead: file.sure_lead };
        if problems.is_empty() { Ok((this, file.version)) } else { Err(problems) }
    }

    /// The services in the order of the file.
    pub fn codes(&self) -> Vec<ServiceCode> {
        self.list.iter().map(|w| w.code.clone()).collect()
    }

    /// Score of every service, highest first. The order of the file breaks ties, so a replay is exact.
    pub fn scores(&self, hits: &Hits) -> Vec<(&ServiceCode, i32)> {
        let mut out: Vec<(&ServiceCode, i32)> = self.list.iter().map(|w| (&w.code, 0)).collect();
        for (id, _) in hits.first_places() {
            if let Some((at, weight)) = self.speaks.get(id)
                && let Some((_, score)) = out.get_mut(*at)
            {
                *score += weight;
            }
        }
        out.sort_by_key(|(_, score)| std::cmp::Reverse(*score));
        out
    }

    /// Where strong words of the services stand.
    pub fn strong_places(&self, hits: &Hits) -> Vec<(&ServiceCode, Span)> {
        let mut out: Vec<(&ServiceCode, Span)> = Vec::new();
        for (id, span) in hits.all_places() {
            if let Some((at, STRONG)) = self.speaks.get(id)
                && let Some(words) = self.list.get(*at)
            {
                out.push((&words.code, span));
            }
        }
        out.sort_by_key(|(_, span)| (span.from, span.to));
        out
    }

    /// The best service, and the words that speak for it.
    pub fn guess(&self, hits: &Hits, patterns: &Patterns, why: &mut Vec<String>) -> Guess<ServiceCode> {
        let scores = self.scores(hits);
        let Some((code, top)) = scores.first().copied().filter(|(_, s)| *s > 0) else { return Guess::default() };
        let second = scores.get(1).map_or(0, |(_, s)| (*s).max(0));
        let lead = top - second;
        if let Some(words) = self.list.iter().find(|w| &w.code == code) {
            let reasons = words.weighted.iter().filter(|(id, weight)| *weight > WEAK && hits.has(*id)).take(3);
            why.extend(reasons.map(|(id, _)| format!("service:{code}:{}", patterns.source(*id))));
        }
        Guess { best: Some(code.clone()), confidence: confidence(top, lead), sure: top >= self.sure_score && lead >= self.sure_lead }
    }
}

/// A share between 0 and 1 that grows with the lead and, more slowly, with the score. Not a probability: the gate is `sure`.
fn confidence(score: i32, lead: i32) -> f32 {
    let part = |v: i32, half: f32| {
        let v = f32::from(i16::try_from(v.max(0)).unwrap_or(i16::MAX));
        v / (v + half)
    };
    (0.25 + 0.75 * part(lead, 2.0) * part(score, 1.0)).min(0.99)
}
