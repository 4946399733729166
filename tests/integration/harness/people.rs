//! The people of a story: each is a type, and does only what such a person can do.

use super::http::{Answer, Api};
use super::parts;
use super::telegram::Shown;
use super::world::{SECRET, World, text};
use jambyl109::dispatch::accounts::{self, NewStaff};
use jambyl109::domain::access::Role;
use jambyl109::domain::{CrewCode, Lang, QueueCode};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Every staff account's password.
pub const PASSWORD: &str = "a long password for tests";

/// Hands an update in, as Telegram does.
pub async fn deliver(api: &Api, update: &Value) -> Answer {
    let call = api.call(Method::POST, "/webhooks/telegram/main").header("x-telegram-bot-api-secret-token", SECRET).json(update);
    Api::send(call).await
}

/// A person with Telegram.
pub struct Resident<'w> {
    w: &'w World,
    pub chat: i64,
    code: &'static str,
    name: &'static str,
    read: AtomicUsize,
}

impl<'w> Resident<'w> {
    /// Writes in Kazakh.
    pub fn kk(w: &'w World, chat: i64) -> Self {
        Self { w, chat, code: "kk", name: "Айгүл", read: AtomicUsize::new(0) }
    }

    /// Writes in Russian.
    pub fn ru(w: &'w World, chat: i64) -> Self {
        Self { w, chat, code: "ru", name: "Айгүл", read: AtomicUsize::new(0) }
    }

    fn person(&self) -> Value {
        json!({"id": self.chat, "is_bot": false, "first_name": self.name, "language_code": self.code})
    }

    /// A message update that is not yet delivered.
    pub fn update(&self, content: &Value) -> Value {
        let id = self.w.next_update();
        let mut message = json!({
            "message_id": id, "date": self.w.now().timestamp(),
            "chat": {"id": self.chat, "type": "private", "first_name": self.name}, "from": self.person(),
        });
        for (k, v) in content.as_object().unwrap() {
            message[k] = v.clone();
        }
        json!({"update_id": id, "message": message})
    }

    pub fn press_update(&self, data: &str) -> Value {
        let id = self.w.next_update();
        json!({"update_id": id, "callback_query": {
            "id": format!("cb{id}"), "from": self.person(), "chat_instance": "1", "data": data,
            "message": {"message_id": id, "date": self.w.now().timestamp(), "chat": {"id": self.chat, "type": "private", "first_name": self.name}, "text": "…"},
        }})
    }

    async fn sends(&self, update: &Value) {
        assert_eq!(deliver(self.w.api(), update).await.status, 200);
        self.w.settle().await;
    }

    pub async fn says(&self, words: &str) {
        self.sends(&self.update(&json!({"text": words}))).await;
    }

    /// Shares a place.
    pub async fn shares_place(&self, lat: f64, lon: f64) {
        self.sends(&self.update(&json!({"location": {"latitude": lat, "longitude": lon}}))).await;
    }

    /// Sends a picture that lies at the provider.
    pub async fn shows(&self, file: &str, bytes: &[u8], caption: Option<&str>) {
        self.w.telegram.put_file(file, bytes);
        let mut content =
            json!({"photo": [{"file_id": file, "file_unique_id": format!("u{file}"), "width": 9, "height": 9, "file_size": bytes.len()}]});
        if let Some(c) = caption {
            content["caption"] = json!(c);
        }
        self.sends(&self.update(&content)).await;
    }

    /// Presses the newest button whose data begins so.
    pub async fn presses(&self, prefix: &str) {
        let data = self
            .all()
            .iter()
            .rev()
            .find_map(|m| m.buttons.iter().find(|b| b.starts_with(prefix)).cloned())
            .unwrap_or_else(|| panic!("no button {prefix} in {:#?}", self.all()));
        self.sends(&self.press_update(&data)).await;
    }

    /// Everything this chat was ever shown.
    pub fn all(&self) -> Vec<Shown> {
        self.w.telegram.sent().into_iter().filter(|m| m.chat == self.chat).collect()
    }

    /// What came since the last look.
    pub fn reads(&self) -> Vec<Shown> {
        let all = self.all();
        let seen = self.read.swap(all.len(), Ordering::SeqCst);
        all.into_iter().skip(seen).collect()
    }

    /// The one message that came since the last look.
    #[track_caller]
    pub fn reads_one(&self) -> Shown {
        let new = self.reads();
        assert_eq!(new.len(), 1, "one message was expected: {new:#?}");
        new.into_iter().next().unwrap()
    }
}

/// The first request number in a text.
#[track_caller]
pub fn number_in(words: &str) -> String {
    words
        .split(|c: char| !(c.is_ascii_digit() || c == '-'))
        .find(|w| w.len() == 12 && w.matches('-').count() == 2)
        .unwrap_or_else(|| panic!("no number in: {words}"))
        .to_owned()
}

