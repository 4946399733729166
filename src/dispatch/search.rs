//! Finding requests: by number, by telephone, by words; and taking the words in, in the background.

use super::acts::actor_of;
use super::{Core, DispatchError};
use crate::domain::access::{Permission, Scope};
use crate::domain::phone::Phone;
use crate::domain::search::words;
use crate::domain::{MessageId, RequestId, RequestNumber};
use crate::store::requests::{self, Stored};
use crate::store::residents::{self, Resident};
use crate::store::{Conn, StoreError, access_log, search};
use std::collections::{BTreeMap, BTreeSet};

/// Texts taken in at once.
const STEP: u64 = 200;
/// Words of a question that are looked at.
const ASKED: usize = 6;
/// Requests shown for one question.
pub const SHOWN: usize = 50;
/// Longest question, in characters.
pub const MAX_QUESTION: usize = 200;

/// What was found.
#[derive(Debug, Clone)]
pub enum Found {
    /// The number of one request within reach.
    One(Box<Stored>),
    /// By telephone.
    OfPhone(Vec<Stored>),
    /// By words, newest first; true when there may be older ones.
    ByWords(Vec<Stored>, bool),
}

/// Looks for what a person typed into the one field. A look by telephone is noted in the access log before anything is shown.
///
/// # Errors
/// `empty_text`, `too_large`, `forbidden`; the store's.
pub async fn find(core: &Core, scope: &Scope, question: &str) -> Result<Found, DispatchError> {
    let question = question.trim();
    if question.is_empty() {
        return Err(DispatchError::invalid("empty_text", "a question is needed"));
    }
    if question.chars().count() > MAX_QUESTION {
        return Err(DispatchError::invalid("too_large", format!("at most {MAX_QUESTION} characters")));
    }
    let db = core.db.read();
    if let Ok(number) = RequestNumber::parse(question)
        && let Some(one) = requests::by_number_scoped(db, &number, scope).await?
    {
        return Ok(Found::One(Box::new(one)));
    }
    if !scope.may(Permission::ReadPersonal) {
        return Err(DispatchError::Forbidden);
    }
    if let Ok(phone) = Phone::parse(question) {
        access_log::note(core.db.write(), core.now(), &actor_of(scope).to_string(), "search_phone", None, None).await?;
        return Ok(Found::OfPhone(behind(db, scope, Some(&phone), SHOWN).await?.requests));
    }
    let mut asked: Vec<String> = words(question).into_iter().collect();
    // Long words say most.
    asked.sort_by_key(|w| std::cmp::Reverse(w.chars().count()));
    asked.truncate(ASKED);
    if asked.is_empty() {
        return Ok(Found::ByWords(Vec::new(), false));
    }
    let mut groups = Vec::new();
    for word in &asked {
        groups.push(search::variants(db, word).await?);
    }
    let (rows, more) = search::find(db, scope, &groups, SHOWN).await?;
    Ok(Found::ByWords(rows, more))
}

/// Whoever may stand behind a number.
#[derive(Debug, Clone, Default)]
pub struct Behind {
    /// Who proved it, then who only called with it.
    pub residents: Vec<Resident>,
    /// Their requests within the caller's reach, the newest first.
    pub requests: Vec<Stored>,
}

/// Who may be behind a number and what they reported, as far as the scope reaches; nobody is behind no number. Who asks has to note the look.
///
/// # Errors
/// The store's.
pub async fn behind(c: &impl Conn, scope: &Scope, phone: Option<&Phone>, most: usize) -> Result<Behind, StoreError> {
    let Some(phone) = phone else { return Ok(Behind::default()) };
    let residents = residents::behind(c, phone).await?;
    let mut own = Vec::new();
    for resident in &residents {
        own.extend(requests::of_resident(c, resident.id, None, most as u64).await?.into_iter().filter(|s| scope.sees(&s.request)));
    }
    own.sort_by_key(|s| std::cmp::Reverse((s.request.received_at, s.request.id)));
    own.truncate(most);
    Ok(Behind { residents, requests: own })
}

/// Takes some of the waiting texts in; gives how many.
///
/// # Errors
/// The store's; then they wait on.
pub async fn take_in(core: &Core) -> Result<usize, DispatchError> {
    // Most looks find nothing: they cost no transaction.
    let (said, places) = search::waiting_now(core.db.read()).await?;
    if !said && !places {
        return Ok(0);
    }
    let tx = core.db.begin().await?;
    let (said, places) = search::waiting(&tx, STEP).await?;
    let mut rows: BTreeMap<RequestId, BTreeSet<String>> = BTreeMap::new();
    for w in &said {
        rows.entry(w.request).or_default().extend(w.text.as_deref().map(words).unwrap_or_default());
    }
    for (request, address) in &places {
        rows.entry(*request).or_default().extend(address.as_deref().map(words).unwrap_or_default());
    }
    search::add(&tx, &rows).await?;
    let messages: Vec<MessageId> = said.iter().map(|w| w.message).collect();
    let addresses: Vec<RequestId> = places.iter().map(|(r, _)| *r).collect();
    search::taken_in(&tx, &messages, &addresses).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(messages.len() + addresses.len())
}
