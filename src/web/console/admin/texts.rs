//! Texts of the service: found by area and words, written in both languages side by side, shown as each door would show them.

use super::super::people::{Choice, Fields, fields};
use super::super::shell::{Shell, page, see};
use super::history::{self, Line};
use super::{put, reason, reasons, shell, status, tabs};
use crate::channels::sms;
use crate::config::{Book, Text};
use crate::dispatch::settings::{self, Change, Refused};
use crate::domain::Lang;
use crate::domain::inbound::ChannelKind;
use crate::domain::outgoing::Params;
use crate::domain::setting::Area;
use crate::web::auth::Session;
use crate::web::error::ApiError;
use crate::web::mask;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

/// Texts on one page.
const MOST: usize = 200;

/// Where texts are seen, in the order of the tabs.
const GROUPS: [&str; 8] = ["chat", "sms", "safety", "crew", "staff", "public", "console", "names"];

/// Where a text is seen.
fn group_of(key: &str) -> &'static str {
    match key.split_once('.').map_or("", |(head, _)| head) {
        "sms" => "sms",
        "safety" => "safety",
        "crew" => "crew",
        "breach" | "alarm" | "mail" => "staff",
        "public" => "public",
        "class" | "hazard" | "state" | "channel" | "priority" | "stage" | "pause" | "role" | "unit" | "unknown" | "act" | "event" | "lang"
        | "media" => "names",
        "" | "ask" | "button" | "contact" | "ack" | "voice" | "operator" | "cancel" | "consent" | "flag" | "comment" | "status" | "resolved"
        | "rate" | "reply" | "notice" | "push" | "btn" | "otp" | "callback" => "chat",
        _ => "console",
    }
}

/// One text of the list.
#[derive(Debug, Clone)]
pub(in crate::web::console) struct Row {
    pub key: String,
    pub kk: String,
    pub ru: String,
    pub changed: bool,
}

/// What is looked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    q: String,
    group: String,
}

#[derive(Template)]
#[template(path = "console/admin/texts.html")]
pub(in crate::web::console) struct TextsPage<'a> {
    pub s: Shell<'a>,
    pub tabs: Vec<Choice>,
    pub q: String,
    /// Tabs: word, name, how many, chosen.
    pub groups: Vec<(String, String, usize, bool)>,
    pub group: String,
    pub rows: Vec<Row>,
    /// Found besides those on the page.
    pub more: usize,
}

/// `GET /console/admin/texts`.
///
/// # Errors
/// None of its own.
pub async fn list(req: HttpRequest, state: web::Data<WebState>, session: Session, asked: web::Query<Asked>) -> Result<HttpResponse, ApiError> {
    let s = shell(&state, &req, &session);
    let book = s.w.book;
    let files = state.core.book.files();
    let words = asked.q.trim().to_lowercase();
    let group = GROUPS.into_iter().find(|g| *g == asked.group).unwrap_or("");
    let text = |lang, key: &str| book.messages.get(lang, key).unwrap_or_default();
    let fits = |key: &str| words.is_empty() || [key, text(Lang::Kk, key), text(Lang::Ru, key)].iter().any(|t| t.to_lowercase().contains(&words));
    let found: Vec<&str> = book.messages.keys().filter(|k| fits(k)).collect();
    let groups = GROUPS.iter().map(|g| {
        let n = found.iter().filter(|k| group_of(k) == *g).count();
        ((*g).to_owned(), s.w.of("admin", &format!("texts_{g}")), n, *g == group)
    });
    let groups: Vec<_> = groups.collect();
    let found: Vec<&str> = found.into_iter().filter(|k| group.is_empty() || group_of(k) == group).collect();
    let rows = found
        .iter()
        .take(MOST)
        .map(|key| Row {
            key: (*key).to_owned(),
            kk: mask::excerpt(text(Lang::Kk, key), 160),
            ru: mask::excerpt(text(Lang::Ru, key), 160),
            changed: [Lang::Kk, Lang::Ru].iter().any(|l| files.messages.get(*l, key) != book.messages.get(*l, key)),
        })
        .collect();
    let more = found.len().saturating_sub(MOST);
    page(StatusCode::OK, &TextsPage { tabs: tabs(&s.w, "texts"), q: asked.q.clone(), groups, group: group.to_owned(), rows, more, s })
}

/// A text as one door shows it.
#[derive(Debug, Clone)]
pub(in crate::web::console) struct Shown {
    pub door: String,
    pub lang: Lang,
    pub text: String,
    /// Short messages, and their length.
    pub parts: Option<(usize, usize)>,
}

#[derive(Template)]
#[template(path = "console/admin/text.html")]
pub(in crate::web::console) struct TextPage<'a> {
    pub s: Shell<'a>,
    pub key: String,
    pub kk: String,
    pub ru: String,
    pub note: String,
    /// What the program fills in.
    pub holes: Vec<String>,
    /// The texts of the program's files, when others hold.
    pub shipped: Option<Text>,
    pub shown: Vec<Shown>,
    /// The longest it may become as a short message, and what fits; by language.
    pub longest: Vec<(Lang, usize, usize)>,
    pub version: i64,
    pub history: Vec<Line>,
    pub faults: Vec<String>,
}

