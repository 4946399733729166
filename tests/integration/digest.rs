//! The morning digest: each reader's once a day whatever the mail server does, and with the figures that every report has.

use crate::harness::letters::by_mail;
use crate::harness::smtp::{FakeSmtp, SmtpFail};
use crate::harness::{Browser, Kit, Options, PASSWORD, Resident, Staff, World, leads, number_in, stories};
use jambyl109::domain::Lang;
use jambyl109::domain::calendar::Day;
use jambyl109::domain::digest::Part;
use jambyl109::domain::report::{Bounds, Dim, Filter, Period};
use jambyl109::reports::{facts, present};
use jambyl109::store::digests::{self, DigestReader};
use jambyl109::store::outbox::{self, status};
use serde_json::json;
use std::time::Duration;

stories! {
    each_reader_once_a_day, two_processes_make_one, a_missed_morning, a_mail_server_that_is_down_for_hours, a_server_that_stumbles, taken_and_not_told,
    the_same_figures_as_every_report, readers_that_an_administrator_adds, readers_are_kept_on_a_page, two_administrators_and_one_reader
}

const READERS: &str = "akim@akimat.test kk all, head@akimat.test ru all, shu@akimat.test ru district:shu";

fn morning(smtp: &FakeSmtp) -> Options {
    by_mail(smtp).and("DIGEST__READERS", READERS)
}

async fn tick(w: &World) -> usize {
    let n = w.server.digest.tick().await.unwrap();
    w.settle().await;
    n
}

fn to(smtp: &FakeSmtp) -> Vec<String> {
    let mut all: Vec<String> = smtp.taken().iter().map(|l| l.to.clone()).collect();
    all.sort();
    all
}

const ALL: [&str; 3] = ["akim@akimat.test", "head@akimat.test", "shu@akimat.test"];

async fn each_reader_once_a_day(kit: Kit) {
    let smtp = FakeSmtp::start().await;
    // The world begins at nine: the digest is due at ten here.
    let w = kit.world_with(morning(&smtp).and("DIGEST__AT", "10:00")).await;
    assert_eq!(tick(&w).await, 0, "before its time");
    w.minutes(59).await;
    assert_eq!(tick(&w).await, 0);
    w.minutes(1).await;
    assert_eq!(tick(&w).await, 3);
    assert_eq!(to(&smtp), ALL);
    for _ in 0..3 {
        w.minutes(60).await;
        assert_eq!(tick(&w).await, 0, "it was made already");
    }
    let letters = smtp.take();
    let akim = letters.iter().find(|l| l.to == "akim@akimat.test").unwrap();
    assert_eq!(akim.read().subject, "109: 22.11.2026 күнгі қорытынды");
    assert_eq!(akim.header("Auto-Submitted").as_deref(), Some("auto-generated"));
    assert!(akim.header("Content-Type").unwrap().starts_with("multipart/alternative"), "{akim:?}");
    assert!(akim.read().text.contains("109 қызметінің қорытындысы"), "{}", akim.read().text);
    let shu = letters.iter().find(|l| l.to == "shu@akimat.test").unwrap();
    assert!(shu.read().subject.starts_with("109: сводка за 22.11.2026 · "), "{}", shu.read().subject);
    // The next day brings the next one.
    w.advance(Duration::from_secs(24 * 3600)).await;
    assert_eq!(tick(&w).await, 3);
    assert!(smtp.take().iter().all(|l| l.read().subject.contains("23.11.2026")));
    w.finish().await;
}

async fn two_processes_make_one(kit: Kit) {
    let smtp = FakeSmtp::start().await;
    let w = kit.world_with(morning(&smtp)).await;
    let mut other = w.another().await;
    let day = Day("2026-11-22".parse().unwrap());
    let (a, b, c) = tokio::join!(w.server.digest.make(day), other.digest.make(day), w.server.digest.tick());
    assert_eq!(a.unwrap() + b.unwrap() + c.unwrap(), 3);
    let (x, y) = tokio::join!(w.server.outbox.tick(), other.outbox.tick());
    x.unwrap();
    y.unwrap();
    w.settle().await;
    assert_eq!(to(&smtp), ALL);
    other.ended().await;
    w.finish().await;
}

