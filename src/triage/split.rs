//! Several problems in one message: where one ends and the next begins.
//!
//! A stretch is a problem of its own only when it names a service clearly and says itself what is wrong with it; everything else belongs to the
//! problem before it. So a second noun ("из-за ремонта дороги нет воды") opens no second request.

use super::class::{Classes, Joints};
use super::danger::Dangers;
use super::normalize::Normal;
use super::pattern::{Hits, Patterns, Span};
use super::service::{MEDIUM, STRONG, Services};
use crate::domain::{Hazard, ServiceCode};

/// More problems than this are left in the last one: a person will read the letter anyway.
const MOST: usize = 5;
/// How far behind its noun a defect may stand in a text without punctuation.
const REACH: usize = 4;

/// The service of everything else: its words stand in any message.
const LAST_RESORT: &str = "other";

/// One problem of a message.
#[derive(Debug)]
pub(super) struct Statement {
    /// Its words as a message of their own.
    pub message: Normal,
    pub hazard: Option<Hazard>,
}

/// What finds the parts of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Splitter<'a> {
    pub services: &'a Services,
    pub classes: &'a Classes,
    pub dangers: &'a Dangers,
    pub patterns: &'a Patterns,
}

/// A clause or a run-on part of one.
struct Atom {
    from: usize,
    to: usize,
    /// A word announced it as a further problem.
    added: bool,
}

struct Draft {
    service: ServiceCode,
    hazard: Option<Hazard>,
    stretches: Vec<(usize, usize)>,
}