/// How each door shows the text of a key, with values of the usual length.
fn previews(s: &Shell<'_>, book: &Book, key: &str) -> Vec<Shown> {
    let mut out = Vec::new();
    // A short text is seen as a short message only; one that has a short one besides is not seen there.
    let (plain, short) = (key.strip_prefix("sms.").unwrap_or(key), key.starts_with("sms."));
    let has_short = book.messages.get(Lang::Kk, &format!("sms.{plain}")).is_some();
    let chat = matches!(group_of(plain), "chat" | "safety" | "crew");
    for lang in [Lang::Kk, Lang::Ru] {
        let sample: Params = book.sample(lang, key);
        if !short {
            let door = if chat {
                format!("{} · {}", s.w.of("channel", "telegram"), s.w.of("channel", "whatsapp"))
            } else {
                s.w.t("admin.on_page").to_owned()
            };
            out.push(Shown { door, lang, text: book.render(lang, key, &sample), parts: None });
        }
        if chat && group_of(plain) != "crew" && (short || !has_short) {
            let text = book.render_at(ChannelKind::Sms, lang, plain, &sample);
            out.push(Shown { door: s.w.of("channel", "sms"), lang, parts: Some(sms::parts(&text)), text });
        }
    }
    out
}

struct Draft {
    kk: String,
    ru: String,
    note: String,
}

async fn shown(state: &WebState, s: Shell<'_>, key: &str, draft: Option<Draft>, faults: Vec<String>) -> Result<HttpResponse, ApiError> {
    let present: &Book = &state.core.book;
    let (Some(kk), Some(ru)) = (present.messages.get(Lang::Kk, key), present.messages.get(Lang::Ru, key)) else {
        return Err(ApiError::new("not_found"));
    };
    let files = state.core.book.files();
    let of_files = |lang| files.messages.get(lang, key).unwrap_or_default().to_owned();
    let shipped = Text { kk: of_files(Lang::Kk), ru: of_files(Lang::Ru) };
    let draft = draft.unwrap_or_else(|| Draft { kk: kk.to_owned(), ru: ru.to_owned(), note: String::new() });
    let mut book = present.clone();
    book.messages.write(key, &draft.kk, &draft.ru);
    let template = TextPage {
        key: key.to_owned(),
        holes: files.messages.placeholders(key).unwrap_or_default().into_iter().collect(),
        shipped: (shipped.kk != kk || shipped.ru != ru).then_some(shipped),
        shown: previews(&s, &book, key),
        longest: [Lang::Kk, Lang::Ru].into_iter().filter_map(|l| book.short_length(l, key).map(|(n, most)| (l, n, most))).collect(),
        version: settings::version(state.core.db.read(), Area::Text, key).await?,
        history: history::below(state, &s.w, Area::Text, key).await?,
        kk: draft.kk,
        ru: draft.ru,
        note: draft.note,
        faults,
        s,
    };
    page(status(&template.faults), &template)
}

/// `GET /console/admin/texts/{key}`.
///
/// # Errors
/// `not_found`.
pub async fn show(req: HttpRequest, state: web::Data<WebState>, session: Session, key: web::Path<String>) -> Result<HttpResponse, ApiError> {
    // What another process has just changed is shown, and not written over unseen.
    settings::reload(&state.core).await?;
    let s = shell(&state, &req, &session);
    shown(&state, s, &key, None, Vec::new()).await
}

/// `POST /console/admin/texts/{key}`: a look at it, or the change itself.
///
/// # Errors
/// `forbidden` without the form's token; `not_found`.
pub async fn save(
    req: HttpRequest,
    state: web::Data<WebState>,
    session: Session,
    key: web::Path<String>,
    form: Fields,
) -> Result<HttpResponse, ApiError> {
    let of = |name: &str| fields(&form, name).next().unwrap_or_default().to_owned();
    session.check_csrf(&of("csrf"))?;
    // Browsers end lines of a form with two characters.
    let text = |name: &str| of(name).replace("\r\n", "\n").trim_end().to_owned();
    let draft = Draft { kk: text("kk"), ru: text("ru"), note: of("note") };
    let value =
        serde_json::to_string(&Text { kk: draft.kk.clone(), ru: draft.ru.clone() }).map_err(|e| ApiError::detail("internal", e.to_string()))?;
    // Written back as the files have it, the change is taken away.
    let files = state.core.book.files();
    let as_files = files.messages.get(Lang::Kk, &key) == Some(&draft.kk) && files.messages.get(Lang::Ru, &key) == Some(&draft.ru);
    let value = (!as_files).then_some(value);
    let s = shell(&state, &req, &session);
    if of("act") == "look" {
        let look = Change { area: Area::Text, key: &key, value: value.as_deref(), note: "", expected: None };
        let faults = match settings::propose(&state.core, &look).await {
            Ok(_) => Vec::new(),
            Err(Refused::Faults(list)) => list.iter().filter(|f| f.key != "nothing").map(|f| reason(&s.w, f)).collect(),
            Err(e) => reasons(&state, &s.w, e)?,
        };
        return shown(&state, s, &key, Some(draft), faults).await;
    }
    match put(&state, &session, Area::Text, &key, value.as_deref(), &draft.note, of("expected").parse().ok()).await {
        Ok(()) => Ok(see(&format!("/console/admin/texts/{key}?saved=1"))),
        Err(e) => {
            let faults = reasons(&state, &s.w, e)?;
            shown(&state, s, &key, Some(draft), faults).await
        }
    }
}
