use super::*;
use crate::domain::call::Flag;
use crate::telephony::dialects::asterisk::Seventeenth;
use crate::telephony::dialects::generic::Map;
use crate::telephony::dialects::{freeswitch_json, live};
use crate::telephony::record::{Ending, LiveKind, Side, Verb};

/// 2024-05-06 10:00:00 UTC is 1714989600.
const HEAD: &str = r#""","87012345678","109","from-pstn","""Ivanov, I."" <87012345678>","PJSIP/trunk-00000001","PJSIP/101-00000002","Dial","PJSIP/101,30","2024-05-06 10:00:00","2024-05-06 10:00:05","2024-05-06 10:01:00",60,55,"ANSWERED","DOCUMENTATION""#;

#[test]
fn asterisk_of_every_width() {
    for tail in ["", r#","1714989600.1""#, r#","1714989600.1","audio:q/1.wav""#, r#","1714989600.1","","","1714989600.1",7"#] {
        let got = records(Profile::Asterisk, &format!("{HEAD}{tail}\r\n"), &utc());
        let l = leg(&got[0]);
        assert_eq!(l.src.as_deref(), Some("87012345678"));
        assert_eq!(l.name.as_deref(), Some("Ivanov, I."));
        assert_eq!(
            (l.started, l.answered, l.ended),
            (at("2024-05-06T10:00:00Z"), Some(at("2024-05-06T10:00:05Z")), Some(at("2024-05-06T10:01:00Z")))
        );
        assert_eq!((l.duration_us, l.billed_us, l.ending), (60 * S, 55 * S, Ending::Answered));
        assert_eq!(l.id.is_some(), !tail.is_empty());
        assert_eq!(got[0].flags.contains(&Flag::NoIdentity), tail.is_empty());
        assert_eq!(l.recording.as_deref(), tail.contains("wav").then_some("q/1.wav"));
        assert_eq!(l.sequence, tail.ends_with(",7").then_some(7));
    }
}

#[test]
fn asterisk_unanswered_leaves_its_date_out() {
    let line = r#""","501234","109","in","","SIP/kt-1","SIP/101-2","Dial","SIP/101","2024-05-06 10:00:00",,"2024-05-06 10:00:20",20,0,"NO ANSWER","DOCUMENTATION","1714989600.1","""#;
    let l = records(Profile::Asterisk, line, &utc());
    assert_eq!((leg(&l[0]).answered, leg(&l[0]).ending), (None, Ending::NoAnswer));
}

#[test]
fn one_file_may_change_its_width() {
    let text = format!("{HEAD},\"1714989600.1\",\"\"\n{HEAD},\"1714989600.1\",\"\",\"\",\"1714989600.1\",0\n");
    assert_eq!(records(Profile::Asterisk, &text, &utc()).len(), 2);
}

#[test]
fn the_seventeenth_is_told_by_content_else_asked() {
    use crate::telephony::verify::Refusal;
    let told = |tail: &str, told: Told| detect(Profile::Asterisk, format!("{HEAD},{tail}\n").as_bytes(), true, &told, &utc());
    let seventeen = |r: Result<Layout, Refusal>| r.map(|l| l.seventeen);
    assert_eq!(seventeen(told("\"pbx01-1714989600.1\"", Told::default())), Ok(Some(Seventeenth::UniqueId)));
    assert_eq!(seventeen(told("\"some words\"", Told::default())), Ok(Some(Seventeenth::UserField)));
    assert_eq!(seventeen(told("\"\"", Told::default())), Err(Refusal::Ambiguous { line: 1 }));
    let said = Told { seventeen: Some(Seventeenth::UserField), ..Told::default() };
    assert_eq!(seventeen(told("\"\"", said)), Ok(Some(Seventeenth::UserField)));
}

#[test]
fn asterisk_custom_and_its_finer_seconds() {
    let line = r#""""Asan"" <456789>","456789","109","in","SIP/kt-1","SIP/101-2","Dial","SIP/101","2024-05-06 10:00:00","2024-05-06 10:00:05","2024-05-06 10:01:00","60.250000","55.5","ANSWERED","DOCUMENTATION","","1714989600.1","","3""#;
    let got = records(Profile::AsteriskCustom, line, &utc());
    let l = leg(&got[0]);
    assert_eq!((l.duration_us, l.billed_us, l.sequence), (60_250_000, 55_500_000, Some(3)));
    assert_eq!(l.name.as_deref(), Some("Asan"));
}

