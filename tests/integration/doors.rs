//! The same resident story on every door, against providers over real HTTP; and what only some doors bring: batches, files with a hash, words taken
//! back, a new number, hostile calls.

use crate::harness::meta::{self, APP_SECRET, VERIFY_TOKEN, bring, bring_signed};
use crate::harness::{Api, Delivery, Door, Kit, MetaFail, Options, SmsFail, Staff, Visitor, number_in, stories, text};
use jambyl109::domain::request::Status;
use reqwest::Method;
use serde_json::{Value, json};

stories! {
    from_the_first_word_to_a_rating, a_body_of_many_people, strangers_at_metas_door, strangers_at_the_gateways_door, a_picture_with_its_hash,
    words_taken_back, a_new_number, providers_that_stumble, whom_one_door_does_not_reach, several_processes_and_one_door,
    a_new_number_told_by_the_old_one, a_colleague_answers_past_us,
}

const NO_WATER: &str = "Тараз қаласы, Абай көшесі 12: таңнан бері су жоқ";

async fn from_the_first_word_to_a_rating(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let dispatcher = Staff::dispatcher(&w).await;
    for (i, door) in Door::ALL.into_iter().enumerate() {
        let aigul = Visitor::at(&w, door, 10 + i64::try_from(i).unwrap());
        aigul.says(NO_WATER).await;
        let ack = aigul.reads_text();
        let number = number_in(&ack);
        assert!(ack.contains("тіркелді"), "{door:?}: {ack}");
        let seen = dispatcher.sees(&number).await;
        for (field, value) in
            [("status", "queued"), ("class", "incident"), ("service", "water"), ("district", "taraz"), ("language", "kk"), ("channel", door.name())]
        {
            assert_eq!(seen[field], value, "{door:?} {field}");
        }
        assert_eq!(seen["thread"][0]["text"], NO_WATER, "{door:?}");

        // More about it joins it; a picture where pictures can be sent.
        aigul.says("Екінші қабатта да су жоқ").await;
        aigul.reads();
        if door.has_pictures() {
            aigul.shows(&format!("pipe{i}"), b"\xff\xd8 a burst pipe", None).await;
            aigul.reads();
            let files = dispatcher.sees(&number).await["attachments"].clone();
            assert_eq!((files[0]["status"].as_str(), files[0]["kind"].as_str()), (Some("stored"), Some("photo")), "{door:?}: {files}");
        }
        assert_eq!(w.count("SELECT COUNT(*) FROM request").await, i64::try_from(i).unwrap() + 1, "{door:?}: one matter, one request");

        aigul.says("мәртебе").await;
        let status = aigul.reads_text();
        assert!(status.contains(&number), "{door:?}: {status}");

        for (act, body) in [("assign", json!({"crew": "water_taraz_1"})), ("start", json!({})), ("resolve", json!({"note": "құбыр ауыстырылды"}))]
        {
            dispatcher.does(&number, act, body).await.expect(200);
        }
        w.settle().await;
        let ask = aigul.reads_text();
        assert!(ask.contains(&number), "{door:?}: {ask}");
        aigul.presses_or_says("nf:", "ЖОҚ").await;
        aigul.says("Екінші қабатта әлі су жоқ").await;
        let again = dispatcher.sees(&number).await;
        assert_eq!((again["status"].as_str(), again["reopened"].as_i64()), (Some("queued"), Some(1)), "{door:?}: {again}");
        aigul.reads();

        for (act, body) in [("assign", json!({"crew": "water_taraz_1"})), ("start", json!({})), ("resolve", json!({}))] {
            dispatcher.does(&number, act, body).await.expect(200);
        }
        w.settle().await;
        aigul.reads();
        aigul.presses_or_says("cf:", "ИӘ").await;
        let thanks = aigul.reads_text();
        assert!(thanks.contains("бағала"), "{door:?}: {thanks}");
        aigul.presses_or_says(&format!("rt:{}:5", number.replace('-', "")), "5").await;
        let end = w.stored(&number).await;
        assert_eq!((end.request.status, end.request.rating, end.request.reopened), (Status::Closed, Some(5), 1), "{door:?}");
    }
    let residents = w.count("SELECT COUNT(*) FROM resident").await;
    assert_eq!(residents, 5, "five doors, five people: nobody was joined without a proof");
    w.finish().await;
}

