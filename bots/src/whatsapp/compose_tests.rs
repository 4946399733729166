use super::*;

fn keyed(keyboard: Keyboard) -> Message {
    Message { keyboard, ..Message::text("Таңдаңыз") }
}

fn inline(labels: &[&str]) -> Keyboard {
    Keyboard::Inline(labels.iter().enumerate().map(|(i, label)| vec![Button::new(*label, format!("d:{i}"))]).collect())
}

fn contents(message: &Message) -> Vec<(&'static str, Value)> {
    parts(message).unwrap().into_iter().map(|part| (part.kind, Value::Object(part.content))).collect()
}

fn media(kind: OutKind, mime: &str, size: usize) -> OutMedia {
    OutMedia { kind, bytes: vec![7; size], mime: mime.to_owned(), name: "Акт №5/2.pdf".to_owned() }
}

#[test]
fn plain_texts() {
    assert_eq!(contents(&Message::text(" Су жоқ\n")), [("text", json!({"body": "Су жоқ", "preview_url": false}))]);
    assert_eq!(contents(&keyed(Keyboard::Remove)), [("text", json!({"body": "Таңдаңыз", "preview_url": false}))]);
    let long = contents(&Message::text("сөз ".repeat(2000)));
    assert_eq!(long.len(), 2);
    for empty in ["", " \n\t"] {
        assert!(matches!(parts(&Message::text(empty)), Err(SendError::Rejected(_))));
    }
}

#[test]
fn few_short_choices_are_buttons() {
    let expected = json!({"type": "button", "body": {"text": "Таңдаңыз"}, "action": {"buttons": [
        {"type": "reply", "reply": {"id": "d:0", "title": "Иә"}},
        {"type": "reply", "reply": {"id": "d:1", "title": "Жоқ, басқа мекенжай!"}},
    ]}});
    assert_eq!(contents(&keyed(inline(&["Иә", "Жоқ, басқа мекенжай!"]))), [("interactive", expected)]);
}

#[test]
fn more_or_longer_or_equal_choices_are_lists() {
    for labels in [&["1", "2", "3", "4"][..], &["Жоқ, мүлде басқа мекенжай"], &["Иә", "Иә"]] {
        let got = contents(&Message { menu: Some("Таңдау".into()), ..keyed(inline(labels)) });
        assert_eq!(got.len(), 1);
        assert_eq!((&got[0].1["type"], &got[0].1["action"]["button"]), (&json!("list"), &json!("Таңдау")));
        assert_eq!(got[0].1["action"]["sections"][0]["rows"].as_array().unwrap().len(), labels.len());
    }
    let long = contents(&keyed(inline(&["Жоқ, мүлде басқа мекенжай"])));
    let row = &long[0].1["action"]["sections"][0]["rows"][0];
    assert_eq!(row, &json!({"id": "d:0", "title": "Жоқ, мүлде басқа мекенж…", "description": "Жоқ, мүлде басқа мекенжай"}));
    assert_eq!(long[0].1["action"]["button"], json!("☰"));
}

#[test]
fn a_keyboard_too_long_for_one_list_becomes_several() {
    let labels: Vec<String> = (0..23).map(|i| format!("Қызмет {i}")).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let got = contents(&Message { menu: Some("Тағы".into()), ..keyed(inline(&labels)) });
    let sizes: Vec<usize> = got.iter().map(|(_, c)| c["action"]["sections"][0]["rows"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [10, 10, 3]);
    assert_eq!((&got[0].1["body"]["text"], &got[2].1["body"]["text"]), (&json!("Таңдаңыз"), &json!("Тағы")));
    let many = vec!["x"; 41];
    assert!(parts(&keyed(inline(&many))).is_err());
}

#[test]
fn the_same_data_stands_once() {
    let twice = Keyboard::Inline(vec![vec![Button::new("Иә", "y"), Button::new("Иә!", "y"), Button::new("Жоқ", "n")]]);
    assert_eq!(contents(&keyed(twice))[0].1["action"]["buttons"].as_array().unwrap().len(), 2);
    assert_eq!(contents(&keyed(Keyboard::Inline(Vec::new())))[0].0, "text");
}

#[test]
fn our_own_mistakes_never_leave_the_house() {
    let one = |label: &str, data: String| keyed(Keyboard::Inline(vec![vec![Button::new(label, data)]]));
    for bad in [one("x", String::new()), one("x", "қ".repeat(33)), one(" \n", "d".into()), Message { text: String::new(), ..one("x", "d".into()) }] {
        assert!(matches!(parts(&bad), Err(SendError::Rejected(_))), "{bad:?}");
    }
    assert!(parts(&one("x", "қ".repeat(32))).is_ok());
}

#[test]
fn a_long_text_goes_ahead_of_its_buttons() {
    let text = format!("{}\n\nДұрыс па?", "Өтініш мәтіні. ".repeat(100));
    let got = contents(&Message { text, ..keyed(inline(&["Иә", "Жоқ"])) });
    assert_eq!(got.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), ["text", "interactive"]);
    let body = got[1].1["body"]["text"].as_str().unwrap();
    assert!(text::length(body) <= 1024 && body.ends_with("Дұрыс па?"));
}

