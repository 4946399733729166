//! Letters as mail programs of this country write them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may stop where it stands")]

use bots::channel::SendError;
use bots::mail::{Action, Origin, file, own_words, read, topic};

/// Cyrillic in an eight-bit character set.
fn in_charset(text: &str, table: impl Fn(char) -> u8) -> Vec<u8> {
    text.chars().map(|c| if c.is_ascii() { c as u8 } else { table(c) }).collect()
}

fn windows_1251(c: char) -> u8 {
    match c {
        'А'..='я' => 0xc0 + u8::try_from(c as u32 - 'А' as u32).unwrap(),
        'ё' => 0xb8,
        _ => b'?',
    }
}

fn koi8_r(c: char) -> u8 {
    const SMALL: &str = "юабцдефгхийклмнопярстужвьызшэщчъ";
    let lower = c.to_lowercase().next().unwrap();
    let at = u8::try_from(SMALL.chars().position(|x| x == lower).unwrap()).unwrap();
    if c.is_uppercase() { 0xe0 + at } else { 0xc0 + at }
}

fn letter(head: &str, body: &[u8]) -> Vec<u8> {
    [head.replace('\n', "\r\n").as_bytes(), b"\r\n\r\n", body].concat()
}

#[test]
fn character_sets() {
    let words = "Нет воды второй день";
    for (name, table) in [("windows-1251", windows_1251 as fn(char) -> u8), ("KOI8-R", koi8_r)] {
        let body = in_charset(words, table);
        let head = format!("From: a@b.kz\nMessage-ID: <1@b.kz>\nContent-Type: text/plain; charset={name}\nContent-Transfer-Encoding: 8bit");
        assert_eq!(read(&letter(&head, &body)).words, words, "{name}");
        let encoded = body.iter().map(|b| format!("={b:02X}")).collect::<String>();
        let head = head.replace("8bit", "quoted-printable");
        assert_eq!(read(&letter(&head, encoded.as_bytes())).words, words, "{name}, quoted-printable");
    }
    let utf8 = "From: a@b.kz\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64";
    assert_eq!(read(&letter(utf8, "0KHRgyDQttC+0pshINKa0LDQt9Cw0pvRiNCw".as_bytes())).words, "Су жоқ! Қазақша");
}

#[test]
fn encoded_headers() {
    let raw = letter(
        "From: =?utf-8?B?0JDQudCz0q/Quw==?= <Aigul@Mail.KZ>\nSubject: =?windows-1251?Q?=CD=E5=F2?= =?windows-1251?Q?_=E2=EE=E4=FB?=\n\
         Message-ID: <abc@mail.kz>\nReferences: <1@x.kz>\n <2@x.kz>\nIn-Reply-To: <2@x.kz>",
        b"x",
    );
    let l = read(&raw);
    assert_eq!(l.subject, "Нет воды");
    let from = l.from.unwrap();
    assert_eq!((from.address.as_str(), from.name.as_deref()), ("aigul@mail.kz", Some("Айгүл")));
    assert_eq!((l.id.as_deref(), l.refs), (Some("abc@mail.kz"), vec!["1@x.kz".to_owned(), "2@x.kz".to_owned()]));
    assert_eq!(l.origin, Origin::Person);
}

