//! Files that residents bring: cleaned, told by their bytes, counted, and gone when nobody uses them.

use crate::harness::bucket::FakeBucket;
use crate::harness::parts::{Part, form, jpeg, mp4, png};
use crate::harness::{Answer, Api, AppResident, Kit, Options, Staff, World, stories, text};
use object_store::ObjectStoreExt;
use reqwest::Method;
use serde_json::{Value, json};

stories! {
    a_photo_loses_its_place,
    what_strangers_bring,
    files_are_joined_once_and_by_their_owner,
    what_is_not_used_goes,
    files_are_counted,
    files_lie_in_a_bucket,
}

async fn send(r: &AppResident, parts: &[Part<'_>]) -> Answer {
    let (kind, body) = form(parts);
    raw(r, &kind, body).await
}

async fn raw(r: &AppResident, kind: &str, body: Vec<u8>) -> Answer {
    Api::send(r.api.call(Method::POST, "/api/v1/media").header("content-type", kind).body(body)).await
}

/// Every file in the folder of media.
fn lying(w: &World) -> Vec<std::path::PathBuf> {
    fn walk(dir: &std::path::Path, out: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() { walk(&entry.path(), out) } else { out.push(entry.path()) }
        }
    }
    let mut out = Vec::new();
    walk(&w.kit.dir.path().join("media"), &mut out);
    out
}

fn holds(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|w| w == word)
}

async fn a_photo_loses_its_place(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let r = AppResident::sign_in(&w, "+77010000031", "ru").await;
    let other = AppResident::sign_in(&w, "+77010000032", "ru").await;
    let photo = r.brings(&jpeg(b"the hole in the road")).await.expect(201);
    let film = r.brings(&mp4(700_000)).await.expect(201);
    assert_eq!(
        (&photo["kind"], &photo["mime"], &film["kind"], &film["size"]),
        (&json!("photo"), &json!("image/jpeg"), &json!("video"), &json!(700_000))
    );
    let body = json!({"text": "г. Тараз, ул. Абая 5: яма на дороге", "media": [photo["id"], film["id"]]});
    let number = text(&r.reports_with_key("k", &body).await.expect(201), "number");
    assert_eq!(r.reports_with_key("k", &body).await.expect(201)["number"], number.as_str(), "a repeated call found its files used");

    let seen = dispatcher.sees(&number).await;
    let files = seen["attachments"].as_array().unwrap();
    assert_eq!(files.len(), 2);
    for f in files {
        let bytes = reqwest::Client::new()
            .get(format!("{}{}", w.api().base, text(f, "url")))
            .bearer_auth(dispatcher.api.token.as_ref().unwrap())
            .send()
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap();
        assert!(!holds(&bytes, b"GPS"), "the photo tells where it was taken");
        assert_eq!(holds(&bytes, b"the hole in the road"), f["kind"] == "photo");
    }
    assert_eq!(w.history(&number).await.iter().filter(|k| *k == "attachment_added").count(), 2);

    // The resident sees them with the words; another resident sees nothing.
    let thread = r.api.get(&format!("/requests/{number}/messages")).await.expect(200);
    assert_eq!(thread["items"].as_array().unwrap().len(), 1);
    let own = thread["items"][0]["attachments"].as_array().unwrap();
    assert_eq!((own.len(), thread["items"][0]["from"].as_str()), (2, Some("resident")));
    for f in own {
        let url = text(f, "url");
        assert_eq!(Api::send(r.api.call(Method::GET, &url)).await.status, 200);
        assert_eq!(Api::send(r.api.call(Method::GET, &url).header("range", "bytes=0-3")).await.status, 206);
        Api::send(other.api.call(Method::GET, &url)).await.refused(404, "not_found");
        Api::send(w.api().call(Method::GET, &url)).await.refused(401, "unauthorized");
    }
    // Files without words, later.
    let later = r.brings(&png(40)).await.expect(201);
    r.api.post(&format!("/requests/{number}/messages"), &json!({"media": [later["id"]]})).await.expect(200);
    let thread = r.api.get(&format!("/requests/{number}/messages?limit=1")).await.expect(200);
    let next = r.api.get(&format!("/requests/{number}/messages?limit=1&cursor={}", text(&thread, "next_cursor"))).await.expect(200);
    assert_eq!((&next["items"][0]["text"], next["items"][0]["attachments"][0]["id"].as_str()), (&Value::Null, later["id"].as_str()));
    assert_eq!(next["next_cursor"], Value::Null);
    // Names are random: not the file's identifier, and nothing that was sent.
    for path in lying(&w) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(uuid::Uuid::parse_str(&name).is_ok_and(|u| u.get_version_num() == 4), "{name}");
    }
    w.finish().await;
}

