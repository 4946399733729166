//! Requests as JSON.

use crate::store::requests::Stored;
use serde_json::{Value, json};

/// The present state, for conflict answers.
#[must_use]
pub fn present(s: &Stored) -> Value {
    let r = &s.request;
    json!({"number": r.number.to_string(), "status": r.status, "version": r.version})
}
