//! What a step answers: the new memory, words to say, and commands for the caller to carry out.

use super::state::{Conversation, Draft};
use crate::domain::ids::{DistrictCode, ServiceCode};
use crate::domain::inbound::MediaRef;
use crate::domain::outgoing::{Keyboard, Params, Rank};
use crate::domain::phone::Phone;
use crate::domain::sla::PauseReason;
use crate::domain::time::Instant;
use crate::domain::{Lang, RequestNumber};

/// The result of one step.
///
/// Order of speaking: says of [`Rank::Safety`], then what the caller answers to the commands (in their order), then the other says. The language
/// of all of it is [`Conversation::reply_lang`] of `state`.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub state: Conversation,
    pub says: Vec<Say>,
    pub commands: Vec<Command>,
    /// When to give [`super::Input::Silence`]; `None` takes an earlier appointment away.
    pub silence_at: Option<Instant>,
}

/// Words to say, by template key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Say {
    pub key: String,
    pub params: Params,
    pub keyboard: Keyboard,
    pub rank: Rank,
}

/// What the caller is to do. The reply that depends on its result is the caller's.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "a step makes one or two of these; a box would only stand in the way of reading")]
pub enum Command {
    /// Register a request, tell its number, and call [`Conversation::registered`].
    Register(Draft),
    /// The resident said more. `text` is empty when only files came.
    AddMessage {
        number: RequestNumber,
        text: String,
        media: Vec<MediaRef>,
        /// Do not acknowledge: the rest of an album, or files that go with another command.
        quiet: bool,
    },
    /// The place of a registered request became known.
    Locate {
        number: RequestNumber,
        location: Option<(f64, f64)>,
        district: Option<DistrictCode>,
        /// The district is not certain: it only completes what is unknown.
        rough: bool,
        text: Option<String>,
    },
    /// The resident says it is fixed.
    Confirm {
        number: RequestNumber,
    },
    /// The resident says it is not.
    NotFixed {
        number: RequestNumber,
        reason: Option<String>,
    },
    /// `score` is 1 to 5.
    Rate {
        number: RequestNumber,
        score: u8,
    },
    /// The resident says that it is about something else.
    Correct {
        number: RequestNumber,
        service: ServiceCode,
    },
    /// The resident wants a person: unset, the request registered by the command before, or the last one.
    Operator {
        number: Option<RequestNumber>,
        /// Their words; empty when they stand in the request already.
        text: String,
    },
    /// The resident wants to take a registered request back.
    Withdraw {
        number: RequestNumber,
        text: String,
    },
    ShowMine,
    ShowStatus {
        number: RequestNumber,
    },
    /// Chosen by button; keep it with the resident too.
    SetLanguage(Lang),
    /// The wire proves that the number is the resident's.
    SetPhone(Phone),
    /// Send a code there: the resident says that the number is theirs.
    SendCode {
        phone: Phone,
    },
    /// The code came back, perhaps; call [`Conversation::proved`] when it is right.
    ProveCode {
        phone: Phone,
        code: String,
    },
    /// A member of staff names the code that the console gave.
    LinkStaff {
        code: String,
    },
    Crew(CrewCommand),
    MarkBlocked,
    MarkUnblocked,
}

/// What a crew does from its chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CrewCommand {
    Jobs,
    Accept {
        number: RequestNumber,
    },
    /// On the way.
    Start {
        number: RequestNumber,
    },
    Arrive {
        number: RequestNumber,
    },
    /// Cannot go on for now.
    Hold {
        number: RequestNumber,
        why: PauseReason,
    },
    Resume {
        number: RequestNumber,
    },
    Done {
        number: RequestNumber,
        note: Option<String>,
        media: Vec<MediaRef>,
    },
}