async fn what_strangers_bring(kit: Kit) {
    let w = kit.world_with(Options::with("MEDIA__MAX_BYTES", "2000000").and("AUTH__MEDIA_PER_RESIDENT_PER_HOUR", "1000")).await;
    let r = AppResident::sign_in(&w, "+77010000033", "ru").await;
    let cut = |bytes: &[u8], n: usize| bytes[..n].to_vec();
    for (bytes, status, code) in [
        (b"<!doctype html><script>alert(1)</script>".to_vec(), 415, "bad_media"),
        (b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>".to_vec(), 415, "bad_media"),
        (b"GIF89a".to_vec(), 415, "bad_media"),
        (b"%PDF-1.7".to_vec(), 415, "bad_media"),
        (b"PK\x03\x04 a zip".to_vec(), 415, "bad_media"),
        (b"MZ\x90\0".to_vec(), 415, "bad_media"),
        (b"\0\0\0\x18ftypheic".to_vec(), 415, "bad_media"),
        (b"\0\0\0\x18ftypavif".to_vec(), 415, "bad_media"),
        (Vec::new(), 415, "bad_media"),
        (b"\xff".to_vec(), 415, "bad_media"),
        (cut(&jpeg(b"x"), 40), 415, "bad_media"),
        (png(100_000), 415, "bad_media"),
        ([&b"\x89PNG\r\n\x1a\n"[..], b"\xff\xff\xff\xffIHDR"].concat(), 415, "bad_media"),
        ([&b"RIFF\xf8\xff\xff\x00WEBP"[..], &b"LIST\xff\xff\xff\0WEBP".repeat(20_000)].concat(), 415, "bad_media"),
        (jpeg(&vec![7; 2_100_000]), 413, "too_large"),
        (mp4(2_000_001), 413, "too_large"),
    ] {
        let a = r.brings(&bytes).await;
        assert_eq!((a.status, a.code().as_str()), (status, code), "{:?}: {}", String::from_utf8_lossy(&bytes[..bytes.len().min(30)]), a.text);
        assert!(!a.text.contains("alert"), "what was sent is repeated");
    }
    // What comes behind the bytes decides nothing.
    let good = jpeg(b"x");
    let odd_names = ["../../../etc/passwd", "C:\\x.jpg", "a.html", "фото.jpg", "x\u{0}.jpg", &"n".repeat(3000)];
    for name in odd_names {
        let a = send(&r, &[Part::named("file", name, "text/html", &good)]).await;
        assert!(a.status == 201 || a.status == 400, "{name}: {}", a.text);
    }
    for head in [
        vec!["Content-Disposition: form-data; name=\"file\"".to_owned()],
        vec!["Content-Disposition: form-data; name=\"file\"".into(), "Content-Type: image/svg+xml".into(), "X-Evil: 1\t".into()],
    ] {
        let a = send(&r, &[Part { head, body: &good }]).await;
        assert_eq!(a.status, 201, "{}", a.text);
        assert_eq!(a.json()["mime"], "image/jpeg");
    }
    let taken = w.count("SELECT COUNT(*) FROM attachment").await;
    // Forms that are none.
    let (kind, body) = form(&[Part::file(&good)]);
    for (kind, body) in [
        ("multipart/form-data".to_owned(), body.clone()),
        ("multipart/form-data; boundary=".into(), body.clone()),
        ("multipart/form-data; boundary=another".into(), body.clone()),
        ("application/json".into(), body.clone()),
        ("image/jpeg".into(), good.clone()),
        (kind.clone(), cut(&body, body.len() / 2)),
        (kind.clone(), Vec::new()),
        (kind.clone(), b"--the-end-of-a-part--\r\n".to_vec()),
        (kind.clone(), b"\r\n".repeat(50_000)),
        (kind.clone(), [&b"--the-end-of-a-part\r\n"[..], &b"X: y\r\n".repeat(20_000), b"\r\n"].concat()),
    ] {
        let a = raw(&r, &kind, body).await;
        assert!((400..500).contains(&a.status), "{kind}: {} {}", a.status, a.text);
    }
    let film = mp4(600_000);
    for parts in [
        vec![Part::named("photo", "x.jpg", "image/jpeg", &good)],
        vec![Part::file(&good), Part::file(&good)],
        vec![Part::file(&film), Part::named("more", "x", "text/plain", b"x")],
        vec![Part { head: vec!["Content-Type: image/jpeg".into()], body: &good }],
    ] {
        let a = send(&r, &parts).await;
        assert_eq!(a.status, 400, "{}", a.text);
    }
    // A film that breaks off in the middle leaves nothing.
    let (kind, body) = form(&[Part::file(&film)]);
    let a = raw(&r, &kind, cut(&body, 580_000)).await;
    assert_eq!(a.status, 400, "{}", a.text);
    assert_eq!(w.count("SELECT COUNT(*) FROM attachment").await, taken, "something that was refused is noted");
    w.server.housekeeper.tick().await.unwrap();
    assert_eq!(lying(&w).len() as i64, taken, "bytes of something that was refused lie there: {:?}", lying(&w));
    assert_eq!(w.count("SELECT COUNT(*) FROM doomed_file").await, 0);
    w.finish().await;
}

async fn files_are_joined_once_and_by_their_owner(kit: Kit) {
    let w = kit.world().await;
    let (r, thief) = (AppResident::sign_in(&w, "+77010000034", "ru").await, AppResident::sign_in(&w, "+77010000035", "ru").await);
    let id = r.brings(&jpeg(b"1")).await.expect(201)["id"].clone();
    let words = "г. Тараз, ул. Абая 5: нет воды";
    let post = async |r: &AppResident, media: Value| r.api.post("/requests", &json!({"text": words, "media": media})).await;
    post(&thief, json!([id])).await.refused(422, "unprocessable");
    for bad in [json!(["x"]), json!([id, id]), json!([uuid::Uuid::now_v7()]), json!(["../x"]), json!([""]), json!(["\u{0}"])] {
        post(&r, bad).await.refused(422, "unprocessable");
    }
    for bad in [json!([7]), json!("x"), json!({}), json!([null])] {
        post(&r, bad).await.refused(400, "bad_request");
    }
    let many: Vec<Value> = (0..11).map(|_| json!(uuid::Uuid::now_v7())).collect();
    post(&r, json!(many)).await.refused(422, "unprocessable");
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 0, "a request was made without its files");
    // Two requests at once want the same file: one of them gets it, the other is told.
    let (a, b) = tokio::join!(post(&r, json!([id])), post(&r, json!([id])));
    let mut got = [a.status, b.status];
    got.sort_unstable();
    assert_eq!(got, [201, 422]);
    let number = text(&if a.status == 201 { a.json() } else { b.json() }, "number");
    r.api.post(&format!("/requests/{number}/messages"), &json!({"text": "ещё", "media": [id]})).await.refused(422, "unprocessable");
    assert_eq!(r.api.get(&format!("/requests/{number}/messages")).await.expect(200)["items"].as_array().unwrap().len(), 1);
    r.api.post(&format!("/requests/{number}/messages"), &json!({})).await.refused(400, "bad_request");
    w.finish().await;
}

