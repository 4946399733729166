//! Short messages: gateways as their files describe them, who may bring what they bring, and their pieces as ours.

use super::receipts::receipt;
use super::{MAIN, ReadError, phone_of};
use crate::config::{Sms, SmsGateway, SmsTransport};
use crate::domain::Instant;
use crate::domain::inbound::{ChannelKind, Content, Inbound, SenderPhone};
use crate::store::raw_events::NewRawEvent;
use bots::http::Timeouts;
use bots::sms::{Call, Gateway, Incoming, SmsChannel};
use std::collections::BTreeMap;
use subtle::ConstantTimeEq;

/// What stands for the chat of a report.
const NO_CHAT: &str = "-";

/// A gateway that cannot be used as described.
#[derive(Debug, thiserror::Error)]
#[error("channels.sms.gateways.{name}: {why}")]
pub struct BadGateway {
    pub name: String,
    pub why: String,
}

/// Under which account a gateway's messages stand: the one that carries what goes out is the main one.
fn account(config: &Sms, name: &str) -> String {
    if name == config.gateway { MAIN.to_owned() } else { name.to_owned() }
}

/// The description of a gateway, read from its file.
fn describe(name: &str, g: &SmsGateway) -> Result<Gateway, BadGateway> {
    let bad = |why: String| BadGateway { name: name.to_owned(), why };
    let text = std::fs::read_to_string(&g.file).map_err(|e| bad(format!("the file '{}' cannot be read: {e}", g.file)))?;
    // Only the reason: the line itself may hold a secret.
    let gateway: Gateway = toml::from_str(&text).map_err(|e| bad(format!("the file '{}': {}", g.file, e.message())))?;
    let names = values(g);
    let names: Vec<&str> = names.keys().map(String::as_str).collect();
    gateway.check(&names).map_err(|e| bad(format!("the file '{}': {e}", g.file)))?;
    Ok(gateway)
}

/// What is put into the places of a description.
fn values(g: &SmsGateway) -> BTreeMap<String, String> {
    [("login", g.login.as_str()), ("password", g.password.expose()), ("key", g.key.expose()), ("sender", &g.sender)]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into()
}

/// The accounts of all gateways that are described.
///
/// # Errors
/// The first that cannot be used.
pub(super) fn accounts(config: &Sms) -> Result<Vec<String>, BadGateway> {
    let named = config.gateways.iter().filter(|(_, g)| !g.file.is_empty());
    named.map(|(name, g)| describe(name, g).map(|_| account(config, name))).collect()
}

/// The wires of all gateways, by account; none while short messages go nowhere.
///
/// # Errors
/// The first that cannot be used.
pub(super) fn wires(config: &Sms) -> Result<Vec<(String, SmsChannel)>, BadGateway> {
    if config.transport == SmsTransport::Stub {
        return Ok(Vec::new());
    }
    let named = config.gateways.iter().filter(|(_, g)| !g.file.is_empty());
    named
        .map(|(name, g)| {
            let wire = SmsChannel::new(describe(name, g)?, values(g), Timeouts::default());
            Ok((account(config, name), wire.map_err(|e| BadGateway { name: name.clone(), why: e.to_string() })?))
        })
        .collect()
}

/// One path `/webhooks/sms/{name}`. It has no `Debug`: it holds secrets.
#[derive(Clone)]
pub struct Door {
    account: String,
    gateway: Gateway,
    settings: SmsGateway,
}

/// How many short messages a text takes, and its length in units of its coding.
#[must_use]
pub fn parts(text: &str) -> (usize, usize) {
    let counted = bots::sms::parts::count(text);
    (counted.parts, counted.units)
}

/// The doors that somebody may come through.
///
/// # Errors
/// The first gateway that cannot be used.
pub fn doors(config: &Sms) -> Result<BTreeMap<String, Door>, BadGateway> {
    let open = config.gateways.iter().filter(|(_, g)| g.is_open());
    open.map(|(name, g)| Ok((name.clone(), Door { account: account(config, name), gateway: describe(name, g)?, settings: g.clone() }))).collect()
}

impl Door {
    /// Whether an `Authorization` header or a last part of the path opens the door. Compared in constant time.
    #[must_use]
    pub fn opens(&self, header: Option<&str>, path: Option<&str>) -> bool {
        use base64::Engine as _;
        let same = |a: &str, b: &str| !b.is_empty() && bool::from(a.as_bytes().ct_eq(b.as_bytes()));
        let s = &self.settings;
        if path.is_some_and(|p| same(p, s.inbound_path.expose())) {
            return true;
        }
        let (scheme, value) = header.unwrap_or("").split_once(' ').unwrap_or(("", ""));
        if scheme.eq_ignore_ascii_case("bearer") {
            return same(value.trim(), s.inbound_token.expose());
        }
        if !scheme.eq_ignore_ascii_case("basic") || s.inbound_user.is_empty() || s.inbound_password.is_empty() {
            return false;
        }
        let given = base64::engine::general_purpose::STANDARD.decode(value.trim()).ok().and_then(|b| String::from_utf8(b).ok());
        given.is_some_and(|g| same(&g, &format!("{}:{}", s.inbound_user, s.inbound_password.expose())))
    }

    /// Everything that one call brought, one row each.
    #[must_use]
    pub fn raw_events(&self, query: &str, content_type: Option<&str>, body: &[u8], received_at: Instant) -> Vec<NewRawEvent> {
        let channel = ChannelKind::Sms;
        bots::sms::pieces(&self.gateway, &Call { query, content_type, body })
            .into_iter()
            .map(|piece| NewRawEvent {
                channel: channel.as_str().to_owned(),
                account: self.account.clone(),
                external_id: piece.external_id,
                conversation_key: format!("{channel}:{}:{}", self.account, chat(&piece.chat)),
                body: piece.body,
                received_at,
                readable: piece.readable,
            })
            .collect()
    }

