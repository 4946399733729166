//! What events of Instagram and Facebook pages mean, and how bodies are cut.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop where it stands")]

use bots::channel::ReceiptStage;
use bots::meta::{Piece, Wire};
use bots::social::{Incoming, Kind, Media, MediaKind, Person, Place, Platform, ReplyTo, pieces, read};
use proptest::prelude::*;
use serde_json::{Value, json};

const IG: &str = "17841400000000109";
const PAGE: &str = "1090000000000109";
const PERSON: &str = "5550001";
const TOLD: i64 = 1_795_000_060;
const SAID_MS: i64 = 1_795_000_000_500;

fn body(object: &str, account: &str, entry: &Value) -> Vec<u8> {
    let mut entry = entry.clone();
    entry["id"] = account.into();
    entry["time"] = TOLD.into();
    json!({"object": object, "entry": [entry]}).to_string().into_bytes()
}

fn direct(event: &Value) -> Value {
    let mut event = event.clone();
    event["timestamp"] = SAID_MS.into();
    if event.get("sender").is_none() {
        event["sender"] = json!({"id": PERSON});
        event["recipient"] = json!({"id": IG});
    }
    json!({"messaging": [event]})
}

fn message(message: &Value) -> Vec<u8> {
    body("instagram", IG, &direct(&json!({"message": message})))
}

fn feed(value: &Value) -> Vec<u8> {
    body("page", PAGE, &json!({"changes": [{"field": "feed", "value": value}]}))
}

fn comment(value: &Value) -> Vec<u8> {
    body("instagram", IG, &json!({"changes": [{"field": "comments", "value": value}]}))
}

fn only(body: &[u8]) -> (Piece, Incoming) {
    let mut all = pieces(body);
    assert_eq!(all.len(), 1, "{}", String::from_utf8_lossy(body));
    let piece = all.remove(0);
    let incoming = read(&piece.body).unwrap();
    (piece, incoming)
}

fn kind(body: &[u8]) -> Kind {
    only(body).1.kind
}

fn text(text: &str) -> Kind {
    Kind::Text { text: text.into(), reply: None }
}

fn other(kind: &str) -> Kind {
    Kind::Other { kind: kind.into() }
}

#[test]
fn a_direct_message_says_who_where_and_when() {
    let (piece, incoming) = only(&message(&json!({"mid": "m1", "text": "Абай 12, су жоқ"})));
    assert_eq!(incoming.platform, Platform::Instagram);
    assert_eq!((incoming.account.as_str(), incoming.chat.as_deref(), incoming.message_id.as_deref()), (IG, Some(PERSON), Some("m1")));
    assert_eq!(incoming.sender, Some(Person { id: PERSON.into(), name: None }));
    assert_eq!(incoming.at.unwrap().timestamp_millis(), SAID_MS);
    assert!(!incoming.standby && incoming.place.is_none());
    assert_eq!(incoming.kind, text("Абай 12, су жоқ"));
    assert_eq!((piece.wire, piece.account.as_str(), piece.external_id.as_str(), piece.chat.as_str()), (Wire::Instagram, IG, "m1", PERSON));
    assert!(piece.readable && piece.kind == "text");
}

