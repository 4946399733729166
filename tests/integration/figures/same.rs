//! One number, wherever it is asked for: page, API, command, CSV, XLSX, metric. And who may ask.

use super::by_hand::the_set;
use crate::harness::{Api, Kit, PASSWORD, Staff, World, stories};
use jambyl109::dispatch::accounts;
use jambyl109::domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{Cursor, Read};

stories! { the_same_number_everywhere, figures_end_where_sight_ends }

const NOVEMBER: &str = "from=2026-11-01&to=2026-12-01";

pub async fn page(w: &World, login: &str, path: &str) -> crate::harness::Answer {
    let signed = accounts::sign_in(w.core(), login, PASSWORD, "192.0.2.1", true).await.unwrap();
    let cookie = format!("jambyl109_session={}", signed.token);
    Api::send(w.api().call(Method::GET, path).header("cookie", cookie).header("accept-language", "ru")).await
}

/// The cells of a row of the page's table that begins with this text.
fn row(html: &str, table: &str, first: &str) -> Vec<String> {
    let section = html.split(&format!("id=\"{table}\"")).nth(1).unwrap_or_else(|| panic!("no table {table}"));
    let section = section.split("</section>").next().unwrap();
    let strip = |cell: &str| {
        let mut out = String::new();
        let mut inside = false;
        for c in cell.chars() {
            match c {
                '<' => inside = true,
                '>' => inside = false,
                c if !inside => out.push(c),
                _ => {}
            }
        }
        out.trim().to_owned()
    };
    let rows = section
        .split("<tr>")
        .map(|r| r.split("<td").skip(1).map(|c| strip(c.split_once('>').unwrap().1.split("</td>").next().unwrap())).collect::<Vec<_>>());
    rows.into_iter().find(|r| r.first().is_some_and(|c| c == first)).unwrap_or_else(|| panic!("no row {first} in {table}: {section}"))
}

fn command(w: &World, args: &[&str]) -> Vec<u8> {
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_jambyl109"))
        .args(args)
        .env_clear()
        .env("JAMBYL__DATABASE__URL", &w.kit.database)
        .env("JAMBYL__JOURNAL__KEY", "a key of the tests that is long enough")
        .current_dir(w.kit.dir.path())
        .output()
        .unwrap();
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    out.stdout
}

/// The number in a cell of the first sheet of a workbook.
fn workbook(bytes: &[u8], cell: &str) -> String {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut xml = String::new();
    zip.by_name("xl/worksheets/sheet1.xml").unwrap().read_to_string(&mut xml).unwrap();
    let at = xml.split(&format!("r=\"{cell}\"")).nth(1).unwrap_or_else(|| panic!("no {cell}: {xml}"));
    at.split("<v>").nth(1).unwrap().split("</v>").next().unwrap().to_owned()
}

