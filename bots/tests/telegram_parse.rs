//! Reading Telegram updates: ordinary ones, odd ones and hostile ones.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop where it stands")]

use bots::telegram::{ChatType, Kind, MediaKind, ParseError, chat_key, split, update_id};
use proptest::prelude::*;
use serde_json::{Value, json};

const AIGUL: i64 = 5_120_334_871;

fn person() -> Value {
    json!({"id": AIGUL, "is_bot": false, "first_name": "Айгүл", "last_name": "С.", "username": "aigul_taraz", "language_code": "kk"})
}

fn private() -> Value {
    json!({"id": AIGUL, "type": "private", "first_name": "Айгүл"})
}

/// A private message with this content.
fn message(content: &Value) -> Value {
    let mut message = json!({"message_id": 41, "date": 1_795_000_000, "chat": private(), "from": person()});
    for (key, value) in content.as_object().unwrap() {
        message[key] = value.clone();
    }
    message
}

fn update(kind: &str, value: Value) -> Vec<u8> {
    let mut update = json!({"update_id": 880_001});
    update[kind] = value;
    serde_json::to_vec(&update).unwrap()
}

fn kind_of(content: &Value) -> Kind {
    split(&update("message", message(content))).unwrap().kind
}

fn unsupported(kind: &str) -> Kind {
    Kind::Unsupported { kind: kind.to_owned() }
}

fn other(kind: &str) -> Kind {
    Kind::Other { kind: kind.to_owned() }
}

#[test]
fn a_text_says_who_where_and_when() {
    let incoming = split(&update("message", message(&json!({"text": "Абай 12, су жоқ"})))).unwrap();
    assert_eq!(incoming.update_id, 880_001);
    assert_eq!(incoming.chat, Some(AIGUL));
    assert_eq!(incoming.chat_type, ChatType::Private);
    assert_eq!(incoming.message_id, Some(41));
    assert_eq!(incoming.date.unwrap().timestamp(), 1_795_000_000);
    let sender = incoming.sender.unwrap();
    assert_eq!(sender.id, AIGUL);
    assert_eq!(sender.first_name.as_deref(), Some("Айгүл"));
    assert_eq!(sender.last_name.as_deref(), Some("С."));
    assert_eq!(sender.username.as_deref(), Some("aigul_taraz"));
    assert_eq!(sender.language_code.as_deref(), Some("kk"));
    assert_eq!(incoming.kind, Kind::Text { text: "Абай 12, су жоқ".into() });
}

#[test]
fn a_command_is_told_from_text() {
    let start = Kind::Command { name: "start".into(), arg: "T-26-001".into() };
    assert_eq!(kind_of(&json!({"text": "/start@Taraz_Bot T-26-001"})), start);
    assert_eq!(kind_of(&json!({"text": "/7 үй"})), Kind::Text { text: "/7 үй".into() });
}

#[test]
fn a_text_survives_strangers_beside_it() {
    let odd = json!({"text": "газ иісі", "entities": "not a list", "reply_to_message": 5, "of_tomorrow": {"a": [1e300]}});
    assert_eq!(kind_of(&odd), Kind::Text { text: "газ иісі".into() });
}

#[test]
fn places() {
    let table = [
        (json!({"location": {"latitude": 42.9, "longitude": 71.37}}), Kind::Location { lat: 42.9, lon: 71.37, live: false }),
        (
            json!({"location": {"latitude": 42.9, "longitude": 71.37, "live_period": 900, "heading": 12}}),
            Kind::Location { lat: 42.9, lon: 71.37, live: true },
        ),
        (
            json!({"location": {"latitude": 42.9, "longitude": 71.37},
                   "venue": {"location": {"latitude": 42.9, "longitude": 71.37}, "title": "Базар", "address": "Төле би"}}),
            Kind::Location { lat: 42.9, lon: 71.37, live: false },
        ),
        (json!({"location": {"latitude": 95.0, "longitude": 71.37}}), unsupported("location")),
        (json!({"location": {"latitude": 42.9, "longitude": -180.5}}), unsupported("location")),
        (json!({"location": {"latitude": "42.9", "longitude": 71.37}}), unsupported("location")),
        (json!({"location": null}), unsupported("location")),
    ];
    for (content, expected) in table {
        assert_eq!(kind_of(&content), expected, "{content}");
    }
}