#[test]
fn kinds_of_direct_messages() {
    let file = |kind: &str, url: &str| json!({"mid": "m", "attachments": [{"type": kind, "payload": {"url": url}}]});
    let media =
        |kind, caption: Option<&str>| Kind::Media(Media { kind, url: "https://cdn.test/1".into(), caption: caption.map(str::to_owned), group: None });
    let u = "https://cdn.test/1";
    let table = [
        (file("image", u), media(MediaKind::Photo, None)),
        (file("video", u), media(MediaKind::Video, None)),
        (file("audio", u), media(MediaKind::Audio, None)),
        (file("file", u), media(MediaKind::Document, None)),
        (json!({"mid": "m", "text": "түтін", "attachments": [{"type": "image", "payload": {"url": u}}]}), media(MediaKind::Photo, Some("түтін"))),
        (file("share", u), Kind::Shared { url: Some(u.into()), title: None }),
        (file("ig_reel", u), Kind::Shared { url: Some(u.into()), title: None }),
        (
            json!({"mid": "m", "attachments": [{"type": "fallback", "url": u, "title": "t"}]}),
            Kind::Shared { url: Some(u.into()), title: Some("t".into()) },
        ),
        // A link under words is an ornament.
        (json!({"mid": "m", "text": "мынаны қараңыз", "attachments": [{"type": "share", "payload": {"url": u}}]}), text("мынаны қараңыз")),
        (file("story_mention", u), Kind::StoryMention { url: Some(u.into()) }),
        (
            json!({"mid": "m", "text": "жарық жоқ", "reply_to": {"story": {"id": "s1", "url": u}}}),
            Kind::Text { text: "жарық жоқ".into(), reply: Some(ReplyTo::Story(Some("s1".into()))) },
        ),
        (json!({"mid": "m", "text": "иә", "reply_to": {"mid": "m0"}}), Kind::Text { text: "иә".into(), reply: Some(ReplyTo::Message("m0".into())) }),
        (json!({"mid": "m", "text": "Иә", "quick_reply": {"payload": "ok:1"}}), Kind::Button { data: "ok:1".into() }),
        (json!({"mid": "m", "text": "+77015550000", "quick_reply": {"payload": "+77015550000"}}), Kind::Phone { number: "+77015550000".into() }),
        (json!({"mid": "m", "text": "1", "quick_reply": {"payload": "123456"}}), Kind::Button { data: "123456".into() }),
        (
            json!({"mid": "m", "attachments": [{"type": "location", "payload": {"coordinates": {"lat": 42.9, "long": 71.36}}}]}),
            Kind::Location { lat: 42.9, lon: 71.36 },
        ),
        (
            json!({"mid": "m", "attachments": [{"type": "location", "payload": {"coordinates": {"lat": 142.9, "long": 71.36}}}]}),
            Kind::Unsupported { kind: "location".into() },
        ),
        (json!({"mid": "m", "is_deleted": true}), Kind::Unsent { of: "m".into() }),
        (json!({"mid": "m", "is_deleted": true, "text": "кеш", "is_echo": false}), Kind::Unsent { of: "m".into() }),
        (json!({"mid": "m", "is_echo": true, "text": "Қабылданды"}), Kind::Own { text: Some("Қабылданды".into()) }),
        (json!({"mid": "m", "is_self": true, "text": "сынақ"}), Kind::Own { text: Some("сынақ".into()) }),
        (json!({"mid": "m", "is_unsupported": true}), Kind::Unsupported { kind: "message".into() }),
        (json!({"mid": "m"}), Kind::Unsupported { kind: "message".into() }),
        (json!({"mid": "m", "text": "  "}), Kind::Unsupported { kind: "message".into() }),
        (json!({"mid": "m", "attachments": [{"type": "Жаңа түр"}]}), Kind::Unsupported { kind: "unknown".into() }),
        (json!({"mid": "m", "attachments": [{"type": "image", "payload": {}}]}), Kind::Unsupported { kind: "image".into() }),
        (json!({"mid": "m", "attachments": [{"type": "image", "payload": {"url": u, "sticker_id": 369}}]}), other("sticker")),
    ];
    for (given, expected) in table {
        assert_eq!(kind(&message(&given)), expected, "{given}");
    }
}

