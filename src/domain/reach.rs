//! By which door a resident can be reached now: free text inside a channel's window, an approved template outside of it, another door, a call.

use super::ids::ConversationId;
use super::inbound::{ChannelKind, Failure};
use super::lang::Lang;
use super::time::Instant;
use chrono::Duration;

/// Longest short message in two parts, in UTF-16 units: Kazakh and Russian leave no room for more.
pub const SHORT: usize = 134;

/// Whether a text goes as a short message of at most two parts.
#[must_use]
pub fn is_short(text: &str) -> bool {
    text.encode_utf16().count() <= SHORT
}

/// A chat under a post, which everybody reads, or the one private answer to it: no window, and nothing but that answer.
#[must_use]
pub fn under_post(chat: &str) -> bool {
    chat.starts_with("comment:") || chat.starts_with("private:")
}

/// What the name of a chat becomes whose resident was forgotten.
pub const GONE: &str = "gone:";

/// Nothing about a request may be said in this chat: everybody reads it, or its resident was forgotten.
#[must_use]
pub fn closed(chat: &str) -> bool {
    under_post(chat) || chat.starts_with(GONE)
}

/// How channels are used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// How long after a person's last message free text is taken; a channel that is not named has no such window.
    pub windows: Vec<(ChannelKind, Duration)>,
    /// Other doors are tried in this order.
    pub order: Vec<ChannelKind>,
}

/// A door at which a resident might be met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub channel: ChannelKind,
    pub account: String,
    pub chat: String,
    /// None: a number that we know, without a chat.
    pub conversation: Option<ConversationId>,
    pub lang: Lang,
    pub last_inbound_at: Option<Instant>,
    /// The person does not take messages there, as far as we know.
    pub blocked: bool,
    /// The wire is not set up, or does not work now.
    pub down: bool,
}

/// Whether something gets through a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// Free text.
    Free,
    /// Only as an approved template.
    Template,
    Shut(Failure),
}

impl Policy {
    /// The window of a channel; none: free text always passes.
    #[must_use]
    pub fn window(&self, channel: ChannelKind) -> Option<Duration> {
        self.windows.iter().find(|(c, _)| *c == channel).map(|(_, span)| *span)
    }

    /// When the window of a chat closes, or has closed; none: it has none, or the person never wrote.
    #[must_use]
    pub fn closes_at(&self, line: &Line) -> Option<Instant> {
        let span = self.window(line.channel).filter(|_| !under_post(&line.chat))?;
        line.last_inbound_at?.checked_add_signed(span)
    }

    /// Free text is taken at this moment.
    #[must_use]
    pub fn is_open(&self, line: &Line, now: Instant) -> bool {
        self.window(line.channel).is_none() || under_post(&line.chat) || self.closes_at(line).is_some_and(|at| now < at)
    }

    /// What gets through. `template`: there is an approved one for what is to be said.
    #[must_use]
    pub fn pass(&self, line: &Line, template: bool, now: Instant) -> Pass {
        if line.blocked {
            Pass::Shut(Failure::Blocked)
        } else if line.down {
            Pass::Shut(Failure::Stopped)
        } else if self.is_open(line, now) {
            Pass::Free
        } else if template {
            Pass::Template
        } else {
            Pass::Shut(Failure::Window)
        }
    }

    /// The first door of the order that lets something through and was not tried yet; among chats of one channel the one used last.
    #[must_use]
    pub fn choose<'l>(&self, lines: &'l [Line], tried: impl Fn(&Line) -> bool, template: impl Fn(&Line) -> bool, now: Instant) -> Option<&'l Line> {
        self.order.iter().find_map(|channel| {
            let passes = |l: &&Line| !under_post(&l.chat) && !tried(l) && !matches!(self.pass(l, template(l), now), Pass::Shut(_));
            lines.iter().filter(|l| l.channel == *channel).filter(passes).max_by_key(|l| l.last_inbound_at)
        })
    }
}

/// What will become of an operator's words, told before they are typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// Into the resident's chat; the window, if there is one, stays open until then.
    Chat { until: Option<Instant> },
    /// The window is closed: an approved template asks the resident to write, and the words wait for that.
    Template,
    /// The resident's chat is shut for this reason: by another door.
    Other { channel: ChannelKind, why: Failure },
    /// No door is open: an operator is asked to call.
    Call { why: Failure },
    /// The words wait: for the wire, or until the resident writes again.
    Hold { why: Failure },
    /// The resident takes nothing here, and no other way is known.
    Lost { why: Failure },
    /// There is no chat.
    Nowhere,
}

impl Plan {
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Chat { .. } => "chat",
            Self::Template => "template",
            Self::Other { .. } => "other",
            Self::Call { .. } => "call",
            Self::Hold { .. } => "hold",
            Self::Lost { .. } => "lost",
            Self::Nowhere => "nowhere",
        }
    }

    /// Why the resident's own chat is not used.
    #[must_use]
    pub const fn why(&self) -> Option<Failure> {
        match self {
            Self::Chat { .. } | Self::Nowhere => None,
            Self::Template => Some(Failure::Window),
            Self::Other { why, .. } | Self::Call { why } | Self::Hold { why } | Self::Lost { why } => Some(*why),
        }
    }
}

