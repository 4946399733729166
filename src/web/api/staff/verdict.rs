//! What triage thought of a request, as JSON.

use crate::domain::verdict::Verdict;
use serde_json::{Value, json};

/// `why` is none where the reader may not see words, or they were erased. The rules of place and danger give no probability: 1 where they found
/// something, shared among the districts of an ambiguous name, 0 where they found nothing.
#[must_use]
pub fn verdict(v: &Verdict, why: Option<&[String]>) -> Value {
    let flat = |found: bool| if found { 1.0 } else { 0.0 };
    let share = match v.districts.len() {
        0 => 0.0,
        n => 1.0 / f64::from(u32::try_from(n).unwrap_or(u32::MAX)),
    };
    json!({
        "class": {"value": v.class.best, "confidence": rounded(v.class.confidence), "sure": v.class.sure},
        "service": {"value": v.service.best, "confidence": rounded(v.service.confidence), "sure": v.service.sure},
        "district": {"value": v.district(), "candidates": v.districts, "confidence": rounded_double(share), "sure": v.district().is_some()},
        "hazard": {"value": v.hazard, "confidence": flat(v.hazard.is_some()), "sure": v.hazard.is_some()},
        "lang": {"value": v.lang, "confidence": 1.0, "sure": true},
        "top_services": v.top_services.iter().map(|(s, p)| json!({"value": s, "confidence": rounded(*p)})).collect::<Vec<_>>(),
        "top_classes": v.top_classes.iter().map(|(c, p)| json!({"value": c, "confidence": rounded(*p)})).collect::<Vec<_>>(),
        "why": why,
        "version": v.version,
    })
}

/// To three places: more would be pretence.
fn rounded(p: f32) -> f64 {
    rounded_double(f64::from(p))
}

fn rounded_double(p: f64) -> f64 {
    (p * 1000.0).round() / 1000.0
}