#[test]
fn a_card_is_own_only_with_the_senders_id() {
    let card = |user_id: Value| json!({"contact": {"phone_number": "+77010000001", "first_name": "А", "user_id": user_id}});
    let contact = |own| Kind::Contact { phone: "+77010000001".into(), own };
    assert_eq!(kind_of(&card(json!(AIGUL))), contact(true));
    assert_eq!(kind_of(&card(json!(AIGUL + 1))), contact(false));
    assert_eq!(kind_of(&card(Value::Null)), contact(false));
    assert_eq!(kind_of(&card(json!("5120334871"))), unsupported("contact"));

    // Without a sender nothing proves anything.
    let mut nobody = message(&card(json!(AIGUL)));
    nobody.as_object_mut().unwrap().remove("from");
    assert_eq!(split(&update("message", nobody)).unwrap().kind, contact(false));
}

#[test]
fn a_photo_is_its_largest_version_in_any_order() {
    let size = |id: &str, side: u32, bytes: u32| json!({"file_id": id, "file_unique_id": format!("u{id}"), "width": side, "height": side, "file_size": bytes});
    for sizes in [vec![size("s", 90, 1200), size("l", 1280, 210_000)], vec![size("l", 1280, 210_000), size("s", 90, 1200)]] {
        let Kind::Media(media) = kind_of(&json!({"photo": sizes, "caption": "құбыр", "media_group_id": "g77"})) else { panic!("no media") };
        assert_eq!((media.kind, media.file_id.as_str(), media.size), (MediaKind::Photo, "l", Some(210_000)));
        assert_eq!((media.caption.as_deref(), media.group.as_deref()), (Some("құбыр"), Some("g77")));
    }
    assert_eq!(kind_of(&json!({"photo": []})), unsupported("photo"));
}

#[test]
fn files_of_every_kind() {
    let file = |extra: Value| {
        let mut file = json!({"file_id": "F", "file_unique_id": "U"});
        for (key, value) in extra.as_object().unwrap() {
            file[key] = value.clone();
        }
        file
    };
    let gif = file(json!({"duration": 2, "width": 9, "height": 9, "mime_type": "video/mp4"}));
    let table = [
        (json!({"voice": file(json!({"duration": 4, "mime_type": "audio/ogg", "file_size": 900}))}), MediaKind::Voice, Some("audio/ogg"), Some(900)),
        (
            json!({"video": file(json!({"duration": 4, "width": 9, "height": 9, "mime_type": "video/mp4"}))}),
            MediaKind::Video,
            Some("video/mp4"),
            None,
        ),
        (json!({"video_note": file(json!({"duration": 4, "length": 240, "file_size": 5}))}), MediaKind::Video, None, Some(5)),
        (json!({"animation": gif, "document": file(json!({}))}), MediaKind::Video, Some("video/mp4"), None),
        (json!({"audio": file(json!({"duration": 4, "mime_type": "audio/mpeg"}))}), MediaKind::Audio, Some("audio/mpeg"), None),
        (
            json!({"document": file(json!({"mime_type": "application/pdf", "file_name": "акт.pdf"}))}),
            MediaKind::Document,
            Some("application/pdf"),
            None,
        ),
    ];
    for (content, kind, mime, size) in table {
        let Kind::Media(media) = kind_of(&content) else { panic!("no media: {content}") };
        assert_eq!((media.kind, media.mime.as_deref(), media.size), (kind, mime, size), "{content}");
        assert_eq!(media.file_id, "F");
    }
}

#[test]
fn what_we_cannot_use_is_named() {
    let table = [
        (json!({"sticker": {"emoji": "x"}}), unsupported("sticker")),
        (json!({"dice": {"emoji": "🎲", "value": 3}}), unsupported("dice")),
        (json!({"story": {"id": 2}}), unsupported("story")),
        (json!({"holo_call": {"x": 1}}), unsupported("holo_call")),
        (json!({"Бұл не?": 1}), unsupported("unknown")),
        (json!({}), unsupported("empty")),
        (json!({"text": 5}), unsupported("text")),
        (json!({"voice": {"duration": 4}}), unsupported("voice")),
        (json!({"pinned_message": {"message_id": 1}}), other("pinned_message")),
        (json!({"message_auto_delete_timer_changed": {"message_auto_delete_time": 60}}), other("message_auto_delete_timer_changed")),
    ];
    for (content, expected) in table {
        assert_eq!(kind_of(&content), expected, "{content}");
    }
}