async fn the_same_number_everywhere(kit: Kit) {
    let w = kit.world().await;
    the_set().store(&w).await;
    let boss = Staff::hire(&w, "boss", Role::Manager, &[], None).await;
    let summary = boss.api.get(&format!("/staff/reports/summary?{NOVEMBER}")).await.expect(200);
    assert_eq!(summary["received"], 7);
    assert_eq!(summary["by_class"][0], json!({"class": "incident", "count": 3}));
    assert_eq!(
        summary["clocks"].as_array().unwrap().iter().find(|c| c["stage"] == "accept").unwrap()["states"],
        json!({"met": 2, "breached": 1, "running": 1})
    );

    // The page, in both languages, and what a figure leads to.
    let html = page(&w, "boss", &format!("/console/reports/summary?{NOVEMBER}")).await;
    assert_eq!(html.status, 200, "{}", html.text);
    assert_eq!(row(&html.text, "classes", "Инцидент")[1..], ["3", "42,9 %"].map(str::to_owned));
    assert_eq!(row(&html.text, "totals", "Поступило")[1], "7");
    let link = html.text.split("href=\"").find(|h| h.contains("class=incident") && h.contains("/requests?")).unwrap().split('"').next().unwrap();
    let listed = page(&w, "boss", &link.replace("&amp;", "&").replace("&#38;", "&")).await;
    assert_eq!(listed.status, 200);
    assert_eq!(listed.text.matches("<td class=\"num\">").count(), 3, "{}", listed.text);

    // Files: of the page, of the API, of the command.
    let csv = boss.api.get(&format!("/staff/reports/summary?{NOVEMBER}&format=csv&table=classes")).await;
    assert!(csv.text.contains("incident,3,42.9\r\n") && csv.text.ends_with("all,7,100.0\r\n"), "{}", csv.text);
    let theirs = page(&w, "boss", &format!("/console/reports/summary?{NOVEMBER}&format=csv&table=classes")).await;
    assert!(theirs.text.contains("Инцидент,3,42.9\r\n"), "{}", theirs.text);
    let bare = command(&w, &["report", "summary", "--from", "2026-11-01", "--to", "2026-12-01", "--format", "csv", "--table", "classes"]);
    assert_eq!(String::from_utf8(bare).unwrap(), csv.text);
    let told: Value =
        serde_json::from_slice(&command(&w, &["report", "sla", "--from", "2026-11-01", "--to", "2026-12-01", "--format", "json"])).unwrap();
    let sla = boss.api.get(&format!("/staff/reports/sla?{NOVEMBER}")).await.expect(200);
    assert_eq!(told["tables"], sla["tables"]);
    let accept = sla["tables"]["stages"]["rows"].as_array().unwrap().iter().find(|r| r["stage"] == "accept").unwrap();
    assert_eq!((&accept["met"], &accept["breached"], &accept["kept"]), (&json!(2), &json!(1), &json!(66.7)));
    assert_eq!(sla["tables"]["times"]["rows"][0], json!({"stage": "accept", "count": 4, "median": 10, "p90": 40}));
    let book = command(&w, &["report", "summary", "--from", "2026-11-01", "--to", "2026-12-01", "--format", "xlsx"]);
    assert_eq!(workbook(&book, "B2"), "7");
    let text = String::from_utf8(command(&w, &["report", "queues", "--from", "2026-11-01", "--to", "2026-12-01"])).unwrap();
    assert!(text.contains("water_taraz") && text.contains("roads_shu"), "{text}");

    // What is open: the wall, the report of queues, the metric.
    let queues = boss.api.get(&format!("/staff/reports/queues?{NOVEMBER}")).await.expect(200);
    assert_eq!(queues["tables"]["queues"]["total"]["open"], 2);
    let wall = page(&w, "boss", "/console/wall").await;
    let big = wall.text.split("href=\"/console/board\"><span>").nth(1).unwrap();
    assert!(big.contains("<b>2</b>"), "{}", wall.text);
    let metrics = w.api().raw("/metrics").await.text;
    let open = |queue: &str, status: &str| metrics.contains(&format!("jambyl_requests_open{{queue=\"{queue}\",status=\"{status}\"}} 1\n"));
    assert!(open("roads_shu", "queued") && open("water_taraz", "assigned"), "{metrics}");

    // Repeats by street; every file that was taken stands in the audit.
    let again = boss.api.get(&format!("/staff/reports/repeats?{NOVEMBER}")).await.expect(200);
    assert_eq!(again["tables"]["houses"]["rows"][0]["reports"], 2);
    assert!(!again.to_string().contains("|12") && !again.to_string().contains(" 12"), "a house stands in a list: {again}");
    let taken = w.query("SELECT what, object FROM access_log WHERE what = 'report_exported'").await;
    assert_eq!(taken.len(), 2, "{taken:?}");
    assert!(taken.iter().all(|t| t[1].starts_with("report:summary 2026-11-01..2026-12-01 csv")), "{taken:?}");

    for bad in ["from=2026-12-01&to=2026-11-01", "from=x", "format=xml", "class=unknown", "from=2010-01-01", "format=csv&table=none"] {
        boss.api.get(&format!("/staff/reports/summary?{bad}")).await.refused(422, "unprocessable");
    }
    w.leave().await;
}

async fn figures_end_where_sight_ends(kit: Kit) {
    let w = kit.world().await;
    the_set().store(&w).await;
    let near = Staff::hire(&w, "near", Role::Manager, &["water_taraz"], None).await;
    let mine = near.api.get(&format!("/staff/reports/summary?{NOVEMBER}")).await.expect(200);
    assert_eq!((&mine["received"], &mine["open"]), (&json!(3), &json!(1)));
    assert_eq!(mine["by_queue"], json!([{"queue": "water_taraz", "count": 3}]));
    assert_eq!(near.api.get(&format!("/staff/reports/summary?{NOVEMBER}&queue=electricity")).await.expect(200)["received"], 0);
    for name in ["summary", "dynamics", "sla", "queues", "districts", "repeats", "satisfaction", "social", "calls", "corrections", "deliveries"] {
        let html = page(&w, "near", &format!("/console/reports/{name}?{NOVEMBER}")).await;
        assert_eq!(html.status, 200, "{name}: {}", html.text);
        assert!(!html.text.contains(">roads_shu<"), "{name}");
    }
    let list = page(&w, "near", &format!("/console/reports/requests?{NOVEMBER}")).await;
    assert_eq!(list.text.matches("<td class=\"num\">").count(), 3);
    assert_eq!(page(&w, "near", "/console/reports/nothing").await.status, 404);
    let wall = page(&w, "near", "/console/wall?screen=1").await;
    assert!(!wall.text.contains("roads_shu") && !wall.text.contains("<header"), "{}", wall.text);
    w.leave().await;
}
