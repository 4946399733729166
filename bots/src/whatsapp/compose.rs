//! A message in the provider's words, within its limits. What does not fit one message becomes several; nothing that can be tapped is left out.

use super::text::{self, LONGEST_TEXT};
use crate::channel::{Button, Keyboard, Message, OutKind, OutMedia, SendError, Template};
use serde_json::{Map, Value, json};

/// Longest text above buttons, lists and requests, and under a file.
const LONGEST_BODY: usize = 1024;

/// Buttons under one message.
const MOST_BUTTONS: usize = 3;

/// Rows of one list.
const MOST_ROWS: usize = 10;

/// Lists that one keyboard may become.
const MOST_LISTS: usize = 4;

const LONGEST_TITLE: usize = 20;
const LONGEST_ROW: usize = 24;
const LONGEST_DESCRIPTION: usize = 72;

/// Most bytes of a button's data; the wire takes more, the common face promises these.
const LONGEST_DATA: usize = 64;

/// Longest value of a template's place.
const LONGEST_VALUE: usize = 1024;

/// On the key of a list when the message names no word for it.
const MENU: &str = "☰";

/// Most bytes of pictures, and of sound and film, that are shown as such.
const LARGEST_PHOTO: usize = 5 * 1024 * 1024;
const LARGEST_SOUND: usize = 16 * 1024 * 1024;
const LARGEST_DOCUMENT: usize = 100 * 1024 * 1024;

/// One message to the provider: its type, and what stands under that type.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub kind: &'static str,
    pub content: Map<String, Value>,
    /// The id of the uploaded file still has to be put in.
    pub file: bool,
}

impl Part {
    fn new(kind: &'static str, content: Value) -> Self {
        let content = if let Value::Object(map) = content { map } else { Map::new() };
        Self { kind, content, file: false }
    }

    fn text(body: &str) -> Self {
        Self::new("text", json!({"body": body, "preview_url": false}))
    }

    fn interactive(kind: &str, body: &str, action: &Value) -> Self {
        Self::new("interactive", json!({"type": kind, "body": {"text": body}, "action": action}))
    }
}

/// The parts of a message, in the order of sending; never empty.
///
/// # Errors
/// [`SendError::Rejected`] for our own mistakes: nothing to say, buttons without data, a file too large.
pub fn parts(message: &Message) -> Result<Vec<Part>, SendError> {
    if let Some(template) = &message.template {
        return Ok(vec![approved(template)]);
    }
    let mut parts = Vec::new();
    let mut words = message.text.trim();
    if let Some(media) = &message.media {
        // Sound carries no words, and words with buttons go below the file.
        let as_caption = shown_as(media)? != "audio" && message.keyboard == Keyboard::None && text::length(words) <= LONGEST_BODY;
        let caption = if as_caption { std::mem::take(&mut words) } else { "" };
        parts.push(file(media, caption)?);
        if words.is_empty() && as_caption {
            return Ok(parts);
        }
    }
    let under = |keyboard: &Keyboard| !matches!(keyboard, Keyboard::None | Keyboard::Remove);
    let last = if under(&message.keyboard) { LONGEST_BODY } else { LONGEST_TEXT };
    let mut texts = text::divide(words, last);
    let Some(body) = texts.pop() else {
        return if parts.is_empty() || under(&message.keyboard) { Err(rejected("a message without words")) } else { Ok(parts) };
    };
    parts.extend(texts.iter().map(|text| Part::text(text)));
    match &message.keyboard {
        Keyboard::None | Keyboard::Remove => parts.push(Part::text(&body)),
        Keyboard::Inline(rows) => parts.extend(choices(&body, rows, message.menu.as_deref())?),
        Keyboard::RequestContact { .. } => {
            parts.push(Part::interactive("request_contact_info", &body, &json!({"name": "request_contact_info"})));
        }
        Keyboard::RequestLocation { skip, .. } => {
            parts.push(Part::interactive("location_request_message", &body, &json!({"name": "send_location"})));
            if let Some(skip) = skip {
                let question = format!("{}?", text::line(&skip.label, LONGEST_BODY - 1).trim_end_matches('?'));
                parts.extend(choices(&question, &[vec![skip.clone()]], None)?);
            }
        }
    }
    Ok(parts)
}

