//! The call centre: patience, figures, exchanges and the doors they bring their records through.

use crate::config::secret::Secret;
use crate::domain::class::words;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Calls. Spans are in seconds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calls {
    /// A missed call older than this when it reaches us is not called back.
    #[serde(rename = "callback_max_age")]
    pub callback_max_age_secs: u64,
    /// A caller is to be called back within this.
    #[serde(rename = "callback_within")]
    pub callback_within_secs: u64,
    /// Between two attempts.
    #[serde(rename = "callback_retry")]
    pub callback_retry_secs: u64,
    /// Attempts without an answer after which a caller is given up.
    pub callback_attempts: u32,
    /// Missed calls that make a caller urgent.
    pub callback_urgent_after: u32,
    /// How long after a call a request still belongs to it.
    #[serde(rename = "link_grace")]
    pub link_grace_secs: u64,
    /// Answered within this counts for the service level.
    #[serde(rename = "answer_within")]
    pub answer_within_secs: u64,
    /// Who hangs up sooner does not count.
    #[serde(rename = "short_abandon")]
    pub short_abandon_secs: u64,
    /// A further call within so many days is a repeated one.
    pub repeat_days: u64,
    /// The folder of recordings. Empty: none are served.
    pub recordings: String,
    pub sources: BTreeMap<String, CallSource>,
    pub doors: BTreeMap<String, CallDoor>,
}

/// One exchange.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallSource {
    /// A name of the zone database or an offset.
    pub timezone: String,
    /// Code before six local digits.
    pub city_code: String,
    /// Code before five local digits; empty: five digits are an extension.
    pub district_code: String,
    /// Contexts and numbers that are reached only while the service is closed.
    pub closed: Vec<String>,
    /// `number=queue`, for records that do not name the queue.
    pub queues: Vec<String>,
}

words! {
    /// What comes through a door.
    CallFormat {
        /// Documents of FreeSWITCH `mod_json_cdr`.
        FreeswitchJson = "freeswitch-json",
        /// Live events: ringing, answered, ended.
        Events = "events",
    }
}

/// One path `/webhooks/calls/{name}`. Without a secret it is closed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallDoor {
    pub format: CallFormat,
    /// The exchange that the records belong to.
    pub source: String,
    /// For HTTP basic.
    pub user: String,
    pub password: Secret,
    /// For HTTP bearer.
    pub token: Secret,
}

impl CallDoor {
    /// Somebody may come in.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.token.is_empty() || (!self.user.is_empty() && !self.password.is_empty())
    }
}
