//! How triage read a request, and, where it was not sure, its best guesses as buttons.

use super::words::Words;
use crate::domain::request::Request;
use crate::domain::verdict::Verdict;
use crate::domain::{Class, DistrictCode, Hazard, ServiceCode};

/// The key of the first button; 1 is what is usually done next.
const FIRST_KEY: usize = 2;
/// Most services, and most classes, offered beside what was decided.
const SECONDS: usize = 2;
/// Per cent from which a guess beside what was decided is worth a button.
const LIKELY: u8 = 3;

/// One line: what, the guess, how sure.
#[derive(Debug, Clone)]
pub(super) struct Guessed {
    pub label: String,
    pub value: String,
    /// Per cent; none where rules decide.
    pub percent: Option<u8>,
}

/// A guess that one press makes true.
#[derive(Debug, Clone)]
pub(super) struct Pick {
    pub key: usize,
    pub label: String,
    pub percent: u8,
    pub class: String,
    pub service: String,
}

/// The part of the page.
#[derive(Debug, Clone)]
pub(super) struct ReadBox {
    pub guesses: Vec<Guessed>,
    pub why: Vec<String>,
    pub picks: Vec<Pick>,
    /// Something is still unknown: the picks are asked for, not only offered.
    pub asks: bool,
    pub version: String,
}

impl ReadBox {
    /// `may`: the reader may reclassify now.
    pub fn new(w: &Words<'_>, r: &Request, v: &Verdict, why: &[String], may: bool) -> Self {
        let line = |key: &str, value: String, percent| Guessed { label: w.t(key).to_owned(), value, percent };
        let mut guesses = vec![
            line("console.class", w.class(v.class.best), v.class.best.map(|_| percent(v.class.confidence))),
            line("console.service", w.service(v.service.best.as_ref()), v.service.best.as_ref().map(|_| percent(v.service.confidence))),
        ];
        let districts: Vec<String> = v.districts.iter().map(|d| w.district(Some(d))).collect();
        guesses.push(line("console.district", if districts.is_empty() { w.district(None) } else { districts.join(" / ") }, None));
        guesses.extend(v.hazard.map(|h| line("console.hazard", w.of("hazard", h.as_str()), None)));
        let mut why: Vec<String> = why.iter().map(|x| reason(w, x)).collect();
        why.dedup();
        let asks = r.service.is_none() || r.class.is_none();
        Self { guesses, why, picks: if may { picks(w, r, v) } else { Vec::new() }, asks, version: v.version.clone() }
    }
}

/// Buttons for what is still unknown; where all is known, for what the reading thought of next.
fn picks(w: &Words<'_>, r: &Request, v: &Verdict) -> Vec<Pick> {
    let mut out = Vec::new();
    if r.service.is_none() {
        // With the service also the likeliest class, when none is known: one press is enough.
        let class = r.class.or(v.class.best).map_or("", Class::as_str);
        for (service, p) in &v.top_services {
            out.push(Pick { key: 0, label: w.service(Some(service)), percent: percent(*p), class: class.to_owned(), service: service.to_string() });
        }
    }
    if r.class.is_none() {
        let service = r.service.as_ref().map_or("", ServiceCode::as_str);
        for (class, p) in &v.top_classes {
            out.push(Pick { key: 0, label: w.class(Some(*class)), percent: percent(*p), class: class.to_string(), service: service.to_owned() });
        }
    }
    if out.is_empty() {
        out = seconds(w, r, v);
    }
    out.iter_mut().enumerate().for_each(|(i, p)| p.key = FIRST_KEY + i);
    out
}

/// What stands next to what was decided, likely enough to be named: the commonest correction.
fn seconds(w: &Words<'_>, r: &Request, v: &Verdict) -> Vec<Pick> {
    let (service, class) = (r.service.as_ref().map_or("", ServiceCode::as_str), r.class.map_or("", Class::as_str));
    let likely = |p: f32| percent(p) >= LIKELY;
    let services = v.top_services.iter().filter(|(s, p)| likely(*p) && r.service.as_ref() != Some(s)).take(SECONDS);
    let classes = v.top_classes.iter().filter(|(c, p)| likely(*p) && r.class != Some(*c)).take(SECONDS);
    services
        .map(|(s, p)| Pick { key: 0, label: w.service(Some(s)), percent: percent(*p), class: class.to_owned(), service: s.to_string() })
        .chain(classes.map(|(c, p)| Pick {
            key: 0,
            label: w.class(Some(*c)),
            percent: percent(*p),
            class: c.to_string(),
            service: service.to_owned(),
        }))
        .collect()
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 100")]
fn percent(p: f32) -> u8 {
    (p.clamp(0.0, 1.0) * 100.0).round() as u8
}

/// `service:water:су жок` in the reader's words.
fn reason(w: &Words<'_>, raw: &str) -> String {
    let mut parts = raw.splitn(3, ':');
    let (head, code, words) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    let name = match head {
        "place" => DistrictCode::new(code).ok().map(|d| w.district(Some(&d))),
        _ => Hazard::parse(code)
            .map(|h| w.of("hazard", h.as_str()))
            .or_else(|| Class::parse(code).map(|c| w.class(Some(c))))
            .or_else(|| w.book.catalog.service(code).map(|s| s.name.get(w.lang).to_owned())),
    };
    match name {
        Some(name) if words.is_empty() => name,
        Some(name) => format!("{} → {name}", told(words)),
        None => raw.to_owned(),
    }
}

/// A pattern of the lists as a person reads it: of words that mean the same the first two.
fn told(pattern: &str) -> String {
    let part = |part: &str| {
        let same: Vec<&str> = part.trim_matches('!').split('|').collect();
        match same.as_slice() {
            [one, two, _, ..] => format!("{one}/{two}…"),
            few => few.join("/"),
        }
    };
    pattern.split_whitespace().map(|p| if p == "~" { "…".to_owned() } else { part(p) }).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn patterns_are_told_in_words() {
        for (pattern, words) in
            [("су жоқ", "су жоқ"), ("су! ~ жоқ|келмейді|тоқта|кетті", "су … жоқ/келмейді…"), ("нет|без воды", "нет/без воды"), ("", ""), ("!|!", "/")]
        {
            assert_eq!(told(pattern), words, "{pattern}");
        }
    }
}
