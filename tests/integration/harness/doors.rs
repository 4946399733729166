//! A resident at any of the doors: says, presses and shows what that door can carry, and reads what came back there.

use super::meta::{self, bring};
use super::people::deliver;
use super::sms;
use super::world::World;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A door of the service that people write through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Door {
    Telegram,
    Whatsapp,
    Instagram,
    Facebook,
    Sms,
}

impl Door {
    pub const ALL: [Self; 5] = [Self::Telegram, Self::Whatsapp, Self::Instagram, Self::Facebook, Self::Sms];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Telegram => "telegram",
            Self::Whatsapp => "whatsapp",
            Self::Instagram => "instagram",
            Self::Facebook => "facebook",
            Self::Sms => "sms",
        }
    }

    /// Something can be tapped there.
    #[must_use]
    pub const fn has_buttons(self) -> bool {
        !matches!(self, Self::Sms)
    }

    /// Pictures can be sent there.
    #[must_use]
    pub const fn has_pictures(self) -> bool {
        !matches!(self, Self::Sms)
    }
}

/// What a person sees at a door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub text: String,
    /// Data of what can be tapped.
    pub buttons: Vec<String>,
    /// The provider's handle.
    pub id: String,
}

/// A resident at one door.
pub struct Visitor<'w> {
    w: &'w World,
    pub door: Door,
    n: i64,
    read: AtomicUsize,
}

