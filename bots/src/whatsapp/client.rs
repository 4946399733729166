//! Sending, downloading, marks.

use super::compose::{self, Part};
use super::content::{HASH_MARK, digest};
use super::hashing::Hashing;
use super::person;
use crate::channel::{Channel, FetchError, Fetched, Message, SendError, Sent, Sink};
use crate::http;
use crate::meta::failure::{self, ApiError, CallError};
use crate::meta::graph::{ConfigError, Graph};
use async_trait::async_trait;
use reqwest::StatusCode;
use serde_json::{Value, json};

/// Hosts, and all below them, where the provider keeps files that people sent.
pub const MEDIA_HOSTS: [&str; 2] = ["fbsbx.com", "fbcdn.net"];

/// Longest mark that the provider gives back, in characters.
const LONGEST_TAG: usize = 512;

/// One business number. Cheap to clone; never shows its token.
#[derive(Debug, Clone)]
pub struct WhatsappChannel {
    graph: Graph,
    number: String,
    media_hosts: Vec<String>,
}

impl WhatsappChannel {
    /// `phone_number_id` is the provider's id of our number. Files are fetched from the Graph server itself and from `media_hosts` (see
    /// [`MEDIA_HOSTS`]); the token goes nowhere else.
    ///
    /// # Errors
    /// [`ConfigError::Account`] when the id is none.
    pub fn new(graph: Graph, phone_number_id: &str, media_hosts: Vec<String>) -> Result<Self, ConfigError> {
        if phone_number_id.is_empty() || !phone_number_id.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(ConfigError::Account);
        }
        Ok(Self { graph, number: phone_number_id.to_owned(), media_hosts })
    }

    async fn deliver(&self, body: &Value) -> Result<Value, SendError> {
        self.graph.post(&format!("{}/messages", self.number), body).await.map_err(|error| sorted(&error))
    }

    async fn upload(&self, message: &Message) -> Result<Option<String>, SendError> {
        let Some(media) = message.media.as_ref().filter(|_| message.template.is_none()) else { return Ok(None) };
        let answer = self.graph.upload(&format!("{}/media", self.number), media).await.map_err(|error| sorted(&error))?;
        match answer.get("id").and_then(Value::as_str) {
            Some(id) => Ok(Some(id.to_owned())),
            None => Err(failure::of(&CallError::Unreadable)),
        }
    }

    /// A fresh address of a file, what the provider says it is, and the hash it announces.
    async fn locate(&self, id: &str) -> Result<Located, FetchError> {
        let found = self.graph.get(id, &[("phone_number_id", self.number.as_str())]).await.map_err(|error| lost(&error))?;
        let text = |key: &str| found.get(key).and_then(Value::as_str).map(str::to_owned);
        let size = found.get("file_size").and_then(|size| size.as_u64().or_else(|| size.as_str()?.parse().ok()));
        let url = text("url").ok_or(FetchError::Gone)?;
        Ok(Located { url, mime: text("mime_type"), hash: text("sha256").and_then(|hash| digest(&hash)), size })
    }
}

struct Located {
    url: String,
    mime: Option<String>,
    hash: Option<[u8; 32]>,
    size: Option<u64>,
}