async fn a_body_of_many_people(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let people: Vec<Visitor> = (0..30).map(|n| Visitor::at(&w, Door::Whatsapp, 100 + n)).collect();
    let mut entries = Vec::new();
    for (n, p) in people.iter().enumerate() {
        let Delivery::Meta(body) = p.words(&format!("Тараз, Төле би {} үй, жарық жоқ", n + 1)) else { unreachable!() };
        entries.push(body["entry"][0].clone());
    }
    // Besides: what nobody sent to us, what nobody knows yet, and what has another shape.
    for odd in [
        json!({"changes": [{"field": "account_alerts", "value": {"entity_type": "PHONE_NUMBER"}}], "id": "1"}),
        json!({"changes": [{"field": "messages", "value": {"messages": [{"id": "wamid.new", "from": "77010000000", "type": "hologram", "timestamp": "1"}]}}], "id": "1"}),
        json!({"id": "1", "changes": 7}),
    ] {
        entries.push(odd);
    }
    let body = json!({"object": "whatsapp_business_account", "entry": entries});
    for _ in 0..2 {
        assert_eq!(bring(w.api(), &body).await.status, 200);
    }
    w.settle().await;
    assert_eq!(w.count("SELECT COUNT(*) FROM raw_event WHERE channel = 'whatsapp'").await, 33, "each once, whatever it is");
    for p in &people {
        number_in(&p.reads_text());
    }
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 30);
    assert!(!w.meta.marks().is_empty(), "nobody was shown that we read");
    w.leave().await;
}

async fn strangers_at_metas_door(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let shake = format!("hub.mode=subscribe&hub.challenge=0011584&hub.verify_token={VERIFY_TOKEN}");
    let answer = w.api().raw(&format!("/webhooks/meta?{shake}")).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "0011584"));
    for bad in ["", "hub.mode=subscribe&hub.challenge=1", "hub.mode=subscribe&hub.challenge=1&hub.verify_token=x", &shake.replace("subscribe", "x")] {
        w.api().raw(&format!("/webhooks/meta?{bad}")).await.refused(403, "forbidden");
    }

    let Delivery::Meta(good) = Visitor::at(&w, Door::Whatsapp, 1).words(NO_WATER) else { unreachable!() };
    let body = meta::escaped(&good);
    let right = bots::meta::sign(APP_SECRET, body.as_bytes());
    let altered = body.replacen("wamid", "wamie", 1).replacen("whatsapp.IN", "whatsapp.IX", 1);
    let post = |header: Option<String>, body: String| {
        let call = w.api().call(Method::POST, "/webhooks/meta").header("content-type", "application/json").body(body);
        Api::send(match header {
            Some(h) => call.header("x-hub-signature-256", h),
            None => call,
        })
    };
    for (header, body) in [
        (None, body.clone()),
        (Some(String::new()), body.clone()),
        (Some("sha256=".into()), body.clone()),
        (Some(right.trim_start_matches("sha256=").to_owned()), body.clone()),
        (Some(bots::meta::sign("another", body.as_bytes())), body.clone()),
        (Some(bots::meta::sign("", body.as_bytes())), body.clone()),
        (Some(right.clone()), altered),
        (Some(right.clone()), format!("{body} ")),
    ] {
        post(header, body).await.refused(401, "unauthorized");
    }
    assert_eq!(w.count("SELECT COUNT(*) FROM raw_event").await, 0, "a stranger's word was kept");

    // Signed, and yet nothing that we know: kept, answered with 200, shown to an administrator.
    for odd in [&b"not json"[..], b"[]", b"\xff\xfe", b"{}", br#"{"object":"user","entry":[{"id":"1"}]}"#, br#"{"object":"page","entry":{}}"#] {
        for _ in 0..2 {
            assert_eq!(bring_signed(w.api(), odd, APP_SECRET).await.status, 200, "{odd:?}");
        }
    }
    assert_eq!(w.count("SELECT COUNT(*) FROM raw_event WHERE status = 'unreadable'").await, 6);
    // An envelope with nothing in it is no news.
    assert_eq!(bring_signed(w.api(), br#"{"object":"page","entry":[]}"#, APP_SECRET).await.status, 200);
    // A body as large as Meta sends them, and one that is larger than any.
    let padded = |n: usize| format!("{{\"object\":\"page\",\"pad\":\"{}\",\"entry\":[]}}", "x".repeat(n));
    assert_eq!(bring_signed(w.api(), padded(3_000_000).as_bytes(), APP_SECRET).await.status, 200);
    assert_eq!(bring_signed(w.api(), padded(5_000_000).as_bytes(), APP_SECRET).await.status, 413);
    assert_eq!(post(Some(right), body).await.status, 200);
    w.settle().await;
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 1);
    w.finish().await;
}

