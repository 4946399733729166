//! What the gateway's answer to a sending means. Nothing of the answer is repeated but short codes.

use super::gateway::{Answer, Fate};
use crate::channel::SendError;
use serde_json::Value;
use std::borrow::Cow;
use std::time::Duration;

/// Waited when the gateway says "too fast" without saying how long.
const PAUSE: Duration = Duration::from_secs(30);

/// Longest handle that is kept, in characters.
const LONGEST_HANDLE: usize = 200;

/// Longest code that is repeated, in characters.
const LONGEST_CODE: usize = 20;

/// One answer, ready to be looked into.
pub struct Reply<'a> {
    pub status: u16,
    /// How long the gateway asks to wait, by the header.
    pub pause: Option<Duration>,
    text: Cow<'a, str>,
    json: Option<Value>,
}

impl<'a> Reply<'a> {
    pub fn new(status: u16, pause: Option<Duration>, body: &'a [u8]) -> Self {
        Self { status, pause, text: String::from_utf8_lossy(body), json: serde_json::from_slice(body).ok() }
    }

    /// The value at a pointer as text; `None` when it is absent, null, empty or no single value.
    fn at(&self, pointer: &str) -> Option<String> {
        let text = match pointer {
            "" => return None,
            "body" => self.text.trim().to_owned(),
            _ => text(self.json.as_ref()?.pointer(pointer)?)?,
        };
        (!text.is_empty()).then_some(text)
    }
}

/// A single value as text.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// The handle of a message that was taken; `ours` when the gateway gives none by agreement.
///
/// # Errors
/// Why it was not taken.
pub fn read(answer: &Answer, reply: &Reply<'_>, ours: &str) -> Result<String, SendError> {
    let ok = reply.at(&answer.ok);
    let well = match (&ok, answer.ok.is_empty()) {
        (_, true) => None,
        (Some(word), _) => Some(answer.ok_values.iter().any(|value| fits(value, word))),
        (None, _) => Some(false),
    };
    // Where one value tells both, a word of success is no error.
    let code = reply.at(&answer.error).filter(|code| well != Some(true) || answer.codes.contains_key(code)).or(ok.filter(|_| well == Some(false)));
    let fate = code.as_ref().and_then(|code| answer.codes.get(code));
    let told = code.as_deref().map_or_else(|| "no code".to_owned(), |code| format!("code {}", tidy(code)));
    if let Some(fate) = fate {
        return Err(of_fate(*fate, &told, reply.pause));
    }
    if !(200..300).contains(&reply.status) {
        return Err(of_status(reply, &told));
    }
    if code.is_some() || well == Some(false) {
        // A gateway's own refusal that nobody has described yet.
        return Err(SendError::Transient(format!("the gateway did not take it ({told})")));
    }
    if answer.id == "ref" {
        return Ok(ours.to_owned());
    }
    let handle = reply.at(&answer.id).filter(|handle| handle.chars().count() <= LONGEST_HANDLE && !handle.chars().any(char::is_control));
    handle.ok_or_else(|| SendError::Transient("the answer names no message".to_owned()))
}

/// What a described code means.
pub fn of_fate(fate: Fate, told: &str, pause: Option<Duration>) -> SendError {
    match fate {
        Fate::Later => SendError::Transient(told.to_owned()),
        Fate::Wait => SendError::Throttled(pause.unwrap_or(PAUSE)),
        Fate::Unreachable => SendError::Unreachable(told.to_owned()),
        Fate::Blocked => SendError::Blocked,
        Fate::Unauthorized => SendError::Unauthorized,
        Fate::Stopped => SendError::Stopped(told.to_owned()),
        Fate::Rejected => SendError::Rejected(told.to_owned()),
    }
}

fn of_status(reply: &Reply<'_>, told: &str) -> SendError {
    let told = format!("status {}, {told}", reply.status);
    match reply.status {
        401 | 403 => SendError::Unauthorized,
        402 => SendError::Stopped(told),
        // The address in the description is wrong: every message fails alike.
        301..=308 | 404 | 405 | 410 => SendError::Stopped(told),
        408 | 425 => SendError::Transient(told),
        429 => SendError::Throttled(reply.pause.unwrap_or(PAUSE)),
        400..=499 => SendError::Rejected(told),
        _ => reply.pause.map_or(SendError::Transient(told), SendError::Throttled),
    }
}

fn fits(value: &str, word: &str) -> bool {
    value.strip_suffix('*').map_or_else(|| value == word, |head| word.starts_with(head))
}

