//! Readers of the morning digest: those of the configuration, and over them what administrators have added, changed and switched off.
//!
//! An address is personal data. It stands in its row alone; pages and the audit name a reader by an identifier that follows from the address under the
//! service's key, so that nobody who reads them learns whose it is.

use super::acts::actor_of;
use super::settings::Refused;
use super::{Core, DispatchError, audit, secrets};
use crate::domain::access::Scope;
use crate::domain::digest::{Part, Reader, mail_address};
use crate::domain::setting::Fault;
use crate::domain::{Instant, Lang};
use crate::store::access_log::{self, Search};
use crate::store::digests::{self, DigestReader};
use crate::store::{Conn, StoreError, Tx};
use chrono::Duration;
use std::collections::BTreeMap;
use std::fmt;

/// Changes shown of one reader.
const SHOWN: u64 = 30;

/// What a reader is set to, apart from the address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub lang: Lang,
    pub part: Part,
    pub active: bool,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.lang, self.part, if self.active { '✓' } else { '✗' })
    }
}

impl Choice {
    fn read(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let (lang, part, mark) = (words.next()?, words.next()?, words.next()?);
        Some(Self { lang: Lang::parse(lang)?, part: Part::parse(part).ok()?, active: mark == "✓" })
    }
}

/// One reader as an administrator sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub id: String,
    pub address: String,
    pub choice: Choice,
    /// Stands in the configuration: may be switched off here, not removed.
    pub configured: bool,
    /// When an administrator last changed it; unset: as the configuration has it.
    pub changed_at: Option<Instant>,
}

/// One change of a reader, from the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    pub at: Instant,
    pub author: String,
    /// Unset: there was none before.
    pub was: Option<Choice>,
    /// Unset: the address was removed.
    pub is: Option<Choice>,
}

/// A reader's name in pages and in the audit.
#[must_use]
pub fn id(core: &Core, address: &str) -> String {
    secrets::sha256(&[&hex::encode(core.chain.derive("digest readers")), address]).chars().take(24).collect()
}

/// All readers by address, those switched off too.
///
/// # Errors
/// The store's.
pub async fn all(core: &Core) -> Result<Vec<Listed>, StoreError> {
    let listed = |r: &Reader| Listed {
        id: id(core, &r.address),
        address: r.address.clone(),
        choice: Choice { lang: r.lang, part: r.part.clone(), active: true },
        configured: true,
        changed_at: None,
    };
    let mut out: BTreeMap<String, Listed> = core.settings.digest_readers.iter().map(|r| (r.address.clone(), listed(r))).collect();
    for row in digests::readers(core.db.read()).await? {
        // What cannot be read is nobody's digest: shown switched off, so that it can be mended.
        let read = Lang::parse(&row.lang).zip(Part::parse(&row.scope).ok());
        let choice = read.map_or(Choice { lang: Lang::Kk, part: Part::All, active: false }, |(lang, part)| Choice { lang, part, active: row.active });
        let configured = out.contains_key(&row.address);
        let it = Listed { id: id(core, &row.address), address: row.address.clone(), choice, configured, changed_at: Some(row.changed_at) };
        out.insert(row.address, it);
    }
    Ok(out.into_values().collect())
}

/// Those who get the digest.
///
/// # Errors
/// The store's.
pub async fn in_force(core: &Core) -> Result<Vec<Reader>, StoreError> {
    let on = all(core).await?.into_iter().filter(|r| r.choice.active);
    Ok(on.map(|r| Reader { address: r.address, lang: r.choice.lang, part: r.choice.part }).collect())
}

/// One reader by the identifier.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn find(core: &Core, id: &str) -> Result<Listed, DispatchError> {
    all(core).await?.into_iter().find(|r| r.id == id).ok_or(DispatchError::NotFound)
}

