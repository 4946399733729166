//! Who will write what and when: drawn once from the seed, before anything happens.

use super::texts::{CUT, MICRODISTRICTS, STREETS, TEMPLATES, Template, VILLAGES};
use crate::domain::{Class, Lang};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use std::collections::BTreeSet;

/// Shares of the classes in the service's report of 2020, in per mille.
const MIX: [(Class, usize); 5] =
    [(Class::Consultation, 797), (Class::Incident, 178), (Class::Complaint, 15), (Class::Proposal, 9), (Class::Thanks, 2)];
/// From so many requests on every class occurs.
const ALL_CLASSES_FROM: usize = 60;

/// One thing somebody wants to tell.
#[derive(Debug, Clone)]
pub struct Report {
    pub class: Class,
    pub service: &'static str,
    pub lang: Lang,
    pub text: String,
    pub district: &'static str,
}

/// The way it comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    Telegram,
    App,
    /// The operator writes down what a caller says.
    Desk,
}

/// A report at its time, in simulated minutes from the start.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub at: f64,
    pub door: Door,
    pub report: Report,
}

/// Draws `n` arrivals over the first `until` minutes.
#[must_use]
pub fn draw(n: usize, until: f64, seed: u64) -> Vec<Arrival> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut classes = classes(n, &mut rng);
    classes.shuffle(&mut rng);
    let incidents = classes.iter().filter(|c| **c == Class::Incident).count();
    // The cut is a part of the incidents, not added to them.
    let mut cut = if incidents >= 4 { (incidents / 3).clamp(3, 40) } else { 0 };
    let cut_at = until * 0.4;
    let mut texts = BTreeSet::new();
    let mut out: Vec<Arrival> = classes
        .into_iter()
        .map(|class| {
            let is_cut = class == Class::Incident && cut > 0;
            cut -= usize::from(is_cut);
            let report = report(class, is_cut, &mut texts, &mut rng);
            // Uniform times of a known number of arrivals are those of a Poisson process; the cut comes all at once.
            // Rare classes come early enough for a person to put right what triage could not tell.
            let span = if matches!(class, Class::Consultation | Class::Incident) { until } else { until * 0.7 };
            let at = if is_cut { cut_at + rng.random_range(0.0..(until * 0.03).max(0.5)) } else { rng.random_range(0.0..span.max(0.1)) };
            let door = match rng.random_range(0..100) {
                0..70 => Door::Telegram,
                70..85 => Door::App,
                _ => Door::Desk,
            };
            Arrival { at, door, report }
        })
        .collect();
    out.sort_by(|a, b| a.at.total_cmp(&b.at));
    out
}

fn classes(n: usize, rng: &mut StdRng) -> Vec<Class> {
    let mut out = Vec::with_capacity(n);
    for (class, share) in MIX.iter().rev() {
        let exact = n * share;
        let mut k = exact / 1000 + usize::from(rng.random_range(0..1000) < exact % 1000);
        if n >= ALL_CLASSES_FROM {
            k = k.max(1);
        }
        out.extend(std::iter::repeat_n(*class, k));
    }
    out.truncate(n);
    out.resize(n, Class::Consultation);
    out
}

fn report(class: Class, cut: bool, seen: &mut BTreeSet<String>, rng: &mut StdRng) -> Report {
    let fitting: Vec<&Template> = if cut { CUT.iter().collect() } else { TEMPLATES.iter().filter(|t| t.class == class).collect() };
    let mut tries = 0;
    loop {
        tries += 1;
        let Some(template) = fitting.choose(rng) else { continue };
        let (mut text, district) = fill(template, rng);
        if tries > 20 {
            text.push_str(&format!(", {}", rng.random_range(1..100_000)));
        }
        if seen.insert(text.clone()) {
            return Report { class, service: template.service, lang: template.lang, text, district };
        }
    }
}

/// A street with a house, in the language.
pub fn address(lang: Lang, rng: &mut StdRng) -> String {
    let (kk, ru) = STREETS.choose(rng).copied().unwrap_or(("Абай көшесі", "ул. Абая"));
    let house = rng.random_range(1..=180);
    match lang {
        Lang::Kk => format!("{kk} {house}"),
        Lang::Ru => format!("{ru} {house}"),
    }
}

fn fill(template: &Template, rng: &mut StdRng) -> (String, &'static str) {
    let kk = template.lang == Lang::Kk;
    let mut text = template.text.to_owned();
    let mut district = "taraz";
    if let (true, Some(v)) = (text.contains("{vil}"), VILLAGES.choose(rng)) {
        text = text.replace("{vil}", if kk { v.0 } else { v.1 });
        district = v.2;
    }
    if let (true, Some(m)) = (text.contains("{mkr}"), MICRODISTRICTS.choose(rng)) {
        text = text.replace("{mkr}", if kk { m.0 } else { m.1 });
    }
    text = text.replace("{addr}", &address(template.lang, rng)).replace("{kv}", &rng.random_range(1..120).to_string());
    // Many Kazakh texts are typed without the Kazakh letters.
    if kk && rng.random_bool(0.3) {
        text = folded(&text);
    }
    (text, district)
}

fn folded(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            'ә' => 'а',
            'ғ' => 'г',
            'қ' => 'к',
            'ң' => 'н',
            'ө' => 'о',
            'ұ' | 'ү' => 'у',
            'һ' => 'х',
            'і' => 'и',
            'Ә' => 'А',
            'Ғ' => 'Г',
            'Қ' => 'К',
            'Ө' => 'О',
            'Ұ' | 'Ү' => 'У',
            'І' => 'И',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_occurs_and_every_text_is_its_own() {
        for n in [60, 100, 300] {
            let plan = draw(n, 1000.0, 109);
            assert_eq!(plan.len(), n);
            for class in Class::ALL {
                assert!(plan.iter().any(|a| a.report.class == *class), "{class} of {n}");
            }
            let texts: BTreeSet<&str> = plan.iter().map(|a| a.report.text.as_str()).collect();
            assert_eq!(texts.len(), n);
            assert!(plan.iter().all(|a| !a.report.text.contains('{')));
        }
    }

    #[test]
    fn the_seed_decides() {
        let texts = |seed| draw(40, 60.0, seed).into_iter().map(|a| a.report.text).collect::<Vec<_>>();
        assert_eq!(texts(1), texts(1));
        assert_ne!(texts(1), texts(2));
        assert!(draw(0, 60.0, 1).is_empty());
    }
}
