//! Webhook bodies of WhatsApp: cut into pieces, each piece read alone.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop where it stands")]

use bots::channel::{Receipt, ReceiptStage, SendError};
use bots::meta::{Piece, Wire, pieces};
use bots::whatsapp::{Card, Incoming, Kind, Media, MediaKind, ReadError, read};
use chrono::DateTime;
use serde_json::{Value, json};

const HASH: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const HASH_64: &str = "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=";

fn body_with(field: &str, value: Value) -> Vec<u8> {
    let change = json!({"field": field, "value": value});
    serde_json::to_vec(&json!({"object": "whatsapp_business_account", "entry": [{"id": "900", "changes": [change]}]})).unwrap()
}

fn value_with(key: &str, items: Value) -> Value {
    json!({
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "77262000109", "phone_number_id": "109109109"},
        "contacts": [{"profile": {"name": "Айгүл", "username": "aigul.taraz"}, "wa_id": "77015551122", "user_id": "KZ.5511223344"}],
        key: items,
    })
}

fn body(message: Value) -> Vec<u8> {
    body_with("messages", value_with("messages", json!([message])))
}

fn message(kind: &str, inner: Value) -> Value {
    json!({"from": "77015551122", "id": "wamid.IN1", "timestamp": "1795000000", "type": kind, kind: inner})
}

fn only(body: &[u8]) -> (Piece, Incoming) {
    let mut all = pieces(body);
    assert_eq!(all.len(), 1, "{}", String::from_utf8_lossy(body));
    let piece = all.remove(0);
    let incoming = read(&piece.body).unwrap();
    (piece, incoming)
}

fn kind(kind: &str, inner: Value) -> Kind {
    only(&body(message(kind, inner))).1.kind
}

fn unsupported(kind: &str) -> Kind {
    Kind::Unsupported { kind: kind.into() }
}

#[test]
fn a_text_with_everything_around_it() {
    let mut text = message("text", json!({"body": "Абай 12, су жоқ"}));
    text["context"] = json!({"from": "77262000109", "id": "wamid.OUT1", "frequently_forwarded": true});
    let (piece, incoming) = only(&body(text));
    assert_eq!((piece.wire, piece.account.as_str(), piece.external_id.as_str()), (Wire::Whatsapp, "109109109", "wamid.IN1"));
    assert_eq!((piece.chat.as_str(), piece.kind.as_str(), piece.readable), ("KZ.5511223344", "message", true));
    assert_eq!(incoming.account.as_deref(), Some("109109109"));
    assert_eq!(incoming.chat.as_deref(), Some("KZ.5511223344"));
    let sender = &incoming.sender;
    assert_eq!((sender.user_id.as_deref(), sender.phone.as_deref()), (Some("KZ.5511223344"), Some("77015551122")));
    assert_eq!((sender.name.as_deref(), sender.username.as_deref()), (Some("Айгүл"), Some("aigul.taraz")));
    assert_eq!(incoming.message_id.as_deref(), Some("wamid.IN1"));
    assert_eq!(incoming.at, DateTime::from_timestamp(1_795_000_000, 0));
    assert_eq!((incoming.reply_to.as_deref(), incoming.forwarded), (Some("wamid.OUT1"), true));
    assert_eq!(incoming.kind, Kind::Text { text: "Абай 12, су жоқ".into() });
}

#[test]
fn a_person_may_hide_the_number_or_have_no_id_yet() {
    let hidden = json!({"from_user_id": "KZ.77", "id": "wamid.A", "timestamp": 1_795_000_000, "type": "text", "text": {"body": "x"}});
    let value = json!({"contacts": [{"profile": {"name": "А"}, "user_id": "KZ.77"}], "messages": [hidden]});
    let (piece, incoming) = only(&body_with("messages", value));
    assert_eq!((piece.chat.as_str(), incoming.chat.as_deref()), ("KZ.77", Some("KZ.77")));
    assert_eq!((incoming.sender.phone, incoming.sender.name.as_deref()), (None, Some("А")));
    assert_eq!(incoming.at, DateTime::from_timestamp(1_795_000_000, 0));

    let old = json!({"from": "77015551122", "id": "wamid.B", "timestamp": "1795000000", "type": "text", "text": {"body": "x"}});
    let (piece, incoming) = only(&body_with("messages", json!({"contacts": [{"wa_id": "77015551122"}], "messages": [old]})));
    assert_eq!((piece.chat.as_str(), incoming.sender.user_id), ("77015551122", None));

    let nobody = json!({"id": "wamid.C", "type": "text", "text": {"body": "x"}});
    let (piece, incoming) = only(&body_with("messages", json!({"messages": [nobody]})));
    assert_eq!((piece.chat.as_str(), incoming.chat, incoming.at), ("-", None, None));
}

