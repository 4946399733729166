//! A stand-in for Meta over real HTTP: the Graph API that takes our messages, and the hand that signs and brings webhook calls.

use super::http::{Answer, Api};
use super::provider::{Call, Provider, Reply, listen};
use base64::Engine as _;
use jambyl109::domain::Instant;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub const APP_SECRET: &str = "the_app_secret_of_the_tests";
pub const VERIFY_TOKEN: &str = "a-word-of-the-tests";
/// Meta's number of our telephone number, of our Instagram account, of our page.
pub const PHONE_NUMBER_ID: &str = "106540352242922";
pub const INSTAGRAM_ID: &str = "17841405822304914";
pub const PAGE_ID: &str = "106540352242999";
/// Tokens tell the stand-in which of the three calls.
const TOKENS: [(&str, &str); 3] = [("whatsapp", "WA-token"), ("instagram", "IG-token"), ("facebook", "FB-token")];

/// How one send goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetaFail {
    /// 429 with `Retry-After`.
    TooMany(u64),
    /// This pair of numbers is too fast.
    Pair,
    /// 500 with a body that is no JSON.
    Server,
    /// Too long since the person last wrote.
    Window,
    /// No such account.
    Unreachable,
    /// The person does not want messages.
    Blocked,
    /// There is no such approved template.
    Template,
    /// The account is locked.
    Stopped,
    /// The token is no longer good.
    Unauthorized,
    /// Our mistake.
    Rejected,
    /// The message is taken, and the connection breaks before the answer.
    AnswerLost,
    /// The connection breaks and nothing was taken.
    Broken,
}

/// A message as a person sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Posted {
    /// `whatsapp`, `instagram`, `facebook`.
    pub door: String,
    /// The person, `comment:{id}` or `private:{id}`.
    pub to: String,
    pub text: String,
    /// Data of everything that can be tapped, in order.
    pub buttons: Vec<String>,
    /// The whole call.
    pub body: Value,
    /// The handle that the service was given.
    pub id: String,
}

#[derive(Default)]
struct State {
    posted: Vec<Posted>,
    /// Marks "read" and "typing".
    marks: Vec<Value>,
    failures: VecDeque<MetaFail>,
    of_chat: BTreeMap<String, VecDeque<MetaFail>>,
    files: BTreeMap<String, (Vec<u8>, &'static str)>,
    /// What is told of a post or a comment elsewhere; an error: the stand-in stumbles (true), or tells nothing.
    mentions: BTreeMap<String, Result<Value, bool>>,
    /// Questions about such places.
    asked: usize,
    forged: BTreeSet<String>,
    attempts: usize,
    pause: Duration,
    addr: Option<SocketAddr>,
}

/// The stand-in. Clones are the same one.
#[derive(Clone)]
pub struct FakeMeta {
    pub addr: SocketAddr,
    state: Arc<Graph>,
    counter: Arc<AtomicI64>,
}

#[derive(Default)]
struct Graph(Mutex<State>);

impl Graph {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FakeMeta {
    pub async fn start() -> Self {
        let state = Arc::new(Graph::default());
        let addr = listen(state.clone()).await;
        state.lock().addr = Some(addr);
        Self { addr, state, counter: Arc::new(AtomicI64::new(1)) }
    }

    /// The settings under which the service works with the stand-in.
    pub fn settings(&self) -> Vec<(String, String)> {
        let token = |door: &str| TOKENS.iter().find(|(d, _)| *d == door).map_or("", |(_, t)| *t);
        [
            ("META__APP_SECRET", APP_SECRET),
            ("META__VERIFY_TOKEN", VERIFY_TOKEN),
            ("META__GRAPH_URL", &format!("http://{}", self.addr)),
            ("WHATSAPP__PHONE_NUMBER_ID", PHONE_NUMBER_ID),
            ("WHATSAPP__TOKEN", token("whatsapp")),
            ("INSTAGRAM__ACCOUNT_ID", INSTAGRAM_ID),
            ("INSTAGRAM__TOKEN", token("instagram")),
            ("FACEBOOK__PAGE_ID", PAGE_ID),
            ("FACEBOOK__TOKEN", token("facebook")),
        ]
        .map(|(k, v)| (format!("CHANNELS__{k}"), v.to_owned()))
        .to_vec()
    }

    /// A number that nothing had.
    pub fn next(&self) -> i64 {
        self.counter.fetch_add(1, Ordering::SeqCst)
    }

    /// Everything that was taken, oldest first.
    pub fn posted(&self) -> Vec<Posted> {
        self.state.lock().posted.clone()
    }

