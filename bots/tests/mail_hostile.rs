//! Letters that are meant to break their reader.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may stop where it stands")]

use bots::mail::{MOST_FILES, Origin, file, own_words, read};
use proptest::prelude::*;
use std::time::{Duration, Instant};

/// Reading must end soon: a person waits behind it.
fn in_time<T>(what: &str, act: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let out = act();
    assert!(began.elapsed() < Duration::from_secs(20), "{what} took {:?}", began.elapsed());
    out
}

#[test]
fn shapes_that_break_readers() {
    let nested = {
        let mut open = String::new();
        for n in 0..2000 {
            open.push_str(&format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n"));
        }
        format!("From: a@b.kz\r\n{open}Content-Type: text/plain\r\n\r\nдно\r\n")
    };
    let messages = format!("From: a@b.kz\r\n{}Content-Type: text/plain\r\n\r\nx", "Content-Type: message/rfc822\r\n\r\n".repeat(3000));
    let parts = format!(
        "From: a@b.kz\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{}--b--",
        "--b\r\nContent-Type: image/png; name=a.png\r\nContent-Disposition: attachment\r\n\r\nx\r\n".repeat(20_000)
    );
    let table: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("an end of line", b"\r\n".to_vec()),
        ("a header without an end", b"From: a@b.kz".to_vec()),
        ("NUL everywhere", b"From: a@b.kz\0\r\nSubject: \0\r\n\r\n\0\0".to_vec()),
        ("a boundary that never ends", b"From: a@b.kz\r\nContent-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n--\r\n".to_vec()),
        ("no boundary", b"From: a@b.kz\r\nContent-Type: multipart/mixed\r\n\r\nx".to_vec()),
        (
            "a boundary inside itself",
            b"From: a@b.kz\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n--b--"
                .to_vec(),
        ),
        ("broken base64", b"From: a@b.kz\r\nContent-Transfer-Encoding: base64\r\n\r\n====!!!!".to_vec()),
        ("an unknown character set", "From: a@b.kz\r\nContent-Type: text/plain; charset=klingon\r\n\r\nслово".as_bytes().to_vec()),
        ("bad UTF-8", b"From: a@b.kz\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\xff\xfe\xc3".to_vec()),
        ("a long line", format!("From: a@b.kz\r\n\r\n{}", "x".repeat(3_000_000)).into_bytes()),
        ("many lines of quotes", format!("From: a@b.kz\r\n\r\n{}", "> x\r\n".repeat(300_000)).into_bytes()),
        ("many headers", format!("{}\r\n\r\nx", "X-A: b\r\n".repeat(100_000)).into_bytes()),
        ("a long header", format!("From: a@b.kz\r\nReferences: {}\r\n\r\nx", "<1@b.kz> ".repeat(100_000)).into_bytes()),
        ("many senders", format!("From: {}\r\n\r\nx", "a@b.kz, ".repeat(50_000)).into_bytes()),
        ("deep HTML", format!("From: a@b.kz\r\nContent-Type: text/html\r\n\r\n{}", "<div><blockquote>".repeat(100_000)).into_bytes()),
        ("an encoded word without an end", format!("From: a@b.kz\r\nSubject: {}\r\n\r\nx", "=?utf-8?Q?".repeat(20_000)).into_bytes()),
        ("nested parts", nested.into_bytes()),
        ("nested letters", messages.into_bytes()),
        ("thousands of parts", parts.into_bytes()),
    ];
    for (what, raw) in table {
        let l = in_time(what, || read(&raw));
        assert!(l.files.len() <= MOST_FILES && l.refs.len() <= 41 && l.subject.chars().count() <= 300, "{what}");
        assert!(!l.words.contains('\0') && !l.text.contains('\0'), "{what}");
    }
}