async fn strangers_at_the_gateways_door(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let send = |path: &str, auth: Option<&str>| {
        let call = w.api().call(Method::POST, path).form(&[("id", "1"), ("from", "77015551122"), ("text", NO_WATER)]);
        Api::send(match auth {
            Some(a) => call.header("authorization", a),
            None => call,
        })
    };
    for auth in [None, Some("Bearer "), Some("Bearer x"), Some("Basic Og=="), Some("what_the_gateway_shows_us")] {
        send("/webhooks/sms/main", auth).await.refused(401, "unauthorized");
    }
    send("/webhooks/sms/main/what_the_gateway_shows_us", None).await.refused(401, "unauthorized");
    send("/webhooks/sms/other", Some("Bearer what_the_gateway_shows_us")).await.refused(404, "not_found");
    assert_eq!(w.count("SELECT COUNT(*) FROM raw_event").await, 0);
    // A word that makes no sense is kept; the name of a shop is nobody to answer.
    for fields in [&[("x", "1")][..], &[("id", "9"), ("from", "Kaspi"), ("text", "Сізге 5000 бонус")]] {
        assert_eq!(crate::harness::sms::bring(w.api(), fields).await.status, 200);
    }
    w.settle().await;
    assert_eq!(w.count("SELECT COUNT(*) FROM conversation").await, 0);
    assert_eq!(w.count("SELECT COUNT(*) FROM raw_event WHERE status = 'unreadable'").await, 1);
    w.finish().await;
}

async fn a_picture_with_its_hash(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let r = Visitor::at(&w, Door::Whatsapp, 1);
    r.shows("good", b"\xff\xd8 a burst pipe", Some(NO_WATER)).await;
    let number = number_in(&r.reads_text());
    let file = dispatcher.sees(&number).await["attachments"][0].clone();
    assert_eq!((file["status"].as_str(), file["mime"].as_str()), (Some("stored"), Some("image/jpeg")), "{file}");
    assert!(dispatcher.api.raw(&text(&file, "url")).await.text.contains("a burst pipe"));

    // Other bytes than the person sent are not taken for the person's.
    let forged = r.picture("forged", b"\xff\xd8 the true one", None);
    w.meta.put_file("forged", b"\xff\xd8 another one", "image/jpeg");
    w.meta.forge("forged");
    assert_eq!(forged.bring(&w).await, 200);
    w.settle().await;
    let stored = w.count("SELECT COUNT(*) FROM attachment WHERE status = 'stored'").await;
    assert_eq!(stored, 1, "a file that does not fit its hash was stored");
    w.leave().await;
}

