//! Hangup causes of FreeSWITCH (Q.850 and its own).

use crate::telephony::record::Ending;

const MISSED: [&str; 8] = [
    "NO_ANSWER",
    "NO_USER_RESPONSE",
    "ALLOTTED_TIMEOUT",
    "PROGRESS_TIMEOUT",
    "SUBSCRIBER_ABSENT",
    "CALL_REJECTED",
    "MEDIA_TIMEOUT",
    "USER_NOT_REGISTERED",
];
const CANCELLED: [&str; 9] = [
    "ORIGINATOR_CANCEL",
    "LOSE_RACE",
    "PICKED_OFF",
    "NORMAL_CLEARING",
    "NORMAL_UNSPECIFIED",
    "ATTENDED_TRANSFER",
    "BLIND_TRANSFER",
    "MANAGER_REQUEST",
    "SYSTEM_SHUTDOWN",
];
const CONGESTED: [&str; 6] = [
    "NORMAL_CIRCUIT_CONGESTION",
    "SWITCH_CONGESTION",
    "REQUESTED_CHAN_UNAVAIL",
    "NETWORK_OUT_OF_ORDER",
    "NORMAL_TEMPORARY_FAILURE",
    "BUSY_EVERYWHERE",
];
/// Causes of one word; every other known one has an underscore.
const ONE_WORD: [&str; 7] = ["NONE", "UNSPECIFIED", "SUCCESS", "CRASH", "INTERWORKING", "DECLINE", "GATEWAY_DOWN"];

/// Looks like a hangup cause and not like a disposition of Asterisk.
#[must_use]
pub fn known(cause: &str) -> bool {
    let shaped = cause.len() <= 48 && cause.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    shaped && (cause.contains('_') || ONE_WORD.contains(&cause))
}

/// The ending of a leg. An answered leg is answered whatever closed it.
#[must_use]
pub fn ending(cause: &str, answered: bool) -> Ending {
    match cause {
        _ if answered => Ending::Answered,
        "USER_BUSY" => Ending::Busy,
        c if MISSED.contains(&c) => Ending::NoAnswer,
        c if CANCELLED.contains(&c) => Ending::Cancelled,
        c if CONGESTED.contains(&c) => Ending::Congestion,
        _ => Ending::Failed,
    }
}