/// Each of these once took the process down, or a thread of it for hours.
#[test]
fn bombs() {
    let head = "From: a@b.kz\r\n";
    let one = "Content-Type: message/rfc822\r\n\r\n";
    let wrapped = |inner: &str| {
        let coded = inner.bytes().map(|b| format!("={b:02X}")).collect::<String>();
        format!("{head}Content-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{coded}")
    };
    let part = "--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <1@b.kz>\r\n\r\n";
    let table: Vec<(&str, String)> = vec![
        ("letters in letters", format!("{head}{}x", one.repeat(300_000))),
        ("the same, disguised", format!("{head}{}x", "content-TYPE\t:\r\n Message/Global; a=b\r\n\r\n".repeat(200_000))),
        ("the same, behind a long fold", format!("{head}{}x", format!("Content-Type:{}\r\n message/rfc822\r\n\r\n", " ".repeat(8177)).repeat(1000))),
        ("the same, encoded", wrapped(&one.repeat(60_000))),
        ("collections in collections", format!("{head}{}", "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n".repeat(200_000))),
        (
            "parts whose end is looked for in vain",
            format!(
                "{head}Content-Type: multipart/mixed; boundary=b\r\n\r\n{}",
                "--b\r\nContent-Type: multipart/mixed; boundary=zz\r\n\r\n".repeat(200_000)
            ),
        ),
        ("parts of nothing", format!("{head}Content-Type: multipart/mixed; boundary=b\r\n\r\n{}", "--b\n\n".repeat(3_000_000))),
        ("headers of nothing", format!("{head}{}\r\nx", "a:\n".repeat(3_000_000))),
        ("a parameter in a million pieces", format!("{head}Content-Type: text/plain;{}\r\n\r\nx", " a*1*=b;".repeat(500_000))),
        ("lines that say nothing", format!("{head}\r\n{}", "-\r\n".repeat(60_000))),
        ("lines that say nothing, in many parts", {
            let part = format!("--b\r\nContent-Type: text/plain\r\n\r\n{}", "-\n".repeat(60_000));
            format!("{head}Content-Type: multipart/mixed; boundary=b\r\n\r\n{}", part.repeat(18))
        }),
        (
            "a report of everything",
            format!("{head}Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n{}--b--", part.repeat(15_000)),
        ),
    ];
    for (what, raw) in table {
        let l = in_time(what, || read(raw.as_bytes()));
        in_time(what, || file(raw.as_bytes(), 3));
        assert!(l.files.len() <= MOST_FILES, "{what}");
        if let Origin::Bounce(b) = l.origin {
            assert!((1..=20).contains(&b.of.len()), "{what}: {}", b.of.len());
        }
    }
}

#[test]
fn headers_carry_nothing_into_ours() {
    let raw = b"From: \"x\r\n Bcc: all@x.kz\" <a@b.kz>\r\nSubject: a\r\n\tb\r\nMessage-ID: <a b@c>\r\nReferences: <1@x.kz>\r\n <bad\r\n id@x> <\"q\"@x.kz> <2@x.kz>\r\n\r\nx";
    let l = read(raw);
    let all = format!("{:?}{:?}{:?}{}", l.id, l.refs, l.from, l.subject);
    assert!(!all.contains("\\r") && !all.contains("\\n"), "{all}");
    assert!(l.refs.iter().all(|r| r.bytes().all(|b| b.is_ascii_graphic() && b != b'<' && b != b'>')), "{:?}", l.refs);
    // Addresses that are none.
    for from in ["", "a", "@b.kz", "a@", "a b@c.kz", "a@b@c.kz", "a@kz", "<>", "a@.kz", "a@b.kz.", "\"a\nb\"@c.kz", "a#1@b.kz"] {
        let l = read(format!("From: {from}\r\n\r\nx").as_bytes());
        let good = l.from.as_ref().is_none_or(|w| !w.address.contains(['\n', ' ', '#', '"', '<']) && w.address.matches('@').count() == 1);
        assert!(good, "{from:?}: {:?}", l.from);
    }
}

#[test]
fn what_pretends_to_be_a_person() {
    for head in [
        "AUTO-SUBMITTED: Auto-Replied",
        "auto-submitted:auto-notified",
        "Precedence:  BULK ",
        "precedence: junk",
        "X-Autorespond: 1",
        "Return-Path:<>",
    ] {
        assert_eq!(read(format!("From: a@b.kz\r\n{head}\r\n\r\nx").as_bytes()).origin, Origin::Machine, "{head}");
    }
}

proptest! {
    #[test]
    fn any_bytes(raw in proptest::collection::vec(any::<u8>(), 0..400)) {
        let l = read(&raw);
        prop_assert!(l.files.len() <= MOST_FILES);
    }

    #[test]
    fn anything_with_the_look_of_a_letter(
        lines in proptest::collection::vec(
            prop_oneof![
                Just("Content-Type: multipart/mixed; boundary=b".to_owned()),
                Just("Content-Type: message/rfc822".to_owned()),
                Just("Content-Type: multipart/report; report-type=delivery-status; boundary=b".to_owned()),
                Just("Content-Type: message/delivery-status".to_owned()),
                Just("Content-Transfer-Encoding: base64".to_owned()),
                Just("Content-Disposition: attachment".to_owned()),
                Just("--b".to_owned()),
                Just("--b--".to_owned()),
                Just(String::new()),
                Just("From: a@b.kz".to_owned()),
                Just("> q".to_owned()),
                ".{0,30}",
            ],
            0..40,
        )
    ) {
        let raw = lines.join("\r\n");
        let l = read(raw.as_bytes());
        prop_assert!(!l.words.contains('\0'));
    }

    #[test]
    fn words_are_never_invented(text in "([а-я >:-]{0,20}\n){0,12}") {
        let own = own_words(&text);
        for word in own.split_whitespace() {
            prop_assert!(text.contains(word), "{word:?} in {text:?}");
        }
        if text.chars().any(char::is_alphanumeric) {
            prop_assert!(own.chars().any(char::is_alphanumeric), "everything was cut: {text:?}");
        }
    }
}