async fn words_taken_back(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let dispatcher = Staff::dispatcher(&w).await;
    for (i, door) in [Door::Whatsapp, Door::Instagram, Door::Facebook].into_iter().enumerate() {
        let r = Visitor::at(&w, door, 20 + i64::try_from(i).unwrap());
        r.says(NO_WATER).await;
        let number = number_in(&r.reads_text());
        let secret = r.words("Менің ЖСН нөмірім осы жерде жазулы тұр");
        let handle = handle_of(&secret);
        assert_eq!(secret.bring(&w).await, 200);
        w.settle().await;
        let picture = r.picture(&format!("private{i}"), b"\xff\xd8 a private picture", None);
        let shown = handle_of(&picture);
        assert_eq!(picture.bring(&w).await, 200);
        w.settle().await;
        let thread = dispatcher.sees(&number).await;
        assert!(thread["thread"].to_string().contains("ЖСН"), "{door:?}: {thread}");
        assert_eq!(thread["attachments"][0]["status"], "stored", "{door:?}");

        for h in [&handle, &shown, &handle] {
            assert_eq!(r.take_back(h).bring(&w).await, 200);
            w.settle().await;
        }
        let thread = dispatcher.sees(&number).await;
        assert!(!thread["thread"].to_string().contains("ЖСН"), "{door:?}: what was taken back is still shown: {}", thread["thread"]);
        assert!(thread["thread"].to_string().contains("су жоқ"), "{door:?}: what was not taken back is gone");
        assert_eq!(thread["attachments"][0]["status"], "unsent", "{door:?}");
        assert!(thread["attachments"][0]["url"].is_null(), "{door:?}");
    }
    // The journals stand: they point at the words, which are kept.
    w.finish().await;
}

/// The provider's handle of a message that is about to be brought.
fn handle_of(d: &Delivery) -> String {
    let Delivery::Meta(body) = d else { panic!("no handle") };
    let found = [&body["entry"][0]["changes"][0]["value"]["messages"][0]["id"], &body["entry"][0]["messaging"][0]["message"]["mid"]];
    found.iter().find_map(|v| v.as_str()).unwrap().to_owned()
}

async fn a_new_number(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let before = Visitor::at(&w, Door::Whatsapp, 1);
    let after = Visitor::at(&w, Door::Whatsapp, 2);
    before.says(NO_WATER).await;
    let number = number_in(&before.reads_text());
    let at = w.now().timestamp().to_string();
    let change =
        meta::whatsapp(json!({"messages": [{"id": "wamid.change", "timestamp": at, "type": "system", "from": before.phone().trim_start_matches('+'),
        "from_user_id": before.chat(), "system": {"type": "user_changed_number", "body": "changed", "wa_id": after.phone().trim_start_matches('+'),
        "user_id": after.chat()}}]}));
    for _ in 0..2 {
        assert_eq!(bring(w.api(), &change).await.status, 200);
    }
    w.settle().await;
    // What follows is said to the new one, and what is asked from there is known.
    let dispatcher = Staff::dispatcher(&w).await;
    dispatcher.does(&number, "reply", json!({"text": "Бригада жолда"})).await.expect(200);
    w.settle().await;
    assert!(after.reads_text().contains("Бригада жолда"));
    after.says("мәртебе").await;
    assert!(after.reads_text().contains(&number));
    assert!(before.reads().is_empty());
    assert_eq!(w.count("SELECT COUNT(*) FROM resident").await, 1);
    w.finish().await;
}

