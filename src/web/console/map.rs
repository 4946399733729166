//! Open work on the map of the oblast: drawn here, as SVG, with the same figures in a table beside it.

use super::queues::need;
use super::shell::{Shell, page};
use crate::domain::access::Permission;
use crate::domain::outline::{Area, Outlines, middle};
use crate::store::board;
use crate::web::auth::Session;
use crate::web::error::ApiError;
use crate::web::peer;
use crate::web::small::small;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The drawing's width; its height follows from the oblast.
const WIDTH: f64 = 900.0;
const MARGIN: f64 = 10.0;
/// Shortens a degree of longitude to a degree of latitude at 43.5 degrees north.
const LON_SCALE: f64 = 0.725;
/// Points closer than this are one.
const GRAIN: f64 = 1.4;

/// One district with its figures.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub code: String,
    pub name: String,
    /// The name without its kind: a drawing is small.
    pub label: String,
    pub path: String,
    pub x: f64,
    pub y: f64,
    /// The name stands under the shape, which is smaller than it.
    pub below: bool,
    pub open: i64,
    pub late: i64,
    pub danger: i64,
    /// How full it is painted, 0 to 4.
    pub shade: u8,
}

#[derive(Template)]
#[template(path = "console/map.html")]
pub(super) struct MapPage<'a> {
    pub s: Shell<'a>,
    pub shapes: Vec<Shape>,
    pub height: f64,
    /// Open requests whose district is not known.
    pub nowhere: (i64, i64, i64),
    pub attribution: String,
}

/// The scale of a drawing: from degrees to its units.
pub(super) struct Scale {
    west: f64,
    north: f64,
    factor: f64,
    pub height: f64,
}

impl Scale {
    /// A drawing that these areas fill.
    pub fn of(areas: &[&Area]) -> Self {
        let all: Vec<(f64, f64)> = areas.iter().flat_map(|a| a.points().into_iter().flatten()).collect();
        let edge = |pick: fn(&(f64, f64)) -> f64, best: fn(f64, f64) -> f64, start: f64| all.iter().map(pick).fold(start, best);
        let (west, east) = (edge(|p| p.0, f64::min, f64::INFINITY), edge(|p| p.0, f64::max, f64::NEG_INFINITY));
        let (south, north) = (edge(|p| p.1, f64::min, f64::INFINITY), edge(|p| p.1, f64::max, f64::NEG_INFINITY));
        let wide = ((east - west) * LON_SCALE).max(0.001);
        let factor = (WIDTH - 2.0 * MARGIN) / wide;
        Self { west, north, factor, height: (north - south).max(0.001) * factor + 2.0 * MARGIN }
    }

    /// Whether a point of the drawing lies on it.
    pub fn holds(&self, (x, y): (f64, f64)) -> bool {
        (0.0..=WIDTH).contains(&x) && (0.0..=self.height).contains(&y)
    }

    pub fn at(&self, (lon, lat): (f64, f64)) -> (f64, f64) {
        ((lon - self.west) * LON_SCALE * self.factor + MARGIN, (self.north - lat) * self.factor + MARGIN)
    }
}

/// An SVG path of rings, with points that the eye cannot tell apart left out.
pub(super) fn path(scale: &Scale, rings: &[Vec<(f64, f64)>]) -> String {
    let mut out = String::new();
    for ring in rings {
        let mut last: Option<(f64, f64)> = None;
        for p in ring {
            let (x, y) = scale.at(*p);
            if last.is_some_and(|(a, b)| (a - x).hypot(b - y) < GRAIN) {
                continue;
            }
            let _ = write!(out, "{}{x:.0} {y:.0}", if last.is_none() { "M" } else { "L" });
            last = Some((x, y));
        }
        out.push('Z');
    }
    out
}

pub(super) fn short(name: &str) -> String {
    let kinds = ["район", "города", "город", "ауданы", "қаласы"];
    name.split_whitespace().filter(|w| !kinds.contains(w)).collect::<Vec<_>>().join(" ")
}

/// Figures of a district: open, late, dangerous.
type Figures = BTreeMap<Option<String>, (i64, i64, i64)>;

pub(super) fn shapes(s: &Shell<'_>, outlines: &Outlines, figures: &Figures) -> (Vec<Shape>, f64) {
    let scale = Scale::of(&outlines.area.iter().collect::<Vec<_>>());
    let most = figures.values().map(|f| f.0).max().unwrap_or(0).max(1);
    let mut out: Vec<Shape> = Vec::new();
    // The city is drawn last, over the districts around it.
    let (rough, exact): (Vec<_>, Vec<_>) = outlines.area.iter().partition(|a| a.approximate);
    for area in exact.into_iter().chain(rough) {
        let rings = area.points();
        let largest = rings.iter().map(|r| middle(r)).max_by(|a, b| a.0.abs().total_cmp(&b.0.abs())).map_or((0.0, 0.0), |m| m.1);
        let (x, mut y) = scale.at(largest);
        if area.approximate {
            y = rings.iter().flatten().map(|p| scale.at(*p).1).fold(y, f64::max);
        }
        let (open, late, danger) = figures.get(&Some(area.code.to_string())).copied().unwrap_or_default();
        // Shades by quarters of the fullest; any work at all is seen.
        let shade = if open == 0 { 0 } else { u8::try_from((open * 4 + most - 1) / most).unwrap_or(4).clamp(1, 4) };
        let name = s.w.district(Some(&area.code));
        out.push(Shape {
            code: area.code.to_string(),
            label: short(&name),
            name,
            path: path(&scale, &rings),
            x: x.round(),
            y: y.round(),
            below: area.approximate,
            open,
            late,
            danger,
            shade,
        });
    }
    (out, scale.height.round())
}

/// One district, by its code; without one, the whole oblast.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    district: String,
}

/// `GET /console/map`.
///
/// # Errors
/// `forbidden`; `not_found` for no district of ours; the store's.
pub async fn show(req: HttpRequest, state: web::Data<WebState>, session: Session, asked: web::Query<Asked>) -> Result<HttpResponse, ApiError> {
    need(&session, Permission::ReadQueue)?;
    let s = Shell::of(&state, peer::language(&req), &session, "board").ringing(&state, &session).await?;
    if !asked.district.is_empty() {
        return super::map_points::show(&req, &state, &session, s, &asked.district).await;
    }
    let mut figures = Figures::new();
    for (district, danger, late, n) in board::by_district(state.core.db.read(), &session.scope).await? {
        let f = figures.entry(district).or_default();
        f.0 += n;
        f.1 += if late { n } else { 0 };
        f.2 += if danger { n } else { 0 };
    }
    let outlines = &state.core.book.outlines;
    let (shapes, height) = shapes(&s, outlines, &figures);
    let nowhere = figures.get(&None).copied().unwrap_or_default();
    Ok(small(&req, page(StatusCode::OK, &MapPage { attribution: outlines.attribution.clone(), shapes, height, nowhere, s })?))
}
