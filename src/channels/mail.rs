//! Letters by lettre: to a server, or into files of a folder.

use crate::config::{Mail, MailTransport};
use async_trait::async_trait;
use bots::channel::{Channel, FetchError, Fetched, Message, SendError, Sent, Sink};
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::{AsyncFileTransport, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

enum Transport {
    File(AsyncFileTransport<Tokio1Executor>),
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>),
}

/// The mail wire. A chat is an address; the first line of a text is the subject.
pub struct MailChannel {
    transport: Transport,
    from: Mailbox,
}

impl MailChannel {
    /// # Errors
    /// What is wrong with the configuration.
    pub fn open(config: &Mail) -> Result<Self, String> {
        let from = config.from.parse().map_err(|e| format!("from: {e}"))?;
        let transport = match config.transport {
            MailTransport::File => {
                std::fs::create_dir_all(&config.dir).map_err(|e| format!("folder '{}': {e}", config.dir))?;
                Transport::File(AsyncFileTransport::new(&config.dir))
            }
            MailTransport::Smtp => {
                let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(config.url.expose()).map_err(|e| format!("url: {e}"))?;
                Transport::Smtp(Box::new(builder.timeout(Some(std::time::Duration::from_secs(15))).build()))
            }
        };
        Ok(Self { transport, from })
    }
}

#[async_trait]
impl Channel for MailChannel {
    fn name(&self) -> &'static str {
        "mail"
    }

    async fn send(&self, chat: &str, message: &Message) -> Result<Sent, SendError> {
        let to: Mailbox = chat.parse().map_err(|_| SendError::Rejected("not an address".into()))?;
        let (subject, body) = message.text.split_once('\n').unwrap_or((message.text.as_str(), ""));
        let letter = lettre::Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(subject)
            .message_id(None)
            .header(ContentType::TEXT_PLAIN)
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".into()))
            .body(body.to_owned())
            .map_err(|e| SendError::Rejected(e.to_string()))?;
        let id = letter.headers().get_raw("Message-ID").unwrap_or_default().to_owned();
        match &self.transport {
            Transport::File(t) => t.send(letter).await.map(|_| ()).map_err(|e| SendError::Transient(e.to_string()))?,
            Transport::Smtp(t) => t.send(letter).await.map(|_| ()).map_err(|e| {
                if e.is_permanent() {
                    SendError::Rejected("the mail server refused the letter".into())
                } else {
                    SendError::Transient("the mail server".into())
                }
            })?,
        }
        Ok(Sent { provider_id: id })
    }

    async fn fetch(&self, _: &str, _: u64, _: &mut Sink<'_>) -> Result<Fetched, FetchError> {
        Err(FetchError::Gone)
    }

    async fn acknowledge(&self, _: &str) -> Result<(), SendError> {
        Ok(())
    }

    async fn healthy(&self) -> bool {
        match &self.transport {
            Transport::File(_) => true,
            Transport::Smtp(t) => t.test_connection().await.unwrap_or(false),
        }
    }
}