#[test]
fn kinds_of_other_events_in_a_thread() {
    let until = chrono::DateTime::from_timestamp_millis(SAID_MS).unwrap();
    let table = [
        (
            json!({"reaction": {"mid": "m1", "action": "react", "reaction": "love", "emoji": "❤"}}),
            Kind::Reaction { of: "m1".into(), emoji: Some("❤".into()) },
        ),
        (json!({"reaction": {"mid": "m1", "action": "react", "reaction": "love"}}), Kind::Reaction { of: "m1".into(), emoji: Some("love".into()) }),
        (json!({"reaction": {"mid": "m1", "action": "unreact"}}), Kind::Reaction { of: "m1".into(), emoji: None }),
        (json!({"postback": {"mid": "m1", "title": "Бастау", "payload": "start"}}), Kind::Button { data: "start".into() }),
        (json!({"postback": {"mid": "m1", "title": "Бастау"}}), text("Бастау")),
        (json!({"message_edit": {"mid": "m1", "text": "Абай 14", "num_edit": 1}}), Kind::Edited { of: "m1".into(), text: "Абай 14".into() }),
        (json!({"message_edit": {"mid": "m1", "num_edit": 1}}), other("message_edit")),
        (json!({"read": {"mid": "m1"}}), Kind::Receipt { provider_id: "m1".into(), stage: ReceiptStage::Read }),
        (json!({"read": {"watermark": SAID_MS}}), Kind::ReceiptUntil { until, stage: ReceiptStage::Read }),
        (json!({"delivery": {"mids": ["m1"], "watermark": SAID_MS}}), Kind::Receipt { provider_id: "m1".into(), stage: ReceiptStage::Delivered }),
        (json!({"delivery": {"watermark": SAID_MS}}), Kind::ReceiptUntil { until, stage: ReceiptStage::Delivered }),
        (json!({"referral": {"ref": "x"}}), other("referral")),
        (json!({"optin": {"type": "x"}}), other("optin")),
        (json!({"New Thing": {}}), other("unknown")),
        (json!({"message": "not an object"}), other("message")),
    ];
    for (given, expected) in table {
        assert_eq!(kind(&body("page", PAGE, &direct(&given))), expected, "{given}");
    }
}

#[test]
fn our_own_words_stand_in_the_persons_thread() {
    let event = json!({"sender": {"id": IG}, "recipient": {"id": PERSON}, "message": {"mid": "m2", "text": "Қабылданды"}});
    let (piece, incoming) = only(&body("instagram", IG, &direct(&event)));
    assert_eq!((incoming.kind, incoming.chat.as_deref()), (Kind::Own { text: Some("Қабылданды".into()) }, Some(PERSON)));
    assert_eq!(piece.external_id, "echo:m2");
    let own_press = json!({"sender": {"id": IG}, "recipient": {"id": IG}, "is_self": true, "postback": {"mid": "m3", "payload": "start"}});
    assert_eq!(kind(&body("instagram", IG, &direct(&own_press))), Kind::Own { text: None });
}

#[test]
fn a_thread_of_another_application_is_read_and_marked() {
    let event = json!({"sender": {"id": PERSON}, "recipient": {"id": IG}, "timestamp": SAID_MS, "message": {"mid": "m1", "text": "су жоқ"}});
    let (_, incoming) = only(&body("instagram", IG, &json!({"standby": [event]})));
    assert!(incoming.standby);
    assert_eq!(incoming.kind, text("су жоқ"));
}

#[test]
fn three_shapes_say_the_same() {
    let event = json!({"sender": {"id": PERSON}, "recipient": {"id": IG}, "timestamp": SAID_MS, "message": {"mid": "m1", "text": "су жоқ"}});
    let value = json!({"id": "c1", "from": {"id": PERSON, "username": "aigul"}, "text": "су жоқ", "media": {"id": "p1"}});
    let shapes = [
        [json!({"messaging": [event]}), json!({"changes": [{"field": "messages", "value": event}]}), json!({"field": "messages", "value": event})],
        [
            json!({"changes": [{"field": "comments", "value": value}]}),
            json!({"field": "comments", "value": value}),
            json!({"field": "comments", "value": [value]}),
        ],
    ];
    for [a, b, c] in shapes {
        let [a, b, c] = [a, b, c].map(|entry| only(&body("instagram", IG, &entry)));
        assert_eq!(a.1, b.1);
        assert_eq!(a.1, c.1);
        assert_eq!(a.0.external_id, b.0.external_id);
        assert_eq!(a.0.external_id, c.0.external_id);
    }
    // Some changes bring the inner value alone.
    let bare = json!({"field": "message_reactions", "value": {"mid": "m1", "action": "react", "emoji": "👍", "from": {"id": PERSON}}});
    let (_, incoming) = only(&body("instagram", IG, &bare));
    assert_eq!((incoming.kind, incoming.chat.as_deref()), (Kind::Reaction { of: "m1".into(), emoji: Some("👍".into()) }, Some(PERSON)));
    // Both objects take every shape.
    assert_eq!(kind(&body("page", IG, &json!({"changes": [{"field": "comments", "value": value}]}))), text("су жоқ"));
}

