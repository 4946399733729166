//! Every figure of every report is as long as the list it leads to; and figures of calls are for those who may read calls.

use super::by_hand::{WATER, the_set};
use super::made::{local, roll};
use super::same::page;
use crate::harness::{Kit, Options, Staff, World, stories};
use jambyl109::domain::access::Role;
use jambyl109::domain::sla::{Stage, TimerState};

stories! { every_figure_is_as_long_as_its_list, figures_of_calls_are_for_who_may_read_calls }

const NOVEMBER: &str = "from=2026-11-01&to=2026-12-01";

/// Whole numbers of a page that lead to requests: the address and the number.
fn figures(html: &str) -> Vec<(String, i64)> {
    let cells = html.split("<td class=\"n\"><a href=\"").skip(1).filter_map(|rest| {
        let (href, rest) = rest.split_once("\">")?;
        let text = rest.split("</a>").next()?.replace('\u{202f}', "");
        Some((href.replace("&amp;", "&").replace("&#38;", "&"), text.parse().ok()?))
    });
    cells.filter(|(href, _)| href.starts_with("/console/reports/requests?")).collect()
}

/// How many the list says it has: requests, or clocks of them where clocks were asked for.
async fn listed(w: &World, href: &str) -> i64 {
    let list = page(w, "boss", href).await;
    assert_eq!(list.status, 200, "{href}: {}", list.text);
    let head = list.text.split("<h1>").nth(1).unwrap().split("<small>").next().unwrap();
    let requests: i64 = head.rsplit(':').next().unwrap().trim().parse().unwrap();
    let rows = list.text.matches("<td class=\"num\">").count();
    assert_eq!(rows, usize::try_from(requests).unwrap(), "{href}: the list is as long as it says");
    let clocks = list.text.split("Сроков у этих обращений: ").nth(1).map(|t| t.split('.').next().unwrap().parse().unwrap());
    clocks.unwrap_or(requests)
}

async fn every_figure_is_as_long_as_its_list(kit: Kit) {
    let w = kit.world().await;
    let mut m = the_set();
    // A stage gone through three times, once while nobody owned it.
    m.add(local("2026-11-20 15:00"), WATER);
    for owner in ["", "water_taraz", "water_taraz"] {
        m.clock(Stage::Accept, TimerState::Breached, owner);
    }
    m.store(&w).await;
    // One request was corrected twice, once in two things.
    for (heads, service) in [("class", "electricity"), ("class,service", "electricity"), ("service", "housing")] {
        let made = w
            .tamper(&format!(
                "INSERT INTO triage_correction (request_id, version, thought, heads, actor, at) \
                 SELECT id, 'v', '{{}}', '{heads}', 'system:test', received_at FROM request WHERE service = '{service}'"
            ))
            .await;
        assert_eq!(made, 1);
    }
    Staff::hire(&w, "boss", Role::Manager, &[], None).await;
    for kept in [false, true] {
        if kept {
            assert!(roll(&w).await > 0);
        }
        let mut looked_at = 0;
        for name in ["summary", "dynamics", "sla", "queues", "districts", "repeats", "satisfaction", "corrections"] {
            let html = page(&w, "boss", &format!("/console/reports/{name}?{NOVEMBER}")).await;
            assert_eq!(html.status, 200, "{name}: {}", html.text);
            for (href, n) in figures(&html.text) {
                assert_eq!(listed(&w, &href).await, n, "{name}: {href}");
                looked_at += 1;
            }
        }
        assert!(looked_at > 80, "{looked_at} figures");
        let (_, breached) = figures(&page(&w, "boss", &format!("/console/reports/sla?{NOVEMBER}")).await.text)
            .into_iter()
            .find(|(href, _)| href.contains("unknown=owner") && href.contains("clock=breached"))
            .unwrap();
        assert_eq!(breached, 1, "a clock that nobody owned has a list of its own");
    }
    // A district on the map leads to the same period.
    let map = page(&w, "boss", &format!("/console/reports/districts?{NOVEMBER}&class=incident")).await.text;
    let href = map.split("<a href=\"/console/reports/districts?").find(|h| h.contains("district=taraz")).unwrap().split('"').next().unwrap();
    assert!(href.contains("2026%2D11%2D01") && href.contains("class=incident"), "{href}");
    w.leave().await;
}

async fn figures_of_calls_are_for_who_may_read_calls(kit: Kit) {
    let dir = kit.dir.path().join("data-of-the-house");
    std::fs::create_dir_all(&dir).unwrap();
    let shipped = include_str!("../../../config/roles.toml");
    let (with, without) = ("\"read_reports\", \"read_calls\", \"hear_recordings\", \"read_books\"]", "\"read_reports\", \"read_books\"]");
    assert_eq!(shipped.matches(with).count(), 1, "the manager's line");
    std::fs::write(dir.join("roles.toml"), shipped.replace(with, without)).unwrap();
    let w = kit.world_with(Options::with("CONFIG__DIR", dir.to_str().unwrap())).await;
    let boss = Staff::hire(&w, "boss", Role::Manager, &[], None).await;
    boss.api.get("/staff/reports/calls").await.refused(403, "forbidden");
    boss.api.get("/staff/reports/calls?format=csv").await.refused(403, "forbidden");
    for form in ["", "?format=xlsx", "?format=csv"] {
        assert_eq!(page(&w, "boss", &format!("/console/reports/calls{form}")).await.status, 403, "{form}");
    }
    let html = page(&w, "boss", "/console/reports/summary").await;
    assert!(html.status == 200 && !html.text.contains("/console/reports/calls"), "{}", html.text);
    assert!(html.text.contains("/console/reports/deliveries"));
    w.leave().await;
}
