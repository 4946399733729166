//! Lists and model together: what is said of one message or one part of it, and whether it passes the gate.

use super::lists::{Lists, Look};
use super::model::{Head, Model, Opinion, best, class_at};
use super::normalize::Normal;
use crate::domain::reading::Guess;
use crate::domain::{Class, Hazard, ServiceCode};

/// Below this the model's guess is no guess where the lists have none either.
const NOTHING: f32 = 0.25;
/// A danger less likely than this is never believed, whatever the curve says.
const LEAST_DANGER: f32 = 0.2;
/// Guesses shown to a dispatcher.
const SHOWN: usize = 3;
/// Words given as reasons of the model.
const REASONS: usize = 3;

/// The share of wrong answers that each gate may let through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Targets {
    pub service_error: f32,
    pub class_error: f32,
    /// The share of false alarms among all alarms, those of the lists included.
    pub hazard_error: f32,
}

impl Default for Targets {
    fn default() -> Self {
        Self { service_error: 0.08, class_error: 0.08, hazard_error: 0.16 }
    }
}

/// From which probability on each head is believed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Gates {
    pub service: f32,
    pub class: f32,
    pub hazard: f32,
}

impl Gates {
    pub fn new(model: &Model, targets: &Targets) -> Self {
        Self {
            service: model.threshold(Head::Service, targets.service_error),
            class: model.threshold(Head::Class, targets.class_error),
            hazard: model.threshold(Head::Hazard, targets.hazard_error).max(LEAST_DANGER),
        }
    }
}

/// What is said of one message.
#[derive(Debug)]
pub(super) struct Verdict {
    pub service: Guess<ServiceCode>,
    pub class: Guess<Class>,
    pub hazard: Option<Hazard>,
    pub top_services: Vec<(ServiceCode, f32)>,
    pub top_classes: Vec<(Class, f32)>,
    pub why: Vec<String>,
}

/// Weighs what the lists found and what the model thinks. `stated` is the danger that the lists found, in the whole or in this part.
pub(super) fn weigh(model: &Model, gates: &Gates, message: &Normal, look: &Look, stated: Option<Hazard>) -> Verdict {
    let opinion = model.judge(message, &look.lexical);
    let mut why = Vec::new();
    if message.words.is_empty() {
        return Verdict { service: Guess::default(), class: Guess::default(), hazard: None, top_services: Vec::new(), top_classes: Vec::new(), why };
    }
    // Where the lists saw a sign and why it states no danger, they know better.
    let hazard = stated.or_else(|| if look.lexical.hazard_over { None } else { suspected(model, gates, message, &opinion, &mut why) });
    let service = service(model, gates, look, &opinion);
    let class = class(gates, &opinion, hazard);
    if let Some((at, _)) = best(&opinion.services).filter(|_| service.best.is_some()) {
        reasons(model, message, &opinion, Head::Service, at, service.best.as_ref().map_or("", ServiceCode::as_str), &mut why);
    }
    if let Some(c) = class.best {
        reasons(model, message, &opinion, Head::Class, class_at(c), c.as_str(), &mut why);
    }
    let top_services = top(&opinion.services).filter_map(|(at, p)| Some((model.services().get(at)?.clone(), p))).collect();
    let top_classes = top(&opinion.classes).filter_map(|(at, p)| Some((*Class::ALL.get(at)?, p))).collect();
    Verdict { service, class, hazard, top_services, top_classes, why }
}

/// A danger in calm words, which no list knows.
fn suspected(model: &Model, gates: &Gates, message: &Normal, opinion: &Opinion, why: &mut Vec<String>) -> Option<Hazard> {
    let kind = opinion.kind().filter(|_| opinion.danger() >= gates.hazard)?;
    let label = Hazard::ALL.iter().position(|h| *h == kind).map_or(0, |at| at + 1);
    reasons(model, message, opinion, Head::Hazard, label, kind.as_str(), why);
    Some(kind)
}

fn service(model: &Model, gates: &Gates, look: &Look, opinion: &Opinion) -> Guess<ServiceCode> {
    let Some((at, p)) = best(&opinion.services) else { return Guess::default() };
    if p < NOTHING && look.service.best.is_none() {
        return Guess::default();
    }
    Guess { best: model.services().get(at).cloned(), confidence: p, sure: p >= gates.service }
}

fn class(gates: &Gates, opinion: &Opinion, hazard: Option<Hazard>) -> Guess<Class> {
    let allowed = |at: usize| hazard.is_none() || !matches!(Class::ALL.get(at), Some(Class::Consultation | Class::Proposal | Class::Thanks));
    let likeliest = opinion.classes.iter().copied().enumerate().filter(|(at, _)| allowed(*at)).reduce(|a, b| if b.1 > a.1 { b } else { a });
    let Some((at, p)) = likeliest else { return Guess::default() };
    Guess { best: Class::ALL.get(at).copied(), confidence: p, sure: p >= gates.class }
}

fn top(probabilities: &[f32]) -> impl Iterator<Item = (usize, f32)> {
    let mut order: Vec<(usize, f32)> = probabilities.iter().copied().enumerate().collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    order.into_iter().take(SHOWN)
}

fn reasons(model: &Model, message: &Normal, opinion: &Opinion, head: Head, label: usize, name: &str, why: &mut Vec<String>) {
    let words = model.spoken(message, opinion, head, label, REASONS);
    if !words.is_empty() {
        why.push(format!("model:{name}:{}", words.join(" ")));
    }
}

/// Looks and weighs a part of a message.
pub(super) fn of_part(lists: &Lists, model: &Model, gates: &Gates, part: &Normal, stated: Option<Hazard>) -> Verdict {
    let look = lists.look(part, model.services());
    weigh(model, gates, part, &look, stated)
}
