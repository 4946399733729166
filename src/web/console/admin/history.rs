//! What was changed, by whom and why, with what stood before; and the way back.

use super::super::people::{Choice, Fields, field};
use super::super::shell::{Shell, page, see};
use super::super::words::Words;
use super::{reasons, shell, status, tabs};
use crate::config::{Book, local_date_time};
use crate::dispatch::acts::actor_of;
use crate::dispatch::settings;
use crate::domain::setting::Area;
use crate::store::revisions::{self, Revision};
use crate::store::staff;
use crate::web::auth::Session;
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Changes on one page, and below the form of one thing.
const PAGE: u64 = 50;
const BELOW: u64 = 20;

/// One change.
#[derive(Debug, Clone)]
pub(in crate::web::console) struct Line {
    pub number: i64,
    pub at: String,
    pub who: String,
    pub note: String,
    /// What it is of: the area in words, its name, and where it is changed.
    pub area: String,
    pub key: String,
    pub link: String,
    /// Where something differs: what, how it was, how it is.
    pub parts: Vec<(String, String, String)>,
    /// It is what holds.
    pub current: bool,
    /// The newest change that the page showed: a later one of the same key is not written over.
    pub seen: i64,
}

/// Where a key of an area is changed.
pub(super) fn link(area: Area, key: &str) -> String {
    match area {
        Area::Text => format!("/console/admin/texts/{key}"),
        Area::Service => format!("/console/admin/services/{key}"),
        Area::District => format!("/console/admin/districts/{key}"),
        Area::Queue => format!("/console/admin/queues/{key}"),
        Area::Crew | Area::Shift => format!("/console/admin/crews/{key}"),
        Area::Routing => "/console/admin/routing".to_owned(),
        Area::Template => "/console/admin/templates".to_owned(),
    }
}

/// A value as paths and plain words.
fn leaves(path: &str, value: &Value, out: &mut BTreeMap<String, String>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Null => {}
        Value::Object(map) => map.iter().for_each(|(name, v)| leaves(&below(name), v, out)),
        Value::Array(list) if list.iter().any(Value::is_object) => {
            list.iter().enumerate().for_each(|(n, v)| leaves(&below(&(n + 1).to_string()), v, out));
        }
        Value::Array(list) => {
            let words: Vec<String> = list.iter().map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)).collect();
            if !words.is_empty() {
                out.insert(path.to_owned(), words.join(", "));
            }
        }
        Value::String(text) => drop(out.insert(path.to_owned(), text.clone())),
        other => drop(out.insert(path.to_owned(), other.to_string())),
    }
}

/// Where two values differ.
fn parts(was: Option<&str>, is: Option<&str>) -> Vec<(String, String, String)> {
    let read = |text: Option<&str>| {
        let mut out = BTreeMap::new();
        if let Some(value) = text.and_then(|t| serde_json::from_str(t).ok()) {
            leaves("", &value, &mut out);
        }
        out
    };
    let (was, is) = (read(was), read(is));
    let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let of = |map: &BTreeMap<String, String>, name: &String| map.get(name).cloned().unwrap_or_default();
    names.into_iter().map(|n| (n.clone(), of(&was, n), of(&is, n))).filter(|(_, a, b)| a != b).collect()
}

/// What was changed, by its name; what there is one of needs none.
fn thing(w: &Words<'_>, area: Area, key: &str) -> String {
    let kind = match area {
        Area::Routing => return String::new(),
        Area::Queue => "queue",
        Area::Service => "service",
        Area::District => "district",
        Area::Crew | Area::Shift => "crew",
        Area::Text | Area::Template => return key.to_owned(),
    };
    match w.book.value(w.lang, &format!("@{kind}.{key}")) {
        gone if gone.starts_with('@') => key.to_owned(),
        name => name,
    }
}

/// The place of a difference in words: `rule.3.queue` is "rule 3, queue".
fn label(w: &Words<'_>, path: &str) -> String {
    let word = |part: &str| w.book.messages.get(w.lang, &format!("field.{part}")).unwrap_or(part).to_owned();
    let mut out = String::new();
    for part in path.split('.') {
        let counted = part.bytes().all(|b| b.is_ascii_digit());
        out.push_str(if out.is_empty() {
            ""
        } else if counted {
            " "
        } else {
            ", "
        });
        out.push_str(&word(part));
    }
    out
}

/// A value in words, where it is a code that has a name.
fn value(w: &Words<'_>, path: &str, text: &str) -> String {
    let named = |kind: &str| {
        let of = |code: &str| match w.book.value(w.lang, &format!("@{kind}{code}")) {
            found if found.starts_with('@') => code.to_owned(),
            found => found,
        };
        text.split(", ").filter(|c| !c.is_empty()).map(of).collect::<Vec<_>>().join(", ")
    };
    match (path.rsplit('.').next().unwrap_or_default(), text) {
        (_, "true") => w.t("field.yes").to_owned(),
        (_, "false") => w.t("field.no").to_owned(),
        ("class", _) => named("class."),
        ("service", _) => named("service."),
        ("district", _) => named("district."),
        ("queue" | "also", _) => named("queue."),
        ("crew", _) => named("crew."),
        ("channel", _) => named("channel."),
        ("kind", _) => named("admin.kind_"),
        ("name", name) if path.starts_with("rule.") && !name.is_empty() => w.book.value(w.lang, &format!("@rule.{name}")),
        _ => text.to_owned(),
    }
}