    /// What one person, or one comment, was sent.
    pub fn to(&self, to: &str) -> Vec<Posted> {
        self.posted().into_iter().filter(|p| p.to == to).collect()
    }

    /// Calls that wanted to send, successful or not.
    pub fn attempts(&self) -> usize {
        self.state.lock().attempts
    }

    pub fn marks(&self) -> Vec<Value> {
        self.state.lock().marks.clone()
    }

    /// The next send, whoever it is for, fails so.
    pub fn fail_next(&self, fail: MetaFail) {
        self.state.lock().failures.push_back(fail);
    }

    /// The next send to this person fails so.
    pub fn fail_chat(&self, to: &str, fail: MetaFail) {
        self.state.lock().of_chat.entry(to.to_owned()).or_default().push_back(fail);
    }

    /// From now on every answer takes so long.
    pub fn slow_down(&self, pause: Duration) {
        self.state.lock().pause = pause;
    }

    /// A file that people's messages may name.
    pub fn put_file(&self, id: &str, bytes: &[u8], kind: &'static str) {
        self.state.lock().files.insert(id.to_owned(), (bytes.to_vec(), kind));
    }

    /// From now on this is told of a post or a comment of another account; an error: the stand-in stumbles (true), or tells nothing.
    pub fn put_mention(&self, id: &str, told: Result<Value, bool>) {
        self.state.lock().mentions.insert(id.to_owned(), told);
    }

    /// How often it was asked about such places.
    pub fn asked(&self) -> usize {
        self.state.lock().asked
    }

    /// From now on the stand-in says no hash of this file, as if it knew none.
    pub fn forge(&self, id: &str) {
        self.state.lock().forged.insert(id.to_owned());
    }

    /// Where such a file lies, for those wires that tell an address.
    pub fn file_url(&self, id: &str) -> String {
        format!("http://{}/files/{id}", self.addr)
    }
}

/// Brings a body, signed with this secret over exactly these bytes.
pub async fn bring_signed(api: &Api, body: &[u8], secret: &str) -> Answer {
    let signature = bots::meta::sign(secret, body);
    let call = api.call(Method::POST, "/webhooks/meta").header("x-hub-signature-256", signature).header("content-type", "application/json");
    Api::send(call.body(body.to_vec())).await
}

/// Brings a body as Meta does. Letters outside of ASCII are escaped there.
pub async fn bring(api: &Api, body: &Value) -> Answer {
    bring_signed(api, escaped(body).as_bytes(), APP_SECRET).await
}

/// JSON with escapes for everything that is not ASCII.
pub fn escaped(body: &Value) -> String {
    let mut out = String::new();
    for c in body.to_string().chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            let mut units = [0; 2];
            out.extend(c.encode_utf16(&mut units).iter().map(|u| format!("\\u{u:04x}")));
        }
    }
    out
}

/// An envelope of WhatsApp around messages or statuses.
pub fn whatsapp(value: Value) -> Value {
    let mut inner = json!({
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "77262109109", "phone_number_id": PHONE_NUMBER_ID},
    });
    for (k, v) in value.as_object().unwrap() {
        inner[k] = v.clone();
    }
    json!({"object": "whatsapp_business_account", "entry": [{"id": "102290129340398", "changes": [{"field": "messages", "value": inner}]}]})
}

/// An envelope of Instagram or of the page around one event of a thread.
pub fn thread(door: &str, event: &Value, at: Instant) -> Value {
    let (object, id) = if door == "instagram" { ("instagram", INSTAGRAM_ID) } else { ("page", PAGE_ID) };
    json!({"object": object, "entry": [{"id": id, "time": at.timestamp_millis(), "messaging": [event]}]})
}

/// A comment under a post, as each of the two tells it.
pub fn comment(door: &str, id: &str, author: (&str, &str), text: &str, parent: Option<&str>, at: Instant) -> Value {
    if door == "instagram" {
        let mut value = json!({"id": id, "from": {"id": author.0, "username": author.1}, "text": text,
            "media": {"id": "17999000000000001", "media_product_type": "FEED"}});
        if let Some(p) = parent {
            value["parent_id"] = json!(p);
        }
        json!({"object": "instagram", "entry": [{"id": INSTAGRAM_ID, "time": at.timestamp(), "changes": [{"field": "comments", "value": value}]}]})
    } else {
        let post = format!("{PAGE_ID}_77");
        let value = json!({"item": "comment", "verb": "add", "comment_id": id, "post_id": post, "parent_id": parent.unwrap_or(&post),
            "from": {"id": author.0, "name": author.1}, "message": text, "created_time": at.timestamp()});
        json!({"object": "page", "entry": [{"id": PAGE_ID, "time": at.timestamp(), "changes": [{"field": "feed", "value": value}]}]})
    }
}

