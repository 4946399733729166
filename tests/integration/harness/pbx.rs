//! An exchange of the stories: writes what Asterisk and FreeSWITCH write, by their documented rules.

use chrono::{Duration, FixedOffset};
use jambyl109::domain::Instant;
use serde_json::{Value, json};

/// One line of a call in `cdr_csv` with all its columns.
#[derive(Clone)]
pub struct Leg {
    /// Channel number; with the moment of the start it makes the identifier.
    pub n: u32,
    /// Channel number of the leg that the call began with, and when that was.
    pub first: u32,
    pub first_at: Instant,
    pub at: Instant,
    pub caller: &'static str,
    pub dialled: &'static str,
    pub agent: &'static str,
    pub app: &'static str,
    pub disposition: &'static str,
    /// Seconds until the answer and after it.
    pub rings: i64,
    pub talks: i64,
    pub recording: &'static str,
}

impl Leg {
    /// A call that an agent answered.
    #[must_use]
    pub fn answered(n: u32, at: Instant, caller: &'static str, agent: &'static str) -> Self {
        Self {
            n,
            first: n,
            first_at: at,
            at,
            caller,
            dialled: "109",
            agent,
            app: "Dial",
            disposition: "ANSWERED",
            rings: 10,
            talks: 60,
            recording: "",
        }
    }

    /// Nobody answered.
    #[must_use]
    pub fn missed(n: u32, at: Instant, caller: &'static str) -> Self {
        Self { disposition: "NO ANSWER", rings: 30, talks: 0, ..Self::answered(n, at, caller, "101") }
    }

    /// Another leg of the call that this one began.
    #[must_use]
    pub fn further(&self, n: u32, agent: &'static str, disposition: &'static str) -> Self {
        let talks = if disposition == "ANSWERED" { 60 } else { 0 };
        Self { n, agent, disposition, talks, at: self.at + Duration::seconds(1), ..self.clone() }
    }

    /// The line, without its end. Stamps are the wall clock of Almaty.
    #[must_use]
    pub fn line(&self) -> String {
        let zone = FixedOffset::east_opt(5 * 3600).unwrap();
        let stamp = |at: Instant| at.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string();
        let (answer, end) = (self.at + Duration::seconds(self.rings), self.at + Duration::seconds(self.rings + self.talks));
        let answer = if self.disposition == "ANSWERED" { format!("\"{}\"", stamp(answer)) } else { String::new() };
        format!(
            r#""","{c}","{d}","from-pstn","""{c}"" <{c}>","PJSIP/trunk-{n:08x}","PJSIP/{a}-{m:08x}","{app}","PJSIP/{a},30","{s}",{answer},"{e}",{len},{bill},"{disp}","DOCUMENTATION","{id}.{n}","{rec}","","{link}.{first}",{n}"#,
            c = self.caller,
            d = self.dialled,
            n = self.n,
            m = self.n + 1000,
            a = self.agent,
            app = self.app,
            s = stamp(self.at),
            e = stamp(end),
            len = self.rings + self.talks,
            bill = self.talks,
            disp = self.disposition,
            id = self.at.timestamp(),
            rec = self.recording,
            link = self.first_at.timestamp(),
            first = self.first,
        )
    }
}

/// Lines of a file.
#[must_use]
pub fn file(legs: &[Leg]) -> String {
    legs.iter().map(|l| format!("{}\n", l.line())).collect()
}

/// A document of `mod_json_cdr` for the leg of the caller.
#[must_use]
pub fn freeswitch(uuid: &str, caller: &str, at: Instant, rings: i64, talks: i64) -> Value {
    let start = at.timestamp();
    let answer = if talks > 0 { start + rings } else { 0 };
    let cause = if talks > 0 { "NORMAL_CLEARING" } else { "ORIGINATOR_CANCEL" };
    json!({
        "core-uuid": "c0ffee", "switchname": "pbx",
        "channel_data": {"state": "CS_REPORTING", "direction": "inbound"},
        "variables": {"uuid": uuid, "call_uuid": uuid, "direction": "inbound", "start_epoch": start.to_string(), "answer_epoch": answer.to_string(),
            "end_epoch": (start + rings + talks).to_string(), "duration": (rings + talks).to_string(), "billsec": talks.to_string(), "hangup_cause": cause},
        "callflow": [{"caller_profile": {"caller_id_number": caller, "destination_number": "109", "context": "public"}}],
    })
}
