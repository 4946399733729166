//! What administrators change stays what each of them meant: nobody's newer change is taken back or written over unseen, every door writes the audit, and
//! what was broken before is mended piece by piece.

use crate::harness::{Answer, Browser, Kit, PASSWORD, Staff, World, leads, stories, text};
use jambyl109::dispatch::settings;
use jambyl109::domain::Lang;
use jambyl109::domain::access::Role;
use jambyl109::domain::setting::Area;
use jambyl109::store::revisions;
use serde_json::{Value, json};

stories! {
    an_undo_takes_back_only_its_own, what_another_process_changed_is_shown_before_it_is_changed_again, a_revision_of_one_page_leaves_the_other, every_door_writes_the_audit, what_was_broken_before_is_mended_piece_by_piece,
}

const HISTORY: &str = "/console/admin/history";
const TEMPLATES: &str = "/console/admin/templates";
const CALENDARS: &str = "/console/admin/calendars";
const POLICIES: &str = "/console/admin/policies";

async fn browser(w: &World, login: &str) -> Browser {
    let b = Browser::new(w);
    b.set_cookie("lang", "ru");
    leads(&b.signs_in(login, PASSWORD).await);
    b
}

/// The value of the first hidden field of that name.
fn hidden(html: &str, name: &str) -> String {
    let at = html.find(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("no field {name} in {html}"));
    html[at..].split('"').nth(3).unwrap().to_owned()
}

async fn page(b: &Browser, path: &str) -> String {
    let a = b.get(path).await;
    assert_eq!(a.status, 200, "{path}: {}", a.text);
    a.text
}

async fn put(admin: &Staff, area: &str, key: &str, value: &Value) -> Answer {
    let path = format!("/staff/settings/{area}/{key}");
    let seen = admin.api.get(&path).await;
    let expected = if seen.status == 200 { seen.json()["version"].clone() } else { json!(0) };
    admin.api.put(&path, &json!({"value": value.to_string(), "expected": expected, "note": ""})).await
}

fn number(a: &Value) -> i64 {
    a["number"].as_i64().unwrap()
}

async fn an_undo_takes_back_only_its_own(kit: Kit) {
    let w = kit.world().await;
    let one = Staff::admin(&w).await;
    Staff::hire(&w, "second", Role::Admin, &[], None).await;
    let b = browser(&w, "second").await;
    let words = |words: &str| json!({"kk": format!("{words} {{number}}"), "ru": format!("{words} {{number}}")});
    let first = number(&put(&one, "text", "confirmed", &words("бірінші")).await.expect(200));
    let html = page(&b, "/console/admin/texts/confirmed").await;
    assert!(html.contains("name=\"before\" value=\"1\"") && hidden(&html, "seen") == first.to_string(), "the newest may be taken back: {html}");
    // While the page is open another administrator changes the same text: the old button takes nothing of that away.
    let second = number(&put(&one, "text", "confirmed", &words("екінші")).await.expect(200));
    let stands = first.to_string();
    for before in ["1", "0"] {
        let a = b.fill(HISTORY, HISTORY, &[("number", &stands), ("seen", &stands), ("before", before)]).await;
        assert!(a.status == 422 && a.text.contains("Обновите страницу"), "{before}: {}", a.text);
    }
    let restore = format!("/staff/settings-history/{first}/restore");
    one.api.post(&restore, &json!({"before": true})).await.refused(409, "conflict");
    one.api.post(&restore, &json!({"seen": first})).await.refused(409, "conflict");
    let holds = || w.core().book.messages.get(Lang::Kk, "confirmed").unwrap().to_owned();
    assert_eq!(holds(), "екінші {number}");
    // Who has seen it may choose what stood before.
    one.api.post(&restore, &json!({"seen": second})).await.expect(201);
    assert_eq!(holds(), "бірінші {number}");
    // On a later page of the history nothing is called in force that is not.
    let older = page(&b, &format!("{HISTORY}?area=text&before={second}")).await;
    assert!(older.contains(&format!("№ {first}")) && !older.contains("name=\"before\" value=\"1\""), "{older}");
    // A template that another has changed meanwhile is not written over by a page that is older.
    let seen = hidden(&page(&b, TEMPLATES).await, "seen");
    let theirs = json!({"channel": "whatsapp", "text": "notice.started", "kk": "theirs", "ru": "theirs", "params": ["number"]});
    put(&one, "template", "whatsapp:notice.started", &theirs).await.expect(200);
    let mine = [("text", "notice.started"), ("kk", "mine"), ("ru", "mine"), ("params", "number"), ("seen", seen.as_str())];
    let late = b.fill(TEMPLATES, TEMPLATES, &mine).await;
    assert!(late.status == 422 && late.text.contains("Обновите страницу"), "{}", late.text);
    let remove = [("act", "remove"), ("key", "whatsapp:notice.started")];
    assert_eq!(b.fill(TEMPLATES, TEMPLATES, &[remove[0], remove[1], ("seen", &seen)]).await.status, 422);
    let seen = hidden(&page(&b, TEMPLATES).await, "seen");
    leads(&b.fill(TEMPLATES, TEMPLATES, &[remove[0], remove[1], ("seen", &seen)]).await);
    assert!(w.core().book.templates.template.iter().all(|t| t.text != "notice.started"));
    w.finish().await;
}