#[test]
fn every_kind_that_a_person_sends() {
    let press = |data: &str, title: &str| Kind::Button { data: data.into(), title: title.into() };
    let file = |kind, id: &str, mime: &str| Media { kind, file_id: id.into(), mime: Some(mime.into()), name: None, caption: None };
    let marked = format!("601#{HASH}");
    let table = [
        ("interactive", json!({"type": "button_reply", "button_reply": {"id": "ok:7", "title": "Дұрыс"}}), press("ok:7", "Дұрыс")),
        ("interactive", json!({"type": "list_reply", "list_reply": {"id": "svc:3", "title": "Су", "description": "Су жоқ"}}), press("svc:3", "Су")),
        ("interactive", json!({"type": "nfm_reply", "nfm_reply": {"name": "flow"}}), unsupported("nfm_reply")),
        ("interactive", json!({}), unsupported("interactive")),
        ("button", json!({"payload": "st:9", "text": "Мәртебе"}), press("st:9", "Мәртебе")),
        ("button", json!({"payload": "Мәртебе", "text": "Мәртебе"}), Kind::Text { text: "Мәртебе".into() }),
        ("button", json!({"text": "Мәртебе"}), Kind::Text { text: "Мәртебе".into() }),
        (
            "image",
            json!({"id": "601", "mime_type": "image/jpeg", "sha256": HASH_64, "caption": "Құбыр", "url": "https://lookaside.fbsbx.com/x"}),
            Kind::Media(Media { caption: Some("Құбыр".into()), ..file(MediaKind::Photo, &marked, "image/jpeg") }),
        ),
        ("image", json!({"id": "601", "mime_type": "image/jpeg", "sha256": HASH}), Kind::Media(file(MediaKind::Photo, &marked, "image/jpeg"))),
        ("video", json!({"id": "602", "mime_type": "video/mp4", "sha256": "cut="}), Kind::Media(file(MediaKind::Video, "602", "video/mp4"))),
        (
            "audio",
            json!({"id": "603", "mime_type": "audio/ogg; codecs=opus", "voice": true}),
            Kind::Media(file(MediaKind::Voice, "603", "audio/ogg; codecs=opus")),
        ),
        ("audio", json!({"id": "604", "mime_type": "audio/mpeg", "voice": false}), Kind::Media(file(MediaKind::Audio, "604", "audio/mpeg"))),
        (
            "document",
            json!({"id": "605", "mime_type": "application/pdf", "filename": "арыз.pdf"}),
            Kind::Media(Media { name: Some("арыз.pdf".into()), ..file(MediaKind::Document, "605", "application/pdf") }),
        ),
        ("sticker", json!({"id": "606", "mime_type": "image/webp", "animated": true}), Kind::Media(file(MediaKind::Sticker, "606", "image/webp"))),
        ("image", json!({"mime_type": "image/jpeg"}), unsupported("image")),
        (
            "location",
            json!({"latitude": 42.9, "longitude": 71, "name": "Базар", "address": "Төле би"}),
            Kind::Location { lat: 42.9, lon: 71.0, name: Some("Базар".into()), address: Some("Төле би".into()) },
        ),
        ("location", json!({"latitude": 142.9, "longitude": 71.3}), unsupported("location")),
        ("location", json!({"latitude": "42.9", "longitude": 71.3}), unsupported("location")),
        ("reaction", json!({"message_id": "wamid.O", "emoji": "👍"}), Kind::Reaction { of: "wamid.O".into(), emoji: Some("👍".into()) }),
        ("reaction", json!({"message_id": "wamid.O", "emoji": ""}), Kind::Reaction { of: "wamid.O".into(), emoji: None }),
        ("reaction", json!({"message_id": "wamid.O"}), Kind::Reaction { of: "wamid.O".into(), emoji: None }),
        ("reaction", json!({}), Kind::Other { kind: "reaction".into() }),
        ("revoke", json!({"original_message_id": "wamid.I"}), Kind::Revoked { of: "wamid.I".into() }),
        (
            "edit",
            json!({"original_message_id": "wamid.I", "message": {"type": "text", "text": {"body": "Абай 14"}}}),
            Kind::Edited { of: "wamid.I".into(), now: Box::new(Kind::Text { text: "Абай 14".into() }) },
        ),
        ("edit", json!({"original_message_id": "wamid.I"}), unsupported("edit")),
        ("order", json!({"catalog_id": "1", "product_items": []}), unsupported("order")),
        ("unsupported", json!({"type": "poll_creation"}), unsupported("poll_creation")),
        ("text", json!({"body": " \n "}), unsupported("text")),
        ("text", json!({"body": 7}), unsupported("text")),
        ("request_welcome", json!(null), Kind::Other { kind: "request_welcome".into() }),
        ("of_tomorrow", json!({"a": 1}), unsupported("of_tomorrow")),
        ("Өзге", json!({}), unsupported("unknown")),
    ];
    for (word, inner, expected) in table {
        assert_eq!(kind(word, inner.clone()), expected, "{word} {inner}");
    }
}

