//! The figures of the service in Prometheus' format, behind typed methods. The registry belongs to the value, not to the process, so
//! two services can live in one test. Labels are codes of closed lists; a name, a phone or a number never is one.

mod families;

use families::{Family, Level};
use prometheus::{Histogram, HistogramVec, IntCounterVec, Registry, TextEncoder};
use std::time::Duration;

/// The label values that are known at the start; every family gets its children from them at 0.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    pub channels: &'a [&'a str],
    pub classes: &'a [&'a str],
    /// Services of the catalogue. A request without one is counted under [`NONE`], which need not be listed.
    pub services: &'a [&'a str],
    pub queues: &'a [&'a str],
    /// The open states of a request.
    pub statuses: &'a [&'a str],
    /// The stages that have clocks.
    pub stages: &'a [&'a str],
    /// How a call may end.
    pub call_outcomes: &'a [&'a str],
    /// Kinds of data with a time to be kept.
    pub kinds: &'a [&'a str],
    /// Folders of ours whose disks are watched.
    pub folders: &'a [&'a str],
    /// Route patterns with their methods, such as `("/api/v1/requests/{number}", "GET")`.
    pub routes: &'a [(&'a str, &'a str)],
}

/// The label of what has no value: a request without a service or a queue.
pub const NONE: &str = "none";

/// Seconds. A clock should fire within a second; the far end is an outage.
const LAG: &[f64] = &[0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0];
/// Seconds.
const HTTP: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Declares a closed list of label values.
macro_rules! labels {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$vdoc])* $variant),* }
        impl $name {
            const WORDS: &'static [&'static str] = &[$($word),*];
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $word),* } }
        }
    };
}

labels! {
    /// What became of something that came in.
    InboundOutcome {
        Accepted = "accepted",
        /// Seen before.
        Duplicate = "duplicate",
        /// Signature or secret did not fit.
        Rejected = "rejected",
        /// Kept, but we could not read it.
        Unreadable = "unreadable",
        /// Could not be stored or worked on; it will be tried again.
        Failed = "failed",
        /// Given up after repeated failures; shown to an administrator.
        Parked = "parked",
    }
}

labels! {
    /// What triage decides about.
    Head { Class = "class", Service = "service", District = "district", Hazard = "hazard", Language = "language" }
}

impl Head {
    /// Those that a person can correct.
    const CORRECTED: &'static [&'static str] = &["class", "service", "district", "hazard"];
}

labels! {
    /// How triage decided.
    TriageOutcome {
        /// Passed the gate: acted on without asking.
        Sure = "sure",
        /// A guess that a person confirms.
        Unsure = "unsure",
        /// Nothing spoke for any value.
        Nothing = "none",
    }
}

labels! {
    /// What became of an attempt to send.
    SentOutcome {
        Sent = "sent",
        /// Failed, and will be tried again.
        Retried = "retried",
        Dead = "dead",
        /// No longer true or too late.
        Expired = "expired",
        /// The resident cannot be written to now.
        Parked = "parked",
        /// Did not pass; another message goes by another door.
        Moved = "moved",
    }
}

/// A line of [`Metrics::set_open`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenRow {
    pub queue: String,
    pub status: String,
    pub count: i64,
}

/// A line of [`Metrics::set_outbox`].
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxRow {
    pub channel: String,
    pub pending: i64,
    /// Age of the oldest message that waits, in seconds.
    pub oldest_seconds: f64,
}

/// All figures. Share it in an `Arc`.
pub struct Metrics {
    registry: Registry,
    inbound: IntCounterVec,
    created: IntCounterVec,
    triage: IntCounterVec,
    corrections: IntCounterVec,
    breaches: IntCounterVec,
    sent: IntCounterVec,
    receipts: IntCounterVec,
    calls: IntCounterVec,
    open: Level,
    gaps: Level,
    timers: Level,
    outbox_pending: Level,
    outbox_oldest: Level,
    channel_up: Level,
    lag: Histogram,
    alarm_lag: Histogram,
    due: Level,
    oldest_due: Level,
    claimed: IntCounterVec,
    fired: IntCounterVec,
    repaired: IntCounterVec,
    let_go: IntCounterVec,
    upkeep: [Level; 3],
    part_up: [Level; 2],
    part_answer: [Level; 2],
    free: Level,
    http: HistogramVec,
}

