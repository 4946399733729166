//! An outbox row in the reader's language, as a wire takes it.

use crate::config::Book;
use crate::domain::Lang;
use crate::domain::door::{Choices, Door};
use crate::domain::inbound::ChannelKind;
use crate::domain::outgoing::{Key, Keyboard, Params};
use crate::store::StoreError;
use crate::store::outbox::OutboxRow;

/// The message of a row. `words` is the text of a row that carries a person's own words. A letter's first line is its subject.
///
/// # Errors
/// [`StoreError::Corrupt`] when the row cannot be read.
pub fn message(book: &Book, row: &OutboxRow, words: Option<String>) -> Result<bots::channel::Message, StoreError> {
    let (channel, lang, params) = (channel_of(row)?, lang_of(row)?, params_of(row)?);
    let keyboard: Keyboard = serde_json::from_str(&row.keyboard).map_err(|e| StoreError::corrupt("outbox.keyboard", e))?;
    let said = |key: &str| book.render_at(channel, lang, key, &params);
    let mut text = match (row.template.as_deref(), words) {
        (Some(head), Some(words)) => format!("{}\n{words}", said(head)),
        (None, Some(words)) => words,
        (Some(key), None) => said(key),
        (None, None) => return Err(StoreError::corrupt("outbox.message_id", "a row without words")),
    };
    if channel == ChannelKind::Mail {
        let key = match row.template.as_deref() {
            Some(t) if t.starts_with("breach.") => "mail.breach.subject",
            Some("alarm.soon") => "mail.alarm.subject",
            Some("alarm.handover") => "mail.handover.subject",
            Some("alarm.many") => "mail.alarms.subject",
            Some(t) if t.starts_with("digest.") => "mail.digest.subject",
            _ if !params.contains_key("number") => "mail.plain.subject",
            _ => "mail.reply.subject",
        };
        text = format!("{}\n{text}", book.render(lang, key, &params));
    }
    let keyboard = match Door::of(channel).choices {
        Choices::Keys(_) => keyboard,
        Choices::Numbers(_) | Choices::Words => {
            text.push_str(&numbered(book, lang, &keyboard));
            Keyboard::None
        }
    };
    Ok(bots::channel::Message {
        keyboard: board(book, lang, keyboard),
        menu: Some(book.label(lang, "btn.choose")),
        // Brought back by wires that carry marks, so that a receipt finds its row even when the answer to the send was lost.
        tag: Some(row.id.to_string()),
        ..bots::channel::Message::text(text)
    })
}

/// The approved template that stands for a row on its channel, with its values; none when there is none. A person's own words have none.
///
/// # Errors
/// [`StoreError::Corrupt`] when the row cannot be read.
pub fn template(book: &Book, row: &OutboxRow) -> Result<Option<bots::channel::Template>, StoreError> {
    let (channel, lang) = (channel_of(row)?, lang_of(row)?);
    let key = row.template.as_deref().filter(|_| row.message_id.is_none());
    let Some(approved) = key.and_then(|key| book.templates.find(channel, key)) else { return Ok(None) };
    let params = params_of(row)?;
    let value = |name: &String| params.get(name).map(|v| book.value(lang, v)).unwrap_or_default();
    Ok(Some(bots::channel::Template {
        name: approved.name(lang).to_owned(),
        lang: lang.as_str().to_owned(),
        params: approved.params.iter().map(value).collect(),
    }))
}

fn channel_of(row: &OutboxRow) -> Result<ChannelKind, StoreError> {
    ChannelKind::parse(&row.channel).ok_or_else(|| StoreError::corrupt("outbox.channel", &row.channel))
}

fn lang_of(row: &OutboxRow) -> Result<Lang, StoreError> {
    Lang::parse(&row.lang).ok_or_else(|| StoreError::corrupt("outbox.lang", &row.lang))
}

fn params_of(row: &OutboxRow) -> Result<Params, StoreError> {
    serde_json::from_str(&row.params).map_err(|e| StoreError::corrupt("outbox.params", e))
}

/// The keys as numbered lines, for doors where the number is typed. Keys that are numbers themselves need none.
fn numbered(book: &Book, lang: Lang, keyboard: &Keyboard) -> String {
    let Keyboard::Inline(rows) = keyboard else { return String::new() };
    let lines = rows.iter().flatten().zip(1..).map(|(key, n)| (n.to_string(), book.label(lang, &key.label)));
    lines.filter(|(n, label)| n != label).map(|(n, label)| format!("\n{n} - {label}")).collect()
}

fn board(book: &Book, lang: Lang, keyboard: Keyboard) -> bots::channel::Keyboard {
    let key = |k: Key| bots::channel::Button::new(book.label(lang, &k.label), k.data);
    match keyboard {
        Keyboard::None => bots::channel::Keyboard::None,
        Keyboard::Inline(rows) => bots::channel::Keyboard::Inline(rows.into_iter().map(|r| r.into_iter().map(key).collect()).collect()),
        Keyboard::AskLocation => bots::channel::Keyboard::RequestLocation {
            label: book.label(lang, "btn.location"),
            skip: Some(bots::channel::Button::new(book.label(lang, "btn.skip"), "ds:skip")),
        },
        Keyboard::AskContact => bots::channel::Keyboard::RequestContact { label: book.label(lang, "btn.contact") },
        Keyboard::Remove => bots::channel::Keyboard::Remove,
    }
}