#[async_trait]
impl Channel for WhatsappChannel {
    fn name(&self) -> &'static str {
        "whatsapp"
    }

    async fn send(&self, chat: &str, message: &Message) -> Result<Sent, SendError> {
        let (key, to) = recipient(chat)?;
        let parts = compose::parts(message)?;
        let file = self.upload(message).await?;
        let count = parts.len();
        let mut sent = None;
        for (i, part) in parts.into_iter().enumerate() {
            // The mark belongs to the last part: when that one arrived, everything did.
            let tag = message.tag.as_deref().filter(|_| i + 1 == count);
            let answer = self.deliver(&body(key, to, part, file.as_deref(), tag)).await?;
            let id = answer.pointer("/messages/0/id").and_then(Value::as_str).map(str::to_owned);
            sent = Some(id.ok_or_else(|| failure::of(&CallError::Unreadable))?);
        }
        sent.map(|provider_id| Sent { provider_id }).ok_or_else(|| SendError::Rejected("a message without words".to_owned()))
    }

    async fn fetch(&self, file_id: &str, limit: u64, into: &mut Sink<'_>) -> Result<Fetched, FetchError> {
        let (id, told) = file_id.split_once(HASH_MARK).unwrap_or((file_id, ""));
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')) {
            return Err(FetchError::Gone);
        }
        let found = self.locate(id).await?;
        if found.size.is_some_and(|size| size > limit) {
            return Err(FetchError::TooLarge);
        }
        let response = self.graph.open(&found.url, &self.media_hosts).await?;
        // Whether the file is gone was said a moment ago: an address that does not open has run out, or the host has trouble.
        if response.status() != StatusCode::OK {
            return Err(FetchError::Transient(format!("status {}", response.status().as_u16())));
        }
        let mut hashing = Hashing::new(into);
        let fetched = http::download(response, limit, &mut hashing).await?;
        let came = hashing.finish();
        // Two hashes are announced, with the message and with the address; either proves the bytes.
        let announced: Vec<[u8; 32]> = digest(told).into_iter().chain(found.hash).collect();
        if !announced.is_empty() && !announced.contains(&came) {
            return Err(FetchError::Transient("the file does not fit its hash".to_owned()));
        }
        Ok(Fetched { mime: found.mime.or(fetched.mime), ..fetched })
    }

    async fn acknowledge(&self, _ack: &str) -> Result<(), SendError> {
        // Nothing spins on a press here.
        Ok(())
    }

    async fn healthy(&self) -> bool {
        self.graph.get(&self.number, &[("fields", "id")]).await.is_ok()
    }

    async fn seen(&self, _chat: &str, message_ref: &str) -> Result<(), SendError> {
        let mark = json!({
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": message_ref,
            "typing_indicator": {"type": "text"},
        });
        self.deliver(&mark).await.map(|_| ())
    }
}

/// Under which key a chat stands.
fn recipient(chat: &str) -> Result<(&'static str, &str), SendError> {
    if person::is_user_id(chat) {
        Ok(("recipient", chat))
    } else if person::is_number(chat) {
        Ok(("to", chat))
    } else {
        Err(SendError::Rejected("the chat is neither a number nor an id of this wire".to_owned()))
    }
}

fn body(key: &str, to: &str, part: Part, file: Option<&str>, tag: Option<&str>) -> Value {
    let mut content = part.content;
    if let Some(id) = file.filter(|_| part.file) {
        content.insert("id".to_owned(), id.into());
    }
    let tag = tag.filter(|tag| (1..=LONGEST_TAG).contains(&tag.chars().count())).map(|tag| ("biz_opaque_callback_data", tag.into()));
    let fields: [(&str, Value); 5] = [
        ("messaging_product", "whatsapp".into()),
        ("recipient_type", "individual".into()),
        (key, to.into()),
        ("type", part.kind.into()),
        (part.kind, content.into()),
    ];
    fields.into_iter().chain(tag).map(|(key, value)| (key.to_owned(), value)).collect()
}

/// The common table, but for what means something else on this wire.
fn sorted(error: &CallError) -> SendError {
    match error {
        // Our own number is not there for us: the settings are wrong, not the message.
        CallError::Api(ApiError { code: 100, subcode: Some(33), .. }) => SendError::Unauthorized,
        other => failure::of(other),
    }
}

/// Why a file cannot be located. Its id lives for seven days.
fn lost(error: &CallError) -> FetchError {
    match error {
        CallError::Api(ApiError { code: 100, .. } | ApiError { status: 404 | 410, code: 1.., .. }) => FetchError::Gone,
        other => FetchError::Transient(failure::of(other).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::Timeouts;
    use url::Url;

    #[test]
    fn the_number_is_checked() {
        let graph = Graph::new(Url::parse("https://g.test").unwrap(), "v24.0", "t", Timeouts::default()).unwrap();
        for bad in ["", "10/7", "1 2", "№7"] {
            assert_eq!(WhatsappChannel::new(graph.clone(), bad, Vec::new()).map(|_| ()), Err(ConfigError::Account), "{bad}");
        }
        assert!(WhatsappChannel::new(graph, "106540352242922", Vec::new()).is_ok());
    }

    #[test]
    fn chats_are_numbers_or_ids() {
        assert_eq!(recipient("77015551122"), Ok(("to", "77015551122")));
        assert_eq!(recipient("KZ.13491208655302741918"), Ok(("recipient", "KZ.13491208655302741918")));
        for bad in ["", "+77015551122", "comment:1", "KZ."] {
            assert!(matches!(recipient(bad), Err(SendError::Rejected(_))), "{bad}");
        }
    }
}
