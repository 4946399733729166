//! What the simulated people have said, kept apart from the service, to be looked for at the end.

use super::plan::Report;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What must have become of a Telegram update.
#[derive(Debug, Clone)]
pub enum Want {
    /// These words must stand in a message of the chat or of its requests.
    Words(String),
    /// A crew's note: these words must stand with the request of this number, or in the crew's own chat.
    Note { number: String, text: String },
    /// This file must belong to a request.
    File(String),
    /// An answer must have come.
    Answer,
}

/// One update as Telegram delivered it.
#[derive(Debug, Clone)]
pub struct Update {
    pub id: i64,
    pub chat: i64,
    pub wants: Vec<Want>,
    /// Messages the chat had received before it.
    pub seen: u64,
}

/// Words given to a request through the API.
#[derive(Debug, Clone)]
pub struct Words {
    pub number: String,
    pub text: String,
}

/// Everything said.
#[derive(Debug, Default)]
pub struct Said {
    pub updates: Vec<Update>,
    pub words: Vec<Words>,
    /// Reports that have been sent, by text.
    pub reports: BTreeMap<String, Report>,
    /// Updates delivered twice, and API calls repeated with their key.
    pub repeated_updates: u64,
    pub repeated_calls: u64,
    /// What went wrong on the way in, by kind.
    pub troubles: BTreeMap<String, u64>,
    /// Answers 409: somebody else was faster.
    pub conflicts: u64,
}

/// The ledger of a run.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<Said>);

impl Ledger {
    pub fn write(&self) -> MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn trouble(&self, what: impl Into<String>) {
        *self.write().troubles.entry(what.into()).or_default() += 1;
    }

    /// The report that a text holds, as a person would recognise it.
    #[must_use]
    pub fn recognise(&self, text: &str) -> Option<Report> {
        let said = self.write();
        text.lines().find_map(|line| said.reports.get(line.trim()).cloned())
    }
}
