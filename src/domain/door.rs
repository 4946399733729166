//! What a door can show. Conversation and rendering ask here, so that one conversation fits every wire.

use super::inbound::ChannelKind;
use super::outgoing::Keyboard;

/// How answers can be offered under a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choices {
    /// Keys that a person presses, at most so many under one message.
    Keys(usize),
    /// Lines with numbers, at most so many; the person types the number.
    Numbers(usize),
    /// None: words only.
    Words,
}

/// The abilities of one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Door {
    pub choices: Choices,
    /// The phone can be asked for its place.
    pub asks_place: bool,
    /// The phone can be asked for its owner's number.
    pub asks_contact: bool,
    /// Every word costs: shorter texts, no lists, nothing that was not asked for.
    pub short: bool,
    /// A chat is one matter, and people answer in hours or days: nothing waits for them.
    pub threads: bool,
}

impl Door {
    /// The door of a channel. What is no conversation (the form, the application, calls) shows words only.
    #[must_use]
    pub const fn of(channel: ChannelKind) -> Self {
        let (choices, asks_place, asks_contact) = match channel {
            ChannelKind::Telegram => (Choices::Keys(100), true, true),
            // More than three become a list, and a list has ten rows.
            ChannelKind::Whatsapp => (Choices::Keys(10), true, false),
            ChannelKind::Instagram | ChannelKind::Facebook => (Choices::Keys(13), false, false),
            ChannelKind::Sms => (Choices::Numbers(5), false, false),
            ChannelKind::Mail => (Choices::Numbers(10), false, false),
            _ => (Choices::Words, false, false),
        };
        Self { choices, asks_place, asks_contact, short: matches!(channel, ChannelKind::Sms), threads: matches!(channel, ChannelKind::Mail) }
    }

    /// The most answers that can be offered at once.
    #[must_use]
    pub const fn most(&self) -> usize {
        match self.choices {
            Choices::Keys(n) | Choices::Numbers(n) => n,
            Choices::Words => 0,
        }
    }

    /// Answers are pressed, not typed.
    #[must_use]
    pub const fn has_keys(&self) -> bool {
        matches!(self.choices, Choices::Keys(_))
    }

    /// The keyboard as far as the door can show it. One that does not fit whole is not shown at all: half a choice misleads.
    #[must_use]
    pub fn fit(&self, keyboard: Keyboard) -> Keyboard {
        let fits = match &keyboard {
            Keyboard::None => true,
            Keyboard::Inline(rows) => rows.iter().map(Vec::len).sum::<usize>() <= self.most(),
            Keyboard::AskLocation => self.asks_place,
            Keyboard::AskContact => self.asks_contact,
            Keyboard::Remove => self.asks_place || self.asks_contact,
        };
        if fits { keyboard } else { Keyboard::None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::outgoing::Key;

    fn keys(n: usize) -> Keyboard {
        Keyboard::Inline((0..n).map(|i| vec![Key { label: format!("k{i}"), data: format!("d{i}") }]).collect())
    }

    #[test]
    fn each_door_shows_what_it_can() {
        let shown = |c: ChannelKind, k: Keyboard| Door::of(c).fit(k) != Keyboard::None;
        for (channel, most) in [
            (ChannelKind::Telegram, 100),
            (ChannelKind::Whatsapp, 10),
            (ChannelKind::Instagram, 13),
            (ChannelKind::Facebook, 13),
            (ChannelKind::Sms, 5),
            (ChannelKind::Mail, 10),
        ] {
            assert!(shown(channel, keys(most)) && !shown(channel, keys(most + 1)), "{channel}");
        }
        assert!(!shown(ChannelKind::App, keys(1)) && !shown(ChannelKind::Mail, Keyboard::AskContact));
        assert!(shown(ChannelKind::Whatsapp, Keyboard::AskLocation) && !shown(ChannelKind::Whatsapp, Keyboard::AskContact));
        assert!(!shown(ChannelKind::Sms, Keyboard::AskLocation) && !shown(ChannelKind::Sms, Keyboard::Remove));
    }
}