async fn a_missed_morning(kit: Kit) {
    let smtp = FakeSmtp::start().await;
    let mut w = kit.world_with(morning(&smtp)).await;
    w.server.ended().await;
    // The machine stands until the evening.
    w.clock.advance(Duration::from_secs(9 * 3600));
    w.restart().await;
    assert_eq!(tick(&w).await, 3);
    assert!(smtp.take().iter().all(|l| l.read().subject.contains("22.11.2026")), "a late digest tells of its own day");
    w.restart().await;
    assert_eq!(tick(&w).await, 0, "once, also after a restart");
    w.finish().await;
}

/// When the last digest was sent, as the metric has it.
async fn last_sent(w: &World) -> String {
    let all = w.api().raw("/metrics").await.text;
    let line = all.lines().find(|l| l.starts_with("jambyl_digest_last_success_timestamp_seconds ")).unwrap();
    line.split_once(' ').unwrap().1.to_owned()
}

async fn a_mail_server_that_is_down_for_hours(kit: Kit) {
    let smtp = FakeSmtp::start().await;
    let w = kit.world_with(morning(&smtp)).await;
    smtp.set_down(true);
    assert_eq!(tick(&w).await, 3);
    for _ in 0..40 {
        w.minutes(15).await;
        assert_eq!(tick(&w).await, 0);
    }
    assert_eq!(smtp.taken().len(), 0);
    assert_eq!(w.count("SELECT COUNT(*) FROM outbox WHERE status = 'pending'").await, 3, "given up too early");
    assert_eq!(last_sent(&w).await, "0", "made is not sent: the alert on a digest that does not come looks at this");
    smtp.set_down(false);
    for _ in 0..3 {
        w.minutes(15).await;
    }
    assert_eq!(to(&smtp), ALL, "each once, after ten hours");
    assert_ne!(last_sent(&w).await, "0");
    assert!(smtp.take().iter().all(|l| l.read().subject.contains("22.11.2026")));
    w.finish().await;
}

async fn a_server_that_stumbles(kit: Kit) {
    let smtp = FakeSmtp::start().await;
    let w = kit.world_with(morning(&smtp).and("DIGEST__READERS", "akim@akimat.test kk all")).await;
    let wrong = [SmtpFail::Rcpt(450), SmtpFail::Data(451), SmtpFail::InData, SmtpFail::Rcpt(421), SmtpFail::Slow(Duration::from_millis(300))];
    for fail in wrong {
        smtp.fail(fail);
    }
    assert_eq!(tick(&w).await, 1);
    for _ in 0..10 {
        w.minutes(15).await;
    }
    assert_eq!((smtp.tries(), smtp.take().len()), (5, 1), "retried, and taken once");
    // What is refused for good is shown to an administrator and is not tried again.
    w.advance(Duration::from_secs(24 * 3600 - 150 * 60)).await;
    smtp.fail(SmtpFail::Data(554));
    assert_eq!(tick(&w).await, 1);
    w.minutes(60).await;
    let dead = outbox::list(w.core().db.read(), status::DEAD, None, 5).await.unwrap();
    assert_eq!((dead.len(), dead[0].reason.as_deref(), smtp.taken().len()), (1, Some("rejected"), 0));
    assert!(dead[0].error.as_deref().is_some_and(|e| e.contains("554") && !e.contains('@')), "{:?}", dead[0].error);
    w.finish().await;
}

async fn taken_and_not_told(kit: Kit) {
    let smtp = FakeSmtp::start().await;
    let w = kit.world_with(morning(&smtp).and("DIGEST__READERS", "akim@akimat.test kk all")).await;
    smtp.fail(SmtpFail::AfterData);
    assert_eq!(tick(&w).await, 1);
    for _ in 0..4 {
        w.minutes(15).await;
    }
    // Nobody can know whether the first one was kept: it goes again under the same name, by which a receiver knows the copy.
    let ids: Vec<Option<String>> = smtp.take().iter().map(|l| l.header("Message-ID")).collect();
    assert_eq!(ids.len(), 2);
    assert!(ids[0].is_some() && ids[0] == ids[1], "{ids:?}");
    w.minutes(600).await;
    assert_eq!(smtp.taken().len(), 0);
    w.finish().await;
}

