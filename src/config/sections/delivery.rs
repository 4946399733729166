//! By which doors residents are reached, and how long a door stays open after they wrote.

use crate::domain::inbound::ChannelKind;
use crate::domain::reach::Policy;
use chrono::Duration;
use serde::{Deserialize, Serialize};

/// Reaching residents.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// Names of channels, the first one first.
    pub ladder: Vec<String>,
    pub window_hours: WindowHours,
}

/// Hours, by channel; 0: free text always passes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowHours {
    pub whatsapp: u32,
    pub instagram: u32,
    pub facebook: u32,
}

impl Delivery {
    /// The rules as use cases take them. Push stands in the order for the application's devices.
    #[must_use]
    pub fn policy(&self) -> Policy {
        let w = self.window_hours;
        let windows = [(ChannelKind::Whatsapp, w.whatsapp), (ChannelKind::Instagram, w.instagram), (ChannelKind::Facebook, w.facebook)];
        Policy {
            windows: windows.into_iter().filter(|(_, h)| *h > 0).map(|(c, h)| (c, Duration::hours(i64::from(h)))).collect(),
            order: self.ladder.iter().filter_map(|name| ChannelKind::parse(name)).collect(),
        }
    }

    /// Names that are no door to a person.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        const DOORS: [&str; 6] = ["telegram", "whatsapp", "instagram", "facebook", "sms", "push"];
        let mut out = Vec::new();
        for (i, name) in self.ladder.iter().enumerate() {
            if !DOORS.contains(&name.as_str()) {
                out.push(format!("delivery.ladder: '{name}' is no door to a person: use {}", DOORS.join(", ")));
            }
            if self.ladder.iter().take(i).any(|n| n == name) {
                out.push(format!("delivery.ladder: '{name}' stands twice"));
            }
        }
        out
    }
}
