//! Working time against a counter that walks through every minute, and hostile feeds.

use super::*;
use crate::domain::catalog::{Catalog, Named};
use crate::domain::time::{Instant, never};
use chrono::{DateTime, Datelike, Duration, NaiveDate, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn at(s: &str) -> Instant {
    s.parse().unwrap()
}

fn named() -> Named {
    Named { kk: "а".into(), ru: "а".into() }
}

fn spans(list: &[&str]) -> Vec<Span> {
    list.iter().map(|s| Span::parse(s).unwrap()).collect()
}

fn weekdays(list: &[&str]) -> Hours {
    let s = spans(list);
    Hours { mon: s.clone(), tue: s.clone(), wed: s.clone(), thu: s.clone(), fri: s, ..Hours::default() }
}

fn calendar(hours: Vec<Hours>) -> Calendar {
    Calendar { code: "c".into(), name: named(), timezone: None, holidays: true, queues: Vec::new(), hours, days: Vec::new() }
}

fn book(tz: &str, calendars: Vec<Calendar>) -> Calendars {
    Calendars { timezone: tz.into(), calendars, ..Calendars::none() }
}

fn table(tz: &str, c: Calendar) -> Timetable {
    let b = book(tz, vec![c]);
    Timetable::of(&b, &b.calendars[0])
}

fn shipped() -> Calendars {
    toml::from_str(include_str!("../../../config/calendar.toml")).unwrap()
}

/// Whether a local minute is worked, from the data alone, sharing nothing with the code that is tested.
pub fn naive_open(book: &Calendars, c: &Calendar, when: Instant) -> bool {
    let tz: Tz = c.timezone.as_ref().unwrap_or(&book.timezone).parse().unwrap();
    let local = when.with_timezone(&tz);
    let minute = (local.hour() * 60 + local.minute()) as u16;
    let hours_of = |day: NaiveDate| -> Vec<Span> {
        if let Some(own) = c.days.iter().rfind(|d| d.date.0 == day) {
            return own.hours.clone();
        }
        let weekday = |d: NaiveDate| Weekday::ALL[d.weekday().num_days_from_monday() as usize];
        let era = c.hours.iter().rfind(|h| h.valid_from.is_none_or(|f| f.0 <= day)).filter(|h| h.valid_until.is_none_or(|u| day <= u.0));
        let week = |w: Weekday| era.map(|h| h.of(w).to_vec()).unwrap_or_default();
        if c.holidays {
            let like = book.working_days.iter().rfind(|w| w.date.0 == day).map(|w| w.like);
            let like = like.or_else(|| book.working_saturdays.iter().any(|d| d.0 == day).then_some(Weekday::Mon));
            if let Some(like) = like {
                return week(like);
            }
            if book.holidays.iter().any(|h| h.date.0 == day) {
                return Vec::new();
            }
        }
        week(weekday(day))
    };
    let inside = |day: NaiveDate, minute: u16| hours_of(day).iter().any(|s| (s.from..s.to).contains(&minute));
    let day = local.date_naive();
    inside(day, minute) || day.pred_opt().is_some_and(|before| inside(before, minute + 1440))
}

fn naive_worked(book: &Calendars, c: &Calendar, from: Instant, minutes: i64) -> i64 {
    (0..minutes).filter(|m| naive_open(book, c, from + Duration::minutes(*m))).count() as i64
}

fn span() -> impl Strategy<Value = Span> {
    (0u32..1440, 1u32..1440).prop_map(|(a, len)| {
        let b = (a + len) % 1440;
        Span::parse(&format!("{:02}:{:02}-{:02}:{:02}", a / 60, a % 60, b / 60, b % 60)).unwrap_or(Span::WHOLE)
    })
}

fn day_spans() -> BoxedStrategy<Vec<Span>> {
    prop_oneof![
        2 => Just(Vec::new()),
        3 => Just(spans(&["09:00-13:00", "14:30-18:30"])),
        1 => Just(vec![Span::WHOLE]),
        3 => prop::collection::vec(span(), 1..4),
    ]
    .boxed()
}

fn hours() -> BoxedStrategy<Hours> {
    prop::array::uniform7(day_spans())
        .prop_map(|[mon, tue, wed, thu, fri, sat, sun]| Hours { mon, tue, wed, thu, fri, sat, sun, ..Hours::default() })
        .boxed()
}

/// A zone and a stretch of days around something odd in it.
pub fn place() -> impl Strategy<Value = (&'static str, NaiveDate)> {
    let d = |y, m, day| NaiveDate::from_ymd_opt(y, m, day).unwrap();
    prop_oneof![
        4 => Just(("Asia/Almaty", d(2024, 2, 26))),
        1 => Just(("Asia/Almaty", d(2026, 3, 18))),
        1 => Just(("Europe/Berlin", d(2026, 3, 26))),
        1 => Just(("Europe/Berlin", d(2026, 10, 22))),
        1 => Just(("America/Sao_Paulo", d(2018, 11, 1))),
        1 => Just(("Australia/Lord_Howe", d(2026, 4, 2))),
        1 => Just(("Asia/Kathmandu", d(2026, 1, 1))),
    ]
}

/// A calendar with everything: two eras, holidays, moved days, days of its own.
pub fn anything() -> BoxedStrategy<(Calendars, NaiveDate)> {
    (
        place(),
        hours(),
        prop::option::of((hours(), 0u64..9)),
        prop::collection::vec(0u64..12, 0..4),
        prop::collection::vec((0u64..12, 0usize..7), 0..3),
        prop::collection::vec((0u64..12, day_spans()), 0..3),
        any::<bool>(),
    )
        .prop_map(|((tz, day), first, second, off, moved, own, holidays)| {
            let nth = |n: u64| Day(day + chrono::Days::new(n));
            let mut c = calendar(vec![first]);
            c.holidays = holidays;
            if let Some((h, n)) = second {
                c.hours.push(Hours { valid_from: Some(nth(n)), ..h });
            }
            c.days = own
                .into_iter()
                .map(|(n, hours)| (nth(n), hours))
                .collect::<BTreeMap<_, _>>()
                .into_iter()
                .map(|(date, hours)| OwnDay { date, hours, name: named() })
                .collect();
            let mut b = book(tz, vec![c]);
            b.holidays = off.into_iter().map(|n| Holiday { date: nth(n), name: named(), moved_from: None }).collect();
            b.working_days = moved
                .into_iter()
                .map(|(n, w)| (nth(n), Weekday::ALL[w]))
                .collect::<BTreeMap<_, _>>()
                .into_iter()
                .map(|(date, like)| WorkingDay { date, like })
                .collect();
            (b, day)
        })
        .boxed()
}

/// Without intervals that run into the next day, so that each worked minute tells whose day it is.
fn without_nights(mut b: Calendars) -> Calendars {
    let own = |spans: &mut Vec<Span>| spans.retain(|s| s.to <= 1440);
    for c in &mut b.calendars {
        for h in &mut c.hours {
            [&mut h.mon, &mut h.tue, &mut h.wed, &mut h.thu, &mut h.fri, &mut h.sat, &mut h.sun].into_iter().for_each(own);
        }
        c.days.iter_mut().for_each(|d| own(&mut d.hours));
    }
    b
}

pub fn midnight(day: NaiveDate) -> Instant {
    Utc.from_utc_datetime(&day.and_hms_opt(0, 0, 0).unwrap())
}

proptest! {
    #[test]
    fn as_a_counter_of_minutes((b, day) in anything(), from in -600i64..12_000, length in 0i64..3_000) {
        let t = Timetable::of(&b, &b.calendars[0]);
        let start = midnight(day) + Duration::minutes(from);
        let end = start + Duration::minutes(length);
        let want = naive_worked(&b, &b.calendars[0], start, length);
        prop_assert_eq!(t.worked(start, end), want * 60_000_000);
        prop_assert_eq!(t.is_open(start), naive_open(&b, &b.calendars[0], start));
        // There and back: the first instant by which so much has been worked.
        let back = t.after(start, want * 60_000_000);
        prop_assert!(back <= end);
        prop_assert_eq!(t.worked(start, back), want * 60_000_000);
        if want > 0 {
            prop_assert_eq!(t.worked(start, back - Duration::microseconds(1)), want * 60_000_000 - 1);
        }
    }

    #[test]
    fn parts_add_up((b, day) in anything(), cuts in prop::collection::vec(0i64..1_000_000_000_000, 3)) {
        let t = Timetable::of(&b, &b.calendars[0]);
        let mut cuts: Vec<Instant> = cuts.into_iter().map(|us| midnight(day) + Duration::microseconds(us)).collect();
        cuts.sort_unstable();
        prop_assert_eq!(t.worked(cuts[0], cuts[2]), t.worked(cuts[0], cuts[1]) + t.worked(cuts[1], cuts[2]));
        prop_assert_eq!(t.worked(cuts[2], cuts[0]), 0);
    }

    #[test]
    fn working_days_as_counted_by_hand((b, day) in anything(), minute in 0i64..1440, n in 1u32..12) {
        let b = without_nights(b);
        let c = &b.calendars[0];
        let t = Timetable::of(&b, c);
        let tz: Tz = b.timezone.parse().unwrap();
        let start = midnight(day) + Duration::minutes(minute);
        let end = t.days_after(start, n);
        let mut date = start.with_timezone(&tz).date_naive();
        let (mut left, mut last) = (n, None);
        for _ in 0..400 {
            date = date.succ_opt().unwrap();
            // From well before local midnight to well after it, in UTC minutes; those of that date only.
            let open = (-900..2400)
                .map(|m| midnight(date) + Duration::minutes(m))
                .filter(|i| i.with_timezone(&tz).date_naive() == date && naive_open(&b, c, *i))
                .max();
            if let Some(open) = open {
                left -= 1;
                last = Some(open + Duration::minutes(1));
                if left == 0 {
                    break;
                }
            }
        }
        if left == 0 {
            prop_assert_eq!(Some(end), last);
        } else {
            prop_assert_eq!(end, never());
        }
    }

    #[test]
    fn any_text_is_a_feed_or_an_error(text in "\\PC{0,200}", lines in prop::collection::vec(prop::sample::select(vec![
        "BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "DTSTART:20260101", "DTEND:20251231", "RRULE:FREQ=YEARLY;COUNT=4000000000",
        "RRULE:FREQ=YEARLY;UNTIL=99991231", "DTSTART;VALUE=DATE:00010101", " x", "SUMMARY:a\\", ":", ";;", "BEGIN:VALARM"]), 0..30)) {
        let until = Day(NaiveDate::from_ymd_opt(2027, 12, 31).unwrap());
        let _ = ical::read(&text, Day::from_number(0), until, None);
        let _ = ical::read(&format!("BEGIN:VCALENDAR\r\n{}", lines.join("\r\n")), Day::from_number(0), until, None);
    }
}

#[test]
fn intervals_are_read_and_nonsense_is_not() {
    for (text, want) in [
        ("09:00-18:30", "09:00-18:30"),
        ("22:00-06:00", "22:00-06:00"),
        ("00:00-24:00", "00:00-24:00"),
        ("9:05-9:06", "09:05-09:06"),
        ("18:00-00:00", "18:00-00:00"),
    ] {
        // An end at midnight is written in either way and means the same.
        let shown = Span::parse(text).map(|s| s.to_string());
        assert!(shown == Ok(want.to_owned()) || shown == Ok("18:00-24:00".into()), "{text}: {shown:?}");
    }
    for bad in [
        "",
        "-",
        "9-18",
        "09:00",
        "09:00-09:00",
        "24:00-06:00",
        "25:00-26:00",
        "09:60-10:00",
        "09:00-24:01",
        "+9:00-10:00",
        "009:00-10:00",
        "09:0-10:00",
        "٠٩:٠٠-١٠:٠٠",
        "09:00-18:30-19:00",
        "65536:00-1:00",
    ] {
        assert!(Span::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn the_night_of_the_changed_clocks_is_an_hour_longer() {
    // 29 February 2024 in Almaty: from 23:00 to midnight happened twice.
    let night = table("Asia/Almaty", calendar(vec![weekdays(&["22:00-06:00"])]));
    let (evening, morning) = (at("2024-02-29T16:00:00Z"), at("2024-03-01T01:00:00Z"));
    assert_eq!(night.worked(evening, morning), 9 * 3_600_000_000);
    assert_eq!(night.after(evening, 9 * 3_600_000_000), morning);
    let last_hour = table("Asia/Almaty", calendar(vec![weekdays(&["23:00-24:00"])]));
    assert_eq!(last_hour.worked(at("2024-02-29T00:00:00Z"), at("2024-03-01T00:00:00Z")), 2 * 3_600_000_000);
    // The next morning's office opens at 9 by the new clock.
    let office = table("Asia/Almaty", calendar(vec![weekdays(&["09:00-18:00"])]));
    assert_eq!(office.after(at("2024-02-29T12:00:00Z"), 1), at("2024-03-01T04:00:00.000001Z"));
}

#[test]
fn absurd_inputs_end_soon() {
    let t = table("Asia/Almaty", calendar(vec![weekdays(&["09:00-18:00"])]));
    let (old, far) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
    assert!(t.worked(old, far) > 0);
    for from in [old, at("2026-01-01T00:00:00Z"), far] {
        assert_eq!(t.after(from, i64::MAX), never());
        assert_eq!(t.days_after(from, u32::MAX), never());
        assert_eq!(t.after(from, -5), from);
        assert_eq!(Timetable::always().after(from, i64::MAX), never());
    }
    let empty = table("Asia/Almaty", calendar(vec![Hours::default()]));
    assert_eq!(empty.after(at("2026-01-01T00:00:00Z"), 1), never());
    assert_eq!(empty.worked(old, far), 0);
    let started = std::time::Instant::now();
    for n in 0..1000 {
        assert!(t.after(at("2026-01-01T00:00:00Z"), n * 3_600_000_000_000) > at("2025-12-31T00:00:00Z"));
    }
    assert!(started.elapsed().as_millis() < 1000, "a deadline centuries away costs no more than one tomorrow");
}

#[test]
fn kazakhstan_2026_and_2027_as_published() {
    let b = shipped();
    assert_eq!(b.problems(&toml::from_str::<Catalog>(include_str!("../../../config/catalog.toml")).unwrap()), Vec::<String>::new());
    // Working days of each month, counted from the published lists of days off.
    for (year, want) in [(2026, [19, 20, 18, 22, 17, 22, 22, 21, 22, 21, 21, 22]), (2027, [18, 20, 18, 22, 18, 22, 21, 22, 22, 20, 22, 22])] {
        for (month, want) in (1u32..).zip(want) {
            let days = (1..=31).filter_map(|d| NaiveDate::from_ymd_opt(year, month, d)).filter(|d| b.is_working_day(*d) == Some(true)).count();
            assert_eq!(days, want, "{year}-{month}");
        }
    }
}

#[test]
fn fifteen_working_days_over_nauryz() {
    let b = shipped();
    let t = Timetables::of(&b);
    // Thursday 12 March 2026, 15:00 in Taraz. 23, 24 and 25 March are days off: the fifteenth working day is Tuesday 7 April.
    let from = at("2026-03-12T10:00:00Z");
    assert_eq!(t.get("office").days_after(from, 15), at("2026-04-07T13:30:00Z"));
    let off: Vec<String> = t.get("office").days_off(from, at("2026-04-07T13:30:00Z"), 20).iter().map(|o| o.date.to_string()).collect();
    assert_eq!(off, ["2026-03-23", "2026-03-24", "2026-03-25"], "weekends need no reason");
    // Received on a day of rest, the first working day is the first.
    assert_eq!(t.get("office").days_after(at("2026-03-21T06:00:00Z"), 1), at("2026-03-26T13:30:00Z"));
}

const FEED: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260321\r\nDTEND;VALUE=DATE:20260324\r\nSUMMARY:Наурыз\r\n  мейрамы\r\nDESCRIPTION:Public holiday\r\nBEGIN:VALARM\r\nDTSTART:20000101\r\nEND:VALARM\r\nEND:VEVENT\r\n\
BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20201216\r\nRRULE:FREQ=YEARLY;UNTIL=20261231\r\nEXDATE;VALUE=DATE:20241216\r\nSUMMARY;X=\"a:b\":Тәуелсіздік күні\\, демалыс\r\nDESCRIPTION:Public holiday\r\nEND:VEVENT\r\n\
BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260214\r\nSUMMARY:Valentine's Day\r\nDESCRIPTION:Observance\r\nEND:VEVENT\r\n\
BEGIN:VEVENT\r\nDTSTART:20260501T090000Z\r\nSUMMARY:Meeting\r\nDESCRIPTION:Public holiday\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

fn read(text: &str, only: Option<&str>) -> Result<ical::Feed, ical::IcalError> {
    let d = |y, m, day| Day(NaiveDate::from_ymd_opt(y, m, day).unwrap());
    ical::read(text, d(2024, 1, 1), d(2027, 12, 31), only)
}

#[test]
fn a_feed_gives_its_days_with_names() {
    let feed = read(FEED, Some("public HOLIDAY")).unwrap();
    let days: Vec<String> = feed.days.iter().map(|d| format!("{} {}", d.date, d.name)).collect();
    assert_eq!(
        days,
        [
            "2025-12-16 Тәуелсіздік күні, демалыс",
            "2026-03-21 Наурыз мейрамы",
            "2026-03-22 Наурыз мейрамы",
            "2026-03-23 Наурыз мейрамы",
            "2026-12-16 Тәуелсіздік күні, демалыс",
        ]
    );
    assert_eq!(feed.skipped, [("Valentine's Day".to_owned(), ical::Why::Filtered), ("Meeting".to_owned(), ical::Why::Timed)]);
}

#[test]
fn hostile_feeds() {
    use ical::{IcalError, Why};
    let event = |lines: &str| format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:x\n{lines}\nEND:VEVENT\nEND:VCALENDAR");
    for (text, want) in [
        (String::new(), IcalError::NotCalendar),
        ("<html>".into(), IcalError::NotCalendar),
        ("BEGIN:VEVENT\nEND:VEVENT".into(), IcalError::NotCalendar),
        ("BEGIN:VCALENDAR".into(), IcalError::Unfinished),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR".into(), IcalError::Unfinished),
        ("BEGIN:VCALENDAR\nEND:VCALENDAR\nEND:VCALENDAR".into(), IcalError::Unfinished),
        (format!("BEGIN:VCALENDAR\n{}", "BEGIN:X\n".repeat(1000)), IcalError::Unfinished),
        ("a".repeat(ical::MAX_BYTES + 1), IcalError::TooLarge),
    ] {
        assert_eq!(read(&text, None), Err(want), "{}", text.chars().take(40).collect::<String>());
    }
    for (lines, want) in [
        ("", Why::NoDate),
        ("DTSTART:2026", Why::NoDate),
        ("DTSTART:20260230", Why::NoDate),
        ("DTSTART:20260101T000000", Why::Timed),
        ("DTSTART:20260110\nDTEND:20260109", Why::Length),
        ("DTSTART:20260101\nDTEND:20290101", Why::Length),
        ("DTSTART:20260101\nRRULE:FREQ=DAILY", Why::Rule),
        ("DTSTART:20260101\nRRULE:FREQ=YEARLY;BYDAY=1MO", Why::Rule),
        ("DTSTART:20260101\nRRULE:FREQ=YEARLY;INTERVAL=0", Why::Rule),
        ("DTSTART:20260101\nRRULE:FREQ=YEARLY;COUNT=-1", Why::Rule),
        ("DTSTART:20260101\nRRULE:nonsense", Why::Rule),
        ("DTSTART:20260101\nRDATE:20260301", Why::Rule),
        ("DTSTART:20260101\nSTATUS:CANCELLED", Why::Cancelled),
    ] {
        assert_eq!(read(&event(lines), None).unwrap(), ical::Feed { days: vec![], skipped: vec![("x".into(), want)] }, "{lines}");
    }
    let dates = |lines: &str| read(&event(lines), None).unwrap().days.iter().map(|d| d.date.to_string()).collect::<Vec<_>>();
    assert_eq!(dates("DTSTART:20240229\nRRULE:FREQ=YEARLY"), ["2024-02-29"]);
    assert_eq!(dates("DTSTART:20240101\nRRULE:FREQ=YEARLY;INTERVAL=2;COUNT=2"), ["2024-01-01", "2026-01-01"]);
    assert_eq!(dates("DTSTART:20260107\nDTEND:20260107"), ["2026-01-07"]);
    assert_eq!(dates("DTSTART:20251231\nDTEND:20260103\nRRULE:FREQ=YEARLY;COUNT=1"), ["2025-12-31", "2026-01-01", "2026-01-02"]);
}

#[test]
fn a_bad_calendar_is_told() {
    let catalog: Catalog = toml::from_str(include_str!("../../../config/catalog.toml")).unwrap();
    let good = shipped();
    let day = |s: &str| Day(s.parse().unwrap());
    let bad = |change: &dyn Fn(&mut Calendars), part: &str| {
        let mut c = good.clone();
        change(&mut c);
        let problems = c.problems(&catalog);
        assert!(problems.iter().any(|p| p.contains(part)), "{part}: {problems:?}");
    };
    bad(&|c| c.timezone = "Taraz".into(), "not a time zone");
    bad(&|c| c.holidays.push(c.holidays[0].clone()), "stands twice");
    bad(&|c| c.valid_until = day("2026-12-31"), "lies outside");
    bad(&|c| c.working_saturdays.push(day("2026-01-05")), "not a Saturday");
    bad(&|c| c.working_saturdays.push(day("2026-03-21")), "both a holiday and a working day");
    bad(&|c| c.holidays[0].name.kk.clear(), "both languages");
    bad(&|c| c.calendars.push(c.calendars[0].clone()), "stands twice");
    bad(&|c| c.calendars[0].code = "always".into(), "this name is taken");
    bad(&|c| c.calendars[0].timezone = Some("Mars".into()), "not a time zone");
    bad(&|c| c.calendars[0].queues.push(crate::domain::ids::QueueCode::new("nowhere").unwrap()), "unknown queue");
    bad(&|c| c.calendars[0].hours.clear(), "no working hours");
    bad(&|c| c.calendars[0].hours[0].mon = spans(&["09:00-12:00", "11:00-13:00"]), "overlap");
    bad(&|c| c.calendars[0].hours.push(Hours::default()), "no valid_from");
    bad(&|c| c.calendars[0].hours.insert(0, Hours { valid_from: Some(day("2027-01-01")), ..Hours::default() }), "order of time");
}