#[test]
fn presses_with_and_without_their_message() {
    let press = |extra: Value| {
        let mut press = json!({"id": "9001", "from": person(), "chat_instance": "1", "data": "ok:17"});
        for (key, value) in extra.as_object().unwrap() {
            press[key] = value.clone();
        }
        update("callback_query", press)
    };
    let button = Kind::Button { data: "ok:17".into(), callback_id: "9001".into() };

    let full = split(&press(json!({"message": {"message_id": 40, "date": 1_795_000_000, "chat": private(), "text": "?"}}))).unwrap();
    assert_eq!((full.kind, full.chat, full.message_id, full.date), (button.clone(), Some(AIGUL), Some(40), None));
    assert_eq!(full.sender.unwrap().id, AIGUL);

    let old = split(&press(json!({"message": {"message_id": 40, "date": 0, "chat": private()}}))).unwrap();
    assert_eq!((old.kind, old.chat), (button.clone(), Some(AIGUL)));

    let bare = press(json!({}));
    let gone = split(&bare).unwrap();
    assert_eq!((gone.kind, gone.chat, gone.chat_type), (button, Some(AIGUL), ChatType::Private));
    assert_eq!(chat_key(&bare), Some(AIGUL.to_string()));

    assert_eq!(split(&press(json!({"data": null}))).unwrap().kind, other("callback_query"));
    let group = press(json!({"message": {"message_id": 4, "chat": {"id": -1_005, "type": "supergroup"}}}));
    assert_eq!(split(&group).unwrap().kind, other("callback_query"));
}

#[test]
fn edits() {
    let edit = |content: Value| split(&update("edited_message", message(&content))).unwrap().kind;
    assert_eq!(edit(json!({"text": "Абай 14", "edit_date": 1_795_000_050})), Kind::Edited { message_id: 41, text: "Абай 14".into() });
    assert_eq!(edit(json!({"photo": [], "caption": "жаңа"})), Kind::Edited { message_id: 41, text: "жаңа".into() });
    assert_eq!(edit(json!({"location": {"latitude": 42.9, "longitude": 71.3}})), other("live_location"));
    assert_eq!(edit(json!({"photo": []})), other("edited_message"));
}

#[test]
fn blocking_and_coming_back() {
    let change = |chat: Value, status: &str| {
        let member = json!({"user": {"id": 1, "is_bot": true, "first_name": "b"}, "status": status});
        let change = json!({"chat": chat, "from": person(), "date": 1_795_000_000, "old_chat_member": {}, "new_chat_member": member});
        split(&update("my_chat_member", change)).unwrap().kind
    };
    assert_eq!(change(private(), "kicked"), Kind::Blocked);
    assert_eq!(change(private(), "member"), Kind::Unblocked);
    assert_eq!(change(private(), "restricted"), other("my_chat_member"));
    assert_eq!(change(json!({"id": -5, "type": "group"}), "kicked"), other("my_chat_member"));
}

#[test]
fn groups_channels_and_bots_are_not_people_writing_to_us() {
    let mut group = message(&json!({"text": "сәлем"}));
    group["chat"] = json!({"id": -1_001_234, "type": "supergroup", "title": "Көше"});
    let incoming = split(&update("message", group)).unwrap();
    assert_eq!((incoming.kind, incoming.chat_type, incoming.chat), (other("message"), ChatType::Group, Some(-1_001_234)));

    let post = json!({"message_id": 3, "date": 1, "chat": {"id": -1_009, "type": "channel", "title": "К"}, "text": "x"});
    let incoming = split(&update("channel_post", post)).unwrap();
    assert_eq!((incoming.kind, incoming.chat_type), (other("channel_post"), ChatType::Channel));

    let mut bot = message(&json!({"text": "сәлем"}));
    bot["from"]["is_bot"] = json!(true);
    assert_eq!(split(&update("message", bot)).unwrap().kind, other("message"));

    for kind in ["poll", "message_reaction", "chat_boost", "of_tomorrow"] {
        assert_eq!(split(&update(kind, json!({"id": "1"}))).unwrap().kind, other(kind));
    }
    assert_eq!(split(&update("business_message", message(&json!({"text": "x"})))).unwrap().kind, other("business_message"));
}