async fn the_same_figures_as_every_report(kit: Kit) {
    let smtp = FakeSmtp::start().await;
    let w = kit.world_with(by_mail(&smtp)).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let places = ["г. Тараз, ул. Абая 77: второй день нет воды", "г. Тараз, ул. Абая 77: нет воды совсем", "г. Тараз, ул. Абая 77 кв 4, воды нет"];
    let mut numbers = Vec::new();
    for (n, words) in
        (0i64..).zip(places.into_iter().chain(["г. Тараз, ул. Толе би 5: пахнет газом в подъезде", "г. Тараз, ул. Толе би 9: нет света"]))
    {
        let r = Resident::ru(&w, 5200 + n);
        r.says(words).await;
        numbers.push(r.reads().iter().map(|m| m.text.clone()).find(|t| t.contains("26-")).map(|t| number_in(&t)).unwrap());
    }
    for (act, body) in [("assign", json!({})), ("start", json!({})), ("resolve", json!({}))] {
        let _ = dispatcher.does(&numbers[4], act, body).await;
    }
    w.advance(Duration::from_secs(20 * 3600)).await;
    let day = Day("2026-11-23".parse().unwrap());
    let core = w.core();
    let figures = w.server.digest.figures(day, &Part::All).await.unwrap();
    let whole = Filter::within(Bounds::everything());
    let facts = facts::gather(&core.db, &whole, Period::day(day), core.now()).await.unwrap();
    let wall = present::of(&core.db, &Bounds::everything(), core.now()).await.unwrap();
    assert_eq!((figures.received.now, figures.week.now), (facts.received(), 5));
    assert_eq!(facts.received(), 5);
    assert_eq!((figures.open, figures.overdue, figures.untaken, figures.dangers_open), (wall.open, wall.overdue, wall.untaken, wall.dangers));
    assert_eq!(figures.dangers_day, facts.dangers());
    let by: Vec<(Option<String>, i64)> = facts.by(Dim::Service).into_iter().map(|c| (c.key, c.n)).collect();
    assert_eq!(figures.services, by);
    assert!(figures.overdue > 0 && !figures.worst.is_empty(), "nothing is late after twenty hours: {figures:?}");
    assert_eq!(figures.owners.iter().map(|o| o.1).sum::<i64>(), wall.overdue);
    assert!(figures.places.iter().any(|p| p.house.is_some() && p.n == 3 && p.service.as_deref() == Some("water")), "{:?}", figures.places);
    for lang in [Lang::Kk, Lang::Ru] {
        let letter = w.server.digest.words(lang, &figures);
        assert!(numbers.iter().any(|n| letter.text.contains(n.as_str())) && letter.html.contains("26-"), "{}", letter.text);
        assert!(!letter.text.contains("кв"), "a flat is nobody's business: {}", letter.text);
    }
    // A part of the work adds up to what that part's report says.
    let taraz = w.server.digest.figures(day, &Part::parse("district:taraz").unwrap()).await.unwrap();
    let shu = w.server.digest.figures(day, &Part::parse("district:shu").unwrap()).await.unwrap();
    assert_eq!((taraz.received.now, shu.received.now, shu.open), (5, 0, 0));
    assert!(taraz.social.is_none());
    w.finish().await;
}

async fn readers_that_an_administrator_adds(kit: Kit) {
    let smtp = FakeSmtp::start().await;
    let w = kit.world_with(morning(&smtp)).await;
    let c = w.core().db.write();
    let reader = |address: &str, scope: &str, active| DigestReader {
        address: address.into(),
        lang: "kk".into(),
        scope: scope.into(),
        active,
        changed_at: w.now(),
    };
    digests::set_reader(c, reader("new@akimat.test", "service:water", true)).await.unwrap();
    digests::set_reader(c, reader("akim@akimat.test", "all", false)).await.unwrap();
    digests::set_reader(c, reader("odd@akimat.test", "nonsense", true)).await.unwrap();
    assert_eq!(tick(&w).await, 3);
    assert_eq!(to(&smtp), ["head@akimat.test", "new@akimat.test", "shu@akimat.test"]);
    w.finish().await;
}