/// One call of a provider, ready to be brought, as often as one likes.
#[derive(Debug, Clone)]
pub enum Delivery {
    Telegram(Value),
    Meta(Value),
    Sms(Vec<(&'static str, String)>),
}

impl Delivery {
    /// Brings it; the HTTP status of the answer.
    pub async fn bring(&self, w: &World) -> u16 {
        match self {
            Self::Telegram(update) => deliver(w.api(), update).await.status,
            Self::Meta(body) => bring(w.api(), body).await.status,
            Self::Sms(fields) => {
                let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
                sms::bring(w.api(), &fields).await.status
            }
        }
    }
}

impl<'w> Visitor<'w> {
    /// The `n`-th person; different doors, different people.
    pub fn at(w: &'w World, door: Door, n: i64) -> Self {
        Self { w, door, n, read: AtomicUsize::new(0) }
    }

    /// The chat as the service names it.
    #[must_use]
    pub fn chat(&self) -> String {
        match self.door {
            Door::Telegram => (700_000 + self.n).to_string(),
            Door::Whatsapp => format!("KZ.{}", 13_491_208_655_302_741_000_i128 + i128::from(self.n)),
            Door::Instagram => format!("{}", 1_784_140_000_000_000 + self.n),
            Door::Facebook => format!("{}", 7_784_140_000_000_000 + self.n),
            Door::Sms => self.phone(),
        }
    }

    /// The person's number, E.164.
    #[must_use]
    pub fn phone(&self) -> String {
        format!("+7701{:07}", 1_000_000 + self.n)
    }

    fn handle(&self) -> String {
        format!("{}.IN{}", self.door.name(), self.w.meta.next())
    }

    /// A message with these words, not brought yet.
    #[must_use]
    pub fn words(&self, text: &str) -> Delivery {
        match self.door {
            Door::Telegram => self.telegram(&json!({"text": text})),
            Door::Whatsapp => self.whatsapp(&json!({"type": "text", "text": {"body": text}})),
            Door::Instagram | Door::Facebook => self.thread(&json!({"text": text})),
            Door::Sms => Delivery::Sms(vec![
                ("id", self.handle()),
                ("from", self.phone().trim_start_matches('+').to_owned()),
                ("text", text.to_owned()),
                ("at", self.w.now().timestamp().to_string()),
            ]),
        }
    }

    /// A press of what carries this data.
    #[must_use]
    pub fn press(&self, data: &str) -> Delivery {
        match self.door {
            Door::Telegram => {
                let id = self.w.next_update();
                let chat = json!({"id": self.telegram_id(), "type": "private", "first_name": "Айгүл"});
                Delivery::Telegram(json!({"update_id": id, "callback_query": {"id": format!("cb{id}"), "from": self.telegram_person(),
                    "chat_instance": "1", "data": data, "message": {"message_id": id, "date": self.w.now().timestamp(), "chat": chat, "text": "…"}}}))
            }
            Door::Whatsapp => {
                self.whatsapp(&json!({"type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"id": data, "title": "…"}}}))
            }
            Door::Instagram | Door::Facebook => self.thread(&json!({"text": "…", "quick_reply": {"payload": data}})),
            Door::Sms => panic!("nothing can be tapped in a short message"),
        }
    }

    /// A picture that lies at the provider.
    #[must_use]
    pub fn picture(&self, file: &str, bytes: &[u8], caption: Option<&str>) -> Delivery {
        match self.door {
            Door::Telegram => {
                self.w.telegram.put_file(file, bytes);
                let mut content =
                    json!({"photo": [{"file_id": file, "file_unique_id": format!("u{file}"), "width": 9, "height": 9, "file_size": bytes.len()}]});
                if let Some(c) = caption {
                    content["caption"] = json!(c);
                }
                self.telegram(&content)
            }
            Door::Whatsapp => {
                self.w.meta.put_file(file, bytes, "image/jpeg");
                let mut image = json!({"id": file, "mime_type": "image/jpeg", "sha256": meta::base64_hash(bytes)});
                if let Some(c) = caption {
                    image["caption"] = json!(c);
                }
                self.whatsapp(&json!({"type": "image", "image": image}))
            }
            Door::Instagram | Door::Facebook => {
                self.w.meta.put_file(file, bytes, "image/jpeg");
                let mut message = json!({"attachments": [{"type": "image", "payload": {"url": self.w.meta.file_url(file)}}]});
                if let Some(c) = caption {
                    message["text"] = json!(c);
                }
                self.thread(&message)
            }
            Door::Sms => panic!("no pictures in a short message"),
        }
    }

    /// The message with this handle is taken back.
    #[must_use]
    pub fn take_back(&self, handle: &str) -> Delivery {
        match self.door {
            Door::Whatsapp => self.whatsapp(&json!({"type": "revoke", "revoke": {"original_message_id": handle}})),
            Door::Instagram | Door::Facebook => {
                let at = self.w.now();
                let event = json!({"sender": {"id": self.chat()}, "recipient": {"id": "1"}, "timestamp": at.timestamp_millis(),
                    "message": {"mid": handle, "is_deleted": true}});
                Delivery::Meta(meta::thread(self.door.name(), &event, at))
            }
            Door::Telegram | Door::Sms => panic!("this door tells nothing of that"),
        }
    }

    fn telegram_id(&self) -> i64 {
        700_000 + self.n
    }

    fn telegram_person(&self) -> Value {
        json!({"id": self.telegram_id(), "is_bot": false, "first_name": "Айгүл", "language_code": "kk"})
    }

    fn telegram(&self, content: &Value) -> Delivery {
        let id = self.w.next_update();
        let mut message = json!({"message_id": id, "date": self.w.now().timestamp(), "from": self.telegram_person(),
            "chat": {"id": self.telegram_id(), "type": "private", "first_name": "Айгүл"}});
        for (k, v) in content.as_object().unwrap() {
            message[k] = v.clone();
        }
        Delivery::Telegram(json!({"update_id": id, "message": message}))
    }

    /// The contact of a message: the id always, the number too.
    fn whatsapp(&self, content: &Value) -> Delivery {
        let (number, id) = (self.phone().trim_start_matches('+').to_owned(), self.chat());
        let mut message = json!({"from": number, "from_user_id": id, "id": self.handle(), "timestamp": self.w.now().timestamp().to_string()});
        for (k, v) in content.as_object().unwrap() {
            message[k] = v.clone();
        }
        let contact = json!({"profile": {"name": "Айгүл"}, "wa_id": number, "user_id": id});
        Delivery::Meta(meta::whatsapp(json!({"contacts": [contact], "messages": [message]})))
    }

    fn thread(&self, message: &Value) -> Delivery {
        let mut message = message.clone();
        message["mid"] = json!(self.handle());
        let at = self.w.now();
        let event = json!({"sender": {"id": self.chat()}, "recipient": {"id": "1"}, "timestamp": at.timestamp_millis(), "message": message});
        Delivery::Meta(meta::thread(self.door.name(), &event, at))
    }

    async fn sends(&self, delivery: &Delivery) {
        assert_eq!(delivery.bring(self.w).await, 200);
        self.w.settle().await;
    }

    pub async fn says(&self, words: &str) {
        self.sends(&self.words(words)).await;
    }

    pub async fn shows(&self, file: &str, bytes: &[u8], caption: Option<&str>) {
        self.sends(&self.picture(file, bytes, caption)).await;
    }

    /// Presses the newest button whose data begins so; where there is nothing to tap, writes this instead.
    pub async fn presses_or_says(&self, prefix: &str, words: &str) {
        if !self.door.has_buttons() {
            return self.says(words).await;
        }
        let all = self.all();
        let data = all.iter().rev().find_map(|m| m.buttons.iter().find(|b| b.starts_with(prefix)).cloned());
        let data = data.unwrap_or_else(|| panic!("no button {prefix} on {:?} in {all:#?}", self.door));
        self.sends(&self.press(&data)).await;
    }

    /// Everything this person was ever shown here.
    #[must_use]
    pub fn all(&self) -> Vec<Seen> {
        let chat = self.chat();
        match self.door {
            Door::Telegram => {
                let id = self.telegram_id();
                let mine = self.w.telegram.sent().into_iter().filter(|m| m.chat == id);
                mine.map(|m| Seen { text: m.text, buttons: m.buttons, id: String::new() }).collect()
            }
            Door::Sms => self.w.sms.to(&chat).into_iter().map(|m| Seen { text: m.text, buttons: Vec::new(), id: m.id }).collect(),
            _ => {
                let mine = self.w.meta.to(&chat).into_iter().filter(|m| m.door == self.door.name());
                mine.map(|m| Seen { text: m.text, buttons: m.buttons, id: m.id }).collect()
            }
        }
    }

    /// What came since the last look.
    pub fn reads(&self) -> Vec<Seen> {
        let all = self.all();
        let seen = self.read.swap(all.len(), Ordering::SeqCst);
        all.into_iter().skip(seen).collect()
    }

    /// What came since the last look, as one text.
    #[track_caller]
    pub fn reads_text(&self) -> String {
        let new = self.reads();
        assert!(!new.is_empty(), "nothing came at {:?}", self.door);
        new.into_iter().map(|m| m.text).collect::<Vec<_>>().join("\n")
    }
}