#[test]
fn several_files_are_several_pieces() {
    let file = |n: u8| json!({"type": "image", "payload": {"url": format!("https://cdn.test/{n}")}});
    let all = pieces(&message(&json!({"mid": "m1", "text": "үш сурет", "attachments": [file(1), file(2), file(3)]})));
    let ids: Vec<&str> = all.iter().map(|piece| piece.external_id.as_str()).collect();
    assert_eq!(ids, ["m1", "m1#1", "m1#2"]);
    for (n, piece) in all.iter().enumerate() {
        let Kind::Media(media) = read(&piece.body).unwrap().kind else { panic!("no file in piece {n}") };
        assert_eq!(media.url, format!("https://cdn.test/{}", n + 1));
        assert_eq!(media.caption.as_deref(), (n == 0).then_some("үш сурет"));
        assert_eq!(media.group.as_deref(), Some("m1"));
        // A piece cut again is itself.
        assert_eq!(pieces(&piece.body), std::slice::from_ref(piece));
    }
    let delivered = pieces(&body("page", PAGE, &direct(&json!({"delivery": {"mids": ["a", "b"], "watermark": SAID_MS}}))));
    let ids: Vec<&str> = delivered.iter().map(|piece| piece.external_id.as_str()).collect();
    assert_eq!(ids, ["delivered:a", "delivered:b"]);
    // However many somebody lists.
    let many: Vec<Value> = (0..200).map(file).collect();
    assert_eq!(pieces(&message(&json!({"mid": "m1", "attachments": many}))).len(), 50);
}

#[test]
fn comments_on_instagram() {
    let value = json!({"id": "c1", "from": {"id": PERSON, "username": "aigul"}, "text": "Біздің көшеде су жоқ", "parent_id": "c0",
        "media": {"id": "p1", "media_product_type": "FEED"}});
    let (piece, incoming) = only(&comment(&value));
    assert_eq!(incoming.kind, text("Біздің көшеде су жоқ"));
    assert_eq!(incoming.place, Some(Place { comment: "c1".into(), post: "p1".into(), parent: Some("c0".into()), live: false }));
    assert_eq!(incoming.sender, Some(Person { id: PERSON.into(), name: Some("aigul".into()) }));
    assert_eq!((incoming.chat.as_deref(), incoming.message_id.as_deref()), (Some("comment:c1"), Some("c1")));
    assert_eq!(incoming.at.unwrap().timestamp(), TOLD);
    assert_eq!((piece.external_id.as_str(), piece.chat.as_str()), ("comment:c1:add", "comment:c1"));

    let with = |key: &str, changed: Value| {
        let mut value = value.clone();
        value[key] = changed;
        only(&comment(&value)).1
    };
    // Of an advertisement: the medium that was advertised.
    assert_eq!(with("media", json!({"id": "ad", "original_media_id": "p1", "ad_id": "7"})).place.unwrap().post, "p1");
    assert!(with("media", json!({"id": "p1", "media_product_type": "LIVE"})).place.unwrap().live);
    assert_eq!(with("from", json!({"id": IG, "username": "jambyl109"})).kind, Kind::Own { text: Some("Біздің көшеде су жоқ".into()) });
    assert_eq!(with("from", json!({"id": "9", "self_ig_scoped_id": "99"})).kind, Kind::Own { text: Some("Біздің көшеде су жоқ".into()) });
    assert_eq!(with("text", json!("")).kind, other("comment"));
    assert_eq!(with("timestamp", json!(1_795_000_001)).at.unwrap().timestamp(), 1_795_000_001);
    // The documentation of one kind of login calls its number so.
    let renamed = json!({"comment_id": "c1", "text": "су жоқ", "from": {"id": PERSON}, "media": {"id": "p1"}});
    assert_eq!(only(&comment(&renamed)).0.external_id, "comment:c1:add");
    let nameless = json!({"text": "су жоқ", "from": {"id": PERSON}});
    assert_eq!(kind(&comment(&nameless)), other("comment"));
    let live = body("instagram", IG, &json!({"changes": [{"field": "live_comments", "value": value}]}));
    assert!(only(&live).1.place.unwrap().live);
}

