//! Random calendars, zones, pauses, transfers, reopenings, changes of policy and of data, against a counter that knows nothing of laps.

use super::*;
use crate::domain::calendar::Calendar;
use crate::domain::calendar::tests::{anything, midnight, naive_open};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    Do(Act),
    Reclassify(Class),
    HoldFor(i64),
}

fn step() -> BoxedStrategy<Step> {
    prop_oneof![
        3 => Just(Step::Do(assign())),
        3 => Just(Step::Do(hold(PauseReason::Parts))),
        3 => Just(Step::Do(Act::Resume)),
        2 => (1i64..600).prop_map(Step::HoldFor),
        2 => prop::sample::select(vec!["q0", "q1"]).prop_map(|q| Step::Do(Act::Transfer { queue: queue(q), reason: None })),
        2 => Just(Step::Do(Act::Resolve { note: None })),
        2 => Just(Step::Do(Act::Reopen { reason: None })),
        1 => Just(Step::Do(Act::Retime { revision: 1 })),
        1 => prop::sample::select(vec![Class::Incident, Class::Complaint, Class::Consultation]).prop_map(Step::Reclassify),
    ]
    .boxed()
}

#[derive(Debug, Clone)]
struct Case {
    calendars: [Calendars; 2],
    start: Instant,
    reopen: &'static str,
    need: [u32; 2],
    steps: Vec<(Step, u16)>,
}

/// Two calendars, for the queues `q0` and `q1`; the second revision has another list of days off.
fn case() -> BoxedStrategy<Case> {
    (
        anything(),
        anything(),
        prop::collection::vec(0i64..12, 0..4),
        0i64..3_000,
        prop::sample::select(vec!["continue", "restart"]),
        [30u32..3_000, 30u32..3_000],
        prop::collection::vec((step(), 0u16..1_200), 0..12),
    )
        .prop_map(|((mut b, day), (other, _), off, minute, reopen, need, steps)| {
            b.calendars[0].code = "c0".into();
            b.calendars[0].queues = vec![queue("q0")];
            // The second has the hours of another week, in another zone.
            let mut second = other.calendars[0].clone();
            (second.code, second.queues, second.timezone) = ("c1".into(), vec![queue("q1")], Some(other.timezone));
            b.calendars.push(second);
            let mut later = b.clone();
            later.holidays.retain(|h| h.date.0 < day);
            let nth = |n: i64| crate::domain::calendar::Day(day + Duration::days(n));
            let name = || crate::domain::catalog::Named { kk: "а".into(), ru: "а".into() };
            later.holidays.extend(off.into_iter().map(|n| crate::domain::calendar::Holiday { date: nth(n), name: name(), moved_from: None }));
            Case { calendars: [b, later], start: midnight(day) + Duration::minutes(minute), reopen, need, steps }
        })
        .boxed()
}

fn books(c: &Case) -> Books {
    let text = format!(
        "silence_minutes = 1000000\nreopen = \"{}\"\n\
         [[policy]]\nname = \"incident\"\nclass = [\"incident\"]\nrestore = {{ working_minutes = {} }}\n\
         [[policy]]\nname = \"complaint\"\nclass = [\"complaint\"]\nrestore = {{ working_minutes = {}, calendar = \"c1\" }}\n\
         [[policy]]\nname = \"consultation\"\nclass = [\"consultation\"]\nrestore = {{ minutes = {} }}\n",
        c.reopen, c.need[0], c.need[1], c.need[0]
    );
    let mut books = Books::single(sla(&text), &c.calendars[0]);
    books.add(Revision::new(1, c.start + Duration::minutes(4_000), sla(&text), &c.calendars[1]));
    books
}

fn play(c: &Case) -> (Life, Instant) {
    let mut life = Life::begin(books(c), Class::Incident, "q0", c.start);
    let mut now = c.start;
    for (step, gap) in &c.steps {
        now += Duration::minutes(i64::from(*gap));
        let before = life.timers.iter().find(|t| t.stage == Stage::Restore && t.is_live()).cloned();
        let act = match step {
            Step::Do(act) => act.clone(),
            Step::HoldFor(minutes) => Act::Hold { reason: text(), until: Some(now + Duration::minutes(*minutes)), why: Some(PauseReason::Weather) },
            Step::Reclassify(class) => Act::Reclassify {
                class: Some(*class),
                service: None,
                district: None,
                hazard: None,
                priority: Priority::NORMAL,
                queue: life.request.queue.clone().unwrap(),
                rule: "r".into(),
            },
        };
        let done = life.act(&act, now);
        // A pause never brings a deadline nearer.
        if let (true, Some(before), Act::Hold { .. } | Act::Resume) = (done, before, &act) {
            let after = life.timers.iter().find(|t| t.id == before.id).unwrap();
            assert!(after.due_at >= before.due_at, "{before:?} {after:?}");
        }
    }
    (life, now)
}

/// The journal as stretches in which the restore clock runs, minute by minute. Shares nothing with the laps.
struct Counter<'a> {
    case: &'a Case,
    life: &'a Life,
    timer: &'a Timer,
}

