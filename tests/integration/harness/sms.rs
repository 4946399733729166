//! A crude gateway of short messages over real HTTP: takes what is to be sent as JSON, remembers it, brings messages and delivery reports as forms.

use super::http::{Answer, Api};
use super::provider::{Call, Provider, Reply, listen};
use reqwest::Method;
use serde_json::json;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// With this the gateway may bring messages.
pub const INBOUND_TOKEN: &str = "what_the_gateway_shows_us";
/// With this we may send.
const KEY: &str = "what_we_show_the_gateway";

/// How one send goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmsFail {
    /// 429.
    TooMany,
    /// 503.
    Server,
    /// No such number.
    Unreachable,
    /// No money.
    Stopped,
    /// The message is taken, and the connection breaks before the answer.
    AnswerLost,
}

/// A message that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texted {
    /// E.164.
    pub to: String,
    pub text: String,
    pub id: String,
}

#[derive(Default)]
struct State {
    taken: Vec<Texted>,
    failures: VecDeque<SmsFail>,
    of_number: BTreeMap<String, VecDeque<SmsFail>>,
    pause: Duration,
}

/// The stand-in. Clones are the same one.
#[derive(Clone)]
pub struct FakeSms {
    pub addr: SocketAddr,
    state: Arc<Gateway>,
}

#[derive(Default)]
struct Gateway(Mutex<State>);

impl Gateway {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FakeSms {
    pub async fn start() -> Self {
        let state = Arc::new(Gateway::default());
        Self { addr: listen(state.clone()).await, state }
    }

    /// The settings under which the service works with the stand-in; its description is written into `dir`.
    pub fn settings(&self, dir: &Path) -> Vec<(String, String)> {
        let file = dir.join("gateway.toml");
        std::fs::write(&file, self.description()).unwrap();
        [
            ("TRANSPORT", "http".to_owned()),
            ("GATEWAYS__MAIN__FILE", file.display().to_string()),
            ("GATEWAYS__MAIN__KEY", KEY.into()),
            ("GATEWAYS__MAIN__SENDER", "109".into()),
            ("GATEWAYS__MAIN__INBOUND_TOKEN", INBOUND_TOKEN.into()),
        ]
        .map(|(k, v)| (format!("CHANNELS__SMS__{k}"), v))
        .to_vec()
    }

    fn description(&self) -> String {
        format!(
            r#"
[send]
method = "post"
url = "http://{}/send"
json = '{{"to":"{{to}}","from":"{{sender}}","text":"{{text}}","ref":"{{ref}}"}}'
[send.headers]
authorization = "Bearer {{key}}"
[answer]
id = "/id"
error = "/error"
[answer.codes]
no_such_number = "unreachable"
no_money = "stopped"
[inbound]
id = "id"
from = "from"
text = "text"
at = "at"
[receipt]
id = "message"
status = "status"
at = "at"
"#,
            self.addr
        )
    }

    /// Everything that was taken, oldest first.
    pub fn taken(&self) -> Vec<Texted> {
        self.state.lock().taken.clone()
    }

    /// What one number was sent.
    pub fn to(&self, number: &str) -> Vec<Texted> {
        self.taken().into_iter().filter(|t| t.to == number).collect()
    }

    /// The next send, whoever it is for, fails so.
    pub fn fail_next(&self, fail: SmsFail) {
        self.state.lock().failures.push_back(fail);
    }

    /// The next send to this number fails so.
    pub fn fail_number(&self, number: &str, fail: SmsFail) {
        self.state.lock().of_number.entry(number.to_owned()).or_default().push_back(fail);
    }

    /// From now on every answer takes so long.
    pub fn slow_down(&self, pause: Duration) {
        self.state.lock().pause = pause;
    }
}

impl Provider for Gateway {
    async fn answer(&self, call: &Call) -> Option<Reply> {
        let pause = self.lock().pause;
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        if call.bearer() != KEY {
            return Some(Reply::json(401, &json!({"error": "key"})));
        }
        let body = call.json();
        let word = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let to = word("to");
        let mut state = self.lock();
        let fail = match state.of_number.get_mut(&to).and_then(VecDeque::pop_front) {
            Some(f) => Some(f),
            None => state.failures.pop_front(),
        };
        let id = format!("sms{}", state.taken.len() + 1);
        let done = Reply::json(200, &json!({"id": id}));
        let texted = Texted { to, text: word("text"), id };
        match fail {
            None => {
                state.taken.push(texted);
                Some(done)
            }
            Some(SmsFail::TooMany) => Some(Reply { retry_after: Some(1), ..Reply::json(429, &json!({})) }),
            Some(SmsFail::Server) => Some(Reply::json(503, &json!({}))),
            Some(SmsFail::Unreachable) => Some(Reply::json(400, &json!({"error": "no_such_number"}))),
            Some(SmsFail::Stopped) => Some(Reply::json(402, &json!({"error": "no_money"}))),
            Some(SmsFail::AnswerLost) => {
                state.taken.push(texted);
                None
            }
        }
    }
}

/// Brings what the gateway has, as a form.
pub async fn bring(api: &Api, fields: &[(&str, &str)]) -> Answer {
    Api::send(api.call(Method::POST, "/webhooks/sms/main").bearer_auth(INBOUND_TOKEN).form(fields)).await
}
