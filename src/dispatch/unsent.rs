//! Words and files that their author took back: hidden from everybody, kept for the journal, and no longer part of a draft.

use super::effects::Effects;
use super::intake::{Prepared, Talks};
use super::{Core, DispatchError};
use crate::domain::inbound::{Content, storable};
use crate::domain::{ConversationId, Instant, ResidentId};
use crate::store::{Tx, attachments, messages, requests};

/// How far back a chat is looked through.
const LOOK_BACK: u64 = 200;

/// The words of a message in all its versions, the longest first: one may hold another.
pub(super) fn words(said: &[Content]) -> Vec<&str> {
    let mut all: Vec<&str> = said
        .iter()
        .filter_map(|content| match content {
            Content::Text(t) | Content::Edited { text: t, .. } => Some(t.as_str()),
            Content::Media { caption, .. } => caption.as_deref(),
            _ => None,
        })
        .filter(|t| !t.trim().is_empty())
        .collect();
    all.sort_by_key(|t| std::cmp::Reverse(t.len()));
    all.dedup();
    all
}

/// Hides what an item takes back. False when its chat has a step to make of it too.
pub(super) async fn hide(core: &Core, tx: &Tx, fx: &mut Effects, talks: &mut Talks, p: &Prepared, now: Instant) -> Result<bool, DispatchError> {
    let Some(talk) = talks.known(p) else { return Ok(true) };
    let (id, resident) = (talk.id, talk.resident);
    // The message may have come in the same batch.
    fx.flush(tx, now, core.wall()).await?;
    hide_stored(tx, id, resident, &p.item.earlier, now).await?;
    Ok(false)
}

/// What stands in the database already.
pub(super) async fn hide_stored(tx: &Tx, talk: ConversationId, resident: ResidentId, earlier: &[Content], now: Instant) -> Result<(), DispatchError> {
    for gone in words(earlier).into_iter().map(storable) {
        for (id, text, shown) in messages::said_in(tx, talk, LOOK_BACK).await? {
            if let Some(left) = without(shown.as_deref().unwrap_or(&text), &gone) {
                messages::hide(tx, id, Some(now), Some(&left)).await?;
                break;
            }
        }
    }
    let files: Vec<&str> =
        earlier.iter().filter_map(|c| if let Content::Media { media, .. } = c { Some(media.file_id.as_str()) } else { None }).collect();
    if !files.is_empty() {
        let own: Vec<_> = requests::of_chat(tx, resident, talk, 50).await?.into_iter().map(|s| s.request.id).collect();
        attachments::hide(tx, talk, &own, &files).await?;
    }
    Ok(())
}

/// The text without those words; `None` when it does not hold them as a whole line or as a whole.
fn without(text: &str, gone: &str) -> Option<String> {
    let gone = gone.trim();
    if text.trim() == gone {
        return Some(String::new());
    }
    // Several messages of one report stand under one another.
    let at = text.match_indices(gone).map(|(i, _)| i).find(|i| {
        let (before, after) = (text.get(..*i).unwrap_or(""), text.get(i + gone.len()..).unwrap_or(""));
        (before.is_empty() || before.ends_with('\n')) && (after.is_empty() || after.starts_with('\n'))
    })?;
    let rest = [text.get(..at).unwrap_or("").trim(), text.get(at + gone.len()..).unwrap_or("").trim()];
    Some(rest.into_iter().filter(|r| !r.is_empty()).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_taken_back_goes() {
        for (text, gone, left) in [
            ("су жоқ", "су жоқ", Some("")),
            ("су жоқ\nАбай 5", "су жоқ", Some("Абай 5")),
            ("су жоқ\nАбай 5", "Абай 5 ", Some("су жоқ")),
            ("а\nб\nв", "б", Some("а\nв")),
            ("су жоқ екен", "су жоқ", None),
            ("су жоқ екен\nсу жоқ", "су жоқ", Some("су жоқ екен")),
            ("су", "жарық", None),
            ("", "су", None),
        ] {
            assert_eq!(without(text, gone).as_deref(), left, "{text:?} - {gone:?}");
        }
    }
}
