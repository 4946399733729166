//! What the provider's error codes mean for the sender. Nothing here repeats addresses, tokens, numbers of people or message text.

use crate::channel::SendError;
use crate::raw::Object;
use std::time::Duration;
use thiserror::Error;

/// Stands for the code where the answer has none.
pub const NO_CODE: i64 = -1;

/// One person gets about a message in six seconds.
const PAIR_PAUSE: Duration = Duration::from_secs(6);

/// Waited when the account sends more messages a second than it may.
const BURST_PAUSE: Duration = Duration::from_secs(2);

/// Waited when the hourly share of calls is used up and the provider does not say how long.
const SHARE_PAUSE: Duration = Duration::from_secs(120);

/// Longest detail kept, in characters.
const LONGEST_DETAIL: usize = 120;

/// Runs of digits from this length on may be a number of a person.
const TELLING_DIGITS: usize = 6;

/// Why a call brought nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CallError {
    /// The provider answered and refused.
    #[error("the provider refused: status {}, code {}", .0.status, .0.code)]
    Api(ApiError),
    /// No answer, or it broke off.
    #[error("{0}")]
    Network(String),
    /// An answer that is not the provider's JSON: a proxy's page, a cut body.
    #[error("unreadable answer")]
    Unreadable,
}

/// A refusal in the provider's numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// Of HTTP.
    pub status: u16,
    /// [`NO_CODE`] when the body told none.
    pub code: i64,
    pub subcode: Option<i64>,
    /// The provider itself calls it passing.
    pub transient: bool,
    /// How long the provider asks to wait, by the header.
    pub retry_after: Option<Duration>,
    /// The provider's explanation, made safe to keep.
    pub detail: String,
}

impl ApiError {
    /// Reads a refusal's body. What is missing or of another shape is left out.
    #[must_use]
    pub fn read(status: u16, body: &[u8], retry_after: Option<Duration>) -> Self {
        let top = Object::of_body(body).unwrap_or_default();
        let error = top.object("error").unwrap_or_default();
        Self {
            status,
            code: error.get("code").unwrap_or(NO_CODE),
            subcode: error.get("error_subcode"),
            transient: error.get("is_transient").unwrap_or(false),
            retry_after,
            detail: detail(&error),
        }
    }
}

/// Sorts a failed call.
#[must_use]
pub fn of(error: &CallError) -> SendError {
    match error {
        CallError::Network(why) => SendError::Transient(why.clone()),
        CallError::Unreadable => SendError::Transient("unreadable answer".to_owned()),
        CallError::Api(api) => of_code(api.code, &api.detail, api.retry_after).unwrap_or_else(|| of_status(api)),
    }
}

/// Sorts an error that the provider reports in a webhook: no HTTP status stands beside it.
#[must_use]
pub fn of_report(error: &Object<'_>) -> SendError {
    let code = error.get("code").unwrap_or(NO_CODE);
    let detail = detail(error);
    of_code(code, &detail, None).unwrap_or_else(|| SendError::Rejected(told(code, "", &detail)))
}

/// The meaning of a code; `None` when the HTTP status has to decide.
fn of_code(code: i64, detail: &str, pause: Option<Duration>) -> Option<SendError> {
    let unreachable = |why: &str| SendError::Unreachable(format!("{why} (code {code})"));
    let stopped = |why: &str| SendError::Stopped(format!("{why} (code {code})"));
    Some(match code {
        0 | 3 | 10 | 102 | 190 | 200..=299 | 131_005 => SendError::Unauthorized,
        2 | 1200 | 131_000 | 131_016 | 131_057 | 133_004 => SendError::Transient(format!("trouble at the provider (code {code})")),
        4 | 17 | 32 | 613 | 80_000..=80_014 => SendError::Throttled(pause.unwrap_or(SHARE_PAUSE)),
        130_429 => SendError::Throttled(pause.unwrap_or(BURST_PAUSE)),
        131_056 => SendError::RetryAfter(pause.unwrap_or(PAIR_PAUSE).max(PAIR_PAUSE)),
        470 | 131_047 => SendError::WindowClosed,
        130_403 => SendError::Blocked,
        131_026 => unreachable("no account, an old application or terms not accepted"),
        131_030 => unreachable("a test number writes to listed people only"),
        131_062 => unreachable("this message needs the person's number"),
        132_000..=132_018 => SendError::TemplateRefused(told(code, "", detail)),
        130_472 | 131_049 | 131_050 => SendError::TemplateRefused(format!("not delivered to this person now (code {code})")),
        33 | 133_010 => stopped("the number is not registered any more"),
        368 | 131_031 => stopped("the account is locked"),
        130_497 => stopped("messages to this country are not allowed"),
        131_037 => stopped("the account's name is not approved"),
        131_042 => stopped("payment"),
        131_045 => stopped("the number's registration"),
        131_048 => stopped("too many complaints about our messages"),
        100 | 131_008 | 131_009 | 131_021 | 131_051..=131_053 | 131_055 | 135_000 => SendError::Rejected(told(code, "", detail)),
        _ => return None,
    })
}

fn of_status(api: &ApiError) -> SendError {
    match api.status {
        429 => SendError::Throttled(api.retry_after.unwrap_or(SHARE_PAUSE)),
        500.. => SendError::Transient(format!("status {}", api.status)),
        _ if api.transient => SendError::Transient(format!("trouble at the provider (code {})", api.code)),
        401 | 403 => SendError::Unauthorized,
        // A way through a proxy or a gate of somebody else: the provider itself has not spoken.
        _ if api.code == NO_CODE => SendError::Transient(format!("status {}", api.status)),
        status => SendError::Rejected(told(api.code, &format!("status {status}, "), &api.detail)),
    }
}