async fn what_is_not_used_goes(kit: Kit) {
    let w = kit.world().await;
    let r = AppResident::sign_in(&w, "+77010000036", "ru").await;
    let used = r.brings(&jpeg(b"used")).await.expect(201)["id"].clone();
    r.brings(&jpeg(b"not used")).await.expect(201);
    r.api.post("/requests", &json!({"text": "г. Тараз, ул. Абая 5: нет воды", "media": [used]})).await.expect(201);
    w.minutes(23 * 60).await;
    w.server.housekeeper.tick().await.unwrap();
    assert_eq!(lying(&w).len(), 2);
    w.minutes(2 * 60).await;
    // The process dies between the note and the deletion: the note stays.
    jambyl109::dispatch::uploads::clear(w.core()).await.unwrap();
    assert_eq!((w.count("SELECT COUNT(*) FROM doomed_file").await, lying(&w).len()), (1, 2));
    w.server.housekeeper.tick().await.unwrap();
    assert_eq!((w.count("SELECT COUNT(*) FROM doomed_file").await, w.count("SELECT COUNT(*) FROM attachment").await), (0, 1));
    let left = lying(&w);
    assert_eq!(left.len(), 1);
    assert!(holds(&std::fs::read(&left[0]).unwrap(), b"used"));
    w.finish().await;
}

