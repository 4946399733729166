//! Situations in which other products' clocks were published to be wrong, each with our answer.

use super::*;

/// Restore in 8 working hours of the office, acceptance in 1.
fn hours() -> Books {
    let book = "silence_minutes = 4320\n[[policy]]\nname = \"work\"\nrestore = { working_minutes = 480 }\naccept = { working_minutes = 60, ladder = \"l\" }\n\
                [[policy]]\nname = \"slow\"\nclass = [\"complaint\"]\nrestore = { working_minutes = 960 }\naccept = { working_minutes = 60 }\nreopen = \"continue\"\n\
                [[ladder]]\ncode = \"l\"\n[[ladder.rung]]\nwhen = { percent = 50 }\nwatch = [\"head\"]\n[[ladder.rung]]\nwhen = { minutes_after = 0 }\nwatch = [\"head\"]\n\
                [[ladder.rung]]\nwhen = { minutes_after = 60 }\nwatch = [\"akimat\"]\n";
    Books::single(sla(book), &office())
}

// Friday 20 November 2026: 09:00 in Taraz is 04:00 UTC.
const FRIDAY: &str = "2026-11-20T04:00:00Z";

// peer bug: GLPI #10594
#[test]
fn a_pause_over_a_weekend_counts_the_weekend_once() {
    let mut life = Life::begin(hours(), Class::Incident, "o1", at(FRIDAY));
    assert!(life.act(&assign(), at("2026-11-20T04:30:00Z")));
    // Held on Friday at 12:00, taken up on Monday at 10:00: three hours were spent, five are left.
    assert!(life.act(&hold(PauseReason::Parts), at("2026-11-20T07:00:00Z")));
    assert!(life.act(&Act::Resume, at("2026-11-23T05:00:00Z")));
    assert_eq!(life.spent(Stage::Restore, at("2026-11-23T05:00:00Z")), 180);
    // 10:00-13:00 and 14:30-16:30.
    assert_eq!(life.due(Stage::Restore), at("2026-11-23T11:30:00Z"));
}

// peer bug: GLPI #6902
#[test]
fn a_changed_policy_keeps_the_time_on_hold() {
    let mut life = Life::begin(hours(), Class::Incident, "o1", at(FRIDAY));
    assert!(life.act(&assign(), at("2026-11-20T04:30:00Z")));
    assert!(life.act(&hold(PauseReason::Parts), at("2026-11-20T05:00:00Z")));
    assert!(life.act(&Act::Resume, at("2026-11-20T08:00:00Z")));
    assert_eq!(life.due(Stage::Restore), at("2026-11-23T07:00:00Z"));
    let slow = Act::Reclassify {
        class: Some(Class::Complaint),
        service: None,
        district: None,
        hazard: None,
        priority: Priority::NORMAL,
        queue: queue("o1"),
        rule: "r".into(),
    };
    assert!(life.act(&slow, at("2026-11-20T10:00:00Z")));
    // Eight hours more than before, and still the three hours of the pause are not counted.
    assert_eq!(life.due(Stage::Restore), at("2026-11-24T07:00:00Z"));
    assert_eq!(life.spent(Stage::Restore, at("2026-11-20T10:00:00Z")), 60 + 30);
}

// peer bug: GLPI #5319
#[test]
fn every_step_of_a_ladder_has_its_own_time() {
    let life = Life::begin(hours(), Class::Incident, "o1", at(FRIDAY));
    let accept = life.latest(Stage::Accept);
    let times: Vec<(usize, Instant)> = alarms(&life.books, accept).iter().map(|a| (a.rung, a.at)).collect();
    assert_eq!(times, [(0, at("2026-11-20T04:30:00Z")), (1, at("2026-11-20T05:00:00Z")), (2, at("2026-11-20T06:00:00Z"))]);
    // The second and third are due also when the first was long ago, and after the breach.
    let mut life = life;
    let late = at("2026-11-20T06:00:00Z");
    assert_eq!(life.sweep(late), [Stage::Accept]);
    let accept = life.latest(Stage::Accept);
    assert!((0..3).all(|rung| still_true(&life.books, &life.request, accept, rung, late)));
    assert!(!still_true(&life.books, &life.request, accept, 2, late - Duration::microseconds(1)));
}

// peer bug: GLPI #22678, a step at midnight instead of in working time
#[test]
fn steps_come_in_working_time() {
    // Friday 18:00: of the hour to accept, half an hour is left for Monday.
    let life = Life::begin(hours(), Class::Incident, "o1", at("2026-11-20T13:00:00Z"));
    let times: Vec<Instant> = alarms(&life.books, life.latest(Stage::Accept)).iter().map(|a| a.at).collect();
    assert_eq!(times, [at("2026-11-20T13:30:00Z"), at("2026-11-23T04:30:00Z"), at("2026-11-23T05:30:00Z")]);
}

