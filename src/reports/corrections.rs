//! How often people corrected what triage had made of a message.

use crate::domain::report::{Filter, Period};
use crate::store::reports::outgoing;
use crate::store::{Conn, StoreError};
use std::collections::{BTreeMap, BTreeSet};

/// Requests received in a period whose reading people corrected. One that was corrected twice is one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Corrections {
    pub all: i64,
    /// Of them, those of which this was changed; one correction may change several things.
    pub heads: BTreeMap<String, i64>,
}

/// # Errors
/// The store's.
pub async fn of(c: &impl Conn, f: &Filter, p: &Period) -> Result<Corrections, StoreError> {
    let rows = outgoing::corrections(c, f, p).await?;
    let pairs: BTreeSet<_> = rows.iter().flat_map(|r| r.heads.split(',').filter(|h| !h.is_empty()).map(|h| (h, r.request_id))).collect();
    let whole: BTreeSet<_> = rows.iter().map(|r| r.request_id).collect();
    let mut out = Corrections { all: i64::try_from(whole.len()).unwrap_or(i64::MAX), heads: BTreeMap::new() };
    for (head, _) in pairs {
        *out.heads.entry(head.to_owned()).or_default() += 1;
    }
    Ok(out)
}
