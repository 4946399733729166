//! What a mail server tells of a letter that it could not deliver (RFC 3464), or in words of its own.

use super::letter::{one_line, tidy_id};
use super::tame::tame;
use crate::channel::SendError;
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders};

/// Letters named in one report that are looked at.
const MOST_NAMED: usize = 20;

/// What became of the letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Failed,
    /// It is still being tried: nothing is decided.
    Delayed,
    /// It arrived, or went on.
    Passed,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounce {
    pub action: Action,
    /// `5.1.1` (RFC 3463).
    pub status: Option<String>,
    /// What the other server said, one line. It may name an address: for an administrator's eyes.
    pub said: Option<String>,
    /// Identifiers of letters that the report brings back or names; the reported one is among them.
    pub of: Vec<String>,
}

impl Bounce {
    /// Why the letter did not arrive.
    #[must_use]
    pub fn error(&self) -> SendError {
        let status = self.status.as_deref().unwrap_or_default();
        let mut parts = status.split('.');
        let (class, subject, detail) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        match (class, subject, detail) {
            (_, "1", _) => SendError::Unreachable("the address does not exist".into()),
            (_, "2", "2") => SendError::Unreachable("the mailbox is full".into()),
            (_, "2", _) => SendError::Unreachable("the mailbox takes nothing".into()),
            (_, "4", _) | ("4", ..) => SendError::Unreachable("the address could not be reached for days".into()),
            (_, "7", _) => SendError::Unreachable("the other side refuses letters from us".into()),
            (_, "3" | "6", _) => SendError::Rejected("the other side cannot take this letter".into()),
            _ => SendError::Unreachable("the letter came back".into()),
        }
    }
}

/// Whether a part holds a delivery status.
pub(super) fn has_status(m: &Message<'_>) -> bool {
    m.parts.iter().any(|p| p.content_type().and_then(|c| c.subtype()).is_some_and(|s| s.eq_ignore_ascii_case("delivery-status")))
}

/// Reads a report that is made for machines.
pub(super) fn of_report(m: &Message<'_>) -> Bounce {
    let mut out = Bounce { action: Action::Failed, status: None, said: None, of: Vec::new() };
    let mut told = None;
    for part in &m.parts {
        match subtype(part).as_str() {
            "delivery-status" | "global-delivery-status" => told = told.or_else(|| Some(String::from_utf8_lossy(part.contents()).into_owned())),
            _ if out.of.len() < MOST_NAMED => out.of.extend(inside(part)),
            _ => {}
        }
    }
    if let Some(text) = told {
        fields(&mut out, &text);
    }
    if out.of.is_empty() {
        out.of = named(&String::from_utf8_lossy(m.raw_message()));
    }
    out
}

fn subtype(part: &MessagePart<'_>) -> String {
    part.content_type().and_then(|c| c.subtype()).unwrap_or_default().to_ascii_lowercase()
}

/// The name of the letter that a part brings back, whole or its headers only.
fn inside(part: &MessagePart<'_>) -> Option<String> {
    if !matches!(subtype(part).as_str(), "rfc822-headers" | "global-headers" | "rfc822" | "global") {
        return None;
    }
    let raw = tame(part.contents());
    MessageParser::default().parse_headers(&*raw)?.message_id().and_then(tidy_id)
}

fn fields(out: &mut Bounce, text: &str) {
    let mut worst = None;
    for line in text.lines().take(500) {
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "action" => {
                let action = match value.to_ascii_lowercase().as_str() {
                    "failed" => Action::Failed,
                    "delayed" => Action::Delayed,
                    _ => Action::Passed,
                };
                // One that failed decides: our letters have one reader.
                worst = Some(if worst == Some(Action::Failed) { Action::Failed } else { action });
            }
            "status" => {
                let code = value.split_whitespace().next().unwrap_or_default();
                if code.len() <= 11 && code.split('.').count() == 3 && code.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
                    out.status = Some(code.to_owned());
                }
            }
            "diagnostic-code" => out.said = Some(one_line(value.split_once(';').map_or(value, |(_, v)| v), 300)),
            _ => {}
        }
    }
    out.action = worst.unwrap_or(Action::Failed);
}

/// A server that tells it in its own words, with our letter quoted below.
pub(super) fn of_words(m: &Message<'_>, text: &str) -> Bounce {
    let mut of: Vec<String> = m.parts.iter().filter_map(inside).take(MOST_NAMED).collect();
    of.extend(named(text));
    of.truncate(MOST_NAMED);
    let code = text.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '#' | ';' | ',')).find(|w| {
        let mut parts = w.split('.');
        let class = parts.next().is_some_and(|c| c == "5" || c == "4");
        let rest: Vec<&str> = parts.collect();
        class && rest.len() == 2 && rest.iter().all(|p| (1..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()))
    });
    Bounce { action: Action::Failed, status: code.map(str::to_owned), said: None, of }
}

/// Everything that looks like the name of a letter after the words `Message-ID:`.
fn named(text: &str) -> Vec<String> {
    let lower = text.to_ascii_lowercase();
    let mut out = Vec::new();
    for (at, word) in lower.match_indices("message-id:") {
        let rest = text.get(at + word.len()..).unwrap_or_default().trim_start();
        let id = rest.split_whitespace().next().unwrap_or_default();
        out.extend(tidy_id(id).filter(|id| id.contains('@')));
        if out.len() >= MOST_NAMED {
            break;
        }
    }
    out
}
