//! A stand-in for Telegram's Bot API: takes what the bot sends, hands it to whoever sits in the chat, gives files, and is busy now and then.

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpResponse, HttpServer, web};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Every so many messages the answer is "too many requests, retry after a second".
const BUSY_EVERY: u64 = 211;

/// A message as its reader sees it.
#[derive(Debug, Clone, Default)]
pub struct BotMessage {
    pub id: i64,
    /// The data of its buttons, in reading order.
    pub buttons: Vec<String>,
    /// A key that shares the place stands under it.
    pub asks_place: bool,
}

#[derive(Default)]
struct Chat {
    received: u64,
    reader: Option<UnboundedSender<BotMessage>>,
}

#[derive(Default)]
struct State {
    chats: HashMap<i64, Chat>,
    sends: u64,
    busy: u64,
    files: u64,
    next_id: i64,
}

/// The stand-in. Clones are the same one.
#[derive(Clone)]
pub struct StandIn {
    state: Arc<Mutex<State>>,
    addr: SocketAddr,
    server: ServerHandle,
}

impl StandIn {
    /// Listens on a free port of this machine.
    ///
    /// # Errors
    /// When nothing can be listened on.
    pub fn start() -> std::io::Result<Self> {
        let state = Arc::new(Mutex::new(State { next_id: 1, ..State::default() }));
        let socket = std::net::TcpListener::bind("127.0.0.1:0")?;
        let addr = socket.local_addr()?;
        let data = web::Data::new(state.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .app_data(web::PayloadConfig::new(1 << 20))
                .route("/file/bot{token}/{path:.*}", web::get().to(file))
                .route("/bot{token}/{method}", web::route().to(call))
        })
        .listen(socket)?
        .workers(1)
        .shutdown_timeout(1)
        .disable_signals()
        .run();
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Self { state, addr, server: handle })
    }

    /// What `channels.telegram.api_url` is set to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Sits down in a chat: what the bot sends from now on comes here.
    pub fn sit(&self, chat: i64) -> UnboundedReceiver<BotMessage> {
        let (tx, rx) = unbounded_channel();
        lock(&self.state).chats.entry(chat).or_default().reader = Some(tx);
        rx
    }

    /// How many messages a chat has received.
    #[must_use]
    pub fn received(&self, chat: i64) -> u64 {
        lock(&self.state).chats.get(&chat).map_or(0, |c| c.received)
    }

    /// Messages taken, answers "too many requests", files given.
    #[must_use]
    pub fn counts(&self) -> (u64, u64, u64) {
        let s = lock(&self.state);
        (s.sends, s.busy, s.files)
    }

    pub async fn stop(&self) {
        self.server.stop(false).await;
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ok(result: Value) -> HttpResponse {
    HttpResponse::Ok().json(json!({"ok": true, "result": result}))
}

fn refused(code: u16, description: &str) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(code).unwrap_or(actix_web::http::StatusCode::BAD_REQUEST);
    HttpResponse::build(status).json(json!({"ok": false, "error_code": code, "description": description}))
}

async fn call(path: web::Path<(String, String)>, body: web::Bytes, state: web::Data<Arc<Mutex<State>>>) -> HttpResponse {
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    match path.1.to_ascii_lowercase().as_str() {
        "getme" => ok(json!({
            "id": 109, "is_bot": true, "first_name": "Jambyl 109", "username": "jambyl109_demo_bot", "can_join_groups": false,
            "can_read_all_group_messages": false, "supports_inline_queries": false, "can_connect_to_business": false, "has_main_web_app": false
        })),
        "sendmessage" => send(&state, &body),
        "getfile" => {
            let id = body.get("file_id").and_then(Value::as_str).unwrap_or("");
            let (folder, end) = if id.contains("voice") { ("voice", "oga") } else { ("photos", "jpg") };
            let size = content(end).len();
            ok(json!({"file_id": id, "file_unique_id": format!("u{id}"), "file_size": size, "file_path": format!("{folder}/{id}.{end}")}))
        }
        "setwebhook" | "deletewebhook" | "answercallbackquery" | "setmycommands" => ok(json!(true)),
        _ => refused(404, "Not Found"),
    }
}

fn send(state: &Mutex<State>, body: &Value) -> HttpResponse {
    let chat = body.get("chat_id").and_then(|v| v.as_i64().or_else(|| v.as_str().and_then(|s| s.parse().ok())));
    let text = body.get("text").and_then(Value::as_str).unwrap_or("");
    let (Some(chat), false) = (chat, text.is_empty()) else { return refused(400, "Bad Request: message text is empty") };
    let mut s = lock(state);
    s.sends += 1;
    if s.sends.is_multiple_of(BUSY_EVERY) {
        s.busy += 1;
        return HttpResponse::TooManyRequests().json(json!({
            "ok": false, "error_code": 429, "description": "Too Many Requests: retry after 1", "parameters": {"retry_after": 1}
        }));
    }
    let id = s.next_id;
    s.next_id += 1;
    let mut message = BotMessage { id, ..BotMessage::default() };
    read_keyboard(body.get("reply_markup"), &mut message);
    let place = s.chats.entry(chat).or_default();
    place.received += 1;
    if let Some(reader) = &place.reader {
        // Nobody may be sitting there any more; the message stays in the chat all the same.
        let _ = reader.send(message);
    }
    ok(json!({"message_id": id, "date": 1_700_000_000, "chat": {"id": chat, "type": "private", "first_name": "x"}, "text": text}))
}

fn read_keyboard(markup: Option<&Value>, message: &mut BotMessage) {
    let parsed;
    let markup = match markup {
        Some(Value::String(s)) => {
            parsed = serde_json::from_str(s).unwrap_or(Value::Null);
            &parsed
        }
        Some(v) => v,
        None => return,
    };
    let keys = |name: &str| -> Vec<Value> {
        let rows = markup.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        rows.iter().filter_map(Value::as_array).flatten().cloned().collect()
    };
    message.buttons = keys("inline_keyboard").iter().filter_map(|k| k.get("callback_data")?.as_str().map(str::to_owned)).collect();
    message.asks_place = keys("keyboard").iter().any(|k| k.get("request_location").is_some_and(|v| v != &Value::Bool(false)));
}

async fn file(path: web::Path<(String, String)>, state: web::Data<Arc<Mutex<State>>>) -> HttpResponse {
    lock(&state).files += 1;
    let end = if path.1.ends_with("oga") { "oga" } else { "jpg" };
    HttpResponse::Ok().content_type("application/octet-stream").body(content(end))
}

/// Bytes that begin as such a file begins; nobody looks at the rest.
fn content(end: &str) -> Vec<u8> {
    let mut bytes = if end == "oga" {
        b"OggS\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00OpusHead".to_vec()
    } else {
        vec![0xFF, 0xD8, 0xFF, 0xE0, 0x00, 0x10, b'J', b'F', b'I', b'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0]
    };
    bytes.resize(2048, 0x2A);
    if end != "oga" {
        bytes.extend([0xFF, 0xD9]);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keyboards_are_read() {
        let mut m = BotMessage::default();
        read_keyboard(
            Some(&json!({"inline_keyboard": [[{"text": "a", "callback_data": "cf:1"}], [{"text": "b", "callback_data": "nf:1"}]]})),
            &mut m,
        );
        assert_eq!(m.buttons, ["cf:1", "nf:1"]);
        assert!(!m.asks_place);
        let mut m = BotMessage::default();
        read_keyboard(Some(&json!({"keyboard": [[{"text": "a", "request_location": true}], [{"text": "b"}]]})), &mut m);
        assert!(m.asks_place && m.buttons.is_empty());
    }
}
