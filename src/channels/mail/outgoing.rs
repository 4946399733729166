//! Letters out: to a server, or into files of a folder. Every letter has one name however often it is tried.

use super::address_of;
use crate::channels::{MAIN, Registry};
use crate::clock::Clocks;
use crate::config::{Mail, MailTransport};
use crate::domain::inbound::ChannelKind;
use crate::store::letters::{self, Thread};
use crate::store::{Db, StoreError, digests, raw_events};
use async_trait::async_trait;
use bots::channel::{Channel, FetchError, Fetched, Message, SendError, Sent, Sink};
use bots::mail::topic;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder, MultiPart, SinglePart};
use lettre::{AsyncFileTransport, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// Letters to one address in an hour; more wait. Two machines that answer each other without saying that they are machines come to rest on it.
const PER_HOUR: u64 = 30;
/// How long they wait.
const REST: Duration = Duration::from_secs(600);

enum Transport {
    File(AsyncFileTransport<Tokio1Executor>),
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>),
}

/// The mail wire. The first line of a text is the subject, but in a thread, which keeps its own.
pub struct MailChannel {
    db: Db,
    clocks: Clocks,
    transport: Transport,
    from: Mailbox,
}

/// Adds the wire that the configuration names.
///
/// # Errors
/// What is wrong with the configuration, in words an operator can act on.
pub fn open(config: &Mail, db: &Db, clocks: &Clocks, wires: &mut Registry) -> Result<(), String> {
    if wires.get(ChannelKind::Mail.as_str(), MAIN).is_none() {
        let wire = MailChannel::open(config, db, clocks).map_err(|e| format!("mail.{e}"))?;
        wires.add(ChannelKind::Mail, MAIN, Arc::new(wire));
    }
    Ok(())
}

impl MailChannel {
    /// # Errors
    /// What is wrong with the configuration.
    pub fn open(config: &Mail, db: &Db, clocks: &Clocks) -> Result<Self, String> {
        let from = config.from.parse().map_err(|e| format!("from: {e}"))?;
        let transport = match config.transport {
            MailTransport::File => {
                std::fs::create_dir_all(&config.dir).map_err(|e| format!("folder '{}': {e}", config.dir))?;
                Transport::File(AsyncFileTransport::new(&config.dir))
            }
            MailTransport::Smtp => {
                let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(&secured(config.url.expose())).map_err(|e| format!("url: {e}"))?;
                Transport::Smtp(Box::new(builder.timeout(Some(Duration::from_secs(15))).build()))
            }
        };
        Ok(Self { db: db.clone(), clocks: clocks.clone(), transport, from })
    }

    /// A name that nobody can guess.
    fn fresh_name(&self) -> String {
        let domain = self.from.email.domain();
        let domain = if domain.is_ascii() { domain } else { "jambyl109" };
        format!("{}.109@{domain}", uuid::Uuid::new_v4().simple())
    }

    /// The letter itself.
    async fn letter(&self, chat: &str, message: &Message) -> Result<(String, lettre::Message), Undone> {
        let (address, is_thread) = address_of(chat);
        let to: Mailbox = address.parse().map_err(|_| Undone::Never("not an address"))?;
        let outbox: Option<i64> = message.tag.as_deref().and_then(|t| t.parse().ok());
        let now = self.clocks.wall.now();
        let name = match outbox {
            Some(id) => letters::name_of(self.db.write(), MAIN, id, (chat, address), &self.fresh_name(), now).await?,
            None => self.fresh_name(),
        };
        let (first, rest) = message.text.split_once('\n').unwrap_or((message.text.as_str(), ""));
        let thread = if is_thread { letters::thread(self.db.read(), MAIN, chat, outbox).await? } else { Thread::default() };
        let subject = match thread.subject.as_deref().map(topic) {
            Some(topic) if is_thread && !topic.is_empty() => format!("Re: {topic}"),
            _ => first.to_owned(),
        };
        let digest = match outbox {
            Some(id) if !is_thread => digests::of_outbox(self.db.read(), id).await?,
            _ => None,
        };
        let about = digest.as_ref().map_or(subject.as_str(), |d| d.subject.as_str());
        let mut builder = lettre::Message::builder().from(self.from.clone()).to(to).subject(one_line(about)).message_id(Some(format!("<{name}>")));
        builder = raw(builder, "Auto-Submitted", if is_thread { "auto-replied" } else { "auto-generated" });
        // Answering machines of offices keep silent on this.
        builder = raw(builder, "X-Auto-Response-Suppress", "All");
        if let Some(id) = &thread.answers {
            builder = raw(builder, "In-Reply-To", &format!("<{id}>"));
        }
        if !thread.chain.is_empty() {
            builder = raw(builder, "References", &chain(&thread.chain));
        }
        let made = match digest {
            Some(d) => builder.multipart(MultiPart::alternative_plain_html(d.text, d.html)),
            None => builder.singlepart(SinglePart::plain(rest.to_owned())),
        };
        Ok((name, made.map_err(|_| Undone::Never("it makes no letter"))?))
    }

    /// Too much went to this address within the hour.
    async fn too_many(&self, chat: &str) -> Result<bool, StoreError> {
        let (address, is_thread) = address_of(chat);
        let since = self.clocks.wall.now() - chrono::Duration::hours(1);
        Ok(is_thread && letters::sent_since(self.db.read(), MAIN, address, since).await? >= PER_HOUR)
    }
}

