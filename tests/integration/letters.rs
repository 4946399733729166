//! Letters as a door: a letter becomes a request or joins its thread, answers stay in the thread, machines are never answered, and an address opens
//! nobody else's data.

use crate::harness::letters::{OWN, by_mail, comes, stores};
use crate::harness::{Browser, FakeSmtp, Kit, Letter, PASSWORD, Resident, SmtpFail, Staff, number_in, stories};
use base64::Engine as _;
use jambyl109::channels::mail::Kind;
use jambyl109::config::Mail;
use jambyl109::dispatch::erase;
use jambyl109::domain::RequestNumber;
use jambyl109::domain::access::Role;
use jambyl109::domain::request::Status;
use jambyl109::store::outbox::{self, status};
use jambyl109::store::raw_events;
use jambyl109::workers::mail::MailDoor;
use jambyl109::workers::replay::{Doors, Which, put_back};
use serde_json::json;
use std::time::Duration;

stories! {
    a_thread_from_the_first_letter_to_a_rating, a_place_is_asked_after, an_address_opens_nothing, a_number_in_the_subject, machines_are_not_answered,
    a_letter_that_came_back, files_in_a_letter, the_same_letter_twice, at_the_same_time, two_that_answer_each_other, an_erased_writer, whole_letters,
    a_letter_that_nobody_can_store, the_desk_opens_a_whole_letter
}

const AIGUL: &str = "aigul@mail.test";
const NO_WATER: &str =
    "Здравствуйте! г. Тараз, ул. Абая 77: второй день нет воды.\r\nС уважением,\r\nАйгуль, тел. +7 701 555 11 22, ул. Толе би 5\r\n";

async fn a_thread_from_the_first_letter_to_a_rating(kit: Kit) {
    let smtp = FakeSmtp::start().await;
    let w = kit.world_with(by_mail(&smtp)).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let first = Letter::of("Айгуль <Aigul@Mail.Test>", "Нет воды", NO_WATER);
    assert_eq!(comes(&w, &first.raw()).await.kind, Some(Kind::Person));
    let ack = smtp.take().pop().expect("no answer");
    let number = number_in(&ack.read().text);
    assert_eq!((ack.to.as_str(), ack.read().subject.as_str()), (AIGUL, "Re: Нет воды"));
    assert_eq!(ack.header("In-Reply-To").as_deref(), Some(format!("<{}>", first.id).as_str()));
    assert_eq!(ack.header("References").as_deref(), Some(format!("<{}>", first.id).as_str()));
    assert_eq!(ack.header("Auto-Submitted").as_deref(), Some("auto-replied"));
    assert!(ack.read().text.contains("зарегистрирован"), "{}", ack.read().text);
    let seen = dispatcher.sees(&number).await;
    for (field, value) in [("class", "incident"), ("service", "water"), ("district", "taraz"), ("language", "ru"), ("channel", "mail")] {
        assert_eq!(seen[field], value, "{field}");
    }
    let said = seen["thread"][0]["text"].as_str().unwrap();
    assert!(said.contains("второй день нет воды") && !said.contains("Толе би") && !said.contains("уважением"), "{said}");

    // Two days later, in the thread, with everything quoted below.
    w.advance(Duration::from_secs(2 * 24 * 3600)).await;
    smtp.take();
    let again = Letter::answering(AIGUL, &ack, "Никто так и не приехал, дети второй день сидят без воды, сколько ещё ждать?");
    comes(&w, &again.raw()).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 1, "one matter, one request");
    let thread = dispatcher.sees(&number).await["thread"].to_string();
    assert!(thread.contains("Никто так и не приехал") && !thread.contains("пишет:"), "{thread}");
    let added = smtp.take().pop().unwrap();
    assert_eq!(added.header("In-Reply-To").as_deref(), Some(format!("<{}>", again.id).as_str()));
    assert!(added.header("References").unwrap().starts_with(&format!("<{}>", first.id)), "{:?}", added.header("References"));

    // An operator's own words.
    dispatcher.does(&number, "reply", json!({"text": "Бригада выехала, будет к 12:00"})).await.expect(200);
    w.settle().await;
    let words = smtp.take().pop().unwrap();
    assert!(words.read().text.contains("Бригада выехала") && words.read().text.contains(&number), "{}", words.read().text);
    assert_eq!(words.read().subject, "Re: Нет воды");

    for (act, body) in [("assign", json!({"crew": "water_taraz_1"})), ("start", json!({})), ("resolve", json!({"note": "труба заменена"}))]
    {
        dispatcher.does(&number, act, body).await.expect(200);
    }
    w.settle().await;
    let ask = smtp.take().pop().unwrap();
    comes(&w, &Letter::answering(AIGUL, &ask, "1").raw()).await;
    assert_eq!(w.stored(&number).await.request.status, Status::Closed);
    let rate = smtp.take().into_iter().next_back().unwrap();
    comes(&w, &Letter::answering(AIGUL, &rate, "5").raw()).await;
    assert_eq!(w.stored(&number).await.request.rating, Some(5));
    w.finish().await;
}

