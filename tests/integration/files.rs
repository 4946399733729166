//! Large files pass through in parts: fetched, stored, shown, and never kept half.

use crate::harness::{Api, Kit, Options, Resident, Staff, number_in, stories, text};
use reqwest::Method;
use sha2::{Digest, Sha256};

stories! { a_large_file_comes_whole_and_in_parts, a_file_over_the_limit_leaves_nothing }

fn noise(size: u32) -> Vec<u8> {
    (0..size).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

fn stored_files(kit: &Kit) -> Vec<std::path::PathBuf> {
    fn walk(dir: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    walk(&kit.dir.path().join("media"), &mut found);
    found
}

async fn a_large_file_comes_whole_and_in_parts(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let r = Resident::ru(&w, 8001);
    let bytes = noise(3_500_001);
    r.shows("large", &bytes, Some("г. Тараз, ул. Абая 77: второй день нет света")).await;
    let number = number_in(&r.reads_one().text);
    let row = w.query("SELECT status, sha256, size FROM attachment").await.remove(0);
    assert_eq!(row, ["stored".to_owned(), hex::encode(Sha256::digest(&bytes)), bytes.len().to_string()]);
    let url = text(&dispatcher.sees(&number).await["attachments"][0], "url");

    let get = |range: Option<&str>| {
        let call = dispatcher.api.call(Method::GET, &url);
        let call = match range {
            Some(r) => call.header("range", r),
            None => call,
        };
        async { call.send().await.unwrap() }
    };
    let whole = get(None).await;
    assert_eq!((whole.status().as_u16(), whole.content_length()), (200, Some(bytes.len() as u64)));
    assert_eq!(whole.headers()["accept-ranges"], "bytes");
    assert!(whole.bytes().await.unwrap() == bytes, "the file is not what was sent");
    for (asked, from, to) in [("bytes=0-99", 0, 100), ("bytes=3500000-", 3_500_000, 3_500_001), ("bytes=-7", 3_499_994, 3_500_001)] {
        let some = get(Some(asked)).await;
        assert_eq!(some.status().as_u16(), 206, "{asked}");
        assert_eq!(some.headers()["content-range"], format!("bytes {from}-{}/3500001", to - 1).as_str());
        assert!(some.bytes().await.unwrap() == bytes[from..to], "{asked} gave something else");
    }
    let beyond = get(Some("bytes=3500001-")).await;
    assert_eq!((beyond.status().as_u16(), &beyond.headers()["content-range"]), (416, &"bytes */3500001".parse().unwrap()));
    let pages = Api::send(w.api().call(Method::GET, &url)).await;
    pages.refused(401, "unauthorized");
    w.finish().await;
}

async fn a_file_over_the_limit_leaves_nothing(kit: Kit) {
    let w = kit.world_with(Options::with("MEDIA__MAX_BYTES", "2000000")).await;
    let r = Resident::ru(&w, 8002);
    // The provider says that it is small; what really comes is more than one part and more than the limit.
    w.telegram.put_file("liar", &noise(2_600_000));
    let photo = serde_json::json!({
        "photo": [{"file_id": "liar", "file_unique_id": "u", "width": 9, "height": 9, "file_size": 1000}],
        "caption": "г. Тараз, ул. Абая 78: нет света",
    });
    assert_eq!(crate::harness::deliver(w.api(), &r.update(&photo)).await.status, 200);
    w.settle().await;
    assert_eq!(w.query("SELECT status, store_key FROM attachment").await, [["lost".to_owned(), String::new()]]);
    assert_eq!(stored_files(&w.kit), Vec::<std::path::PathBuf>::new(), "half a file was kept");
    w.finish().await;
}
