//! The background loops, the dialogue's patience and the end of the process.

use serde::{Deserialize, Serialize};

/// Taking in what was received.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intake {
    /// Events claimed at once.
    pub batch: u64,
    /// Batches worked on side by side; SQLite always has one.
    pub lanes: usize,
    pub poll_ms: u64,
    pub lease_secs: u64,
    /// Failures after which an event is parked and shown.
    pub max_attempts: u32,
}

/// Sending what was decided.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outbox {
    pub lease_secs: u64,
    pub poll_ms: u64,
    /// Failures after which a message is dead and shown.
    pub max_attempts: u32,
    /// The first wait after a failure; it doubles.
    pub base_backoff_ms: u64,
    pub max_backoff_secs: u64,
    /// Messages sent side by side.
    pub workers: usize,
    /// The least time between two messages of one chat.
    pub per_chat_interval_ms: u64,
}

/// Firing clocks.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timers {
    pub poll_ms: u64,
    pub lease_secs: u64,
    /// Clocks claimed at once.
    pub batch: u64,
}

/// The patience of the conversation.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dialogue {
    /// An unanswered question is given up after this, and what is known is registered.
    pub silence_secs: u64,
    /// A further message within this joins the request just made.
    pub join_window_secs: u64,
    /// A message older than this on arrival is not answered with questions.
    pub stale_secs: u64,
}

/// The gates of triage, and learning from what people correct.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Triage {
    /// Shares of wrong answers that the gates may let through, 0 to 1.
    pub service_error: f32,
    pub class_error: f32,
    /// The share of false alarms among all warnings of danger.
    pub hazard_error: f32,
    /// The local hour, 0 to 23, from which the nightly refit is due.
    pub refit_hour: u32,
}

/// How long work in hand may take at the end.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shutdown {
    pub deadline_secs: u64,
}