// peer bug: GLPI #9267
#[test]
fn time_spent_closed_is_not_spent() {
    let mut life = Life::begin(hours(), Class::Complaint, "o1", at(FRIDAY));
    assert!(life.act(&assign(), at("2026-11-20T04:30:00Z")));
    assert!(life.act(&Act::Resolve { note: None }, at("2026-11-20T06:00:00Z")));
    assert!(life.act(&Act::Close { by: CloseReason::Confirmed }, at("2026-11-20T06:10:00Z")));
    let again = at("2026-11-25T04:00:00Z");
    assert!(life.act(&Act::Reopen { reason: None }, again));
    // Two of sixteen hours were spent; fourteen are left from Wednesday 09:00: six on Thursday.
    assert_eq!(life.spent(Stage::Restore, again), 120);
    assert_eq!(life.due(Stage::Restore), at("2026-11-26T11:00:00Z") + Duration::minutes(30));
    assert!(life.keys(Stage::Restore, again).contains(&"sla.continued"));
}

// peer bug: Zammad #390
#[test]
fn a_deadline_says_which_days_it_left_out() {
    let mut calendars = office();
    for day in ["2026-11-24", "2026-11-25"] {
        calendars.holidays.push(crate::domain::calendar::Holiday {
            date: crate::domain::calendar::Day(day.parse().unwrap()),
            name: crate::domain::catalog::Named { kk: "Той".into(), ru: "Праздник".into() },
            moved_from: None,
        });
    }
    let book = "silence_minutes = 1\n[[policy]]\nname = \"law\"\nrestore = { working_days = 4, calendar = \"office\" }\n";
    let life = Life::begin(Books::single(sla(book), &calendars), Class::Complaint, "o1", at(FRIDAY));
    // Monday, Thursday, Friday, Monday: four working days take ten.
    assert_eq!(life.due(Stage::Restore), at("2026-11-30T13:30:00Z"));
    let account = life.account(at(FRIDAY));
    let told: Vec<&str> =
        account.entries.iter().filter(|e| e.key == "sla.day_off").filter_map(|e| e.params.get("date")).map(String::as_str).collect();
    assert_eq!(told, ["24.11.2026", "25.11.2026"]);
    assert!(account.entries.iter().filter(|e| e.key == "sla.day_off").all(|e| e.name.as_ref().is_some_and(|n| n.ru == "Праздник")));
}

// peer bug: Zammad #5177
#[test]
fn what_people_write_does_not_hide_the_deadline_of_acceptance() {
    let mut life = Life::begin(hours(), Class::Incident, "o1", at(FRIDAY));
    let (clocks, due) = (life.timers.clone(), sort_due(&life.timers));
    assert_eq!(due, at("2026-11-20T05:00:00Z"));
    for (n, act) in
        [Act::AddMessage { text: text() }, Act::Note { text: text() }, Act::Reply { text: text() }, Act::Locate { text: text() }].iter().enumerate()
    {
        assert!(life.act(act, at("2026-11-20T04:10:00Z") + Duration::minutes(n as i64)));
    }
    assert_eq!(life.timers, clocks);
    assert_eq!(sort_due(&life.timers), due);
}

// peer bug: Frappe #1554
#[test]
fn a_pause_stops_the_clock_and_the_count_of_lateness() {
    let mut life = Life::begin(hours(), Class::Incident, "o1", at(FRIDAY));
    assert!(life.act(&assign(), at("2026-11-20T04:30:00Z")));
    assert!(life.act(&hold(PauseReason::Weather), at("2026-11-20T05:00:00Z")));
    let weeks = at("2026-12-11T05:00:00Z");
    assert_eq!(life.sweep(weeks), []);
    assert_eq!(life.spent(Stage::Restore, weeks), 60);
    assert_eq!(sort_due(&life.timers), never(), "on hold, nothing of it is due");
    // One that is late already gets no later on hold.
    assert!(life.act(&Act::Resume, weeks));
    let late = at("2026-12-14T06:00:00Z");
    assert_eq!(life.sweep(late), [Stage::Restore]);
    assert!(life.act(&hold(PauseReason::Parts), late));
    let lateness = life.account(late).blame[0].late_us;
    assert_eq!(life.account(late + Duration::days(9)).blame[0].late_us, lateness);
}