async fn a_place_is_asked_after(kit: Kit) {
    let smtp = FakeSmtp::start().await;
    let w = kit.world_with(by_mail(&smtp)).await;
    let dispatcher = Staff::dispatcher(&w).await;
    comes(&w, &Letter::of(AIGUL, "Су жоқ", "Таңнан бері үйде су жоқ, көмектесіңізші\r\n").raw()).await;
    let said = smtp.take();
    let number =
        said.iter().map(|l| l.read().text).find(|t| t.contains("26-")).map(|t| number_in(&t)).expect("nobody waits for an answer to a letter");
    assert!(said.iter().all(|l| l.header("In-Reply-To").is_some()), "{said:?}");
    assert_eq!(said.len(), 2, "the number, and the question: {said:?}");
    w.advance(Duration::from_secs(26 * 3600)).await;
    smtp.take();
    comes(&w, &Letter::answering(AIGUL, &said[1], "Тараз қаласы, Абай көшесі 12").raw()).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 1);
    let seen = dispatcher.sees(&number).await;
    assert_eq!(seen["district"], "taraz", "{seen}");
    w.finish().await;
}

async fn an_address_opens_nothing(kit: Kit) {
    let smtp = FakeSmtp::start().await;
    let w = kit.world_with(by_mail(&smtp)).await;
    comes(&w, &Letter::of(AIGUL, "Нет воды", NO_WATER).raw()).await;
    let ack = smtp.take().pop().unwrap();
    let number = number_in(&ack.read().text);

    // Somebody else who knows the thread and the number.
    let thief = Letter::answering("thief@mail.test", &ack, &format!("статус {number}"));
    comes(&w, &thief.raw()).await;
    for letter in smtp.take() {
        assert_eq!(letter.to, "thief@mail.test");
        let text = letter.read().text;
        assert!(!text.contains("Абая") && !text.contains("Айгуль") && !text.contains("701"), "{text}");
    }
    comes(&w, &Letter::answering("thief@mail.test", &ack, "1").raw()).await;
    comes(&w, &Letter::of("thief@mail.test", &format!("Re: {number}"), "Уже всё починили, закройте обращение").raw()).await;
    let stored = w.stored(&number).await;
    assert_eq!(stored.request.status, Status::Queued);
    let own = w
        .query(&format!(
            "SELECT text FROM message WHERE request_id IN (SELECT id FROM request WHERE number = '{}')",
            RequestNumber::parse(&number).unwrap().digits()
        ))
        .await;
    assert!(own.iter().all(|t| !t[0].contains("починили")), "{own:?}");

    // The number that a letter names opens no chat of that number's owner either.
    let resident = Resident::ru(&w, 4101);
    resident.says("г. Тараз, ул. Толе би 5: нет света").await;
    resident.reads();
    comes(&w, &Letter::of("thief@mail.test", "мои заявки", "мои заявки").raw()).await;
    assert!(smtp.take().iter().all(|l| !l.read().text.contains("Толе би")));
    assert!(resident.reads().is_empty());
    w.finish().await;
}

