//! A Telegram account in somebody's hand: what it can send.

use super::ledger::Want;
use super::world::World;
use crate::domain::Lang;
use serde_json::{Value, json};
use std::sync::Arc;

/// One account.
#[derive(Clone)]
pub struct Phone {
    pub world: Arc<World>,
    pub chat: i64,
    pub name: String,
    pub lang: Lang,
}

impl Phone {
    fn from(&self) -> Value {
        json!({"id": self.chat, "is_bot": false, "first_name": self.name, "language_code": self.lang.as_str()})
    }

    async fn message(&self, mut content: Value, wants: Vec<Want>) {
        if let Some(map) = content.as_object_mut() {
            map.insert("from".into(), self.from());
        }
        self.world.deliver(self.chat, "message", content, wants).await;
    }

    /// Words that must be kept.
    pub async fn say(&self, text: &str) {
        self.message(json!({"text": text}), vec![Want::Words(text.to_owned())]).await;
    }

    /// A greeting, a command, a number: to be answered.
    pub async fn ask(&self, text: &str) {
        self.message(json!({"text": text}), vec![Want::Answer]).await;
    }

    /// A crew's note on a job.
    pub async fn note(&self, number: &str, text: &str) {
        self.message(json!({"text": text}), vec![Want::Note { number: number.to_owned(), text: text.to_owned() }]).await;
    }

    pub async fn photo(&self, file: &str, caption: Option<&str>) {
        self.picture(file, caption, caption.map(|c| Want::Words(c.to_owned()))).await;
    }

    /// The proof of a job, with a crew's note under it.
    pub async fn proof(&self, number: &str, file: &str, note: &str) {
        self.picture(file, Some(note), Some(Want::Note { number: number.to_owned(), text: note.to_owned() })).await;
    }

    async fn picture(&self, file: &str, caption: Option<&str>, words: Option<Want>) {
        let sizes = json!([
            {"file_id": format!("{file}s"), "file_unique_id": format!("us{file}"), "width": 90, "height": 67, "file_size": 900},
            {"file_id": file, "file_unique_id": format!("u{file}"), "width": 1280, "height": 960, "file_size": 2050}
        ]);
        let mut wants = vec![Want::File(file.to_owned())];
        wants.extend(words);
        let mut content = json!({"photo": sizes});
        if let (Some(map), Some(c)) = (content.as_object_mut(), caption) {
            map.insert("caption".into(), json!(c));
        }
        self.message(content, wants).await;
    }

    pub async fn voice(&self, file: &str) {
        let voice = json!({"file_id": file, "file_unique_id": format!("u{file}"), "duration": 7, "mime_type": "audio/ogg", "file_size": 2048});
        self.message(json!({"voice": voice}), vec![Want::File(file.to_owned())]).await;
    }

    pub async fn location(&self, lat: f64, lon: f64) {
        self.message(json!({"location": {"latitude": lat, "longitude": lon}}), vec![Want::Answer]).await;
    }

    /// Shares the own card.
    pub async fn card(&self, number: &str) {
        let contact = json!({"phone_number": number, "first_name": self.name, "user_id": self.chat});
        self.message(json!({"contact": contact}), vec![Want::Answer]).await;
    }

    /// Presses a button of a message.
    pub async fn press(&self, message: i64, data: &str) {
        let press = json!({
            "id": format!("{}{message}", self.chat),
            "from": self.from(),
            "chat_instance": self.chat.to_string(),
            "data": data,
            "message": {
                "message_id": message,
                "date": self.world.now().timestamp(),
                "chat": {"id": self.chat, "type": "private", "first_name": self.name},
                "from": {"id": 109, "is_bot": true, "first_name": "Jambyl 109"},
                "text": "…"
            }
        });
        self.world.deliver(self.chat, "callback_query", press, vec![Want::Answer]).await;
    }
}
