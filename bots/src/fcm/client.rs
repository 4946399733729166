//! Sending to devices.

use super::token::Tokens;
use super::{ConfigError, Now, ServiceAccount, failure};
use crate::channel::{Channel, FetchError, Fetched, Message, SendError, Sent, Sink};
use crate::http::{self, Timeouts};
use crate::text::{self, Limit};
use async_trait::async_trait;
use serde_json::{Value, json};
use std::sync::Arc;
use url::Url;

/// Longest text: the provider takes four thousand bytes in all.
const LONGEST_TEXT: Limit = Limit::Bytes(2000);

/// Longest token of a device, in bytes. Real ones take under two hundred.
const LONGEST_TOKEN: usize = 4096;

/// Stands for a handle that the provider did not give.
const NO_HANDLE: &str = "-";

/// How we prove who we are.
#[derive(Debug, Clone)]
pub enum Credentials {
    ServiceAccount(ServiceAccount),
    /// Somebody near us gives access tokens, in the shape of OAuth 2.0: the provider's metadata server, or a stand-in.
    Endpoint(Url),
}

/// One project.
#[derive(Debug, Clone)]
pub struct FcmConfig {
    pub project: String,
    /// For instance `https://fcm.googleapis.com`.
    pub api_url: Url,
    /// Stands over every message.
    pub title: String,
    pub credentials: Credentials,
    pub timeouts: Timeouts,
}

/// One project's wire to devices. Cheap to clone; never shows its credentials.
#[derive(Clone)]
pub struct FcmChannel {
    http: reqwest::Client,
    inner: Arc<Inner>,
}

struct Inner {
    send: Url,
    title: String,
    credentials: Credentials,
    tokens: Tokens,
    now: Now,
}

impl std::fmt::Debug for FcmChannel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FcmChannel").field("send", &self.inner.send.as_str()).finish_non_exhaustive()
    }
}

impl FcmChannel {
    /// A wire to the devices of one project.
    ///
    /// # Errors
    /// [`ConfigError`] names what is wrong; nothing is sent yet.
    pub fn new(config: FcmConfig, now: Now) -> Result<Self, ConfigError> {
        let fits =
            (1..=100).contains(&config.project.len()) && config.project.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b':' | b'.'));
        if !fits || config.project.starts_with('.') {
            return Err(ConfigError::Project);
        }
        let is_http = |url: &Url| matches!(url.scheme(), "http" | "https");
        if !is_http(&config.api_url) || matches!(&config.credentials, Credentials::Endpoint(url) if !is_http(url)) {
            return Err(ConfigError::Url);
        }
        let mut send = config.api_url;
        send.path_segments_mut().map_err(|()| ConfigError::Url)?.pop_if_empty().extend(["v1", "projects", &config.project, "messages:send"]);
        let http = http::client(config.timeouts).ok_or(ConfigError::Client)?;
        let inner = Inner { send, title: config.title, credentials: config.credentials, tokens: Tokens::default(), now };
        Ok(Self { http, inner: Arc::new(inner) })
    }

    /// One call; with a fresh access token once more when the kept one is refused.
    async fn call(&self, body: &Value) -> Result<Value, SendError> {
        let mut stale = None;
        loop {
            let token = self.inner.tokens.get(&self.inner.credentials, &self.inner.now, &self.http, stale.as_deref()).await?;
            match self.once(&token, body).await {
                Err(SendError::Unauthorized) if stale.is_none() => stale = Some(token),
                other => return other,
            }
        }
    }

    async fn once(&self, token: &str, body: &Value) -> Result<Value, SendError> {
        let late = |why: &str| SendError::Transient(why.to_owned());
        let asked = self.http.post(self.inner.send.clone()).bearer_auth(token).json(body);
        let response = asked.send().await.map_err(|error| late(http::network(&error)))?;
        let (status, pause) = (response.status(), http::retry_after(response.headers()));
        let answer = http::body(response).await;
        if status.is_success() {
            // It was taken, whatever became of the answer.
            return Ok(answer.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default());
        }
        Err(failure::of(status.as_u16(), pause, &answer.map_err(late)?))
    }
}

#[async_trait]
impl Channel for FcmChannel {
    fn name(&self) -> &'static str {
        "push"
    }

    /// The words alone. [`SendError::Unreachable`]: this device's token is dead, and will never work again.
    async fn send(&self, chat: &str, message: &Message) -> Result<Sent, SendError> {
        if !(1..=LONGEST_TOKEN).contains(&chat.len()) || !chat.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(SendError::Unreachable("the device's token is no token".to_owned()));
        }
        let text = message.text.trim();
        if text.is_empty() || message.media.is_some() {
            return Err(SendError::Rejected("only words go out by this wire".to_owned()));
        }
        let body = json!({"message": {
            "token": chat,
            "notification": {"title": self.inner.title, "body": text::fit(text, LONGEST_TEXT)},
            "android": {"priority": "HIGH"},
            "apns": {"headers": {"apns-priority": "10"}, "payload": {"aps": {"sound": "default"}}},
        }});
        let answer = self.call(&body).await?;
        let name = answer.get("name").and_then(Value::as_str).and_then(|name| name.rsplit('/').next());
        Ok(Sent { provider_id: name.unwrap_or(NO_HANDLE).to_owned() })
    }

    async fn fetch(&self, _file_id: &str, _limit: u64, _into: &mut Sink<'_>) -> Result<Fetched, FetchError> {
        Err(FetchError::Gone)
    }

    async fn acknowledge(&self, _ack: &str) -> Result<(), SendError> {
        Ok(())
    }

    /// Asks for nothing to be delivered, to a token that is none: the provider refuses the token only when it accepts us.
    async fn healthy(&self) -> bool {
        let probe = json!({"validate_only": true, "message": {"token": "probe", "notification": {"title": self.inner.title}}});
        matches!(self.call(&probe).await, Ok(_) | Err(SendError::Unreachable(_) | SendError::Rejected(_)))
    }
}