#[test]
fn requests_of_place_and_number() {
    let place = Keyboard::RequestLocation { label: "Орным".into(), skip: Some(Button::new("Өткізу", "ds:skip")) };
    let got = contents(&keyed(place));
    assert_eq!(got[0].1, json!({"type": "location_request_message", "body": {"text": "Таңдаңыз"}, "action": {"name": "send_location"}}));
    assert_eq!(got[1].1["body"]["text"], json!("Өткізу?"));
    assert_eq!(got[1].1["action"]["buttons"][0]["reply"], json!({"id": "ds:skip", "title": "Өткізу"}));
    assert_eq!(contents(&keyed(Keyboard::RequestLocation { label: "x".into(), skip: None })).len(), 1);
    let card = contents(&keyed(Keyboard::RequestContact { label: "Нөмірім".into() }));
    assert_eq!(card[0].1, json!({"type": "request_contact_info", "body": {"text": "Таңдаңыз"}, "action": {"name": "request_contact_info"}}));
}

#[test]
fn templates_hold_one_line_values() {
    let template = Template { name: "request_done".into(), lang: "kk".into(), params: vec!["T-26-77".into(), " a\n\tb     c ".into(), " ".into()] };
    let message = Message { template: Some(template), ..keyed(inline(&["Иә"])) };
    let expected = json!({"name": "request_done", "language": {"policy": "deterministic", "code": "kk"}, "components": [{"type": "body", "parameters": [
        {"type": "text", "text": "T-26-77"}, {"type": "text", "text": "a b c"}, {"type": "text", "text": "-"},
    ]}]});
    assert_eq!(contents(&message), [("template", expected)]);
    let bare = Template { name: "hello".into(), lang: "ru".into(), params: Vec::new() };
    let bare = Message { template: Some(bare), ..Message::default() };
    assert_eq!(contents(&bare), [("template", json!({"name": "hello", "language": {"policy": "deterministic", "code": "ru"}}))]);
}

#[test]
fn files_carry_captions_where_the_wire_shows_them() {
    let with = |media: OutMedia, text: &str| Message { media: Some(media), ..Message::text(text) };
    let photo = contents(&with(media(OutKind::Photo, "image/jpeg", 9), "Орындалды"));
    assert_eq!(photo, [("image", json!({"caption": "Орындалды"}))]);
    let sound = contents(&with(media(OutKind::Audio, "audio/ogg; codecs=opus", 9), "Тыңдаңыз"));
    assert_eq!(sound.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), ["audio", "text"]);
    let keyed = contents(&Message { keyboard: inline(&["Иә"]), ..with(media(OutKind::Video, "video/mp4", 9), "Дұрыс па?") });
    assert_eq!(keyed.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), ["video", "interactive"]);
    let long = contents(&with(media(OutKind::Photo, "image/png", 9), &"сөз ".repeat(400)));
    assert_eq!(long.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), ["image", "text"]);
    assert_eq!(contents(&with(media(OutKind::Photo, "image/png", 9), "")), [("image", json!({}))]);
    let table = [
        (OutKind::Photo, "image/webp", 9),
        (OutKind::Photo, "image/jpeg", LARGEST_PHOTO + 1),
        (OutKind::Video, "video/quicktime", 9),
        (OutKind::Document, "image/jpeg", 9),
    ];
    for (kind, mime, size) in table {
        assert_eq!(contents(&with(media(kind, mime, size), "")), [("document", json!({"filename": "Акт №5_2.pdf"}))], "{mime} {size}");
    }
    for bad in [media(OutKind::Photo, "image/jpeg", 0), media(OutKind::Photo, "", 9), media(OutKind::Photo, "фото/x", 9)] {
        assert!(matches!(parts(&with(bad, "x")), Err(SendError::Rejected(_))));
    }
}

mod limits {
    use super::super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever the words are, what goes out stays within the provider's table of limits.
        #[test]
        fn are_always_kept(
            words in "(\\PC|қ|🚰|\n| ){1,80}",
            times in 1usize..120,
            labels in proptest::collection::vec("(\\PC|қ|👩\u{200D}👧){1,90}", 0..40),
            menu in proptest::option::of("\\PC{0,40}"),
        ) {
            let rows = labels.iter().enumerate().map(|(i, label)| vec![Button::new(label.clone(), format!("d{i}"))]).collect();
            let message = Message { keyboard: Keyboard::Inline(rows), menu, ..Message::text(words.repeat(times)) };
            let Ok(parts) = parts(&message) else { return Ok(()) };
            prop_assert!(!parts.is_empty());
            let long = |value: &Value| value.as_str().map_or(0, |text| text.encode_utf16().count());
            let mut shown = 0;
            for part in &parts {
                if part.kind == "text" {
                    prop_assert!((1..=4096).contains(&long(&part.content["body"])));
                    continue;
                }
                prop_assert!((1..=1024).contains(&long(&part.content["body"]["text"])));
                let action = &part.content["action"];
                let none = Vec::new();
                let buttons = action["buttons"].as_array().unwrap_or(&none);
                prop_assert!(buttons.len() <= 3);
                prop_assert!(buttons.iter().all(|b| (1..=20).contains(&long(&b["reply"]["title"]))));
                let rows = action["sections"][0]["rows"].as_array().unwrap_or(&none);
                prop_assert!(rows.len() <= 10);
                prop_assert!(rows.iter().all(|r| (1..=24).contains(&long(&r["title"])) && long(&r["description"]) <= 72));
                prop_assert!(rows.is_empty() || (1..=20).contains(&long(&action["button"])));
                shown += buttons.len() + rows.len();
            }
            prop_assert_eq!(shown, labels.len());
        }
    }
}