/// The provider names neither the old identifier nor the new one: only the numbers.
async fn a_new_number_told_by_the_old_one(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let before = Visitor::at(&w, Door::Whatsapp, 3);
    let stranger = Visitor::at(&w, Door::Whatsapp, 5);
    before.says(NO_WATER).await;
    let number = number_in(&before.reads_text());
    let digits = |v: &Visitor<'_>| v.phone().trim_start_matches('+').to_owned();
    let after = Visitor::at(&w, Door::Whatsapp, 4);
    let change = |from: &Visitor<'_>, id: &str| {
        let at = w.now().timestamp().to_string();
        meta::whatsapp(json!({"messages": [{"id": id, "timestamp": at, "type": "system", "from": digits(from),
            "system": {"type": "user_changed_number", "body": "changed", "wa_id": digits(&after)}}]}))
    };
    // Nobody proved this number: nothing is moved by it.
    assert_eq!(bring(w.api(), &change(&stranger, "wamid.strange")).await.status, 200);
    w.settle().await;
    assert_eq!(w.query("SELECT chat FROM conversation").await, [[before.chat()]]);
    for _ in 0..2 {
        assert_eq!(bring(w.api(), &change(&before, "wamid.numbers")).await.status, 200);
    }
    w.settle().await;
    assert_eq!(w.query("SELECT chat FROM conversation").await, [[digits(&after)]]);
    assert_eq!(w.query("SELECT phone FROM resident").await, [[after.phone()]]);
    let dispatcher = Staff::dispatcher(&w).await;
    dispatcher.does(&number, "reply", json!({"text": "Бригада жолда"})).await.expect(200);
    w.settle().await;
    assert!(w.meta.to(&digits(&after)).iter().any(|m| m.text.contains("Бригада жолда")));
    assert!(before.reads().is_empty());
    // The person goes on writing under an identifier that nobody had told us.
    after.says("мәртебе").await;
    assert!(after.reads_text().contains(&number));
    assert_eq!(w.count("SELECT COUNT(*) FROM resident WHERE phone IS NOT NULL").await, 1);
    assert_eq!(w.faults(&number).await, Vec::new());
    w.finish().await;
}

/// Somebody of ours answers in the provider's own application; what we sent ourselves comes back in the same shape.
async fn a_colleague_answers_past_us(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let dispatcher = Staff::dispatcher(&w).await;
    for (i, door) in [Door::Instagram, Door::Facebook].into_iter().enumerate() {
        let r = Visitor::at(&w, door, 60 + i64::try_from(i).unwrap());
        r.says(NO_WATER).await;
        let ours = r.all();
        let number = number_in(&r.reads_text());
        let account = if door == Door::Instagram { meta::INSTAGRAM_ID } else { meta::PAGE_ID };
        let echo = |mid: &str, text: &str| {
            let event = json!({"sender": {"id": account}, "recipient": {"id": r.chat()}, "timestamp": w.now().timestamp_millis(),
                "message": {"mid": mid, "text": text, "is_echo": true}});
            meta::thread(door.name(), &event, w.now())
        };
        for said in &ours {
            assert_eq!(bring(w.api(), &echo(&said.id, &said.text)).await.status, 200);
        }
        // A part of a long answer has a handle that we were not told.
        assert_eq!(bring(w.api(), &echo("m.part", &ours[0].text.chars().take(20).collect::<String>())).await.status, 200);
        w.settle().await;
        let count = format!(
            "SELECT COUNT(*) FROM message WHERE author = 'system:meta_app' AND conversation_id IN (SELECT id FROM conversation WHERE chat = '{}')",
            r.chat()
        );
        assert_eq!(w.count(&count).await, 0, "{door:?}: our own words came back as a colleague's");
        for _ in 0..2 {
            assert_eq!(bring(w.api(), &echo("m.colleague", "Сәлеметсіз бе, бригада түстен кейін барады")).await.status, 200);
        }
        w.settle().await;
        let seen = dispatcher.sees(&number).await;
        let said: Vec<&Value> = seen["thread"].as_array().unwrap().iter().filter(|m| m["author"] == "system:meta_app").collect();
        assert_eq!(said.len(), 1, "{door:?}: {}", seen["thread"]);
        assert_eq!((said[0]["direction"].as_str(), said[0]["text"].as_str()), (Some("out"), Some("Сәлеметсіз бе, бригада түстен кейін барады")));
        assert_eq!(w.faults(&number).await, Vec::new());
        assert!(r.reads().is_empty(), "{door:?}: it was said once more by us");
    }
    w.finish().await;
}

