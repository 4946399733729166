//! Crews: half of them in the Telegram bot, by the buttons they are shown, half through the API.

use super::dispatchers::{Row, items, luck};
use super::phone::Phone;
use super::telegram::BotMessage;
use super::texts::NOTES;
use super::world::World;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// A crew with a tablet: reads its jobs and acts on them.
pub async fn with_tablet(world: Arc<World>, token: String, crew: String) {
    loop {
        tokio::time::sleep(Duration::from_millis(60)).await;
        if !world.rest(1.0).await {
            return;
        }
        let Some(jobs) = world.get(&format!("/staff/crews/{crew}/jobs"), &token).await else { continue };
        for job in items(&jobs.body) {
            let row = Row(job);
            let (number, now) = (row.number(), world.now());
            let passed = |key: &str| row.since(key, now).unwrap_or(0.0);
            let arrived = !row.text("arrived_at").is_empty();
            let (what, body) = match (row.text("status"), arrived) {
                ("assigned", _) if passed("accepted_at") > 1.0 + 3.0 * luck(number, "start") => ("start", json!({})),
                ("in_progress", false) if passed("accepted_at") > 4.0 + 5.0 * luck(number, "road") => ("arrive", json!({})),
                ("in_progress", true) if passed("arrived_at") > 2.0 + 18.0 * luck(number, "work") => {
                    let note = NOTES.get((luck(number, "note") * NOTES.len() as f64) as usize).copied().unwrap_or("…");
                    ("resolve", json!({"note": note}))
                }
                _ => continue,
            };
            let mut body = body;
            if let Some(map) = body.as_object_mut() {
                map.insert("expected_version".into(), json!(row.version()));
            }
            world.post(&format!("/staff/requests/{number}/{what}"), Some(&token), &body).await;
        }
    }
}

/// Something to do at its minute.
struct Todo {
    at: f64,
    message: i64,
    data: String,
}

/// A crew with the bot on the phone.
struct Road {
    phone: Phone,
    rng: StdRng,
    todo: Vec<Todo>,
    /// The job whose result is being told: its digits, and since when.
    telling: Option<(String, f64)>,
    /// Jobs whose result has been told; the bot may ask once more while the pieces come in.
    told: BTreeSet<String>,
    files: u32,
}

/// Links the chat, then works by buttons.
pub async fn with_bot(phone: Phone, token: String, seed: u64) {
    let world = phone.world.clone();
    let mut inbox = world.bot.sit(phone.chat);
    let answer = world.post("/staff/link-code", Some(&token), &json!({})).await;
    let Some(code) = answer.and_then(|a| a.text("code").map(str::to_owned)) else { return world.ledger.trouble("a crew could not link its chat") };
    phone.ask(&format!("/link {code}")).await;
    let rng = StdRng::seed_from_u64(seed ^ phone.chat.unsigned_abs());
    let mut road = Road { phone, rng, todo: Vec::new(), telling: None, told: BTreeSet::new(), files: 0 };
    let mut ask_at = 30.0;
    loop {
        let next = road.todo.iter().map(|t| t.at).fold(ask_at, f64::min);
        tokio::select! {
            () = world.stop.cancelled() => return,
            message = inbox.recv() => match message {
                Some(m) => road.read(&m),
                None => return,
            },
            go_on = world.until(next) => {
                if !go_on {
                    return;
                }
                if world.minute() >= ask_at {
                    // What was missed on a bad network is shown again.
                    ask_at = world.minute() + 45.0;
                    road.phone.ask("/jobs").await;
                }
                road.act().await;
            }
        }
    }
}

impl Road {
    /// Plans the press that brings the job forward.
    fn read(&mut self, m: &BotMessage) {
        let first = |word: &str| m.buttons.iter().find(|b| b.starts_with(word));
        let now = self.phone.world.minute();
        let (data, wait) = if let Some(d) = first("ca:") {
            (d, self.rng.random_range(0.5..3.0))
        } else if let Some(d) = first("cg:") {
            (d, self.rng.random_range(0.5..4.0))
        } else if let Some(d) = first("cr:") {
            (d, self.rng.random_range(2.0..6.0))
        } else if let Some(d) = first("cx:") {
            let digits = d.strip_prefix("cx:").unwrap_or(d).to_owned();
            if self.told.contains(&digits) || self.telling.as_ref().is_some_and(|(n, _)| *n == digits) {
                return;
            }
            self.telling = Some((digits, now));
            (d, 0.4)
        } else if let Some(d) = first("cd:") {
            (d, self.rng.random_range(3.0..16.0))
        } else {
            return;
        };
        if !self.todo.iter().any(|t| t.data == *data) {
            self.todo.push(Todo { at: now + wait, message: m.id, data: data.clone() });
        }
    }

    async fn act(&mut self) {
        let now = self.phone.world.minute();
        if self.telling.as_ref().is_some_and(|(_, since)| now - since > 20.0) {
            self.telling = None;
        }
        let due: Vec<usize> = self.todo.iter().enumerate().filter(|(_, t)| t.at <= now).map(|(i, _)| i).rev().collect();
        for i in due {
            let mut todo = self.todo.swap_remove(i);
            if todo.data.starts_with("cx:") {
                self.tell(&todo).await;
            } else if todo.data.starts_with("cd:") && self.telling.is_some() {
                // One result at a time.
                todo.at = now + 1.0;
                self.todo.push(todo);
            } else {
                if let Some(digits) = todo.data.strip_prefix("cd:") {
                    // Until the bot has asked, no second "done" is pressed.
                    self.told.remove(digits);
                    self.telling = Some((format!("?{digits}"), now));
                }
                self.phone.press(todo.message, &todo.data).await;
            }
        }
    }

    /// A note and a photo, or a photo with words under it, or nothing but "finish".
    async fn tell(&mut self, todo: &Todo) {
        let note = NOTES.choose(&mut self.rng).copied().unwrap_or("…");
        let number = todo.data.strip_prefix("cx:").unwrap_or("").to_owned();
        self.told.insert(number.clone());
        self.files += 1;
        let file = format!("done_{}_{}", self.phone.chat, self.files);
        match self.rng.random_range(0..10) {
            0 => self.phone.press(todo.message, &todo.data).await,
            1..4 => self.phone.proof(&number, &file, note).await,
            _ => {
                self.phone.note(&number, note).await;
                self.phone.world.rest(0.3).await;
                self.phone.photo(&file, None).await;
            }
        }
        self.telling = None;
    }
}
