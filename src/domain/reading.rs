//! What triage read in a message: the seam between understanding and everything that acts on it.

use super::address::Address;
use super::class::{Class, Hazard, words};
use super::ids::{DistrictCode, ServiceCode};
use super::lang::Lang;
use serde::{Deserialize, Serialize};

words! {
    /// The language of one message.
    MessageLang { Kk = "kk", Ru = "ru", Mixed = "mixed" }
}

/// A guess behind a gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Guess<T> {
    /// The best guess, passed by the gate or not. `None` when nothing speaks for any.
    pub best: Option<T>,
    /// 0 to 1.
    pub confidence: f32,
    /// The gate: act on it without asking a person.
    pub sure: bool,
}

impl<T> Default for Guess<T> {
    fn default() -> Self {
        Self { best: None, confidence: 0.0, sure: false }
    }
}

impl<T: Clone> Guess<T> {
    /// The guess if the gate passed it.
    #[must_use]
    pub fn accepted(&self) -> Option<T> {
        if self.sure { self.best.clone() } else { None }
    }
}

/// What place a message names.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// None.
    #[default]
    Unknown,
    Found {
        district: DistrictCode,
        /// The settlement or microdistrict as our gazetteer spells it, if one was named.
        settlement: Option<String>,
    },
    /// A name that stands in several districts: ask, do not guess.
    Ambiguous(Vec<DistrictCode>),
}

impl Place {
    #[must_use]
    pub fn district(&self) -> Option<&DistrictCode> {
        match self {
            Self::Found { district, .. } => Some(district),
            _ => None,
        }
    }
}

/// One more problem in a message that states several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// The part of the message that states it, as typed.
    pub text: String,
    pub class: Guess<Class>,
    pub service: Guess<ServiceCode>,
    pub hazard: Option<Hazard>,
}

/// Everything triage says about one message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    pub lang: MessageLang,
    /// The language to answer in.
    pub reply: Lang,
    pub class: Guess<Class>,
    pub service: Guess<ServiceCode>,
    pub place: Place,
    /// Street and house as typed, when the text has them.
    pub address: Option<String>,
    /// The same, taken apart.
    #[serde(default)]
    pub address_parts: Option<Address>,
    pub hazard: Option<Hazard>,
    /// A consultation that only the utility can answer (a bill, a connection).
    pub needs_utility: bool,
    /// A greeting, "hello?", an emoji: nothing to register yet.
    pub empty: bool,
    /// The services that may be meant, best first, at most three, with their probabilities: what a dispatcher is offered.
    #[serde(default)]
    pub top_services: Vec<(ServiceCode, f32)>,
    /// The same for the class.
    #[serde(default)]
    pub top_classes: Vec<(Class, f32)>,
    /// Further problems of the same message, the most dangerous first. The leading one is told by the fields above.
    #[serde(default)]
    pub others: Vec<Problem>,
    /// Why, in short machine words (`service:water:су жок`), for the dispatcher and for replays.
    pub why: Vec<String>,
    /// Version of word lists and model that read it.
    pub version: String,
}