async fn providers_that_stumble(kit: Kit) {
    let w = kit.world_with(Options::every_door().and("OUTBOX__BASE_BACKOFF_MS", "100")).await;
    let doors = [Door::Whatsapp, Door::Instagram, Door::Facebook];
    let trouble = [MetaFail::TooMany(1), MetaFail::Pair, MetaFail::Server, MetaFail::Broken, MetaFail::AnswerLost, MetaFail::Unauthorized];
    let mut n = 0;
    for door in doors {
        for fail in trouble {
            n += 1;
            let r = Visitor::at(&w, door, 300 + n);
            w.meta.fail_chat(&r.chat(), fail);
            r.says(NO_WATER).await;
            for _ in 0..30 {
                w.advance(std::time::Duration::from_secs(30)).await;
                if !r.all().is_empty() {
                    break;
                }
            }
            let all = r.all();
            let twice = fail == MetaFail::AnswerLost;
            let acks = all.iter().filter(|m| m.text.contains("тіркелді")).count();
            assert!(acks == 1 || (twice && acks == 2), "{door:?} {fail:?}: {all:#?}");
        }
    }
    // And all of them are slow from now on.
    w.meta.slow_down(std::time::Duration::from_millis(50));
    w.sms.slow_down(std::time::Duration::from_millis(50));
    for fail in [SmsFail::TooMany, SmsFail::Server, SmsFail::AnswerLost, SmsFail::Stopped] {
        n += 1;
        let r = Visitor::at(&w, Door::Sms, 300 + n);
        w.sms.fail_next(fail);
        r.says(NO_WATER).await;
        for _ in 0..30 {
            w.advance(std::time::Duration::from_secs(30)).await;
            if !r.all().is_empty() {
                break;
            }
        }
        let acks = r.all().iter().filter(|m| m.text.contains("тіркелді")).count();
        assert!(acks == 1 || (fail == SmsFail::AnswerLost && acks == 2), "{fail:?}: {:#?}", r.all());
    }
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, i64::from(i32::try_from(n).unwrap()));
    w.advance(std::time::Duration::from_secs(120)).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM outbox WHERE status <> 'sent'").await, 0);
    w.finish().await;
}

/// WhatsApp does not reach a person whose number it told us: the answer goes as a short message.
async fn whom_one_door_does_not_reach(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    for (n, fail) in [MetaFail::Unreachable, MetaFail::Blocked].into_iter().enumerate() {
        let r = Visitor::at(&w, Door::Whatsapp, 400 + i64::try_from(n).unwrap());
        w.meta.fail_chat(&r.chat(), fail);
        r.says(NO_WATER).await;
        w.minutes(1).await;
        let texted = w.sms.to(&r.phone());
        assert_eq!(texted.len(), 1, "{fail:?}: {texted:#?}");
        assert_eq!(w.stored(&number_in(&texted[0].text)).await.request.channel.as_str(), "whatsapp");
        assert!(r.reads().is_empty(), "{fail:?}");
    }
    w.finish().await;
}

/// The same body brought to two processes at once is one event.
async fn several_processes_and_one_door(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    if w.kit.backend == crate::harness::Backend::Sqlite {
        return w.leave().await;
    }
    let mut second = w.another().await;
    let people: Vec<Visitor> = (0..20).map(|n| Visitor::at(&w, Door::Facebook, 500 + n)).collect();
    let bodies: Vec<Value> = people
        .iter()
        .map(|p| {
            let Delivery::Meta(body) = p.words(NO_WATER) else { unreachable!() };
            body
        })
        .collect();
    let calls = bodies.iter().flat_map(|b| [bring(w.api(), b), bring(&second.api, b)]);
    for answer in futures_util::future::join_all(calls).await {
        assert_eq!(answer.status, 200);
    }
    tokio::join!(w.settle(), second.settle());
    w.settle().await;
    assert_eq!(w.count("SELECT COUNT(*) FROM raw_event").await, 20);
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 20);
    second.ended().await;
    w.clock.advance(std::time::Duration::from_secs(60));
    w.finish().await;
}