#[test]
fn messages_without_a_type_or_a_value() {
    let table = [
        (json!({"from": "77015551122", "id": "a", "text": {"body": "Су жоқ"}}), Kind::Text { text: "Су жоқ".into() }),
        (json!({"from": "77015551122", "id": "a"}), unsupported("empty")),
        (json!({"from": "77015551122", "id": "a", "type": "unsupported", "errors": [{"code": 131_051}]}), unsupported("unsupported")),
        (json!({"from": "77015551122", "id": "a", "type": "interactive"}), unsupported("interactive")),
        (json!({"from": "77015551122", "id": "a", "type": "text", "text": {"body": "x"}, "group_id": "g"}), Kind::Other { kind: "group".into() }),
        (json!({"from": "77015551122", "id": "a", "type": ["text"], "text": {"body": "x"}}), Kind::Text { text: "x".into() }),
    ];
    for (message, expected) in table {
        assert_eq!(only(&body(message.clone())).1.kind, expected, "{message}");
    }
}

#[test]
fn cards_and_whose_they_are() {
    let cards = json!([
        {"name": {"formatted_name": "Сантехник"}, "phones": [{"phone": "+7 701 555-33-44", "wa_id": "77015553344"}, {"phone": "109"}]},
        {"origin": "contact_request", "phones": [{"phone": "+7 701 555 11 22", "wa_id": "77015551122"}]},
        {"origin": "other", "phones": "none"},
    ]);
    let expected = vec![
        Card { name: Some("Сантехник".into()), phones: vec!["+7 701 555-33-44".into(), "109".into()], own: false },
        Card { name: None, phones: vec!["77015551122".into()], own: true },
        Card::default(),
    ];
    assert_eq!(kind("contacts", cards), Kind::Contacts(expected));
    assert_eq!(kind("contacts", json!([])), unsupported("contacts"));
    assert_eq!(kind("contacts", json!({"a": 1})), unsupported("contacts"));
}

#[test]
fn people_who_change_their_number_or_id() {
    let read_system = |system: Value| {
        let message = json!({"from": "77015551122", "id": "wamid.S", "timestamp": "1795000000", "type": "system", "system": system});
        only(&body_with("messages", json!({"metadata": {"phone_number_id": "109109109"}, "messages": [message]})))
    };
    let (piece, incoming) = read_system(json!({"type": "user_changed_number", "wa_id": "77770001122", "body": "User А changed"}));
    assert_eq!((piece.chat.as_str(), incoming.chat.as_deref()), ("77015551122", Some("77015551122")));
    assert_eq!(incoming.kind, Kind::Renamed { chat: "77770001122".into(), phone: Some("77770001122".into()), user_id: None });

    let both = json!({"type": "user_changed_number", "wa_id": "77770001122", "user_id": "KZ.2", "previous_user_id": "KZ.1"});
    let (piece, incoming) = read_system(both);
    assert_eq!((piece.chat.as_str(), incoming.chat.as_deref()), ("KZ.1", Some("KZ.1")));
    assert_eq!(incoming.kind, Kind::Renamed { chat: "KZ.2".into(), phone: Some("77770001122".into()), user_id: Some("KZ.2".into()) });
    assert_eq!(incoming.sender.phone.as_deref(), Some("77015551122"));

    let (_, incoming) = read_system(json!({"type": "user_changed_user_id", "user_id": "KZ.2", "previous_user_id": "KZ.1"}));
    assert_eq!(incoming.kind, Kind::Renamed { chat: "KZ.2".into(), phone: None, user_id: Some("KZ.2".into()) });
    for other in [json!({"type": "customer_identity_changed"}), json!({"type": "user_changed_number"}), json!({})] {
        assert!(matches!(read_system(other).1.kind, Kind::Other { .. }));
    }
}