/// Buttons when there are few and short ones, else lists.
fn choices(body: &str, rows: &[Vec<Button>], menu: Option<&str>) -> Result<Vec<Part>, SendError> {
    let mut buttons: Vec<&Button> = Vec::new();
    for button in rows.iter().flatten() {
        if !(1..=LONGEST_DATA).contains(&button.data.len()) || text::line(&button.label, LONGEST_ROW).is_empty() {
            return Err(rejected("a button without words, without data or with more than 64 bytes of it"));
        }
        // The provider refuses the same data twice.
        if buttons.iter().all(|other| other.data != button.data) {
            buttons.push(button);
        }
    }
    let mut titles: Vec<String> = buttons.iter().map(|b| text::line(&b.label, usize::MAX)).collect();
    let short = titles.iter().all(|title| text::length(title) <= LONGEST_TITLE);
    titles.sort_unstable();
    titles.dedup();
    if buttons.is_empty() {
        return Ok(vec![Part::text(body)]);
    }
    if buttons.len() <= MOST_BUTTONS && short && titles.len() == buttons.len() {
        let key = |b: &&Button| json!({"type": "reply", "reply": {"id": b.data, "title": text::line(&b.label, LONGEST_TITLE)}});
        return Ok(vec![Part::interactive("button", body, &json!({"buttons": buttons.iter().map(key).collect::<Vec<_>>()}))]);
    }
    if buttons.len() > MOST_ROWS * MOST_LISTS {
        return Err(rejected("more choices than lists can hold"));
    }
    let word = menu.map(|word| text::line(word, LONGEST_TITLE)).filter(|word| !word.is_empty()).unwrap_or_else(|| MENU.to_owned());
    let list = |(i, chunk): (usize, &[&Button])| {
        let rows: Vec<Value> = chunk.iter().map(|b| row(b)).collect();
        let body = if i == 0 { body } else { word.as_str() };
        Part::interactive("list", body, &json!({"button": word, "sections": [{"rows": rows}]}))
    };
    Ok(buttons.chunks(MOST_ROWS).enumerate().map(list).collect())
}

/// A row of a list; a label that is cut stands whole below.
fn row(button: &Button) -> Value {
    let title = text::line(&button.label, LONGEST_ROW);
    let whole = text::line(&button.label, LONGEST_DESCRIPTION);
    if title == whole { json!({"id": button.data, "title": title}) } else { json!({"id": button.data, "title": title, "description": whole}) }
}

/// An approved template. Its places take neither line breaks nor emptiness.
fn approved(template: &Template) -> Part {
    let value = |text: &String| {
        let text = text::line(text, LONGEST_VALUE);
        json!({"type": "text", "text": if text.is_empty() { "-" } else { &text }})
    };
    let values: Vec<Value> = template.params.iter().map(value).collect();
    let language = json!({"policy": "deterministic", "code": template.lang});
    Part::new(
        "template",
        if values.is_empty() {
            json!({"name": template.name, "language": language})
        } else {
            json!({"name": template.name, "language": language, "components": [{"type": "body", "parameters": values}]})
        },
    )
}

/// What the provider will show a file as: only what it can play goes as such, the rest as a document.
fn shown_as(media: &OutMedia) -> Result<&'static str, SendError> {
    if media.bytes.is_empty() || media.bytes.len() > LARGEST_DOCUMENT {
        return Err(rejected("a file that is empty or larger than 100 MB"));
    }
    let mime = media.mime.split(';').next().unwrap_or_default().trim();
    if !media.mime.is_ascii() || !mime.split_once('/').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty()) {
        return Err(rejected("a file without a type"));
    }
    let size = media.bytes.len();
    Ok(match (media.kind, mime) {
        (OutKind::Photo, "image/jpeg" | "image/png") if size <= LARGEST_PHOTO => "image",
        (OutKind::Audio, "audio/aac" | "audio/amr" | "audio/mpeg" | "audio/mp4" | "audio/ogg") if size <= LARGEST_SOUND => "audio",
        (OutKind::Video, "video/mp4" | "video/3gpp") if size <= LARGEST_SOUND => "video",
        _ => "document",
    })
}

fn file(media: &OutMedia, caption: &str) -> Result<Part, SendError> {
    let kind = shown_as(media)?;
    let mut content = Map::new();
    if !caption.is_empty() {
        content.insert("caption".to_owned(), caption.into());
    }
    if kind == "document" {
        let name: String = media.name.chars().map(|c| if c.is_control() || matches!(c, '/' | '\\') { '_' } else { c }).collect();
        content.insert("filename".to_owned(), text::line(if name.trim().is_empty() { "file" } else { &name }, 240).into());
    }
    Ok(Part { kind, content, file: true })
}

fn rejected(why: &str) -> SendError {
    SendError::Rejected(why.to_owned())
}

#[cfg(test)]
#[path = "compose_tests.rs"]
mod tests;