// peer bug: Frappe #1895
#[test]
fn each_owner_answers_for_what_they_spent() {
    let mut life = Life::begin(hours(), Class::Incident, "o1", at(FRIDAY));
    // The first keeps it for seven of eight hours, the second for the rest and a day more.
    assert!(life.act(&assign(), at("2026-11-20T04:05:00Z")));
    let handed = at("2026-11-20T12:30:00Z");
    assert!(life.act(&Act::Transfer { queue: queue("o2"), reason: None }, handed));
    assert_eq!(life.spent(Stage::Restore, handed), 420, "nothing is wiped");
    assert_eq!(life.due(Stage::Accept), at("2026-11-20T13:30:00Z"), "the second has an hour of their own to accept");
    assert!(life.act(&assign(), at("2026-11-20T13:00:00Z")));
    let now = at("2026-11-23T13:30:00Z");
    assert_eq!(life.sweep(now), [Stage::Restore]);
    let blame = &life.account(now).blame;
    assert_eq!(blame.len(), 1);
    assert_eq!((blame[0].stage, blame[0].owner.clone()), (Stage::Restore, Some(queue("o2"))));
    let minutes: Vec<(String, i64)> = blame[0].by_owner.iter().map(|(o, us)| (o.clone().unwrap().to_string(), us / 60_000_000)).collect();
    assert_eq!(minutes, [("o1".into(), 420), ("o2".into(), 60 + 480)]);
    assert_eq!(blame[0].late_us, 480 * 60_000_000);
}

// peer bug: Frappe #2075
#[test]
fn what_comes_on_a_day_of_rest_begins_on_the_next_working_day() {
    let life = Life::begin(hours(), Class::Incident, "o1", at("2026-11-21T08:00:00Z"));
    assert_eq!(life.due(Stage::Accept), at("2026-11-23T05:00:00Z"));
    assert_eq!(life.spent(Stage::Accept, at("2026-11-23T04:00:00Z")), 0);
    // In the lunch break too.
    let life = Life::begin(hours(), Class::Incident, "o1", at("2026-11-20T08:15:00Z"));
    assert_eq!(life.due(Stage::Accept), at("2026-11-20T10:30:00Z"));
}

// peer bug: libredesk #70
#[test]
fn nobody_is_told_of_a_request_that_has_ended() {
    let (late, after) = (at("2026-11-20T05:00:00Z"), at("2026-11-20T09:30:00Z"));
    let ends: [(&str, Vec<Act>); 3] = [
        ("closed", vec![assign(), Act::Resolve { note: None }, Act::Close { by: CloseReason::Staff }]),
        ("merged", vec![Act::Merge { into: RequestId::fresh() }]),
        ("rejected", vec![Act::Reject { reason: text() }]),
    ];
    for (how, acts) in ends {
        let mut life = Life::begin(hours(), Class::Incident, "o1", at(FRIDAY));
        let before: Vec<Timer> = life.timers.clone();
        for act in &acts {
            assert!(life.act(act, late - Duration::minutes(1)), "{how}");
        }
        assert_eq!(life.sweep(after), [], "{how}");
        for t in life.timers.iter().chain(&before) {
            // Rows read before the end are judged by the request as it is.
            assert!((0..3).all(|rung| !still_true(&life.books, &life.request, t, rung, after)), "{how}");
        }
    }
}

// peer bug: Chatwoot #13392
#[test]
fn the_night_and_the_weekend_are_not_counted() {
    let life = Life::begin(hours(), Class::Incident, "o1", at("2026-11-20T13:00:00Z"));
    assert_eq!(life.due(Stage::Accept), at("2026-11-23T04:30:00Z"));
    assert_eq!(life.spent(Stage::Accept, at("2026-11-23T04:00:00Z")), 30);
    // A queue without office hours works around the clock: half past the hour is the hour.
    let life = Life::begin(hours(), Class::Incident, "crew", at("2026-11-20T13:00:00Z"));
    assert_eq!(life.due(Stage::Accept), at("2026-11-20T14:00:00Z"));
}

// peer bug: Chatwoot #14009
#[test]
fn several_intervals_a_day_and_one_past_midnight() {
    let mut calendars = office();
    let spans = ["06:00-09:00", "11:00-12:00", "22:00-02:00"].map(|s| Span::parse(s).unwrap()).to_vec();
    calendars.calendars[0].hours[0].fri = spans;
    let book = "silence_minutes = 1\n[[policy]]\nname = \"p\"\nrestore = { working_minutes = 420 }\n";
    let life = Life::begin(Books::single(sla(book), &calendars), Class::Incident, "o1", at("2026-11-20T02:00:00Z"));
    // From 07:00: two hours, one, four until Saturday 02:00: seven in all.
    assert_eq!(life.due(Stage::Restore), at("2026-11-20T21:00:00Z"));
}
