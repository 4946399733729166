//! One district on the map: its open work as circles by place, drawn here, with the same figures in a table beside.

use super::map::{Scale, path, short};
use super::queues::need;
use super::shell::{Shell, page};
use crate::dispatch::places::{self, Spot};
use crate::domain::DistrictCode;
use crate::domain::access::Permission;
use crate::domain::outline::Outlines;
use crate::store::board;
use crate::web::auth::Session;
use crate::web::error::ApiError;
use crate::web::mask;
use crate::web::small::small;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use std::collections::BTreeMap;

/// Circles whose middles are closer than this are one, in units of the drawing.
const APART: f64 = 64.0;
/// Requests of one place that are named in the table.
const NAMED: usize = 12;

/// One place with its work.
#[derive(Debug, Clone)]
pub(super) struct Cluster {
    /// Its row in the table.
    pub id: usize,
    pub name: String,
    pub x: f64,
    pub y: f64,
    pub r: f64,
    /// It has no place on the drawing.
    pub unplaced: bool,
    pub open: usize,
    pub late: usize,
    pub danger: usize,
    /// The most urgent ones, by number.
    pub numbers: Vec<String>,
    /// How many more there are.
    pub more: usize,
    names: BTreeMap<String, usize>,
}

impl Cluster {
    fn new(x: f64, y: f64, unplaced: bool) -> Self {
        let (r, name) = (0.0, String::new());
        Self { id: 0, name, x, y, r, unplaced, open: 0, late: 0, danger: 0, numbers: Vec::new(), more: 0, names: BTreeMap::new() }
    }

    fn take(&mut self, spot: &Spot, name: Option<String>) {
        let r = &spot.stored.request;
        self.open += 1;
        self.late += usize::from(spot.stored.overdue);
        self.danger += usize::from(r.priority == crate::domain::request::Priority::DANGER);
        if self.numbers.len() < NAMED {
            self.numbers.push(r.number.to_string());
        } else {
            self.more += 1;
        }
        if let Some(name) = name {
            *self.names.entry(name).or_default() += 1;
        }
    }
}

/// One district of the row above the drawing.
#[derive(Debug, Clone)]
pub(super) struct Tab {
    pub code: String,
    pub label: String,
    pub open: i64,
    pub here: bool,
}

#[derive(Template)]
#[template(path = "console/map_district.html")]
pub(super) struct DistrictPage<'a> {
    pub s: Shell<'a>,
    pub code: String,
    pub name: String,
    pub tabs: Vec<Tab>,
    pub path: String,
    pub height: f64,
    pub clusters: Vec<Cluster>,
    pub open: usize,
    pub late: usize,
    pub danger: usize,
    /// Only so many were looked at.
    pub limit: Option<u64>,
    pub attribution: String,
}

/// A place as a list may show it: the settlement, or the street without its house.
fn label(spot: &Spot) -> Option<String> {
    spot.settlement.clone().or_else(|| spot.address.as_deref().map(mask::street)).filter(|n| !n.is_empty())
}

/// Spots gathered by place: the most urgent first, what has no point at the end, street by street.
pub(super) fn gathered(scale: &Scale, spots: &[Spot], unknown: &str) -> Vec<Cluster> {
    let mut placed: Vec<Cluster> = Vec::new();
    let mut rest: BTreeMap<Option<String>, Cluster> = BTreeMap::new();
    for spot in spots {
        let name = label(spot);
        let at = spot.point.map(|(lat, lon)| scale.at((lon, lat))).filter(|at| scale.holds(*at));
        let Some((x, y)) = at else {
            rest.entry(name.clone()).or_insert_with(|| Cluster::new(0.0, 0.0, true)).take(spot, name);
            continue;
        };
        match placed.iter_mut().find(|c| (c.x - x).hypot(c.y - y) < APART) {
            Some(c) => c.take(spot, name),
            None => {
                let mut c = Cluster::new(x.round(), y.round(), false);
                c.take(spot, name);
                placed.push(c);
            }
        }
    }
    let mut out: Vec<Cluster> = placed.into_iter().chain(rest.into_values()).collect();
    // Danger first, wherever it is; then what the drawing shows, where most is late and where most is open.
    out.sort_by_key(|c| (c.danger == 0, c.unplaced, std::cmp::Reverse((c.danger, c.late, c.open))));
    for (id, c) in out.iter_mut().enumerate() {
        c.id = id + 1;
        c.r = (16.0 + 4.0 * (c.open as f64).sqrt()).min(APART / 2.0).round();
        c.name = c.names.iter().max_by_key(|(_, n)| **n).map_or_else(|| unknown.to_owned(), |(name, _)| name.clone());
    }
    out
}

impl<'a> DistrictPage<'a> {
    pub fn new(
        s: Shell<'a>,
        outlines: &Outlines,
        code: &DistrictCode,
        spots: &[Spot],
        more: bool,
        open: &BTreeMap<Option<String>, i64>,
    ) -> Option<Self> {
        let area = outlines.area.iter().find(|a| a.code == *code)?;
        let scale = Scale::of(&[area]);
        let clusters = gathered(&scale, spots, s.w.t("map.no_place"));
        let tabs = outlines.area.iter().map(|a| Tab {
            code: a.code.to_string(),
            label: short(&s.w.district(Some(&a.code))),
            open: open.get(&Some(a.code.to_string())).copied().unwrap_or_default(),
            here: a.code == *code,
        });
        let sum = |of: fn(&Cluster) -> usize| -> usize { clusters.iter().map(of).sum() };
        Some(Self {
            code: code.to_string(),
            name: s.w.district(Some(code)),
            tabs: tabs.collect(),
            path: path(&scale, &area.points()),
            height: scale.height.round(),
            open: sum(|c| c.open),
            late: sum(|c| c.late),
            danger: sum(|c| c.danger),
            limit: more.then_some(places::MOST),
            attribution: outlines.attribution.clone(),
            clusters,
            s,
        })
    }
}

/// `GET /console/map?district=`.
///
/// # Errors
/// `not_found` for no district of ours; `forbidden`; the store's.
pub(super) async fn show(req: &HttpRequest, state: &WebState, session: &Session, s: Shell<'_>, district: &str) -> Result<HttpResponse, ApiError> {
    need(session, Permission::ReadQueue)?;
    let none = || ApiError::new("not_found");
    let code = DistrictCode::new(district).map_err(|_| none())?;
    let (spots, more) = places::open_in(&state.core, &session.scope, &code).await?;
    let mut open = BTreeMap::new();
    for (district, _, _, n) in board::by_district(state.core.db.read(), &session.scope).await? {
        *open.entry(district).or_default() += n;
    }
    let shown = DistrictPage::new(s, &state.core.book.outlines, &code, &spots, more, &open).ok_or_else(none)?;
    Ok(small(req, page(StatusCode::OK, &shown)?))
}
