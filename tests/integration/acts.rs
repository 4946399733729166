//! What staff may do from which state, and what happens when two want the same.

use crate::harness::{Kit, Staff, World, stories, text};
use futures_util::future::join_all;
use jambyl109::domain::request::{ActKind, Status};
use serde_json::{Value, json};

stories! { every_act_from_every_state, a_stale_version, two_dispatchers_one_request, words_are_needed, a_duplicate_points_at_its_original }

async fn fresh(who: &Staff) -> String {
    let body = json!({"text": "с утра нет воды", "service": "water", "class": "incident", "district": "taraz", "language": "ru"});
    text(&who.api.post("/staff/requests", &body).await.expect(201), "number")
}

async fn other(w: &World, who: &Staff) -> String {
    let number = fresh(who).await;
    assert_eq!(w.stored(&number).await.request.status, Status::Queued);
    number
}

/// A request that stands at a state.
async fn at(w: &World, who: &Staff, status: Status) -> String {
    let number = fresh(who).await;
    let steps: Vec<(&str, Value)> = match status {
        Status::New => panic!("nobody ever sees a request that is not routed"),
        Status::Queued => vec![],
        Status::Assigned => vec![("assign", json!({"crew": "water_taraz_1"}))],
        Status::InProgress => vec![("assign", json!({"crew": "water_taraz_1"})), ("start", json!({}))],
        Status::OnHold => vec![("accept", json!({})), ("hold", json!({"reason": "ждём"}))],
        Status::Resolved => vec![("accept", json!({})), ("resolve", json!({}))],
        Status::Closed => vec![("accept", json!({})), ("resolve", json!({})), ("close", json!({}))],
        Status::Rejected => vec![("reject", json!({"reason": "не к нам"}))],
        Status::Duplicate => vec![("merge", json!({"into": other(w, who).await}))],
    };
    for (act, body) in steps {
        who.does(&number, act, body).await.expect(200);
    }
    assert_eq!(w.stored(&number).await.request.status, status);
    number
}

/// Each act with a body that is right, and where it leads; `None`: the state stays.
async fn acts(w: &World, who: &Staff) -> Vec<(ActKind, Value, Option<Status>)> {
    use ActKind as K;
    let into = other(w, who).await;
    vec![
        (K::Accept, json!({}), Some(Status::Assigned)),
        (K::Assign, json!({"crew": "water_taraz_2"}), Some(Status::Assigned)),
        (K::Start, json!({}), Some(Status::InProgress)),
        (K::Arrive, json!({}), None),
        (K::Hold, json!({"reason": "ждём", "until": "2026-12-01"}), Some(Status::OnHold)),
        (K::Resume, json!({}), Some(Status::Assigned)),
        (K::Resolve, json!({"note": "готово"}), Some(Status::Resolved)),
        (K::Close, json!({}), Some(Status::Closed)),
        (K::Reopen, json!({"reason": "снова"}), Some(Status::Queued)),
        (K::Refuse, json!({"reason": "не наше", "proposed_queue": "sewerage_taraz"}), Some(Status::Queued)),
        (K::Transfer, json!({"queue": "sewerage_taraz"}), Some(Status::Queued)),
        (K::Reject, json!({"reason": "не к нам"}), Some(Status::Rejected)),
        (K::Merge, json!({"into": into}), Some(Status::Duplicate)),
        (K::Reclassify, json!({"priority": 1}), None),
        (K::Reply, json!({"text": "едем"}), None),
        (K::Note, json!({"text": "звонили"}), None),
    ]
}

async fn every_act_from_every_state(kit: Kit) {
    let w = kit.world().await;
    let who = Staff::dispatcher(&w).await;
    let acts = acts(&w, &who).await;
    assert_eq!(acts.len(), 16);
    let (mut done, mut refused) = (0, 0);
    for status in Status::ALL.iter().copied().filter(|s| *s != Status::New) {
        // An act that is refused changes nothing, so one request serves until an act is done.
        let mut number = at(&w, &who, status).await;
        for (act, body, leads) in &acts {
            let before = w.stored(&number).await;
            let answer = who.does(&number, act.as_str(), body.clone()).await;
            let after = w.stored(&number).await;
            if act.allowed_from(status) {
                let shown = answer.expect(200);
                let wanted = leads.unwrap_or(status);
                assert_eq!((after.request.status, text(&shown, "status")), (wanted, wanted.to_string()), "{act} from {status}");
                assert!(after.request.version > before.request.version, "{act} from {status} left no trace");
                assert_eq!(w.faults(&number).await, Vec::new(), "{act} from {status}");
                done += 1;
                number = at(&w, &who, status).await;
            } else {
                let problem = answer.refused(409, "not_now");
                assert_eq!(problem["request"]["status"], status.as_str(), "{act} from {status}: {problem}");
                assert_eq!(after, before, "{act} from {status} changed something");
                refused += 1;
            }
        }
    }
    // Reply and note everywhere; the rest as the contract says.
    assert_eq!((done, refused), (2 * 8 + 1 + 2 + 1 + 1 + 2 + 2 + 1 + 1 + 2 + 3 + 3 + 1 + 4 + 4, 8 * 16 - 44));
    w.finish().await;
}

