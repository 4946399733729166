//! What administrators may change while the service runs, and what may be wrong with a change.

use super::class::words;
use super::outgoing::Params;
use std::fmt;

words! {
    /// A part of the configuration. Within it a key names what is changed.
    Area {
        /// A text in both languages; key: that of the text.
        Text = "text",
        /// Key: its code.
        Service = "service",
        District = "district",
        Queue = "queue",
        Crew = "crew",
        /// All rules together; key: `rules`.
        Routing = "routing",
        /// An approved template; key: `channel:text`.
        Template = "template",
        /// When a crew is on duty; key: the crew's code.
        Shift = "shift",
    }
}

/// The one key of [`Area::Routing`].
pub const RULES: &str = "rules";

/// Why a change is refused: a text `fault.<word>` with its values for people, a sentence for developers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub key: &'static str,
    pub params: Params,
    pub plain: String,
}

impl Fault {
    #[must_use]
    pub fn new(key: &'static str, plain: impl Into<String>, params: &[(&str, &str)]) -> Self {
        Self { key, plain: plain.into(), params: params.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.plain)
    }
}
