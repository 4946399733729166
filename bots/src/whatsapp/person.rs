//! Who a piece is about: the person's ids and names, from the message and from the contact that came beside it.

use super::incoming::Sender;
use crate::meta::piece::{fit, items};
use crate::raw::Object;
use serde_json::value::RawValue;

/// Longest number in digits that is taken.
const LONGEST_NUMBER: usize = 20;

/// The contacts of one change, read once.
pub struct Contacts<'a>(Vec<Contact<'a>>);

struct Contact<'a> {
    raw: &'a RawValue,
    user_id: Option<String>,
    phone: Option<String>,
}

impl<'a> Contacts<'a> {
    pub fn read(raw: Option<&'a RawValue>) -> Self {
        let read = |raw: &'a RawValue| {
            let contact = Object::of(raw)?;
            Some(Contact { raw, user_id: id(&contact, "user_id"), phone: number(&contact, "wa_id") })
        };
        Self(items(raw).unwrap_or_default().into_iter().filter_map(read).collect())
    }

    /// The contact that a message belongs to: the one with its id, else with its number; else the only one, unless that is plainly somebody else.
    pub fn of(&self, message: &Object<'_>) -> Option<&'a RawValue> {
        let (user_id, phone) = (id(message, "from_user_id"), number(message, "from"));
        let same = |contact: &Contact<'_>| match (&user_id, &contact.user_id, &phone, &contact.phone) {
            (Some(a), Some(b), _, _) | (_, _, Some(a), Some(b)) => Some(a == b),
            _ => None,
        };
        let certain = self.0.iter().find(|contact| same(contact) == Some(true));
        let only = || if let [one] = self.0.as_slice() { Some(one).filter(|one| same(one).is_none()) } else { None };
        certain.or_else(only).map(|contact| contact.raw)
    }
}

/// The person of a message.
pub fn sender(message: &Object<'_>, contact: Option<&Object<'_>>) -> Sender {
    let profile = contact.and_then(|c| c.object("profile"));
    let named = |key| profile.as_ref().and_then(|p| p.words(key)).filter(|name| !name.trim().is_empty());
    Sender {
        user_id: id(message, "from_user_id").or_else(|| id(contact?, "user_id")),
        phone: number(message, "from").or_else(|| number(contact?, "wa_id")),
        name: named("name"),
        username: named("username"),
    }
}

/// A note of the system about the person. It counts only when the message is nothing else.
pub fn note<'a>(message: &Object<'a>) -> Option<Object<'a>> {
    let said = message.get::<String>("type");
    message.object("system").filter(|_| said.is_none_or(|kind| kind == "system"))
}

/// The old id of a person who goes on under another.
pub fn former(note: &Object<'_>) -> Option<String> {
    id(note, "previous_user_id")
}

/// Where answers to a person go.
pub fn chat(sender: &Sender) -> Option<String> {
    sender.user_id.clone().or_else(|| sender.phone.clone())
}

/// A business-scoped id under this key.
pub fn id(of: &Object<'_>, key: &str) -> Option<String> {
    of.get::<String>(key).filter(|id| is_user_id(id))
}

/// A number under this key, digits only.
pub fn number(of: &Object<'_>, key: &str) -> Option<String> {
    let number: String = of.get(key)?;
    is_number(&number).then_some(number)
}

/// Two capital letters, a dot, then letters, digits and dots.
pub fn is_user_id(id: &str) -> bool {
    let Some((country, rest)) = id.split_once('.') else { return false };
    let plain = |rest: &str| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
    country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase()) && plain(rest) && fit(id)
}

/// Digits without a plus.
pub fn is_number(number: &str) -> bool {
    (5..=LONGEST_NUMBER).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_numbers_are_told_apart() {
        for good in ["KZ.13491208655302741918", "KZ.ENT.118157992128868", "RU.aZ09"] {
            assert!(is_user_id(good) && !is_number(good), "{good}");
        }
        for bad in ["", "KZ", "KZ.", "kz.1", "KAZ.1", "K1.1", "KZ.қ", "KZ.1/2", "77015551122"] {
            assert!(!is_user_id(bad), "{bad}");
        }
        assert!(is_number("77015551122"));
        for bad in ["", "7701", "+77015551122", "7701 555", "777777777777777777777"] {
            assert!(!is_number(bad), "{bad}");
        }
    }

    #[test]
    fn a_contact_is_never_lent_to_somebody_else() {
        let find = |contacts: &str, message: &str| {
            let top = format!(r#"{{"c":{contacts},"m":{message}}}"#);
            let top = Object::of_body(top.as_bytes()).unwrap();
            let found = Contacts::read(top.raw("c")).of(&top.object("m").unwrap()).and_then(Object::of);
            found.and_then(|c| c.object("profile")).and_then(|p| p.get::<String>("name"))
        };
        let two =
            r#"[{"profile":{"name":"A"},"wa_id":"77010000001","user_id":"KZ.1"},{"profile":{"name":"B"},"wa_id":"77010000002","user_id":"KZ.2"}]"#;
        let table = [
            (two, r#"{"from":"77010000002"}"#, Some("B")),
            (two, r#"{"from_user_id":"KZ.1"}"#, Some("A")),
            (two, r#"{"from":"77010000001","from_user_id":"KZ.2"}"#, Some("B")),
            (two, r#"{"from":"77010000003"}"#, None),
            (two, "{}", None),
            (r#"[{"profile":{"name":"A"},"user_id":"KZ.1"}]"#, r#"{"from":"77010000001"}"#, Some("A")),
            (r#"[{"profile":{"name":"A"}}]"#, "{}", Some("A")),
            (r#"[{"profile":{"name":"A"},"wa_id":"77010000001"}]"#, r#"{"from":"77010000009"}"#, None),
            (r#"[7,null,{"profile":{"name":"A"}}]"#, "{}", Some("A")),
            ("{}", "{}", None),
            ("7", "{}", None),
        ];
        for (contacts, message, expected) in table {
            assert_eq!(find(contacts, message).as_deref(), expected, "{contacts} {message}");
        }
    }
}
