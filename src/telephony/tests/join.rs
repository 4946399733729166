use super::dialects::document;
use super::*;
use crate::domain::call::{Direction, Flag, Outcome};
use crate::domain::caller::Caller;
use crate::telephony::join::{calls, components, merge};

/// One row of 21 columns. `t`: start, answer (0: none) and end in seconds after 10:00:00 UTC of 2024-05-06.
pub struct Row<'a> {
    pub id: &'a str,
    pub link: &'a str,
    pub src: &'a str,
    pub dst: &'a str,
    pub context: &'a str,
    pub channel: &'a str,
    pub peer: &'a str,
    pub app: &'a str,
    pub data: &'a str,
    pub t: (u32, u32, u32),
    pub ending: &'a str,
    pub sequence: u32,
}

pub const ROW: Row<'static> = Row {
    id: "1714989600.1",
    link: "1714989600.1",
    src: "87012345678",
    dst: "109",
    context: "in",
    channel: "PJSIP/kt-00000001",
    peer: "",
    app: "",
    data: "",
    t: (0, 0, 0),
    ending: "NO ANSWER",
    sequence: 0,
};

impl Row<'_> {
    pub fn line(&self) -> String {
        let stamp = |s: u32| format!("\"2024-05-06 10:{:02}:{:02}\"", s / 60, s % 60);
        let (start, answer, end) = self.t;
        let (answered, billed) = if answer > 0 { (stamp(answer), end - answer) } else { (String::new(), 0) };
        format!(
            "\"\",\"{}\",\"{}\",\"{}\",\"\",\"{}\",\"{}\",\"{}\",\"{}\",{},{answered},{},{},{billed},\"{}\",\"DOCUMENTATION\",\"{}\",\"\",\"\",\"{}\",{}\n",
            self.src,
            self.dst,
            self.context,
            self.channel,
            self.peer,
            self.app,
            self.data,
            stamp(start),
            stamp(end),
            end - start,
            self.ending,
            self.id,
            self.link,
            self.sequence
        )
    }
}