#[test]
fn mentions_are_numbers_only() {
    let entry = json!({"changes": [{"field": "mentions", "value": {"media_id": "p9", "comment_id": "c9"}}]});
    let (piece, incoming) = only(&body("instagram", IG, &entry));
    assert_eq!(incoming.kind, Kind::Mention { media: "p9".into(), comment: Some("c9".into()) });
    assert_eq!(incoming.place, Some(Place { comment: "mp9_c9".into(), post: "p9".into(), parent: None, live: false }));
    assert_eq!((piece.external_id.as_str(), piece.chat.as_str()), ("comment:mp9_c9:add", "comment:mp9_c9"));
    let caption = json!({"changes": [{"field": "mentions", "value": {"media_id": "p9"}}]});
    assert_eq!(only(&body("instagram", IG, &caption)).1.place.unwrap().comment, "mp9");
    let nothing = json!({"changes": [{"field": "mentions", "value": {"comment_id": "c9"}}]});
    assert_eq!(kind(&body("instagram", IG, &nothing)), other("mention"));
}

#[test]
fn comments_on_a_page() {
    let post = format!("{PAGE}_1");
    let value = json!({"item": "comment", "verb": "add", "comment_id": "1_2", "post_id": post, "parent_id": post,
        "from": {"id": PERSON, "name": "Айгүл С."}, "message": "Абай 12: жылу жоқ", "created_time": 1_795_000_001});
    let (piece, incoming) = only(&feed(&value));
    assert_eq!(incoming.kind, text("Абай 12: жылу жоқ"));
    assert_eq!(incoming.place, Some(Place { comment: "1_2".into(), post: post.clone(), parent: None, live: false }));
    assert_eq!(incoming.sender, Some(Person { id: PERSON.into(), name: Some("Айгүл С.".into()) }));
    assert_eq!(incoming.at.unwrap().timestamp(), 1_795_000_001);
    assert_eq!((piece.external_id.as_str(), piece.wire), ("comment:1_2:add", Wire::Page));

    let with = |changes: &[(&str, Value)]| {
        let mut value = value.clone();
        for (key, changed) in changes {
            value[*key] = changed.clone();
        }
        only(&feed(&value)).1
    };
    let of = || "1_2".to_owned();
    assert_eq!(with(&[("parent_id", json!("1_1"))]).place.unwrap().parent.as_deref(), Some("1_1"));
    assert_eq!(with(&[("verb", json!("edited"))]).kind, Kind::Edited { of: of(), text: "Абай 12: жылу жоқ".into() });
    assert_eq!(with(&[("verb", json!("remove"))]).kind, Kind::Unsent { of: of() });
    assert_eq!(with(&[("verb", json!("hide"))]).kind, Kind::Unsent { of: of() });
    assert_eq!(with(&[("verb", json!("unhide"))]).kind, Kind::Shown { of: of() });
    assert_eq!(with(&[("verb", json!("like"))]).kind, other("comment"));
    let own = json!({"id": PAGE, "name": "Jambyl 109"});
    assert_eq!(with(&[("from", own.clone())]).kind, Kind::Own { text: Some("Абай 12: жылу жоқ".into()) });
    assert_eq!(with(&[("from", own.clone()), ("verb", json!("remove"))]).kind, Kind::Unsent { of: of() });
    assert_eq!(with(&[("message", json!(""))]).kind, other("comment"));
    let photo = with(&[("photo", json!("https://scontent.xx.fbcdn.net/1.jpg"))]).kind;
    assert!(matches!(photo, Kind::Media(Media { kind: MediaKind::Photo, caption: Some(_), .. })));
    assert!(matches!(with(&[("photo", json!("file:///etc/passwd"))]).kind, Kind::Text { .. }));
    // As it was called in older versions.
    let older = json!({"item": "comment", "verb": "add", "comment_id": "1_2", "post_id": post, "sender_id": 1_914_154_345_481_707_i64,
        "sender_name": "Айгүл С.", "message": "жылу жоқ"});
    assert_eq!(only(&feed(&older)).1.sender, Some(Person { id: "1914154345481707".into(), name: Some("Айгүл С.".into()) }));
}