async fn a_number_in_the_subject(kit: Kit) {
    let smtp = FakeSmtp::start().await;
    let w = kit.world_with(by_mail(&smtp)).await;
    comes(&w, &Letter::of(AIGUL, "Нет воды", NO_WATER).raw()).await;
    let number = number_in(&smtp.take()[0].read().text);
    // A program that loses the chain of letters.
    comes(&w, &Letter::of(AIGUL, &format!("RE: обращение № {number}"), "Воды до сих пор нет").raw()).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 1);
    assert_eq!(w.count("SELECT COUNT(*) FROM conversation WHERE channel = 'mail'").await, 1);
    // Another matter in a letter of its own: another request of the same writer.
    comes(&w, &Letter::of(AIGUL, "Свет", "г. Тараз, ул. Абая 77: нет света в подъезде").raw()).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 2);
    assert_eq!(w.count("SELECT COUNT(DISTINCT resident_id) FROM request").await, 1, "one address, one writer");
    // And the first thread goes on as before.
    smtp.take();
    comes(&w, &Letter::of("other@mail.test", &format!("RE: обращение № {number}"), "Воды нет и у нас, г. Тараз, ул. Абая 79").raw()).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 3, "another address begins a thread of its own");
    assert_eq!(smtp.take()[0].to, "other@mail.test");
    w.finish().await;
}

async fn machines_are_not_answered(kit: Kit) {
    let smtp = FakeSmtp::start().await;
    let w = kit.world_with(by_mail(&smtp)).await;
    let words = "г. Тараз, ул. Абая 77: нет воды";
    let machines = [
        (Letter::of(AIGUL, "Нет воды", words).with("Auto-Submitted: auto-replied\r\n"), Kind::Machine),
        (Letter::of(AIGUL, "Нет воды", words).with("Auto-Submitted: auto-generated; x=y\r\n"), Kind::Machine),
        (Letter::of(AIGUL, "Нет воды", words).with("Precedence: bulk\r\n"), Kind::Machine),
        (Letter::of(AIGUL, "Нет воды", words).with("X-Autoreply: yes\r\n"), Kind::Machine),
        (Letter::of(AIGUL, "Автоответ: в отпуске", words), Kind::Machine),
        (Letter::of(AIGUL, "Нет воды", words).with("Return-Path: <>\r\n"), Kind::Machine),
        (Letter::of(AIGUL, "Новости", words).with("List-Id: <news.mail.test>\r\n"), Kind::List),
        (Letter::of(AIGUL, "Скидки", words).with("List-Unsubscribe: <https://shop.test/u>\r\n"), Kind::List),
        (Letter::of(AIGUL, "Новости", words).with("Precedence: list\r\n"), Kind::List),
        (Letter::of(OWN, "Re: Нет воды", words), Kind::Own),
        (Letter::of("MAILER-DAEMON@mail.test", "Undelivered Mail Returned to Sender", words), Kind::Bounce),
        (Letter::of("nobody", "Нет воды", words), Kind::Machine),
    ];
    for (letter, kind) in &machines {
        assert_eq!(comes(&w, &letter.raw()).await.kind, Some(*kind), "{letter:?}");
    }
    assert_eq!(w.count("SELECT COUNT(*) FROM raw_event WHERE channel = 'mail' AND status = 'done'").await, machines.len() as i64, "each is kept");
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 0);
    assert_eq!((smtp.taken().len(), w.count("SELECT COUNT(*) FROM outbox").await), (0, 0), "a machine was answered");
    // What says that it is no machine is none.
    comes(&w, &Letter::of(AIGUL, "Нет воды", words).with("Auto-Submitted: no\r\n").raw()).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 1);
    w.finish().await;
}

/// A report as Postfix writes it.
fn bounce(of: &str, status: &str) -> String {
    format!(
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mail.test\r\nTo: {OWN}\r\nSubject: Undelivered Mail Returned to Sender\r\nMessage-ID: <{}@mail.test>\r\n\
         Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nI am sorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mail.test\r\n\r\nFinal-Recipient: rfc822; {AIGUL}\r\nAction: failed\r\nStatus: {status}\r\nDiagnostic-Code: smtp; 550 no such user\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\nFrom: {OWN}\r\nTo: {AIGUL}\r\nMessage-ID: <{of}>\r\nSubject: x\r\n\r\n--b--\r\n",
        uuid::Uuid::new_v4()
    )
}

