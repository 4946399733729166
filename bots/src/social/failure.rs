//! What refusals of the messaging of Instagram and Facebook mean. What is not particular to them is sorted by Meta's common table.

use crate::channel::SendError;
use crate::meta::failure::{self, ApiError, CallError};

/// Codes of refusals that are about permissions, unless a subcode tells of one person only.
const PERMISSION: [i64; 2] = [10, 200];

/// Sorts a failed call.
pub fn of(error: &CallError) -> SendError {
    match error {
        CallError::Api(api) => particular(api).unwrap_or_else(|| failure::of(error)),
        other => failure::of(other),
    }
}

fn particular(api: &ApiError) -> Option<SendError> {
    let rejected = |why: &str| SendError::Rejected(format!("{why} (code {})", api.code));
    Some(match (api.code, api.subcode) {
        // The person wrote too long ago; on Instagram, in Messenger, in Messenger by its newer rules.
        (_, Some(2_534_022 | 2_018_278 | 2_018_065)) => SendError::WindowClosed,
        (10, None) if api.detail.contains("outside of allowed window") => SendError::WindowClosed,
        (551, _) | (_, Some(1_545_041 | 2_018_108)) => SendError::Blocked,
        (_, Some(2_534_014 | 2_018_001)) => SendError::Unreachable(format!("no such person (code {})", api.code)),
        (_, Some(2_534_001)) => SendError::Unreachable("the person deleted the thread".to_owned()),
        (_, Some(1_545_133)) => SendError::Transient(format!("trouble at the provider (code {})", api.code)),
        // Perhaps by ourselves, when an earlier answer was lost on the way; the provider does not tell.
        (10_900, _) | (_, Some(2_534_025)) => rejected("the comment was already answered privately"),
        (10_901..=10_903, _) => rejected("the comment cannot be answered privately any more"),
        (100, Some(33)) => rejected("what was to be answered is gone"),
        // One person's matter must not look like a lost permission, which would stop everybody's messages.
        (code, Some(subcode)) if PERMISSION.contains(&code) => rejected(&format!("refused for this message, subcode {subcode}")),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: i64, subcode: Option<i64>, message: &str) -> SendError {
        let body = serde_json::json!({"error": {"code": code, "error_subcode": subcode, "message": message}}).to_string();
        of(&CallError::Api(ApiError::read(400, body.as_bytes(), None)))
    }

    #[test]
    fn particular_refusals() {
        for subcode in [2_534_022, 2_018_278, 2_018_065] {
            assert_eq!(refused(10, Some(subcode), ""), SendError::WindowClosed, "{subcode}");
        }
        assert_eq!(refused(10, None, "(#10) This message is sent outside of allowed window."), SendError::WindowClosed);
        assert_eq!(refused(551, Some(1_545_041), ""), SendError::Blocked);
        assert_eq!(refused(10, Some(2_018_108), ""), SendError::Blocked);
        assert_eq!(refused(200, Some(1_545_041), ""), SendError::Blocked);
        for subcode in [2_534_014, 2_018_001] {
            assert!(matches!(refused(100, Some(subcode), ""), SendError::Unreachable(_)), "{subcode}");
        }
        assert!(matches!(refused(10_900, None, ""), SendError::Rejected(_)));
        assert!(matches!(refused(100, Some(2_534_025), ""), SendError::Rejected(_)));
        assert!(matches!(refused(10_903, None, ""), SendError::Rejected(_)));
        assert!(matches!(refused(-1, Some(1_545_133), ""), SendError::Transient(_)));
    }

    #[test]
    fn a_permission_is_lost_only_when_no_person_is_meant() {
        assert_eq!(refused(10, None, "Application does not have permission"), SendError::Unauthorized);
        assert_eq!(refused(200, None, ""), SendError::Unauthorized);
        assert_eq!(refused(190, Some(463), ""), SendError::Unauthorized);
        assert!(matches!(refused(10, Some(2_534_999), ""), SendError::Rejected(_)));
        assert!(matches!(refused(200, Some(2_018_028), ""), SendError::Rejected(_)));
    }

    #[test]
    fn the_rest_is_common() {
        assert!(matches!(refused(2, None, ""), SendError::Transient(_)));
        assert!(matches!(refused(613, None, ""), SendError::Throttled(_)));
        assert!(matches!(refused(100, None, ""), SendError::Rejected(_)));
        assert!(matches!(of(&CallError::Unreadable), SendError::Transient(_)));
    }
}
