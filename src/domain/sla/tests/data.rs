//! Which policy wins, and what check-config finds.

use super::*;
use crate::domain::calendar::Day;
use crate::domain::catalog::Catalog;

fn catalog() -> Catalog {
    toml::from_str(include_str!("../../../../config/catalog.toml")).unwrap()
}

fn shipped() -> SlaBook {
    sla(include_str!("../../../../config/sla.toml"))
}

fn calendars() -> Calendars {
    toml::from_str(include_str!("../../../../config/calendar.toml")).unwrap()
}

fn chosen(policies: &str, change: impl Fn(&mut Registration), day: &str) -> Option<String> {
    let book = sla(&format!("silence_minutes = 1\n{policies}"));
    let mut r = Life::registration(Some(Class::Incident), at("2026-11-20T04:00:00Z"));
    change(&mut r);
    let mut request = Request::begin(RequestId::fresh(), &r, r.received_at);
    request.queue = Some(queue("q"));
    book.choose(&Facts::of(&request), Day(day.parse().unwrap())).map(|p| p.name.clone())
}

#[test]
fn the_most_specific_wins_wherever_it_stands() {
    let policies = "[[policy]]\nname = \"any\"\n[[policy]]\nname = \"class\"\nclass = [\"incident\"]\n[[policy]]\nname = \"channel\"\nchannel = [\"telegram\"]\n\
                    [[policy]]\nname = \"both\"\nclass = [\"incident\"]\nservice = [\"water\"]\n\
                    [[policy]]\nname = \"queue\"\nqueue = [\"q\"]\nclass = [\"incident\"]\n\
                    [[policy]]\nname = \"danger\"\nhazard = true\n[[policy]]\nname = \"gas\"\nhazard = [\"gas_leak\"]\n\
                    [[policy]]\nname = \"weak\"\nvulnerable = true\nclass = [\"incident\"]\n\
                    [[policy]]\nname = \"old\"\nclass = [\"incident\"]\nservice = [\"water\"]\nchannel = [\"telegram\"]\nvalid_until = 2025-12-31\n";
    let pick = |change: &dyn Fn(&mut Registration)| chosen(policies, change, "2026-11-20").unwrap();
    assert_eq!(pick(&|_| {}), "queue", "a queue ranks above a service");
    assert_eq!(pick(&|r| r.vulnerable = true), "weak");
    assert_eq!(pick(&|r| r.hazard = Some(Hazard::Fire)), "danger", "danger goes before any number of conditions");
    assert_eq!(pick(&|r| r.hazard = Some(Hazard::GasLeak)), "gas");
    assert_eq!(pick(&|r| r.class = None), "channel");
    assert_eq!(pick(&|r| (r.class, r.channel) = (None, ChannelKind::Phone)), "any");
    assert_eq!(chosen(policies, |_| {}, "2025-12-31").unwrap(), "old");
    assert_eq!(chosen(policies, |_| {}, "2026-01-01").unwrap(), "queue");
    assert_eq!(chosen("[[policy]]\nname = \"x\"\nclass = [\"thanks\"]", |_| {}, "2026-01-01"), None);
}

#[test]
fn ambiguity_is_found() {
    let told = |a: &str, b: &str| {
        let book = sla(&format!("silence_minutes = 1\n[[policy]]\nname = \"a\"\n{a}\n[[policy]]\nname = \"b\"\n{b}\n"));
        book.problems(&catalog(), &calendars()).iter().any(|p| p.contains("equally specific"))
    };
    for (a, b, want) in [
        ("", "", true),
        ("class = [\"incident\"]", "class = [\"incident\", \"complaint\"]", true),
        ("class = [\"incident\"]", "class = [\"complaint\"]", false),
        ("class = [\"incident\"]", "service = [\"gas\"]", false),
        ("hazard = true", "hazard = false", false),
        ("hazard = [\"fire\"]", "hazard = [\"fire\", \"gas_leak\"]", true),
        ("hazard = [\"fire\"]", "hazard = true", false),
        ("vulnerable = true", "vulnerable = true", true),
        ("priority = [0]", "priority = [1]", false),
        ("valid_until = 2026-06-30", "valid_from = 2026-07-01", false),
        ("valid_until = 2026-07-01", "valid_from = 2026-07-01", true),
        ("valid_from = 2026-07-01", "valid_from = 2027-01-01", true),
        ("queue = [\"gas\"]\ndistrict = [\"taraz\"]", "district = [\"taraz\"]\nqueue = [\"gas\", \"control\"]", true),
    ] {
        assert_eq!(told(a, b), want, "{a} | {b}");
        assert_eq!(told(b, a), want, "{b} | {a}");
    }
}