#[test]
fn posts_on_a_page() {
    let post = format!("{PAGE}_7");
    let by = |id: &str, item: &str, verb: &str| {
        feed(&json!({"item": item, "verb": verb, "post_id": post, "from": {"id": id, "name": "А"}, "message": "Көшеде шұңқыр", "created_time": TOLD}))
    };
    let (piece, incoming) = only(&by(PERSON, "status", "add"));
    assert_eq!((incoming.kind, piece.external_id.as_str()), (text("Көшеде шұңқыр"), format!("comment:{post}:add").as_str()));
    assert_eq!(incoming.place.unwrap(), Place { comment: post.clone(), post: post.clone(), parent: None, live: false });
    assert_eq!(kind(&by(PERSON, "post", "remove")), Kind::Unsent { of: post.clone() });
    // The page's own posts are no answers; signs and likes say nothing.
    assert_eq!(kind(&by(PAGE, "status", "add")), other("status"));
    assert_eq!(kind(&by(PERSON, "reaction", "add")), other("reaction"));
    assert_eq!(kind(&by(PERSON, "like", "add")), other("like"));
    assert_eq!(kind(&body("page", PAGE, &json!({"changes": [{"field": "ratings", "value": {}}]}))), other("ratings"));
}

#[test]
fn the_same_event_has_the_same_name_and_another_has_another() {
    let name = |body: &[u8]| only(body).0.external_id;
    let edit = |words: &str| feed(&json!({"item": "comment", "verb": "edited", "comment_id": "1_2", "post_id": "9_9", "message": words}));
    assert_eq!(name(&edit("а")), name(&edit("а")));
    assert_ne!(name(&edit("а")), name(&edit("б")));
    let react = |action: &str, at: i64| {
        let event = json!({"sender": {"id": PERSON}, "recipient": {"id": IG}, "timestamp": at, "reaction": {"mid": "m1", "action": action}});
        body("instagram", IG, &json!({"messaging": [event]}))
    };
    let names = [react("react", 1), react("unreact", 2), react("react", 3)].map(|b| name(&b));
    assert!(names[0] != names[1] && names[1] != names[2] && names[0] != names[2]);
    // What is taken back is not the thing itself.
    let said = message(&json!({"mid": "m1", "text": "а"}));
    let unsent = message(&json!({"mid": "m1", "is_deleted": true}));
    assert_eq!((name(&said), name(&unsent)), ("m1".to_owned(), "unsent:m1".to_owned()));
    assert_eq!(name(&body("instagram", IG, &direct(&json!({"read": {"mid": "m1"}})))), "read:m1");
    // Hidden, shown and hidden again are three events.
    let turn = |verb: &str, told: i64| {
        let entry =
            json!({"id": PAGE, "time": told, "changes": [{"field": "feed", "value": {"item": "comment", "verb": verb, "comment_id": "1_2"}}]});
        name(json!({"object": "page", "entry": [entry]}).to_string().as_bytes())
    };
    assert_ne!(turn("hide", 1), turn("hide", 2));
    assert_eq!(turn("unhide", 1), turn("unhide", 1));
}

#[test]
fn a_batch_loses_nothing() {
    let event = |n: usize| json!({"sender": {"id": PERSON}, "timestamp": SAID_MS, "message": {"mid": format!("m{n}"), "text": "а"}});
    let value = |n: usize| json!({"field": "comments", "value": {"id": format!("c{n}"), "from": {"id": PERSON}, "text": "а", "media": {"id": "p"}}});
    let entries: Vec<Value> = (0..250)
        .map(|n| json!({"id": IG, "time": TOLD, "messaging": [event(n)], "standby": [event(n + 1000)], "changes": [value(n), value(n + 1000)]}))
        .collect();
    let all = pieces(json!({"object": "instagram", "entry": entries}).to_string().as_bytes());
    assert_eq!(all.len(), 1000);
    let mut names: Vec<&str> = all.iter().map(|piece| piece.external_id.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 1000);
    assert!(all.iter().all(|piece| piece.readable && read(&piece.body).is_some()));
}