fn told(code: i64, before: &str, detail: &str) -> String {
    if detail.is_empty() { format!("{before}code {code}") } else { format!("{before}code {code}: {detail}") }
}

/// The explanation as far as it is the provider's own: quotes from messages are cut off, long numbers hidden.
fn detail(error: &Object<'_>) -> String {
    let details = error.object("error_data").and_then(|data| data.get::<String>("details"));
    let text = details.or_else(|| error.get("message")).or_else(|| error.get("title")).unwrap_or_default();
    let own = text.split(['"', '«', '“']).next().unwrap_or_default();
    let clean: String = own.chars().filter(|c| !c.is_control()).take(LONGEST_DETAIL).collect();
    hide_numbers(clean.trim_end())
}

fn hide_numbers(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_ascii_digit() {
            run.push(c);
            continue;
        }
        shown.push_str(if run.len() >= TELLING_DIGITS { "…" } else { &run });
        run.clear();
        if c != '\0' {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, body: &str) -> SendError {
        of(&CallError::Api(ApiError::read(status, body.as_bytes(), None)))
    }

    #[test]
    fn codes_are_sorted() {
        let code = |code: i64| refused(400, &format!(r#"{{"error":{{"code":{code}}}}}"#));
        for c in [0, 3, 10, 190, 200, 299] {
            assert_eq!(code(c), SendError::Unauthorized, "{c}");
        }
        for c in [2, 131_000, 131_016, 133_004, 131_057] {
            assert!(matches!(code(c), SendError::Transient(_)), "{c}");
        }
        for c in [4, 80_007] {
            assert_eq!(code(c), SendError::Throttled(SHARE_PAUSE), "{c}");
        }
        assert_eq!(code(130_429), SendError::Throttled(BURST_PAUSE));
        assert_eq!(code(131_056), SendError::RetryAfter(PAIR_PAUSE));
        assert_eq!(code(131_047), SendError::WindowClosed);
        assert_eq!(code(130_403), SendError::Blocked);
        for c in [131_026, 131_030, 131_062] {
            assert!(matches!(code(c), SendError::Unreachable(_)), "{c}");
        }
        for c in [132_000, 132_001, 132_005, 132_007, 132_012, 132_015, 132_016, 132_018, 131_049, 131_050, 130_472] {
            assert!(matches!(code(c), SendError::TemplateRefused(_)), "{c}");
        }
        for c in [131_031, 368, 130_497, 131_042, 131_045, 131_048, 33, 133_010] {
            assert!(matches!(code(c), SendError::Stopped(_)), "{c}");
        }
        for c in [100, 131_008, 131_009, 135_000, 131_021, 131_051, 131_052, 131_053, 777_777] {
            assert!(matches!(code(c), SendError::Rejected(_)), "{c}");
        }
    }

    #[test]
    fn without_a_known_code_the_status_decides() {
        let table = [
            (500, "<html>", SendError::Transient("status 500".into())),
            (502, r#"{"error":{"code":1}}"#, SendError::Transient("status 502".into())),
            (400, r#"{"error":{"code":1}}"#, SendError::Rejected("status 400, code 1".into())),
            (400, r#"{"error":{"code":1,"is_transient":true}}"#, SendError::Transient("trouble at the provider (code 1)".into())),
            (429, "{}", SendError::Throttled(SHARE_PAUSE)),
            (401, "", SendError::Unauthorized),
            (403, "[]", SendError::Unauthorized),
            (404, "<html>", SendError::Transient("status 404".into())),
            (418, r#"{"error":"teapot"}"#, SendError::Transient("status 418".into())),
            (400, r#"{"error":{"code":"190"}}"#, SendError::Transient("status 400".into())),
            (400, r#"{"error":{"code":1e99,"message":7}}"#, SendError::Transient("status 400".into())),
        ];
        for (status, body, expected) in table {
            assert_eq!(refused(status, body), expected, "{status} {body}");
        }
        let waited = |code| ApiError::read(400, format!(r#"{{"error":{{"code":{code}}}}}"#).as_bytes(), Some(Duration::from_secs(40)));
        assert_eq!(of(&CallError::Api(waited(4))), SendError::Throttled(Duration::from_secs(40)));
        assert_eq!(of(&CallError::Unreadable), SendError::Transient("unreadable answer".into()));
    }

    #[test]
    fn reports_are_sorted_alike() {
        let report = |text: &str| of_report(&Object::of_body(text.as_bytes()).unwrap());
        assert_eq!(report(r#"{"code":131047}"#), SendError::WindowClosed);
        assert_eq!(report(r#"{"code":555,"title":"New"}"#), SendError::Rejected("code 555: New".into()));
        assert_eq!(report("{}"), SendError::Rejected("code -1".into()));
    }

    #[test]
    fn details_tell_no_secrets() {
        let body = r#"{"error":{"code":100,"error_data":{"details":"Param \u041f of 77015551122 is \"Абай 12\" too\nlong"}}}"#;
        assert_eq!(refused(400, body), SendError::Rejected("code 100: Param П of … is".into()));
        let long = format!(r#"{{"error":{{"code":100,"message":"{}"}}}}"#, "я".repeat(5000));
        let SendError::Rejected(why) = refused(400, &long) else { panic!() };
        assert_eq!(why.chars().count(), "code 100: ".len() + LONGEST_DETAIL);
        assert_eq!(hide_numbers("131047 in 24 h 77015551122"), "… in 24 h …");
    }
}