#[test]
fn only_what_is_new_is_read() {
    let table = [
        ("Воды нет.\n\n> старое\n> ещё\n", "Воды нет."),
        ("Воды нет.\n\n23.11.2026 9:00, Jambyl 109 <109@x.kz> пишет:\n> Номер: 26-4817-0355\n", "Воды нет."),
        ("Воды нет.\n\nOn Mon, Nov 23, 2026 at 9:00 AM Jambyl 109 <\n109@x.kz> wrote:\n\n> Номер\n", "Воды нет."),
        ("Су жоқ.\n\n2026 ж. 23 қараша, 09:00, Jambyl 109 <109@x.kz> жазды:\n> Нөмірі\n", "Су жоқ."),
        ("Воды нет.\n\n-----Original Message-----\nFrom: 109\nSent: Monday\n\nНомер", "Воды нет."),
        ("Воды нет.\n\n________________________________\nОт: 109 <109@x.kz>\nОтправлено: 23 ноября\nКому: a@b.kz\nТема: Re\n\nНомер", "Воды нет."),
        ("Воды нет.\n\nОт: 109\nОтправлено: 23 ноября\nКому: a@b.kz\n\nНомер", "Воды нет."),
        ("Воды нет.\n\n-------- Исходное сообщение --------\nНомер", "Воды нет."),
        ("Воды нет.\n\n-- \nИванов И.\nтел. 8 701 555 11 22", "Воды нет."),
        ("Воды нет.\n\nС уважением,\nИванов\nТолстого 5", "Воды нет."),
        ("Су жоқ.\n\nҚұрметпен,\nАйгүл", "Су жоқ."),
        ("Воды нет.\n\nОтправлено с iPhone", "Воды нет."),
        ("Воды нет.\n\n--\nОтправлено из мобильной Почты Mail.ru", "Воды нет."),
        // What only looks like it.
        ("Абай 5, кв. 3\n-- нет воды\nвсё", "Абай 5, кв. 3\n-- нет воды\nвсё"),
        ("Соседка пишет:\nводы нет ни у кого", "Соседка пишет:\nводы нет ни у кого"),
        ("От: Абая до Толе би нет света", "От: Абая до Толе би нет света"),
        // Sent on, without a word of one's own: the whole is what is said.
        (
            "---------- Forwarded message ---------\nОт: Сосед\nТема: Авария\n\nПрорвало трубу на Абая 5",
            "---------- Forwarded message ---------\nОт: Сосед\nТема: Авария\n\nПрорвало трубу на Абая 5",
        ),
        ("> Прорвало трубу\n> на Абая 5", "Прорвало трубу\nна Абая 5"),
        ("", ""),
        ("\n\n \n", ""),
    ];
    for (text, want) in table {
        assert_eq!(own_words(text), want, "{text:?}");
    }
}

#[test]
fn letters_of_html_alone() {
    let html = "<html><body><div>Нет <b>воды</b> по Абая&nbsp;77</div><div><br></div><div class=\"gmail_quote\"><div>пн, 23 нояб. 2026&#160;г. Jambyl 109 пишет:</div>\
        <blockquote>Номер: 26-4817-0355</blockquote></div><script>alert(1)</script><style>p{}</style></body></html>";
    let l = read(&letter("From: a@b.kz\nContent-Type: text/html; charset=utf-8", html.as_bytes()));
    assert_eq!(l.words.replace('\u{a0}', " ").trim(), "Нет воды по Абая 77", "{l:?}");
    assert!(l.text.contains("26-4817-0355"), "what was quoted is kept: {}", l.text);
    // The plain part of a letter that has both is what is read.
    let both = "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nпростой\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>красивый</p>\r\n--b--\r\n";
    assert_eq!(read(&letter("From: a@b.kz\nContent-Type: multipart/alternative; boundary=b", both.as_bytes())).words, "простой");
    // An answer below the quote.
    let below = "<blockquote>Номер: 26-4817-0355</blockquote><p>Воды всё нет</p>";
    assert!(read(&letter("From: a@b.kz\nContent-Type: text/html; charset=utf-8", below.as_bytes())).words.contains("Воды всё нет"));
}

#[test]
fn subjects() {
    for (subject, want) in
        [("Re: Нет воды", "Нет воды"), ("RE: FWD: Re: x", "x"), ("Ответ: На: Су", "Су"), ("Реклама", "Реклама"), ("re:", ""), ("", "")]
    {
        assert_eq!(topic(subject), want);
    }
}

const REPORT: &str = "--b\r\nContent-Type: text/plain\r\n\r\nsorry\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.x.kz\r\n\r\n\
    Final-Recipient: rfc822; a@b.kz\r\nAction: ACTION\r\nStatus: STATUS\r\nDiagnostic-Code: smtp; 550 5.1.1 <a@b.kz>: no\r\n such user\r\n\r\n--b\r\n\
    Content-Type: message/rfc822\r\n\r\nMessage-ID: <ours@109.kz>\r\nSubject: x\r\n\r\nbody\r\n--b--\r\n";