/// A code fit for logs: it comes from outside and may hold anything.
pub fn tidy(code: &str) -> String {
    let fit = code.chars().count() <= LONGEST_CODE && code.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ' '));
    if fit { code.to_owned() } else { "unknown".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(answer: &Answer, status: u16, body: &str) -> Result<String, SendError> {
        read(answer, &Reply::new(status, None, body.as_bytes()), "ours-1")
    }

    /// `{"code":0,"data":{"id":"…"}}`, where another code is a refusal.
    fn coded() -> Answer {
        Answer {
            id: "/data/id".into(),
            ok: "/code".into(),
            ok_values: vec!["0".into()],
            error: "/code".into(),
            codes: [
                ("1", Fate::Unreachable),
                ("2", Fate::Stopped),
                ("3", Fate::Wait),
                ("4", Fate::Blocked),
                ("5", Fate::Unauthorized),
                ("6", Fate::Rejected),
            ]
            .map(|(code, fate)| (code.to_owned(), fate))
            .into(),
        }
    }

    /// `{"id":1}` or `{"error_code":6}`, both with status 200.
    fn plain() -> Answer {
        Answer { id: "/id".into(), error: "/error_code".into(), codes: [("6".to_owned(), Fate::Rejected)].into(), ..Answer::default() }
    }

    #[test]
    fn taken() {
        assert_eq!(of(&coded(), 200, r#"{"code":0,"data":{"id":"a-7"}}"#).unwrap(), "a-7");
        assert_eq!(of(&plain(), 200, r#"{"id":1234567}"#).unwrap(), "1234567");
        assert_eq!(of(&plain(), 202, r#"{"id":"x","error_code":null}"#).unwrap(), "x");
        let text = Answer { id: "ref".into(), ok: "body".into(), ok_values: vec!["0: Accepted*".into()], ..Answer::default() };
        assert_eq!(of(&text, 202, "0: Accepted for delivery\n").unwrap(), "ours-1");
        let bare = Answer { id: "body".into(), ..Answer::default() };
        assert_eq!(of(&bare, 200, " 998877\r\n").unwrap(), "998877");
    }

    #[test]
    fn refused_by_a_code() {
        let code = |n: u8| of(&coded(), 200, &format!(r#"{{"code":{n}}}"#)).unwrap_err();
        assert_eq!(code(1), SendError::Unreachable("code 1".into()));
        assert_eq!(code(2), SendError::Stopped("code 2".into()));
        assert_eq!(code(3), SendError::Throttled(PAUSE));
        assert_eq!(code(4), SendError::Blocked);
        assert_eq!(code(5), SendError::Unauthorized);
        assert_eq!(code(6), SendError::Rejected("code 6".into()));
        assert_eq!(code(9), SendError::Transient("the gateway did not take it (code 9)".into()));
        assert_eq!(of(&plain(), 200, r#"{"error_code":6}"#).unwrap_err(), SendError::Rejected("code 6".into()));
        // A described code goes before the status.
        assert_eq!(of(&plain(), 500, r#"{"error_code":6}"#).unwrap_err(), SendError::Rejected("code 6".into()));
        assert!(matches!(of(&plain(), 400, r#"{"error_code":7}"#), Err(SendError::Rejected(_))));
    }

    #[test]
    fn refused_by_the_status() {
        let table: [(u16, SendError); 12] = [
            (401, SendError::Unauthorized),
            (403, SendError::Unauthorized),
            (402, SendError::Stopped("status 402, no code".into())),
            (404, SendError::Stopped("status 404, no code".into())),
            (302, SendError::Stopped("status 302, no code".into())),
            (408, SendError::Transient("status 408, no code".into())),
            (400, SendError::Rejected("status 400, no code".into())),
            (422, SendError::Rejected("status 422, no code".into())),
            (429, SendError::Throttled(PAUSE)),
            (500, SendError::Transient("status 500, no code".into())),
            (503, SendError::Transient("status 503, no code".into())),
            (100, SendError::Transient("status 100, no code".into())),
        ];
        for (status, expected) in table {
            assert_eq!(of(&plain(), status, "<html>").unwrap_err(), expected, "{status}");
        }
        let busy = Reply::new(503, Some(Duration::from_secs(7)), b"");
        assert_eq!(read(&plain(), &busy, ""), Err(SendError::Throttled(Duration::from_secs(7))));
    }

    #[test]
    fn an_answer_without_a_handle_is_no_success() {
        for body in ["", "{}", "<html>", "[]", r#"{"id":null}"#, r#"{"id":""}"#, r#"{"id":{"a":1}}"#, r#"{"id":"a\u0000"}"#] {
            assert!(matches!(of(&plain(), 200, body), Err(SendError::Transient(_))), "{body}");
        }
        assert!(matches!(of(&coded(), 200, "{}"), Err(SendError::Transient(_))));
    }

    #[test]
    fn codes_are_tidied() {
        assert_eq!(tidy("E-12.a_b"), "E-12.a_b");
        for odd in ["қате", "a\nb", &"1".repeat(21), "+77015551122"] {
            assert_eq!(tidy(odd), "unknown");
        }
    }
}
