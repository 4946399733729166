//! Whether a changed book holds together. The reasons against a change are told in the reader's language; what only the files' own checks see is told
//! as they word it.

use super::data::Book;
use super::messages::Messages;
use crate::domain::catalog::{Named, QueueKind};
use crate::domain::routing::RouteKey;
use crate::domain::setting::{Area, Fault};
use crate::domain::{Class, Lang};
use std::collections::BTreeSet;

fn list(names: &BTreeSet<String>) -> String {
    if names.is_empty() { "—".to_owned() } else { names.iter().map(|n| format!("{{{n}}}")).collect::<Vec<_>>().join(", ") }
}

impl Book {
    /// Why this book, in which the value of one key was changed, may not be put in force. `files` is the book of the program and its files.
    #[must_use]
    pub fn faults(&self, files: &Self, area: Area, key: &str) -> Vec<Fault> {
        let mut out = Vec::new();
        match area {
            Area::Text => self.text_faults(files, key, &mut out),
            Area::Service => self.service_faults(key, &mut out),
            Area::District => out.extend(self.catalog.district(key).map(|d| &d.name).and_then(unnamed)),
            Area::Queue => self.queue_faults(key, &mut out),
            Area::Crew => self.crew_faults(key, &mut out),
            Area::Template => self.template_faults(key, &mut out),
            Area::Routing | Area::Shift => {}
        }
        if matches!(area, Area::Routing | Area::Service | Area::District | Area::Queue) {
            self.rule_faults(&mut out);
        }
        if area == Area::Shift {
            out.extend(self.shifts.faults(&self.catalog, &self.calendar));
        }
        if out.is_empty() {
            // What another part says against it: a service that a policy names cannot go.
            out.extend(self.sla.faults(&self.catalog, &self.calendar));
            out.extend(self.calendar.faults(&self.catalog));
        }
        if out.is_empty() {
            // Whatever the files themselves are checked for.
            out.extend(self.problems().into_iter().map(|p| Fault::new("other", p.clone(), &[("problem", &p)])));
        }
        out
    }

    fn text_faults(&self, files: &Self, key: &str, out: &mut Vec<Fault>) {
        let (Some(kk), Some(ru), Some(shipped)) =
            (self.messages.get(Lang::Kk, key), self.messages.get(Lang::Ru, key), files.messages.placeholders(key))
        else {
            out.push(Fault::new("text_unknown", format!("there is no text '{key}'"), &[("key", key)]));
            return;
        };
        for (lang, text) in [(Lang::Kk, kk), (Lang::Ru, ru)] {
            let lang = format!("@lang.{lang}");
            if text.trim().is_empty() {
                out.push(Fault::new("text_empty", format!("'{key}' is empty in {lang}"), &[("lang", &lang)]));
            }
            if !Messages::is_balanced(text) {
                out.push(Fault::new("text_brace", format!("'{key}' has a stray brace in {lang}"), &[("lang", &lang)]));
            }
            let strange: BTreeSet<String> = Messages::holes_of(text).difference(&shipped).cloned().collect();
            if !strange.is_empty() {
                let (strange, known) = (list(&strange), list(&shipped));
                out.push(Fault::new(
                    "text_hole",
                    format!("nothing fills {strange} of '{key}'"),
                    &[("lang", &lang), ("strange", &strange), ("known", &known)],
                ));
            }
        }
        let (a, b) = (Messages::holes_of(kk), Messages::holes_of(ru));
        if out.is_empty() && a != b {
            let (a, b) = (list(&a), list(&b));
            out.push(Fault::new("text_differs", format!("'{key}' has other placeholders in kk ({a}) than in ru ({b})"), &[("kk", &a), ("ru", &b)]));
        }
        if out.is_empty() {
            for lang in [Lang::Kk, Lang::Ru] {
                if let Some((length, most)) = self.short_length(lang, key).filter(|(length, most)| length > most) {
                    let (word, length, most) = (format!("@lang.{lang}"), length.to_string(), most.to_string());
                    let plain = format!("'{key}' may become {length} characters in {lang} as a short message, at most {most} fit");
                    out.push(Fault::new("text_long", plain, &[("lang", &word), ("length", &length), ("most", &most)]));
                }
            }
            for t in self.templates.template.iter().filter(|t| t.text == key) {
                let (params, holes): (BTreeSet<String>, _) = (t.params.iter().cloned().collect(), Messages::holes_of(kk));
                if params != holes {
                    let (params, channel) = (list(&params), format!("@channel.{}", t.channel));
                    out.push(Fault::new(
                        "text_template",
                        format!("an approved template of '{key}' has {params}"),
                        &[("channel", &channel), ("params", &params)],
                    ));
                }
            }
        }
    }