async fn what_another_process_changed_is_shown_before_it_is_changed_again(kit: Kit) {
    let w = kit.world().await;
    let admin = Staff::admin(&w).await;
    let mut other = w.another().await;
    put(&admin, "text", "confirmed", &json!({"kk": "жаңа {number}", "ru": "новый {number}"})).await.expect(200);
    // The other process has not looked yet: whoever is shown the number of that change must be shown its words too.
    assert!(!other.core.book.messages.get(Lang::Ru, "confirmed").unwrap().starts_with("новый"));
    let far = other.api.with(admin.api.token.as_deref().unwrap());
    let seen = far.get("/staff/settings/text/confirmed").await.expect(200);
    assert!(seen["version"].as_i64() == Some(1) && seen["value"].as_str().unwrap().contains("новый"), "{seen}");
    other.ended().await;
    w.finish().await;
}

async fn a_revision_of_one_page_leaves_the_other(kit: Kit) {
    let w = kit.world().await;
    Staff::admin(&w).await;
    let b = browser(&w, "admin").await;
    let expected = async |path: &str| hidden(&page(&b, path).await, "expected");
    // The calendar is changed first, then the policies by somebody else.
    let v = expected(CALENDARS).await;
    leads(
        &b.fill(CALENDARS, CALENDARS, &[("act", "rest"), ("date", "2026-12-04"), ("kk", "Қосымша"), ("ru", "Дополнительный"), ("expected", &v)])
            .await,
    );
    let stale = v;
    let v = expected(POLICIES).await;
    let target = [("act", "target"), ("policy", "incident: water and sewerage"), ("stage", "accept"), ("minutes", "45"), ("expected", v.as_str())];
    leads(&b.fill(POLICIES, POLICIES, &target).await);
    // Whoever has not seen the newest neither takes back nor applies; a slip in the year is told.
    for act in ["revert", "apply"] {
        assert_eq!(b.fill(CALENDARS, CALENDARS, &[("act", act), ("number", "1"), ("expected", &stale)]).await.status, 422, "{act}");
    }
    let v = expected(CALENDARS).await;
    let slip = b.fill(CALENDARS, CALENDARS, &[("act", "rest"), ("date", "2062-12-04"), ("kk", "а"), ("ru", "б"), ("expected", &v)]).await;
    assert_eq!(slip.status, 422, "{}", slip.text);
    leads(&b.fill(CALENDARS, CALENDARS, &[("act", "revert"), ("number", "1"), ("expected", &v)]).await);
    let last = jambyl109::store::books::last(w.core().db.read()).await.unwrap().unwrap();
    assert!(!last.calendar.contains("2026-12-04"), "the day of rest is taken back");
    let due = page(&b, &format!("{POLICIES}?go=1&at=2026-11-23T09:00&class=incident&service=water&district=taraz")).await;
    assert!(due.contains("23.11.2026 09:45"), "the policies stay as they were changed after it: {due}");
    assert_eq!(w.count("SELECT COUNT(*) FROM access_log WHERE what = 'books_changed'").await, 3);
    w.finish().await;
}