async fn a_letter_that_came_back(kit: Kit) {
    let smtp = FakeSmtp::start().await;
    let w = kit.world_with(by_mail(&smtp)).await;
    let dispatcher = Staff::dispatcher(&w).await;
    comes(&w, &Letter::of(AIGUL, "Нет воды", NO_WATER).raw()).await;
    let ack = smtp.take().pop().unwrap();
    let number = number_in(&ack.read().text);
    let id = ack.read().id.unwrap();
    // A report of a letter that we never sent, and of one that is only late.
    comes(&w, &bounce("somebody.else@mail.test", "5.1.1")).await;
    comes(&w, &bounce(&id, "4.4.1").replace("Action: failed", "Action: delayed")).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM outbox WHERE status = 'sent'").await, 1);
    comes(&w, &bounce(&id, "5.1.1")).await;
    let row = outbox::list(w.core().db.read(), status::DEAD, None, 9).await.unwrap().remove(0);
    assert_eq!((row.reason.as_deref(), row.provider_id.as_deref()), (Some("unreachable"), Some(id.as_str())));
    assert_eq!(smtp.take().len(), 0, "a report was answered");
    let seen = dispatcher.sees(&number).await.to_string();
    assert!(seen.contains("unreachable"), "the dispatcher is not told: {seen}");
    // The same report again changes nothing.
    comes(&w, &bounce(&id, "5.1.1")).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM outbox").await, 1);
    // Who writes again is answered again.
    comes(&w, &Letter::answering(AIGUL, &ack, "Воды всё ещё нет").raw()).await;
    assert_eq!(smtp.take().len(), 1);
    // The server itself knows that there is nobody.
    smtp.fail(SmtpFail::Rcpt(550));
    comes(&w, &Letter::of("gone@mail.test", "Нет воды", NO_WATER).raw()).await;
    assert!(outbox::list(w.core().db.read(), status::DEAD, None, 9).await.unwrap().iter().any(|r| r.chat.starts_with("gone@mail.test")));
    w.finish().await;
}

async fn files_in_a_letter(kit: Kit) {
    let smtp = FakeSmtp::start().await;
    let w = kit.world_with(by_mail(&smtp)).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let photo = base64::engine::general_purpose::STANDARD.encode([b"\xff\xd8\xff a burst pipe".as_slice(), &[7; 9000]].concat());
    let logo = base64::engine::general_purpose::STANDARD.encode(b"\x89PNG a logo");
    let body = format!(
        "--m\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{NO_WATER}\r\n--m\r\nContent-Type: image/png\r\nContent-ID: <logo>\r\nContent-Transfer-Encoding: base64\r\n\r\n{logo}\r\n\
         --m\r\nContent-Type: image/jpeg; name=\"../../etc/труба.jpg\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n\r\n{photo}\r\n\
         --m\r\nContent-Type: application/pdf; name=\"акт.pdf\"\r\nContent-Disposition: attachment\r\n\r\n%PDF-1.4 an act\r\n--m--\r\n"
    );
    let letter = Letter::of(AIGUL, "Нет воды", &body).with("Content-Type: multipart/mixed; boundary=m\r\n");
    comes(&w, &letter.raw()).await;
    let number = number_in(&smtp.take()[0].read().text);
    let files = dispatcher.sees(&number).await["attachments"].clone();
    let told: Vec<(&str, &str)> = files.as_array().unwrap().iter().map(|f| (f["kind"].as_str().unwrap(), f["status"].as_str().unwrap())).collect();
    assert_eq!(told, [("photo", "stored"), ("document", "stored")], "{files}");
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 1);
    let text = dispatcher.sees(&number).await["thread"][0]["text"].as_str().unwrap().to_owned();
    assert!(text.contains("нет воды"), "{text}");
    w.finish().await;
}

async fn the_same_letter_twice(kit: Kit) {
    let smtp = FakeSmtp::start().await;
    let w = kit.world_with(by_mail(&smtp)).await;
    let letter = Letter::of(AIGUL, "Нет воды", NO_WATER);
    assert!(comes(&w, &letter.raw()).await.new);
    // By another way: servers have written other lines above it.
    assert!(!comes(&w, &format!("X-Spam-Score: 0\r\n{}", letter.raw())).await.new);
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 1);
    assert_eq!(smtp.take().len(), 1, "one letter, one answer");
    // Somebody takes the identifier for another letter: it hides nothing.
    let other = Letter { id: letter.id.clone(), ..Letter::of("other@mail.test", "Газ", "г. Тараз, ул. Абая 79: нет газа") };
    assert!(comes(&w, &other.raw()).await.new);
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 2);
    w.finish().await;
}

