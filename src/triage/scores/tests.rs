use super::*;
use crate::triage::{Triage, TriageFiles};

fn examples() -> Vec<Example> {
    let file = "су жоқ, Қарасу\tkk\tincident\twater\ttaraz\t-\t\nsu joq\tkk\tincident\twater\t-\t-\t\nсу жок\tkk\tincident\twater\t-\t-\t\n\
                пахнет газом в подъезде\tru\tincident\tgas\t-\tgas_leak\t\nсвет жоқ\tmixed\tincident\telectricity\t-\t-\t\n";
    Example::parse_all("test", file).unwrap()
}

#[test]
fn slices_are_told_apart() {
    let slices: Vec<_> = examples().iter().map(|e| slice_of(e).unwrap()).collect();
    assert_eq!(slices, [Slice::Kk, Slice::Latin, Slice::KkFolded, Slice::Ru, Slice::Mixed]);
}

#[test]
fn figures_follow_the_readings() {
    let triage = Triage::load(&TriageFiles::embedded()).unwrap();
    let examples = examples();
    let mut readings: Vec<Reading> = examples.iter().map(|e| triage.read(&e.text)).collect();
    let good = evaluate(&examples, &readings, Latency::of(vec![3_000, 1_000, 2_000]));
    assert!((good.heads.service.accuracy - 1.0).abs() < 1e-9 && (good.heads.hazard.recall - 1.0).abs() < 1e-9, "{good:?}");
    assert!((good.latency_us.p50 - 2.0).abs() < 1e-9);
    readings[3].hazard = None;
    readings[0].place = Place::Unknown;
    readings[4].service.best = Some(crate::domain::ServiceCode::new("water").unwrap());
    let worse = evaluate(&examples, &readings, Latency::default());
    assert_eq!(worse.heads.hazard.misses, ["пахнет газом в подъезде"]);
    assert!(worse.heads.district.accuracy_where_named < 1e-9);
    // Water is right three times and given four, gas is right, electricity never: (6/7 + 1 + 0) / 3.
    assert!((worse.heads.service.macro_f1 - (6.0 / 7.0 + 1.0) / 3.0).abs() < 1e-9, "{}", worse.heads.service.macro_f1);
    let json = serde_json::to_value(&worse).unwrap();
    for path in [
        "/n",
        "/heads/class/slices/kk_folded/macro_f1",
        "/heads/district/asked",
        "/heads/hazard/misses/0",
        "/heads/language/accuracy",
        "/latency_us/p99",
    ] {
        assert!(json.pointer(path).is_some(), "{path}");
    }
}
