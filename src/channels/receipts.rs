//! What a provider tells of a message of ours, in our words.

use crate::domain::inbound::{Failure, Receipt, ReceiptStage};
use bots::channel::{self as wire, SendError};

/// Why a message did not reach a person.
#[must_use]
pub const fn failure(e: &SendError) -> Failure {
    match e {
        SendError::Blocked => Failure::Blocked,
        SendError::Unreachable(_) => Failure::Unreachable,
        SendError::WindowClosed => Failure::Window,
        SendError::TemplateRefused(_) => Failure::Template,
        SendError::Stopped(_) => Failure::Stopped,
        SendError::Unauthorized => Failure::Unauthorized,
        SendError::Rejected(_) => Failure::Rejected,
        SendError::RetryAfter(_) | SendError::Throttled(_) | SendError::Transient(_) => Failure::Transient,
    }
}

/// How far it got.
#[must_use]
pub const fn stage(stage: wire::ReceiptStage) -> ReceiptStage {
    match stage {
        wire::ReceiptStage::Sent => ReceiptStage::Sent,
        wire::ReceiptStage::Delivered => ReceiptStage::Delivered,
        wire::ReceiptStage::Read => ReceiptStage::Read,
        wire::ReceiptStage::Played => ReceiptStage::Played,
        wire::ReceiptStage::Failed => ReceiptStage::Failed,
    }
}

/// A receipt.
#[must_use]
pub fn receipt(r: wire::Receipt) -> Receipt {
    Receipt { stage: stage(r.stage), failure: r.error.as_ref().map(failure), provider_id: r.provider_id, tag: r.tag, at: r.at }
}