async fn at_the_same_time(kit: Kit) {
    let smtp = FakeSmtp::start().await;
    let w = kit.world_with(by_mail(&smtp)).await;
    let door = MailDoor::of(&w.config.mail);
    let letter = Letter::of(AIGUL, "Нет воды", NO_WATER).raw().into_bytes();
    let all = (0..6).map(|_| door.take(w.core(), letter.clone(), None, None));
    let stored = futures_util::future::join_all(all).await;
    assert_eq!(stored.iter().filter(|s| s.as_ref().is_ok_and(|s| s.new)).count(), 1, "{stored:?}");
    // An answer that comes before the letter that it answers finds its thread.
    let first = Letter::of("b@mail.test", "Нет света", "г. Тараз, ул. Абая 79: нет света");
    let second = Letter::of("b@mail.test", "Re: Нет света", "И в соседнем подъезде нет света").refers_to(&[&first.id]);
    stores(&w, &second.raw()).await;
    comes(&w, &first.raw()).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM conversation WHERE chat LIKE 'b@mail.test#%'").await, 1);
    w.finish().await;
}

async fn two_that_answer_each_other(kit: Kit) {
    let smtp = FakeSmtp::start().await;
    let w = kit.world_with(by_mail(&smtp)).await;
    // A machine that does not say that it is one: it answers everything at once.
    comes(&w, &Letter::of("robot@mail.test", "Вопрос", "Спасибо за обращение! Мы ответим вам в течение дня.").raw()).await;
    let mut sent = 0;
    for _ in 0..60 {
        let Some(ours) = smtp.take().pop() else { break };
        sent += 1;
        comes(&w, &Letter::answering("robot@mail.test", &ours, "Спасибо за обращение! Мы ответим вам в течение дня.").raw()).await;
    }
    assert!((1..=30).contains(&sent), "{sent} letters to a machine within a moment");
    w.leave().await;
}

async fn an_erased_writer(kit: Kit) {
    let smtp = FakeSmtp::start().await;
    let w = kit.world_with(by_mail(&smtp)).await;
    let letter = Letter::of(AIGUL, "Нет воды", &format!("{NO_WATER}{}", "вода ".repeat(80_000)));
    comes(&w, &letter.raw()).await;
    let ack = smtp.take().remove(0);
    let number = number_in(&ack.read().text);
    let resident = w.stored(&number).await.request.resident.unwrap();
    // Machines speak of the person too: a mail server that cannot deliver, an answering machine, long.
    comes(&w, &bounce(&ack.read().id.unwrap(), "4.4.1").replace("Action: failed", "Action: delayed")).await;
    let away = Letter::of(AIGUL, "Автоответ: Айгүл в отпуске", &"до понедельника ".repeat(20_000)).with("Auto-Submitted: auto-replied\r\n");
    assert_eq!(comes(&w, &away.raw()).await.kind, Some(Kind::Machine));
    let stranger = Letter::of("other@mail.test", "Автоответ", "в отпуске").with("Auto-Submitted: auto-replied\r\n");
    comes(&w, &stranger.raw()).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM mail_whole").await, 2);
    erase::resident(w.core(), resident).await.unwrap();
    let left = |table: &str, column: &str| format!("SELECT COUNT(*) FROM {table} WHERE {column} LIKE '%{AIGUL}%' OR {column} LIKE '%Нет воды%'");
    for (table, column) in
        [("mail_letter", "chat"), ("mail_letter", "address"), ("mail_letter", "subject"), ("message", "text"), ("outbox", "sent_text")]
    {
        assert_eq!(w.count(&left(table, column)).await, 0, "{table}.{column}");
    }
    assert_eq!(w.count("SELECT COUNT(*) FROM mail_whole").await, 0);
    assert_eq!(w.count("SELECT COUNT(*) FROM raw_event WHERE channel = 'mail' AND LENGTH(body) > 0").await, 1, "the stranger's stays");
    assert_eq!(w.count(&left("raw_event", "conversation_key")).await, 0);
    // The letter that was erased does not come back with a second copy of it.
    assert!(!comes(&w, &letter.raw()).await.new);
    w.verify_all().await;
    w.leave().await;
}