#[test]
fn odd_bodies_are_kept() {
    let long = "м".repeat(700);
    let table: [(&[u8], usize, bool); 12] = [
        (br#"{"object":"instagram"}"#, 1, false),
        (br#"{"object":"instagram","entry":{}}"#, 1, false),
        (br#"{"object":"instagram","entry":[]}"#, 0, true),
        (br#"{"object":"instagram","entry":[7,null,"x"]}"#, 3, false),
        (br#"{"object":"page","entry":[{"id":"1","time":1}]}"#, 1, false),
        (br#"{"object":"page","entry":[{"id":"1","messaging":{}}]}"#, 1, false),
        (br#"{"object":"page","entry":[{"id":"1","messaging":[5]}]}"#, 1, true),
        (br#"{"object":"page","entry":[{"id":"1","changes":[5,{}]}]}"#, 2, true),
        (br#"{"object":"page","entry":[{"id":{},"changes":[{"field":7,"value":null}]}]}"#, 1, true),
        (br#"{"object":"page","entry":[{"id":"1","messaging":[{"message":{"mid":5,"text":7}}]}]}"#, 1, true),
        (br#"{"object":"page","part":18446744073709551615,"entry":[{"messaging":[{"message":{"mid":"m","attachments":[]}}]}]}"#, 1, true),
        (br#"{"object":"user","entry":[{}]}"#, 1, false),
    ];
    for (body, count, readable) in table {
        let all = pieces(body);
        assert_eq!(all.len(), count, "{}", String::from_utf8_lossy(body));
        assert!(all.iter().all(|piece| piece.readable == readable && !piece.external_id.is_empty() && !piece.chat.is_empty()));
    }
    // Names from outside never grow without end, nor hold what a key cannot.
    let (piece, _) = only(&message(&json!({"mid": long, "text": "а"})));
    assert!(piece.external_id.starts_with("sha256:"));
    let (piece, incoming) = only(&message(&json!({"mid": "a\u{0}b", "text": "а"})));
    assert!(piece.external_id.starts_with("sha256:") && incoming.message_id.is_none());
}

/// JSON of any shape, with keys that mean something.
fn hostile() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|f| json!(f)),
        "\\PC{0,12}".prop_map(Value::from),
        Just(json!("add")),
        Just(json!("comment")),
        Just(json!("image")),
        Just(json!(IG)),
        Just(json!("comments")),
        Just(json!("feed")),
        Just(json!("messages")),
    ];
    let key = prop::sample::select(vec![
        "id",
        "time",
        "messaging",
        "standby",
        "changes",
        "field",
        "value",
        "sender",
        "recipient",
        "timestamp",
        "message",
        "mid",
        "text",
        "attachments",
        "type",
        "payload",
        "url",
        "is_deleted",
        "is_echo",
        "quick_reply",
        "reply_to",
        "story",
        "reaction",
        "read",
        "watermark",
        "delivery",
        "mids",
        "postback",
        "from",
        "media",
        "comment_id",
        "post_id",
        "parent_id",
        "item",
        "verb",
        "created_time",
        "object",
        "entry",
        "part",
        "қосымша",
    ]);
    leaf.prop_recursive(6, 120, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..8)
                .prop_map(|pairs| Value::from(pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<serde_json::Map<_, _>>())),
        ]
    })
}

proptest! {
    #[test]
    fn any_entry_is_cut_into_pieces_that_stand_alone(entry in hostile(), page: bool) {
        let object = if page { "page" } else { "instagram" };
        let body = json!({"object": object, "entry": [entry]}).to_string();
        let all = pieces(body.as_bytes());
        prop_assert!(!all.is_empty());
        for piece in all {
            prop_assert!(piece.external_id.len() <= 400 && !piece.external_id.is_empty());
            if piece.readable {
                prop_assert!(read(&piece.body).is_some());
                let again = pieces(&piece.body);
                prop_assert_eq!(again.len(), 1);
                prop_assert_eq!(&again[0].external_id, &piece.external_id);
                prop_assert_eq!(&again[0].chat, &piece.chat);
            }
        }
    }

    #[test]
    fn any_bytes_are_kept(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(pieces(&bytes).len(), 1);
        let _ = read(&bytes);
    }
}