impl Splitter<'_> {
    /// The problems of a message, the most dangerous first and then as written. Empty when it states at most one.
    pub fn split(&self, message: &Normal, hits: &Hits) -> Vec<Statement> {
        let nouns = self.services.strong_places(hits);
        let one_service = nouns.iter().all(|(service, _)| nouns.first().is_some_and(|(first, _)| first == service));
        let one_sentence = hits.same_sentence(0, message.words.len().saturating_sub(1));
        if message.words.len() < 4 || one_service && one_sentence {
            return Vec::new();
        }
        let mut drafts: Vec<Draft> = Vec::new();
        for atom in self.atoms(message, hits) {
            let part = hits.within(atom.from, atom.to);
            match self.own(message, &part, &atom) {
                Some((service, hazard)) => self.place(&mut drafts, service, hazard, &atom, hits),
                None => match drafts.last_mut() {
                    Some(last) => extend(last, &atom),
                    None => continue,
                },
            }
        }
        if drafts.len() < 2 || !self.keeps_danger(hits, &drafts) {
            return Vec::new();
        }
        if let Some(first) = drafts.first_mut().and_then(|d| d.stretches.first_mut()) {
            first.0 = 0;
        }
        drafts.sort_by_key(|d| d.hazard.is_none());
        drafts.into_iter().map(|d| Statement { message: message.of(&d.stretches), hazard: d.hazard }).collect()
    }

    /// The service and danger that a stretch states by itself.
    fn own(&self, message: &Normal, part: &Hits, atom: &Atom) -> Option<(ServiceCode, Option<Hazard>)> {
        let service = self.clear(message, part)?;
        let hazard = self.dangers.find(part, self.patterns, &mut Vec::new());
        let defects = part.places_of(self.classes.defects());
        let reasons = part.places_of(&self.classes.joints().cause);
        let stated = defects.iter().any(|(_, d)| reasons.iter().all(|(_, r)| r.to >= d.from || d.from - r.to > REACH));
        let excused = reasons.iter().any(|(_, r)| r.from <= atom.from + 1);
        (hazard.is_some() || stated && !excused).then_some((service, hazard))
    }

    /// The service of which a stretch clearly speaks. Nouns that only tell where something is do not count.
    fn clear(&self, message: &Normal, part: &Hits) -> Option<ServiceCode> {
        let mut scores = self.services.scores(part);
        let strong = self.services.strong_places(part);
        for (service, _) in strong.iter().filter(|(service, at)| self.is_whereabouts(message, service, *at)) {
            if let Some((_, score)) = scores.iter_mut().find(|(s, _)| s == service) {
                *score -= STRONG;
            }
        }
        scores.sort_by_key(|(_, score)| std::cmp::Reverse(*score));
        let (service, top) = scores.first().copied()?;
        let second = scores.get(1).map_or(0, |(_, s)| (*s).max(0));
        (top >= STRONG && top - second >= MEDIUM).then(|| service.clone())
    }

    /// A noun that only tells where: "на дороге", "мектепте".
    fn is_whereabouts(&self, message: &Normal, service: &ServiceCode, at: Span) -> bool {
        let joints = self.classes.joints();
        if at.from != at.to || !joints.places.iter().any(|s| s == service.as_str()) {
            return false;
        }
        let word = |i: usize| message.words.get(i).map_or("", |w| w.folded.as_str());
        let led = at.from.checked_sub(1).is_some_and(|before| joints.at.contains(word(before)));
        led || joints.at_endings.iter().any(|e| word(at.from).ends_with(e.as_str()))
    }

    /// Puts a stretch with its own service among the problems.
    fn place(&self, drafts: &mut Vec<Draft>, service: ServiceCode, hazard: Option<Hazard>, atom: &Atom, hits: &Hits) {
        let apart = |d: &Draft| atom.added || d.stretches.last().is_some_and(|s| !hits.same_sentence(s.1, atom.from));
        let two_dangers = |d: &Draft| apart(d) && matches!((d.hazard, hazard), (Some(a), Some(b)) if a != b);
        if let Some(same) = drafts.iter_mut().find(|d| d.service == service && !two_dangers(d)) {
            same.hazard = same.hazard.or(hazard);
            return extend(same, atom);
        }
        let joints = self.classes.joints();
        let beside = drafts
            .last()
            .is_some_and(|last| (is_pair(joints, &last.service, &service) && !two_dangers(last)) || service.as_str() == LAST_RESORT && !apart(last));
        if let Some(last) = drafts.last_mut().filter(|_| beside && !atom.added) {
            last.hazard = last.hazard.or(hazard);
            return extend(last, atom);
        }
        if drafts.len() >= MOST {
            if let Some(last) = drafts.last_mut() {
                extend(last, atom);
            }
            return;
        }
        drafts.push(Draft { service, hazard, stretches: vec![(atom.from, atom.to)] });
    }

    /// A danger that only the whole message states would be lost by parting it.
    fn keeps_danger(&self, hits: &Hits, drafts: &[Draft]) -> bool {
        self.dangers.find(hits, self.patterns, &mut Vec::new()).is_none_or(|whole| drafts.iter().any(|d| d.hazard == Some(whole)))
    }

    /// Clauses, and within a clause without punctuation the place where a second service with its own defect begins.
    fn atoms(&self, message: &Normal, hits: &Hits) -> Vec<Atom> {
        let joints = self.classes.joints();
        let adds: Vec<usize> = hits.places_of(&joints.adds).iter().map(|(_, s)| s.from).collect();
        let joins: Vec<usize> = hits.places_of(&joints.joins).iter().map(|(_, s)| s.from).collect();
        let mut out: Vec<Atom> = Vec::new();
        let mut from = 0usize;
        for i in 0..message.words.len() {
            let ends = message.words.get(i).is_some_and(|w| w.ends_phrase) || i + 1 == message.words.len();
            let next_opens = joins.contains(&(i + 1)) || adds.contains(&(i + 1));
            if !ends && !next_opens {
                continue;
            }
            let added = (from..=i).any(|w| adds.contains(&w));
            self.part_run_on(message, hits, Atom { from, to: i, added }, &mut out);
            from = i + 1;
        }
        out
    }

    fn part_run_on(&self, message: &Normal, hits: &Hits, atom: Atom, out: &mut Vec<Atom>) {
        let part = hits.within(atom.from, atom.to);
        let nouns = self.services.strong_places(&part);
        let defects: Vec<_> = part.places_of(self.classes.defects()).into_iter().map(|(_, s)| s).collect();
        let Some((first, _)) = nouns.first() else { return out.push(atom) };
        let second = nouns.iter().find(|(service, at)| {
            service != first
                && at.from > atom.from
                && !is_pair(self.classes.joints(), first, service)
                && !self.is_whereabouts(message, service, *at)
                && service.as_str() != LAST_RESORT
                && nouns.iter().all(|(other, o)| other == service || o.to < at.from || o.from > at.to)
                && defects.iter().any(|d| d.to < at.from)
                && defects.iter().any(|d| d.from >= at.from && d.from <= at.to + REACH)
        });
        match second {
            Some((_, at)) => {
                out.push(Atom { from: atom.from, to: at.from - 1, added: atom.added });
                self.part_run_on(message, hits, Atom { from: at.from, to: atom.to, added: atom.added }, out);
            }
            None => out.push(atom),
        }
    }
}

fn extend(draft: &mut Draft, atom: &Atom) {
    match draft.stretches.last_mut() {
        Some(last) if last.1 + 1 == atom.from => last.1 = atom.to,
        _ => draft.stretches.push((atom.from, atom.to)),
    }
}

fn is_pair(joints: &Joints, a: &ServiceCode, b: &ServiceCode) -> bool {
    joints.together.iter().any(|(x, y)| (x == a.as_str() && y == b.as_str()) || (x == b.as_str() && y == a.as_str()))
}
