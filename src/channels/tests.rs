//! From a body as Meta brings it to what the service makes of it.

use super::{inbound, meta};
use crate::domain::inbound::{ChannelKind, Content, Failure, Inbound, MediaKind, ReceiptStage};
use crate::domain::phone::Phone;
use crate::store::raw_events::NewRawEvent;
use proptest::prelude::*;
use serde_json::{Value, json};

fn rows(body: &Value) -> Vec<NewRawEvent> {
    meta::raw_events("", body.to_string().as_bytes(), chrono::DateTime::UNIX_EPOCH)
}

fn one(body: &Value) -> (NewRawEvent, Inbound) {
    let mut all = rows(body);
    assert_eq!(all.len(), 1, "{body}");
    let row = all.remove(0);
    let read = inbound(&row.channel, &row.account, &row.body, &[]).unwrap();
    (row, read)
}

fn whatsapp(message: &Value) -> Value {
    let mut message = message.clone();
    for (k, v) in [("from", "77015551122"), ("from_user_id", "KZ.1349"), ("id", "wamid.A"), ("timestamp", "1795000000")] {
        if message[k].is_null() {
            message[k] = json!(v);
        }
    }
    json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": {
        "metadata": {"phone_number_id": "10"}, "contacts": [{"profile": {"name": "Айгүл"}, "wa_id": "77015551122", "user_id": "KZ.1349"}], "messages": [message]}}]}]})
}

#[test]
fn an_account_that_is_closed_stops_the_wire() {
    let told = |code: i64| {
        json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": {
            "metadata": {"phone_number_id": "10"}, "errors": [{"code": code, "title": "x"}]}}]}]})
    };
    assert_eq!(one(&told(131_031)).1.content, Content::WireDown(Failure::Stopped));
    assert_eq!(one(&told(130_429)).1.content, Content::Ignored { kind: "trouble".into() });
}

#[test]
fn what_came_to_another_number_is_not_answered() {
    let body = whatsapp(&json!({"type": "text", "text": {"body": "су жоқ"}})).to_string();
    for (own, readable) in [("10", true), ("", true), ("11", false)] {
        let all = meta::raw_events(own, body.as_bytes(), chrono::DateTime::UNIX_EPOCH);
        assert_eq!(all.iter().map(|r| r.readable).collect::<Vec<_>>(), [readable], "{own}");
    }
}

#[test]
fn a_message_of_whatsapp() {
    let (row, read) = one(&whatsapp(&json!({"type": "text", "text": {"body": "су жоқ"}})));
    assert_eq!((row.channel.as_str(), row.external_id.as_str(), row.conversation_key.as_str()), ("whatsapp", "wamid.A", "whatsapp:main:KZ.1349"));
    assert_eq!((read.chat.as_str(), read.content), ("KZ.1349", Content::Text("су жоқ".into())));
    let phone = read.phone.unwrap();
    assert_eq!((phone.phone.e164(), phone.verified), ("+77015551122", true));
    assert_eq!(read.sent_at.map(|t| t.timestamp()), Some(1_795_000_000));

    let own = Some(Phone::parse("+77015551122").unwrap());
    let other = Some(Phone::parse("+77770001122").unwrap());
    let card = |phone: &str| json!({"type": "contacts", "contacts": [{"name": {"formatted_name": "А"}, "phones": [{"phone": phone}]}]});
    let table = [
        (card("+7 701 555 11 22"), Content::Contact { phone: own, own: true }),
        (card("+7 777 000 11 22"), Content::Contact { phone: other, own: false }),
        (card("109"), Content::Contact { phone: None, own: false }),
        (json!({"type": "location", "location": {"latitude": 42.9, "longitude": 71.37}}), Content::Location { lat: 42.9, lon: 71.37 }),
        (json!({"type": "button", "button": {"payload": "cf:1", "text": "Иә"}}), Content::Button { data: "cf:1".into(), ack: String::new() }),
        (json!({"type": "reaction", "reaction": {"message_id": "w", "emoji": "👍"}}), Content::Reaction { of: "w".into(), emoji: Some("👍".into()) }),
        (json!({"type": "revoke", "revoke": {"original_message_id": "w"}}), Content::Unsent { of: "w".into() }),
        (
            json!({"type": "edit", "edit": {"original_message_id": "w", "message": {"type": "text", "text": {"body": "жарық жоқ"}}}}),
            Content::Edited { of: "w".into(), text: "жарық жоқ".into() },
        ),
    ];
    for (message, expected) in table {
        assert_eq!(one(&whatsapp(&message)).1.content, expected, "{message}");
    }
    let (_, voice) = one(&whatsapp(&json!({"type": "audio", "audio": {"id": "5", "mime_type": "audio/ogg; codecs=opus", "voice": true}})));
    assert!(matches!(voice.content, Content::Media { media, .. } if media.kind == MediaKind::Voice));
    assert!(matches!(one(&whatsapp(&json!({"type": "sticker", "sticker": {"id": "5"}}))).1.content, Content::Unsupported { .. }));
}