impl Metrics {
    /// # Errors
    /// Only when two families have one name, which is a mistake in this file.
    pub fn new(known: &Known<'_>) -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let services: Vec<&str> = with_none(known.services);
        let queues: Vec<&str> = with_none(known.queues);
        let (channels, stages) = (("channel", known.channels), ("stage", known.stages));
        #[cfg(target_os = "linux")]
        registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        let new = Family::new(&registry);
        Ok(Self {
            inbound: new.counter(
                "jambyl_inbound_events_total",
                "Events that came in, by what became of them.",
                &[channels, ("outcome", InboundOutcome::WORDS)],
            )?,
            created: new.counter(
                "jambyl_requests_created_total",
                "Requests registered.",
                &[channels, ("class", known.classes), ("service", &services)],
            )?,
            triage: new.counter(
                "jambyl_triage_total",
                "Decisions of triage, by what was decided and how surely.",
                &[("head", Head::WORDS), ("outcome", TriageOutcome::WORDS)],
            )?,
            corrections: new.counter(
                "jambyl_triage_corrections_total",
                "What people changed in what triage had thought.",
                &[("head", Head::CORRECTED)],
            )?,
            breaches: new.counter("jambyl_sla_breaches_total", "Clocks that ran out.", &[("queue", &queues), stages])?,
            sent: new.counter("jambyl_outbox_sent_total", "Attempts to send, by outcome.", &[channels, ("outcome", SentOutcome::WORDS)])?,
            receipts: new.counter(
                "jambyl_delivery_receipts_total",
                "What providers told of messages that they had taken.",
                &[channels, ("stage", &["sent", "delivered", "read", "played", "failed"])],
            )?,
            calls: new.counter("jambyl_calls_total", "Calls of the call centre, by how they ended.", &[("outcome", known.call_outcomes)])?,
            open: new.level("jambyl_requests_open", "Requests that are open now.", &[("queue", &queues), ("status", known.statuses)])?,
            gaps: new.level("jambyl_shift_gaps", "Open requests that crews left behind at the end of a shift and handed to nobody.", &[])?,
            timers: new.level("jambyl_sla_timers_pending", "Clocks that run now; past 50,000 they are not counted on.", &[stages])?,
            outbox_pending: new.level("jambyl_outbox_pending", "Messages that wait to be sent; past 50,000 they are not counted on.", &[channels])?,
            outbox_oldest: new.level("jambyl_outbox_oldest_seconds", "Age of the oldest message that waits.", &[channels])?,
            channel_up: new.level("jambyl_channel_up", "1 when the channel works, else 0.", &[channels])?,
            lag: new.histogram("jambyl_sla_firing_lag_seconds", "From a deadline to the moment when its consequences were written.", LAG)?,
            alarm_lag: new.histogram(
                "jambyl_sla_alarm_lag_seconds",
                "From the time of a warning or an escalation to the moment when it was written.",
                LAG,
            )?,
            due: new.level("jambyl_sla_timers_due", "Clocks that have run out and were not fired yet.", &[stages])?,
            oldest_due: new.level("jambyl_sla_oldest_due_seconds", "How long ago the oldest clock ran out that was not fired yet.", &[])?,
            claimed: new.counter("jambyl_sla_timers_claimed_total", "Clocks that a worker took from the index to look at.", &[stages])?,
            fired: new.counter("jambyl_sla_timers_fired_total", "Clocks that were fired.", &[stages])?,
            repaired: new.counter(
                "jambyl_sla_timers_repaired_total",
                "Clocks put back into the index: all of them after a loss, or those that were overdue.",
                &[("why", &["rebuilt", "overdue"])],
            )?,
            let_go: new.counter("jambyl_retention_deleted_total", "Rows that had served their time and were let go.", &[("kind", known.kinds)])?,
            upkeep: [
                new.level("jambyl_backup_last_success_timestamp_seconds", "When a backup was last made whole; 0: never.", &[])?,
                new.level("jambyl_retention_last_success_timestamp_seconds", "When a round of letting go last ended whole; 0: never.", &[])?,
                new.level("jambyl_digest_last_success_timestamp_seconds", "When the daily digest was last sent; 0: never.", &[])?,
            ],
            part_up: [
                new.level("jambyl_database_up", "1 when the database answers, else 0.", &[])?,
                new.level("jambyl_redis_up", "1 when Redis answers or none is used, else 0.", &[])?,
            ],
            part_answer: [
                new.level("jambyl_database_answer_seconds", "How long the database took to answer when the metrics were asked for.", &[])?,
                new.level("jambyl_redis_answer_seconds", "How long Redis took to answer when the metrics were asked for.", &[])?,
            ],
            free: new.level("jambyl_disk_free_bytes", "Free bytes of the disk where a folder of ours lies.", &[("folder", known.folders)])?,
            http: new.http("http_request_duration_seconds", "Time to answer, by route pattern.", HTTP, known.routes)?,
            registry,
        })
    }

    pub fn inbound(&self, channel: &str, outcome: InboundOutcome) {
        self.inbound.with_label_values(&[channel, outcome.as_str()]).inc();
    }

    /// `service` is `None` when triage or the resident named none.
    pub fn request_created(&self, channel: &str, class: &str, service: Option<&str>) {
        self.created.with_label_values(&[channel, class, service.unwrap_or(NONE)]).inc();
    }

    pub fn triage(&self, head: Head, outcome: TriageOutcome) {
        self.triage.with_label_values(&[head.as_str(), outcome.as_str()]).inc();
    }

    /// A person changed what triage had thought.
    pub fn corrected(&self, head: Head) {
        self.corrections.with_label_values(&[head.as_str()]).inc();
    }

