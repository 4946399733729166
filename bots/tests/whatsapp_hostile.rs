//! Webhook bodies that no honest provider sends: nothing panics, nothing is lost, nothing grows without bound.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop where it stands")]

use bots::meta::{Piece, Wire, pieces};
use bots::whatsapp::{Kind, read};
use proptest::prelude::*;
use serde_json::{Value, json};

const HEAD: &str = r#"{"object":"whatsapp_business_account","entry":"#;

fn check(body: &[u8]) -> Vec<Piece> {
    let all = pieces(body);
    for piece in &all {
        assert!(!piece.external_id.is_empty() && piece.external_id.len() <= 400, "{piece:?}");
        assert!(!piece.chat.is_empty() && piece.chat.len() <= 400);
        assert!((1..=40).contains(&piece.kind.len()) && piece.kind.is_ascii());
        let got = read(&piece.body);
        assert!(!piece.readable || got.is_ok(), "{piece:?}");
        if let Ok(incoming) = got {
            assert!(incoming.chat.as_deref().is_none_or(|chat| chat == piece.chat), "the lane of a chat is the chat");
        }
    }
    all
}

#[test]
fn envelopes_of_every_wrong_shape() {
    let unreadable =
        ["7", "null", "{}", "\"x\"", "[7]", "[null,[]]", r#"[{"id":1}]"#, r#"[{"changes":[]}]"#, r#"[{"changes":7}]"#, r#"[{"changes":[7]}]"#];
    for entry in unreadable.into_iter().chain([r#"[{"changes":[{"field":"messages"}]}]"#, r#"[{"changes":[{"value":[]}]}]"#]) {
        let all = check(format!("{HEAD}{entry}}}").as_bytes());
        assert!(!all.is_empty() && all.iter().all(|p| !p.readable && p.wire == Wire::Whatsapp), "{entry}: {all:?}");
    }
    assert_eq!(check(format!("{HEAD}[]}}").as_bytes()), Vec::new());
}

#[test]
fn a_broken_item_does_not_take_its_neighbours_along() {
    let good = json!({"from": "77015551122", "id": "good", "type": "text", "text": {"body": "Су жоқ"}});
    let value = json!({"messages": [7, null, [], good, "x", {}], "statuses": {"not": "a list"}});
    let body = json!({"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages", "value": value}]}]});
    let all = check(&serde_json::to_vec(&body).unwrap());
    assert_eq!(all.iter().filter(|p| p.readable).count(), 2);
    assert_eq!(all.len(), 7, "six items and the odd change whole");
    assert!(all.iter().any(|p| p.external_id == "good"));
}

#[test]
fn huge_numbers_long_words_and_odd_letters() {
    let long = "9".repeat(5000);
    let table = [
        format!(r#"{{"from":"{long}","id":"{long}","timestamp":"{long}","type":"{long}","text":{{"body":"x"}}}}"#),
        r#"{"from":77015551122,"id":1e999,"timestamp":1e999,"type":"text","text":{"body":"x"}}"#.to_owned(),
        r#"{"from":"77015551122","id":"a\u0000b","timestamp":-5,"type":"location","location":{"latitude":1e400,"longitude":-1e-400}}"#.to_owned(),
        r#"{"from":"77015551122","id":"a b","timestamp":"99999999999999","type":"text","text":{"body":"\u0000"}}"#.to_owned(),
        r#"{"from":"77015551122","id":"","type":"text","text":{"body":"\ud83d"}}"#.to_owned(),
        r#"{"from":"77015551122","id":"x","id":"y","type":"text","text":{"body":"x"}}"#.to_owned(),
    ];
    for message in table {
        let body = format!(r#"{HEAD}[{{"changes":[{{"field":"messages","value":{{"messages":[{message}]}}}}]}}]}}"#);
        let all = check(body.as_bytes());
        assert_eq!(all.len(), 1, "{message}");
        if let Ok(incoming) = read(&all[0].body) {
            assert!(incoming.at.is_none_or(|at| at.timestamp() > 0 && at.timestamp() < 4_102_444_800), "{message}");
        }
    }
}

#[test]
fn deep_nesting_is_passed_over() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let shapes = [
        format!(r#"{HEAD}{deep}}}"#),
        format!(
            r#"{HEAD}[{{"changes":[{{"field":"messages","value":{{"x":{deep},"messages":[{{"from":"77015551122","id":"m","type":"text","text":{{"body":"x","y":{deep}}}}}]}}}}]}}]}}"#
        ),
        format!(r#"{HEAD}[{{"changes":[{{"field":"messages","value":{{"contacts":{deep},"messages":[{deep}]}}}}]}}]}}"#),
        deep.clone(),
    ];
    for body in &shapes {
        assert!(!check(body.as_bytes()).is_empty());
    }
    let all = check(shapes[1].as_bytes());
    assert_eq!(read(&all[0].body).unwrap().kind, Kind::Text { text: "x".into() });
}

#[test]
fn an_edit_in_an_edit_ends() {
    let inner = (0..60)
        .fold(json!({"type": "text", "text": {"body": "x"}}), |now, _| json!({"type": "edit", "edit": {"original_message_id": "a", "message": now}}));
    let body = json!({"object": "whatsapp_business_account", "message": inner});
    let got = read(&serde_json::to_vec(&body).unwrap()).unwrap().kind;
    assert_eq!(got, Kind::Edited { of: "a".into(), now: Box::new(Kind::Unsupported { kind: "edit".into() }) });
}

#[test]
fn a_thousand_messages_do_not_carry_a_thousand_large_contacts() {
    let messages: Vec<Value> = (0..1000)
        .map(|i| json!({"from": format!("7701{i:07}"), "id": format!("wamid.{i}"), "timestamp": "1795000000", "type": "text", "text": {"body": "x"}}))
        .collect();
    let contacts = json!([{"profile": {"name": "я".repeat(500_000)}}]);
    let value = json!({"metadata": {"phone_number_id": "1", "x": "y".repeat(500_000)}, "contacts": contacts, "messages": messages});
    let body = json!({"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages", "value": value}]}]});
    let body = serde_json::to_vec(&body).unwrap();
    let all = check(&body);
    assert_eq!(all.len(), 1000);
    assert!(all.iter().map(|p| p.body.len()).sum::<usize>() < body.len());
    let ids: std::collections::BTreeSet<&str> = all.iter().map(|p| p.external_id.as_str()).collect();
    assert_eq!(ids.len(), 1000);
}