/// What becomes of a message of ours.
pub fn status(id: &str, recipient: &str, stage: &str, at: Instant, code: Option<i64>) -> Value {
    let mut status = json!({"id": id, "status": stage, "timestamp": at.timestamp().to_string(), "recipient_id": recipient});
    if let Some(code) = code {
        status["errors"] = json!([{"code": code, "title": "failed", "message": "failed", "error_data": {"details": "failed"}}]);
    }
    whatsapp(json!({"statuses": [status]}))
}

impl Provider for Graph {
    async fn answer(&self, call: &Call) -> Option<Reply> {
        let pause = self.lock().pause;
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        if let Some(id) = call.path.strip_prefix("/files/") {
            let found = self.lock().files.get(id).cloned();
            return Some(found.map_or_else(|| Reply::json(404, &json!({})), |(bytes, kind)| Reply::bytes(kind, bytes)));
        }
        let Some((door, _)) = TOKENS.iter().find(|(_, token)| *token == call.bearer()) else {
            return Some(refusal(401, 190, None, "Error validating access token"));
        };
        let mut steps = call.path.trim_matches('/').split('/').skip(1);
        let (first, second) = (steps.next().unwrap_or_default(), steps.next());
        match (call.method.as_str(), second) {
            ("POST", Some("messages")) => self.message(door, &call.json()),
            ("POST", Some("replies" | "comments")) => {
                let text = call.json()["message"].as_str().map(str::to_owned).or_else(|| call.field("message")).unwrap_or_default();
                self.take(door, &format!("comment:{first}"), &text, Vec::new(), call.json(), |id| json!({"id": id}))
            }
            ("GET", None) if call.query.get("fields").is_some_and(|f| f.starts_with("mentioned_")) => Some(self.mention(&call.query["fields"])),
            ("POST", Some("mentions")) => {
                let body = call.json();
                let at = [&body["media_id"], &body["comment_id"]].iter().filter_map(|v| v.as_str()).collect::<Vec<_>>().join("_");
                let text = body["message"].as_str().unwrap_or_default().to_owned();
                self.take(door, &format!("mention:{at}"), &text, Vec::new(), body, |id| json!({"id": id}))
            }
            ("GET", None) => Some(self.file(first).unwrap_or_else(|| Reply::json(200, &json!({"id": first})))),
            _ => Some(refusal(400, 100, None, "Unsupported request")),
        }
    }
}

impl Graph {
    /// What somebody said of us elsewhere.
    fn mention(&self, fields: &str) -> Reply {
        let mut state = self.lock();
        state.asked += 1;
        let Some(id) = fields.split(['(', ')']).nth(1) else { return refusal(400, 100, None, "Syntax error") };
        match state.mentions.get(id) {
            Some(Ok(told)) => Reply::json(200, &json!({(fields.split('.').next().unwrap()): told, "id": INSTAGRAM_ID})),
            Some(Err(true)) => Reply { status: 500, ..Reply::bytes("text/html", b"<html>not today</html>".to_vec()) },
            Some(Err(false)) | None => refusal(400, 100, Some(33), "Unsupported get request. Object does not exist"),
        }
    }

    fn file(&self, id: &str) -> Option<Reply> {
        let state = self.lock();
        let (bytes, kind) = state.files.get(id)?;
        let url = format!("http://{}/files/{id}", state.addr?);
        let hash = if state.forged.contains(id) { Value::Null } else { json!(hex::encode(Sha256::digest(bytes))) };
        Some(Reply::json(
            200,
            &json!({"messaging_product": "whatsapp", "url": url, "mime_type": kind, "sha256": hash, "file_size": bytes.len(), "id": id}),
        ))
    }

    fn message(&self, door: &str, body: &Value) -> Option<Reply> {
        if body["status"] == "read" || !body["sender_action"].is_null() {
            self.lock().marks.push(body.clone());
            return Some(Reply::json(200, &json!({"success": true})));
        }
        let to = |v: &Value| v.as_str().map(str::to_owned);
        let recipient = &body["recipient"];
        let chat = to(&body["to"])
            .or_else(|| to(recipient))
            .or_else(|| to(&recipient["id"]))
            .or_else(|| to(&recipient["comment_id"]).or_else(|| to(&recipient["post_id"])).map(|id| format!("private:{id}")))
            .unwrap_or_default();
        let (text, buttons) = if door == "whatsapp" { shown_whatsapp(body) } else { shown_thread(&body["message"]) };
        let person = chat.clone();
        self.take(door, &chat, &text, buttons, body.clone(), |id| {
            if door == "whatsapp" {
                json!({"messaging_product": "whatsapp", "contacts": [{"input": person, "wa_id": person}], "messages": [{"id": id}]})
            } else {
                json!({"recipient_id": person, "message_id": id})
            }
        })
    }

