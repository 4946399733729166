//! Words for people out of keys: parameters that are keys themselves are shown in the reader's language.

use super::data::Book;
use crate::domain::outgoing::Params;
use crate::domain::{Instant, Lang};
use chrono_tz::Asia::Almaty;

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

    /// A label of a button: a message key, or a parameter reference.
    #[must_use]
    pub fn label(&self, lang: Lang, label: &str) -> String {
        if label.starts_with('@') { self.value(lang, label) } else { self.messages.render(lang, label, &Params::new()) }
    }

    /// A value as the reader sees it. `@service.water`, `@district.shu`, `@queue.control`, `@crew.x` are names of the catalogue, `@time:<RFC 3339>`
    /// is local time, `@<key>` is a message; anything else stands for itself.
    #[must_use]
    pub fn value(&self, lang: Lang, value: &str) -> String {
        let Some(reference) = value.strip_prefix('@') else { return value.to_owned() };
        if let Some(at) = reference.strip_prefix("time:") {
            return at.parse::<Instant>().map_or_else(|_| at.to_owned(), local_time);
        }
        let (kind, code) = reference.split_once('.').unwrap_or((reference, ""));
        let name = match kind {
            "service" => self.catalog.service(code).map(|x| &x.name),
            "district" => self.catalog.district(code).map(|x| &x.name),
            "queue" => self.catalog.queue(code).map(|x| &x.name),
            "crew" => self.catalog.crew(code).map(|x| &x.name),
            _ => None,
        };
        match name {
            Some(n) => n.get(lang).to_owned(),
            None => self.messages.get(lang, reference).map_or_else(|| value.to_owned(), str::to_owned),
        }
    }
}
