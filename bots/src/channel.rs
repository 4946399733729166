//! The face every wire shows to a sender: one message out, one file in, and the reasons why not.

use async_trait::async_trait;
use std::time::Duration;
use thiserror::Error;
use tokio::io::AsyncWrite;

/// A wire to the people of one account (one bot, one number).
#[async_trait]
pub trait Channel: Send + Sync {
    /// Stable lower-case name for metrics and logs.
    fn name(&self) -> &'static str;

    /// Sends one message to a chat. May deliver twice when the provider took the message and its answer was lost.
    ///
    /// # Errors
    /// See [`SendError`]; the caller decides when to try again.
    async fn send(&self, chat: &str, message: &Message) -> Result<Sent, SendError>;

    /// Downloads a file that a person sent, at most `limit` bytes, and hands it on piece by piece as it comes.
    ///
    /// # Errors
    /// See [`FetchError`]; what `into` has got by then is worth nothing. [`FetchError::Transient`] also when `into` takes no more.
    async fn fetch(&self, file_id: &str, limit: u64, into: &mut Sink<'_>) -> Result<Fetched, FetchError>;

    /// Tells the provider that a button press was seen, so that the button stops spinning. A press that is too old counts as done.
    ///
    /// # Errors
    /// See [`SendError`].
    async fn acknowledge(&self, ack: &str) -> Result<(), SendError>;

    /// Whether the provider answers and accepts our credentials right now.
    async fn healthy(&self) -> bool;

    /// Shows the person that the message was read and, where the wire can, that an answer is being written. Nothing depends on it: wires
    /// without such marks do nothing.
    ///
    /// # Errors
    /// See [`SendError`].
    async fn seen(&self, _chat: &str, _message_ref: &str) -> Result<(), SendError> {
        Ok(())
    }

    /// What somebody said of us under a post of another account, of which the wire told only the provider's numbers.
    ///
    /// # Errors
    /// [`FetchError::Gone`] when the provider does not tell it, also for wires that know nothing of the kind; [`FetchError::Transient`] when it may later.
    async fn mentioned(&self, _media: &str, _comment: Option<&str>) -> Result<Mentioned, FetchError> {
        Err(FetchError::Gone)
    }
}

/// Where somebody named us, as far as the provider tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mentioned {
    pub text: Option<String>,
    /// What its author is called; not their number.
    pub by: Option<String>,
    pub at: Option<chrono::DateTime<chrono::Utc>>,
    /// The picture or film of the post: its address soon expires.
    pub file: Option<MentionedFile>,
}

/// The file of a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MentionedFile {
    pub kind: OutKind,
    pub url: String,
}

/// One outgoing message: plain text, nothing in it is markup.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    pub text: String,
    pub keyboard: Keyboard,
    /// Goes out as this approved template instead of free text; `text` then says what the person will read.
    pub template: Option<Template>,
    /// A file with the text as its caption.
    pub media: Option<OutMedia>,
    /// The word on the key that opens a list of choices, where the wire hides them behind one (WhatsApp, more than three choices).
    pub menu: Option<String>,
    /// Our own mark. Wires that carry marks give it back in [`Receipt::tag`], even when the answer to the send was lost. No personal data.
    pub tag: Option<String>,
}

impl Message {
    /// A message without a keyboard.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

/// A message that the provider approved beforehand, with the values of its places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The name under which the provider knows it.
    pub name: String,
    /// The provider's code of its language: `kk`, `ru`.
    pub lang: String,
    /// Values of the body's places, in order.
    pub params: Vec<String>,
}

/// A file that goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutMedia {
    pub kind: OutKind,
    pub bytes: Vec<u8>,
    pub mime: String,
    /// Shown to the person where the wire shows names.
    pub name: String,
}

/// What a file is shown as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutKind {
    Photo,
    Audio,
    Video,
    Document,
}

