//! What the word lists say of a message, as numbers: the part of the features that the model shares with the rules.

use super::features::Gram;
use crate::domain::{Class, Hazard};
use crate::triage::class::CUES;

/// Services the model can hold.
pub(super) const MOST_SERVICES: usize = 17;
const SCORES: usize = 1;
const LEADS: usize = SCORES + MOST_SERVICES;
const COUNTED: usize = LEADS + MOST_SERVICES;
const DANGERS: usize = COUNTED + CUES;
const RULED: usize = DANGERS + 8;
const SIGNS: usize = RULED + 5;
/// Numbers in all.
pub(super) const DENSE: usize = SIGNS + 5;

/// The cue that counts a danger.
const DANGER_CUE: usize = 14;

/// The numbers that tell whether the lists found a danger.
pub(super) const fn tells_danger(at: usize) -> bool {
    at >= DANGERS && at < RULED || at == SIGNS || at == COUNTED + DANGER_CUE
}

/// What the word lists found.
#[derive(Debug, Clone, Default)]
pub(in crate::triage) struct Lexical {
    /// Which patterns were found, and where.
    pub patterns: Vec<Gram>,
    /// Per service, in the order of the model.
    pub services: Vec<i32>,
    pub cues: [f32; CUES],
    pub class: Option<Class>,
    pub hazard: Option<Hazard>,
    /// A sign of danger that the words around it silenced.
    pub hazard_over: bool,
    pub latin: bool,
    pub words: usize,
}

impl Lexical {
    /// The numbers, each about 0 to 1. The first is always 1: the bias.
    pub(super) fn numbers(&self) -> [f32; DENSE] {
        let mut out = [0.0; DENSE];
        let mut set = |at: usize, value: f32| {
            if let Some(slot) = out.get_mut(at) {
                *slot = value;
            }
        };
        set(0, 1.0);
        let top = self.services.iter().copied().max().unwrap_or(0);
        let tops = self.services.iter().filter(|s| **s == top).count();
        let second = if tops > 1 { top } else { self.services.iter().copied().filter(|s| *s < top).max().unwrap_or(0).max(0) };
        for (i, score) in self.services.iter().take(MOST_SERVICES).enumerate() {
            set(SCORES + i, small(*score) / 6.0);
            if *score == top && top > 0 {
                let lead = small(top - second);
                set(LEADS + i, 0.3 + 0.7 * lead / (lead + 2.0));
            }
        }
        for (i, cue) in self.cues.iter().enumerate() {
            set(COUNTED + i, cue.min(3.0) / 2.0);
        }
        if let Some(kind) = self.hazard.and_then(|h| Hazard::ALL.iter().position(|x| *x == h)) {
            set(DANGERS + kind, 1.0);
        }
        if let Some(class) = self.class.and_then(|c| Class::ALL.iter().position(|x| *x == c)) {
            set(RULED + class, 1.0);
        }
        let flag = |b: bool| if b { 1.0 } else { 0.0 };
        let words = small(i32::try_from(self.words.min(60)).unwrap_or(60));
        let signs = [flag(self.hazard.is_some()), flag(self.hazard_over), flag(self.latin), words / 60.0, flag(top <= 0)];
        for (i, sign) in signs.into_iter().enumerate() {
            set(SIGNS + i, sign);
        }
        out
    }
}

fn small(n: i32) -> f32 {
    f32::from(i16::try_from(n.clamp(-6, 60)).unwrap_or(0))
}
