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
}

/// One outgoing message: plain text, nothing in it is markup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub text: String,
    pub keyboard: Keyboard,
}

impl Message {
    /// A message without a keyboard.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), keyboard: Keyboard::None }
    }
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
    /// The provider asks us to slow down.
    #[error("the provider asks to wait {} s", .0.as_secs())]
    RetryAfter(Duration),
    /// Trouble on the way or at the provider; the same message may pass later.
    #[error("try later: {0}")]
    Transient(String),
    /// The person blocked us, or the chat is gone.
    #[error("the chat does not take messages from us")]
    Blocked,
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