/// A body with everything in it, to be broken.
fn whole() -> Vec<u8> {
    let value = json!({
        "metadata": {"phone_number_id": "109"},
        "contacts": [{"profile": {"name": "Айгүл"}, "wa_id": "77015551122", "user_id": "KZ.5"}],
        "messages": [
            {"from": "77015551122", "id": "w1", "timestamp": "1795000000", "type": "text", "text": {"body": "Су жоқ"}},
            {"from": "77015551122", "id": "w2", "type": "image", "image": {"id": "6", "sha256": "x", "caption": "қ"}},
            {"from": "77015551122", "id": "w3", "type": "contacts", "contacts": [{"phones": [{"phone": "109"}]}]},
            {"from": "77015551122", "id": "w4", "type": "system", "system": {"type": "user_changed_number", "wa_id": "77770001122"}},
        ],
        "statuses": [{"id": "o", "status": "failed", "timestamp": "1795000000", "recipient_id": "77015551122", "errors": [{"code": 131_047}]}],
    });
    serde_json::to_vec(&json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}]}))
        .unwrap()
}

#[test]
fn cut_anywhere() {
    let whole = whole();
    assert_eq!(check(&whole).len(), 5);
    for end in 0..whole.len() {
        let all = check(&whole[..end]);
        assert!(all.len() == 1 && !all[0].readable && all[0].body == whole[..end], "cut at {end}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec!["", "77015551122", "KZ.5", "text", "edit", "system", "contacts", "wamid.1", "sent", "failed", "1795000000"])
            .prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    let names = vec![
        "from",
        "id",
        "type",
        "text",
        "body",
        "edit",
        "message",
        "original_message_id",
        "system",
        "contacts",
        "phones",
        "status",
        "timestamp",
        "context",
        "errors",
        "code",
        "image",
        "location",
        "latitude",
        "longitude",
        "interactive",
        "button",
        "reaction",
        "from_user_id",
        "recipient_id",
        "metadata",
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        let key = prop::sample::select(names.clone()).prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..8).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_value_in_any_place(item in any_json(), field in prop::sample::select(vec!["messages", "smb_message_echoes", "history"]), list in prop::sample::select(vec!["messages", "statuses", "message_echoes", "contacts", "errors"])) {
        let value = json!({list: [item.clone()], "contacts": item});
        let body = json!({"object": "whatsapp_business_account", "entry": [{"changes": [{"field": field, "value": value}]}]});
        check(&serde_json::to_vec(&body).unwrap());
        check(&serde_json::to_vec(&json!({"object": "whatsapp_business_account", "entry": item})).unwrap());
    }

    #[test]
    fn any_piece_reads(item in any_json(), slot in prop::sample::select(vec!["message", "status", "echo", "errors", "contact"])) {
        let body = json!({"object": "whatsapp_business_account", "field": "messages", slot: item});
        prop_assert!(read(&serde_json::to_vec(&body).unwrap()).is_ok());
    }

    #[test]
    fn one_byte_changed(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut body = whole();
        let at = at.index(body.len());
        body[at] = byte;
        prop_assert!(!check(&body).is_empty());
    }

    #[test]
    fn any_bytes(body in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(check(&body).len(), 1);
    }
}
