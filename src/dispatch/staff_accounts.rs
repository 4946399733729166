//! Accounts of staff: made, changed, disabled. Every change is audited in its own transaction; one that changes rights ends the person's sessions.

use super::{Core, DispatchError, audit, passwords};
use crate::domain::access::Role;
use crate::domain::{CrewCode, DistrictCode, Lang, QueueCode, StaffId};
use crate::store::staff::{self, Staff};
use crate::store::{StoreError, Tx, second_factor as kept, sessions};

/// Longest name, in characters.
const LONGEST_NAME: usize = 120;

/// A new account.
#[derive(Debug, Clone)]
pub struct NewStaff {
    pub login: String,
    pub name: String,
    pub role: Role,
    pub queues: Vec<QueueCode>,
    pub districts: Vec<DistrictCode>,
    pub crew: Option<CrewCode>,
    pub lang: Lang,
    pub password: String,
}

/// What of an account may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub name: String,
    pub role: Role,
    pub queues: Vec<QueueCode>,
    pub districts: Vec<DistrictCode>,
    pub crew: Option<CrewCode>,
    pub lang: Lang,
}

/// Who changes accounts.
#[derive(Debug, Clone, Copy)]
pub enum By {
    Staff(StaffId),
    /// Whoever may run commands on the machine.
    Machine,
}

impl By {
    fn actor(self) -> String {
        match self {
            Self::Staff(id) => audit::person(id),
            Self::Machine => "system:cli".into(),
        }
    }

    /// A password from an administrator is known to two people. At the machine its owner types it, or one who may read everything anyhow.
    fn gives(self) -> bool {
        matches!(self, Self::Staff(_))
    }

    /// Nobody takes their own rights: the last administrator would be gone.
    fn not(self, who: StaffId) -> Result<(), DispatchError> {
        match self {
            Self::Staff(id) if id == who => Err(DispatchError::invalid("not_oneself", "nobody changes their own rights")),
            _ => Ok(()),
        }
    }
}

fn checked(core: &Core, c: &Change) -> Result<Change, DispatchError> {
    let name: String = c.name.trim().chars().filter(|c| !c.is_control()).collect();
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(DispatchError::invalid("unprocessable", format!("a name has 1 to {LONGEST_NAME} characters")));
    }
    let catalog = &core.book.catalog;
    if let Some(q) = c.queues.iter().find(|q| catalog.queue(q.as_str()).is_none()) {
        return Err(DispatchError::invalid("bad_queue", q.as_str()));
    }
    if let Some(d) = c.districts.iter().find(|d| catalog.district(d.as_str()).is_none()) {
        return Err(DispatchError::invalid("unprocessable", format!("there is no district '{d}'")));
    }
    match (&c.crew, c.role) {
        (None, Role::Crew) => Err(DispatchError::invalid("bad_crew", "a crew account names its crew")),
        (Some(crew), _) if catalog.crew(crew.as_str()).is_none() => Err(DispatchError::invalid("bad_crew", crew.as_str())),
        _ => Ok(Change { name, ..c.clone() }),
    }
}

/// Makes an account, for a command, the demo or a test.
///
/// # Errors
/// As [`add`].
pub async fn add_staff(core: &Core, new: NewStaff) -> Result<Staff, DispatchError> {
    add(core, By::Machine, new).await
}

/// Makes an account.
///
/// # Errors
/// `Invalid` for a weak password, a bad or taken login, a bad name, unknown queues, districts or crew.
pub async fn add(core: &Core, by: By, new: NewStaff) -> Result<Staff, DispatchError> {
    let login = new.login.trim().to_lowercase();
    if login.is_empty() || login.len() > 64 || !login.chars().all(|c| c.is_ascii_alphanumeric() || ".-_@".contains(c)) {
        return Err(DispatchError::invalid("unprocessable", "a login has 1 to 64 of a-z 0-9 . - _ @"));
    }
    let change = Change { name: new.name, role: new.role, queues: new.queues, districts: new.districts, crew: new.crew, lang: new.lang };
    let c = checked(core, &change)?;
    let member = Staff {
        id: StaffId::fresh(),
        password_hash: passwords::accepted(new.password, &[&login, &c.name]).await?,
        login,
        name: c.name,
        role: c.role,
        queues: c.queues,
        districts: c.districts,
        crew: c.crew,
        lang: c.lang,
        disabled: false,
        created_at: core.now(),
        second_factor: false,
        password_at: Some(core.wall()),
        password_given: by.gives(),
    };
    let tx = core.db.begin().await?;
    staff::insert(&tx, &member).await.map_err(|e| match e {
        StoreError::Duplicate(_) => DispatchError::invalid("login_taken", "there is an account with this login"),
        e => e.into(),
    })?;
    audit::enter(core, &tx, &by.actor(), "account_added", Some(&audit::person(member.id)), Some(&rights(&member))).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(member)
}

