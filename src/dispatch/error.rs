//! Why a use case did nothing. Codes are stable; their texts for people are message keys `error.<code>`.

use crate::domain::request::ActError;
use crate::store::StoreError;
use crate::store::requests::Stored;

/// A use case that changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum DispatchError {
    #[error("nothing of that kind stands here")]
    NotFound,
    #[error("this role may not do that")]
    Forbidden,
    /// Someone was faster: the present state.
    #[error("the request has changed meanwhile")]
    Stale(Box<Stored>),
    /// Not in this state; the present state goes along.
    #[error("{0}")]
    NotNow(ActError, Box<Stored>),
    /// The caller named something that does not exist or cannot be: the stable code and what it was.
    #[error("{code}: {detail}")]
    Invalid { code: &'static str, detail: String },
    #[error("the same key came with another body")]
    KeyReused,
    #[error("the first call with this key is still running")]
    KeyRunning,
    /// The limit is counted anew after so many seconds.
    #[error("too many tries")]
    RateLimited { seconds: u64 },
    /// More waits than can be taken in: come again in a moment.
    #[error("too much waits already")]
    Busy,
    #[error("signing in failed")]
    Unauthorized,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("internal: {0}")]
    Internal(String),
}

impl DispatchError {
    /// The stable code that clients and message files know.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Forbidden => "forbidden",
            Self::Stale(_) => "stale_version",
            Self::NotNow(ActError::BadScore, _) => "bad_score",
            Self::NotNow(ActError::MayNotPause(_), _) => "forbidden",
            Self::NotNow(ActError::PauseInPast, _) => "unprocessable",
            Self::NotNow(..) => "not_now",
            Self::Invalid { code, .. } => code,
            Self::KeyReused => "idempotency_mismatch",
            Self::KeyRunning => "idempotency_running",
            Self::RateLimited { .. } => "rate_limited",
            Self::Unauthorized => "unauthorized",
            Self::Busy => "unavailable",
            Self::Store(e) if e.is_transient() => "unavailable",
            Self::Store(_) | Self::Internal(_) => "internal",
        }
    }

    #[must_use]
    pub fn invalid(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Invalid { code, detail: detail.into() }
    }

    /// Trying the same again may help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(e) => e.is_transient() || matches!(e, StoreError::Duplicate(_)),
            Self::Stale(_) | Self::KeyRunning | Self::Busy => true,
            _ => false,
        }
    }
}