#[test]
fn freepbx_by_its_header() {
    let text = "calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,amaflags,accountcode,uniqueid,userfield,did,recordingfile,cnum,cnam,linkedid,sequence\n\
        2024-05-06 15:00:00,\"\"\"A\"\" <456789>\",456789,600,from-queue,PJSIP/kt-1,PJSIP/101-2,Queue,\"600,t\",60,55,ANSWERED,3,,1714989600.1,,109,in-109.wav,456789,A,1714989600.1,4\n";
    let got = records(Profile::Freepbx, text, &almaty());
    let l = leg(&got[0]);
    assert_eq!(l.started, at("2024-05-06T10:00:00Z"));
    assert_eq!((l.answered, l.ended), (Some(at("2024-05-06T10:00:05Z")), Some(at("2024-05-06T10:01:00Z"))));
    assert_eq!((l.did.as_deref(), l.recording.as_deref()), (Some("109"), Some("2024/05/06/in-109.wav")));
    // The same table separated by semicolons, as a spreadsheet exports it, and with a byte order mark.
    let again = format!("\u{feff}{}", text.replace("\"600,t\"", "600").replace(',', ";"));
    assert_eq!(leg(&records(Profile::Freepbx, &again, &almaty())[0]).started, l.started);
}

const UUID: &str = "7a3e1c7e-9a51-4f0e-8f5b-3c6a3b0d2f11";

#[test]
fn freeswitch_example_and_its_spoilt_kin() {
    let line = format!(
        r#""Bob "the" B","77012345678","109","public","2024-05-06 15:00:00","2024-05-06 15:00:05","2024-05-06 15:01:00","60","55","NORMAL_CLEARING","{UUID}","","","PCMA","PCMA""#
    );
    let got = records(Profile::FreeswitchCsv, &line, &almaty());
    let l = leg(&got[0]);
    assert_eq!((l.started, l.ending), (at("2024-05-06T10:00:00Z"), Ending::Answered));
    assert_eq!(l.id.as_deref(), Some(UUID));
    // Re-saved by a spreadsheet: no quotes, no seconds, its own separator and dates.
    for (line, start) in [
        (
            format!("Bob;77012345678;109;public;2024/5/6 15:00;2024/5/6 15:00;2024/5/6 15:01;60;55;NORMAL_CLEARING;{UUID};;;PCMA;PCMA"),
            "2024-05-06T10:00:00Z",
        ),
        (format!("\u{feff}Bob;77012345678;109;public;06.05.2024 15:00;;06.05.2024 15:00;20;0;ORIGINATOR_CANCEL;{UUID};;;;"), "2024-05-06T10:00:00Z"),
    ] {
        let got = records(Profile::FreeswitchCsv, &line, &almaty());
        assert_eq!(leg(&got[0]).started, at(start));
        assert!(got[0].flags.contains(&Flag::MinutePrecision));
        let l = leg(&got[0]);
        assert_eq!(l.ended.unwrap() - l.started, chrono::Duration::microseconds(l.duration_us), "lengths are exact, stamps are not");
    }
    // A quote and a comma that the template did not escape.
    let line = format!(r#""A "B", C","1","109","public","2024-05-06 15:00:00","","2024-05-06 15:01:00","60","0","NO_ANSWER","{UUID}","","","","""#);
    let got = records(Profile::FreeswitchCsv, &line, &almaty());
    assert_eq!(leg(&got[0]).name.as_deref(), Some("A \"B\", C"));
    assert!(got[0].flags.contains(&Flag::BrokenQuotes));
}

#[test]
fn freeswitch_asterisk_template_with_its_semicolon() {
    let line = format!(
        r#""","77012345678","109","public","""A"" <77012345678>","sofia/external/77012345678@kt","sofia/internal/101@10.0.0.1","bridge","user/101","2024-05-06 15:00:00","","2024-05-06 15:00:20","20","0","ORIGINATOR_CANCEL","default","{UUID}","";"#
    );
    let got = records(Profile::FreeswitchCsv, &line, &almaty());
    assert_eq!((leg(&got[0]).ending, leg(&got[0]).id.as_deref()), (Ending::Cancelled, Some(UUID)));
}

#[test]
fn freeswitch_with_a_header() {
    let text = format!(
        "caller_id_name,caller_id_number,destination_number,context,start_stamp,answer_stamp,end_stamp,duration,billsec,hangup_cause,uuid,bleg_uuid,accountcode,read_codec,write_codec,sip_hangup\nB,7701,109,p,2024-05-06 10:00:00,,2024-05-06 10:00:20,20,0,NO_ANSWER,{UUID},,,,,\n"
    );
    let got = records(Profile::FreeswitchCsv, &text, &utc());
    assert_eq!((leg(&got[0]).ending, leg(&got[0]).id.as_deref()), (Ending::NoAnswer, Some(UUID)));
    assert!(detect(Profile::Freepbx, text.as_bytes(), true, &Told::default(), &utc()).is_err());
}

#[test]
fn a_record_without_lengths_is_of_a_call_that_is_over() {
    let map = Map::parse("start=1,caller=2,disposition=3").unwrap();
    let text = "2024-05-06 10:00:00,456789,ANSWERED\n2024-05-06 11:00:00,456789,NO ANSWER\n";
    let layout = detect(Profile::Generic, text.as_bytes(), true, &Told { map: Some(map), seventeen: None }, &utc()).unwrap();
    let got: Vec<Record> = read(layout, text.as_bytes(), &utc()).into_iter().map(|i| if let Item::Record(r) = i { *r } else { panic!() }).collect();
    let outcomes: Vec<_> = super::super::join::calls(&got, &utc()).iter().map(|c| c.outcome.as_str()).collect();
    assert_eq!(outcomes.iter().filter(|o| **o == "answered").count(), 1);
    assert_eq!(outcomes.iter().filter(|o| **o == "missed").count(), 1);
}

/// A document of one leg; times are epochs from 1714989600 on.
pub fn document(uuid: &str, call: &str, way: &str, answer: i64, cause: &str) -> String {
    let (start, end) = (1_714_989_600, 1_714_989_660);
    format!(
        r#"{{"core-uuid":"c","switchname":"s","channel_data":{{"state":"CS_REPORTING","direction":"{way}"}},
        "variables":{{"uuid":"{uuid}","call_uuid":"{call}","start_epoch":"{start}","answer_epoch":"{answer}","end_epoch":"{end}","start_stamp":"2024-05-06%2016%3A00%3A00",
        "duration":"60","billsec":"{}","hangup_cause":"{cause}","record_file":"q%2Fcall.wav","channel_name":"sofia/internal/101%4010.0.0.1"}},
        "callflow":[{{"caller_profile":{{"caller_id_name":"%D0%90%D1%81%D0%B0%D0%BD","caller_id_number":"%2B77012345678","destination_number":"{}"}}}}]}}"#,
        if answer > 0 { end - answer } else { 0 },
        if way == "inbound" { "109" } else { "101" },
    )
}