async fn every_door_writes_the_audit(kit: Kit) {
    let w = kit.world().await;
    let admin = Staff::admin(&w).await;
    let noted = async |what: &str| w.count(&format!("SELECT COUNT(*) FROM access_log WHERE what = '{what}' AND actor LIKE 'staff:%'")).await;
    let id = text(&admin.api.post("/staff/duties", &json!({"login": "admin", "duty": "head"})).await.expect(201), "id");
    assert_eq!((noted("duty_added").await, w.count("SELECT COUNT(*) FROM duty").await), (1, 1));
    admin.api.delete(&format!("/staff/duties/{id}")).await.expect(204);
    admin.api.delete(&format!("/staff/duties/{id}")).await.refused(404, "not_found");
    assert_eq!((noted("duty_removed").await, w.count("SELECT COUNT(*) FROM duty").await), (1, 0));
    let newest = number(&admin.api.get("/staff/books").await.expect(200)["items"][0]);
    let calendar =
        admin.api.get(&format!("/staff/books/{newest}")).await.expect(200)["calendar"].as_str().unwrap().replace("Жаңа жыл", "Жаңа жыл күні");
    let made = number(&admin.api.post("/staff/books", &json!({"calendar": calendar, "expected": newest})).await.expect(201));
    admin.api.post(&format!("/staff/books/{made}/apply"), &json!({})).await.expect(202);
    assert_eq!((noted("books_changed").await, noted("books_applied").await), (1, 1));
    w.finish().await;
}

async fn what_was_broken_before_is_mended_piece_by_piece(kit: Kit) {
    let w = kit.world().await;
    let admin = Staff::admin(&w).await;
    // As after a release that no longer knows two services: the rules that name them were stored by the one before.
    let mut rules = serde_json::to_value(&w.core().book.routing).unwrap();
    let list = rules["rule"].as_array_mut().unwrap();
    for (at, service) in [(0, "gone_one"), (1, "gone_two")] {
        list.insert(at, json!({"name": service, "class": ["incident"], "service": [service], "queue": "gas"}));
    }
    let row = revisions::Revision {
        number: 1,
        area: Area::Routing,
        key: "rules".into(),
        was: None,
        value: Some(rules.to_string()),
        author: "system:test".into(),
        note: String::new(),
        made_at: w.core().wall(),
    };
    revisions::insert(w.core().db.write(), &row).await.unwrap();
    settings::reload(w.core()).await.unwrap();
    assert_eq!(w.core().book.problems().len(), 2);
    // Something else may be changed meanwhile, one rule may be mended while the other waits, and nothing new may break.
    put(&admin, "text", "confirmed", &json!({"kk": "Рахмет! {number}", "ru": "Спасибо! {number}"})).await.expect(200);
    rules["rule"].as_array_mut().unwrap().remove(0);
    put(&admin, "routing", "rules", &rules).await.expect(200);
    assert_eq!(w.core().book.problems().len(), 1);
    let mut worse = rules.clone();
    worse["rule"].as_array_mut().unwrap().insert(0, json!({"name": "x", "class": ["incident"], "queue": "no_such"}));
    put(&admin, "routing", "rules", &worse).await.refused(422, "config_breaks");
    rules["rule"].as_array_mut().unwrap().remove(0);
    put(&admin, "routing", "rules", &rules).await.expect(200);
    assert_eq!(w.core().book.problems(), Vec::<String>::new());
    w.finish().await;
}