/// One reader with the address, for a page that shows it; the look is written into the audit first.
///
/// # Errors
/// `NotFound`; the store's: then nothing may be shown.
pub async fn open(core: &Core, scope: &Scope, id: &str) -> Result<Listed, DispatchError> {
    let reader = find(core, id).await?;
    audit::enter(core, core.db.write(), &actor_of(scope).to_string(), "digest_reader", Some(&object(&reader.id)), None).await?;
    Ok(reader)
}

fn object(id: &str) -> String {
    format!("reader:{id}")
}

/// The changes of one reader, the newest first, as far back as the audit is kept.
///
/// # Errors
/// The store's.
pub async fn history(core: &Core, id: &str) -> Result<Vec<Past>, DispatchError> {
    let asked = Search { object: Some(object(id)), ..Search::default() };
    // Looks stand among the changes.
    let rows = access_log::search(core.db.read(), &asked, SHOWN * 5).await?;
    let past = rows.into_iter().filter(|r| r.what == "digest_reader_changed").filter_map(|r| {
        let (was, is) = r.reason.as_deref()?.split_once(" → ")?;
        Some(Past { at: r.at, author: r.actor, was: Choice::read(was), is: Choice::read(is) })
    });
    Ok(past.take(usize::try_from(SHOWN).unwrap_or(30)).collect())
}

/// What a form says of a reader.
#[derive(Debug, Clone)]
pub struct Stated<'a> {
    pub address: &'a str,
    pub lang: &'a str,
    /// `all`, `district:taraz` and so on.
    pub part: &'a str,
    pub active: bool,
}

fn refused(key: &'static str, plain: &str) -> Refused {
    Refused::Faults(vec![Fault::new(key, plain, &[])])
}

fn taken() -> Refused {
    refused("reader_taken", "this address stands already")
}

fn late() -> Refused {
    DispatchError::invalid("conflict", "somebody has changed this reader since").into()
}

fn checked(core: &Core, said: &Stated<'_>) -> Result<(String, Choice), Refused> {
    let bad = |key: &'static str| refused(key, "a reader of the digest is an address, a language and a part of the work");
    let address = mail_address(said.address.trim()).map_err(|_| bad("reader_address"))?;
    let lang = Lang::parse(said.lang).ok_or_else(|| bad("reader_lang"))?;
    let part = Part::parse(said.part).map_err(|_| bad("reader_part"))?;
    let catalog = &core.book.catalog;
    let known = match &part {
        Part::All => true,
        Part::District(code) => catalog.district(code.as_str()).is_some(),
        Part::Service(code) => catalog.service(code.as_str()).is_some(),
        Part::Queue(code) => catalog.queue(code.as_str()).is_some(),
    };
    if known { Ok((address, Choice { lang, part, active: said.active })) } else { Err(bad("reader_part")) }
}

fn row(core: &Core, address: &str, choice: &Choice, before: Option<Instant>) -> DigestReader {
    // Each change has a moment of its own, by which the next one knows that nobody was faster.
    let at = before.map_or(core.wall(), |b| core.wall().max(b + Duration::microseconds(1)));
    DigestReader { address: address.to_owned(), lang: choice.lang.to_string(), scope: choice.part.to_string(), active: choice.active, changed_at: at }
}

async fn noted(core: &Core, c: &impl Conn, scope: &Scope, id: &str, was: Option<&Choice>, is: Option<&Choice>) -> Result<(), DispatchError> {
    let word = |c: Option<&Choice>| c.map_or_else(|| "—".to_owned(), ToString::to_string);
    let what = format!("{} → {}", word(was), word(is));
    audit::enter(core, c, &actor_of(scope).to_string(), "digest_reader_changed", Some(&object(id)), Some(&what)).await
}