/// What the provider tells of a message that it took from us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The handle that [`Sent`] gave.
    pub provider_id: String,
    /// What [`Message::tag`] was.
    pub tag: Option<String>,
    pub stage: ReceiptStage,
    /// By the provider's clock.
    pub at: Option<chrono::DateTime<chrono::Utc>>,
    /// Why it failed; with [`ReceiptStage::Failed`] only.
    pub error: Option<SendError>,
}

/// How far a message got. A later word of a lower rank changes nothing; a failure counts only while nothing was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReceiptStage {
    /// The provider sent it on.
    Sent,
    Delivered,
    Read,
    /// A voice message was listened to.
    Played,
    Failed,
}

/// What stands under a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Keyboard {
    #[default]
    None,
    /// Rows of buttons under the message; a press comes back with the button's data.
    Inline(Vec<Vec<Button>>),
    /// Asks the phone for its place.
    ///
    /// Wires that cannot mix this with data buttons (Telegram) show `skip` as a plain key: a press then comes back as ordinary text equal to
    /// its label, and its `data` is not used.
    RequestLocation { label: String, skip: Option<Button> },
    /// Asks the phone for its owner's number.
    RequestContact { label: String },
    /// Takes an asking keyboard away.
    Remove,
}

/// A button under a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    pub label: String,
    /// Comes back when the button is pressed; 1 to 64 bytes.
    pub data: String,
}

impl Button {
    #[must_use]
    pub fn new(label: impl Into<String>, data: impl Into<String>) -> Self {
        Self { label: label.into(), data: data.into() }
    }
}

/// Proof that the provider took a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The provider's handle of the message inside its chat.
    pub provider_id: String,
}

/// Where the bytes of a file go.
pub type Sink<'a> = dyn AsyncWrite + Send + Unpin + 'a;

/// What is known of a file that came whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Bytes.
    pub size: u64,
    /// What the provider says it is; not checked against the bytes.
    pub mime: Option<String>,
    /// The provider's name of the file, without folders.
    pub name: Option<String>,
}

/// Why a message did not go out. The strings name the reason only: no tokens, no addresses, no message text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SendError {
    /// The provider asks us to slow down with this person; others are not touched.
    #[error("the provider asks to wait {} s", .0.as_secs())]
    RetryAfter(Duration),
    /// The whole account sends too fast: nothing of this wire passes for so long.
    #[error("the account sends too fast, wait {} s", .0.as_secs())]
    Throttled(Duration),
    /// Trouble on the way or at the provider; the same message may pass later.
    #[error("try later: {0}")]
    Transient(String),
    /// The person blocked us, or the chat is gone.
    #[error("the chat does not take messages from us")]
    Blocked,
    /// The person cannot be reached over this wire at all: no account, an old client, a number that does not exist. Another wire may.
    #[error("the person cannot be reached here: {0}")]
    Unreachable(String),
    /// Too long since the person last wrote: free text is refused, an approved template may pass.
    #[error("the window for free text is closed")]
    WindowClosed,
    /// This template does not exist, is paused or does not fit its values; free text may pass inside the window.
    #[error("the template was refused: {0}")]
    TemplateRefused(String),
    /// The provider has closed the account or holds our payments: every message of this wire fails alike until a person acts.
    #[error("the channel is stopped by the provider: {0}")]
    Stopped(String),
    /// The provider will never take this message: our mistake, not worth another try.
    #[error("rejected: {0}")]
    Rejected(String),
    /// Our credentials are wrong: nothing passes until they are changed.
    #[error("the provider does not accept our credentials")]
    Unauthorized,
}

/// Why a file did not come. The strings name the reason only.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FetchError {
    /// The provider no longer has the file, or never had it.
    #[error("the file is gone")]
    Gone,
    /// Larger than our limit or the provider's.
    #[error("the file is too large")]
    TooLarge,
    /// May succeed later.
    #[error("try later: {0}")]
    Transient(String),
}