    fn take(&self, door: &str, to: &str, text: &str, buttons: Vec<String>, body: Value, done: impl Fn(&str) -> Value) -> Option<Reply> {
        let mut state = self.lock();
        state.attempts += 1;
        let fail = match state.of_chat.get_mut(to).and_then(VecDeque::pop_front) {
            Some(f) => Some(f),
            None => state.failures.pop_front(),
        };
        let id = format!("{door}.OUT{}", state.posted.len());
        let posted = Posted { door: door.to_owned(), to: to.to_owned(), text: text.to_owned(), buttons, body, id: id.clone() };
        let whatsapp = door == "whatsapp";
        let Some(fail) = fail else {
            state.posted.push(posted);
            return Some(Reply::json(200, &done(&id)));
        };
        Some(match fail {
            MetaFail::TooMany(secs) => {
                Reply { retry_after: Some(secs), ..refusal(429, if whatsapp { 130_429 } else { 613 }, None, "Rate limit hit") }
            }
            MetaFail::Pair => refusal(400, 131_056, None, "Pair rate limit hit"),
            MetaFail::Server => Reply { status: 500, ..Reply::bytes("text/html", b"<html>not today</html>".to_vec()) },
            MetaFail::Window if whatsapp => refusal(400, 131_047, None, "Re-engagement message"),
            MetaFail::Window => refusal(400, 10, Some(2_534_022), "Outside of allowed window"),
            MetaFail::Unreachable if whatsapp => refusal(400, 131_026, None, "Message undeliverable"),
            MetaFail::Unreachable => refusal(400, 100, Some(2_018_001), "No matching user found"),
            MetaFail::Blocked if whatsapp => refusal(400, 130_403, None, "User blocked the business"),
            MetaFail::Blocked => refusal(400, 551, None, "This person isn't available right now"),
            MetaFail::Template => refusal(404, 132_001, None, "Template name does not exist in the translation"),
            MetaFail::Stopped => refusal(400, 131_031, None, "Account has been locked"),
            MetaFail::Unauthorized => refusal(401, 190, None, "Error validating access token"),
            MetaFail::Rejected => refusal(400, 131_009, None, "Parameter value is not valid"),
            MetaFail::AnswerLost => {
                state.posted.push(posted);
                return None;
            }
            MetaFail::Broken => return None,
        })
    }
}

fn refusal(status: u16, code: i64, subcode: Option<i64>, message: &str) -> Reply {
    let mut error = json!({"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A1"});
    if let Some(s) = subcode {
        error["error_subcode"] = json!(s);
    }
    Reply::json(status, &json!({"error": error}))
}

/// Everything that can be tapped, in the order it is shown.
fn shown_whatsapp(body: &Value) -> (String, Vec<String>) {
    let kind = body["type"].as_str().unwrap_or_default();
    let content = &body[kind];
    let text = [&content["body"]["text"], &content["body"], &content["caption"]].iter().find_map(|v| v.as_str()).unwrap_or_default();
    let text = if kind == "template" {
        let places = content["components"].as_array().into_iter().flatten().flat_map(|c| c["parameters"].as_array().cloned().unwrap_or_default());
        let values: Vec<String> = places.filter_map(|p| p["text"].as_str().map(str::to_owned)).collect();
        format!("[{}] {}", content["name"].as_str().unwrap_or_default(), values.join(" | "))
    } else {
        text.to_owned()
    };
    let buttons = content["action"]["buttons"].as_array().into_iter().flatten().map(|b| &b["reply"]["id"]);
    let rows =
        content["action"]["sections"].as_array().into_iter().flatten().flat_map(|s| s["rows"].as_array().into_iter().flatten()).map(|r| &r["id"]);
    (text, buttons.chain(rows).filter_map(|id| id.as_str().map(str::to_owned)).collect())
}

fn shown_thread(message: &Value) -> (String, Vec<String>) {
    let keys = message["quick_replies"].as_array().into_iter().flatten().filter_map(|q| q["payload"].as_str().map(str::to_owned));
    (message["text"].as_str().unwrap_or_default().to_owned(), keys.collect())
}

/// The hash of a file as WhatsApp tells it with a message.
pub fn base64_hash(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(Sha256::digest(bytes))
}
