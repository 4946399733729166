//! The model: hostile files, sameness of training, and what must not change a reading.

use super::model::Model;
use super::*;
use crate::domain::reading::Reading;
use proptest::prelude::*;
use std::sync::OnceLock;

fn triage() -> &'static Triage {
    static ONE: OnceLock<Triage> = OnceLock::new();
    ONE.get_or_init(|| Triage::load(&TriageFiles::embedded()).unwrap())
}

fn corpus() -> &'static Corpus {
    static ONE: OnceLock<Corpus> = OnceLock::new();
    ONE.get_or_init(|| Corpus::shipped().unwrap())
}

#[test]
fn the_shipped_model_belongs_to_the_shipped_lists() {
    let model = Model::from_bytes(MODEL).unwrap();
    assert_eq!(model.lists(), triage().lists.version, "train again: jambyl109 train --out config/triage/model.bin");
    assert!(MODEL.len() < 2_000_000, "{}", MODEL.len());
    assert_eq!(model.to_bytes(), MODEL);
}

#[test]
fn a_damaged_model_is_refused() {
    for cut in (0..MODEL.len()).step_by(MODEL.len() / 60).chain(0..40) {
        assert!(triage().with_model(&MODEL[..cut]).is_err(), "{cut}");
    }
    for at in (0..MODEL.len()).step_by(MODEL.len() / 40) {
        let mut bytes = MODEL.to_vec();
        bytes[at] ^= 0x41;
        assert!(triage().with_model(&bytes).is_err(), "{at}");
    }
    assert!(triage().with_model(&[MODEL, b"x"].concat()).is_err());
}

#[test]
fn training_is_repeatable_and_takes_partial_labels() {
    let mut examples: Vec<Example> = corpus().training.iter().step_by(30).cloned().collect();
    for (i, e) in examples.iter_mut().enumerate() {
        match i % 7 {
            0 => e.class = None,
            1 => e.service = None,
            2 => (e.hazard, e.weight) = (None, 3.0),
            _ => {}
        }
    }
    let plan = Plan { folds: 2, effort: Effort { epochs: 2, ..Effort::default() }, ..Plan::default() };
    let a = triage().train(&examples, &plan);
    assert_eq!(a.bytes, triage().train(&examples, &plan).bytes);
    let other = triage().with_model(&a.bytes).unwrap();
    assert_ne!(other.version(), triage().version());
    assert!(other.read("су жоқ").service.best.is_some());
    let none = triage().train(&[], &plan);
    assert!(triage().with_model(&none.bytes).unwrap().read("су жоқ").confidences_are_shares());
}

impl Reading {
    fn confidences_are_shares(&self) -> bool {
        let sum: f32 = self.top_services.iter().map(|(_, p)| p).sum();
        [self.class.confidence, self.service.confidence].iter().all(|p| (0.0..=1.0).contains(p)) && sum <= 1.001
    }
}

fn decided(r: &Reading) -> (Option<Class>, Option<String>, bool) {
    (r.class.best, r.service.best.clone().map(String::from), r.hazard.is_some())
}

#[test]
fn courtesies_change_nothing() {
    let pairs = [("Здравствуйте! ", ""), ("Добрый день. ", " Заранее спасибо!"), ("Сәлеметсіз бе! ", " Рахмет."), ("", ". Спасибо")];
    let (mut asked, mut taken_for_thanks) = (0, 0);
    for (i, e) in corpus().kept_back.iter().chain(&corpus().training).filter(|e| e.class != Some(Class::Thanks)).enumerate().step_by(3) {
        if scores::slice_of(e) == Some(scores::Slice::Latin) {
            // Which keyboard was meant is told by the whole of the letters, so Cyrillic courtesies would speak against it.
            continue;
        }
        let plain = decided(&triage().read(&e.text));
        let (before, after) = pairs[i % pairs.len()];
        let mut polite = decided(&triage().read(&format!("{before}{}{after}", e.text)));
        asked += 1;
        if polite.0 == Some(Class::Thanks) && plain.0 != polite.0 {
            // What is unsure by itself may be taken for thanks when thanks follow.
            taken_for_thanks += 1;
            polite.0 = plain.0;
        }
        assert_eq!(plain, polite, "{before}{}{after}", e.text);
    }
    assert!(taken_for_thanks * 100 <= asked, "{taken_for_thanks} of {asked}");
}

/// Macro-F1 of the service on the messages that no model was fitted to, after a change to their texts.
fn service_f1(change: impl Fn(&str, u64) -> String) -> f64 {
    let examples: Vec<Example> = corpus().kept_back.iter().chain(&corpus().frozen).cloned().collect();
    let readings: Vec<Reading> = examples.iter().zip(0u64..).map(|(e, seed)| triage().read(&change(&e.text, seed))).collect();
    scores::evaluate(&examples, &readings, scores::Latency::default()).heads.service.macro_f1
}

/// Two points and a half above what was measured.
const NOISE_COSTS: f64 = 0.12;

#[test]
fn latin_letters_cost_little_and_noise_no_more_than_measured() {
    let plain = service_f1(|t, _| t.to_owned());
    let (noisy, in_latin) = (service_f1(|t, seed| slips(t, 100, seed)), service_f1(|t, _| latin(t)));
    // The aim for noise is 0.05 as well and is not reached: a slip in every tenth letter spoils every other word. This guards what is (see
    // ops/decisions/011-understanding.md).
    assert!(plain - noisy <= NOISE_COSTS, "{plain:.3} {noisy:.3}");
    assert!(plain - in_latin <= 0.05, "{plain:.3} {in_latin:.3}");
}

#[test]
fn coarse_floors_on_the_frozen_messages() {
    let frozen = &corpus().frozen;
    let readings: Vec<Reading> = frozen.iter().map(|e| triage().read(&e.text)).collect();
    let h = scores::evaluate(frozen, &readings, scores::Latency::default()).heads;
    let got = [h.service.macro_f1, h.class.macro_f1, h.hazard.recall, h.district.accuracy_where_named, h.language.accuracy];
    for (i, (got, floor)) in got.into_iter().zip([0.82, 0.80, 0.78, 0.90, 0.88]).enumerate() {
        assert!(got >= floor, "figure {i}: {got:.3} is under {floor}");
    }
}

#[test]
fn the_model_says_why() {
    let why = triage().read("в квартире пропало электричество, холодильник потёк").why;
    assert!(why.iter().any(|w| w.starts_with("model:electricity:")), "{why:?}");
}

#[test]
fn huge_and_odd_texts_are_read() {
    for text in ["су жоқ ".repeat(20_000), "ж".repeat(100_000), "\u{0}\u{7}\u{202e}\u{feff}".repeat(500), "🔥".repeat(9_000), "1 ".repeat(50_000)]
    {
        assert!(triage().read(&text).confidences_are_shares());
    }
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_read(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(triage().with_model(&bytes).is_err());
    }

    #[test]
    fn any_text_gets_shares(text in "\\PC{0,200}") {
        prop_assert!(triage().read(&text).confidences_are_shares());
    }
}