#[test]
fn receipts_by_stage() {
    let status = |word: &str, more: Value| {
        let mut status = json!({"id": "wamid.OUT", "status": word, "timestamp": "1795000009", "recipient_id": "77015551122"});
        status.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        only(&body_with("messages", value_with("statuses", json!([status]))))
    };
    let receipt = |stage, error| Receipt { provider_id: "wamid.OUT".into(), tag: None, stage, at: DateTime::from_timestamp(1_795_000_009, 0), error };
    let stages =
        [("sent", ReceiptStage::Sent), ("delivered", ReceiptStage::Delivered), ("read", ReceiptStage::Read), ("played", ReceiptStage::Played)];
    for (word, stage) in stages {
        let (piece, incoming) = status(word, json!({"conversation": {"id": "c"}, "pricing": {"billable": true}}));
        assert_eq!(incoming.kind, Kind::Receipt(receipt(stage, None)), "{word}");
        assert_eq!((piece.external_id, piece.kind.as_str()), (format!("status:wamid.OUT:{word}"), "status"));
        assert_eq!((piece.chat.as_str(), incoming.chat.as_deref()), ("77015551122", Some("77015551122")));
    }
    let failures = [
        (json!({"errors": [{"code": 131_047, "title": "Re-engagement message"}]}), SendError::WindowClosed),
        (json!({"errors": [{"code": 131_026}]}), SendError::Unreachable("no account, an old application or terms not accepted (code 131026)".into())),
        (json!({}), SendError::Rejected("no reason was given".into())),
        (json!({"errors": "many"}), SendError::Rejected("no reason was given".into())),
    ];
    for (more, error) in failures {
        assert_eq!(status("failed", more).1.kind, Kind::Receipt(receipt(ReceiptStage::Failed, Some(error))));
    }
    let (piece, incoming) = status("read", json!({"recipient_user_id": "KZ.5511223344", "biz_opaque_callback_data": "4711"}));
    assert_eq!((piece.chat.as_str(), incoming.chat.as_deref()), ("KZ.5511223344", Some("KZ.5511223344")));
    let Kind::Receipt(got) = incoming.kind else { panic!() };
    assert_eq!(got.tag.as_deref(), Some("4711"));
    assert_eq!(status("warning", json!({})).1.kind, Kind::Other { kind: "status_warning".into() });
    assert_eq!(status("read", json!({"id": 7})).1.kind, Kind::Other { kind: "status".into() });
    let (piece, _) = status("read", json!({"recipient_participant_id": "77010000001", "recipient_type": "group"}));
    assert_eq!(piece.external_id, "status:wamid.OUT:read:77010000001");
}

