//! The description of a gateway, as it stands in a configuration file. It holds no secrets: those are named values put into its places.

use super::compiled::Compiled;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use thiserror::Error;

/// What every request may name: the number, the text, the text as hexadecimal UTF-16, our own handle of the message, the number of parts, the
/// coding as Kannel (0, 2) and as SMPP (0, 8) write it.
pub const PLACES: [&str; 7] = ["to", "text", "text_hex", "ref", "parts", "coding", "data_coding"];

/// One gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gateway {
    pub send: Request,
    pub answer: Answer,
    /// Asked to see whether the gateway lives; without it any answer from its host counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<Request>,
    /// How the gateway wants numbers.
    pub number: Number,
    /// Longest text in parts; longer ones are cut. 0: as many as ten.
    pub max_parts: usize,
    pub inbound: InboundMap,
    pub receipt: ReceiptMap,
    /// What the gateway reads as "taken" when it brings something. Empty: `OK`.
    pub reply: String,
}

/// One kind of call. At most one of `form`, `json` and `body` is used, and none with `get`. Every text may have places: `{to}`, `{text}` and the
/// others of [`PLACES`], and named values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Request {
    pub method: Method,
    pub url: String,
    pub headers: BTreeMap<String, String>,
    /// Sent as a form.
    pub form: BTreeMap<String, String>,
    /// JSON in whose texts places are filled.
    pub json: String,
    /// Sent as plain text, unless a header says otherwise.
    pub body: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    #[default]
    Get,
    Post,
}

/// How a number is written, shown for +7 701 555 11 22.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Number {
    /// `+77015551122`
    #[default]
    Plus,
    /// `77015551122`
    Digits,
}

/// How to read the answer to a sending. Values are found by JSON pointers (`/data/id`); `body` is the whole answer as text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Answer {
    /// Where the gateway's handle of the message stands; `ref`: the gateway gives none, and reports name ours.
    pub id: String,
    /// Where the word stands that tells success. Empty: any answer of HTTP success without an error code.
    pub ok: String,
    /// Words of success. One that ends with `*` stands for everything that begins so.
    pub ok_values: Vec<String>,
    /// Where the code of a failure stands.
    pub error: String,
    /// What codes mean. A code that is not named means "later", unless HTTP itself says more.
    pub codes: BTreeMap<String, Fate>,
}

/// What becomes of a message that was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// The same message may pass later.
    Later,
    /// We are too fast.
    Wait,
    /// This number cannot be reached.
    Unreachable,
    /// This person does not want messages.
    Blocked,
    /// Wrong credentials.
    Unauthorized,
    /// No money, or the account is closed: nothing passes until a person acts.
    Stopped,
    /// Our mistake.
    Rejected,
}

/// Where things stand in a message that the gateway brings: names of form fields or of top-level keys, or JSON pointers. An empty name: the
/// gateway does not tell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InboundMap {
    /// Where the list of messages stands when a call brings several.
    pub list: String,
    /// The gateway's handle: the same message brought again carries the same.
    pub id: String,
    pub from: String,
    pub to: String,
    pub text: String,
    pub text_is: TextIs,
    pub at: String,
    /// How moments are written. Empty: seconds or milliseconds since 1970, or RFC 3339. Otherwise a pattern such as `%d.%m.%Y %H:%M:%S`.
    pub at_format: String,
    /// Minutes east of Greenwich of a pattern that names no zone: 300 in Kazakhstan.
    pub at_offset: i32,
}

/// How texts are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextIs {
    #[default]
    Plain,
    /// Hexadecimal digits of UTF-16, high bytes first.
    Ucs2Hex,
}

/// Where things stand in a delivery report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReceiptMap {
    pub list: String,
    /// The handle that the answer to the sending gave, or ours.
    pub id: String,
    pub status: String,
    /// A code that tells why it failed.
    pub error: String,
    pub at: String,
    /// As in [`InboundMap`].
    pub at_format: String,
    pub at_offset: i32,
    /// What the words of `status` mean, in lower case. Empty: the words of SMPP.
    pub statuses: BTreeMap<String, Stage>,
    /// What codes of `error` mean.
    pub codes: BTreeMap<String, Fate>,
}

/// How far a message got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    Sent,
    Delivered,
    Read,
    /// This number cannot be reached.
    Failed,
    /// Refused by the operator: our mistake.
    Rejected,
    /// Says nothing.
    Ignored,
}

/// Why a description cannot be used: where and what, in words for who writes the file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{place}: {what}")]
pub struct GatewayError {
    pub place: String,
    pub what: String,
}

impl GatewayError {
    pub(super) fn new(place: &str, what: impl Into<String>) -> Self {
        Self { place: place.to_owned(), what: what.into() }
    }
}

