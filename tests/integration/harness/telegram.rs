//! A stand-in for the Bot API over real HTTP: remembers what was sent into which chat, and fails when told to.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The token that the service is configured with.
pub const TOKEN: &str = "109109:AAtest_token_of_the_tests_0123456789";

/// How one sendMessage goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fail {
    /// 429: come again after so many seconds.
    TooMany(u64),
    /// 403: the person blocked the bot.
    Blocked,
    /// 401: the token is no longer good.
    Unauthorized,
    /// 400: never to be taken.
    Rejected,
    /// 200 with what is not JSON. Nothing was taken.
    Garbage,
    /// The message is taken, and the connection breaks before the answer.
    AnswerLost,
    /// The connection breaks and nothing was taken.
    Broken,
}

/// A message as a person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub chat: i64,
    pub text: String,
    /// Data of the inline buttons, in order.
    pub buttons: Vec<String>,
    /// The keyboard asks for the phone's place.
    pub asks_location: bool,
}

#[derive(Default)]
struct State {
    sent: Vec<Shown>,
    failures: VecDeque<Fail>,
    of_chat: BTreeMap<i64, VecDeque<Fail>>,
    held: BTreeSet<i64>,
    /// Chats into which a send stands still.
    standing: BTreeSet<i64>,
    files: BTreeMap<String, Vec<u8>>,
    acknowledged: usize,
    attempts: usize,
    pause: Duration,
    /// What getUpdates holds back until an offset confirms it.
    updates: Vec<Value>,
    /// Offsets that getUpdates was asked with.
    offsets: Vec<i64>,
    webhook_deleted: bool,
}

impl State {
    /// A send into this chat has to wait.
    fn stands(&mut self, chat: i64) -> bool {
        let held = self.held.contains(&chat);
        if held {
            self.standing.insert(chat);
        } else {
            self.standing.remove(&chat);
        }
        held
    }
}

