//! Sending through a gateway.

use super::answer::{self, Reply};
use super::compiled::{Body, Compiled};
use super::gateway::{Gateway, GatewayError, Method, Number, Request};
use super::parts::{self, Coding};
use super::template::Values;
use crate::channel::{Channel, FetchError, Fetched, Message, SendError, Sent, Sink};
use crate::http::{self, Timeouts};
use async_trait::async_trait;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use url::Url;

/// Shortest and longest number with its country code, in digits.
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;

/// One gateway. Cheap to clone; never shows its values, which may be secret.
#[derive(Clone)]
pub struct SmsChannel {
    http: reqwest::Client,
    inner: Arc<Inner>,
}

struct Inner {
    gateway: Gateway,
    send: Compiled,
    health: Option<Compiled>,
    named: BTreeMap<String, String>,
}

impl std::fmt::Debug for SmsChannel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmsChannel").field("gateway", &self.inner.gateway).finish_non_exhaustive()
    }
}

/// What a request is filled with: named values, and those of one message.
struct Filling<'a> {
    named: &'a BTreeMap<String, String>,
    own: BTreeMap<&'static str, String>,
}

impl Values for Filling<'_> {
    fn of(&self, name: &str) -> Option<&str> {
        self.own.get(name).or_else(|| self.named.get(name)).map(String::as_str)
    }
}

impl SmsChannel {
    /// A wire over the described gateway. `named` are the values behind its own places: login, password, name of the sender.
    ///
    /// # Errors
    /// [`GatewayError`] names what is wrong; nothing is sent yet.
    pub fn new(gateway: Gateway, named: BTreeMap<String, String>, timeouts: Timeouts) -> Result<Self, GatewayError> {
        let names: Vec<&str> = named.keys().map(String::as_str).collect();
        gateway.check(&names)?;
        let compile = |request: &Request, place| Compiled::of(request, place, &names);
        let send = compile(&gateway.send, "send")?;
        let health = gateway.health.as_ref().map(|request| compile(request, "health")).transpose()?;
        let http = http::client(timeouts).ok_or_else(|| GatewayError::new("gateway", "the HTTP client could not be built"))?;
        Ok(Self { http, inner: Arc::new(Inner { gateway, send, health, named }) })
    }

    /// Asks the gateway; `None` when the filled request cannot be written as HTTP.
    fn request(&self, what: &Compiled, values: &Filling<'_>) -> Option<reqwest::RequestBuilder> {
        let url = Url::parse(&what.url.fill_address(values)).ok()?;
        let mut request = match what.method {
            Method::Get => self.http.get(url),
            Method::Post => self.http.post(url),
        };
        request = match &what.body {
            Body::None => request,
            Body::Form(fields) => {
                let fields: Vec<(&str, String)> = fields.iter().map(|(key, value)| (key.as_str(), value.fill(values))).collect();
                request.form(&fields)
            }
            Body::Json(shape) => request.json(&shape.fill(values)),
            Body::Text(text) => request.header(CONTENT_TYPE, "text/plain; charset=utf-8").body(text.fill(values)),
        };
        for (name, value) in &what.headers {
            let mut value = HeaderValue::from_str(&value.fill(values)).ok()?;
            value.set_sensitive(true);
            // Instead of a content type of the body's kind, not beside it.
            request = request.headers([(name.clone(), value)].into_iter().collect());
        }
        Some(request)
    }

    fn filling(&self, own: BTreeMap<&'static str, String>) -> Filling<'_> {
        Filling { named: &self.inner.named, own }
    }

    fn number(&self, chat: &str) -> Result<String, SendError> {
        let digits = chat.strip_prefix('+').unwrap_or(chat);
        if !DIGITS.contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(SendError::Rejected("the chat is not a number with its country code".to_owned()));
        }
        Ok(match self.inner.gateway.number {
            Number::Plus => format!("+{digits}"),
            Number::Digits => digits.to_owned(),
        })
    }
}

#[async_trait]
impl Channel for SmsChannel {
    fn name(&self) -> &'static str {
        "sms"
    }

    /// The words alone: a keyboard cannot be shown, and a template is only its words. A text of more parts than the description allows is cut.
    async fn send(&self, chat: &str, message: &Message) -> Result<Sent, SendError> {
        let to = self.number(chat)?;
        let text = message.text.trim();
        if text.is_empty() || message.media.is_some() {
            return Err(SendError::Rejected("only words go out by this wire".to_owned()));
        }
        let text = parts::fit(text, self.inner.gateway.most_parts());
        let counted = parts::count(&text);
        let ours = uuid::Uuid::new_v4().simple().to_string();
        let [coding, data_coding] = if counted.coding == Coding::Gsm7 { ["0", "0"] } else { ["2", "8"] };
        let values = self.filling(BTreeMap::from([
            ("to", to),
            ("text_hex", text_hex(&text)),
            ("text", text),
            ("ref", ours.clone()),
            ("parts", counted.parts.to_string()),
            ("coding", coding.to_owned()),
            ("data_coding", data_coding.to_owned()),
        ]));
        let unfit = || SendError::Rejected("the request cannot be written".to_owned());
        let asked = self.request(&self.inner.send, &values).ok_or_else(unfit)?;
        let late = |why: &str| SendError::Transient(why.to_owned());
        let response = asked.send().await.map_err(|error| late(http::network(&error)))?;
        let (status, pause) = (response.status().as_u16(), http::retry_after(response.headers()));
        let body = http::body(response).await.map_err(late)?;
        let provider_id = answer::read(&self.inner.gateway.answer, &Reply::new(status, pause, &body), &ours)?;
        Ok(Sent { provider_id })
    }

    async fn fetch(&self, _file_id: &str, _limit: u64, _into: &mut Sink<'_>) -> Result<Fetched, FetchError> {
        Err(FetchError::Gone)
    }

    async fn acknowledge(&self, _ack: &str) -> Result<(), SendError> {
        Ok(())
    }

    async fn healthy(&self) -> bool {
        let values = self.filling(BTreeMap::new());
        if let Some(health) = &self.inner.health {
            let Some(asked) = self.request(health, &values) else { return false };
            return asked.send().await.is_ok_and(|response| response.status().is_success());
        }
        // The host alone: the address of a sending must not be called for nothing.
        let host = Url::parse(&self.inner.send.url.fill_address(&values)).and_then(|url| url.join("/"));
        match host {
            Ok(host) => self.http.get(host).send().await.is_ok_and(|response| !response.status().is_server_error()),
            Err(_) => false,
        }
    }
}

fn text_hex(text: &str) -> String {
    text.encode_utf16().fold(String::new(), |mut out, unit| {
        // Writing into a String cannot fail.
        let _ = write!(out, "{unit:04X}");
        out
    })
}