impl Gateway {
    /// Checks the description against the names of the values that will be given.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self, values: &[&str]) -> Result<(), GatewayError> {
        if let Some(name) = values.iter().find(|name| PLACES.contains(name)) {
            return Err(GatewayError::new("values", format!("`{name}` is a name of ours")));
        }
        Compiled::of(&self.send, "send", values)?;
        if let Some(health) = &self.health {
            Compiled::of(health, "health", values)?;
        }
        if self.answer.id.is_empty() {
            return Err(GatewayError::new("answer.id", "say where the gateway's handle stands, or `ref` when it gives none"));
        }
        if self.answer.id == "ref" && !self.send.texts().any(|text| text.contains("{ref}")) {
            return Err(GatewayError::new("answer.id", "`ref` needs a place {ref} in the request, or no report will find its message"));
        }
        for (place, pointer) in [("answer.id", &self.answer.id), ("answer.ok", &self.answer.ok), ("answer.error", &self.answer.error)] {
            let known = matches!(pointer.as_str(), "" | "body") || pointer.starts_with('/') || (place == "answer.id" && pointer == "ref");
            if !known {
                return Err(GatewayError::new(place, "a JSON pointer begins with a slash"));
            }
        }
        if self.answer.ok.is_empty() != self.answer.ok_values.is_empty() {
            return Err(GatewayError::new("answer.ok", "`ok` and `ok_values` go together"));
        }
        let (inbound, receipt) = (&self.inbound, &self.receipt);
        for (place, who, what) in [("inbound", &inbound.from, &inbound.text), ("receipt", &receipt.id, &receipt.status)] {
            if who.is_empty() != what.is_empty() {
                return Err(GatewayError::new(place, "who and what go together: name both fields or neither"));
            }
        }
        Ok(())
    }

    /// Most parts of one message.
    #[must_use]
    pub const fn most_parts(&self) -> usize {
        if self.max_parts == 0 || self.max_parts > 10 { 10 } else { self.max_parts }
    }

    /// What the gateway is told when it has brought something.
    #[must_use]
    pub fn taken(&self) -> &str {
        if self.reply.is_empty() { "OK" } else { &self.reply }
    }
}

impl Request {
    /// Everything that may have places.
    fn texts(&self) -> impl Iterator<Item = &String> {
        [&self.url, &self.json, &self.body].into_iter().chain(self.headers.values()).chain(self.form.values())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound() -> Gateway {
        Gateway {
            send: Request { url: "https://g.test/send?to={to}&text={text}&key={key}".into(), ..Request::default() },
            answer: Answer { id: "/id".into(), ..Answer::default() },
            ..Gateway::default()
        }
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(sound().check(&["key"]), Ok(()));
        type Spoil = fn(&mut Gateway);
        let table: [(&str, Spoil); 15] = [
            ("send", |g| g.send.url = "https://g.test/{unknown}".into()),
            ("send.url", |g| g.send.url = "https://g.test/{to".into()),
            ("send.url", |g| g.send.url = "ftp://g.test/{to}".into()),
            ("send.url", |g| g.send.url = String::new()),
            ("send.url", |g| g.send.url = "https://{to}.g.test/".into()),
            ("send", |g| g.send.json = r#"{"to":"{to}"}"#.into()),
            ("send.json", |g| {
                g.send.method = Method::Post;
                g.send.json = r#"{"to":{to}}"#.into();
            }),
            ("send", |g| {
                g.send.method = Method::Post;
                g.send.json = "{}".into();
                g.send.body = "{text}".into();
            }),
            ("send.headers", |g| drop(g.send.headers.insert("no name".into(), "x".into()))),
            ("health.url", |g| g.health = Some(Request::default())),
            ("answer.id", |g| g.answer.id = String::new()),
            ("answer.id", |g| g.answer.id = "ref".into()),
            ("answer.error", |g| g.answer.error = "code".into()),
            ("answer.ok", |g| g.answer.ok = "/ok".into()),
            ("inbound", |g| g.inbound.from = "from".into()),
        ];
        for (place, spoil) in table {
            let mut gateway = sound();
            spoil(&mut gateway);
            let error = gateway.check(&["key"]).unwrap_err();
            assert_eq!(error.place, place, "{error}");
        }
        assert_eq!(sound().check(&["key", "to"]).unwrap_err().place, "values");
    }

    #[test]
    fn a_description_is_read_from_a_file() {
        let json = r#"{"send":{"method":"post","url":"https://g.test","form":{"to":"{to}"}},"answer":{"id":"body","codes":{"7":"unreachable"}},
            "number":"digits","inbound":{"from":"src","text":"msg","text_is":"ucs2_hex","at":"t","at_format":"%d.%m.%Y %H:%M:%S","at_offset":300},
            "receipt":{"id":"id","status":"st","statuses":{"ok":"delivered"}}}"#;
        let gateway: Gateway = serde_json::from_str(json).unwrap();
        assert_eq!(gateway.check(&[]), Ok(()));
        assert_eq!((gateway.number, gateway.inbound.text_is, gateway.inbound.at_offset), (Number::Digits, TextIs::Ucs2Hex, 300));
        assert_eq!(serde_json::from_value::<Gateway>(serde_json::to_value(&gateway).unwrap()).unwrap(), gateway);
        assert!(serde_json::from_str::<Gateway>(r#"{"sned":{}}"#).is_err());
        assert_eq!((gateway.taken(), gateway.most_parts()), ("OK", 10));
    }
}
