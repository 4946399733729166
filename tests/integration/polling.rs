//! Long polling: what was fetched is stored before it is confirmed, and comes to effect once whatever stops in between.

use crate::harness::{Kit, Resident, number_in, stories};
use jambyl109::workers::poller::Poller;
use serde_json::json;

stories! { a_laptop_without_a_public_address }

async fn a_laptop_without_a_public_address(kit: Kit) {
    let mut w = kit.world().await;
    let poller = |w: &crate::harness::World| Poller {
        core: w.server.core.clone(),
        wire: w.server.wires.telegram["main"].clone(),
        bot: "main".into(),
        owner: "test".into(),
    };
    let telegram = w.telegram.clone();
    {
        let r = Resident::ru(&w, 950);
        telegram.holds(r.update(&json!({"text": "Салтанат 5 дом, нет света с утра"})));
        // A kind that no library knows yet is kept as it came.
        let unknown = w.next_update();
        telegram.holds(json!({"update_id": unknown, "something_new": {"a": 1}}));
        poller(&w).tick().await;
        assert_eq!(w.count("SELECT COUNT(*) FROM raw_event").await, 2);
        w.settle().await;
        let number = number_in(&r.reads_one().text);
        assert_eq!(w.stored(&number).await.request.channel.as_str(), "telegram");
    }
    // The offset is kept with the updates: after a restart Telegram is asked for what follows, and nothing is done twice.
    w.restart().await;
    poller(&w).tick().await;
    w.settle().await;
    let (offsets, _) = telegram.polled();
    assert_eq!(offsets[0], 0);
    let last = w.query("SELECT CAST(next AS TEXT) FROM poll_offset").await;
    assert_eq!(last[0][0], offsets[1].to_string());
    assert_eq!(w.count("SELECT COUNT(*) FROM raw_event").await, 2);
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 1);

    // Two processes that poll at once, because a lease ran out: each update still counts once.
    let r = Resident::ru(&w, 951);
    for _ in 0..20 {
        telegram.holds(r.update(&json!({"text": "Меркеде жарық жоқ"})));
    }
    let (a, b) = (poller(&w), poller(&w));
    tokio::join!(a.tick(), b.tick());
    assert_eq!(w.count("SELECT COUNT(*) FROM raw_event").await, 22);
    w.settle().await;
    w.leave().await;
}
