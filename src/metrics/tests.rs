use super::*;

fn known() -> Known<'static> {
    Known {
        channels: &["telegram", "app"],
        classes: &["incident", "complaint"],
        services: &["water"],
        queues: &["water_taraz"],
        statuses: &["queued", "assigned"],
        stages: &["accept", "restore"],
        call_outcomes: &["answered", "abandoned"],
        kinds: &["photos"],
        folders: &["data"],
        routes: &[("/t/{number}", "GET")],
    }
}

/// The value of the line that starts with exactly this name and these labels.
fn value(text: &str, series: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

#[test]
fn every_family_stands_from_the_start() {
    let text = Metrics::new(&known()).unwrap().encode();
    for series in [
        r#"jambyl_inbound_events_total{channel="telegram",outcome="duplicate"}"#,
        r#"jambyl_requests_created_total{channel="app",class="complaint",service="water"}"#,
        r#"jambyl_requests_created_total{channel="app",class="incident",service="none"}"#,
        r#"jambyl_requests_open{queue="water_taraz",status="assigned"}"#,
        "jambyl_shift_gaps",
        r#"jambyl_triage_total{head="hazard",outcome="unsure"}"#,
        r#"jambyl_sla_timers_pending{stage="accept"}"#,
        "jambyl_sla_firing_lag_seconds_count",
        r#"jambyl_sla_breaches_total{queue="water_taraz",stage="restore"}"#,
        r#"jambyl_outbox_pending{channel="telegram"}"#,
        r#"jambyl_outbox_oldest_seconds{channel="telegram"}"#,
        r#"jambyl_outbox_sent_total{channel="telegram",outcome="dead"}"#,
        r#"jambyl_delivery_receipts_total{channel="telegram",stage="read"}"#,
        r#"jambyl_channel_up{channel="app"}"#,
        r#"jambyl_calls_total{outcome="abandoned"}"#,
        r#"jambyl_retention_deleted_total{kind="photos"}"#,
        "jambyl_backup_last_success_timestamp_seconds",
        "jambyl_digest_last_success_timestamp_seconds",
        "jambyl_redis_up",
        r#"jambyl_disk_free_bytes{folder="data"}"#,
    ] {
        assert_eq!(value(&text, series), Some(0.0), "{series}\n{text}");
    }
    assert!(text.contains("# TYPE http_request_duration_seconds histogram"));
    assert!(text.contains(r#"http_request_duration_seconds_bucket{method="GET",route="/t/{number}",status="200",le="0.05"} 0"#), "{text}");
}

#[test]
#[cfg(target_os = "linux")]
fn the_process_is_measured_too() {
    let text = Metrics::new(&Known::default()).unwrap().encode();
    assert!(value(&text, "process_resident_memory_bytes").is_some_and(|bytes| bytes > 0.0), "{text}");
}

#[test]
fn two_services_in_one_process_count_apart() {
    let (a, b) = (Metrics::new(&known()).unwrap(), Metrics::new(&known()).unwrap());
    a.inbound("telegram", InboundOutcome::Accepted);
    let series = r#"jambyl_inbound_events_total{channel="telegram",outcome="accepted"}"#;
    assert_eq!((value(&a.encode(), series), value(&b.encode(), series)), (Some(1.0), Some(0.0)));
}

#[test]
fn what_a_reading_does_not_mention_is_drained_to_zero() {
    let metrics = Metrics::new(&known()).unwrap();
    let row = |queue: &str, count| OpenRow { queue: queue.into(), status: "queued".into(), count };
    let known_queue = r#"jambyl_requests_open{queue="water_taraz",status="queued"}"#;
    let late_queue = r#"jambyl_requests_open{queue="roads_shu",status="queued"}"#;
    metrics.set_open(&[row("water_taraz", 3), row("roads_shu", 2)]);
    assert_eq!((value(&metrics.encode(), known_queue), value(&metrics.encode(), late_queue)), (Some(3.0), Some(2.0)));
    metrics.set_open(&[row("water_taraz", 1)]);
    assert_eq!((value(&metrics.encode(), known_queue), value(&metrics.encode(), late_queue)), (Some(1.0), Some(0.0)));
    metrics.set_open(&[]);
    assert_eq!(value(&metrics.encode(), known_queue), Some(0.0));
}

#[test]
fn each_method_moves_its_own_series() {
    let metrics = Metrics::new(&known()).unwrap();
    metrics.request_created("app", "incident", None);
    metrics.triage(Head::Class, TriageOutcome::Nothing);
    metrics.corrected(Head::Service);
    metrics.fired("accept", Duration::from_millis(300));
    metrics.breach(None, "accept");
    metrics.sent("telegram", SentOutcome::Retried);
    metrics.receipt("app", "failed");
    metrics.calls("answered", 1);
    metrics.set_channel_up("telegram", true);
    metrics.set_timers(&[("restore".into(), 7)]);
    metrics.retention_deleted("photos", 9);
    metrics.set_upkeep([5.0, 6.0, 7.0]);
    metrics.set_parts([Some(Duration::from_millis(250)), None]);
    metrics.set_shift_gaps(3);
    metrics.set_free("data", 11);
    metrics.set_outbox(&[OutboxRow { channel: "app".into(), pending: 4, oldest_seconds: 1.5 }]);
    metrics.http("/t/{number}", "GET", 404, Duration::from_millis(3));
    let text = metrics.encode();
    for (series, expected) in [
        (r#"jambyl_requests_created_total{channel="app",class="incident",service="none"}"#, 1.0),
        (r#"jambyl_triage_total{head="class",outcome="none"}"#, 1.0),
        (r#"jambyl_triage_corrections_total{head="service"}"#, 1.0),
        (r#"jambyl_sla_firing_lag_seconds_bucket{le="0.25"}"#, 0.0),
        (r#"jambyl_sla_firing_lag_seconds_bucket{le="0.5"}"#, 1.0),
        (r#"jambyl_sla_breaches_total{queue="none",stage="accept"}"#, 1.0),
        (r#"jambyl_outbox_sent_total{channel="telegram",outcome="retried"}"#, 1.0),
        (r#"jambyl_delivery_receipts_total{channel="app",stage="failed"}"#, 1.0),
        (r#"jambyl_calls_total{outcome="answered"}"#, 1.0),
        (r#"jambyl_channel_up{channel="telegram"}"#, 1.0),
        (r#"jambyl_sla_timers_pending{stage="restore"}"#, 7.0),
        (r#"jambyl_outbox_pending{channel="app"}"#, 4.0),
        (r#"jambyl_retention_deleted_total{kind="photos"}"#, 9.0),
        ("jambyl_backup_last_success_timestamp_seconds", 5.0),
        ("jambyl_retention_last_success_timestamp_seconds", 6.0),
        ("jambyl_digest_last_success_timestamp_seconds", 7.0),
        ("jambyl_shift_gaps", 3.0),
        ("jambyl_database_up", 1.0),
        ("jambyl_database_answer_seconds", 0.25),
        ("jambyl_redis_up", 0.0),
        (r#"jambyl_disk_free_bytes{folder="data"}"#, 11.0),
        (r#"jambyl_outbox_oldest_seconds{channel="app"}"#, 1.5),
        (r#"http_request_duration_seconds_count{method="GET",route="/t/{number}",status="404"}"#, 1.0),
    ] {
        assert_eq!(value(&text, series), Some(expected), "{series}");
    }
}