#[test]
fn odd_shapes_keep_their_number() {
    let table = [
        (r#"{"update_id":5}"#, other("empty")),
        (r#"{"update_id":5,"message":null}"#, other("message")),
        (r#"{"update_id":5,"message":[1,2]}"#, other("message")),
        (r#"{"update_id":5,"message":{}}"#, other("message")),
        (r#"{"update_id":5,"message":{"chat":{"id":"5","type":"private"},"text":"x"}}"#, Kind::Text { text: "x".into() }),
        (r#"{"update_id":5,"message":{"chat":{"id":5,"type":7},"text":"x"}}"#, other("message")),
        (r#"{"update_id":5,"message":{"chat":{"id":5,"type":"private"},"from":[],"date":"now","text":"x"}}"#, Kind::Text { text: "x".into() }),
        (r#"{"update_id":5,"aaa":1,"message":{"chat":{"id":5,"type":"private"},"text":"x"}}"#, Kind::Text { text: "x".into() }),
        (r#"{"update_id":5,"<script>":{}}"#, other("unknown")),
        (r#"{"update_id":5,"message":{"chat":{"id":5,"type":"private"},"text":"\ud800"}}"#, unsupported("text")),
    ];
    for (body, expected) in table {
        let incoming = split(body.as_bytes()).unwrap();
        assert_eq!((incoming.update_id, incoming.kind), (5, expected), "{body}");
        assert_eq!(update_id(body.as_bytes()), Some(5));
    }
}

#[test]
fn what_is_no_update_is_refused_by_type() {
    let table: [(&[u8], ParseError); 11] = [
        (b"", ParseError::NotJson),
        (b"hello", ParseError::NotJson),
        (b"[]", ParseError::NotJson),
        (b"{\"update_id\":1", ParseError::NotJson),
        (b"{\"update_id\":1}x", ParseError::NotJson),
        (b"{\"update_id\":1,\"message\":{\"text\":\"\xff\xfe\"}}", ParseError::NotJson),
        (b"{}", ParseError::NoUpdateId),
        (b"{\"update_id\":\"1\"}", ParseError::NoUpdateId),
        (b"{\"update_id\":1.5}", ParseError::NoUpdateId),
        (b"{\"update_id\":99999999999999999999}", ParseError::NoUpdateId),
        (b"{\"update_id\":null}", ParseError::NoUpdateId),
    ];
    for (body, expected) in table {
        assert_eq!(split(body), Err(expected), "{}", String::from_utf8_lossy(body));
        assert_eq!(update_id(body), None);
    }
}

#[test]
fn huge_numbers_do_not_cost_the_rest() {
    for number in ["1e999999", "-1e999999", "9223372036854775808", "123456789012345678901234567890", "0.000000000000000000001", "1E400"] {
        let body = format!(
            r#"{{"update_id":5,"message":{{"message_id":{number},"date":{number},"chat":{{"id":5,"type":"private"}},"from":{{"id":{number}}},"text":"x"}}}}"#
        );
        let incoming = split(body.as_bytes()).unwrap();
        assert_eq!(incoming.kind, Kind::Text { text: "x".into() }, "{number}");
        assert_eq!((incoming.message_id, incoming.date, incoming.sender), (None, None, None), "{number}");

        let place = format!(
            r#"{{"update_id":5,"message":{{"message_id":1,"date":1,"chat":{{"id":{number},"type":"private"}},"location":{{"latitude":{number},"longitude":{number}}}}}}}"#
        );
        let incoming = split(place.as_bytes()).unwrap();
        assert!(matches!(incoming.kind, Kind::Unsupported { .. }), "{number}: {:?}", incoming.kind);
        assert_eq!(chat_key(place.as_bytes()), None, "{number}");
    }
    // Whole, but not a moment that the calendar knows.
    let far = update("message", message(&json!({"date": i64::MAX, "voice": {"duration": 1}})));
    assert_eq!(split(&far).unwrap().date, None);
}

#[test]
fn deep_nesting_neither_breaks_nor_hides() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let text = format!(r#"{{"update_id":5,"message":{{"chat":{{"id":7,"type":"private"}},"text":"x","z":{deep}}},"a":{deep}}}"#);
    assert_eq!(split(text.as_bytes()).unwrap().kind, Kind::Text { text: "x".into() });
    assert_eq!((update_id(text.as_bytes()), chat_key(text.as_bytes()).as_deref()), (Some(5), Some("7")));

    let objects = format!("{}1{}", r#"{"reply_to_message":"#.repeat(50_000), "}".repeat(50_000));
    let voice = format!(r#"{{"update_id":5,"message":{{"chat":{{"id":7,"type":"private"}},"voice":{objects},"reply_to_message":{objects}}}}}"#);
    assert_eq!(split(voice.as_bytes()).unwrap().kind, unsupported("voice"));
}

#[test]
fn the_chat_is_found_wherever_it_lies() {
    let table = [
        (json!({"update_id": 1, "message": {"chat": {"id": -1_007, "type": "supergroup"}}}), Some("-1007")),
        (json!({"update_id": 1, "callback_query": {"message": {"chat": {"id": 8}}, "from": {"id": 9}}}), Some("8")),
        (json!({"update_id": 1, "callback_query": {"from": {"id": 9}}}), Some("9")),
        (json!({"update_id": 1, "my_chat_member": {"chat": {"id": 8}}}), Some("8")),
        (json!({"update_id": 1, "poll_answer": {"user": {"id": 6}}}), Some("6")),
        (json!({"update_id": 1, "chat_boost": {"chat": {"id": -8}}}), Some("-8")),
        (json!({"message": {"chat": {"id": 8}}}), Some("8")),
        (json!({"update_id": 1, "message": {"chat": {"id": "8"}}}), None),
        (json!({"update_id": 1, "message": 8}), None),
        (json!({"update_id": 1}), None),
    ];
    for (body, expected) in table {
        assert_eq!(chat_key(&serde_json::to_vec(&body).unwrap()).as_deref(), expected, "{body}");
    }
    assert_eq!(chat_key(b"\xff"), None);
}

/// Any JSON, not too deep, with the names that matter among its keys.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(json!("private")),
        Just(json!("/start")),
    ];
    let key = prop_oneof![
        3 => prop::sample::select(vec![
            "message", "edited_message", "callback_query", "my_chat_member", "chat", "from", "id", "type", "text", "date", "message_id", "location",
            "latitude", "longitude", "live_period", "contact", "user_id", "phone_number", "photo", "file_id", "width", "height", "voice", "venue",
            "reply_to_message", "data", "status", "new_chat_member", "is_bot", "first_name", "entities", "forward_origin",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,6}",
    ];
    leaf.prop_recursive(5, 48, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..8).prop_map(|map| Value::Object(map.into_iter().collect()))
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_survived(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = split(&body);
        let _ = chat_key(&body);
        prop_assert_eq!(update_id(&body).is_some(), split(&body).is_ok());
    }

    #[test]
    fn any_json_with_a_number_is_an_update(id in any::<i64>(), kind in prop::sample::select(vec!["message", "edited_message", "callback_query", "my_chat_member", "poll"]), value in any_json()) {
        let body = serde_json::to_vec(&json!({"update_id": id, kind: value})).unwrap();
        let incoming = split(&body).unwrap();
        prop_assert_eq!(incoming.update_id, id);
        prop_assert_eq!(incoming.chat.map(|chat| chat.to_string()), chat_key(&body));
    }

    #[test]
    fn any_content_of_a_person_is_read(content in prop::collection::btree_map(prop::sample::select(vec!["text", "location", "contact", "photo", "voice", "venue", "document", "date", "entities", "reply_to_message", "forward_origin"]), any_json(), 0..4)) {
        let content = Value::Object(content.into_iter().map(|(k, v)| (k.to_owned(), v)).collect());
        let incoming = split(&update("message", message(&content))).unwrap();
        prop_assert_eq!(incoming.chat, Some(AIGUL));
        if let Some(text) = content.get("text").and_then(Value::as_str) {
            prop_assert!(matches!(incoming.kind, Kind::Text { .. } | Kind::Command { .. }), "{text}");
        }
    }

    #[test]
    fn cut_bodies_are_refused(cut in 1usize..200) {
        let body = update("message", message(&json!({"text": "Абай 12, су жоқ"})));
        let end = body.len() - cut.min(body.len());
        prop_assert_eq!(split(&body[..end]), Err(ParseError::NotJson));
    }
}
