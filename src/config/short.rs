//! What goes out as a short message must not cost more than two parts.

use super::data::Book;
use crate::domain::Lang;
use crate::domain::inbound::ChannelKind;
use crate::domain::outgoing::Params;
use crate::domain::request::Status;

/// Two parts of 67 characters each: Kazakh and Russian letters take two bytes.
const MOST: usize = 134;

/// What a conversation by short messages may say.
const KEYS: &[&str] = &[
    "welcome",
    "help",
    "unsupported",
    "confirmed",
    "rated",
    "reopened",
    "lang.choose",
    "lang.set",
    "ask.what",
    "ask.place",
    "ask.house",
    "ask.which_district",
    "ask.skipped",
    "ask.reason",
    "button.old",
    "safety.gas_leak",
    "safety.fire",
    "safety.live_wire",
    "safety.carbon_monoxide",
    "safety.flooding",
    "safety.open_manhole",
    "safety.collapse",
    "safety.other_danger",
    "ack.added",
    "ack.located",
    "operator.told",
    "cancel.draft",
    "cancel.question",
    "cancel.nothing",
    "cancel.asked",
    "status.one",
    "status.one_no_due",
    "status.none",
    "status.not_found",
    "resolved.ask",
    "rate.ask",
    "reply.head",
    "notice.accepted",
    "notice.started",
    "notice.held",
    "notice.resumed",
    "notice.transferred",
    "notice.rejected",
    "notice.merged",
    "notice.closed_silence",
    "act.not_now",
    "otp.code",
    "otp.join",
    "contact.how",
    "contact.code_sent",
    "contact.code_bad",
    "contact.limited",
    "contact.saved",
    "reply.waiting",
    "callback.promise",
    "callback.promise_both",
    "short.registered",
    "short.started",
    "short.held",
    "short.resolved",
    "short.closed",
    "short.transferred",
    "short.rejected",
    "short.merged",
    "short.replied",
];
/// These carry the text of consent the first time.
const FIRST: &[&str] =
    &["ack.registered", "ack.registered_no_clock", "ack.registered_danger", "ack.several", "ack.several_danger", "ack.answered_thanks"];

impl Book {
    /// How long a text may become as a short message, in UTF-16 units, and how long it may be; none for what never leaves as one.
    #[must_use]
    pub fn short_length(&self, lang: Lang, key: &str) -> Option<(usize, usize)> {
        // `sms.x` stands for `x` there.
        let key = key.strip_prefix("sms.").unwrap_or(key);
        let mut longest = self.longest(lang);
        if FIRST.contains(&key) {
            longest.insert(crate::domain::outgoing::THEN.to_owned(), "@consent.notice".to_owned());
        } else if !KEYS.contains(&key) {
            return None;
        }
        Some((self.render_at(ChannelKind::Sms, lang, key, &longest).encode_utf16().count(), MOST))
    }

    /// Values for a preview of any text: the longest where they are known, plausible ones elsewhere.
    #[must_use]
    pub fn sample(&self, lang: Lang, key: &str) -> Params {
        let longest = self.longest(lang);
        let holes = self.messages.placeholders(key).unwrap_or_default();
        let (kk, ru) = (lang == Lang::Kk, lang == Lang::Ru);
        let of = |name: &str| -> String {
            if let Some(known) = longest.get(name) {
                return known.clone();
            }
            match name {
                "name" | "who" if kk => "Айгүл Серікқызы".into(),
                "name" | "who" if ru => "Айгуль Сериковна".into(),
                "queue" => self.catalog.queues.first().map_or_else(String::new, |q| q.name.get(lang).to_owned()),
                "crew" => self.catalog.crews.first().map_or_else(String::new, |c| c.name.get(lang).to_owned()),
                "district" => self.catalog.districts.first().map_or_else(String::new, |d| d.name.get(lang).to_owned()),
                "hazard" => self.value(lang, "@hazard.gas_leak"),
                "place" | "address" => self.value(lang, "@admin.sample_place"),
                "phone" => "+7 701 123 45 67".into(),
                "count" | "n" => "3".into(),
                _ => "…".into(),
            }
        };
        holes.into_iter().map(|h| (h.clone(), of(&h))).collect()
    }

    /// Texts that, with the longest values they can get, are longer than two parts of a short message.
    pub(super) fn too_long_for_short_messages(&self) -> Vec<String> {
        let mut out = Vec::new();
        for lang in [Lang::Kk, Lang::Ru] {
            let mut longest = self.longest(lang);
            for (keys, then) in [(KEYS, None), (FIRST, Some("@consent.notice"))] {
                longest.extend(then.map(|t| (crate::domain::outgoing::THEN.to_owned(), t.to_owned())));
                for key in keys {
                    let length = self.render_at(ChannelKind::Sms, lang, key, &longest).encode_utf16().count();
                    if length > MOST {
                        out.push(format!(
                            "messages: '{key}' may become {length} characters in {lang} as a short message, at most {MOST} fit: shorten 'sms.{key}'"
                        ));
                    }
                }
            }
        }
        out
    }

    /// The longest value of each placeholder that these texts know.
    fn longest(&self, lang: Lang) -> Params {
        let long = |list: Vec<String>| list.into_iter().max_by_key(|v| v.encode_utf16().count()).unwrap_or_default();
        let services = self.catalog.services.iter().map(|s| s.name.get(lang).to_owned());
        let statuses = Status::ALL.iter().map(|s| self.value(lang, &format!("@state.{s}")));
        let time = "00.00 00:00".to_owned();
        [
            ("number", "00-0000-0000".to_owned()),
            ("service", long(services.chain([self.value(lang, "@unknown.service")]).collect())),
            ("status", long(statuses.collect())),
            ("due", time.clone()),
            ("accept_due", time.clone()),
            ("restore_due", time),
            ("code", "000000".to_owned()),
        ]
        .into_iter()
        .map(|(k, v)| (k.to_owned(), v))
        .collect()
    }
}
