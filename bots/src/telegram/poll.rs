//! Long polling that keeps every update exactly as it came.
//!
//! teloxide's own polling hands over parsed values and forgets what it could not read. Here the caller first stores the bytes and then moves
//! the offset; Telegram forgets an update only when a later call asks for a higher offset.

use super::client::TelegramChannel;
use super::failure::{self, Reply};
use crate::raw::Object;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::time::Duration;
use thiserror::Error;

/// Time for the answer to travel, on top of the long poll itself.
const SLACK: Duration = Duration::from_secs(10);

/// Largest answer read, in bytes: a hundred updates of ordinary size take far less.
const LARGEST: usize = 32 * 1024 * 1024;

/// One update as it came.
#[derive(Clone, PartialEq, Eq)]
pub struct Raw {
    pub update_id: i64,
    /// The JSON object of this update, byte by byte as the provider wrote it.
    pub body: Vec<u8>,
}

// The body is a person's message.
impl std::fmt::Debug for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Raw").field("update_id", &self.update_id).field("body", &self.body.len()).finish()
    }
}

/// Why there are no updates.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PollError {
    /// A webhook is set, or somebody else polls the same bot.
    #[error("another receiver takes this bot's updates")]
    Conflict,
    #[error("the provider asks to wait {} s", .0.as_secs())]
    RetryAfter(Duration),
    #[error("try later: {0}")]
    Transient(String),
    #[error("the provider does not accept the bot token")]
    Unauthorized,
}

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    result: Vec<&'a RawValue>,
}

impl TelegramChannel {
    /// Waits up to `timeout` (whole seconds) for updates with a number of at least `offset`; an empty answer is ordinary.
    ///
    /// An update without a number cannot be confirmed and is left out.
    ///
    /// # Errors
    /// See [`PollError`]; nothing is confirmed by a failed call.
    pub async fn get_updates(&self, offset: i64, timeout: Duration) -> Result<Vec<Raw>, PollError> {
        let address = self.address(None, "getUpdates").map_err(|error| PollError::Transient(error.to_string()))?;
        let ask = serde_json::json!({ "offset": offset, "timeout": timeout.as_secs(), "allowed_updates": super::ALLOWED_UPDATES });
        let late = |error: reqwest::Error| PollError::Transient(failure::of_network(&error).to_owned());
        let request = self.http().post(address).timeout(timeout.saturating_add(SLACK)).json(&ask);
        let mut response = request.send().await.map_err(late)?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(late)? {
            if body.len().saturating_add(chunk.len()) > LARGEST {
                return Err(PollError::Transient("the answer is too large".to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        if status == 200 { read(&body) } else { Err(refusal(status, &body)) }
    }
}

fn read(body: &[u8]) -> Result<Vec<Raw>, PollError> {
    let batch: Batch<'_> = serde_json::from_slice(body).map_err(|_| PollError::Transient("unreadable answer".to_owned()))?;
    let update = |raw: &&RawValue| {
        let body = raw.get().as_bytes();
        match Object::of_body(body).and_then(|update| update.get("update_id")) {
            Some(update_id) => Some(Raw { update_id, body: body.to_vec() }),
            None => {
                tracing::warn!(update.bytes = body.len(), "an update without a number was left out");
                None
            }
        }
    };
    Ok(batch.result.iter().filter_map(update).collect())
}

fn refusal(status: u16, body: &[u8]) -> PollError {
    let reply: Reply = serde_json::from_slice(body).unwrap_or_default();
    let code = reply.error_code.unwrap_or_else(|| i64::from(status));
    match (code, reply.pause()) {
        (_, Some(pause)) => PollError::RetryAfter(pause),
        (401 | 404, None) => PollError::Unauthorized,
        (409, None) => PollError::Conflict,
        (429, None) => PollError::RetryAfter(failure::DEFAULT_PAUSE),
        (other, None) => PollError::Transient(format!("status {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn updates_keep_their_bytes() {
        let body = r#"{"ok":true,"result":[ {"update_id":7,  "x":1e400,"t":"\u0441у"} ,{"no":"number"},{"update_id":9}]}"#;
        let updates = read(body.as_bytes()).unwrap();
        assert_eq!(updates.iter().map(|u| u.update_id).collect::<Vec<_>>(), vec![7, 9]);
        assert_eq!(updates[0].body, r#"{"update_id":7,  "x":1e400,"t":"\u0441у"}"#.as_bytes());
        assert_eq!(read(br#"{"ok":true,"result":[]}"#), Ok(vec![]));
    }

    #[test]
    fn garbage_is_tried_again() {
        for body in [&b""[..], b"<html>", b"{}", br#"{"ok":true,"result":5}"#, b"\xff"] {
            assert_eq!(read(body), Err(PollError::Transient("unreadable answer".into())), "{body:?}");
        }
    }

    #[test]
    fn refusals_are_sorted() {
        let pause = |s| PollError::RetryAfter(Duration::from_secs(s));
        let table: [(u16, &str, PollError); 7] = [
            (409, r#"{"ok":false,"error_code":409,"description":"Conflict"}"#, PollError::Conflict),
            (429, r#"{"ok":false,"error_code":429,"parameters":{"retry_after":3}}"#, pause(3)),
            (429, "slow", pause(5)),
            (401, r#"{"ok":false,"error_code":401}"#, PollError::Unauthorized),
            (404, "", PollError::Unauthorized),
            (502, "<html>", PollError::Transient("status 502".into())),
            (302, "", PollError::Transient("status 302".into())),
        ];
        for (status, body, expected) in table {
            assert_eq!(refusal(status, body.as_bytes()), expected, "{status} {body}");
        }
    }

    #[test]
    fn bodies_stay_out_of_debug() {
        let raw = Raw { update_id: 1, body: br#"{"text":"secret"}"#.to_vec() };
        assert!(!format!("{raw:?}").contains("secret"));
    }
}