impl Counter<'_> {
    fn calendar(&self, owner: &QueueCode) -> Option<(&Calendars, &Calendar)> {
        let book = &self.case.calendars[usize::try_from(self.timer.run.revision).unwrap()];
        match self.timer.run.policy.as_deref() {
            Some("incident") => book.calendar(if owner == &queue("q0") { "c0" } else { "c1" }).map(|c| (book, c)),
            Some("complaint") => book.calendar("c1").map(|c| (book, c)),
            _ => None,
        }
    }

    fn need(&self) -> i64 {
        i64::from(if self.timer.run.policy.as_deref() == Some("complaint") { self.case.need[1] } else { self.case.need[0] })
    }

    /// Minutes counted until `end`, and when the last allowed one was full, looking at most `ahead` minutes beyond.
    fn count(&self, end: Instant, ahead: i64) -> (i64, Option<Instant>) {
        let (mut running, mut owner, mut next) = (true, queue("q0"), 0);
        let (mut count, mut spent, mut due) = (0, 0, None);
        let mut minute = self.timer.started_at;
        let stop = end + Duration::minutes(ahead);
        while minute < stop {
            while let Some((event, at)) = self.life.journal.get(next).filter(|(_, at)| *at <= minute) {
                match event {
                    Event::Held { .. } | Event::Resolved { .. } => running = false,
                    Event::Resumed | Event::Reopened { .. } => running = true,
                    Event::Transferred { queue, .. } => owner = queue.clone(),
                    _ => {}
                }
                let _ = at;
                next += 1;
            }
            if running && self.calendar(&owner).is_none_or(|(book, c)| naive_open(book, c, minute)) {
                count += 1;
                if count == self.need() {
                    due = Some(minute + Duration::minutes(1));
                }
            }
            minute += Duration::minutes(1);
            if minute == end {
                spent = count;
            }
        }
        (if end <= self.timer.started_at { 0 } else { spent }, due)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn clocks_count_as_a_counter_of_minutes(c in case()) {
        let (life, now) = play(&c);
        for timer in life.timers.iter().filter(|t| t.stage == Stage::Restore && t.is_live()) {
            let counter = Counter { case: &c, life: &life, timer };
            let (spent, due) = counter.count(now, 3_000);
            prop_assert_eq!(timer.spent_us(&life.books, now), spent * 60_000_000);
            let running = timer.run.is_running();
            match due {
                Some(due) if running || due <= now => prop_assert_eq!(timer.computed_due(&life.books), due),
                None if running => prop_assert!(timer.computed_due(&life.books) > now + Duration::minutes(3_000)),
                _ => {}
            }
            if timer.state == TimerState::Running {
                prop_assert_eq!(timer.due_at, timer.computed_due(&life.books));
            }
            if timer.state == TimerState::Paused {
                prop_assert_eq!(timer.remaining_us, Some((counter.need() - spent) * 60_000_000));
                prop_assert!(counter.need() > spent);
            }
        }
    }

    #[test]
    fn a_pause_without_length_changes_nothing(c in case(), times in 1usize..4) {
        let (mut life, now) = play(&c);
        // Whatever came before: now somebody works on it.
        for act in [Act::Reopen { reason: None }, Act::Resume, assign()] {
            life.act(&act, now);
        }
        let restore = |l: &Life| l.timers.iter().filter(|t| t.stage == Stage::Restore).map(|t| (t.state, t.due_at, t.ended_at, t.spent_us(&l.books, now + Duration::minutes(777)))).collect::<Vec<_>>();
        let before = restore(&life);
        for _ in 0..times {
            prop_assert!(life.act(&hold(PauseReason::Access), now) && life.act(&Act::Resume, now));
        }
        prop_assert_eq!(restore(&life), before);
    }

    #[test]
    fn the_account_agrees_with_the_rows(c in case(), later in 0i64..3_000) {
        let (mut life, now) = play(&c);
        let now = now + Duration::minutes(later);
        life.sweep(now);
        let account = life.account(now);
        let plain = |timers: &[Timer]| {
            let mut rows: Vec<Timer> = timers.iter().cloned().map(|t| Timer { id: crate::domain::ids::TimerId(uuid::Uuid::nil()), ..t }).collect();
            rows.sort_by_key(|t| (t.stage, t.round));
            rows
        };
        prop_assert_eq!(plain(&account.timers), plain(&life.timers));
        prop_assert_eq!(&account.request, &life.request);
        // Every minute stands in exactly one line.
        for t in account.timers.iter().filter(|t| t.stage.is_target()) {
            let lines = account.entries.iter().filter(|e| e.stage == Some(t.stage) && e.round == t.round);
            prop_assert_eq!(lines.map(|e| e.added_us).sum::<i64>(), t.spent_us(&life.books, now));
        }
        prop_assert!(account.entries.iter().zip(account.entries.iter().skip(1)).all(|(a, b)| a.at <= b.at));
        // Asked again, the same; asked about an earlier time, the beginning of the same.
        prop_assert_eq!(&life.account(now).entries, &account.entries);
        let rows: Vec<Row<'_>> = life.journal.iter().map(|(event, at)| Row { event, at: *at }).collect();
        prop_assert!(ledger(life.request.id, &rows, &life.books, now).len() == account.entries.len());
    }

    #[test]
    fn rows_survive_storage(c in case()) {
        let (life, _) = play(&c);
        for t in &life.timers {
            let json = serde_json::to_string(&t.run).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Run>(&json).unwrap(), &t.run);
        }
    }
}