    /// `late` is the time from the deadline to the moment when its consequences were written.
    pub fn fired(&self, stage: &str, late: Duration) {
        self.lag.observe(late.as_secs_f64());
        self.fired.with_label_values(&[stage]).inc();
    }

    /// A worker took a clock from the index.
    pub fn claimed(&self, stage: &str) {
        self.claimed.with_label_values(&[stage]).inc();
    }

    /// Clocks were put back into the index: `rebuilt` after a loss, `overdue` when nobody had fired them.
    pub fn repaired(&self, why: &str, count: usize) {
        self.repaired.with_label_values(&[why]).inc_by(count as u64);
    }

    /// `late` is the time from the moment of a step to when it was written.
    pub fn alarm_lag(&self, late: Duration) {
        self.alarm_lag.observe(late.as_secs_f64());
    }

    /// Clocks that have run out and were not fired, by stage; what is not listed is zero.
    pub fn set_due(&self, rows: &[(String, i64)]) {
        self.due.set_all(rows.iter().map(|(stage, count)| (vec![stage.as_str()], *count as f64)));
    }

    /// Age of the oldest such clock, in seconds.
    pub fn set_oldest_due(&self, seconds: f64) {
        self.oldest_due.set_one(&[], seconds);
    }

    pub fn breach(&self, queue: Option<&str>, stage: &str) {
        self.breaches.with_label_values(&[queue.unwrap_or(NONE), stage]).inc();
    }

    pub fn sent(&self, channel: &str, outcome: SentOutcome) {
        self.sent.with_label_values(&[channel, outcome.as_str()]).inc();
    }

    /// A provider told what became of a message.
    pub fn receipt(&self, channel: &str, stage: &str) {
        self.receipts.with_label_values(&[channel, stage]).inc();
    }

    pub fn calls(&self, outcome: &str, n: u64) {
        self.calls.with_label_values(&[outcome]).inc_by(n);
    }

    pub fn set_channel_up(&self, channel: &str, up: bool) {
        self.channel_up.set_one(&[channel], f64::from(u8::from(up)));
    }

    /// `route` is the pattern, never the path: a path may hold a public number.
    pub fn http(&self, route: &str, method: &str, status: u16, took: Duration) {
        self.http.with_label_values(&[route, method, &status.to_string()]).observe(took.as_secs_f64());
    }

    /// Rows of one kind that had served their time.
    pub fn retention_deleted(&self, kind: &str, rows: u64) {
        self.let_go.with_label_values(&[kind]).inc_by(rows);
    }

    /// When backup, retention and digest were last done, in Unix seconds; 0: never.
    pub fn set_upkeep(&self, done: [f64; 3]) {
        for (level, at) in self.upkeep.iter().zip(done) {
            level.set_one(&[], at);
        }
    }

    /// How long database and Redis took to answer; none: they did not.
    pub fn set_parts(&self, answered: [Option<Duration>; 2]) {
        for ((up, took), answer) in self.part_up.iter().zip(&self.part_answer).zip(answered) {
            up.set_one(&[], f64::from(u8::from(answer.is_some())));
            took.set_one(&[], answer.unwrap_or_default().as_secs_f64());
        }
    }

    /// Free bytes of the disk where a folder lies.
    pub fn set_free(&self, folder: &str, bytes: u64) {
        self.free.set_one(&[folder], bytes as f64);
    }

    /// The open requests as the database counts them; what is not listed is zero.
    pub fn set_open(&self, rows: &[OpenRow]) {
        self.open.set_all(rows.iter().map(|row| (vec![row.queue.as_str(), row.status.as_str()], row.count as f64)));
    }

    /// Open requests that crews handed to nobody at the end of a shift.
    pub fn set_shift_gaps(&self, count: u64) {
        self.gaps.set_one(&[], count as f64);
    }

    /// Running clocks by stage; what is not listed is zero.
    pub fn set_timers(&self, rows: &[(String, i64)]) {
        self.timers.set_all(rows.iter().map(|(stage, count)| (vec![stage.as_str()], *count as f64)));
    }

    /// The waiting messages by channel; what is not listed is zero.
    pub fn set_outbox(&self, rows: &[OutboxRow]) {
        self.outbox_pending.set_all(rows.iter().map(|row| (vec![row.channel.as_str()], row.pending as f64)));
        self.outbox_oldest.set_all(rows.iter().map(|row| (vec![row.channel.as_str()], row.oldest_seconds.max(0.0))));
    }

    /// Everything in Prometheus' text format.
    #[must_use]
    pub fn encode(&self) -> String {
        TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap_or_else(|e| {
            tracing::error!(error = %e, "metrics cannot be written");
            String::new()
        })
    }
}

fn with_none<'a>(values: &[&'a str]) -> Vec<&'a str> {
    let mut all = values.to_vec();
    if !all.contains(&NONE) {
        all.push(NONE);
    }
    all
}

#[cfg(test)]
mod tests;