/// Why there is no letter.
enum Undone {
    Never(&'static str),
    Store,
}

impl From<StoreError> for Undone {
    fn from(_: StoreError) -> Self {
        Self::Store
    }
}

impl From<Undone> for SendError {
    fn from(e: Undone) -> Self {
        match e {
            Undone::Never(why) => Self::Rejected(why.into()),
            Undone::Store => Self::Transient("the database".into()),
        }
    }
}

/// A password goes to another machine only over an encrypted connection: `smtp://` to elsewhere begins with STARTTLS, unless the address says otherwise.
fn secured(url: &str) -> String {
    let Ok(mut parsed) = url.parse::<reqwest::Url>() else { return url.to_owned() };
    let here = matches!(parsed.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    if parsed.scheme() == "smtp" && !here && !parsed.query_pairs().any(|(k, _)| k == "tls") {
        parsed.query_pairs_mut().append_pair("tls", "required");
    }
    parsed.to_string()
}

fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control()).filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The letters of a thread as the header wants them, a line each.
fn chain(letters: &[String]) -> String {
    letters.iter().map(|id| format!("<{id}>")).collect::<Vec<_>>().join("\r\n ")
}

/// A header whose value is plain already: nothing in it is encoded.
fn raw(builder: MessageBuilder, name: &'static str, value: &str) -> MessageBuilder {
    let name = HeaderName::new_from_ascii_str(name);
    builder.raw_header(HeaderValue::dangerous_new_pre_encoded(name, value.replace("\r\n ", " "), value.to_owned()))
}

/// What the server's answer means for the letter.
fn judged(e: &lettre::transport::smtp::Error) -> SendError {
    let Some(code) = e.status() else {
        // Nobody there, or the connection broke: whether the letter was taken is not known, and its name tells a receiver that it came twice.
        return SendError::Transient("the mail server does not answer".into());
    };
    let code = code.to_string();
    match code.as_str() {
        "530" | "534" | "535" | "538" => SendError::Unauthorized,
        "550" | "551" | "553" => SendError::Unreachable(format!("the mail server refuses the address ({code})")),
        _ if e.is_permanent() => SendError::Rejected(format!("the mail server refused the letter ({code})")),
        _ => SendError::Transient(format!("the mail server asks to come again ({code})")),
    }
}

#[async_trait]
impl Channel for MailChannel {
    fn name(&self) -> &'static str {
        "mail"
    }

    async fn send(&self, chat: &str, message: &Message) -> Result<Sent, SendError> {
        if self.too_many(chat).await.map_err(|_| SendError::Transient("the database".into()))? {
            return Err(SendError::RetryAfter(REST));
        }
        let (name, letter) = self.letter(chat, message).await?;
        match &self.transport {
            Transport::File(t) => t.send(letter).await.map(|_| ()).map_err(|e| SendError::Transient(e.to_string()))?,
            Transport::Smtp(t) => t.send(letter).await.map(|_| ()).map_err(|e| judged(&e))?,
        }
        Ok(Sent { provider_id: name })
    }

    /// Files lie in the letters that brought them.
    async fn fetch(&self, file_id: &str, limit: u64, into: &mut Sink<'_>) -> Result<Fetched, FetchError> {
        let (external, place) = file_id.rsplit_once(' ').ok_or(FetchError::Gone)?;
        let place: usize = place.parse().map_err(|_| FetchError::Gone)?;
        let busy = |_| FetchError::Transient("the database".into());
        let letter = match letters::whole(self.db.read(), MAIN, external).await.map_err(busy)? {
            Some(whole) => whole,
            None => {
                let rows = raw_events::named(self.db.read(), ChannelKind::Mail.as_str(), MAIN, &[external.to_owned()]).await.map_err(busy)?;
                let row = rows.into_iter().next().ok_or(FetchError::Gone)?;
                super::incoming::letter_in(&row.body).ok_or(FetchError::Gone)?.to_vec()
            }
        };
        // Nobody else waits while a long letter is taken apart.
        let found = tokio::task::spawn_blocking(move || bots::mail::file(&letter, place)).await.ok().flatten();
        let (bytes, mime, name) = found.ok_or(FetchError::Gone)?;
        if bytes.len() as u64 > limit {
            return Err(FetchError::TooLarge);
        }
        into.write_all(&bytes).await.map_err(|e| FetchError::Transient(e.to_string()))?;
        Ok(Fetched { size: bytes.len() as u64, mime, name })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_sent_in_the_clear_to_another_machine() {
        for (url, want) in [
            ("smtp://u:p@mail.kz:587", "smtp://u:p@mail.kz:587?tls=required"),
            ("smtp://u:p@mail.kz:587?tls=opportunistic", "smtp://u:p@mail.kz:587?tls=opportunistic"),
            ("smtps://u:p@mail.kz:465", "smtps://u:p@mail.kz:465"),
            ("smtp://127.0.0.1:2525", "smtp://127.0.0.1:2525"),
            ("smtp://localhost:25", "smtp://localhost:25"),
        ] {
            assert_eq!(secured(url), want);
        }
    }

    #[test]
    fn nothing_breaks_out_of_a_header() {
        assert_eq!(one_line("a\r\nBcc: x@y.kz\0 b"), "a Bcc: x@y.kz  b");
    }
}
