//! What works at any moment of a conversation, in both languages and on every door, and what the conversation asks by itself.

use crate::harness::{Door, Kit, Options, Resident, Staff, Visitor, deliver, number_in, stories, text};
use jambyl109::domain::request::Status;
use serde_json::json;

stories! {
    a_word_from_the_resident_ends_the_pause, an_answer_to_an_operator, the_words_on_every_door, the_house_is_asked_after_the_number, corrected_in_one_tap, later_messages_join, a_voice_is_flagged, an_old_flood,
    a_digit_answers_where_nothing_can_be_tapped
}

const NO_WATER: &str = "Тараз қаласы, Абай көшесі 12: таңнан бері су жоқ";

async fn the_words_on_every_door(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let dispatcher = Staff::dispatcher(&w).await;
    for (i, door) in Door::ALL.into_iter().enumerate() {
        let r = Visitor::at(&w, door, 40 + i64::try_from(i).unwrap());
        // Half-way: the words neither end nor lose what was begun.
        r.says("таңнан бері су жоқ").await;
        assert!(r.reads_text().contains("қай жерде"), "{door:?}");
        r.says("мәртебе").await;
        assert!(r.reads_text().contains("әзірге жоқ"), "{door:?}");
        r.says("другой язык").await;
        assert!(r.reads_text().contains("по-русски"), "{door:?}");
        r.says("Тараз, Абая 12").await;
        let number = number_in(&r.reads_text());
        assert!(dispatcher.sees(&number).await["thread"][0]["text"].as_str().unwrap().starts_with("таңнан бері су жоқ"), "{door:?}");

        r.says("Оператор").await;
        assert!(r.reads_text().contains("оператору"), "{door:?}");
        r.says("отмените заявку").await;
        assert!(r.reads_text().contains("работа"), "{door:?}");
        let seen = dispatcher.sees(&number).await;
        let thread = seen["thread"].to_string();
        for part in ["Житель просит оператора", "Тұрғын оператормен сөйлескісі келеді", "Житель хочет отозвать", "отмените заявку"]
        {
            assert!(thread.contains(part), "{door:?}: {part} is missing in {thread}");
        }
        assert_eq!(seen["status"], "queued", "{door:?}: a word takes nothing back");
        r.says("қазақша").await;
        assert!(r.reads_text().contains("қазақша"), "{door:?}");

        // Begun and taken back: nothing is registered.
        let stranger = Visitor::at(&w, door, 50 + i64::try_from(i).unwrap());
        stranger.says("таңнан бері су жоқ").await;
        stranger.reads();
        stranger.says("бас тарту").await;
        assert!(stranger.reads_text().contains("тіркелген жоқ"), "{door:?}");
        w.minutes(10).await;
        assert!(stranger.reads().is_empty(), "{door:?}");
    }
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 5);
    w.finish().await;
}

async fn a_word_from_the_resident_ends_the_pause(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let r = Resident::kk(&w, 504);
    r.says(NO_WATER).await;
    let number = number_in(&r.reads_one().text);
    dispatcher.does(&number, "accept", json!({})).await.expect(200);
    w.minutes(10 * 60).await;
    let why = json!({"reason": "Пәтер нөмірін күтіп отырмыз", "why": "resident"});
    dispatcher.does(&number, "hold", why).await.expect(200);
    w.minutes(26 * 60).await;
    assert_eq!(w.stored(&number).await.request.status, Status::OnHold);
    r.says("45-пәтер").await;
    let on = w.stored(&number).await.request;
    assert_eq!((on.status, on.held_from), (Status::Assigned, None), "the answer came, the clock runs on");
    let seen = dispatcher.sees(&number).await;
    let left = seen["restore_due"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap() - w.now();
    assert_eq!(left, chrono::Duration::hours(14), "the time on hold was not counted, the time before it was");
    w.finish().await;
}

async fn an_answer_to_an_operator(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let r = Resident::kk(&w, 704);
    r.says(NO_WATER).await;
    let number = number_in(&r.reads_one().text);
    w.minutes(60).await;
    r.says("Тараз, Төле би 3: көшеде шам жанбайды").await;
    let other = number_in(&r.reads()[0].text);
    assert_ne!(other, number);
    w.minutes(60).await;
    dispatcher.does(&number, "reply", json!({"text": "Қай қабатта тұрасыз?"})).await.expect(200);
    w.settle().await;
    w.minutes(26 * 60).await;
    r.reads();
    r.says("төртінші").await;
    assert!(r.reads_one().text.contains(&number));
    assert!(dispatcher.sees(&number).await["thread"].to_string().contains("төртінші"));
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 2);
    w.finish().await;
}

async fn the_house_is_asked_after_the_number(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let r = Resident::ru(&w, 701);
    r.says("с утра нет воды во всём доме").await;
    r.reads();
    r.presses("ds:taraz").await;
    let said = r.reads();
    let number = number_in(&said[0].text);
    assert!(said[1].text.contains("Какая улица"), "{said:#?}");
    r.says("Абая 12, второй подъезд").await;
    assert!(r.reads_one().text.contains(&number));
    assert!(text(&dispatcher.sees(&number).await["place"], "address").contains("Абая 12"));
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 1);
    w.minutes(10).await;
    assert!(r.reads().is_empty(), "asked once");
    w.finish().await;
}

