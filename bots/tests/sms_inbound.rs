//! Messages and delivery reports of gateways of several habits.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop where it stands")]

use bots::channel::{Receipt, ReceiptStage, SendError};
use bots::sms::{Call, Gateway, Incoming, Piece, Short, pieces, read};
use proptest::prelude::*;
use serde_json::{Value, json};

const FORM: Option<&str> = Some("application/x-www-form-urlencoded");
const JSON: Option<&str> = Some("application/json; charset=utf-8");

/// A gateway that brings forms: messages with handles, reports with words of SMPP.
fn formal() -> Gateway {
    serde_json::from_value(json!({
        "send": {"url": "https://g.test/?to={to}&text={text}"}, "answer": {"id": "/id"},
        "inbound": {"id": "id", "from": "phone", "to": "to", "text": "mes", "at": "time", "at_format": "%d.%m.%Y %H:%M:%S", "at_offset": 300},
        "receipt": {"id": "id", "status": "status", "error": "err", "at": "ts", "codes": {"27": "later", "5": "blocked"}}
    }))
    .unwrap()
}

/// A gateway that brings lists of JSON, and no handles.
fn listing() -> Gateway {
    serde_json::from_value(json!({
        "send": {"url": "https://g.test/?to={to}&text={text}"}, "answer": {"id": "/id"},
        "inbound": {"list": "/data/messages", "from": "/source/msisdn", "text": "body", "text_is": "ucs2_hex", "at": "sent"},
        "receipt": {"list": "/data/reports", "id": "mid", "status": "code", "statuses": {"1": "delivered", "2": "failed", "4": "ignored", "8": "sent", "16": "rejected"}}
    }))
    .unwrap()
}

fn form(body: &str) -> Vec<Piece> {
    pieces(&formal(), &Call { query: "", content_type: FORM, body: body.as_bytes() })
}

fn list(body: &Value) -> Vec<Piece> {
    pieces(&listing(), &Call { query: "", content_type: JSON, body: body.to_string().as_bytes() })
}

fn only(all: Vec<Piece>) -> (Piece, Incoming) {
    let [piece] = <[Piece; 1]>::try_from(all).unwrap();
    let incoming = read(&piece.body).unwrap();
    (piece, incoming)
}

#[test]
fn a_message_as_a_form() {
    let (piece, incoming) = only(form("id=77&phone=%2B77015550000&to=109&mes=%D0%A1%D1%83+%D0%B6%D0%BE%D2%9B&time=18.11.2026+16%3A06%3A40"));
    let Incoming::Message(short) = incoming else { panic!() };
    assert_eq!(short.at.unwrap().timestamp(), 1_795_000_000);
    assert_eq!(short, Short { id: Some("77".into()), from: "+77015550000".into(), to: Some("109".into()), text: "Су жоқ".into(), at: short.at });
    assert_eq!((piece.external_id.as_str(), piece.chat.as_str(), piece.kind, piece.readable), ("77", "+77015550000", "message", true));
    // The same by a query.
    let call = Call {
        query: "id=77&phone=%2B77015550000&to=109&mes=%D0%A1%D1%83%20%D0%B6%D0%BE%D2%9B&time=18.11.2026+16:06:40",
        content_type: None,
        body: b"",
    };
    assert_eq!(only(pieces(&formal(), &call)).1, Incoming::Message(short));
}

#[test]
fn reports_as_forms() {
    let told = |body: &str| only(form(body)).1;
    let receipt = |stage, error| Incoming::Receipt(Receipt { provider_id: "m1".into(), tag: None, stage, at: None, error });
    let unreachable = |why: &str| Some(SendError::Unreachable(why.into()));
    let table = [
        ("id=m1&status=DELIVRD", receipt(ReceiptStage::Delivered, None)),
        ("id=m1&status=acceptd", receipt(ReceiptStage::Sent, None)),
        ("id=m1&status=ENROUTE", receipt(ReceiptStage::Sent, None)),
        ("id=m1&status=UNDELIV", receipt(ReceiptStage::Failed, unreachable("status undeliv"))),
        ("id=m1&status=EXPIRED&err=9", receipt(ReceiptStage::Failed, unreachable("status expired, code 9"))),
        ("id=m1&status=UNDELIV&err=5", receipt(ReceiptStage::Failed, Some(SendError::Blocked))),
        ("id=m1&status=UNDELIV&err=27", receipt(ReceiptStage::Failed, Some(SendError::Transient("status undeliv, code 27".into())))),
        ("id=m1&status=UNDELIV&err=%D0%90%D0%B1%D0%B0%D0%B9", receipt(ReceiptStage::Failed, unreachable("status undeliv, code unknown"))),
        ("id=m1&status=REJECTD", receipt(ReceiptStage::Failed, Some(SendError::Rejected("status rejectd".into())))),
        // Still a report, though its word is new, and though it carries a number and a text.
        ("id=m1&status=FLYING&phone=77015550000&mes=x", Incoming::Other),
    ];
    for (body, expected) in table {
        assert_eq!(told(body), expected, "{body}");
    }
    let (piece, incoming) = only(form("id=m1&status=DELIVRD&ts=1795000000"));
    assert_eq!((piece.external_id.as_str(), piece.chat.as_str(), piece.kind), ("receipt:m1:delivrd", "m1", "receipt"));
    // This description writes moments as seconds for reports.
    let Incoming::Receipt(receipt) = incoming else { panic!() };
    assert_eq!(receipt.at.unwrap().timestamp(), 1_795_000_000);
}

