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
];
/// These carry the text of consent the first time.
const FIRST: &[&str] =
    &["ack.registered", "ack.registered_no_clock", "ack.registered_danger", "ack.several", "ack.several_danger", "ack.answered_thanks"];

impl Book {
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
