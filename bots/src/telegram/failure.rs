//! What the provider's errors mean for the sender. Nothing here repeats addresses (they hold the token) or message text.

use crate::channel::{FetchError, SendError};
pub use crate::http::network as of_network;
use serde::Deserialize;
use std::time::Duration;
use teloxide::{ApiError, RequestError};

/// Waited when Telegram says "too many" without saying how long.
pub const DEFAULT_PAUSE: Duration = Duration::from_secs(5);

/// Longest reason kept, in characters.
const LONGEST_REASON: usize = 120;

/// The shape of every refusal, and of a send's answer where teloxide could not read it. Unknown parts are ignored.
#[derive(Debug, Default, Deserialize)]
pub struct Reply {
    #[serde(default)]
    pub ok: bool,
    pub error_code: Option<i64>,
    pub description: Option<String>,
    pub parameters: Option<Parameters>,
    result: Option<serde_json::Value>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Parameters {
    pub retry_after: Option<u64>,
    pub migrate_to_chat_id: Option<i64>,
}

impl Reply {
    /// Reads a body; `None` when it is not the provider's JSON at all (a proxy's page, a cut answer).
    pub fn of(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The handle of a message that was sent although teloxide could not read the answer. Without this a new message field would make us send
    /// everything twice.
    pub fn sent_message(&self) -> Option<i64> {
        self.result.as_ref().filter(|_| self.ok)?.get("message_id")?.as_i64()
    }

    /// How long to wait, if this refusal is about speed.
    pub fn pause(&self) -> Option<Duration> {
        match self.parameters.as_ref().and_then(|p| p.retry_after) {
            Some(seconds) => Some(Duration::from_secs(seconds)),
            None => (self.error_code == Some(429)).then_some(DEFAULT_PAUSE),
        }
    }
}

/// Sorts a failed call.
pub fn of_request(error: &RequestError) -> SendError {
    match error {
        RequestError::RetryAfter(seconds) => SendError::RetryAfter(seconds.duration()),
        RequestError::MigrateToChatId(chat) => moved(chat.0),
        RequestError::Network(error) => SendError::Transient(of_network(error).to_owned()),
        RequestError::Io(_) => SendError::Transient("input or output failed".to_owned()),
        RequestError::InvalidJson { raw, .. } => Reply::of(raw).map_or_else(unreadable, |reply| of_reply(&reply)),
        RequestError::Api(error) => of_api(error),
    }
}

fn of_api(error: &ApiError) -> SendError {
    match error {
        ApiError::BotBlocked
        | ApiError::ChatNotFound
        | ApiError::UserNotFound
        | ApiError::UserDeactivated
        | ApiError::GroupDeactivated
        | ApiError::BotKicked
        | ApiError::BotKickedFromSupergroup
        | ApiError::BotKickedFromChannel
        | ApiError::CantInitiateConversation
        | ApiError::CantTalkWithBots => SendError::Blocked,
        ApiError::InvalidToken => SendError::Unauthorized,
        ApiError::Unknown(text) => of_text(text),
        known => SendError::Rejected(reason(&known.to_string())),
    }
}

/// Sorts a refusal that teloxide could not read.
fn of_reply(reply: &Reply) -> SendError {
    if reply.ok {
        return unreadable();
    }
    if let Some(pause) = reply.pause() {
        return SendError::RetryAfter(pause);
    }
    if let Some(chat) = reply.parameters.as_ref().and_then(|p| p.migrate_to_chat_id) {
        return moved(chat);
    }
    let text = reply.description.as_deref().unwrap_or_default();
    match reply.error_code {
        Some(401 | 404) => SendError::Unauthorized,
        Some(403) => SendError::Blocked,
        Some(400..=499) => SendError::Rejected(reason(text)),
        Some(_) => SendError::Transient("trouble at the provider".to_owned()),
        None if text.is_empty() => unreadable(),
        None => of_text(text),
    }
}

/// Sorts a refusal by its first words, which repeat the HTTP status.
fn of_text(text: &str) -> SendError {
    if text.starts_with("Forbidden") {
        SendError::Blocked
    } else if text.starts_with("Unauthorized") {
        SendError::Unauthorized
    } else if text.starts_with("Too Many Requests") {
        SendError::RetryAfter(DEFAULT_PAUSE)
    } else if ["Internal Server Error", "Bad Gateway", "Service Unavailable", "Gateway Timeout"].iter().any(|head| text.starts_with(head)) {
        SendError::Transient("trouble at the provider".to_owned())
    } else {
        SendError::Rejected(reason(text))
    }
}

/// Whether an acknowledgement came too late. Telegram's spelling of this refusal has changed once, so teloxide may not know it.
pub fn is_old_press(error: &RequestError) -> bool {
    match error {
        RequestError::Api(ApiError::InvalidQueryId) => true,
        RequestError::Api(ApiError::Unknown(text)) => text.starts_with("Bad Request: query is too old"),
        _ => false,
    }
}

/// Sorts a failed request for a file.
pub fn of_fetch(error: &RequestError) -> FetchError {
    match error {
        RequestError::Api(ApiError::RequestEntityTooLarge) => FetchError::TooLarge,
        RequestError::Api(ApiError::WrongFileId | ApiError::WrongFileIdOrUrl | ApiError::FileIdInvalid) => FetchError::Gone,
        RequestError::Api(ApiError::Unknown(text)) if text.contains("file is too big") => FetchError::TooLarge,
        RequestError::Api(ApiError::Unknown(text)) if text.contains("temporarily unavailable") => {
            FetchError::Transient("the file is not available for now".to_owned())
        }
        RequestError::Api(ApiError::Unknown(text)) if text.starts_with("Bad Request") => FetchError::Gone,
        // The file is known, but there is no path to it any more.
        RequestError::InvalidJson { raw, .. } if Reply::of(raw).is_some_and(|reply| reply.ok) => FetchError::Gone,
        // The file itself may be fine; what stands in the way is named by its kind.
        other => FetchError::Transient(of_request(other).to_string()),
    }
}

fn moved(chat: i64) -> SendError {
    SendError::Rejected(format!("the chat moved to {chat}"))
}

fn unreadable() -> SendError {
    SendError::Transient("unreadable answer".to_owned())
}

/// The provider's own words as far as they are its own: some refusals go on with a piece of the message, after a second colon or in quotes.
fn reason(text: &str) -> String {
    let second_colon = text.match_indices(": ").nth(1).map(|(at, _)| at);
    let quote = text.find(['"', '«', '“']);
    let end = second_colon.into_iter().chain(quote).min().unwrap_or(text.len());
    let kept: String = text.get(..end).unwrap_or_default().chars().filter(|c| !c.is_control()).take(LONGEST_REASON).collect();
    kept.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(text: &str) -> RequestError {
        RequestError::Api(serde_json::from_value(text.into()).unwrap())
    }

    #[test]
    fn refusals_are_sorted() {
        let transient = || SendError::Transient("trouble at the provider".to_owned());
        let table = [
            ("Forbidden: bot was blocked by the user", SendError::Blocked),
            ("Forbidden: user is deactivated", SendError::Blocked),
            ("Forbidden: a reason of tomorrow", SendError::Blocked),
            ("Bad Request: chat not found", SendError::Blocked),
            ("Unauthorized", SendError::Unauthorized),
            ("Not Found", SendError::Unauthorized),
            ("Bad Gateway", transient()),
            ("Internal Server Error: restart", transient()),
            ("Too Many Requests: slow down", SendError::RetryAfter(DEFAULT_PAUSE)),
            ("Bad Request: message text is empty", SendError::Rejected("Bad Request: message text is empty".into())),
            ("Bad Request: can't parse entities: tag \"Абай 12\"", SendError::Rejected("Bad Request: can't parse entities".into())),
            ("Bad Request: odd text \"Абай 12\"", SendError::Rejected("Bad Request: odd text".into())),
        ];
        for (text, expected) in table {
            assert_eq!(of_request(&api(text)), expected, "{text}");
        }
    }

    #[test]
    fn unread_answers_are_sorted_by_their_code() {
        let table = [
            (r#"{"ok":false,"error_code":429}"#, SendError::RetryAfter(DEFAULT_PAUSE)),
            (r#"{"ok":false,"parameters":{"retry_after":9}}"#, SendError::RetryAfter(Duration::from_secs(9))),
            (r#"{"ok":false,"error_code":403}"#, SendError::Blocked),
            (r#"{"ok":false,"error_code":401}"#, SendError::Unauthorized),
            (r#"{"ok":false,"error_code":400,"parameters":{"migrate_to_chat_id":-100777}}"#, SendError::Rejected("the chat moved to -100777".into())),
            (r#"{"ok":false,"error_code":502}"#, SendError::Transient("trouble at the provider".into())),
            (r#"{"ok":true,"result":null}"#, unreadable()),
        ];
        for (text, expected) in table {
            assert_eq!(of_reply(&Reply::of(text).unwrap()), expected, "{text}");
        }
        assert!(Reply::of("<html>502</html>").is_none());
    }

    #[test]
    fn a_file_may_be_gone_large_or_late() {
        let table = [
            ("Bad Request: file is too big", FetchError::TooLarge),
            ("Bad Request: invalid file_id", FetchError::Gone),
            ("Bad Request: wrong file id", FetchError::Gone),
            ("Bad Request: wrong file_id or the file is temporarily unavailable", FetchError::Transient("the file is not available for now".into())),
            ("Unauthorized", FetchError::Transient(SendError::Unauthorized.to_string())),
        ];
        for (text, expected) in table {
            assert_eq!(of_fetch(&api(text)), expected, "{text}");
        }
    }

    #[test]
    fn reasons_are_short_and_clean() {
        assert_eq!(reason(&"я".repeat(500)).chars().count(), LONGEST_REASON);
        assert_eq!(reason("Bad\nRequest"), "BadRequest");
        assert_eq!(reason(""), "");
    }
}