#[test]
fn lists_of_json() {
    let body = json!({"data": {
        "messages": [
            {"source": {"msisdn": 77_015_550_000_u64}, "body": "0421044300200436043E049B", "sent": 1_795_000_000},
            {"source": {"msisdn": "77015550001"}, "body": "Су жоқ", "sent": "2026-11-18T16:06:40+05:00"},
            {"source": {}, "body": "0421"}
        ],
        "reports": [{"mid": 5, "code": 1}, {"mid": "6", "code": "2"}, {"mid": "7", "code": 4}, {"mid": "8", "code": 99}, {"code": 1}]
    }});
    let all: Vec<Incoming> = list(&body).iter().map(|piece| read(&piece.body).unwrap()).collect();
    assert_eq!(all.len(), 6);
    let at = chrono::DateTime::from_timestamp(1_795_000_000, 0);
    let receipt = |id: &str, stage, error| Incoming::Receipt(Receipt { provider_id: id.into(), tag: None, stage, at: None, error });
    assert_eq!(all[0], receipt("5", ReceiptStage::Delivered, None));
    assert_eq!(all[1], receipt("6", ReceiptStage::Failed, Some(SendError::Unreachable("status 2".into()))));
    assert_eq!((&all[2], &all[3]), (&Incoming::Other, &Incoming::Other));
    let short = |from: &str| Incoming::Message(Short { id: None, from: from.into(), to: None, text: "Су жоқ".into(), at });
    // What is no hexadecimal text is taken as it stands.
    assert_eq!((&all[4], &all[5]), (&short("77015550000"), &short("77015550001")));
}

#[test]
fn names_hold_duplicates_apart() {
    let name = |body: &Value| only(list(&json!({"data": {"messages": [body]}}))).0.external_id;
    let message = |sent: i64| json!({"source": {"msisdn": "77015550000"}, "body": "0431", "sent": sent});
    assert_eq!(name(&message(1_795_000_000)), name(&message(1_795_000_000)));
    assert_ne!(name(&message(1_795_000_000)), name(&message(1_795_000_001)));
    // Without a handle and a moment, two short answers of one person are two answers.
    let bare = json!({"source": {"msisdn": "77015550000"}, "body": "0431"});
    assert_ne!(name(&bare), name(&bare));
}

#[test]
fn a_piece_outlives_its_description() {
    let (piece, incoming) = only(form("id=77&phone=77015550000&mes=%D1%81%D1%83&extra=1"));
    let kept: Value = serde_json::from_slice(&piece.body).unwrap();
    assert_eq!(kept["fields"], json!({"id": "77", "phone": "77015550000", "mes": "су", "extra": "1"}));
    assert!(matches!(incoming, Incoming::Message(_)));
}

#[test]
fn odd_calls_are_kept() {
    let table: [(&str, Option<&str>, &[u8]); 9] = [
        ("", None, b""),
        ("", FORM, b""),
        ("", FORM, b"phone=77015550000"),
        ("", FORM, b"mes=x"),
        ("", FORM, b"phone=&mes=x"),
        ("", JSON, b"{"),
        ("", JSON, b"\xff"),
        ("", JSON, b"[[[[1]]]]"),
        ("x", Some("multipart/form-data; boundary=x"), b"--x"),
    ];
    for (query, content_type, body) in table {
        let all = pieces(&formal(), &Call { query, content_type, body });
        assert_eq!(all.len(), 1);
        assert!(!all[0].readable && all[0].external_id.starts_with("sha256:"), "{}", String::from_utf8_lossy(body));
    }
    // An empty text is a message still; a sender may be a name.
    let (_, incoming) = only(form("phone=Kaspi+Bank&mes="));
    assert!(matches!(incoming, Incoming::Message(Short { from, text, .. }) if from == "Kaspi Bank" && text.is_empty()));
    // A call that is not understood is told apart from another.
    assert_ne!(form("a=1")[0].external_id, form("a=2")[0].external_id);
    // Without a description of inbound nothing is understood.
    let call = Call { query: "", content_type: FORM, body: b"phone=77015550000&mes=x&id=1&status=DELIVRD" };
    assert!(!pieces(&Gateway::default(), &call)[0].readable);
}

proptest! {
    #[test]
    fn any_call_is_kept(query in ".{0,60}", body in prop::collection::vec(any::<u8>(), 0..200), said in prop::option::of("(application/json|text/plain|[a-z/-]{0,12})")) {
        for gateway in [formal(), listing()] {
            let all = pieces(&gateway, &Call { query: &query, content_type: said.as_deref(), body: &body });
            prop_assert!(!all.is_empty());
            for piece in all {
                prop_assert!(!piece.external_id.is_empty() && piece.external_id.len() <= 400 && !piece.chat.is_empty());
                prop_assert_eq!(piece.readable, read(&piece.body).is_some());
            }
        }
    }

    #[test]
    fn every_text_comes_through(text in "\\PC{0,200}") {
        let body: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("phone", "+77015550000").append_pair("mes", &text).finish();
        let (_, incoming) = only(form(&body));
        let Incoming::Message(short) = incoming else { panic!() };
        prop_assert_eq!(short.text, text);
    }
}
