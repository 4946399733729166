//! What refusals of the provider mean.

use crate::channel::SendError;
use crate::raw::Object;
use std::time::Duration;

/// Waited when the provider says "too many" without saying how long; it asks for no less than a minute then.
const PAUSE: Duration = Duration::from_secs(60);

/// What the provider's message says of a token that never was one.
const BAD_TOKEN: &str = "registration token";

/// Sorts an answer that is no success.
pub fn of(status: u16, pause: Option<Duration>, body: &[u8]) -> SendError {
    let error = Object::of_body(body).and_then(|top| top.object("error")).unwrap_or_default();
    let details = details(&error);
    let code = details.code.or_else(|| error.get("status")).unwrap_or_default();
    let told = |why: &str| format!("{why} (status {status})");
    match (code.as_str(), status) {
        ("UNREGISTERED", _) => SendError::Unreachable(told("the application is gone from the device")),
        ("SENDER_ID_MISMATCH", _) => SendError::Unreachable(told("the device's token belongs to another project")),
        ("INVALID_ARGUMENT", _) => {
            let message: String = error.get("message").unwrap_or_default();
            if details.field.as_deref() == Some("message.token") || (details.field.is_none() && message.contains(BAD_TOKEN)) {
                SendError::Unreachable(told("the device's token is no token"))
            } else {
                SendError::Rejected(told("the provider does not take the message"))
            }
        }
        // Only telephones of one maker; the others go on.
        ("THIRD_PARTY_AUTH_ERROR", _) => SendError::Rejected(told("the key for Apple's devices is missing or wrong")),
        ("QUOTA_EXCEEDED" | "RESOURCE_EXHAUSTED", _) | (_, 429) => SendError::Throttled(pause.unwrap_or(PAUSE).max(Duration::from_secs(1))),
        (_, 401 | 403) => SendError::Unauthorized,
        // Not a device: the project or the address. Tokens must not be thrown away over that.
        (_, 404) => SendError::Stopped(told("the project is not known")),
        (_, 400..=499) => SendError::Rejected(told("the provider does not take the message")),
        _ => pause.map_or_else(|| SendError::Transient(told("trouble at the provider")), SendError::Throttled),
    }
}

#[derive(Default)]
struct Details {
    /// The particular code of this service.
    code: Option<String>,
    /// The first field that the provider found wrong.
    field: Option<String>,
}

fn details(error: &Object<'_>) -> Details {
    let mut found = Details::default();
    for detail in crate::meta::piece::items(error.raw("details")).unwrap_or_default().into_iter().filter_map(Object::of) {
        found.code = found.code.or_else(|| detail.get("errorCode"));
        let fields = crate::meta::piece::items(detail.raw("fieldViolations")).unwrap_or_default();
        found.field = found.field.or_else(|| fields.into_iter().find_map(|raw| Object::of(raw)?.get("field")));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, code: &str, message: &str, details: &str) -> SendError {
        let body = format!(r#"{{"error":{{"code":{status},"message":"{message}","status":"{code}","details":[{details}]}}}}"#);
        of(status, None, body.as_bytes())
    }

    fn fcm(code: &str) -> String {
        format!(r#"{{"@type":"type.googleapis.com/google.firebase.fcm.v1.FcmError","errorCode":"{code}"}}"#)
    }

    #[test]
    fn dead_tokens() {
        let field = |name: &str| format!(r#"{},{{"@type":"x","fieldViolations":[{{"field":"{name}","description":"d"}}]}}"#, fcm("INVALID_ARGUMENT"));
        let text = "The registration token is not a valid FCM registration token";
        for dead in [
            refused(404, "NOT_FOUND", "Requested entity was not found.", &fcm("UNREGISTERED")),
            refused(403, "PERMISSION_DENIED", "SenderId mismatch", &fcm("SENDER_ID_MISMATCH")),
            refused(400, "INVALID_ARGUMENT", text, &fcm("INVALID_ARGUMENT")),
            refused(400, "INVALID_ARGUMENT", "x", &field("message.token")),
        ] {
            assert!(matches!(dead, SendError::Unreachable(_)), "{dead}");
        }
        for alive in [
            refused(404, "NOT_FOUND", "Requested entity was not found.", ""),
            refused(400, "INVALID_ARGUMENT", "Invalid value at message.data", &field("message.data")),
            refused(400, "INVALID_ARGUMENT", text, &field("message.data")),
            refused(403, "PERMISSION_DENIED", "no", ""),
        ] {
            assert!(!matches!(alive, SendError::Unreachable(_)), "{alive}");
        }
    }

    #[test]
    fn the_rest() {
        let table = [
            (refused(401, "UNAUTHENTICATED", "", ""), SendError::Unauthorized),
            (refused(403, "PERMISSION_DENIED", "", ""), SendError::Unauthorized),
            (
                refused(401, "UNAUTHENTICATED", "", &fcm("THIRD_PARTY_AUTH_ERROR")),
                SendError::Rejected("the key for Apple's devices is missing or wrong (status 401)".into()),
            ),
            (refused(429, "RESOURCE_EXHAUSTED", "", &fcm("QUOTA_EXCEEDED")), SendError::Throttled(PAUSE)),
            (refused(503, "UNAVAILABLE", "", &fcm("UNAVAILABLE")), SendError::Transient("trouble at the provider (status 503)".into())),
            (refused(500, "INTERNAL", "", &fcm("INTERNAL")), SendError::Transient("trouble at the provider (status 500)".into())),
            (refused(404, "NOT_FOUND", "", ""), SendError::Stopped("the project is not known (status 404)".into())),
            (of(400, None, b"<html>"), SendError::Rejected("the provider does not take the message (status 400)".into())),
            (of(502, None, b""), SendError::Transient("trouble at the provider (status 502)".into())),
            (of(503, Some(Duration::from_secs(9)), b""), SendError::Throttled(Duration::from_secs(9))),
            (of(302, None, b""), SendError::Transient("trouble at the provider (status 302)".into())),
        ];
        for (got, expected) in table {
            assert_eq!(got, expected);
        }
    }
}