async fn a_stale_version(kit: Kit) {
    let w = kit.world().await;
    let who = Staff::dispatcher(&w).await;
    let number = fresh(&who).await;
    let seen = who.sees(&number).await["version"].clone();
    who.does(&number, "accept", json!({})).await.expect(200);
    let problem = who.does_on(&number, "reject", json!({"reason": "x"}), &seen).await.refused(409, "stale_version");
    let present = &problem["request"];
    assert_eq!((present["status"].as_str(), present["version"].as_i64()), (Some("assigned"), Some(seen.as_i64().unwrap() + 1)));
    who.api.post(&format!("/staff/requests/{number}/start"), &json!({})).await.refused(400, "bad_request");
    for odd in [json!(-1), json!(0), json!(i64::MAX)] {
        who.does_on(&number, "start", json!({}), &odd).await.refused(409, "stale_version");
    }
    who.does_on(&number, "start", json!({}), &json!("3")).await.refused(400, "bad_request");
    assert_eq!(w.history(&number).await, ["registered", "queued", "accepted"]);
    w.finish().await;
}

async fn two_dispatchers_one_request(kit: Kit) {
    let w = kit.world().await;
    let who = Staff::dispatcher(&w).await;
    for _ in 0..8 {
        let number = fresh(&who).await;
        let version = who.sees(&number).await["version"].clone();
        let answers = join_all((0..6).map(|i| {
            let (act, body) = if i % 2 == 0 { ("accept", json!({})) } else { ("assign", json!({"crew": "water_taraz_1"})) };
            who.does_on(&number, act, body, &version)
        }))
        .await;
        let won = answers.iter().filter(|a| a.status == 200).count();
        assert_eq!(won, 1, "{answers:?}");
        for lost in answers.iter().filter(|a| a.status != 200) {
            let problem = lost.refused(409, "stale_version");
            assert_eq!(problem["request"]["status"], "assigned");
        }
        assert_eq!(w.history(&number).await.len(), 3);
    }
    w.finish().await;
}

async fn words_are_needed(kit: Kit) {
    let w = kit.world().await;
    let who = Staff::dispatcher(&w).await;
    let number = fresh(&who).await;
    for (act, body, status, code) in [
        ("reject", json!({}), 400, "bad_request"),
        ("reject", json!({"reason": "  "}), 422, "empty_text"),
        ("reply", json!({"text": ""}), 422, "empty_text"),
        ("note", json!({"text": "ы".repeat(4001)}), 413, "too_large"),
        ("assign", json!({"crew": "nobody"}), 422, "bad_crew"),
        ("assign", json!({"crew": "electricity_taraz_1"}), 422, "bad_crew"),
        ("transfer", json!({"queue": "no_such"}), 422, "bad_queue"),
        ("transfer", json!({"queue": "water_taraz"}), 409, "not_now"),
        ("merge", json!({"into": number}), 409, "not_now"),
        ("merge", json!({"into": "26-4817-0355"}), 400, "bad_number"),
        ("reclassify", json!({"service": "no_such"}), 422, "unprocessable"),
        ("accept", json!({"more": 1}), 400, "bad_request"),
    ] {
        let answer = who.does(&number, act, body.clone()).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{act} {body}: {}", answer.text);
        answer.expect(status);
    }
    assert_eq!(w.history(&number).await, ["registered", "queued"]);
    assert_eq!(w.count("SELECT COUNT(*) FROM message WHERE direction <> 'in'").await, 0);
    w.finish().await;
}

async fn a_duplicate_points_at_its_original(kit: Kit) {
    let w = kit.world().await;
    let who = Staff::dispatcher(&w).await;
    let (original, copy) = (fresh(&who).await, fresh(&who).await);
    who.does(&copy, "merge", json!({"into": original})).await.expect(200);
    assert_eq!(who.sees(&copy).await["merged_into"], original);
    // Nobody is sent in a circle.
    let back = who.does(&original, "merge", json!({"into": copy})).await;
    back.refused(422, "unprocessable");
    assert_eq!(w.stored(&original).await.request.status, Status::Queued);
    w.finish().await;
}
