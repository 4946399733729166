//! What was said about a request and what happened to it, in words, in order.

use super::words::Words;
use crate::config::{local_date_time, local_time};
use crate::domain::delivery::shown;
use crate::domain::outgoing::Params;
use crate::domain::request::Event;
use crate::domain::{Instant, Lang};
use crate::store::journal::JournalRow;
use crate::store::messages::{Message, direction};
use crate::store::outbox::OutboxRow;
use crate::web::mask;
use std::collections::BTreeMap;

/// Names of authors by their journal form, as far as they are known.
pub type Names = BTreeMap<String, String>;

/// One thing said.
#[derive(Debug, Clone)]
pub(super) struct Said {
    /// `in`, `out`, `inner`, or `auto` for a text of the service itself.
    pub way: &'static str,
    pub who: String,
    pub at: String,
    /// None: erased.
    pub text: Option<String>,
    /// Of a letter: the message by which the whole of it is opened.
    pub letter: Option<String>,
    /// Of outgoing words: where they stand.
    pub mark: Option<Mark>,
}

/// Where an outgoing message stands.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    pub tone: &'static str,
    pub words: String,
}

/// One line of the history.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub at: String,
    pub what: String,
    pub detail: String,
    pub who: String,
}

/// An author in words.
pub(super) fn author(w: &Words<'_>, names: &Names, actor: &str) -> String {
    match actor.split_once(':') {
        Some(("resident", _)) => w.t("console.resident").to_owned(),
        Some(("system", "form")) => w.t("channel.web").to_owned(),
        Some(("system", "meta_app")) => w.t("console.meta_app").to_owned(),
        Some(("system", _)) => w.t("console.system").to_owned(),
        _ => names.get(actor).cloned().unwrap_or_else(|| w.t("console.unknown").to_owned()),
    }
}

fn mark(w: &Words<'_>, row: Option<&OutboxRow>) -> Mark {
    let Some(row) = row else {
        return Mark { tone: "warn", words: w.t("delivery.none").to_owned() };
    };
    let state = shown(&row.status, row.stage);
    let tone = match state {
        "accepted" | "sent_on" | "delivered" | "read" | "played" => "good",
        "dead" | "failed" => "bad",
        "expired" | "parked" | "moved" => "warn",
        _ => "wait",
    };
    let mut words = format!("{} · {}", w.of("channel", &row.channel), w.of("delivery", state));
    if row.approved.is_some() {
        words.push_str(&format!(" {}", w.t("delivery.as_template")));
    }
    let at = match state {
        "read" | "played" => row.read_at,
        "delivered" => row.delivered_at,
        "failed" => row.failed_at,
        _ => row.sent_at,
    };
    if let Some(at) = at {
        words.push_str(&format!(" {}", local_time(at)));
    }
    if let Some(reason) = &row.reason {
        words.push_str(&format!(" — {}", w.of("delivery.reason", reason)));
    }
    Mark { tone, words }
}

fn template_text(w: &Words<'_>, row: &OutboxRow) -> Option<String> {
    row.sent_text.clone().or_else(|| {
        let params: Params = serde_json::from_str(&row.params).unwrap_or_default();
        let lang = Lang::parse(&row.lang).unwrap_or(w.lang);
        row.template.as_ref().map(|key| w.book.render(lang, key, &params))
    })
}

/// The whole thread, oldest first: what came, what was answered, notes, and what the service itself sent. `letters`: what came, came as
/// letters.
pub(super) fn thread(w: &Words<'_>, names: &Names, said: &[Message], sent: &[OutboxRow], revealed: bool, letters: bool) -> Vec<Said> {
    let mut out: Vec<(Instant, Said)> = Vec::new();
    for m in said {
        let way = match m.direction.as_str() {
            direction::IN => "in",
            direction::OUT => "out",
            _ => "inner",
        };
        let row = sent.iter().rev().find(|o| o.message_id == Some(m.id.0));
        let text = m.text.as_deref().map(|t| if revealed { t.to_owned() } else { mask::contact_line(t) });
        // What a colleague said past this service never stood in our outbox.
        let mark = (way == "out" && m.author != "system:meta_app").then(|| mark(w, row));
        let letter = (letters && way == "in" && text.is_some() && m.raw_event.is_some()).then(|| m.id.to_string());
        out.push((m.at, Said { way, who: author(w, names, &m.author), at: local_date_time(m.at), text, letter, mark }));
    }
    for row in sent.iter().filter(|o| o.message_id.is_none()) {
        out.push((
            row.created_at,
            Said {
                way: "auto",
                who: w.t("console.system").to_owned(),
                at: local_date_time(row.created_at),
                text: template_text(w, row),
                letter: None,
                mark: Some(mark(w, Some(row))),
            },
        ));
    }
    // Of one moment: what came, what the service said to it, what a person wrote.
    let rank = |way: &str| ["in", "auto", "out"].iter().position(|w| *w == way);
    out.sort_by_key(|(at, s)| (*at, rank(s.way).unwrap_or(3)));
    out.into_iter().map(|(_, s)| s).collect()
}

/// The history in words, oldest first. `numbers` names the requests that others were joined to.
pub(super) fn history(w: &Words<'_>, names: &Names, rows: &[JournalRow], numbers: &BTreeMap<String, String>) -> Vec<Line> {
    rows.iter()
        .map(|row| Line {
            at: local_date_time(row.at),
            what: w.of("event", &row.kind),
            detail: row.event().map(|e| detail(w, &e, numbers)).unwrap_or_default(),
            who: author(w, names, &row.actor),
        })
        .collect()
}

fn detail(w: &Words<'_>, e: &Event, numbers: &BTreeMap<String, String>) -> String {
    match e {
        Event::Registered(r) => w.of("channel", r.channel.as_str()),
        Event::Queued { queue, .. } | Event::Refused { queue, .. } | Event::Transferred { queue, .. } => w.queue(queue),
        Event::Assigned { crew } | Event::HandedOver { crew } => w.crew(crew),
        Event::Held { until: Some(at), .. } => local_date_time(*at),
        Event::Closed { by } => w.of("closed_by", by.as_str()),
        Event::Linked { to } => numbers.get(&to.to_string()).map(|n| format!("№ {n}")).unwrap_or_default(),
        Event::Merged { into } => numbers.get(&into.to_string()).map(|n| format!("№ {n}")).unwrap_or_default(),
        Event::ParentChanged { parent, to } => {
            let number = numbers.get(&parent.to_string()).map(|n| format!("№ {n} · ")).unwrap_or_default();
            format!("{number}{}", w.of("state", to.as_str()))
        }
        Event::Reclassified { class, service, district, hazard, priority } => {
            let mut parts = vec![w.class(*class), w.service(service.as_ref()), w.district(district.as_ref())];
            parts.extend(hazard.map(|h| w.of("hazard", h.as_str())));
            parts.push(w.of("priority", &format!("p{}", priority.0)));
            parts.join(" · ")
        }
        Event::Rated { score } => format!("{score} / 5"),
        Event::Breached { stage, due_at, .. } => format!("{} · {}", w.of("stage", stage.as_str()), local_date_time(*due_at)),
        _ => String::new(),
    }
}