#[test]
fn what_became_of_our_message() {
    let status = json!({"id": "wamid.B", "status": "failed", "timestamp": "1795000000", "recipient_id": "77015551122", "biz_opaque_callback_data": "42",
        "errors": [{"code": 131_026, "title": "x"}]});
    let body =
        json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": {"statuses": [status]}}]}]});
    let Content::Receipt(r) = one(&body).1.content else { panic!("no receipt") };
    assert_eq!(
        (r.provider_id.as_str(), r.tag.as_deref(), r.stage, r.failure),
        ("wamid.B", Some("42"), ReceiptStage::Failed, Some(Failure::Unreachable))
    );
}

fn thread(object: &str, event: &Value) -> Value {
    json!({"object": object, "entry": [{"id": "99", "time": 1_795_000_000, "messaging": [event]}]})
}

#[test]
fn what_comes_from_pages() {
    let from = |message: Value| json!({"sender": {"id": "7"}, "recipient": {"id": "99"}, "timestamp": 1_795_000_000_000_i64, "message": message});
    for (object, kind) in [("instagram", ChannelKind::Instagram), ("page", ChannelKind::Facebook)] {
        let (row, read) = one(&thread(object, &from(json!({"mid": "m1", "text": "су жоқ"}))));
        assert_eq!((read.channel, read.chat.as_str(), read.content), (kind, "7", Content::Text("су жоқ".into())));
        assert_eq!((row.external_id.as_str(), read.phone, read.comment), ("m1", None, None));
        let gone = one(&thread(object, &from(json!({"mid": "m1", "is_deleted": true})))).1.content;
        assert_eq!(gone, Content::Unsent { of: "m1".into() });
        let echo =
            json!({"sender": {"id": "99"}, "recipient": {"id": "7"}, "timestamp": 1, "message": {"mid": "m2", "text": "жауап", "is_echo": true}});
        assert!(matches!(one(&thread(object, &echo)).1.content, Content::Own { .. }));
        let held = json!({"object": object, "entry": [{"id": "99", "time": 1, "standby": [from(json!({"mid": "m3", "text": "?"}))]}]});
        assert!(matches!(one(&held).1.content, Content::Ignored { .. }), "somebody else answers there");
    }
}

#[test]
fn a_comment_lies_where_its_author_writes() {
    let value = json!({"id": "c1", "from": {"id": "7", "username": "a"}, "text": "су жоқ", "media": {"id": "p"}});
    let body = json!({"object": "instagram", "entry": [{"id": "99", "time": 1, "changes": [{"field": "comments", "value": value}]}]});
    let (row, read) = one(&body);
    assert_eq!((row.conversation_key.as_str(), read.chat.as_str()), ("instagram:main:7", "7"));
    let place = read.comment.unwrap();
    assert_eq!((place.comment.as_str(), place.post.as_str()), ("c1", "p"));
    // Who it is from may be withheld: then it lies alone.
    let mut nameless = body.clone();
    nameless["entry"][0]["changes"][0]["value"].as_object_mut().unwrap().remove("from");
    let (row, read) = one(&nameless);
    assert_eq!((row.conversation_key.as_str(), read.chat.as_str()), ("instagram:main:comment:c1", "comment:c1"));
}

/// Any JSON, with the words that envelopes are made of.
fn any_json() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "entry",
        "changes",
        "messaging",
        "value",
        "messages",
        "statuses",
        "field",
        "message",
        "text",
        "body",
        "from",
        "id",
        "type",
        "object",
        "attachments",
        "sender",
        "comment_id",
        "verb",
        "item",
        "errors",
        "contacts",
        "standby",
        "reaction",
        "payload",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(vec!["messages", "comments", "feed", "text", "image", "add", "remove", "instagram", "page", "", "\u{0}", "қ"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(words.clone(), inner, 0..6).prop_map(|m| m.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<Value>()),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_signed_is_kept_and_nothing_breaks(object in prop::sample::select(vec!["whatsapp_business_account", "instagram", "page", "x"]), entry in any_json()) {
        let body = json!({"object": object, "entry": [entry]});
        let all = rows(&body);
        prop_assert!(!all.is_empty());
        for row in all {
            let lane = row.conversation_key.starts_with(&format!("{}:main:", row.channel));
            prop_assert!(lane && !row.external_id.is_empty() && row.external_id.len() < 600);
            if row.readable {
                // Read or refused, as long as it is told.
                let _ = inbound(&row.channel, &row.account, &row.body, &[]).map_err(|e| e.to_string());
            }
        }
    }

    #[test]
    fn bytes_of_any_kind_are_kept(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let all = meta::raw_events("", &body, chrono::DateTime::UNIX_EPOCH);
        prop_assert_eq!(all.len(), 1);
        prop_assert!(all.iter().all(|r| !r.readable && r.body == body));
    }
}