    /// The account under which its messages stand.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    /// A call that was kept unread, by the description as it is now. Its content type was not kept: forms and JSON are told apart by their first byte.
    #[must_use]
    pub fn again(&self, kept: &[u8], received_at: Instant) -> Vec<NewRawEvent> {
        self.raw_events("", None, kept, received_at)
    }

    /// What the gateway reads as "taken".
    #[must_use]
    pub fn taken(&self) -> &str {
        self.gateway.taken()
    }
}

/// One person is one chat, however the gateway writes the number.
fn chat(from: &str) -> String {
    phone_of(from).map_or_else(|| from.to_owned(), |p| p.e164().to_owned())
}

/// Reads a piece.
///
/// # Errors
/// [`ReadError`].
pub fn inbound(account: &str, body: &[u8]) -> Result<Inbound, ReadError> {
    let incoming = bots::sms::read(body).ok_or_else(|| ReadError::Wire("neither a short message nor a report".into()))?;
    let nobody = |content| Inbound {
        channel: ChannelKind::Sms,
        account: account.to_owned(),
        chat: NO_CHAT.to_owned(),
        sender: NO_CHAT.to_owned(),
        sender_name: None,
        phone: None,
        comment: None,
        lang_hint: None,
        message_ref: None,
        sent_at: None,
        content,
    };
    Ok(match incoming {
        Incoming::Receipt(r) => nobody(Content::Receipt(receipt(r))),
        Incoming::Other => nobody(Content::Ignored { kind: "report".into() }),
        Incoming::Message(short) => {
            // A number seen in a short message is a claim: senders can be forged.
            let phone = phone_of(&short.from).map(|phone| SenderPhone { phone, verified: false });
            let content = match &phone {
                Some(_) => Content::Text(short.text),
                // A bank, a shop: nobody who could be answered.
                None => Content::Ignored { kind: "named_sender".into() },
            };
            let chat = chat(&short.from);
            Inbound { sender: chat.clone(), chat, phone, message_ref: short.id, sent_at: short.at, ..nobody(content) }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    const FILE: &str = r#"
        [send]
        url = "https://g.test/send?to={to}&text={text}"
        [answer]
        id = "/id"
        [inbound]
        id = "id"
        from = "from"
        text = "text"
        [receipt]
        id = "id"
        status = "status"
    "#;

    fn door(set: impl FnOnce(&mut SmsGateway)) -> Door {
        let mut settings = SmsGateway {
            file: "x".into(),
            login: String::new(),
            password: Secret::default(),
            key: Secret::default(),
            sender: String::new(),
            inbound_user: String::new(),
            inbound_password: Secret::default(),
            inbound_token: Secret::default(),
            inbound_path: Secret::default(),
        };
        set(&mut settings);
        Door { account: MAIN.into(), gateway: toml::from_str(FILE).unwrap(), settings }
    }

    #[test]
    fn a_door_opens_only_to_its_own_secret() {
        let basic = |s: &str| {
            use base64::Engine as _;
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(s))
        };
        let closed = door(|_| {});
        for header in [None, Some("Bearer "), Some("Basic Og=="), Some("")] {
            assert!(!closed.opens(header, None) && !closed.opens(header, Some("")), "{header:?}");
        }
        let by_token = door(|s| s.inbound_token = Secret::new("t0ken"));
        assert!(by_token.opens(Some("bearer t0ken"), None) && !by_token.opens(Some("Bearer t0ke"), None) && !by_token.opens(None, Some("t0ken")));
        let by_word = door(|s| {
            s.inbound_user = "kcell".into();
            s.inbound_password = Secret::new("p:w");
        });
        assert!(by_word.opens(Some(&basic("kcell:p:w")), None));
        for bad in ["kcell:", "kcell:p", ":p:w", "kcell"] {
            assert!(!by_word.opens(Some(&basic(bad)), None), "{bad}");
        }
        let by_path = door(|s| s.inbound_path = Secret::new("0123456789abcdef"));
        assert!(by_path.opens(None, Some("0123456789abcdef")) && !by_path.opens(None, Some("0123456789abcdee")) && !by_path.opens(None, None));
    }

    #[test]
    fn the_shipped_example_is_in_order() {
        let gateway: Gateway = toml::from_str(include_str!("../../config/sms/example.toml")).unwrap();
        assert_eq!(gateway.check(&["login", "password", "key", "sender"]), Ok(()));
    }

    #[test]
    fn one_person_is_one_chat_however_the_number_is_written() {
        let d = door(|_| {});
        let keys: Vec<String> = ["%2B77015551122", "77015551122", "87015551122"]
            .iter()
            .flat_map(|from| d.raw_events(&format!("id=1&from={from}&text=%D1%81%D1%83"), None, b"", chrono::DateTime::UNIX_EPOCH))
            .map(|e| e.conversation_key)
            .collect();
        assert_eq!(keys, ["sms:main:+77015551122"; 3]);
        let row = d.raw_events("id=2&from=77015551122&text=%D1%81%D1%83", None, b"", chrono::DateTime::UNIX_EPOCH).remove(0);
        let i = inbound(MAIN, &row.body).unwrap();
        assert_eq!((i.chat.as_str(), &i.content), ("+77015551122", &Content::Text("су".into())));
        assert!(i.phone.is_some_and(|p| !p.verified), "a number in a short message proves nothing");
        let shop = d.raw_events("id=3&from=Kaspi&text=x", None, b"", chrono::DateTime::UNIX_EPOCH).remove(0);
        assert!(matches!(inbound(MAIN, &shop.body).unwrap().content, Content::Ignored { .. }));
    }
}
