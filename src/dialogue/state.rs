//! What a chat remembers between two messages. It is stored as JSON; old rows must still read, so new fields have defaults.

use crate::domain::class::{Hazard, words};
use crate::domain::ids::{DistrictCode, ServiceCode};
use crate::domain::inbound::MediaRef;
use crate::domain::phone::Phone;
use crate::domain::reading::Reading;
use crate::domain::time::Instant;
use crate::domain::{Lang, RequestNumber};
use serde::{Deserialize, Serialize};

/// The memory of one chat.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Conversation {
    pub step: Step,
    /// Chosen by a button, else learned from what was written last.
    pub lang: Option<Lang>,
    /// `lang` was chosen by a button: what is written later no longer changes it.
    pub lang_chosen: bool,
    /// The request made last from this chat.
    pub last: Option<LastRequest>,
    /// The album whose pictures are still coming in.
    pub media_group: Option<MediaGroup>,
    /// When the last file came: on wires without albums pictures sent together come one by one.
    pub file_at: Option<Instant>,
    /// What the resident knows of how their data are used.
    pub consent: Consent,
    /// The number to which a code was sent, until it comes back.
    pub proving: Option<Proving>,
}

/// A number that is being proved by a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proving {
    pub phone: Phone,
    /// Six digits that come later are no code.
    pub until: Instant,
}

words! {
    /// How far a resident's consent to the use of their data goes.
    Consent {
        /// Not spoken of yet.
        None = "none",
        /// The text was shown.
        Told = "told",
        /// They went on after it was shown.
        Given = "given",
    }
}

#[allow(clippy::derivable_impls, reason = "words! writes the enum, and takes no attributes of its variants")]
impl Default for Consent {
    fn default() -> Self {
        Self::None
    }
}

/// What the chat waits for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
pub enum Step {
    /// Nobody has spoken yet.
    #[default]
    Fresh,
    /// Nothing is awaited.
    Idle,
    /// A picture, a voice note or a place came without words: asked what happened.
    AwaitingText { draft: Draft, asked_at: Instant },
    /// A fault without a place: asked where.
    AwaitingPlace { draft: Draft, asked_at: Instant },
    /// It is registered already, the place is asked after. `number` is filled by [`Conversation::registered`].
    AfterPlace {
        #[serde(default)]
        number: Option<RequestNumber>,
        asked_at: Instant,
        /// No danger: the district is known, the street and the house are asked.
        #[serde(default)]
        house: bool,
    },
    /// The resident pressed "not fixed": asked what is wrong.
    AwaitingReason { number: RequestNumber, asked_at: Instant },
    /// A crew pressed "done": asked for a photo and a note.
    CrewAwaitingResult {
        number: RequestNumber,
        #[serde(default)]
        note: Option<String>,
        #[serde(default)]
        media: Vec<MediaRef>,
        asked_at: Instant,
    },
}

/// The request made last from this chat: what a second message may belong to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastRequest {
    pub number: RequestNumber,
    /// When it was registered.
    pub at: Instant,
    #[serde(default)]
    pub service: Option<ServiceCode>,
    #[serde(default)]
    pub district: Option<DistrictCode>,
    #[serde(default)]
    pub hazard: Option<Hazard>,
    /// What the same message told of besides, each a request of its own.
    #[serde(default)]
    pub linked: Vec<Linked>,
}

/// A request that was made of the same message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Linked {
    pub number: RequestNumber,
    #[serde(default)]
    pub service: Option<ServiceCode>,
}

/// An album: the wire sends its pictures one by one under one group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaGroup {
    pub id: String,
    /// The request that took the first picture. `None` while a draft holds it.
    #[serde(default)]
    pub number: Option<RequestNumber>,
}

/// A request before it is registered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// Everything said, one line per message. Empty when only a file or a place came and the chat then fell silent.
    pub text: String,
    /// What triage read in the first meaningful message, completed by the following ones.
    pub reading: Reading,
    #[serde(default)]
    pub media: Vec<MediaRef>,
    /// Latitude and longitude, WGS 84 degrees.
    #[serde(default)]
    pub location: Option<(f64, f64)>,
    /// Named in the text, pressed, or resolved from the location.
    #[serde(default)]
    pub district: Option<DistrictCode>,
    /// The point lies so near an outline that is drawn roughly that words know the district better.
    #[serde(default)]
    pub rough: bool,
    /// Street and house as typed.
    #[serde(default)]
    pub address: Option<String>,
    /// When the first message of the draft came to us.
    pub received_at: Instant,
    /// When its sender sent it.
    pub reported_at: Instant,
}

impl Draft {
    /// Is anything known of where it is?
    #[must_use]
    pub fn has_place(&self) -> bool {
        self.district.is_some() || self.location.is_some()
    }

    /// Words name a district. A certain point beats them.
    pub(super) fn named(&mut self, district: Option<DistrictCode>) {
        let certain = self.location.is_some() && self.district.is_some() && !self.rough;
        if !certain {
            self.district = district.or(self.district.take());
        }
    }
}

impl Conversation {
    /// The language to answer in: chosen, else learned, else hinted by the wire, else Kazakh.
    #[must_use]
    pub fn reply_lang(&self, hint: Option<Lang>) -> Lang {
        self.lang.or(hint).unwrap_or(Lang::Kk)
    }

    /// To be called by whoever carried out [`super::Command::ProveCode`] with success.
    pub fn proved(&mut self) {
        self.proving = None;
    }

    /// To be called by whoever carried out [`super::Command::Register`], in the order of the commands: from now on the chat knows the number, and
    /// those of the requests that the same words made besides.
    pub fn registered(&mut self, number: &RequestNumber, draft: &Draft, linked: Vec<Linked>, at: Instant) {
        let reading = &draft.reading;
        self.last = Some(LastRequest {
            number: number.clone(),
            at,
            service: reading.service.accepted(),
            district: draft.district.clone(),
            hazard: reading.hazard,
            linked,
        });
        if let Step::AfterPlace { number: waiting @ None, .. } = &mut self.step {
            *waiting = Some(number.clone());
        }
        if let Some(MediaGroup { number: waiting @ None, .. }) = &mut self.media_group {
            *waiting = Some(number.clone());
        }
    }
}