/// What would become of words for the chat `own`, when `lines` are all doors of the resident. `nudge`: an approved template can ask them to write;
/// `phone`: they can be called.
#[must_use]
pub fn plan(policy: &Policy, own: Option<&Line>, lines: &[Line], nudge: bool, phone: bool, now: Instant) -> Plan {
    let Some(own) = own else { return Plan::Nowhere };
    match policy.pass(own, nudge, now) {
        Pass::Free => Plan::Chat { until: policy.closes_at(own) },
        Pass::Template => Plan::Template,
        // A wire that is down keeps its queue: what is said waits for it.
        Pass::Shut(Failure::Stopped) => Plan::Hold { why: Failure::Stopped },
        Pass::Shut(why) => match policy.choose(lines, |l| same(l, own), |_| false, now) {
            Some(l) => Plan::Other { channel: l.channel, why },
            None if phone => Plan::Call { why },
            None if why == Failure::Window => Plan::Hold { why },
            None => Plan::Lost { why },
        },
    }
}

/// Two lines are one chat.
#[must_use]
pub fn same(a: &Line, b: &Line) -> bool {
    (a.channel, &a.account, &a.chat) == (b.channel, &b.account, &b.chat)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use proptest::prelude::*;

    fn at(hour: i64) -> Instant {
        DateTime::from_timestamp(1_795_000_000 + hour * 3600, 0).unwrap()
    }

    fn policy() -> Policy {
        Policy {
            windows: vec![(ChannelKind::Whatsapp, Duration::hours(24)), (ChannelKind::Instagram, Duration::hours(24))],
            order: vec![ChannelKind::Telegram, ChannelKind::Whatsapp, ChannelKind::Sms],
        }
    }

    fn line(channel: ChannelKind, chat: &str, last: Option<i64>) -> Line {
        let account = "main".to_owned();
        let last_inbound_at = last.map(at);
        Line { channel, account, chat: chat.into(), conversation: None, lang: Lang::Kk, last_inbound_at, blocked: false, down: false }
    }

    #[test]
    fn windows_are_data() {
        let p = policy();
        let wa = line(ChannelKind::Whatsapp, "77010000001", Some(0));
        for (hour, template, want) in
            [(0, false, Pass::Free), (23, false, Pass::Free), (24, false, Pass::Shut(Failure::Window)), (24, true, Pass::Template)]
        {
            assert_eq!(p.pass(&wa, template, at(hour)), want, "{hour}");
        }
        assert_eq!(p.pass(&line(ChannelKind::Whatsapp, "7", None), false, at(0)), Pass::Shut(Failure::Window), "whoever never wrote has no window");
        assert_eq!(p.pass(&line(ChannelKind::Telegram, "7", None), false, at(99)), Pass::Free);
        assert_eq!(p.pass(&line(ChannelKind::Instagram, "comment:9", None), false, at(99)), Pass::Free);
        assert_eq!(p.pass(&Line { blocked: true, ..wa.clone() }, true, at(1)), Pass::Shut(Failure::Blocked));
        assert_eq!(p.pass(&Line { down: true, ..wa }, true, at(1)), Pass::Shut(Failure::Stopped));
    }

    #[test]
    fn what_the_operator_is_told() {
        let p = policy();
        let wa = line(ChannelKind::Whatsapp, "7", Some(0));
        let tg = line(ChannelKind::Telegram, "8", Some(-500));
        let sms = line(ChannelKind::Sms, "+77010000001", None);
        let all = [wa.clone(), tg.clone(), sms.clone()];
        let why = Failure::Window;
        assert_eq!(plan(&p, Some(&wa), &all, true, true, at(1)), Plan::Chat { until: Some(at(24)) });
        assert_eq!(plan(&p, Some(&wa), &all, true, true, at(30)), Plan::Template);
        assert_eq!(plan(&p, Some(&wa), &all, false, true, at(30)), Plan::Other { channel: ChannelKind::Telegram, why });
        assert_eq!(plan(&p, Some(&wa), &[wa.clone(), sms], false, true, at(30)), Plan::Other { channel: ChannelKind::Sms, why });
        assert_eq!(plan(&p, Some(&wa), std::slice::from_ref(&wa), false, true, at(30)), Plan::Call { why });
        assert_eq!(plan(&p, Some(&wa), std::slice::from_ref(&wa), false, false, at(30)), Plan::Hold { why });
        let gone = Line { blocked: true, ..wa.clone() };
        assert_eq!(plan(&p, Some(&gone), std::slice::from_ref(&gone), true, false, at(1)), Plan::Lost { why: Failure::Blocked });
        assert_eq!(plan(&p, Some(&Line { down: true, ..tg }), &all, false, true, at(30)), Plan::Hold { why: Failure::Stopped });
        assert_eq!(plan(&p, None, &[], false, false, at(30)), Plan::Nowhere);
    }

    #[test]
    fn two_parts_and_not_a_letter_more() {
        assert!(is_short(&"ә".repeat(134)));
        assert!(!is_short(&"ә".repeat(135)));
        // Two units each.
        assert!(!is_short(&"😀".repeat(68)));
    }

    proptest! {
        #[test]
        fn what_is_chosen_is_open_and_new(
            list in proptest::collection::vec((0..ChannelKind::ALL.len(), 0u8..4, proptest::option::of(-60i64..60), any::<bool>(), any::<bool>()), 0..8),
            tried in proptest::collection::vec(any::<bool>(), 8),
            hour in 0i64..60,
        ) {
            let lines: Vec<Line> = list.iter().map(|(c, chat, last, blocked, down)| {
                Line { blocked: *blocked, down: *down, ..line(ChannelKind::ALL[*c], &chat.to_string(), *last) }
            }).collect();
            let p = policy();
            let was = |l: &Line| lines.iter().position(|x| x == l).is_some_and(|i| tried[i]);
            if let Some(l) = p.choose(&lines, was, |_| false, at(hour)) {
                prop_assert!(!was(l));
                prop_assert_eq!(p.pass(l, false, at(hour)), Pass::Free);
                prop_assert!(p.order.contains(&l.channel));
            }
        }
    }
}