#[test]
fn the_rest_of_the_envelope() {
    let echo = json!({"from": "77262000109", "to": "77015551122", "to_user_id": "KZ.5511223344", "id": "wamid.E", "timestamp": "1795000000",
        "type": "text", "text": {"body": "Шебер жолда"}});
    let (piece, incoming) = only(&body_with("smb_message_echoes", json!({"metadata": {"phone_number_id": "109109109"}, "message_echoes": [echo]})));
    assert_eq!((piece.external_id.as_str(), piece.chat.as_str(), piece.kind.as_str()), ("wamid.E", "KZ.5511223344", "echo"));
    assert_eq!(incoming.chat.as_deref(), Some("KZ.5511223344"));
    assert_eq!(incoming.kind, Kind::Echo(Box::new(Kind::Text { text: "Шебер жолда".into() })));

    let trouble = json!({"metadata": {"phone_number_id": "109109109"}, "errors": [{"code": 131_031}, {"code": 130_429}, 7]});
    let (piece, incoming) = only(&body_with("messages", trouble));
    assert_eq!((piece.kind.as_str(), piece.chat.as_str(), piece.account.as_str()), ("errors", "-", "109109109"));
    let Kind::Trouble(errors) = incoming.kind else { panic!() };
    assert!(matches!(errors.as_slice(), [SendError::Stopped(_), SendError::Throttled(_)]), "{errors:?}");

    for field in ["message_template_status_update", "account_update", "user_preferences", "group_settings_update", "history"] {
        let (piece, incoming) = only(&body_with(field, json!({"event": "DISABLED", "messages": [{"id": "x"}]})));
        assert_eq!((piece.kind.as_str(), piece.readable), (field, true));
        assert_eq!(incoming.kind, Kind::Other { kind: field.into() });
        assert!(String::from_utf8(piece.body).unwrap().contains("DISABLED"), "the value is kept");
    }
    // Trouble told beside a message stays with the message.
    let mut value = value_with("messages", json!([{"from": "77015551122", "id": "wamid.X", "type": "interactive"}]));
    value["errors"] = json!([{"code": 131_000}]);
    let (piece, incoming) = only(&body_with("messages", value));
    assert_eq!(incoming.kind, unsupported("interactive"));
    assert!(String::from_utf8(piece.body).unwrap().contains("131000"));
}

#[test]
fn a_batch_is_cut_with_each_person_on_their_own() {
    let text = |from: &str, id: &str| json!({"from": from, "id": id, "timestamp": "1795000000", "type": "text", "text": {"body": id}});
    let contact = |phone: &str, user: &str| json!({"profile": {"name": user}, "wa_id": phone, "user_id": user});
    let value = json!({
        "metadata": {"phone_number_id": "109109109"},
        "contacts": [contact("77010000001", "KZ.1"), contact("77010000002", "KZ.2")],
        "messages": [text("77010000002", "m2"), text("77010000001", "m1"), text("77010000003", "m3")],
        "statuses": [{"id": "o1", "status": "read", "recipient_id": "77010000001"}],
    });
    let change = |value: &Value| json!({"field": "messages", "value": value});
    let other = value_with("messages", json!([message("text", json!({"body": "x"}))]));
    let body = json!({"object": "whatsapp_business_account", "entry": [
        {"id": "900", "changes": [change(&value), change(&other)]},
        {"id": "901", "changes": []},
        {"id": "902", "changes": [change(&other)]},
    ]});
    let all = pieces(&serde_json::to_vec(&body).unwrap());
    // An entry without anything in it is kept as it came.
    let (readable, odd): (Vec<_>, Vec<_>) = all.iter().partition(|p| p.readable);
    assert_eq!(odd.iter().map(|p| p.kind.as_str()).collect::<Vec<_>>(), ["entry"]);
    let seen: Vec<(&str, &str)> = readable.iter().map(|p| (p.external_id.as_str(), p.chat.as_str())).collect();
    let expected = [
        ("m2", "KZ.2"),
        ("m1", "KZ.1"),
        ("m3", "77010000003"),
        ("status:o1:read", "77010000001"),
        ("wamid.IN1", "KZ.5511223344"),
        ("wamid.IN1", "KZ.5511223344"),
    ];
    assert_eq!(seen, expected);
    // Nobody's name travels in somebody else's piece.
    assert!(!String::from_utf8(all[0].body.clone()).unwrap().contains("KZ.1"));
    assert_eq!(read(&all[2].body).unwrap().sender.name, None);
}

#[test]
fn the_same_body_gives_the_same_pieces() {
    let nameless = body_with("account_update", json!({"event": "VERIFIED"}));
    assert_eq!(pieces(&nameless), pieces(&nameless));
    assert!(pieces(&nameless)[0].external_id.starts_with("sha256:"));
}

#[test]
fn what_is_no_piece_is_told() {
    for body in [&b""[..], b"[]", b"\xff", b"{", b"null"] {
        assert_eq!(read(body), Err(ReadError::NotJson));
    }
    for body in [&b"{}"[..], br#"{"object":"page"}"#, br#"{"object":7}"#] {
        assert_eq!(read(body), Err(ReadError::NotWhatsapp));
    }
}