fn cdr(rows: &[Row<'_>]) -> Vec<Record> {
    records(Profile::Asterisk, &rows.iter().map(Row::line).collect::<String>(), &utc())
}

fn log(lines: &str) -> Vec<Record> {
    let epoch = |line: &str| {
        let (t, rest) = line.trim().split_once('|').unwrap();
        format!("{}|{rest}\n", 1_714_989_600 + t.parse::<i64>().unwrap())
    };
    records(Profile::QueueLog, &lines.lines().filter(|l| !l.trim().is_empty()).map(epoch).collect::<String>(), &utc())
}

/// Ten seconds of menu, twelve of waiting, a minute of talk with 102 after 101 did not answer.
pub fn answered_in_queue() -> (Vec<Record>, Vec<Record>) {
    let rows = [
        Row { peer: "PJSIP/101-00000002", app: "Queue", data: "600,t", dst: "600", t: (0, 1, 16), sequence: 1, ..ROW },
        Row { peer: "PJSIP/102-00000003", app: "Queue", data: "600,t", dst: "600", t: (0, 1, 82), ending: "ANSWERED", sequence: 2, ..ROW },
    ];
    let log = log("10|1714989600.1|600|NONE|ENTERQUEUE||87012345678|1
        15|1714989600.1|600|PJSIP/101|RINGNOANSWER|5000
        22|1714989600.1|600|PJSIP/102|CONNECT|12|1714989616.3|5
        82|1714989600.1|600|PJSIP/102|COMPLETECALLER|12|60|1");
    (cdr(&rows), log)
}

#[test]
fn a_queue_call_answered() {
    let (cdr, log) = answered_in_queue();
    let call = only(&[cdr, log].concat(), &utc());
    assert_eq!((call.outcome, call.direction), (Outcome::Answered, Direction::Inbound));
    assert_eq!(call.caller.phone().unwrap().e164(), "+77012345678");
    assert_eq!((call.queue.as_deref(), call.agent.as_deref(), call.dialled.as_deref()), (Some("600"), Some("102"), Some("600")));
    assert_eq!((call.ivr_us, call.wait_us, call.talk_us, call.transfers), (10 * S, 12 * S, 60 * S, 0));
    assert_eq!(call.started_at, at("2024-05-06T10:00:00Z"));
    assert_eq!((call.answered_at, call.ended_at), (Some(at("2024-05-06T10:00:22Z")), Some(at("2024-05-06T10:01:22Z"))));
    assert_eq!(call.key, "1714989600.1");
}

#[test]
fn a_queue_log_alone_and_a_late_cdr() {
    let (cdr, log) = answered_in_queue();
    let alone = only(&log, &utc());
    assert_eq!((alone.outcome, alone.wait_us, alone.talk_us), (Outcome::Answered, 12 * S, 60 * S));
    assert!(alone.flags.contains(&Flag::NoDetailRecord));
    assert_eq!(only(&log[..1], &utc()).outcome, Outcome::Ongoing);
    // The last line alone tells of the whole talk.
    let last = only(&log[3..], &utc());
    assert_eq!((last.outcome, last.wait_us, last.talk_us, last.agent.as_deref()), (Outcome::Answered, 12 * S, 60 * S, Some("102")));
    assert_eq!(only(&cdr, &utc()).outcome, Outcome::Answered);
}

#[test]
fn abandoned_in_queue() {
    let rows = cdr(&[Row { app: "Queue", data: "600,t", dst: "600", t: (0, 1, 40), ending: "ANSWERED", ..ROW }]);
    let log = log("10|1714989600.1|600|NONE|ENTERQUEUE||87012345678|1
        40|1714989600.1|600|NONE|ABANDON|1|1|30");
    let call = only(&[rows.clone(), log].concat(), &utc());
    assert_eq!((call.outcome, call.ivr_us, call.wait_us, call.talk_us), (Outcome::AbandonedInQueue, 10 * S, 30 * S, 0));
    assert_eq!((call.agent, call.answered_at), (None, None));
    assert_eq!(only(&rows, &utc()).outcome, Outcome::AbandonedInQueue, "billed seconds of a queue are nobody's talk");
}

#[test]
fn let_go_by_the_queue_then_answered_elsewhere() {
    let rows = cdr(&[
        Row { app: "Queue", dst: "600", t: (0, 1, 30), ending: "ANSWERED", ..ROW },
        Row { app: "Dial", peer: "PJSIP/200-00000009", dst: "200", t: (30, 35, 60), ending: "ANSWERED", sequence: 1, ..ROW },
    ]);
    let log = log("1|1714989600.1|600|NONE|ENTERQUEUE||87012345678|1
        30|1714989600.1|600|NONE|EXITWITHTIMEOUT|1|1|29");
    let call = only(&[rows[..1].to_vec(), log.clone()].concat(), &utc());
    assert_eq!(call.outcome, Outcome::Missed);
    let call = only(&[rows, log].concat(), &utc());
    assert_eq!((call.outcome, call.agent.as_deref(), call.talk_us), (Outcome::Answered, Some("200"), 25 * S));
}

#[test]
fn ends_without_a_queue() {
    let one = |row: Row<'_>| only(&cdr(&[row]), &utc()).outcome;
    assert_eq!(one(Row { app: "BackGround", dst: "s", t: (0, 1, 20), ending: "ANSWERED", ..ROW }), Outcome::AbandonedInIvr);
    assert_eq!(one(Row { app: "Dial", peer: "PJSIP/101-00000002", t: (0, 0, 20), ..ROW }), Outcome::Missed);
    assert_eq!(one(Row { app: "Dial", peer: "PJSIP/101-00000002", t: (0, 0, 1), ending: "BUSY", ..ROW }), Outcome::Busy);
    assert_eq!(one(Row { app: "Dial", peer: "PJSIP/101-00000002", t: (0, 0, 1), ending: "FAILED", ..ROW }), Outcome::Failed);
    assert_eq!(one(Row { app: "Dial", t: (0, 0, 1), ending: "CONGESTION", ..ROW }), Outcome::Failed);
    assert_eq!(one(Row { app: "Dial", peer: "PJSIP/101-00000002", t: (0, 3, 9), ending: "ANSWERED", ..ROW }), Outcome::Answered);
    let voice = only(&cdr(&[Row { app: "VoiceMail", t: (0, 1, 30), ending: "ANSWERED", ..ROW }]), &utc());
    assert_eq!((voice.outcome, voice.flags.contains(&Flag::Voicemail)), (Outcome::Missed, true));
    let closed = Source { closed: vec!["night".into()], ..utc() };
    let night = only(&cdr(&[Row { app: "Playback", context: "Night", t: (0, 1, 9), ending: "ANSWERED", ..ROW }]), &closed);
    assert_eq!(night.outcome, Outcome::AfterHours);
    // Two phones rang, one was busy: somebody could have answered.
    let two = cdr(&[
        Row { app: "Dial", peer: "PJSIP/101-00000002", t: (0, 0, 9), ending: "BUSY", ..ROW },
        Row { app: "Dial", peer: "PJSIP/102-00000003", t: (0, 0, 9), sequence: 1, ..ROW },
    ]);
    assert_eq!(only(&two, &utc()).outcome, Outcome::Missed);
}

#[test]
fn menu_ring_and_talk_without_a_queue() {
    let rows = cdr(&[
        Row { app: "BackGround", dst: "s", t: (0, 1, 10), ending: "ANSWERED", ..ROW },
        Row { app: "Dial", peer: "PJSIP/101-00000002", dst: "101", t: (10, 14, 44), ending: "ANSWERED", sequence: 1, ..ROW },
    ]);
    let call = only(&rows, &utc());
    assert_eq!((call.ivr_us, call.wait_us, call.talk_us), (10 * S, 4 * S, 30 * S));
}

#[test]
fn a_local_pair_counts_once() {
    let rows = cdr(&[
        Row { app: "Dial", peer: "Local/101@ext-00000002;1", t: (0, 5, 65), ending: "ANSWERED", ..ROW },
        Row {
            id: "1714989600.3",
            channel: "Local/101@ext-00000002;2",
            peer: "PJSIP/101-00000004",
            app: "Dial",
            t: (0, 5, 65),
            ending: "ANSWERED",
            sequence: 1,
            ..ROW
        },
    ]);
    let call = only(&rows, &utc());
    assert_eq!((call.talk_us, call.agent.as_deref(), call.transfers), (60 * S, Some("101"), 0));
}

#[test]
fn a_transfer_keeps_both_talks() {
    let rows = cdr(&[
        Row { app: "Queue", peer: "PJSIP/101-00000002", t: (0, 1, 40), ending: "ANSWERED", ..ROW },
        Row { app: "Dial", peer: "PJSIP/202-00000005", dst: "202", t: (40, 45, 75), ending: "ANSWERED", sequence: 1, ..ROW },
    ]);
    let log = log("1|1714989600.1|600|NONE|ENTERQUEUE||87012345678|1
        10|1714989600.1|600|PJSIP/101|CONNECT|9|1714989602.2|3
        40|1714989600.1|600|PJSIP/101|BLINDTRANSFER|202|in|9|30|1");
    let call = only(&[rows, log].concat(), &utc());
    assert_eq!((call.transfers, call.agent.as_deref(), call.talk_us), (1, Some("101"), 60 * S));
    assert_eq!(call.ended_at, Some(at("2024-05-06T10:01:15Z")));
}

#[test]
fn who_called_whom() {
    let one = |src, dst| only(&cdr(&[Row { src, dst, app: "Dial", peer: "PJSIP/x-00000002", t: (0, 3, 9), ending: "ANSWERED", ..ROW }]), &utc());
    let out = one("101", "87012345678");
    assert_eq!((out.direction, out.agent.as_deref()), (Direction::Outbound, Some("101")));
    assert_eq!(one("101", "102").direction, Direction::Internal);
    assert_eq!(one("456789", "109").caller.phone().unwrap().e164(), "+77262456789");
    assert_eq!(one("anonymous", "109").caller, Caller::Anonymous);
    assert_eq!(one("anonymous", "109").direction, Direction::Inbound);
}

#[test]
fn both_legs_of_freeswitch_are_one_call() {
    let (a, b) = ("7a3e1c7e-9a51-4f0e-8f5b-3c6a3b0d2f11", "7a3e1c7e-9a51-4f0e-8f5b-3c6a3b0d2f12");
    let text = document(a, a, "inbound", 1_714_989_602, "NORMAL_CLEARING") + &document(b, a, "outbound", 1_714_989_610, "NORMAL_CLEARING");
    let both = records(Profile::FreeswitchJson, &text, &almaty());
    let call = only(&both, &almaty());
    assert_eq!((call.outcome, call.agent.as_deref(), call.dialled.as_deref()), (Outcome::Answered, Some("101"), Some("109")));
    assert_eq!((call.answered_at, call.talk_us), (Some(at("2024-05-06T10:00:10Z")), 50 * S));
    assert_eq!(call.recording.as_deref(), Some("q/call.wav"));
    // The agent's phone rang in vain, though the exchange had answered.
    let text = document(a, a, "inbound", 1_714_989_602, "NORMAL_CLEARING") + &document(b, a, "outbound", 0, "NO_ANSWER");
    assert_eq!(only(&records(Profile::FreeswitchJson, &text, &almaty()), &almaty()).outcome, Outcome::Missed);
}

#[test]
fn chains_of_links_make_one_call() {
    let far =
        Row { id: "1714989605.9", link: "1714989605.9", src: "102", t: (5, 6, 20), ending: "ANSWERED", peer: "PJSIP/9-00000001", app: "Dial", ..ROW };
    let near = Row { t: (0, 1, 20), ending: "ANSWERED", peer: "PJSIP/102-00000003", app: "Queue", ..ROW };
    let two = cdr(&[far, near]);
    assert_eq!(components(&two).len(), 2);
    // The queue log knows that the agent's channel was bridged to the caller's.
    let tie = log("6|1714989600.1|600|PJSIP/102|CONNECT|5|1714989605.9|1");
    assert_eq!(components(&[two, tie].concat()).len(), 1);
}

#[test]
fn live_events_of_a_call() {
    let text = r#"{"event":"ringing","call_id":"1714989600.1","at":1714989600,"caller":"87012345678","queue":"600"}
        {"event":"answered","call_id":"1714989600.1","at":1714989610,"agent":"102"}
        {"event":"ended","call_id":"1714989600.1","at":1714989650}"#;
    let live = records(Profile::Events, text, &utc());
    assert_eq!(only(&live[..1], &utc()).outcome, Outcome::Ongoing);
    let call = only(&live, &utc());
    assert_eq!((call.outcome, call.agent.as_deref(), call.wait_us, call.talk_us), (Outcome::Answered, Some("102"), 10 * S, 40 * S));
    assert_eq!(only(&[&live[..1], &live[2..]].concat(), &utc()).outcome, Outcome::AbandonedInQueue);
    // What the exchange itself wrote is believed before what events told.
    let (cdr, log) = answered_in_queue();
    assert_eq!(only(&[live, cdr, log].concat(), &utc()).answered_at, Some(at("2024-05-06T10:00:22Z")));
}

#[test]
fn two_doors_change_nothing() {
    let (cdr, log) = answered_in_queue();
    // The same rows from the table of FreePBX, which has neither answer nor end.
    let text = "calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,amaflags,accountcode,uniqueid,userfield,linkedid,sequence\n\
        2024-05-06 10:00:00,,87012345678,600,in,PJSIP/kt-00000001,PJSIP/101-00000002,Queue,\"600,t\",16,15,NO ANSWER,3,,1714989600.1,,1714989600.1,1\n\
        2024-05-06 10:00:00,,87012345678,600,in,PJSIP/kt-00000001,PJSIP/102-00000003,Queue,\"600,t\",82,81,ANSWERED,3,,1714989600.1,,1714989600.1,2\n";
    let table = records(Profile::Freepbx, text, &utc());
    let once = only(&[cdr.clone(), log.clone()].concat(), &utc());
    assert_eq!(only(&[cdr, log.clone(), table.clone()].concat(), &utc()), once);
    assert_eq!(only(&[table, log].concat(), &utc()), once);
}

#[test]
fn the_row_with_stamps_is_believed_before_the_one_without() {
    let row = Row { peer: "PJSIP/102-00000003", app: "Dial", dst: "600", t: (0, 1, 82), ending: "ANSWERED", ..ROW };
    // Cut to whole seconds, the length is one less than the stamps say.
    let line = row.line().replace(",82,81,", ",81,80,");
    let header = "calldate,src,dst,dcontext,channel,dstchannel,lastapp,duration,billsec,disposition,uniqueid,linkedid\n";
    let text = header.to_owned()
        + "2024-05-06 10:00:00,87012345678,600,in,PJSIP/kt-00000001,PJSIP/102-00000003,Dial,81,80,ANSWERED,1714989600.1,1714989600.1\n";
    // The name is part of each key, and with it the order of the keys.
    for source in (0..8).map(|n| Source::new(format!("pbx{n}"), Zone::utc())) {
        let (stamped, table) = (records(Profile::Asterisk, &line, &source), records(Profile::Freepbx, &text, &source));
        assert_eq!(only(&table, &source).ended_at, Some(at("2024-05-06T10:01:21Z")));
        assert_eq!(only(&stamped, &source).ended_at, Some(at("2024-05-06T10:01:22Z")));
        assert_eq!(only(&[table, stamped.clone()].concat(), &source), only(&stamped, &source));
    }
}

#[test]
fn a_phone_lifted_after_the_caller_hung_up_is_no_answer() {
    let rows = cdr(&[Row { app: "Queue", peer: "PJSIP/101-00000002", t: (0, 1, 40), ending: "ANSWERED", ..ROW }]);
    let log = log("10|1714989600.1|600|NONE|ENTERQUEUE||87012345678|1
        40|1714989600.1|600|NONE|ABANDON|1|1|30");
    assert_eq!(only(&rows, &utc()).outcome, Outcome::Answered);
    assert_eq!(only(&[rows, log].concat(), &utc()).outcome, Outcome::AbandonedInQueue);
}

#[test]
fn lines_of_one_second_are_put_in_order() {
    let lines = log("10|1714989600.1|600|PJSIP/101|COMPLETEAGENT|0|0|1
        10|1714989600.1|600|PJSIP/101|CONNECT|0|1714989602.2|0
        10|1714989600.1|600|NONE|ENTERQUEUE||87012345678|1
        30|1714989600.1|700|NONE|ENTERQUEUE||87012345678|1
        35|1714989600.1|700|NONE|ABANDON|1|1|5");
    let call = only(&lines, &utc());
    assert_eq!((call.outcome, call.wait_us, call.agent.as_deref()), (Outcome::Answered, 5 * S, Some("101")));
    assert_eq!(call.ended_at, Some(at("2024-05-06T10:00:35Z")));
}

#[test]
fn nothing_merges_to_nothing() {
    assert_eq!(merge(&[], &utc()), None);
    assert!(calls(&[], &utc()).is_empty());
}