async fn corrected_in_one_tap(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let dispatcher = Staff::dispatcher(&w).await;
    for (i, door) in [Door::Telegram, Door::Whatsapp, Door::Instagram, Door::Facebook].into_iter().enumerate() {
        let r = Visitor::at(&w, door, 60 + i64::try_from(i).unwrap());
        r.says(NO_WATER).await;
        let ack = r.reads();
        let number = number_in(&ack[0].text);
        for part in ["Сумен жабдықтау", "Тараз", "Орындаушы"] {
            assert!(ack[0].text.contains(part), "{door:?}: what was understood is not shown: {}", ack[0].text);
        }
        r.presses_or_says("fx:", "").await;
        let digits = number.replace('-', "");
        let shown = r.reads();
        assert!(shown[0].buttons.len() >= 10, "{door:?}: {shown:#?}");
        assert_eq!(r.press(&format!("fs:{digits}:heating")).bring(&w).await, 200);
        w.settle().await;
        assert!(r.reads_text().contains("Түзеттік"), "{door:?}");
        let seen = dispatcher.sees(&number).await;
        assert_eq!((seen["service"].as_str(), seen["queue"].as_str()), (Some("heating"), Some("heating_taraz")), "{door:?}");

        // Once somebody works on it a person decides.
        dispatcher.does(&number, "accept", json!({})).await.expect(200);
        assert_eq!(r.press(&format!("fs:{digits}:roads")).bring(&w).await, 200);
        w.settle().await;
        r.reads();
        assert_eq!(dispatcher.sees(&number).await["service"], "heating", "{door:?}");
    }
    w.finish().await;
}

async fn later_messages_join(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let r = Resident::kk(&w, 702);
    r.says(NO_WATER).await;
    let number = number_in(&r.reads_one().text);
    w.minutes(300).await;
    r.reads();
    r.says("Су қашан болады?").await;
    assert!(r.reads_one().text.contains(&number));
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 1);
    assert!(dispatcher.sees(&number).await["thread"].to_string().contains("қашан болады"));
    // Ended, it takes no more.
    dispatcher.does(&number, "assign", json!({"crew": "water_taraz_1"})).await.expect(200);
    dispatcher.does(&number, "start", json!({})).await.expect(200);
    dispatcher.does(&number, "resolve", json!({})).await.expect(200);
    w.settle().await;
    r.reads();
    r.presses("cf:").await;
    w.minutes(300).await;
    r.says("Тараз, Абай көшесі 12: тағы су жоқ").await;
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 2);
    w.finish().await;
}

async fn a_voice_is_flagged(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let r = Resident::ru(&w, 703);
    w.telegram.put_file("v1", b"OggS speech");
    let voice = json!({"voice": {"file_id": "v1", "file_unique_id": "uv1", "duration": 3, "mime_type": "audio/ogg", "file_size": 11}});
    assert_eq!(deliver(w.api(), &r.update(&voice)).await.status, 200);
    w.settle().await;
    assert!(r.reads_one().text.contains("оператор"));
    w.minutes(10).await;
    let number = number_in(&r.reads_one().text);
    let seen = dispatcher.sees(&number).await;
    assert_eq!((seen["attachments"][0]["kind"].as_str(), seen["attachments"][0]["status"].as_str()), (Some("voice"), Some("stored")));
    assert!(seen["thread"].to_string().contains("нужно прослушать"), "{}", seen["thread"]);
    w.finish().await;
}

/// A provider that was down brings everything at once: each is registered with both times, nobody is greeted or asked.
async fn an_old_flood(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let people: Vec<Visitor> = Door::ALL.into_iter().zip(70..).map(|(door, n)| Visitor::at(&w, door, n)).collect();
    let said: Vec<_> = people.iter().flat_map(|r| [r.words("сәлеметсіз бе"), r.words("таңнан бері су жоқ")]).collect();
    let sent_at = w.now();
    w.minutes(120).await;
    for delivery in &said {
        assert_eq!(delivery.bring(&w).await, 200);
    }
    w.settle().await;
    for r in &people {
        let got = r.reads();
        assert_eq!(got.len(), 1, "{:?}: {got:#?}", r.door);
        let seen = dispatcher.sees(&number_in(&got[0].text)).await;
        assert!(seen["reported_at"].as_str() < seen["received_at"].as_str(), "{:?}", r.door);
        let reported: chrono::DateTime<chrono::Utc> = text(&seen, "reported_at").parse().unwrap();
        assert_eq!(reported.timestamp(), sent_at.timestamp(), "{:?}", r.door);
    }
    w.finish().await;
}

async fn a_digit_answers_where_nothing_can_be_tapped(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let r = Visitor::at(&w, Door::Sms, 90);
    r.says(NO_WATER).await;
    let number = number_in(&r.reads_text());
    for (act, body) in [("assign", json!({"crew": "water_taraz_1"})), ("start", json!({})), ("resolve", json!({}))] {
        dispatcher.does(&number, act, body).await.expect(200);
    }
    w.settle().await;
    let ask = r.reads().pop().unwrap().text;
    assert!(ask.contains("1 - Иә") && ask.contains("2 - Жоқ"), "{ask}");
    r.says("1").await;
    r.reads();
    r.says("4").await;
    assert_eq!(w.stored(&number).await.request.rating, Some(4));
    // Whatever went out was at most two parts long.
    for m in r.all() {
        assert!(m.text.encode_utf16().count() <= 134, "{}", m.text);
    }
    w.finish().await;
}