#[test]
fn freeswitch_json_in_every_wrapping() {
    let doc = document(UUID, UUID, "inbound", 1_714_989_605, "NORMAL_CLEARING");
    let form: String = percent_encoding::utf8_percent_encode(&doc, percent_encoding::NON_ALPHANUMERIC).to_string();
    let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &doc);
    let decoded = percent_encoding::percent_decode_str(&doc).decode_utf8().unwrap().into_owned();
    let bodies = [doc.clone(), format!("cdr={form}"), format!("cdr={base64}"), format!("cdr={}", base64.trim_end_matches('=')), decoded];
    let all: Vec<_> = bodies.iter().map(|b| freeswitch_json::body(b.as_bytes(), &almaty()).unwrap().unwrap()).collect();
    assert!(all.windows(2).all(|w| w[0] == w[1]), "the same record however it is wrapped");
    let l = leg(&all[0]);
    assert_eq!((l.name.as_deref(), l.src.as_deref(), l.dst.as_deref()), (Some("Асан"), Some("+77012345678"), Some("109")));
    assert_eq!((l.started, l.answered), (at("2024-05-06T10:00:00Z"), Some(at("2024-05-06T10:00:05Z"))), "epochs, never stamps");
    assert_eq!((l.side, l.recording.as_deref()), (Side::Caller, Some("q/call.wav")));
    // Many in a file, pretty or not.
    assert_eq!(records(Profile::FreeswitchJson, &format!("{doc}\n{doc}"), &almaty()).len(), 2);
    for bad in ["", "{}", "cdr=", "cdr=%%%", "cdr=e30=", "[]", "{\"variables\":{}}", "cdr={"] {
        assert!(freeswitch_json::body(bad.as_bytes(), &almaty()).is_err(), "{bad}");
    }
}

