//! What stands around a request on its page: neighbours, joined ones, colleagues, prepared answers, and what changed while somebody wrote.

use super::acts::{ActForm, fields};
use super::thread::Line;
use super::words::Words;
use crate::config::local_time;
use crate::domain::Instant;
use crate::domain::outgoing::Params;
use crate::domain::request::{ActKind, Request};
use crate::domain::sla::Stage;
use crate::store::requests::Stored;

/// Another request, in short.
#[derive(Debug, Clone)]
pub(super) struct Near {
    pub number: String,
    pub service: String,
    pub status: &'static str,
    pub status_name: String,
    pub at: String,
    pub hazard: Option<String>,
    /// This request may be joined to it.
    pub may_take: bool,
}

/// Others in short; `may`: the reader may join this one to another now.
pub(super) fn nears(w: &Words<'_>, list: &[Stored], may: bool) -> Vec<Near> {
    list.iter()
        .map(|s| {
            let r = &s.request;
            Near {
                number: r.number.to_string(),
                service: w.service(r.service.as_ref()),
                status: r.status.as_str(),
                status_name: w.of("state", r.status.as_str()),
                at: local_time(r.received_at),
                hazard: r.hazard.map(|h| w.of("hazard", h.as_str())),
                may_take: may && r.status.is_open(),
            }
        })
        .collect()
}

/// A prepared answer.
#[derive(Debug, Clone)]
pub(super) struct Canned {
    pub code: String,
    /// In the reader's language.
    pub title: String,
    /// In the resident's language, filled in.
    pub text: String,
}

/// The words of a prepared answer for a request.
pub(super) fn canned_text(w: &Words<'_>, r: &Request, code: &str, due: Option<Instant>) -> Option<String> {
    let key = format!("canned.{code}.text");
    w.book.messages.get(r.lang, &key)?;
    let named = |kind: &str, c: Option<&str>| c.map_or_else(|| format!("@unknown.{kind}"), |c| format!("@{kind}.{c}"));
    let params = Params::from([
        ("number".to_owned(), r.number.to_string()),
        ("service".to_owned(), named("service", r.service.as_ref().map(crate::domain::ServiceCode::as_str))),
        ("due".to_owned(), due.map_or_else(|| "@unknown.due".to_owned(), |at| format!("@time:{}", at.to_rfc3339()))),
    ]);
    Some(w.book.render(r.lang, &key, &params))
}

/// All prepared answers for a request.
pub(super) fn canned(w: &Words<'_>, r: &Request, due: Option<Instant>) -> Vec<Canned> {
    let codes = w.book.messages.keys().filter_map(|k| k.strip_prefix("canned.")?.strip_suffix(".title"));
    codes
        .filter_map(|code| {
            Some(Canned { code: code.to_owned(), title: w.of("canned", &format!("{code}.title")), text: canned_text(w, r, code, due)? })
        })
        .collect()
}

/// When the live clock of restoration runs out, for prepared answers.
pub(super) fn restore_due(timers: &[crate::domain::sla::Timer]) -> Option<Instant> {
    timers.iter().find(|t| t.stage == Stage::Restore && t.is_live()).map(|t| t.due_at)
}

/// What somebody wanted on a version that has passed, and what others did since.
#[derive(Debug, Clone)]
pub(super) struct Clash {
    pub act: String,
    pub typed: Vec<(String, String)>,
    pub since: Vec<Line>,
}

impl Clash {
    pub fn new(w: &Words<'_>, kind: ActKind, form: &ActForm, r: &Request, since: Vec<Line>, now: Instant) -> Self {
        let typed = fields(w, kind, r, Some(form), now).into_iter().filter(|f| !f.value.is_empty() || f.choices.iter().any(|c| c.chosen)).map(|f| {
            let value = f.choices.iter().find(|c| c.chosen).map_or(f.value, |c| c.label.clone());
            (f.label, value)
        });
        Self { act: w.of("act", kind.as_str()), typed: typed.collect(), since }
    }
}
