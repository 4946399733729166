//! The public pages: light enough for 2G, limited in both languages, with a photo or without a script.

use crate::harness::parts::{jpeg, png};
use crate::harness::wire::Phone;
use crate::harness::{Browser, Kit, Options, Staff, leads, number_in, stories};

stories! { a_visit_costs_little, a_form_may_bring_a_photo, who_comes_too_often_is_told_in_both_languages }

const FIELDS: [(&str, &str); 5] =
    [("text", "г. Тараз, ул. Абая 5: второй день нет света"), ("phone", ""), ("address", "Абая 5"), ("district", ""), ("website", "")];

async fn a_visit_costs_little(kit: Kit) {
    let w = kit.world().await;
    let mut phone = Phone::new(&w, String::new());
    let (home, first, loaded) = phone.visit("/?lang=kk").await;
    assert_eq!((home.status, home.headers["content-encoding"].as_str()), (200, "gzip"));
    assert!(loaded.iter().all(|l| !l.contains("desk") && !l.contains("road")), "residents load what is not theirs: {loaded:?}");
    let (kind, body) = {
        let parts: Vec<_> = FIELDS
            .iter()
            .map(|(name, value)| crate::harness::parts::Part {
                head: vec![format!("Content-Disposition: form-data; name=\"{name}\"")],
                body: value.as_bytes(),
            })
            .chain([crate::harness::parts::Part::named("photo", "", "application/octet-stream", b"")])
            .collect();
        crate::harness::parts::form(&parts)
    };
    let sent = phone.call("POST", "/?lang=kk", &format!("content-type: {kind}\r\n"), &body).await;
    assert_eq!(sent.status, 303, "{}", sent.text);
    let (answer, then, _) = phone.visit(&sent.headers["location"]).await;
    assert_eq!(answer.status, 200);
    let number = number_in(&sent.headers["location"]);
    assert!(answer.text.contains(&number) && answer.text.contains("Қабылдау мерзімі"), "number and times");
    let (later, again, _) = phone.visit(&format!("/t/{number}?lang=ru")).await;
    assert!(later.status == 200 && !later.text.contains("Абая"), "nothing of what was written is shown");
    let whole = first + sent.bytes + then + again;
    eprintln!("a resident: the form {first} bytes, sending {}, the answer {then}, looking again {again}, together {whole}", sent.bytes);
    assert!(whole < 30_000, "{whole} bytes");
    w.settle().await;
    w.finish().await;
}

async fn a_form_may_bring_a_photo(kit: Kit) {
    let w = kit.world_with(Options::with("AUTH__FORM_PER_ADDRESS_PER_HOUR", "50")).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let b = Browser::new(&w);
    let at = leads(&b.send_parts("/?lang=ru", &FIELDS, Some(&jpeg(b"a dark street")), false).await);
    let number = number_in(&at);
    let files = dispatcher.sees(&number).await["attachments"].clone();
    assert_eq!((files.as_array().unwrap().len(), files[0]["mime"].as_str()), (1, Some("image/jpeg")));
    let page = b.get(&at).await.text;
    assert!(!page.contains("attachments") && !page.contains("/files/"), "a photo is no public thing");
    // No photo chosen, a plain form, and photos that are none: what was typed comes back.
    for photo in [None, Some(&b""[..])] {
        leads(&b.send_parts("/?lang=ru", &FIELDS, photo, false).await);
    }
    leads(&b.send("/?lang=ru", &FIELDS).await);
    for photo in [&b"<svg onload=alert(1)>"[..], b"%PDF-1.7", &png(100_000)] {
        let a = b.send_parts("/?lang=ru", &FIELDS, Some(photo), false).await;
        assert!(a.status == 415 && a.text.contains("второй день нет света") && !a.text.contains("onload"), "{}", a.status);
    }
    assert_eq!(w.count("SELECT COUNT(*) FROM attachment").await, 1);
    // A form with a mistake brings nothing in.
    let wrong = [("text", "нет света"), ("phone", "12")];
    assert_eq!(b.send_parts("/?lang=ru", &wrong, Some(&jpeg(b"x")), false).await.status, 400);
    assert_eq!(b.send_parts("/?lang=ru", &[("text", "")], Some(&jpeg(b"x")), false).await.status, 422);
    assert_eq!(w.count("SELECT COUNT(*) FROM attachment").await, 1);
    w.finish().await;
}

async fn who_comes_too_often_is_told_in_both_languages(kit: Kit) {
    let limits =
        Options::with("AUTH__FORM_PER_ADDRESS_PER_HOUR", "4").and("AUTH__FORM_PER_PHONE_PER_HOUR", "2").and("HTTP__TRUSTED_PROXIES", "127.0.0.1");
    let w = kit.world_with(limits).await;
    let with_phone = [("text", "нет света"), ("phone", "8 701 555 66 77"), ("district", "taraz")];
    let both = |a: &crate::harness::Answer| {
        assert_eq!(a.status, 429);
        assert!(a.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() <= 3600);
        assert!(a.text.contains("мин кейін қайталаңыз") && a.text.contains("Повторите через"), "{}", a.text);
    };
    // By telephone, from wherever it comes.
    for n in 0..2 {
        leads(&Browser::from(&w, &format!("10.1.0.{n}")).send("/?lang=kk", &with_phone).await);
    }
    let a = Browser::from(&w, "10.1.0.9").send_parts("/?lang=kk", &with_phone, Some(&jpeg(b"x")), false).await;
    both(&a);
    assert!(a.text.contains("нет света"), "what was typed comes back");
    assert_eq!(w.count("SELECT COUNT(*) FROM attachment").await, 0, "a refused form brings no photo in");
    // By address, whatever the telephone.
    let b = Browser::from(&w, "10.2.0.1");
    for _ in 0..4 {
        leads(&b.send("/?lang=ru", &FIELDS).await);
    }
    both(&b.send("/?lang=ru", &FIELDS).await);
    // Guessing numbers.
    for n in 0..60 {
        b.get(&format!("/t/26-{n:04}-0000")).await;
    }
    both(&b.get("/t/26-4817-0355").await);
    assert_eq!(b.get("/").await.status, 200, "the form itself stays open");
    w.minutes(61).await;
    leads(&b.send("/?lang=ru", &FIELDS).await);
    w.finish().await;
}
