//! What can go wrong in the store, as its callers need to tell it apart.

use sea_orm::DbErr;

/// A failure of the database. Its text is for logs, never for people.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached or is too busy: try again later.
    #[error("the database cannot be reached")]
    Unavailable(#[source] DbErr),
    /// A unique key stands already.
    #[error("a row with this key stands already")]
    Duplicate(#[source] DbErr),
    /// A row holds what this program cannot read.
    #[error("column {column} holds what cannot be read: {cause}")]
    Corrupt { column: &'static str, cause: String },
    #[error("the database refused the statement")]
    Other(#[source] DbErr),
}

impl StoreError {
    /// A row that cannot be read.
    #[must_use]
    pub fn corrupt(column: &'static str, cause: impl ToString) -> Self {
        Self::Corrupt { column, cause: cause.to_string() }
    }

    /// Trying the same again may help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<DbErr> for StoreError {
    fn from(e: DbErr) -> Self {
        if matches!(e.sql_err(), Some(sea_orm::SqlErr::UniqueConstraintViolation(_))) {
            return Self::Duplicate(e);
        }
        match &e {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Self::Unavailable(e),
            DbErr::Exec(inner) | DbErr::Query(inner) if is_connection_text(&inner.to_string()) => Self::Unavailable(e),
            _ => Self::Other(e),
        }
    }
}

/// Connections that break in the middle of a statement arrive as plain execution errors.
fn is_connection_text(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    // "terminating connection", "shutting down", "starting up" and the like are PostgreSQL restarting; serialization failures and deadlocks are retried.
    [
        "connection",
        "shutting down",
        "starting up",
        "broken pipe",
        "database is locked",
        "deadlock",
        "could not serialize",
        "pool timed out",
        "unexpected eof",
        "i/o error",
        "error communicating",
    ]
    .iter()
    .any(|w| text.contains(w))
}
