//! An outbox row in the reader's language, as a wire takes it.

use crate::config::Book;
use crate::domain::Lang;
use crate::domain::inbound::ChannelKind;
use crate::domain::outgoing::{Condition, Key, Keyboard, Params};
use crate::store::StoreError;
use crate::store::outbox::OutboxRow;

/// Reads the condition of a row.
///
/// # Errors
/// [`StoreError::Corrupt`].
pub fn condition(row: &OutboxRow) -> Result<Condition, StoreError> {
    serde_json::from_str(&row.condition).map_err(|e| StoreError::corrupt("outbox.condition", e))
}

/// The message of a row. `words` is the text of a row that carries a person's own words. A letter's first line is its subject.
///
/// # Errors
/// [`StoreError::Corrupt`] when the row cannot be read.
pub fn message(book: &Book, row: &OutboxRow, words: Option<String>) -> Result<bots::channel::Message, StoreError> {
    let lang = Lang::parse(&row.lang).ok_or_else(|| StoreError::corrupt("outbox.lang", &row.lang))?;
    let params: Params = serde_json::from_str(&row.params).map_err(|e| StoreError::corrupt("outbox.params", e))?;
    let keyboard: Keyboard = serde_json::from_str(&row.keyboard).map_err(|e| StoreError::corrupt("outbox.keyboard", e))?;
    let mut text = match (&row.template, words) {
        (_, Some(words)) => words,
        (Some(key), None) => book.render(lang, key, &params),
        (None, None) => return Err(StoreError::corrupt("outbox.message_id", "a row without words")),
    };
    if row.channel == ChannelKind::Mail.as_str() {
        let key = match row.template.as_deref() {
            Some(t) if t.starts_with("breach.") => "mail.breach.subject",
            Some("alarm.soon") => "mail.alarm.subject",
            Some("alarm.many") => "mail.alarms.subject",
            _ => "mail.reply.subject",
        };
        text = format!("{}\n{text}", book.render(lang, key, &params));
    }
    Ok(bots::channel::Message { text, keyboard: board(book, lang, keyboard) })
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