    fn service_faults(&self, key: &str, out: &mut Vec<Fault>) {
        let Some(s) = self.catalog.service(key) else { return };
        out.extend(unnamed(&s.name));
        if let Some(next) = &s.successor
            && (next == &s.code || self.catalog.open_service(key).is_none())
        {
            out.push(Fault::new("successor", format!("the successor of service '{key}' takes nothing"), &[("name", &format!("@service.{next}"))]));
        }
    }

    fn queue_faults(&self, key: &str, out: &mut Vec<Fault>) {
        if let Some(q) = self.catalog.queue(key) {
            out.extend(unnamed(&q.name));
            if let Some(next) = &q.successor
                && (next == &q.code || self.catalog.open_queue(key).is_none())
            {
                out.push(Fault::new("successor", format!("the successor of queue '{key}' takes nothing"), &[("name", &format!("@queue.{next}"))]));
            }
        }
        for kind in [QueueKind::Triage, QueueKind::Control, QueueKind::Noted] {
            if self.catalog.first_of(kind).is_none() {
                let name = format!("@admin.kind_{kind}");
                out.push(Fault::new("last_of_kind", format!("no open queue of kind '{kind}' would be left"), &[("kind", &name)]));
            }
        }
        // Disputes would go on to a queue that nobody is to work in any more.
        let arbiter = self.sla.arbitration.as_ref().is_some_and(|a| a.queue.as_str() == key);
        if arbiter && self.catalog.queue(key).is_none_or(|q| q.successor.is_some()) {
            out.push(Fault::new("named_by_norms", format!("the policies send disputes to '{key}'"), &[]));
        }
        let crews = self.catalog.crews.iter().filter(|c| std::iter::once(&c.queue).chain(&c.also).any(|q| self.catalog.queue(q.as_str()).is_none()));
        for c in crews {
            out.push(Fault::new("named_by_crew", format!("crew '{}' works for it", c.code), &[("name", &format!("@crew.{}", c.code))]));
        }
    }

    fn crew_faults(&self, key: &str, out: &mut Vec<Fault>) {
        let Some(c) = self.catalog.crew(key) else { return };
        out.extend(unnamed(&c.name));
        for q in std::iter::once(&c.queue).chain(&c.also).filter(|q| self.catalog.queue(q.as_str()).is_none()) {
            out.push(Fault::new("no_queue", format!("there is no queue '{q}'"), &[("queue", q.as_str())]));
        }
    }

    fn template_faults(&self, key: &str, out: &mut Vec<Fault>) {
        let Some(t) = self.templates.template.iter().find(|t| format!("{}:{}", t.channel, t.text) == key) else { return };
        match self.messages.placeholders(&t.text) {
            None => out.push(Fault::new("text_unknown", format!("there is no text '{}'", t.text), &[("key", &t.text)])),
            Some(holes) => {
                let params: BTreeSet<String> = t.params.iter().cloned().collect();
                if params != holes || params.len() != t.params.len() {
                    let known = list(&holes);
                    out.push(Fault::new("template_params", format!("params must name each placeholder once: {known}"), &[("known", &known)]));
                }
            }
        }
        for (lang, name) in [("kk", &t.kk), ("ru", &t.ru)] {
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
                let lang = format!("@lang.{lang}");
                out.push(Fault::new("template_name", format!("the name '{name}' must be a-z, 0-9 and '_'"), &[("lang", &lang), ("name", name)]));
            }
        }
    }

    fn rule_faults(&self, out: &mut Vec<Fault>) {
        for r in &self.routing.rules {
            if r.title.as_ref().is_some_and(Named::is_blank) {
                let plain = format!("routing rule '{}' needs a title in both languages, or none", r.name);
                out.push(Fault::new("both_names", plain, &[("name", &r.name)]));
            }
            for s in r.service.iter().filter(|s| self.catalog.service(s.as_str()).is_none()) {
                let plain = format!("routing rule '{}' names unknown service '{s}'", r.name);
                out.push(Fault::new("rule_service", plain, &[("rule", &format!("@rule.{}", r.name)), ("service", s.as_str())]));
            }
            for d in r.district.iter().filter(|d| self.catalog.district(d.as_str()).is_none()) {
                let plain = format!("routing rule '{}' names unknown district '{d}'", r.name);
                out.push(Fault::new("rule_district", plain, &[("rule", &format!("@rule.{}", r.name)), ("district", d.as_str())]));
            }
            if !r.queue.contains('{') && self.catalog.queue(&r.queue).is_none() {
                let plain = format!("routing rule '{}' names unknown queue '{}'", r.name, r.queue);
                out.push(Fault::new("rule_queue", plain, &[("rule", &format!("@rule.{}", r.name)), ("queue", &r.queue)]));
            }
        }
        for s in &self.catalog.services {
            let reaches_control = self.catalog.districts.iter().map(Some).chain([None]).all(|d| {
                let key = RouteKey { class: Some(Class::Complaint), service: Some(&s.code), district: d.map(|d| &d.code), needs_utility: false };
                let kind = self.routing.route(&key, &self.catalog).and_then(|r| self.catalog.queue(r.queue.as_str()).map(|q| q.kind));
                kind == Some(QueueKind::Control)
            });
            if !reaches_control {
                let plain = format!("a complaint about '{}' would not go to the control queue", s.code);
                out.push(Fault::new("complaint", plain, &[("service", &format!("@service.{}", s.code))]));
                break;
            }
        }
    }
}

