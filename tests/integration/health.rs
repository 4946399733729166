//! Probes, metrics, and an end in good order.

use crate::harness::{Kit, Options, Resident, Staff, deliver, number_in, stories};
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

stories! { the_end_waits_for_a_slow_provider, probes_and_metrics, the_end_waits_for_open_requests, live_loops_do_it_all, a_restart_loses_nothing }

const NO_LIGHT: &str = "г. Тараз, ул. Абая 77: второй день нет света";

async fn probes_and_metrics(kit: Kit) {
    let w = kit.world().await;
    assert_eq!(w.api().raw("/health/live").await.status, 200);
    let ready = w.api().raw("/health/ready").await;
    assert_eq!((ready.status, ready.json()["database"].as_str()), (200, Some("ok")));
    assert!(ready.headers.contains_key("x-request-id") && ready.headers.contains_key("content-security-policy"));
    let promised = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/ops/prometheus/metrics.txt")).unwrap();
    let promised: Vec<Vec<&str>> =
        promised.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty()).map(|l| l.split_whitespace().collect()).collect();
    assert!(promised.len() > 10);
    // From the start, before anything has happened.
    let metrics = w.api().raw("/metrics").await.text;
    for family in &promised {
        assert!(metrics.contains(&format!("# TYPE {} {}\n", family[0], family[1])), "{family:?} is not there");
        let sample = metrics.lines().find(|l| l.starts_with(family[0]) && !l.starts_with('#'));
        let sample = sample.unwrap_or_else(|| panic!("{family:?} has no sample"));
        for label in family.get(2).into_iter().flat_map(|l| l.split(',')) {
            assert!(sample.contains(&format!("{label}=\"")), "{label} is missing in {sample}");
        }
    }
    let r = Resident::ru(&w, 901);
    r.says(NO_LIGHT).await;
    let number = number_in(&r.reads_one().text);
    let metrics = w.api().raw("/metrics").await.text;
    w.server.health.tick().await;
    assert!(w.api().raw("/metrics").await.text.contains(r#"jambyl_channel_up{channel="telegram"} 1"#));
    for line in [
        r#"jambyl_inbound_events_total{channel="telegram",outcome="accepted"} 1"#,
        r#"jambyl_requests_created_total{channel="telegram",class="incident",service="electricity"} 1"#,
        r#"jambyl_sla_timers_pending{stage="accept"} 1"#,
        r#"jambyl_outbox_sent_total{channel="telegram",outcome="sent"} 1"#,
        r#"jambyl_outbox_pending{channel="telegram"} 0"#,
    ] {
        assert!(metrics.contains(line), "{line} is missing");
    }
    assert!(metrics.lines().any(|l| l.starts_with("jambyl_requests_open{") && l.contains("electricity") && l.ends_with(" 1")), "nothing is open");
    for secret in [number.as_str(), "901", "Абая", "Айгүл"] {
        assert!(!metrics.lines().any(|l| l.contains(&format!("=\"{secret}"))), "{secret} is a label");
    }
    w.finish().await;
}

/// A call whose body is still on its way when the order to stop comes.
async fn the_end_waits_for_open_requests(kit: Kit) {
    let mut w = kit.world().await;
    let addr = w.api().base.trim_start_matches("http://").to_owned();
    let body = Resident::ru(&w, 902).update(&json!({"text": NO_LIGHT})).to_string();
    let mut open = tokio::net::TcpStream::connect(&addr).await.unwrap();
    let head = format!(
        "POST /webhooks/telegram/main HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Telegram-Bot-Api-Secret-Token: hook_secret_of_the_tests\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    open.write_all(head.as_bytes()).await.unwrap();
    open.write_all(&body.as_bytes()[..20]).await.unwrap();
    // A second connection stands ready, so that readiness can be asked while the door is closing.
    let mut probe = tokio::net::TcpStream::connect(&addr).await.unwrap();
    probe.write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut first = Vec::new();
    while !String::from_utf8_lossy(&first).contains("\"ok\"") {
        assert!(probe.read_buf(&mut first).await.unwrap() > 0);
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    w.server.order_stop();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let _ = probe.write_all(b"GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let mut seen = [0u8; 512];
    if let Ok(Ok(n)) = tokio::time::timeout(Duration::from_secs(2), probe.read(&mut seen)).await {
        let answer = String::from_utf8_lossy(&seen[..n]).into_owned();
        assert!(n == 0 || answer.starts_with("HTTP/1.1 503"), "ready while it stops: {answer}");
    }
    open.write_all(&body.as_bytes()[20..]).await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(Duration::from_secs(5), open.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    w.server.ended().await;
    assert!(tokio::net::TcpStream::connect(&addr).await.is_err(), "the door is still open");
    // What was answered with 200 is there after the next start.
    w.restart().await;
    w.settle().await;
    number_in(&Resident::ru(&w, 902).reads_one().text);
    w.finish().await;
}

/// A message is on its way when the order to stop comes: it is not sent once more after the next start.
async fn the_end_waits_for_a_slow_provider(kit: Kit) {
    let mut w = kit.world_with(Options { live: true, ..Options::default() }).await;
    w.telegram.slow_down(Duration::from_millis(1500));
    let update = Resident::ru(&w, 905).update(&json!({"text": NO_LIGHT}));
    assert_eq!(deliver(w.api(), &update).await.status, 200);
    let began = std::time::Instant::now();
    while w.count("SELECT COUNT(*) FROM outbox WHERE status = 'sending'").await == 0 {
        assert!(began.elapsed() < Duration::from_secs(20), "nobody works");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(w.telegram.sent().is_empty(), "the provider was not slow enough");
    let now = w.now();
    w.restart().await;
    assert_eq!(w.telegram.sent().len(), 1, "the end did not wait");
    assert_eq!(w.count("SELECT COUNT(*) FROM outbox WHERE status = 'sent'").await, 1);
    w.telegram.slow_down(Duration::ZERO);
    w.clock.set(now + chrono::Duration::minutes(10));
    w.settle().await;
    assert_eq!(w.telegram.sent().len(), 1, "it was sent twice");
    w.finish().await;
}

/// The loops themselves, on the machine's clock.
async fn live_loops_do_it_all(kit: Kit) {
    let w = kit.world_with(Options { live: true, ..Options::default() }).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let r = Resident::ru(&w, 903);
    let before = std::time::Instant::now();
    assert_eq!(deliver(w.api(), &r.update(&json!({"text": NO_LIGHT}))).await.status, 200);
    while r.all().is_empty() {
        assert!(before.elapsed() < Duration::from_secs(20), "nobody works");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let took = before.elapsed();
    let number = number_in(&r.reads_one().text);
    dispatcher.does(&number, "accept", json!({})).await.expect(200);
    dispatcher.does(&number, "resolve", json!({})).await.expect(200);
    while r.all().len() < 2 {
        assert!(before.elapsed() < Duration::from_secs(20), "nobody works any more");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(took < Duration::from_secs(5), "an acknowledgement took {took:?}");
    w.finish().await;
}

async fn a_restart_loses_nothing(kit: Kit) {
    let mut w = kit.world().await;
    let update = Resident::ru(&w, 904).update(&json!({"text": NO_LIGHT}));
    assert_eq!(deliver(w.api(), &update).await.status, 200);
    w.restart().await;
    w.clock.advance(Duration::from_secs(61));
    while w.server.intake.tick().await.unwrap() > 0 {}
    assert_eq!(w.count("SELECT COUNT(*) FROM outbox WHERE status = 'pending'").await, 1);
    w.restart().await;
    w.clock.advance(Duration::from_secs(61));
    w.settle().await;
    let number = number_in(&Resident::ru(&w, 904).reads_one().text);
    w.restart().await;
    w.server.reconciler.tick().await.unwrap();
    w.clock.advance(Duration::from_secs(91));
    w.server.reconciler.tick().await.unwrap();
    w.minutes(20).await;
    assert_eq!(w.stored(&number).await.request.breaches, 1);
    w.finish().await;
}