/// Role and reach in short words, as the audit keeps them.
fn rights(s: &Staff) -> String {
    let list = |codes: Vec<&str>| if codes.is_empty() { "*".to_owned() } else { codes.join(",") };
    let (queues, districts) = (s.queues.iter().map(QueueCode::as_str).collect(), s.districts.iter().map(DistrictCode::as_str).collect());
    format!("role={} queues={} districts={} crew={}", s.role, list(queues), list(districts), s.crew.as_ref().map_or("-", CrewCode::as_str))
}

async fn found(tx: &Tx, login: &str) -> Result<Staff, DispatchError> {
    staff::by_login(tx, &login.trim().to_lowercase()).await?.ok_or(DispatchError::NotFound)
}

/// Changes an account. New rights end the person's sessions: what they see afterwards is what they may.
///
/// # Errors
/// As [`add`]; `NotFound`; `Invalid(not_oneself)` for the own role or reach.
pub async fn change(core: &Core, by: By, login: &str, to: &Change) -> Result<Staff, DispatchError> {
    let to = checked(core, to)?;
    let tx = core.db.begin().await?;
    let before = found(&tx, login).await?;
    let mut after = before.clone();
    (after.name, after.lang) = (to.name, to.lang);
    (after.role, after.queues, after.districts, after.crew) = (to.role, to.queues, to.districts, to.crew);
    let (was, is) = (rights(&before), rights(&after));
    if was != is {
        by.not(before.id)?;
        sessions::end_of_staff(&tx, before.id, None, false).await?;
    }
    staff::update(&tx, &after).await?;
    let what = if was == is { "account_changed".to_owned() } else { format!("{was} -> {is}") };
    let kind = if was == is { "account_changed" } else { "rights_changed" };
    audit::enter(core, &tx, &by.actor(), kind, Some(&audit::person(before.id)), Some(&what).filter(|_| was != is).map(String::as_str)).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(after)
}

/// The own language of pages.
///
/// # Errors
/// The store's.
pub async fn speak(core: &Core, who: &Staff, lang: Lang) -> Result<(), DispatchError> {
    staff::update(core.db.write(), &Staff { lang, ..who.clone() }).await?;
    Ok(())
}

/// Disables an account and ends all that it opened, tokens of integrations too; or enables it.
///
/// # Errors
/// `NotFound`; `Invalid(not_oneself)`.
pub async fn set_disabled(core: &Core, by: By, login: &str, disabled: bool) -> Result<Staff, DispatchError> {
    let tx = core.db.begin().await?;
    let member = found(&tx, login).await?;
    by.not(member.id)?;
    staff::set_disabled(&tx, &member.login, disabled).await?;
    if disabled {
        sessions::end_of_staff(&tx, member.id, None, true).await?;
    }
    let what = if disabled { "account_disabled" } else { "account_enabled" };
    audit::enter(core, &tx, &by.actor(), what, Some(&audit::person(member.id)), None).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(Staff { disabled, ..member })
}

/// Gives a person a new password; all their sessions end, and every place counts as new.
///
/// # Errors
/// `NotFound`; `Invalid` for a weak one.
pub async fn reset_password(core: &Core, by: By, login: &str, password: String) -> Result<(), DispatchError> {
    let member = staff::by_login(core.db.read(), &login.trim().to_lowercase()).await?.ok_or(DispatchError::NotFound)?;
    let hash = passwords::accepted(password, &[&member.login, &member.name]).await?;
    let tx = core.db.begin().await?;
    staff::set_password(&tx, member.id, &hash, by.gives(), core.wall()).await?;
    sessions::end_of_staff(&tx, member.id, None, false).await?;
    sessions::forget_peers(&tx, Some(member.id), core.wall()).await?;
    audit::enter(core, &tx, &by.actor(), "password_reset", Some(&audit::person(member.id)), None).await?;
    Ok(tx.commit().await.map_err(StoreError::from)?)
}

/// Takes a person's second factor away, for somebody who lost the telephone and the codes; all their sessions end.
///
/// # Errors
/// `NotFound`; `Invalid(not_oneself)`: the own one is given up with a code.
pub async fn reset_second_factor(core: &Core, by: By, login: &str, reason: &str) -> Result<(), DispatchError> {
    let tx = core.db.begin().await?;
    let member = found(&tx, login).await?;
    by.not(member.id)?;
    kept::remove(&tx, member.id).await?;
    sessions::end_of_staff(&tx, member.id, None, false).await?;
    audit::enter(core, &tx, &by.actor(), "second_factor_reset", Some(&audit::person(member.id)), Some(reason)).await?;
    Ok(tx.commit().await.map_err(StoreError::from)?)
}
