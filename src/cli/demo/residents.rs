//! Residents with Telegram: they greet, write, answer where it is, come back with more, and judge what was done.

use super::phone::Phone;
use super::plan::{Arrival, address};
use super::telegram::BotMessage;
use super::texts::{FOLLOW_UPS, GREETINGS, REASONS};
use crate::domain::Lang;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use std::collections::VecDeque;
use std::sync::atomic::Ordering;

/// One of a pair, in the language.
pub fn in_lang(pair: (&'static str, &'static str), lang: Lang) -> &'static str {
    if lang == Lang::Kk { pair.0 } else { pair.1 }
}

pub fn pick(list: &[(&'static str, &'static str)], lang: Lang, rng: &mut StdRng) -> &'static str {
    list.choose(rng).map_or("…", |p| in_lang(*p, lang))
}

/// A resident and what they have on their mind.
struct Resident {
    phone: Phone,
    rng: StdRng,
    /// The last request's number, as the bot gave it.
    number: Option<String>,
    place_told: bool,
    came_back: bool,
    judged: u32,
    files: u32,
}

/// Lives until the period is over.
pub async fn live(phone: Phone, mut arrivals: VecDeque<Arrival>, seed: u64) {
    let world = phone.world.clone();
    let mut inbox = world.bot.sit(phone.chat);
    let rng = StdRng::seed_from_u64(seed ^ phone.chat.unsigned_abs());
    let mut me = Resident { phone, rng, number: None, place_told: false, came_back: false, judged: 0, files: 0 };
    loop {
        let next = arrivals.front().map_or(f64::MAX / 1e9, |a| a.at);
        tokio::select! {
            () = world.stop.cancelled() => return,
            message = inbox.recv() => match message {
                Some(m) => me.react(&m).await,
                None => return,
            },
            due = world.until(next) => match arrivals.pop_front() {
                Some(a) if due => me.report(&a).await,
                _ => return,
            },
        }
    }
}

impl Resident {
    fn file(&mut self, kind: &str) -> String {
        self.files += 1;
        format!("{kind}_{}_{}", self.phone.chat, self.files)
    }

    async fn report(&mut self, arrival: &Arrival) {
        let world = self.phone.world.clone();
        let report = &arrival.report;
        self.place_told = false;
        self.came_back = false;
        match self.rng.random_range(0..100) {
            0..15 => {
                let hello = pick(&GREETINGS, self.phone.lang, &mut self.rng);
                self.phone.ask(hello).await;
                world.rest(0.4).await;
            }
            15..25 => {
                self.phone.ask("/start").await;
                world.rest(0.3).await;
                self.phone.press(1, if self.phone.lang == Lang::Kk { "lg:kk" } else { "lg:ru" }).await;
                world.rest(0.3).await;
            }
            _ => {}
        }
        world.ledger.write().reports.insert(report.text.clone(), report.clone());
        world.reported.fetch_add(1, Ordering::SeqCst);
        match self.rng.random_range(0..100) {
            0..10 => {
                let file = self.file("photo");
                self.phone.photo(&file, Some(&report.text)).await;
            }
            10..15 => {
                let file = self.file("voice");
                self.phone.voice(&file).await;
                world.rest(0.4).await;
                self.phone.say(&report.text).await;
            }
            _ => self.phone.say(&report.text).await,
        }
        if self.rng.random_bool(0.05) && world.may_speak() {
            world.rest(0.5).await;
            let number = format!("7701{:07}", self.phone.chat % 10_000_000);
            self.phone.card(&number).await;
        }
    }

    async fn react(&mut self, m: &BotMessage) {
        let world = self.phone.world.clone();
        if !world.may_speak() {
            return;
        }
        let button = |word: &str| m.buttons.iter().find(|b| b.starts_with(word)).cloned();
        if m.asks_place || button("ds:").is_some() {
            self.tell_place(m).await;
        } else if let Some(done) = button("cf:") {
            self.judge(m, &done).await;
        } else if button("rt:").is_some() {
            let score = *[5, 5, 4, 4, 3, 2, 1].choose(&mut self.rng).unwrap_or(&5);
            if let Some(data) = button("rt:").and_then(|_| m.buttons.get(score - 1).cloned()) {
                world.rest(0.5).await;
                self.phone.press(m.id, &data).await;
            }
        } else if let Some(data) = button("st:") {
            self.number = data.strip_prefix("st:").map(str::to_owned);
            if !self.came_back {
                self.came_back = true;
                self.come_back(m, &data).await;
            }
        }
    }

    /// Once asked, some share where they are, some type it, some press a district, some say nothing.
    async fn tell_place(&mut self, m: &BotMessage) {
        if std::mem::replace(&mut self.place_told, true) {
            return;
        }
        let world = self.phone.world.clone();
        world.rest(self.rng.random_range(0.3..1.5)).await;
        match self.rng.random_range(0..100) {
            0..40 => {
                let (lat, lon) = (self.rng.random_range(42.880..42.920), self.rng.random_range(71.340..71.400));
                self.phone.location(lat, lon).await;
            }
            40..70 => {
                let text = address(self.phone.lang, &mut self.rng);
                self.phone.say(&text).await;
            }
            70..88 => self.phone.press(m.id, "ds:taraz").await,
            _ => {}
        }
    }

    async fn come_back(&mut self, m: &BotMessage, status: &str) {
        let world = self.phone.world.clone();
        match self.rng.random_range(0..100) {
            0..12 => {
                world.rest(self.rng.random_range(1.0..8.0)).await;
                let more = pick(&FOLLOW_UPS, self.phone.lang, &mut self.rng);
                if world.may_speak() {
                    self.phone.say(more).await;
                }
            }
            12..18 => {
                world.rest(self.rng.random_range(3.0..20.0)).await;
                if world.may_speak() {
                    self.phone.press(m.id, status).await;
                }
            }
            18..22 => {
                world.rest(self.rng.random_range(3.0..20.0)).await;
                if world.may_speak() {
                    self.phone.press(m.id, "my").await;
                }
            }
            22..26 => {
                world.rest(self.rng.random_range(5.0..20.0)).await;
                if let (true, Some(number)) = (world.may_speak(), self.number.clone()) {
                    self.phone.ask(&number).await;
                }
            }
            26..30 => {
                world.rest(1.0).await;
                if world.may_speak() {
                    let file = self.file("photo");
                    self.phone.photo(&file, None).await;
                }
            }
            _ => {}
        }
    }

    /// "It is done": most agree, some do not, many say nothing.
    async fn judge(&mut self, m: &BotMessage, done: &str) {
        self.judged += 1;
        let world = self.phone.world.clone();
        let mood = if self.judged == 1 { self.rng.random_range(0..100) } else { self.rng.random_range(12..100) };
        if mood >= 60 || self.judged > 3 {
            return;
        }
        world.rest(self.rng.random_range(1.0..6.0)).await;
        if !world.may_speak() {
            return;
        }
        if mood >= 12 {
            return self.phone.press(m.id, done).await;
        }
        let digits = done.strip_prefix("cf:").unwrap_or(done);
        self.phone.press(m.id, &format!("nf:{digits}")).await;
        world.rest(self.rng.random_range(0.3..1.0)).await;
        let reason = pick(&REASONS, self.phone.lang, &mut self.rng);
        self.phone.say(reason).await;
    }
}