/// The stand-in. Clones are the same one.
#[derive(Clone)]
pub struct FakeTelegram {
    pub addr: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl FakeTelegram {
    /// Listens until the test's runtime ends.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self { addr: listener.local_addr().unwrap(), state: Arc::default() };
        let own = fake.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let fake = own.clone();
                tokio::spawn(async move {
                    let _ = fake.serve(stream).await;
                });
            }
        });
        fake
    }

    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that was taken, oldest first.
    #[must_use]
    pub fn sent(&self) -> Vec<Shown> {
        self.lock().sent.clone()
    }

    /// Calls of sendMessage, successful or not.
    #[must_use]
    pub fn attempts(&self) -> usize {
        self.lock().attempts
    }

    #[must_use]
    pub fn acknowledged(&self) -> usize {
        self.lock().acknowledged
    }

    /// The next send, whoever it is for, fails so.
    pub fn fail_next(&self, fail: Fail) {
        self.lock().failures.push_back(fail);
    }

    /// The next send into this chat fails so.
    pub fn fail_chat(&self, chat: i64, fail: Fail) {
        self.lock().of_chat.entry(chat).or_default().push_back(fail);
    }

    /// From now on every answer takes so long.
    pub fn slow_down(&self, pause: Duration) {
        self.lock().pause = pause;
    }

    /// Sends into this chat are not answered until [`Self::let_go`].
    pub fn hold_chat(&self, chat: i64) {
        self.lock().held.insert(chat);
    }

    /// Sends that stand still.
    #[must_use]
    pub fn standing(&self) -> usize {
        self.lock().standing.len()
    }

    /// Whatever is held is answered now.
    pub fn let_go(&self) {
        self.lock().held.clear();
    }

    /// A file that getFile finds.
    pub fn put_file(&self, id: &str, bytes: &[u8]) {
        self.lock().files.insert(id.to_owned(), bytes.to_vec());
    }

    /// Something a person wrote, to be fetched by polling.
    pub fn holds(&self, update: Value) {
        self.lock().updates.push(update);
    }

    /// Offsets asked with so far, and whether a webhook was taken away first.
    pub fn polled(&self) -> (Vec<i64>, bool) {
        let state = self.lock();
        (state.offsets.clone(), state.webhook_deleted)
    }

    async fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let mut seen = Vec::new();
        loop {
            let head_end = loop {
                if let Some(at) = seen.windows(4).position(|w| w == b"\r\n\r\n") {
                    break at + 4;
                }
                if stream.read_buf(&mut seen).await.ok()? == 0 {
                    return None;
                }
            };
            let head = String::from_utf8_lossy(&seen[..head_end]).into_owned();
            let length: usize = head.lines().find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok()).unwrap_or(0);
            while seen.len() < head_end + length {
                if stream.read_buf(&mut seen).await.ok()? == 0 {
                    return None;
                }
            }
            let body: Value = serde_json::from_slice(&seen[head_end..head_end + length]).unwrap_or_default();
            seen.drain(..head_end + length);
            let path = head.split_whitespace().nth(1).unwrap_or("").to_owned();
            let (status, answer) = self.answer(&path, &body).await?;
            let head = format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", answer.len());
            stream.write_all(head.as_bytes()).await.ok()?;
            stream.write_all(&answer).await.ok()?;
        }
    }

    /// `None` breaks the connection.
    async fn answer(&self, path: &str, body: &Value) -> Option<(u16, Vec<u8>)> {
        let ok = |result: Value| (200, json!({"ok": true, "result": result}).to_string().into_bytes());
        let failed = |code: u16, text: &str, more: Value| {
            let mut b = json!({"ok": false, "error_code": code, "description": text});
            if !more.is_null() {
                b["parameters"] = more;
            }
            (code, b.to_string().into_bytes())
        };
        let pause = self.lock().pause;
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        if let Some(file) = path.strip_prefix(&format!("/file/bot{TOKEN}/")) {
            let found = self.lock().files.get(file).cloned();
            return Some(found.map_or((404, Vec::new()), |bytes| (200, bytes)));
        }
        let Some(method) = path.strip_prefix(&format!("/bot{TOKEN}/")) else { return Some(failed(401, "Unauthorized", Value::Null)) };
        Some(match method.to_ascii_lowercase().as_str() {
            "sendmessage" => {
                let chat = body["chat_id"].as_i64().or_else(|| body["chat_id"].as_str()?.parse().ok()).unwrap_or(0);
                while self.lock().stands(chat) {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                let mut state = self.lock();
                state.attempts += 1;
                let fail = match state.of_chat.get_mut(&chat).and_then(VecDeque::pop_front) {
                    Some(f) => Some(f),
                    None => state.failures.pop_front(),
                };
                let shown = shown(chat, body);
                match fail {
                    None => {
                        state.sent.push(shown);
                        let id = state.sent.len();
                        ok(
                            json!({"message_id": id, "date": 1_795_000_000, "chat": {"id": chat, "type": "private", "first_name": "A"}, "text": body["text"]}),
                        )
                    }
                    Some(Fail::TooMany(secs)) => failed(429, "Too Many Requests: retry later", json!({"retry_after": secs})),
                    Some(Fail::Blocked) => failed(403, "Forbidden: bot was blocked by the user", Value::Null),
                    Some(Fail::Unauthorized) => failed(401, "Unauthorized", Value::Null),
                    Some(Fail::Rejected) => failed(400, "Bad Request: message text is empty", Value::Null),
                    Some(Fail::Garbage) => (200, b"<html>not today</html>".to_vec()),
                    Some(Fail::AnswerLost) => {
                        state.sent.push(shown);
                        return None;
                    }
                    Some(Fail::Broken) => return None,
                }
            }
            "getfile" => {
                let id = body["file_id"].as_str().unwrap_or_default().to_owned();
                match self.lock().files.get(&id) {
                    Some(bytes) => ok(json!({"file_id": id, "file_unique_id": format!("u{id}"), "file_size": bytes.len(), "file_path": id})),
                    None => failed(400, "Bad Request: file is temporarily unavailable", Value::Null),
                }
            }
            "answercallbackquery" => {
                self.lock().acknowledged += 1;
                ok(json!(true))
            }
            "getupdates" => {
                let offset = body["offset"].as_i64().unwrap_or(0);
                let mut state = self.lock();
                state.offsets.push(offset);
                state.updates.retain(|u| u["update_id"].as_i64() >= Some(offset));
                ok(json!(state.updates))
            }
            "deletewebhook" => {
                self.lock().webhook_deleted = true;
                ok(json!(true))
            }
            "getme" => ok(json!({"id": 109, "is_bot": true, "first_name": "109", "username": "test_109_bot", "can_join_groups": false,
                "can_read_all_group_messages": false, "supports_inline_queries": false, "has_main_web_app": false, "can_connect_to_business": false})),
            _ => ok(json!(true)),
        })
    }
}

fn shown(chat: i64, body: &Value) -> Shown {
    // A reply markup may come as an object or as its text.
    let markup = match &body["reply_markup"] {
        Value::String(s) => serde_json::from_str(s).unwrap_or_default(),
        other => other.clone(),
    };
    let buttons = markup["inline_keyboard"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(|b| b["callback_data"].as_str().map(str::to_owned))
        .collect();
    let asks_location = markup["keyboard"].to_string().contains("request_location");
    Shown { chat, text: body["text"].as_str().unwrap_or_default().to_owned(), buttons, asks_location }
}