async fn files_are_counted(kit: Kit) {
    let w = kit.world_with(Options::with("AUTH__MEDIA_PER_RESIDENT_PER_HOUR", "2").and("AUTH__MEDIA_PER_ADDRESS_PER_HOUR", "3")).await;
    let (one, other) = (AppResident::sign_in(&w, "+77010000037", "ru").await, AppResident::sign_in(&w, "+77010000038", "kk").await);
    for r in [&one, &one, &other] {
        r.brings(&jpeg(b"x")).await.expect(201);
    }
    let over = one.brings(&jpeg(b"x")).await;
    over.refused(429, "rate_limited");
    assert!(over.headers.contains_key("retry-after"));
    // The address has had its share too; another process counts on.
    let second = w.another().await;
    let (kind, body) = form(&[Part::file(&jpeg(b"x"))]);
    let call = second.api.with(other.api.token.as_ref().unwrap()).call(Method::POST, "/api/v1/media").header("content-type", kind).body(body);
    Api::send(call).await.refused(429, "rate_limited");
    let mut second = second;
    second.ended().await;
    w.minutes(61).await;
    one.brings(&jpeg(b"x")).await.expect(201);
    // Bytes that lie where nobody points would be found here.
    let keys = w.query("SELECT store_key FROM attachment").await;
    for key in keys {
        w.server.files.head(&key[0].as_str().into()).await.unwrap();
    }
    w.finish().await;
}

async fn files_lie_in_a_bucket(kit: Kit) {
    let bucket = FakeBucket::start().await;
    let options = Options::with("MEDIA__URL", "s3://photos")
        .and("MEDIA__ENDPOINT", &bucket.url())
        .and("MEDIA__REGION", "kz-1")
        .and("MEDIA__ACCESS_KEY", "AKIDTEST")
        .and("MEDIA__SECRET_KEY", "a secret key");
    let w = kit.world_with(options).await;
    let r = AppResident::sign_in(&w, "+77010000039", "ru").await;
    // In one piece, and in parts.
    let film = mp4(12_000_000);
    let (small, large) = (r.brings(&jpeg(b"small")).await.expect(201), r.brings(&film).await.expect(201));
    let number = text(
        &r.api.post("/requests", &json!({"text": "г. Тараз, ул. Абая 5: нет воды", "media": [small["id"], large["id"]]})).await.expect(201),
        "number",
    );
    let keys: Vec<String> = w.query("SELECT store_key FROM attachment").await.into_iter().map(|row| row[0].clone()).collect();
    let lying = bucket.objects();
    assert_eq!(lying.keys().cloned().collect::<std::collections::BTreeSet<_>>(), keys.iter().map(|k| format!("/photos/{k}")).collect());
    assert!(lying.values().any(|bytes| *bytes == film), "the film was not put together");
    assert!(bucket.unsigned().is_empty(), "{:?}", bucket.unsigned());
    let thread = r.api.get(&format!("/requests/{number}/messages")).await.expect(200);
    for f in thread["items"][0]["attachments"].as_array().unwrap() {
        let a = Api::send(r.api.call(Method::GET, &text(f, "url")).header("range", "bytes=0-3")).await;
        assert_eq!((a.status, a.headers["content-length"].to_str().unwrap()), (206, "4"));
    }
    // The service of the bucket is away for a moment, then for long.
    bucket.fail(1);
    r.brings(&jpeg(b"again")).await.expect(201);
    bucket.fail(1000);
    r.brings(&jpeg(b"in vain")).await.refused(503, "unavailable");
    bucket.fail(0);
    r.brings(&jpeg(b"at last")).await.expect(201);
    r.api.delete("/me").await.expect(204);
    w.server.housekeeper.tick().await.unwrap();
    assert!(bucket.objects().is_empty(), "{:?}", bucket.objects().keys());
    w.finish().await;
}
