//! What administrators have changed, laid over the files: one value for each key of an area, as JSON. A value that no longer fits is set aside, and the
//! file's own stands.

use super::data::Book;
use crate::domain::catalog::{Crew, District, Queue, Service};
use crate::domain::routing::Routing;
use crate::domain::setting::Area;
use crate::domain::shift::Shift;
use crate::domain::templates::Approved;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Changed values by area and key. What has no value here is as the files have it.
pub type Overlay = BTreeMap<(Area, String), String>;

/// A text of both languages as a change states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    pub kk: String,
    pub ru: String,
}

/// Stands for what the files have and the installation no longer has.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Removed {
    removed: bool,
}

/// A value, or that there is none any more.
fn read<T: DeserializeOwned>(value: &str) -> Result<Option<T>, String> {
    if serde_json::from_str::<Removed>(value).is_ok_and(|r| r.removed) {
        return Ok(None);
    }
    serde_json::from_str(value).map(Some).map_err(|e| e.to_string())
}

/// Puts an item into its place, or at the end, or takes it out.
fn put<T>(list: &mut Vec<T>, item: Option<T>, is: impl Fn(&T) -> bool) {
    match (list.iter().position(&is), item) {
        (Some(at), Some(item)) => {
            if let Some(slot) = list.get_mut(at) {
                *slot = item;
            }
        }
        (Some(at), None) => drop(list.remove(at)),
        (None, Some(item)) => list.push(item),
        (None, None) => {}
    }
}

impl Book {
    /// This book with changes laid over it, and what was set aside because it does not fit any more.
    #[must_use]
    pub fn with(&self, overlay: &Overlay) -> (Self, Vec<String>) {
        let (mut book, mut aside) = (self.clone(), Vec::new());
        for ((area, key), value) in overlay {
            if let Err(why) = book.lay(*area, key, value) {
                aside.push(format!("{area} '{key}': {why}"));
            }
        }
        (book, aside)
    }

    /// Lays one change over this book.
    ///
    /// # Errors
    /// Why it cannot be: the value has another form, or nothing of the key exists.
    pub fn lay(&mut self, area: Area, key: &str, value: &str) -> Result<(), String> {
        let codes = |code: &str| if code == key { Ok(()) } else { Err(format!("its code is '{code}'")) };
        match area {
            Area::Text => {
                let Some(text): Option<Text> = read(value)? else { return Err("a text cannot be removed".into()) };
                if self.messages.write(key, &text.kk, &text.ru) { Ok(()) } else { Err("the program has no such text".into()) }
            }
            Area::Service => {
                let item: Option<Service> = read(value)?;
                item.iter().try_for_each(|x| codes(x.code.as_str()))?;
                put(&mut self.catalog.services, item, |x| x.code.as_str() == key);
                Ok(())
            }
            Area::District => {
                let item: Option<District> = read(value)?;
                item.iter().try_for_each(|x| codes(x.code.as_str()))?;
                put(&mut self.catalog.districts, item, |x| x.code.as_str() == key);
                Ok(())
            }
            Area::Queue => {
                let item: Option<Queue> = read(value)?;
                item.iter().try_for_each(|x| codes(x.code.as_str()))?;
                put(&mut self.catalog.queues, item, |x| x.code.as_str() == key);
                Ok(())
            }
            Area::Crew => {
                let item: Option<Crew> = read(value)?;
                item.iter().try_for_each(|x| codes(x.code.as_str()))?;
                put(&mut self.catalog.crews, item, |x| x.code.as_str() == key);
                Ok(())
            }
            Area::Routing => {
                let rules: Option<Routing> = read(value)?;
                self.routing = rules.ok_or("the rules cannot be removed")?;
                Ok(())
            }
            Area::Template => {
                let item: Option<Approved> = read(value)?;
                item.iter().try_for_each(|x| codes(&format!("{}:{}", x.channel, x.text)))?;
                put(&mut self.templates.template, item, |x| format!("{}:{}", x.channel, x.text) == key);
                Ok(())
            }
            Area::Shift => {
                let item: Option<Shift> = read(value)?;
                item.iter().try_for_each(|x| codes(x.crew.as_str()))?;
                put(&mut self.shifts.shifts, item, |x| x.crew.as_str() == key);
                Ok(())
            }
        }
    }