/// Changes as a page shows them. `newest`: the change of each key that holds, where the caller knows it.
pub(super) async fn lines(state: &WebState, w: &Words<'_>, rows: &[Revision]) -> Result<Vec<Line>, ApiError> {
    let people: BTreeMap<String, String> = if rows.is_empty() {
        BTreeMap::new()
    } else {
        staff::all(state.core.db.read()).await?.into_iter().map(|s| (format!("staff:{}", s.id), s.name)).collect()
    };
    let files: &Book = state.core.book.files();
    let newest = rows.first().map_or(0, |r| r.number);
    let mut seen = BTreeSet::new();
    Ok(rows
        .iter()
        .map(|r| {
            let shipped = files.value_of(r.area, &r.key);
            let (was, is) = (r.was.as_deref().or(shipped.as_deref()), r.value.as_deref().or(shipped.as_deref()));
            Line {
                number: r.number,
                at: local_date_time(r.made_at),
                who: people.get(&r.author).cloned().unwrap_or_else(|| r.author.clone()),
                note: r.note.clone(),
                area: w.of("admin", &format!("area_{}", r.area)),
                key: thing(w, r.area, &r.key),
                link: link(r.area, &r.key),
                parts: parts(was, is).into_iter().map(|(path, a, b)| (label(w, &path), value(w, &path, &a), value(w, &path, &b))).collect(),
                current: seen.insert((r.area, r.key.clone())),
                seen: newest,
            }
        })
        .collect())
}

/// The changes of one key, for the page that changes it.
pub(super) async fn below(state: &WebState, w: &Words<'_>, area: Area, key: &str) -> Result<Vec<Line>, ApiError> {
    let rows = revisions::of_key(state.core.db.read(), area, key, BELOW).await?;
    lines(state, w, &rows).await
}

/// What is asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    area: String,
    before: String,
}

#[derive(Template)]
#[template(path = "console/admin/history.html")]
pub(in crate::web::console) struct HistoryPage<'a> {
    pub s: Shell<'a>,
    pub tabs: Vec<Choice>,
    /// Areas to choose from: word, name, chosen.
    pub areas: Vec<(String, String, bool)>,
    pub area: String,
    pub lines: Vec<Line>,
    pub next: Option<i64>,
    pub faults: Vec<String>,
}

async fn shown(state: &WebState, s: Shell<'_>, asked: &Asked, faults: Vec<String>) -> Result<HttpResponse, ApiError> {
    let area = Area::parse(&asked.area);
    let newest = revisions::newest(state.core.db.read()).await?;
    let rows = revisions::list(state.core.db.read(), area, asked.before.parse().ok(), PAGE + 1).await?;
    let more = rows.len() as u64 > PAGE;
    let rows: Vec<Revision> = rows.into_iter().take(usize::try_from(PAGE).unwrap_or(50)).collect();
    let mut lines = lines(state, &s.w, &rows).await?;
    if !asked.before.is_empty() {
        // On a later page the first of a key may have newer ones before it.
        for (line, row) in lines.iter_mut().zip(&rows).filter(|(l, _)| l.current) {
            line.current = settings::version(state.core.db.read(), row.area, &row.key).await? == row.number;
        }
        lines.iter_mut().for_each(|l| l.seen = newest);
    }
    let areas = Area::ALL.iter().map(|a| (a.to_string(), s.w.of("admin", &format!("area_{a}")), Some(*a) == area)).collect();
    let next = rows.last().map(|r| r.number).filter(|_| more);
    page(
        status(&faults),
        &HistoryPage { tabs: tabs(&s.w, "history"), areas, area: area.map(|a| a.to_string()).unwrap_or_default(), lines, next, faults, s },
    )
}

/// `GET /console/admin/history`.
///
/// # Errors
/// The store's.
pub async fn show(req: HttpRequest, state: web::Data<WebState>, session: Session, asked: web::Query<Asked>) -> Result<HttpResponse, ApiError> {
    let s = shell(&state, &req, &session);
    shown(&state, s, &asked, Vec::new()).await
}

/// `POST /console/admin/history`: what a change had put in force, or what stood before it, holds again.
///
/// # Errors
/// `forbidden` without the form's token; `not_found`.
pub async fn restore(req: HttpRequest, state: web::Data<WebState>, session: Session, form: Fields) -> Result<HttpResponse, ApiError> {
    session.check_csrf(field(&form, "csrf"))?;
    let number: i64 = field(&form, "number").parse().map_err(|_| ApiError::new("not_found"))?;
    let before = field(&form, "before") == "1";
    let s = shell(&state, &req, &session);
    let note = s.w.with(if before { "admin.note_undone" } else { "admin.note_restored" }, "number", &number.to_string());
    let seen = field(&form, "seen").parse().ok();
    match settings::restore(&state.core, &actor_of(&session.scope), number, before, seen, &note).await {
        Ok(row) => Ok(see(&format!("{}?saved=1", link(row.area, &row.key)))),
        Err(e) => {
            let faults = reasons(&state, &s.w, e)?;
            shown(&state, s, &Asked::default(), faults).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_told_by_their_places() {
        let was = r#"{"name":{"kk":"а","ru":"б"},"also":["x","y"],"hours":[{"mon":["08:00-20:00"]}],"closed":false}"#;
        let is = r#"{"name":{"kk":"а","ru":"в"},"also":["x"],"hours":[{"mon":["08:00-18:00"]}],"closed":true}"#;
        let got = parts(Some(was), Some(is));
        let want = [("also", "x, y", "x"), ("closed", "false", "true"), ("hours.1.mon", "08:00-20:00", "08:00-18:00"), ("name.ru", "б", "в")];
        assert_eq!(got, want.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned())));
        assert_eq!(parts(None, Some(r#"{"a":"b"}"#)), [("a".to_owned(), String::new(), "b".to_owned())]);
        assert!(parts(Some(is), Some(is)).is_empty() && parts(Some("{"), None).is_empty());
    }
}