#[test]
fn reports_of_mail_servers() {
    let head = "From: MAILER-DAEMON@x.kz\nMessage-ID: <r@x.kz>\nContent-Type: multipart/report; report-type=delivery-status; boundary=b";
    for (action, status, want, gone) in [
        ("failed", "5.1.1", Action::Failed, true),
        ("delayed", "4.4.1", Action::Delayed, true),
        ("delivered", "2.0.0", Action::Passed, true),
        ("failed", "5.6.0", Action::Failed, false),
    ] {
        let body = REPORT.replace("ACTION", action).replace("STATUS", status);
        let Origin::Bounce(b) = read(&letter(head, body.as_bytes())).origin else { panic!("no report") };
        assert_eq!((b.action, b.status.as_deref(), b.of.first().map(String::as_str)), (want, Some(status), Some("ours@109.kz")));
        assert_eq!(matches!(b.error(), SendError::Unreachable(_)), gone, "{status}");
        assert!(!b.error().to_string().contains('@'));
    }
    // A server with words of its own.
    let words = "Hi. This is the qmail-send program.\n<a@b.kz>:\n550 5.1.1 user unknown\n\n--- Below this line is a copy of the message.\n\nMessage-ID: <ours@109.kz>\nSubject: x\n";
    let Origin::Bounce(b) = read(&letter("From: mailer-daemon@x.kz\nContent-Type: text/plain", words.as_bytes())).origin else { panic!("no report") };
    assert_eq!((b.action, b.status.as_deref(), b.of), (Action::Failed, Some("5.1.1"), vec!["ours@109.kz".to_owned()]));
    // A receipt that a letter was read is a machine's word and no report of failure.
    let read_receipt =
        letter("From: a@b.kz\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b", b"--b\r\n\r\nread\r\n--b--\r\n");
    assert_eq!(read(&read_receipt).origin, Origin::Machine);
}

#[test]
fn files() {
    let body = "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b\r\nContent-Type: image/jpeg\r\nContent-Disposition: attachment; filename*=utf-8''%D1%84%D0%BE%D1%82%D0%BE.jpg\r\n\
        Content-Transfer-Encoding: base64\r\n\r\n/9j/AAAA\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"..\\..\\evil\u{202e}gpj.exe\"\r\n\r\nMZ\r\n--b--\r\n";
    let raw = letter("From: a@b.kz\nContent-Type: multipart/mixed; boundary=b", body.as_bytes());
    let l = read(&raw);
    let told: Vec<(Option<&str>, Option<&str>)> = l.files.iter().map(|f| (f.mime.as_deref(), f.name.as_deref())).collect();
    assert_eq!(told, [(Some("image/jpeg"), Some("фото.jpg")), (Some("application/octet-stream"), Some("evil gpj.exe"))]);
    let (bytes, mime, _) = file(&raw, l.files[0].place).unwrap();
    assert_eq!((bytes.as_slice(), mime.as_deref()), (b"\xff\xd8\xff\0\0\0".as_slice(), Some("image/jpeg")));
    assert!(file(&raw, 99).is_none());
    // A letter sent on whole is a file, whatever is nested in it.
    let on = "--b\r\nContent-Type: text/plain\r\n\r\nсм. вложение\r\n--b\r\nContent-Type: message/rfc822; name=\"message.eml\"\r\n\r\n\
        From: c@d.kz\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\nвнутри\r\n--i--\r\n\r\n--b--\r\n";
    let raw = letter("From: a@b.kz\nContent-Type: multipart/mixed; boundary=b", on.as_bytes());
    let l = read(&raw);
    assert_eq!((l.words.as_str(), l.files.len(), l.files[0].mime.as_deref()), ("см. вложение", 1, Some("message/rfc822")), "{l:?}");
    let (bytes, _, name) = file(&raw, l.files[0].place).unwrap();
    assert!(String::from_utf8(bytes).unwrap().contains("внутри"));
    assert_eq!(name.as_deref(), Some("message.eml"));
}
