//! What stands behind a figure: a query of the list of requests.

use crate::reports::sheet::Link;

/// A query of one pair.
#[must_use]
pub fn link(name: &'static str, value: impl Into<String>) -> Link {
    vec![(name, value.into())]
}

/// The query of a property: its code, or that it is not known.
#[must_use]
pub fn none(name: &'static str, code: Option<&str>) -> Link {
    match code {
        Some(code) => link(name, code),
        None => link("unknown", name),
    }
}
