//! The wall of today: what is open and late, by queue, district and hour, what is dangerous, which channels work. It keeps itself up to date.

use super::asked::Asked;
use super::labels::grouped;
use crate::config::{local_date_time, local_time};
use crate::domain::access::Permission;
use crate::domain::calendar::hour_of;
use crate::domain::report::Bounds;
use crate::domain::time::truncate;
use crate::domain::{DistrictCode, QueueCode};
use crate::reports::plot::{self, Said, Spot};
use crate::reports::present::{self, Line, Present};
use crate::store::wires::{self, WireRow};
use crate::web::auth::Session;
use crate::web::console::queues::{Row, rows};
use crate::web::console::shell::{Shell, page};
use crate::web::error::ApiError;
use crate::web::peer;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use std::collections::BTreeMap;

/// Lines of a table of the wall; the board has all.
const LINES: usize = 14;

/// One large figure.
#[derive(Debug, Clone)]
pub(super) struct Tile {
    pub label: String,
    pub n: String,
    pub href: &'static str,
    /// `bad`, `warn` or nothing.
    pub tone: &'static str,
    pub beside: String,
}

/// A queue or a district.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub name: String,
    pub href: String,
    pub open: String,
    pub late: i64,
    /// Lengths of the bar in per cent: all, and the late part of it.
    pub width: i64,
    pub late_width: i64,
}

/// A channel.
#[derive(Debug, Clone)]
pub(super) struct Channel {
    pub name: String,
    pub up: bool,
    pub since: String,
}

#[derive(Template)]
#[template(path = "console/wall.html")]
pub(super) struct WallPage<'a> {
    pub s: Shell<'a>,
    pub screen: bool,
    pub at: String,
    pub tiles: Vec<Tile>,
    pub queues: Vec<Part>,
    pub districts: Vec<Part>,
    pub hours: String,
    /// By hour: today and yesterday.
    pub by_hour: Vec<(usize, i64, i64)>,
    pub dangers: Vec<Row>,
    pub channels: Vec<Channel>,
    pub opens: bool,
}

fn parts(lines: &[Line], name: impl Fn(Option<&str>) -> String, kind: &str) -> Vec<Part> {
    let most = lines.iter().map(|l| l.open).max().unwrap_or(0).max(1);
    let shown = lines.iter().filter(|l| l.open > 0).take(LINES);
    shown
        .map(|l| Part {
            name: name(l.code.as_deref()),
            href: l.code.as_ref().map_or_else(|| "/console/board".to_owned(), |code| format!("/console/board?{kind}={code}")),
            open: grouped(l.open),
            late: l.overdue,
            width: (l.open * 100 + most - 1) / most,
            late_width: (l.overdue * 100 + most - 1) / most,
        })
        .collect()
}

pub(super) fn wall_page<'a>(s: Shell<'a>, p: &Present, wires: &[WireRow], screen: bool, opens: bool) -> WallPage<'a> {
    let w = s.w;
    let tile = |name: &str, n: i64, href, tone, beside: String| Tile { label: w.of("wall", name), n: grouped(n), href, tone, beside };
    let when = |n: i64, tone| if n > 0 { tone } else { "" };
    let free = w.with("wall.free", "n", &p.dangers.1.to_string());
    let tiles = vec![
        tile("open", p.open, "/console/board", "", String::new()),
        tile("overdue", p.overdue, "/console/board?overdue=1", when(p.overdue, "bad"), String::new()),
        tile("untaken", p.untaken, "/console/board?status=queued", when(p.untaken, "warn"), String::new()),
        tile("dangers", p.dangers.0, "/console/board?danger=1", when(p.dangers.0, "bad"), if p.dangers.1 > 0 { free } else { String::new() }),
        tile("today", p.today, "/console/reports/requests?preset=today", "", w.with("wall.yesterday", "n", &grouped(p.yesterday_by_now))),
    ];
    let title = w.t("wall.by_hour");
    let said = Said {
        id: "hours",
        title,
        about: w.t("reports.beside"),
        this_year: w.t("wall.today"),
        last_year: w.t("wall.day_before"),
        so_far: Some(hour_of(p.at) + 1),
    };
    let spots: Vec<Spot> =
        p.hours.iter().zip(p.yesterday).enumerate().map(|(h, (n, before))| Spot { label: format!("{h:02}"), n: *n, last_year: before }).collect();
    let queue =
        |code: Option<&str>| code.and_then(|c| QueueCode::new(c).ok()).map_or_else(|| w.t("reports.unknown.queue").to_owned(), |c| w.queue(&c));
    let district = |code: Option<&str>| {
        code.and_then(|c| DistrictCode::new(c).ok()).map_or_else(|| w.t("reports.unknown.district").to_owned(), |c| w.district(Some(&c)))
    };
    let channel = |wire: &WireRow| Channel { name: w.of("channel", &wire.channel), up: wire.up, since: local_time(wire.since) };
    WallPage {
        at: local_date_time(p.at),
        screen,
        tiles,
        queues: parts(&p.queues, queue, "queue"),
        districts: parts(&p.districts, district, "district"),
        hours: plot::line(&said, &spots),
        by_hour: p.hours.iter().zip(p.yesterday).enumerate().map(|(h, (n, before))| (h, *n, before)).collect(),
        dangers: rows(&w, &p.danger_rows, &BTreeMap::new(), p.at),
        channels: wires.iter().map(channel).collect(),
        opens,
        s,
    }
}

/// `GET /console/wall`.
///
/// # Errors
/// The store's.
pub async fn show(req: HttpRequest, state: web::Data<WebState>, session: Session, asked: web::Query<Asked>) -> Result<HttpResponse, ApiError> {
    let now = truncate(state.core.now());
    let bounds = Bounds::of(&session.scope);
    let present = present::of(&state.core.db, &bounds, now).await?;
    let wires = wires::all(state.core.db.read()).await?;
    let s = Shell::of(&state, peer::language(&req), &session, "reports");
    let opens = session.may(Permission::ReadPersonal);
    page(StatusCode::OK, &wall_page(s, &present, &wires, asked.screen == "1", opens))
}