/// A name is needed in both languages.
fn unnamed(name: &Named) -> Option<Fault> {
    let lang = [(Lang::Kk, &name.kk), (Lang::Ru, &name.ru)].into_iter().find(|(_, n)| n.trim().is_empty())?.0;
    Some(Fault::new("no_name", format!("a name in {lang} is needed"), &[("lang", &format!("@lang.{lang}"))]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(area: Area, key: &str, value: &str) -> Vec<&'static str> {
        let files = Book::load(None).unwrap();
        let mut book = files.clone();
        book.lay(area, key, value).unwrap();
        book.faults(&files, area, key).iter().map(|f| f.key).collect()
    }

    #[test]
    fn each_fault_has_its_reason_in_both_languages() {
        let text = |kk: &str, ru: &str| serde_json::json!({"kk": kk, "ru": ru}).to_string();
        let long = format!("№ {{number}} {}", "ұзын ".repeat(40));
        let rules = |queue: &str| serde_json::json!({"rule": [{"name": "all", "class": ["complaint", "incident"], "queue": queue}]}).to_string();
        let queue = |code: &str, kind: &str, next: &str| {
            serde_json::json!({"code": code, "kind": kind, "name": {"kk": "а", "ru": "б"}, "successor": next}).to_string()
        };
        let mut seen = std::collections::BTreeSet::new();
        for (area, key, value, want) in [
            (Area::Text, "confirmed", text("Рахмет, {number}!", "Спасибо, {number}!"), vec![]),
            (Area::Text, "confirmed", text("", "Спасибо, {number}!"), vec!["text_empty"]),
            (Area::Text, "confirmed", text("Рахмет, {number", "Спасибо, {number}!"), vec!["text_brace"]),
            (Area::Text, "confirmed", text("Рахмет, {nomer}!", "Спасибо, {number}!"), vec!["text_hole"]),
            (Area::Text, "confirmed", text("Рахмет!", "Спасибо, {number}!"), vec!["text_differs"]),
            (Area::Text, "confirmed", text(&long, &long), vec!["text_long", "text_long"]),
            (Area::Queue, "water_shu", queue("water_shu", "utility", "water_shu"), vec!["successor"]),
            (Area::Queue, "triage", queue("triage", "triage", "control"), vec!["last_of_kind"]),
            (Area::Queue, "control", queue("control", "control", "akimat"), vec!["last_of_kind", "named_by_norms", "complaint"]),
            (Area::Queue, "gas", r#"{"removed":true}"#.into(), vec!["named_by_crew", "named_by_crew"]),
            (Area::Queue, "akimat", r#"{"removed":true}"#.into(), vec!["rule_queue"]),
            (Area::Service, "water", r#"{"removed":true}"#.into(), vec!["rule_service"]),
            (Area::Service, "water", r#"{"code":"water","name":{"kk":" ","ru":"б"}}"#.into(), vec!["no_name"]),
            (Area::Routing, "rules", rules("gas"), vec!["complaint"]),
            (Area::Routing, "rules", rules("no_such"), vec!["rule_queue", "complaint"]),
            (Area::Crew, "x", r#"{"code":"x","name":{"kk":"а","ru":"б"},"queue":"no_such"}"#.into(), vec!["no_queue"]),
            (
                Area::Template,
                "whatsapp:notice.started",
                r#"{"channel":"whatsapp","text":"notice.started","kk":"Bad Name","ru":"started_ru","params":[]}"#.into(),
                vec!["template_params", "template_name"],
            ),
            (Area::Shift, "gas_shu", r#"{"crew":"gas_shu","hours":[{"mon":[]}]}"#.into(), vec!["never_works"]),
            (Area::Shift, "gas_shu", r#"{"crew":"gas_shu","hours":[{"mon":["08:00-12:00","11:00-13:00"]}]}"#.into(), vec!["overlap"]),
            (Area::Shift, "nobody", r#"{"crew":"nobody","hours":[{"mon":["08:00-12:00"]}]}"#.into(), vec!["no_crew"]),
        ] {
            let got = keys(area, key, &value);
            assert_eq!(got, want, "{area} {key} {value}");
            seen.extend(got);
        }
        let book = Book::load(None).unwrap();
        for key in seen {
            for lang in [Lang::Kk, Lang::Ru] {
                assert!(book.messages.get(lang, &format!("fault.{key}")).is_some(), "fault.{key} in {lang}");
            }
        }
    }
}