#[test]
fn shipped_policies_are_sound_and_each_mistake_is_told() {
    assert_eq!(shipped().problems(&catalog(), &calendars()), Vec::<String>::new());
    let bad = |change: &dyn Fn(&mut SlaBook), part: &str| {
        let mut b = shipped();
        change(&mut b);
        let problems = b.problems(&catalog(), &calendars());
        assert!(problems.iter().any(|p| p.contains(part)), "{part}: {problems:?}");
    };
    bad(&|b| b.silence_minutes = 0, "silence_minutes");
    bad(&|b| b.policies[1].name = b.policies[0].name.clone(), "stands twice");
    bad(&|b| b.policies[0].service = vec![ServiceCode::new("magic").unwrap()], "unknown service");
    bad(&|b| b.policies[0].queue = vec![queue("nowhere")], "unknown queue");
    bad(&|b| b.policies[0].district = vec![crate::domain::ids::DistrictCode::new("mars").unwrap()], "unknown district");
    bad(&|b| b.policies[0].priority = vec![Priority(9)], "priority 9");
    bad(&|b| b.policies[0].accept = Some(Target::default()), "exactly one of minutes");
    bad(&|b| b.policies[0].accept = Some(Target { working_days: Some(1), ..Target::minutes(1) }), "exactly one of minutes");
    bad(&|b| b.policies[0].accept = Some(Target::minutes(0)), "between 1 and ten years");
    bad(&|b| b.policies[0].accept = Some(Target { calendar: Some("office".into()), ..Target::minutes(1) }), "around the clock");
    bad(
        &|b| b.policies[0].accept = Some(Target { working_minutes: Some(1), calendar: Some("moon".into()), ..Target::default() }),
        "unknown calendar",
    );
    bad(&|b| b.policies[0].accept = Some(Target { ladder: Some("none".into()), ..Target::minutes(1) }), "unknown ladder");
    bad(&|b| (b.policies[0].valid_from, b.policies[0].valid_until) = (Some(Day::from_number(9)), Some(Day::from_number(8))), "ends before it begins");
    bad(&|b| b.policies[0].basis.iter_mut().for_each(|n| n.kk.clear()), "both languages");
    bad(&|b| b.policies.retain(|p| !p.class.contains(&Class::Incident) && !p.class.is_empty()), "no general policy for class 'incident'");
    bad(&|b| b.pauses[0].roles.clear(), "nobody may pause");
    bad(&|b| b.pauses[0].max_minutes = Some(0), "max_minutes");
    bad(&|b| b.pauses.push(b.pauses[0].clone()), "stands twice");
    bad(&|b| b.ladders.push(b.ladders[0].clone()), "stands twice");
    bad(&|b| b.ladders[0].rungs.clear(), "has no rungs");
    bad(&|b| b.ladders[0].rungs[0].when = When::default(), "exactly one of percent");
    bad(&|b| b.ladders[0].rungs[0].by.clear(), "belong together");
    bad(&|b| b.ladders[0].rungs[0] = Rung { when: b.ladders[0].rungs[0].when, ..Rung::default() }, "does nothing");
    bad(&|b| b.ladders[0].rungs[0].move_to = Some(queue("nowhere")), "unknown queue");
    bad(&|b| b.arbitration.iter_mut().for_each(|a| a.queue = queue("nowhere")), "unknown queue");
    bad(&|b| b.arbitration.iter_mut().for_each(|a| a.after_refusals = 0), "at least 1");
}

#[test]
fn shipped_policies_are_written_as_they_are_read() {
    let text = toml::to_string(&shipped()).unwrap();
    assert_eq!(sla(&text), shipped());
    let text = toml::to_string(&calendars()).unwrap();
    assert_eq!(toml::from_str::<Calendars>(&text).unwrap(), calendars());
}

#[test]
fn steps_of_a_ladder_by_share_and_time() {
    let hour = 3_600_000_000;
    for (when, want) in [
        (When { percent: Some(50), ..When::default() }, Some(hour / 2)),
        (When { percent: Some(100), ..When::default() }, Some(hour)),
        (When { minutes_before: Some(10), ..When::default() }, Some(hour * 5 / 6)),
        (When { minutes_before: Some(60), ..When::default() }, None),
        (When { minutes_after: Some(0), ..When::default() }, Some(hour)),
        (When { minutes_after: Some(30), ..When::default() }, Some(hour * 3 / 2)),
        (When { percent: Some(50), minutes_after: Some(0), ..When::default() }, None),
        (When::default(), None),
    ] {
        assert_eq!(when.spent_us(hour), want, "{when:?}");
    }
    let quiet = Quiet { hours: Span::parse("22:00-07:00").unwrap() };
    assert_eq!([1319, 1320, 0, 419, 420, 720].map(|m| quiet.covers(m)), [false, true, true, true, false, false]);
}