async fn whole_letters(kit: Kit) {
    let smtp = FakeSmtp::start().await;
    let w = kit.world_with(by_mail(&smtp)).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let big = base64::engine::general_purpose::STANDARD.encode(vec![b'x'; 600_000]);
    let body = format!(
        "--m\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n\r\n{big}\r\n\
         --m\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{NO_WATER}\r\n--m--\r\n"
    );
    comes(&w, &Letter::of(AIGUL, "Акт", &body).with("Content-Type: multipart/mixed; boundary=m\r\n").raw()).await;
    let number = number_in(&smtp.take()[0].read().text);
    let files = dispatcher.sees(&number).await["attachments"].clone();
    assert_eq!((files[0]["status"].as_str(), files.as_array().unwrap().len()), (Some("stored"), 1), "{files}");
    assert!(w.count("SELECT MAX(LENGTH(body)) FROM raw_event WHERE channel = 'mail'").await < 300_000, "the inbox holds beginnings only");
    // Longer than anything that is taken: its beginning is, and says what it says.
    let mut config: Mail = w.config.mail.clone();
    config.inbound.max_bytes = 70_000;
    let long = Letter::of("long@mail.test", "Нет света", &format!("г. Тараз, ул. Абая 81: нет света. {}", "очень ".repeat(50_000)));
    let stored = MailDoor::of(&config).take(w.core(), long.raw().into_bytes(), None, None).await.unwrap();
    assert!(stored.new);
    w.settle().await;
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 2);
    assert_eq!(raw_events::count(w.core().db.read(), raw_events::status::PARKED).await.unwrap(), 0);
    w.finish().await;
}

/// Were it to fail again and again, everything behind it in the mailbox would wait for ever.
async fn a_letter_that_nobody_can_store(kit: Kit) {
    let smtp = FakeSmtp::start().await;
    let w = kit.world_with(by_mail(&smtp)).await;
    // A report that names more letters than a statement takes.
    let part = "--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <N@b.kz>\r\n\r\n";
    let parts: String = (0..18_000).map(|n| part.replace('N', &n.to_string())).collect();
    let report = Letter::of("mailer-daemon@mail.test", "Undelivered", &format!("{parts}{parts}--b--"))
        .with("Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n");
    assert_eq!(comes(&w, &report.raw()).await.kind, Some(Kind::Bounce));
    // And one that the database refuses, for whatever reason.
    let refused = match w.kit.redis.is_some() {
        true => "ALTER TABLE mail_letter ADD CONSTRAINT refused CHECK (subject <> 'Refused')",
        false => "CREATE TRIGGER refused BEFORE INSERT ON mail_letter WHEN NEW.subject = 'Refused' BEGIN SELECT RAISE(ABORT, 'refused'); END",
    };
    w.tamper(refused).await;
    let letter = Letter::of(AIGUL, "Refused", NO_WATER);
    let taken = comes(&w, &letter.raw()).await;
    assert_eq!((taken.new, taken.kind), (true, None));
    assert_eq!(raw_events::count(w.core().db.read(), raw_events::status::UNREADABLE).await.unwrap(), 1);
    assert!(!comes(&w, &letter.raw()).await.new, "it is known");
    w.tamper(if w.kit.redis.is_some() { "ALTER TABLE mail_letter DROP CONSTRAINT refused" } else { "DROP TRIGGER refused" }).await;
    // Once the cause is gone it is read after all, once.
    let doors = Doors::of(&w.config.channels, &w.config.mail).unwrap();
    assert_eq!(put_back(w.core(), &doors, Which::default()).await.unwrap(), 1);
    assert_eq!(put_back(w.core(), &doors, Which::default()).await.unwrap(), 0);
    w.settle().await;
    assert_eq!((w.count("SELECT COUNT(*) FROM request").await, smtp.take().len()), (1, 1));
    assert!(!comes(&w, &letter.raw()).await.new);
    w.finish().await;
}