/// A person with the application.
pub struct AppResident {
    pub api: Api,
    pub id: String,
    /// What renews the token.
    pub refresh: String,
}

impl AppResident {
    /// Signs in by the code that came as a short message.
    pub async fn sign_in(w: &World, phone: &str, language: &str) -> Self {
        w.api().post("/auth/otp", &json!({"phone": phone, "language": language})).await.expect(202);
        w.settle().await;
        let letter = w.server.sms.take().pop().expect("no short message came");
        let code: String = letter.message.text.split(|c: char| !c.is_ascii_digit()).find(|w| w.len() == 6).expect("no code").to_owned();
        let got = w.api().post("/auth/token", &json!({"phone": phone, "code": code})).await.expect(200);
        Self::of(w, &got)
    }

    /// Out of the answer of a sign-in or a renewal.
    #[must_use]
    pub fn of(w: &World, got: &Value) -> Self {
        Self { api: w.api().with(&text(got, "token")), id: text(got, "resident_id"), refresh: text(got, "refresh_token") }
    }

    /// Brings a file; what comes back.
    pub async fn brings(&self, bytes: &[u8]) -> Answer {
        let (kind, body) = parts::form(&[parts::Part::file(bytes)]);
        Api::send(self.api.call(Method::POST, "/api/v1/media").header("content-type", kind).body(body)).await
    }

    pub async fn reports(&self, words: &str) -> Value {
        self.api.post("/requests", &json!({"text": words})).await.expect(201)
    }

    /// The call with a key that makes repeating harmless.
    pub async fn reports_with_key(&self, key: &str, body: &Value) -> Answer {
        Api::send(self.api.call(Method::POST, "/api/v1/requests").header("idempotency-key", key).json(body)).await
    }
}

/// A member of staff with an API token.
pub struct Staff {
    pub api: Api,
}

impl Staff {
    pub async fn hire(w: &World, login: &str, role: Role, queues: &[&str], crew: Option<&str>) -> Self {
        let new = NewStaff {
            login: login.to_owned(),
            name: format!("Қызметкер {login}"),
            role,
            queues: queues.iter().map(|q| QueueCode::new(*q).unwrap()).collect(),
            districts: Vec::new(),
            crew: crew.map(|c| CrewCode::new(c).unwrap()),
            lang: Lang::Kk,
            password: PASSWORD.to_owned(),
        };
        accounts::add_staff(w.core(), new).await.unwrap();
        let got = w.api().post("/staff/login", &json!({"login": login, "password": PASSWORD})).await.expect(200);
        Self { api: w.api().with(&text(&got, "token")) }
    }

    /// A dispatcher of every queue.
    pub async fn dispatcher(w: &World) -> Self {
        Self::hire(w, "dispatcher", Role::Dispatcher, &[], None).await
    }

    /// An administrator.
    pub async fn admin(w: &World) -> Self {
        Self::hire(w, "admin", Role::Admin, &[], None).await
    }

    pub async fn sees(&self, number: &str) -> Value {
        self.api.get(&format!("/staff/requests/{number}")).await.expect(200)
    }

    /// Whether a request is within reach.
    pub async fn sees_or_not(&self, number: &str) -> bool {
        self.api.get(&format!("/staff/requests/{number}")).await.status == 200
    }

    /// Does an act on the version that stands now; `body` is what the act needs besides.
    pub async fn does(&self, number: &str, act: &str, body: Value) -> Answer {
        let version = self.sees(number).await["version"].clone();
        self.does_on(number, act, body, &version).await
    }

    /// Does an act on a stated version.
    pub async fn does_on(&self, number: &str, act: &str, mut body: Value, version: &Value) -> Answer {
        body["expected_version"] = version.clone();
        self.api.post(&format!("/staff/requests/{number}/{act}"), &body).await
    }

    /// Numbers that stand in a queue.
    pub async fn queue(&self, code: &str) -> Vec<String> {
        let page = self.api.get(&format!("/staff/queues/{code}/requests?limit=100")).await.expect(200);
        page["items"].as_array().unwrap().iter().map(|r| text(r, "number")).collect()
    }
}

/// A crew's member: an account, and a chat linked by a code.
pub struct CrewMember<'w> {
    pub staff: Staff,
    pub chat: Resident<'w>,
}

impl<'w> CrewMember<'w> {
    pub async fn hire(w: &'w World, crew: &str, chat: i64) -> Self {
        let staff = Staff::hire(w, &format!("crew-{chat}"), Role::Crew, &[], Some(crew)).await;
        let code = text(&staff.api.post("/staff/link-code", &json!({})).await.expect(201), "code");
        let chat = Resident { name: "Бригадир", ..Resident::kk(w, chat) };
        chat.says(&format!("/link {code}")).await;
        let answer = chat.reads_one().text;
        assert!(answer.contains("/jobs"), "the chat was not linked: {answer}");
        Self { staff, chat }
    }
}