#[test]
fn queue_log_lines() {
    let text = "1714989600|1714989590.1|600|NONE|ENTERQUEUE||87012345678|1\n\
        1714989601|NONE|NONE|NONE|CONFIGRELOAD|\n\
        1714989605|1714989590.1|600|PJSIP/101|RINGNOANSWER|5000\n\
        1714989612|1714989590.1|600|Айгүл|CONNECT|12|1714989606.5|4\n\
        1714989672|1714989590.1|600|Айгүл|COMPLETECALLER|12|60|1\n";
    let got = records(Profile::QueueLog, text, &almaty());
    assert_eq!(got.len(), 4);
    assert_eq!(got[0].at, at("2024-05-06T10:00:00Z"));
    let verbs: Vec<_> = got.iter().map(|r| if let Fact::Queue(q) = &r.fact { q.verb.clone() } else { panic!() }).collect();
    assert_eq!(verbs[2], Verb::Connect { hold_us: 12 * S, bridged: Some("1714989606.5".into()), ring_us: Some(4 * S) });
    assert_eq!(verbs[3], Verb::Complete { hold_us: 12 * S, talk_us: 60 * S });
    // Old files have fewer columns.
    let old = "1714989612|1714989590.1|600|SIP/101|CONNECT|12\n1714989672|1714989590.1|600|SIP/101|COMPLETEAGENT|12|60\n1714989672|1714989590.1|600|NONE|ABANDON|1|1|12";
    assert_eq!(records(Profile::QueueLog, old, &utc()).len(), 3);
}

#[test]
fn generic_by_its_map() {
    let map = Map::parse("start=Дата,caller=Номер,dst=Куда,disposition=Итог,duration=Длина,answered:=Отвечен,no_answer:=Пропущен").unwrap();
    let text = "Дата;Номер;Куда;Длина;Итог\n06.05.2024 15:00:00;456789;109;60;Отвечен\n06.05.2024 16:00:00;456789;109;20;Пропущен\n";
    let layout = detect(Profile::Generic, text.as_bytes(), true, &Told { map: Some(map), seventeen: None }, &almaty()).unwrap();
    let got = read(layout, text.as_bytes(), &almaty());
    let legs: Vec<_> = got.iter().filter_map(|i| if let Item::Record(r) = i { Some(leg(r).clone()) } else { None }).collect();
    assert_eq!(legs.len(), 2);
    assert_eq!((legs[0].ending, legs[1].ending), (Ending::Answered, Ending::NoAnswer));
    assert_eq!(legs[0].started, at("2024-05-06T10:00:00Z"));
    assert!(Map::parse("caller=1").is_err() && Map::parse("start").is_err() && Map::parse("nonsense=1,start=2").is_err());
    let numbers = Map::parse("start=1,caller=2").unwrap();
    let text = "2024-05-06 10:00:00,456789\n";
    let layout = detect(Profile::Generic, text.as_bytes(), true, &Told { map: Some(numbers), seventeen: None }, &utc()).unwrap();
    assert!(!layout.skips_first);
}

#[test]
fn live_events() {
    let one = r#"{"event":"ringing","call_id":"1714989600.1","at":"2024-05-06T15:00:00+05:00","caller":"87012345678","dialled":"109"}"#;
    let got = live::body(one.as_bytes(), &almaty()).unwrap();
    assert_eq!(got[0].at, at("2024-05-06T10:00:00Z"));
    assert!(matches!(&got[0].fact, Fact::Live(e) if e.kind == LiveKind::Ringing && e.caller.as_deref() == Some("87012345678")));
    let two = format!("[{one},{}]", r#"{"event":"ended","call_id":"1714989600.1","at":1714989660}"#);
    assert_eq!(live::body(two.as_bytes(), &almaty()).unwrap().len(), 2);
    for bad in [
        "",
        "[1]",
        "{}",
        r#"{"event":"dancing","call_id":"1","at":1714989660}"#,
        r#"{"event":"ended","at":1714989660}"#,
        r#"{"event":"ended","call_id":"1"}"#,
    ] {
        assert!(live::body(bad.as_bytes(), &almaty()).is_err(), "{bad}");
    }
}

#[test]
fn foreign_bytes_are_kept_and_flagged() {
    let mut text = format!("{HEAD},\"1714989600.1\",\"\"\n").into_bytes();
    let at = text.windows(6).position(|w| w == b"Ivanov").unwrap();
    text[at] = 0xA5;
    let got = items(Profile::Asterisk, &text, &utc());
    let Item::Record(r) = &got[0] else { panic!() };
    assert_eq!(leg(r).name.as_deref(), Some("%A5vanov, I."));
    assert!(r.flags.contains(&Flag::NotUtf8));
}