/// With any other code a mail server sends the letter back to its author, because our settings were wrong for one night.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_that_cannot_be_stored_now_is_asked_for_again() {
    use std::io::Write;
    let dir = tempfile::tempdir().unwrap();
    let code = |settings: &[(&str, &str)], letter: &str| {
        let mut c = std::process::Command::new(env!("CARGO_BIN_EXE_jambyl109"));
        c.current_dir(dir.path()).env_clear().envs(settings.iter().copied()).arg("mail-in");
        let piped = std::process::Stdio::piped;
        let mut child = c.stdin(piped()).stdout(piped()).stderr(piped()).spawn().unwrap();
        // A program that ends before it has read everything closes the pipe.
        let _ = child.stdin.take().unwrap().write_all(letter.as_bytes());
        child.wait_with_output().unwrap().status.code()
    };
    let letter = Letter::of(AIGUL, "Нет воды", NO_WATER).raw();
    let url = format!("sqlite://{}", dir.path().join("a.db").display());
    let base = [("JAMBYL__DATABASE__URL", url.as_str()), ("JAMBYL__JOURNAL__KEY", "a key of the tests that is long enough")];
    for wrong in
        [("JAMBYL_CONFIG", "/nowhere/settings.toml"), ("JAMBYL__MAIL__TRANSPORT", "pigeon"), ("JAMBYL__DATABASE__URL", "postgres://127.0.0.1:9/none")]
    {
        let settings: Vec<(&str, &str)> = base.into_iter().chain([wrong]).collect();
        assert_eq!(code(&settings, &letter), Some(75), "{wrong:?}");
    }
    assert_eq!(code(&base, &letter), Some(0));
    assert_eq!(code(&base, ""), Some(1), "nothing is no letter");
}
async fn the_desk_opens_a_whole_letter(kit: Kit) {
    let smtp = FakeSmtp::start().await;
    let w = kit.world_with(by_mail(&smtp)).await;
    let dispatcher = Staff::dispatcher(&w).await;
    Staff::hire(&w, "narrow", Role::Dispatcher, &["electricity"], None).await;
    Staff::hire(&w, "auditor", Role::Auditor, &[], None).await;
    let body = format!(
        "--m\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{NO_WATER}\r\n-- \r\n<script>alert(1)</script>\r\n\
         --m\r\nContent-Type: application/pdf; name=\"акт.pdf\"\r\nContent-Disposition: attachment\r\n\r\n%PDF-1.4 an act\r\n--m--\r\n"
    );
    comes(&w, &Letter::of("Айгуль <aigul@mail.test>", "Нет воды", &body).with("Content-Type: multipart/mixed; boundary=m\r\n").raw()).await;
    let number = number_in(&smtp.take()[0].read().text);
    let desk = Browser::new(&w);
    desk.signs_in("dispatcher", PASSWORD).await;
    desk.set_cookie("lang", "ru");
    let page = desk.get(&format!("/console/requests/{number}")).await.text;
    // The thread has the author's own words; what stands below them is in the letter.
    assert!(!page.contains("Толе би 5"), "{page}");
    let path: String =
        page[page.find(&format!("/console/requests/{number}/letters/")).expect("no way to the letter")..].chars().take_while(|c| *c != '"').collect();
    let logged = "SELECT COUNT(*) FROM access_log WHERE what = 'letter'";
    assert_eq!(w.count(logged).await, 0);
    let letter = desk.get(&path).await;
    assert_eq!(letter.status, 200, "{}", letter.text);
    for part in ["Нет воды", "Айгуль · aigul@mail.test", "второй день нет воды", "ул. Толе би 5", "акт.pdf", "&lt;script&gt;", "Сохранён"]
    {
        assert!(
            letter.text.contains(part) || letter.text.contains(&part.replace("&lt;", "&#60;").replace("&gt;", "&#62;")),
            "{part}: {}",
            letter.text
        );
    }
    assert!(!letter.text.contains("<script>alert"));
    let file: String =
        letter.text[letter.text.find(&format!("/console/requests/{number}/files/")).expect("no file")..].chars().take_while(|c| *c != '"').collect();
    assert!(desk.get(&file).await.text.contains("an act"));
    assert_eq!(w.count(logged).await, 1, "each look is written down");
    // Another's queue, another's role, another message: nothing, and nothing is written down.
    for (login, status) in [("narrow", 404), ("auditor", 403)] {
        let b = Browser::new(&w);
        b.signs_in(login, PASSWORD).await;
        assert_eq!(b.get(&path).await.status, status, "{login}");
    }
    assert_eq!(desk.get(&format!("/console/requests/{number}/letters/0193a1c2-7d00-7000-8000-000000000001")).await.status, 404);
    let other = Resident::ru(&w, 9931);
    other.says("г. Тараз, ул. Абая 12: нет воды").await;
    let chat = number_in(&other.reads_one().text);
    assert!(!desk.get(&format!("/console/requests/{chat}")).await.text.contains("/letters/"), "a chat is no letter");
    assert_eq!(w.count(logged).await, 1);
    // A letter that was let go: the words of the request stay.
    w.tamper("DELETE FROM raw_event WHERE channel = 'mail'").await;
    let gone = desk.get(&path).await;
    assert!(gone.status == 200 && gone.text.contains("больше не хранится") && !gone.text.contains("Толе би 5"), "{}", gone.text);
    drop(dispatcher);
    w.finish().await;
}
