//! The book of the service: catalogue, routing, clocks, calendar, roles and texts, embedded and replaceable file by file.

use super::{ConfigErrors, Messages};
use crate::domain::Lang;
use crate::domain::articles::Articles;
use crate::domain::calendar::Calendars;
use crate::domain::catalog::Catalog;
use crate::domain::outline::Outlines;
use crate::domain::roles::Roles;
use crate::domain::routing::Routing;
use crate::domain::shift::Shifts;
use crate::domain::sla::{Books, SlaBook};
use crate::domain::templates::Templates;
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

const CATALOG: &str = include_str!("../../config/catalog.toml");
const ROUTING: &str = include_str!("../../config/routing.toml");
const SLA: &str = include_str!("../../config/sla.toml");
const TEMPLATES: &str = include_str!("../../config/templates.toml");
const SHIFTS: &str = include_str!("../../config/shifts.toml");
const CALENDAR: &str = include_str!("../../config/calendar.toml");
const ARTICLES: &str = include_str!("../../config/articles.toml");
const BORDERS: &str = include_str!("../../config/geo/borders.toml");
const ROLES: &str = include_str!("../../config/roles.toml");
const MESSAGES_KK: &str = include_str!("../../config/messages/kk.toml");
const MESSAGES_RU: &str = include_str!("../../config/messages/ru.toml");

/// The data by which requests are understood, routed, timed and answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Book {
    pub catalog: Catalog,
    pub routing: Routing,
    pub sla: SlaBook,
    pub messages: Messages,
    pub calendar: Calendars,
    /// What providers approved beforehand.
    pub templates: Templates,
    pub roles: Roles,
    /// Answers to what is asked most.
    pub articles: Articles,
    /// When crews are on duty.
    pub shifts: Shifts,
    /// Districts as maps draw them; shared between editions.
    pub outlines: Arc<Outlines>,
}

impl Book {
    /// Reads the embedded files, each replaced by the file of its name in `dir` where there is one; of the texts only those that stand there.
    ///
    /// # Errors
    /// Every file that cannot be read or understood.
    pub fn load(dir: Option<&Path>) -> Result<Self, ConfigErrors> {
        let mut problems = Vec::new();
        let catalog = part(dir, "catalog.toml", CATALOG, &mut problems);
        let routing = part(dir, "routing.toml", ROUTING, &mut problems);
        let sla = part(dir, "sla.toml", SLA, &mut problems);
        let calendar = part(dir, "calendar.toml", CALENDAR, &mut problems);
        let templates = part(dir, "templates.toml", TEMPLATES, &mut problems);
        let roles = part(dir, "roles.toml", ROLES, &mut problems);
        let articles = part(dir, "articles.toml", ARTICLES, &mut problems);
        let messages = keep(messages(dir), &mut problems);
        let shifts = part(dir, "shifts.toml", SHIFTS, &mut problems);
        let outlines = part(dir, "geo/borders.toml", BORDERS, &mut problems).map(Arc::new);
        match (catalog, routing, sla, messages, calendar, templates, roles, articles, shifts, outlines) {
            (
                Some(catalog),
                Some(routing),
                Some(sla),
                Some(messages),
                Some(calendar),
                Some(templates),
                Some(roles),
                Some(articles),
                Some(shifts),
                Some(outlines),
            ) => Ok(Self { catalog, routing, sla, messages, calendar, templates, roles, articles, shifts, outlines }),
            _ => Err(problems.into()),
        }
    }

    /// Policies and calendars, ready to measure with, as the only revision.
    #[must_use]
    pub fn books(&self) -> Books {
        Books::single(self.sla.clone(), &self.calendar)
    }

    /// What an administrator must mend before this data may be used.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut out = self.catalog.problems();
        out.extend(self.routing.problems(&self.catalog));
        out.extend(self.sla.problems(&self.catalog, &self.calendar));
        out.extend(self.calendar.problems(&self.catalog));
        out.extend(self.roles.problems());
        out.extend(self.articles.problems(&self.catalog));
        out.extend(self.messages.problems());
        out.extend(self.too_long_for_short_messages());
        out.extend(self.templates.problems(|key| self.messages.placeholders(key)));
        out.extend(self.shifts.problems(&self.catalog, &self.calendar));
        out
    }
}

/// The text of a data file: `name` in `dir` when it exists there, else `embedded`.
///
/// # Errors
/// A folder that does not exist, and a file that exists and cannot be read.
pub fn data_text(dir: Option<&Path>, name: &str, embedded: &'static str) -> Result<Cow<'static, str>, ConfigErrors> {
    Ok(own_text(dir, name)?.map_or(Cow::Borrowed(embedded), Cow::Owned))
}

/// The text of a data file that stands in `dir`, if there is one.
fn own_text(dir: Option<&Path>, name: &str) -> Result<Option<String>, ConfigErrors> {
    let Some(dir) = dir else {
        return Ok(None);
    };
    if !dir.is_dir() {
        return Err(ConfigErrors::one(format!("config.dir: '{}' is not a folder: make it or empty the setting", dir.display())));
    }
    let path = dir.join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(ConfigErrors::one(format!("{} cannot be read: {e}", path.display()))),
    }
}

fn messages(dir: Option<&Path>) -> Result<Messages, ConfigErrors> {
    let mut all = Messages::parse(MESSAGES_KK, MESSAGES_RU)?;
    for lang in [Lang::Kk, Lang::Ru] {
        if let Some(text) = own_text(dir, &format!("messages/{lang}.toml"))? {
            all.replace(lang, &text)?;
        }
    }
    Ok(all)
}

fn part<T: DeserializeOwned>(dir: Option<&Path>, name: &str, embedded: &'static str, problems: &mut Vec<String>) -> Option<T> {
    let text = keep(data_text(dir, name, embedded), problems)?;
    keep(toml::from_str(&text).map_err(|e| ConfigErrors::one(format!("{name}: {}", e.to_string().trim_end()))), problems)
}

fn keep<T>(result: Result<T, ConfigErrors>, problems: &mut Vec<String>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(errors) => {
            for p in errors.problems() {
                // One missing folder is one problem, not five.
                if !problems.contains(p) {
                    problems.push(p.clone());
                }
            }
            None
        }
    }
}
