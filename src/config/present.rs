//! Words for people out of keys: parameters that are keys themselves are shown in the reader's language.

use super::data::Book;
use crate::domain::door::Door;
use crate::domain::inbound::ChannelKind;
use crate::domain::outgoing::{PART, Params, THEN};
use crate::domain::sla::Entry;
use crate::domain::{Instant, Lang};
use chrono_tz::Asia::Almaty;
use std::borrow::Cow;

/// Before the key of a text stands this for the shorter one of short messages.
const SHORT: &str = "sms.";

/// A moment as people of the oblast read it: `21.11 18:40`.
#[must_use]
pub fn local_time(at: Instant) -> String {
    at.with_timezone(&Almaty).format("%d.%m %H:%M").to_string()
}

/// A moment with its year.
#[must_use]
pub fn local_date_time(at: Instant) -> String {
    at.with_timezone(&Almaty).format("%d.%m.%Y %H:%M").to_string()
}

impl Book {
    /// The text of a message key with its parameters resolved.
    #[must_use]
    pub fn render(&self, lang: Lang, key: &str, params: &Params) -> String {
        let shown: Params = params.iter().map(|(k, v)| (k.clone(), self.value(lang, v))).collect();
        self.messages.render(lang, key, &shown)
    }

    /// The same as a door shows it: where every word costs there is often a shorter text, `sms.<key>`. What the parameter [`THEN`] names follows on
    /// lines of its own.
    #[must_use]
    pub fn render_at(&self, channel: ChannelKind, lang: Lang, key: &str, params: &Params) -> String {
        let mut out = self.render(lang, &self.key_at(channel, key), params);
        if let Some(then) = params.get(THEN).and_then(|v| v.strip_prefix('@')) {
            out.push_str(if Door::of(channel).short { "\n" } else { "\n\n" });
            out.push_str(self.text_at(channel, lang, then));
        }
        out
    }

    /// A text without placeholders as a door shows it.
    #[must_use]
    pub fn text_at<'a>(&'a self, channel: ChannelKind, lang: Lang, key: &'a str) -> &'a str {
        self.messages.get(lang, &self.key_at(channel, key)).unwrap_or(key)
    }

    fn key_at<'a>(&self, channel: ChannelKind, key: &'a str) -> Cow<'a, str> {
        let shorter = format!("{SHORT}{key}");
        let has = Door::of(channel).short && self.messages.get(Lang::Kk, &shorter).is_some();
        if has { Cow::Owned(shorter) } else { Cow::Borrowed(key) }
    }

    /// A label of a button: a message key, or a parameter reference.
    #[must_use]
    pub fn label(&self, lang: Lang, label: &str) -> String {
        if label.starts_with('@') { self.value(lang, label) } else { self.messages.render(lang, label, &Params::new()) }
    }

    /// The sentence of a line of the account of clocks.
    #[must_use]
    pub fn sentence(&self, lang: Lang, entry: &Entry) -> String {
        let mut params = entry.params.clone();
        for (key, reference) in &entry.params {
            if let Some(code) = reference.strip_prefix("@sla.calendar.")
                && let Some(calendar) = self.calendar.calendar(code)
            {
                params.insert(key.clone(), calendar.name.get(lang).to_owned());
            }
        }
        if let Some(policy) = entry.params.get("policy") {
            params.insert("policy".into(), self.value(lang, &format!("@policy.{policy}")));
        }
        if let Some(name) = &entry.name {
            params.insert("name".into(), name.get(lang).to_owned());
        }
        self.render(lang, entry.key, &params)
    }

    /// A length of time in hours and minutes: a day of working time is no day of the calendar.
    fn span(&self, lang: Lang, secs: i64) -> String {
        let minutes = secs.unsigned_abs() / 60;
        let parts = [("unit.h", minutes / 60), ("unit.m", minutes % 60)];
        let words: Vec<String> = parts
            .iter()
            .filter(|(_, n)| *n > 0)
            .map(|(key, n)| self.messages.render(lang, key, &Params::from([("n".to_owned(), n.to_string())])))
            .collect();
        match words.is_empty() {
            true if secs == 0 => self.messages.render(lang, "unit.m", &Params::from([("n".to_owned(), "0".to_owned())])),
            true => self.messages.render(lang, "unit.moment", &Params::new()),
            false if secs < 0 => format!("-{}", words.join(" ")),
            false => words.join(" "),
        }
    }

    /// A value as the reader sees it. `@service.water`, `@district.shu`, `@queue.control`, `@crew.x` are names of the catalogue, `@policy.<name>`, `@rule.<name>`, `@ladder.x` and `@calendar.x` titles, `@time:<RFC 3339>`
    /// is local time, `@span:<seconds>` a length of time, `@<key>` is a message, `@join:` begins several values after one another; anything else stands for itself.
    #[must_use]
    pub fn value(&self, lang: Lang, value: &str) -> String {
        let Some(reference) = value.strip_prefix('@') else { return value.to_owned() };
        if let Some(parts) = reference.strip_prefix("join:") {
            return parts.split(PART).map(|part| self.value(lang, part)).collect();
        }
        if let Some(at) = reference.strip_prefix("time:") {
            return at.parse::<Instant>().map_or_else(|_| at.to_owned(), local_time);
        }
        if let Some(secs) = reference.strip_prefix("span:") {
            return secs.parse().map_or_else(|_| secs.to_owned(), |secs| self.span(lang, secs));
        }
        let (kind, code) = reference.split_once('.').unwrap_or((reference, ""));
        let name = match kind {
            "service" => self.catalog.service(code).map(|x| &x.name),
            "district" => self.catalog.district(code).map(|x| &x.name),
            "queue" => self.catalog.queue(code).map(|x| &x.name),
            "crew" => self.catalog.crew(code).map(|x| &x.name),
            "calendar" => self.calendar.calendar(code).map(|x| &x.name),
            "policy" => self.sla.policies.iter().find(|p| p.name == code).and_then(|p| p.title.as_ref()),
            "ladder" => self.sla.ladder(code).and_then(|l| l.title.as_ref()),
            "rule" => self.routing.rules.iter().find(|r| r.name == code).and_then(|r| r.title.as_ref()),
            _ => None,
        };
        match name {
            Some(n) => n.get(lang).to_owned(),
            // What has no title of its own is named as the files name it.
            None if matches!(kind, "calendar" | "policy" | "ladder" | "rule") => code.to_owned(),
            None => self.messages.get(lang, reference).map_or_else(|| value.to_owned(), str::to_owned),
        }
    }
}
