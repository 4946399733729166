//! How often people corrected what triage had made of a message.

use crate::domain::report::{Filter, Period};
use crate::store::reports::outgoing;
use crate::store::{Conn, StoreError};
use std::collections::BTreeMap;

/// Corrections of the requests received in a period.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Corrections {
    pub all: i64,
    /// How often each thing was changed; one correction may change several.
    pub heads: BTreeMap<String, i64>,
}

/// # Errors
/// The store's.
pub async fn of(c: &impl Conn, f: &Filter, p: &Period) -> Result<Corrections, StoreError> {
    let mut out = Corrections::default();
    for row in outgoing::corrections(c, f, p).await? {
        out.all += row.n;
        for head in row.heads.split(',').filter(|h| !h.is_empty()) {
            *out.heads.entry(head.to_owned()).or_default() += row.n;
        }
    }
    Ok(out)
}
