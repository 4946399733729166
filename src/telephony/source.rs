//! What an operator tells about one exchange: its zone, its area codes, its hours.

use super::zone::Zone;
use crate::domain::caller::Area;

/// One source of call records. Two sources never share a call.
#[derive(Debug, Clone)]
pub struct Source {
    /// The name in the configuration, in `--source` and in `/webhooks/calls/{source}`.
    pub name: String,
    /// The zone of stamps that carry none.
    pub zone: Zone,
    pub area: Area,
    /// Contexts, extensions and menu names reached only while the service is closed; compared without case.
    pub closed: Vec<String>,
    /// Names of queue-like contexts or extensions, for records that do not name the queue: dialled number to queue name.
    pub queues: Vec<(String, String)>,
}

impl Source {
    /// A source with the area codes of Taraz, open day and night.
    #[must_use]
    pub fn new(name: impl Into<String>, zone: Zone) -> Self {
        Self { name: name.into(), zone, area: Area::default(), closed: Vec::new(), queues: Vec::new() }
    }

    /// The name stands for the service being closed.
    #[must_use]
    pub fn is_closed(&self, name: &str) -> bool {
        self.closed.iter().any(|c| c.eq_ignore_ascii_case(name))
    }
}
