use super::*;
use crate::domain::call::Flag;
use crate::telephony::zone::{Stamp, ZoneVerdict};

/// A row whose channel was made at `epoch`, with its own local stamps.
fn row(epoch: i64, start: &str, answer: &str, end: &str, duration: i64, billed: i64) -> String {
    format!(
        "\"\",\"87012345678\",\"109\",\"in\",\"\",\"SIP/kt-1\",\"SIP/101-2\",\"Dial\",\"SIP/101\",\"{start}\",\"{answer}\",\"{end}\",{duration},{billed},\"ANSWERED\",\"DOCUMENTATION\",\"{epoch}.1\",\"\"\n"
    )
}

fn one(text: &str, source: &Source) -> Record {
    records(Profile::Asterisk, text, source).remove(0)
}

/// 2024-02-29 18:10:00 UTC: the second time the wall clock showed 23:10 in Almaty.
const SECOND: i64 = 1_709_230_200;

#[test]
fn the_hour_that_came_twice() {
    for (epoch, utc) in [(SECOND - 3600, "2024-02-29T17:10:00Z"), (SECOND, "2024-02-29T18:10:00Z")] {
        let r = one(&row(epoch, "2024-02-29 23:10:00", "2024-02-29 23:10:05", "2024-02-29 23:11:00", 60, 55), &almaty());
        assert_eq!(leg(&r).started, at(utc));
        assert!(r.flags.is_empty(), "the epoch decides, and contradicts nothing: {:?}", r.flags);
    }
    // From the first showing into the second: the stamps run backwards, the lengths do not.
    let r = one(&row(SECOND - 660, "2024-02-29 23:59:00", "2024-02-29 23:59:05", "2024-02-29 23:01:00", 120, 115), &almaty());
    let l = leg(&r);
    assert_eq!((l.started, l.answered, l.ended), (at("2024-02-29T17:59:00Z"), Some(at("2024-02-29T17:59:05Z")), Some(at("2024-02-29T18:01:00Z"))));
    assert!(!r.flags.contains(&Flag::TimesDisagree));
}

#[test]
fn without_proof_the_hour_is_flagged() {
    let line = "B;7701;109;public;2024-02-29 23:10:00;;2024-02-29 23:10:20;20;0;NO_ANSWER;u;;;;\n";
    let r = records(Profile::FreeswitchCsv, line, &almaty()).remove(0);
    assert!(r.flags.contains(&Flag::AmbiguousHour));
    assert_eq!(leg(&r).started, at("2024-02-29T17:10:00Z"));
}

fn verdict(text: &str, source: &Source) -> ZoneVerdict {
    let layout = detect(Profile::Asterisk, text.as_bytes(), true, &Told::default(), source).unwrap();
    let mut reader = Reader::new(layout, source);
    reader.feed(text.as_bytes());
    while reader.next_item().is_some() {}
    reader.zone()
}

#[test]
fn a_zone_is_proven_contradicted_or_stale() {
    // 2024-05-06 10:00:00 UTC.
    let (epoch, utc_row) = (1_714_989_600, row(1_714_989_600, "2024-05-06 10:00:00", "2024-05-06 10:00:05", "2024-05-06 10:01:00", 60, 55));
    assert_eq!(verdict(&utc_row, &utc()), ZoneVerdict::Proven { records: 1 });
    assert_eq!(verdict(&utc_row, &almaty()), ZoneVerdict::Contradicted { line: 1, declared: 18_000, found: 0, records: 1, of: 1 });
    let r = one(&utc_row, &almaty());
    assert_eq!(leg(&r).ended, Some(at("2024-05-06T10:01:00Z")), "the epoch is believed");
    assert!(r.flags.contains(&Flag::ZoneContradicted));
    // Right before the change, an hour ahead after it.
    let before = row(SECOND - 86_400, "2024-02-29 00:10:00", "2024-02-29 00:10:05", "2024-02-29 00:11:00", 60, 55);
    let stale = row(epoch, "2024-05-06 16:00:00", "2024-05-06 16:00:05", "2024-05-06 16:01:00", 60, 55);
    let said = verdict(&format!("{before}{stale}"), &almaty());
    assert_eq!(said, ZoneVerdict::Stale { line: 2, declared: 18_000, found: 21_600, records: 1, of: 2 });
    assert!(said.to_string().contains("+06:00"), "{said}");
    assert_eq!(leg(&one(&stale, &almaty())).started, at("2024-05-06T10:00:00Z"));
    assert_eq!(verdict(&stale, &Source::new("pbx", Zone::parse("+06:00").unwrap())), ZoneVerdict::Proven { records: 1 });
    // A later bridge of an old channel proves nothing and contradicts nothing.
    let later = row(epoch - 400, "2024-05-06 15:00:00", "2024-05-06 15:00:05", "2024-05-06 15:01:00", 60, 55);
    assert_eq!(verdict(&later, &almaty()), ZoneVerdict::Unproven);
    assert_eq!(leg(&one(&later, &almaty())).started, at("2024-05-06T10:00:00Z"));
}

#[test]
fn lengths_win_over_stamps_that_cannot_be() {
    let r = one(&row(1_714_989_600, "2024-05-06 10:00:00", "2024-05-06 10:00:05", "2024-05-06 10:09:00", 60, 55), &utc());
    assert_eq!(leg(&r).ended, Some(at("2024-05-06T10:01:00Z")));
    assert!(r.flags.contains(&Flag::TimesDisagree));
}

#[test]
fn stamps() {
    let t = |s: &str| Stamp::parse(s).map(|s| (s.local.to_string(), s.seconds, s.offset));
    assert_eq!(t("2024-02-29 23:10:05"), Some(("2024-02-29 23:10:05".into(), true, None)));
    assert_eq!(t("2020/2/10 22:41"), Some(("2020-02-10 22:41:00".into(), false, None)));
    assert_eq!(t("10.02.2020 22:41:07"), Some(("2020-02-10 22:41:07".into(), true, None)));
    assert_eq!(t("2024-02-29T23:10:05.25+05:00"), Some(("2024-02-29 23:10:05.250".into(), true, Some(18_000))));
    assert_eq!(t("2024-02-29T23:10:05Z").unwrap().2, Some(0));
    for bad in [
        "",
        "2024-02-30 10:00:00",
        "2/10/2020 10:00",
        "2024-02-29",
        "2024-02-29 25:00:00",
        "10:00 2024-02-29",
        "2024-02-29 10",
        "2024-02-29 10:00:00 tomorrow",
        "hello world",
    ] {
        assert_eq!(t(bad), None, "{bad}");
    }
    for (zone, shown) in [("Asia/Almaty", "Asia/Almaty"), ("UTC", "UTC"), ("+06:00", "+06:00"), ("-0330", "-03:30")] {
        assert_eq!(Zone::parse(zone).unwrap().to_string(), shown);
    }
    for bad in ["", "Moon/Base", "+99:00", "6", "+6"] {
        assert!(Zone::parse(bad).is_err(), "{bad}");
    }
}