const LIST: &str = "/console/admin/readers";

/// The value of the first hidden field of that name.
fn hidden(html: &str, name: &str) -> String {
    let at = html.find(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("no field {name} in {html}"));
    html[at..].split('"').nth(3).unwrap().to_owned()
}

/// The page of the reader who stands under these masked words.
fn page_of(list: &str, masked: &str) -> String {
    let row = list.split("<tr").find(|row| row.contains(masked)).unwrap_or_else(|| panic!("no {masked} in {list}"));
    row.split("href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

async fn readers_are_kept_on_a_page(kit: Kit) {
    let smtp = FakeSmtp::start().await;
    let w = kit.world_with(morning(&smtp).and("DIGEST__AT", "10:00")).await;
    Staff::admin(&w).await;
    let b = Browser::new(&w);
    b.signs_in("admin", PASSWORD).await;
    b.set_cookie("lang", "ru");
    let list = b.get(LIST).await.text;
    for (masked, hidden) in [("a•••@akimat.test", ALL[0]), ("h•••@akimat.test", ALL[1]), ("s•••@akimat.test", ALL[2])] {
        assert!(list.contains(masked) && !list.contains(hidden), "{list}");
    }
    assert!(list.contains("10:00") && list.contains("из настроек"), "{list}");
    // Refused with the reason, in the reader's language, and with what was typed.
    for (fields, told) in [
        (vec![("address", "nobody"), ("lang", "ru"), ("part", "all")], "Это не адрес почты"),
        (vec![("address", "x@y.kz, z@y.kz"), ("lang", "ru"), ("part", "all")], "Это не адрес почты"),
        (vec![("address", "x@y.kz"), ("lang", "en"), ("part", "all")], "Выберите язык"),
        (vec![("address", "x@y.kz"), ("lang", "ru"), ("part", "district:paris")], "Такой части работы больше нет"),
        (vec![("address", "AKIM@akimat.test"), ("lang", "ru"), ("part", "all")], "уже есть в списке"),
    ] {
        let a = b.fill(LIST, LIST, &fields).await;
        assert!(a.status == 422 && a.text.contains(told), "{fields:?}: {} {}", a.status, a.text);
    }
    assert_eq!(w.count("SELECT COUNT(*) FROM digest_reader").await, 0);
    let added = b.fill(LIST, LIST, &[("address", "New@Akimat.test"), ("lang", "kk"), ("part", "service:water")]).await;
    assert_eq!(leads(&added), format!("{LIST}?saved=1"));
    let list = b.get(LIST).await.text;
    let (new, shu) = (page_of(&list, "n•••@akimat.test"), page_of(&list, "s•••@akimat.test"));
    // The address stands on its own page, and whoever opens that is written down; it stands in no address and in no audit.
    assert_eq!(w.count("SELECT COUNT(*) FROM access_log WHERE what = 'digest_reader'").await, 0);
    let page = b.get(&new).await.text;
    assert!(page.contains("new@akimat.test") && !new.contains("akimat"), "{page}");
    assert_eq!(w.count("SELECT COUNT(*) FROM access_log WHERE what = 'digest_reader'").await, 1);
    // Another part and language; one of the settings switched off.
    let change = [("address", "new@akimat.test"), ("lang", "ru"), ("part", "district:shu"), ("active", "1"), ("act", "save")];
    let mut fields = change.to_vec();
    let seen = hidden(&page, "expected");
    fields.push(("expected", &seen));
    assert_eq!(leads(&b.fill(&new, &new, &fields).await), format!("{new}?saved=1"));
    let off = [("address", "shu@akimat.test"), ("lang", "ru"), ("part", "district:shu"), ("act", "save"), ("expected", "")];
    assert_eq!(leads(&b.fill(&shu, &shu, &off).await), format!("{shu}?saved=1"));
    w.minutes(60).await;
    b.signs_in("admin", PASSWORD).await;
    assert_eq!(tick(&w).await, 3);
    assert_eq!(to(&smtp), ["akim@akimat.test", "head@akimat.test", "new@akimat.test"]);
    let letter = smtp.take().into_iter().find(|l| l.to == "new@akimat.test").unwrap();
    assert!(letter.read().subject.starts_with("109: сводка за 22.11.2026 · "), "{}", letter.read().subject);
    // Back to what it was, from the page's own history.
    let page = b.get(&shu).await.text;
    assert!(page.contains("не получает") && page.contains("Отменить это изменение"), "{page}");
    let seen = hidden(&page, "expected");
    let back = [("lang", "ru"), ("part", "district:shu"), ("active", "1"), ("act", "back"), ("expected", seen.as_str())];
    leads(&b.fill(&shu, &shu, &back).await);
    // Another address is another reader: the one before stays, switched off, and may be removed then.
    let seen = hidden(&b.get(&new).await.text, "expected");
    let moved = [("address", "head2@akimat.test"), ("lang", "ru"), ("part", "all"), ("active", "1"), ("act", "save"), ("expected", seen.as_str())];
    assert_ne!(leads(&b.fill(&new, &new, &moved).await), format!("{new}?saved=1"));
    w.advance(Duration::from_secs(24 * 3600)).await;
    assert_eq!(tick(&w).await, 4);
    assert_eq!(to(&smtp), ["akim@akimat.test", "head2@akimat.test", "head@akimat.test", "shu@akimat.test"]);
    b.signs_in("admin", PASSWORD).await;
    let seen = hidden(&b.get(&new).await.text, "expected");
    assert_eq!(leads(&b.fill(&new, &new, &[("act", "remove"), ("expected", &seen)]).await), format!("{LIST}?saved=1"));
    assert_eq!(b.get(&new).await.status, 404);
    let seen = hidden(&b.get(&shu).await.text, "expected");
    let stays = b.fill(&shu, &shu, &[("act", "remove"), ("expected", &seen)]).await;
    assert!(stays.status == 422 && stays.text.contains("Сначала отключите"), "{}", stays.text);
    assert_eq!(w.count("SELECT COUNT(*) FROM access_log WHERE what = 'digest_reader_changed'").await, 7);
    let named = "SELECT COUNT(*) FROM access_log WHERE object LIKE 'reader:%' AND (object LIKE '%@%' OR reason LIKE '%@%')";
    assert_eq!(w.count(named).await, 0, "an address in the audit");
    let audit = b.get("/console/audit").await.text;
    assert!(audit.contains("Изменил читателя сводки") && audit.contains("Открыт адрес читателя сводки"), "{audit}");
    w.finish().await;
}

async fn two_administrators_and_one_reader(kit: Kit) {
    let smtp = FakeSmtp::start().await;
    let w = kit.world_with(morning(&smtp)).await;
    Staff::admin(&w).await;
    let b = Browser::new(&w);
    b.signs_in("admin", PASSWORD).await;
    b.set_cookie("lang", "kk");
    let page = page_of(&b.get(LIST).await.text, "a•••@akimat.test");
    let form = |part: &'static str, seen: &'static str| {
        vec![("address", "akim@akimat.test"), ("lang", "kk"), ("part", part), ("active", "1"), ("act", "save"), ("expected", seen)]
    };
    let (one, two) = (form("district:shu", ""), form("service:water", ""));
    let (one, two) = tokio::join!(b.fill(&page, &page, &one), b.fill(&page, &page, &two));
    let mut both = [one.status, two.status];
    both.sort_unstable();
    assert_eq!(both, [303, 422], "{} {}", one.text, two.text);
    // A form that was opened before the last change changes nothing.
    let late = b.fill(&page, &page, &form("all", "")).await;
    assert!(late.status == 422 && late.text.contains("notice bad"), "{}", late.text);
    assert_eq!(w.count("SELECT COUNT(*) FROM digest_reader").await, 1);
    assert_eq!(w.count("SELECT COUNT(*) FROM access_log WHERE what = 'digest_reader_changed'").await, 1);
    let kk = b.get(LIST).await.text;
    assert!(kk.contains("Қорытынды оқырмандары") && !kk.contains("readers."), "{kk}");
    w.finish().await;
}
