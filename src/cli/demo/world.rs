//! The world around the service: its time, its people's telephones, and the doors they knock at.

use super::ledger::{Ledger, Update, Want};
use super::telegram::StandIn;
use crate::clock::{Clock, ScaledClock};
use crate::domain::Instant;
use bots::stub::StubChannel;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What an API call answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.body.get(key).and_then(Value::as_str)
    }

    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Shared by everybody who lives in it.
pub struct World {
    /// `http://127.0.0.1:port`
    pub base: String,
    pub secret: String,
    pub bot_name: String,
    pub http: reqwest::Client,
    pub clock: Arc<ScaledClock>,
    pub start: Instant,
    /// The simulated period, in minutes.
    pub minutes: f64,
    /// After this minute residents say nothing new.
    pub last_word: f64,
    pub bot: StandIn,
    pub sms: StubChannel,
    pub ledger: Ledger,
    /// Cancelled at the end of the period.
    pub stop: CancellationToken,
    pub reported: AtomicUsize,
    next_update: AtomicI64,
    next_message: AtomicI64,
}

/// What stands still in a [`World`].
pub struct Ground {
    pub base: String,
    pub secret: String,
    pub bot_name: String,
    pub clock: Arc<ScaledClock>,
    pub minutes: f64,
    pub last_word: f64,
    pub bot: StandIn,
    pub sms: StubChannel,
    pub stop: CancellationToken,
}

impl World {
    /// # Errors
    /// When the HTTP client cannot be built.
    pub fn new(g: Ground) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).pool_max_idle_per_host(64).build()?;
        Ok(Self {
            base: g.base,
            secret: g.secret,
            bot_name: g.bot_name,
            http,
            start: g.clock.now(),
            clock: g.clock,
            minutes: g.minutes,
            last_word: g.last_word,
            bot: g.bot,
            sms: g.sms,
            ledger: Ledger::default(),
            stop: g.stop,
            reported: AtomicUsize::new(0),
            next_update: AtomicI64::new(700_000_001),
            next_message: AtomicI64::new(10_000_001),
        })
    }

    #[must_use]
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Simulated minutes since the start.
    #[must_use]
    pub fn minute(&self) -> f64 {
        minutes_between(self.start, self.now())
    }

    /// A resident may still say something that asks for an answer.
    #[must_use]
    pub fn may_speak(&self) -> bool {
        self.minute() < self.last_word && !self.stop.is_cancelled()
    }

    /// Waits for so many simulated minutes. False when the period is over.
    pub async fn rest(&self, minutes: f64) -> bool {
        let span = Duration::try_from_secs_f64((minutes * 60.0).max(0.0)).unwrap_or_default();
        tokio::select! {
            () = self.stop.cancelled() => false,
            () = tokio::time::sleep(self.clock.real(span)) => !self.stop.is_cancelled(),
        }
    }

    /// Waits until a simulated minute.
    pub async fn until(&self, minute: f64) -> bool {
        self.rest(minute - self.minute()).await
    }

    /// Calls the API. Failures of the network and 503 are tried again, as any client would.
    pub async fn call(&self, method: Method, path: &str, token: Option<&str>, key: Option<&str>, body: Option<&Value>) -> Option<Answer> {
        for attempt in 0..6u32 {
            let mut req = self.http.request(method.clone(), format!("{}/api/v1{path}", self.base));
            if let Some(t) = token {
                req = req.bearer_auth(t);
            }
            if let Some(k) = key {
                req = req.header("idempotency-key", k);
            }
            if let Some(b) = body {
                req = req.json(b);
            }
            match req.send().await {
                Ok(res) if res.status().as_u16() != 503 => {
                    let status = res.status().as_u16();
                    let body = res.json().await.unwrap_or(Value::Null);
                    if status == 409 {
                        self.ledger.write().conflicts += 1;
                    } else if status >= 400 {
                        let code = body.get("code").and_then(Value::as_str).unwrap_or("?");
                        self.ledger.trouble(format!("{method} {}: {status} {code}", pattern(path)));
                    }
                    return Some(Answer { status, body });
                }
                Ok(_) => self.ledger.trouble(format!("{method} {}: 503, tried again", pattern(path))),
                Err(_) => self.ledger.trouble(format!("{method} {}: no answer, tried again", pattern(path))),
            }
            tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
        }
        self.ledger.trouble(format!("{method} {}: given up", pattern(path)));
        None
    }

    pub async fn get(&self, path: &str, token: &str) -> Option<Answer> {
        self.call(Method::GET, path, Some(token), None, None).await
    }

    pub async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Option<Answer> {
        self.call(Method::POST, path, token, None, Some(body)).await
    }

    /// Delivers an update as Telegram does: again and again until it is taken; now and then once more for no reason.
    pub async fn deliver(&self, chat: i64, kind: &str, mut inner: Value, wants: Vec<Want>) {
        let id = self.next_update.fetch_add(1, Ordering::SeqCst);
        if let (Some(map), "message") = (inner.as_object_mut(), kind) {
            map.insert("message_id".into(), json!(self.next_message.fetch_add(1, Ordering::SeqCst)));
            map.insert("date".into(), json!(self.now().timestamp()));
            map.insert("chat".into(), json!({"id": chat, "type": "private", "first_name": "demo"}));
        }
        let body = json!({"update_id": id, kind: inner}).to_string();
        self.ledger.write().updates.push(Update { id, chat, wants, seen: self.bot.received(chat) });
        self.push(&body).await;
        // About one in twenty-five: Telegram repeats what it believes was not taken.
        if id % 25 == 7 {
            self.ledger.write().repeated_updates += 1;
            self.push(&body).await;
        }
    }

    async fn push(&self, body: &str) {
        let url = format!("{}/webhooks/telegram/{}", self.base, self.bot_name);
        for attempt in 0..8u32 {
            let sent = self
                .http
                .post(&url)
                .header(bots::signature::TELEGRAM_HEADER, &self.secret)
                .header("content-type", "application/json")
                .body(body.to_owned())
                .send()
                .await;
            match sent {
                Ok(res) if res.status().is_success() => return,
                Ok(res) => self.ledger.trouble(format!("webhook: {}, tried again", res.status().as_u16())),
                Err(_) => self.ledger.trouble("webhook: no answer, tried again"),
            }
            tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
        }
        self.ledger.trouble("webhook: given up");
    }
}

/// Minutes from one moment to another.
#[must_use]
pub fn minutes_between(from: Instant, to: Instant) -> f64 {
    to.signed_duration_since(from).num_milliseconds() as f64 / 60_000.0
}

/// A path without the numbers and codes in it.
fn pattern(path: &str) -> String {
    let path = path.split('?').next().unwrap_or("");
    let step = |s: &str| if s.chars().any(|c| c.is_ascii_digit() || c == '_') { "*".to_owned() } else { s.to_owned() };
    path.split('/').map(step).collect::<Vec<_>>().join("/")
}