/// Adds a reader. Gives the identifier.
///
/// # Errors
/// `reader_address`, `reader_lang`, `reader_part`; `reader_taken` when the address stands already.
pub async fn add(core: &Core, scope: &Scope, said: &Stated<'_>) -> Result<String, Refused> {
    let (address, choice) = checked(core, said)?;
    if all(core).await?.iter().any(|r| r.address == address) {
        return Err(taken());
    }
    let tx = core.db.begin().await?;
    let id = put_new(core, &tx, scope, &address, &choice).await?.ok_or_else(taken)?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(id)
}

async fn put_new(core: &Core, tx: &Tx, scope: &Scope, address: &str, choice: &Choice) -> Result<Option<String>, DispatchError> {
    if !digests::add_reader(tx, row(core, address, choice, None)).await? {
        return Ok(None);
    }
    let id = id(core, address);
    noted(core, tx, scope, &id, None, Some(choice)).await?;
    Ok(Some(id))
}

/// Changes a reader as a form says; another address is another reader, and the one before is switched off. Gives the identifier it has now.
///
/// `seen` is the moment of the change that the form was made of.
///
/// # Errors
/// As [`add`]; `NotFound`; `conflict` when somebody has changed it since.
pub async fn change(core: &Core, scope: &Scope, reader: &str, seen: Option<Instant>, said: &Stated<'_>) -> Result<String, Refused> {
    let before = find(core, reader).await?;
    if before.changed_at != seen {
        return Err(late());
    }
    let (address, choice) = checked(core, said)?;
    let known = all(core).await?;
    let tx = core.db.begin().await?;
    if address == before.address {
        if choice != before.choice {
            over(core, &tx, &before, &choice).await?.then_some(()).ok_or_else(late)?;
            noted(core, &tx, scope, reader, Some(&before.choice), Some(&choice)).await?;
        }
        tx.commit().await.map_err(StoreError::from)?;
        return Ok(before.id);
    }
    if known.iter().any(|r| r.address == address) {
        return Err(taken());
    }
    let off = Choice { active: false, ..before.choice.clone() };
    if off != before.choice {
        over(core, &tx, &before, &off).await?.then_some(()).ok_or_else(late)?;
        noted(core, &tx, scope, reader, Some(&before.choice), Some(&off)).await?;
    }
    let id = put_new(core, &tx, scope, &address, &choice).await?.ok_or_else(taken)?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(id)
}

/// Writes over what was seen. False when somebody was faster.
async fn over(core: &Core, tx: &Tx, before: &Listed, choice: &Choice) -> Result<bool, StoreError> {
    let new = row(core, &before.address, choice, before.changed_at);
    match before.changed_at {
        Some(seen) => digests::change_reader(tx, new, seen).await,
        None => digests::add_reader(tx, new).await,
    }
}

/// Removes an address that is switched off. One of the configuration is as the configuration has it then, so it stays.
///
/// # Errors
/// `NotFound`; `reader_stays`; `conflict` when somebody has changed it since.
pub async fn remove(core: &Core, scope: &Scope, reader: &str, seen: Option<Instant>) -> Result<(), Refused> {
    let before = find(core, reader).await?;
    if before.configured || before.choice.active {
        return Err(refused("reader_stays", "switched off first; one of the configuration stays switched off"));
    }
    let tx = core.db.begin().await?;
    let gone = match before.changed_at.filter(|at| Some(*at) == seen) {
        Some(at) => digests::forget_reader(&tx, &before.address, at).await?,
        None => false,
    };
    if !gone {
        return Err(late());
    }
    noted(core, &tx, scope, reader, Some(&before.choice), None).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_audit_keeps_reads_back() {
        for part in ["all", "district:shu", "queue:water_taraz"] {
            for active in [true, false] {
                let choice = Choice { lang: Lang::Kk, part: Part::parse(part).unwrap(), active };
                assert_eq!(Choice::read(&choice.to_string()), Some(choice));
            }
        }
        for none in ["—", "", "kk", "en all ✓", "kk castle ✓"] {
            assert_eq!(Choice::read(none), None, "{none:?}");
        }
    }
}