    /// The present value of a key, as a change would state it; none: there is no such thing.
    #[must_use]
    pub fn value_of(&self, area: Area, key: &str) -> Option<String> {
        let json = match area {
            Area::Text => {
                use crate::domain::Lang::{Kk, Ru};
                let text = |l| self.messages.get(l, key).map(str::to_owned);
                serde_json::to_string(&Text { kk: text(Kk)?, ru: text(Ru)? })
            }
            Area::Service => serde_json::to_string(self.catalog.service(key)?),
            Area::District => serde_json::to_string(self.catalog.district(key)?),
            Area::Queue => serde_json::to_string(self.catalog.queue(key)?),
            Area::Crew => serde_json::to_string(self.catalog.crew(key)?),
            Area::Routing => serde_json::to_string(&self.routing),
            Area::Template => serde_json::to_string(self.templates.template.iter().find(|t| format!("{}:{}", t.channel, t.text) == key)?),
            Area::Shift => serde_json::to_string(self.shifts.shifts.iter().find(|s| s.crew.as_str() == key)?),
        };
        json.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Lang;

    fn one(area: Area, key: &str, value: &str) -> Overlay {
        [((area, key.to_owned()), value.to_owned())].into()
    }

    #[test]
    fn a_change_replaces_adds_and_removes_and_the_files_stay() {
        let book = Book::load(None).unwrap();
        let (changed, aside) = book.with(&one(Area::Text, "confirmed", r#"{"kk":"Рахмет, {number}!","ru":"Спасибо, {number}!"}"#));
        assert!(aside.is_empty());
        assert_eq!((changed.messages.get(Lang::Kk, "confirmed"), changed.problems()), (Some("Рахмет, {number}!"), vec![]));
        assert_ne!(book.messages.get(Lang::Kk, "confirmed"), changed.messages.get(Lang::Kk, "confirmed"));
        let (more, _) = book.with(&one(Area::Queue, "water_shu", r#"{"code":"water_shu","name":{"kk":"Шу: су","ru":"Шу: вода"},"kind":"utility"}"#));
        assert_eq!(more.catalog.queues.len(), book.catalog.queues.len() + 1);
        let (less, _) = more.with(&one(Area::Queue, "water_shu", r#"{"removed":true}"#));
        assert_eq!(less, book);
    }

    #[test]
    fn every_value_reads_back_as_it_stands() {
        let book = Book::load(None).unwrap();
        for (area, key) in [
            (Area::Text, "confirmed"),
            (Area::Service, "water"),
            (Area::District, "shu"),
            (Area::Queue, "control"),
            (Area::Crew, "water_taraz_1"),
            (Area::Routing, "rules"),
        ] {
            let value = book.value_of(area, key).unwrap();
            let (same, aside) = book.with(&one(area, key, &value));
            assert!(aside.is_empty(), "{aside:?}");
            assert_eq!((&same.catalog, &same.routing), (&book.catalog, &book.routing), "{area}");
            assert_eq!(same.problems(), Vec::<String>::new());
        }
        assert_eq!(book.value_of(Area::Queue, "no_such"), None);
    }

    #[test]
    fn what_does_not_fit_is_set_aside() {
        let book = Book::load(None).unwrap();
        for (area, key, value) in [
            (Area::Text, "no.such.text", r#"{"kk":"а","ru":"б"}"#),
            (Area::Text, "confirmed", r#"{"removed":true}"#),
            (Area::Text, "confirmed", "{"),
            (Area::Queue, "water_shu", r#"{"code":"other","name":{"kk":"а","ru":"б"},"kind":"utility"}"#),
            (Area::Queue, "Bad Code", r#"{"code":"Bad Code","name":{"kk":"а","ru":"б"},"kind":"utility"}"#),
            (Area::Queue, "q", r#"{"code":"q","name":{"kk":"а","ru":"б"},"kind":"castle"}"#),
            (Area::Routing, "rules", "[]"),
            (Area::Shift, "x", r#"{"crew":"x","hours":[{"mon":["25:00-26:00"]}]}"#),
        ] {
            let (same, aside) = book.with(&one(area, key, value));
            assert_eq!((aside.len(), same == book), (1, true), "{area} {key} {value}: {aside:?}");
        }
    }
}
