//! What the journal keeps of a reading: guesses and how sure they were, none of the message's words.

use super::class::{Class, Hazard};
use super::ids::{DistrictCode, ServiceCode};
use super::reading::{Guess, MessageLang, Place, Reading};
use serde::{Deserialize, Serialize};

/// What triage thought of a request when it was registered. A person's later choice is compared with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub class: Guess<Class>,
    pub service: Guess<ServiceCode>,
    /// One: the message names it. Several: the name stands in each of them. None: no place was named.
    #[serde(default)]
    pub districts: Vec<DistrictCode>,
    pub hazard: Option<Hazard>,
    pub lang: MessageLang,
    /// Best first, at most three.
    #[serde(default)]
    pub top_services: Vec<(ServiceCode, f32)>,
    #[serde(default)]
    pub top_classes: Vec<(Class, f32)>,
    /// Version of word lists and model.
    pub version: String,
}

impl Verdict {
    #[must_use]
    pub fn of(r: &Reading) -> Self {
        let districts = match &r.place {
            Place::Unknown => Vec::new(),
            Place::Found { district, .. } => vec![district.clone()],
            Place::Ambiguous(codes) => codes.clone(),
        };
        Self {
            class: r.class.clone(),
            service: r.service.clone(),
            districts,
            hazard: r.hazard,
            lang: r.lang,
            top_services: r.top_services.iter().take(3).cloned().collect(),
            top_classes: r.top_classes.iter().take(3).copied().collect(),
            version: r.version.clone(),
        }
    }

    /// The district that the message names, if it names one.
    #[must_use]
    pub fn district(&self) -> Option<&DistrictCode> {
        match self.districts.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }
}
