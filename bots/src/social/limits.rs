//! How long things may be, per platform.

use super::incoming::Platform;
use crate::text::Limit;

/// Most quick replies under a message.
pub const MOST_KEYS: usize = 13;

/// Longest label of a quick reply; the provider shows no more.
pub const LABEL: Limit = Limit::Chars(20);

/// Longest data behind a quick reply, in bytes. The provider takes a thousand characters; our other wires take less.
pub const LONGEST_DATA: usize = 1000;

/// One direct message.
pub const fn message(platform: Platform) -> Limit {
    match platform {
        Platform::Instagram => Limit::Bytes(1000),
        Platform::Facebook => Limit::Chars(2000),
    }
}

/// One answer in public.
pub const fn comment(platform: Platform) -> Limit {
    match platform {
        // What the application lets a person write.
        Platform::Instagram => Limit::Chars(2200),
        Platform::Facebook => Limit::Chars(8000),
    }
}
