//! One report on a page: its plots, its tables, every figure a link to the requests behind it; and the same as files.

use super::asked::{Asked, PRESETS, exactly, query, sent};
use super::labels::Labels;
use crate::config::local_date_time;
use crate::domain::access::{Permission, Scope};
use crate::domain::calendar::{Day, begins, day_of};
use crate::domain::inbound::ChannelKind;
use crate::domain::report::{Period, Step};
use crate::domain::time::truncate;
use crate::domain::{Class, DistrictCode};
use crate::reports::calls::Terms;
use crate::reports::export::{self, Words as _};
use crate::reports::plot::{self, Said, Spot};
use crate::reports::report::{self, Name};
use crate::reports::sheet::{Cell, Row, Sheet};
use crate::web::auth::Session;
use crate::web::console::map::{Shape, shapes};
use crate::web::console::queues::Choice;
use crate::web::console::shell::{Shell, page};
use crate::web::console::words::Words;
use crate::web::error::ApiError;
use crate::web::peer;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use std::collections::BTreeMap;

/// Bars drawn at most; the table has all.
const BARS: usize = 15;

/// A head of a column; pressing it sorts.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub label: String,
    pub href: String,
    pub number: bool,
    /// `ascending`, `descending`, or nothing.
    pub sorted: &'static str,
}

#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub text: String,
    pub href: Option<String>,
    pub number: bool,
}

/// One table with its plot.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub name: &'static str,
    pub title: String,
    /// Drawn here, of escaped text.
    pub plot: String,
    /// The plot is the oblast's map.
    pub map: bool,
    pub heads: Vec<Head>,
    pub rows: Vec<Vec<Shown>>,
    pub total: Option<Vec<Shown>>,
    pub csv: String,
}

/// A link in a row of links.
#[derive(Debug, Clone)]
pub(super) struct Tab {
    pub label: String,
    pub href: String,
    pub here: bool,
}

#[derive(Template)]
#[template(path = "console/report.html")]
pub(super) struct ReportPage<'a> {
    pub s: Shell<'a>,
    pub title: String,
    pub about: String,
    /// The period in words.
    pub when: String,
    pub tabs: Vec<Tab>,
    pub presets: Vec<Tab>,
    pub steps: Vec<Choice>,
    pub path: String,
    /// The period and the part of the work as a query, without a district.
    pub within: String,
    pub from: String,
    pub till: String,
    pub selects: Vec<(&'static str, String, Vec<Choice>)>,
    pub filtered: bool,
    pub views: Vec<View>,
    pub shapes: Vec<Shape>,
    pub height: f64,
    pub xlsx: String,
}

fn choice<'c>(all: &str, present: &str, of: impl Iterator<Item = (&'c str, String)>) -> Vec<Choice> {
    std::iter::once(Choice::new("", all, present)).chain(of.map(|(code, name)| Choice::new(code, name, present))).collect()
}

/// The selects of the form, as far as the reader's sight reaches.
fn selects(w: &Words<'_>, scope: &Scope, a: &Asked, name: Name) -> Vec<(&'static str, String, Vec<Choice>)> {
    if !name.takes_parts() {
        return Vec::new();
    }
    let (c, all) = (&w.book.catalog, w.t("console.all"));
    let here = |d: &DistrictCode| scope.districts.is_empty() || scope.districts.contains(d);
    let districts = c.districts.iter().filter(|d| here(&d.code)).map(|d| (d.code.as_str(), d.name.get(w.lang).to_owned()));
    let queues = c.queues.iter().filter(|q| scope.covers(&q.code, None)).map(|q| (q.code.as_str(), q.name.get(w.lang).to_owned()));
    let services = c.services.iter().map(|s| (s.code.as_str(), s.name.get(w.lang).to_owned()));
    let classes = Class::ALL.iter().map(|x| (x.as_str(), w.of("class", x.as_str())));
    let doors = ChannelKind::ALL.iter().map(|x| (x.as_str(), w.of("channel", x.as_str())));
    let label = |kind: &str| w.of("reports.col", kind);
    vec![
        ("district", label("district"), choice(all, &a.district, districts)),
        ("service", label("service"), choice(all, &a.service, services)),
        ("queue", label("queue"), choice(all, &a.queue, queues)),
        ("class", label("class"), choice(all, &a.class, classes)),
        ("channel", label("channel"), choice(all, &a.channel, doors)),
    ]
}

/// What every link of a page takes along.
struct Along {
    path: String,
    /// The period and the part of the work.
    pairs: Vec<(&'static str, String)>,
    exact: Vec<(&'static str, String)>,
}

impl Along {
    fn with(&self, more: &[(&'static str, String)]) -> String {
        format!("{}?{}", self.path, query(&[self.pairs.as_slice(), more].concat()))
    }

    fn requests(&self, more: &[(&'static str, String)]) -> String {
        format!("/console/reports/requests?{}", query(&[self.exact.as_slice(), more].concat()))
    }
}

fn view(sheet: &Sheet, l: &Labels<'_>, along: &Along, sort: &str, has_map: bool) -> View {
    let heads = sheet.columns.iter().enumerate().map(|(i, column)| {
        let key = format!("{}.{column}", sheet.name);
        let back = format!("-{key}");
        let number = sheet.rows.first().and_then(|r| r.cells.get(i)).is_some_and(Cell::is_number);
        let sorted = match (sort == key, sort == back) {
            (true, _) if number => "descending",
            (true, _) => "ascending",
            (_, true) if number => "ascending",
            (_, true) => "descending",
            _ => "",
        };
        let next = if sort == key { back } else { key };
        Head { label: l.column(column), href: format!("{}#{}", along.with(&[("sort", next)]), sheet.name), number, sorted }
    });
    let row = |row: &Row, whole: bool| -> Vec<Shown> {
        let cells = row.cells.iter().zip(&row.links).enumerate().map(|(i, (cell, link))| Shown {
            text: if whole && i == 0 && !cell.is_number() { l.all() } else { l.shown(cell) },
            // Nothing stands behind nothing.
            href: link.as_ref().filter(|_| *cell != Cell::Count(0)).map(|behind| along.requests(behind)),
            number: cell.is_number(),
        });
        cells.collect()
    };
    View {
        name: sheet.name,
        title: l.sheet(sheet.name),
        plot: drawn(sheet, l),
        map: has_map && sheet.name == "districts",
        heads: heads.collect(),
        rows: sheet.rows.iter().map(|r| row(r, false)).collect(),
        total: sheet.total.as_ref().map(|r| row(r, true)),
        csv: along.with(&[("format", "csv".to_owned()), ("table", sheet.name.to_owned())]),
    }
}

/// The count in a column, 0 where there is none.
fn count(sheet: &Sheet, row: &Row, column: &str) -> i64 {
    let at = sheet.columns.iter().position(|c| *c == column);
    at.and_then(|i| row.cells.get(i)).map_or(0, |c| if let Cell::Count(n) = c { *n } else { 0 })
}

/// The plot of a table; nothing for those that are read better as they are.
fn drawn(sheet: &Sheet, l: &Labels<'_>) -> String {
    let (title, w) = (l.sheet(sheet.name), &l.w);
    let said = Said {
        id: sheet.name,
        title: &title,
        about: w.t("reports.beside"),
        this_year: w.t("reports.this"),
        last_year: w.t("reports.col.last_year"),
        so_far: None,
    };
    let value = match sheet.name {
        "series" => {
            let label = |c: &Cell| if let Cell::Day(d) = c { d.0.format("%d.%m").to_string() } else { String::new() };
            let spot = |r: &Row| Spot {
                label: r.cells.first().map(label).unwrap_or_default(),
                n: count(sheet, r, "count"),
                last_year: count(sheet, r, "last_year"),
            };
            return plot::line(&said, &sheet.rows.iter().map(spot).collect::<Vec<_>>());
        }
        "classes" | "channels" | "services" | "queues" | "stars" | "deliveries" | "call_hours" => match sheet.columns.get(1) {
            Some(column) => *column,
            None => return String::new(),
        },
        _ => return String::new(),
    };
    let late = if sheet.columns.contains(&"overdue") { "overdue" } else { "failed" };
    let bars: Vec<(String, i64, i64)> = sheet
        .rows
        .iter()
        .take(if sheet.name == "call_hours" { 24 } else { BARS })
        .map(|r| (r.cells.first().map(|c| l.shown(c)).unwrap_or_default(), count(sheet, r, value), count(sheet, r, late)))
        .collect();
    if bars.iter().all(|b| b.1 == 0) { String::new() } else { plot::bars(&said, &bars) }
}

/// `GET /console/reports` and `GET /console/reports/{name}`.
///
/// # Errors
/// `not_found` for no report; `forbidden` for that of calls to who may not read calls; `unprocessable` for no period; the store's.
pub async fn show(
    req: HttpRequest,
    state: web::Data<WebState>,
    session: Session,
    name: Option<web::Path<String>>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, ApiError> {
    let name = match name {
        Some(word) => Name::parse(&word).ok_or_else(|| ApiError::new("not_found"))?,
        None => Name::Summary,
    };
    if name.is_of_calls() && !session.may(Permission::ReadCalls) {
        return Err(ApiError::new("forbidden"));
    }
    let (now, a) = (truncate(state.core.now()), asked.into_inner());
    let period = a.period(now)?;
    let about = report::Asked { filter: a.filter(&session.scope), period, step: a.step(), now, terms: Terms::of(&state.centre.settings) };
    let mut sheets = report::build(&state.core.db, name, &about).await?;
    let s = Shell::of(&state, peer::language(&req), &session, "reports").ringing(&state, &session).await?;
    let labels = Labels { w: s.w };
    let sort = a.sort.strip_prefix('-').unwrap_or(&a.sort);
    if let Some((table, column)) = sort.split_once('.') {
        for sheet in sheets.iter_mut().filter(|s| s.name == table) {
            sheet.sort(column, a.sort.starts_with('-'), &|c| labels.shown(c).to_lowercase());
        }
    }
    match a.format.as_str() {
        "csv" => {
            let sheet = sheets.iter().find(|s| a.table.is_empty() || s.name == a.table).ok_or_else(|| ApiError::new("not_found"))?;
            // A spreadsheet takes a file without this mark for one in its own old encoding.
            let body = format!("\u{feff}{}", export::csv(sheet, &labels));
            return sent(&state, &session.scope, name, &period, "csv", "text/csv; charset=utf-8", body.into_bytes()).await;
        }
        "xlsx" => {
            let body = export::xlsx(&sheets, &labels).map_err(|e| ApiError::detail("internal", e.to_string()))?;
            return sent(&state, &session.scope, name, &period, "xlsx", XLSX, body).await;
        }
        _ => {}
    }
    page(StatusCode::OK, &report_page(s, &session.scope, name, &a, &about, &sheets))
}

/// What a workbook is called among files.
pub(in crate::web) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

pub(super) fn report_page<'a>(s: Shell<'a>, scope: &Scope, name: Name, a: &Asked, about: &report::Asked, sheets: &[Sheet]) -> ReportPage<'a> {
    let (w, period) = (s.w, &about.period);
    let labels = Labels { w };
    let mut pairs = a.when(period);
    pairs.extend(about.filter.named());
    if let Some(step) = a.step() {
        pairs.push(("step", step.to_string()));
    }
    let mut exact = exactly(period);
    exact.extend(about.filter.named());
    let along = Along { path: format!("/console/reports/{name}"), pairs, exact };
    let to = |path: String| Along { path, pairs: along.pairs.clone(), exact: Vec::new() };
    let tabs = Name::ALL
        .iter()
        .filter(|n| (!n.is_whole() || scope.is_whole()) && (!n.is_of_calls() || scope.may(Permission::ReadCalls)))
        .map(|n| Tab { label: w.of("reports.name", n.as_str()), href: to(format!("/console/reports/{n}")).with(&[]), here: *n == name });
    let chosen = a.chosen();
    let named = about.filter.named();
    let presets = PRESETS.into_iter().map(|p| Tab {
        label: w.of("reports.preset", p),
        href: format!("/console/reports/{name}?{}", query(&[[("preset", p.to_owned())].as_slice(), named.as_slice()].concat())),
        here: chosen == Some(p),
    });
    let step = about.step();
    let steps = if name == Name::Dynamics {
        Step::ALL.iter().map(|x| Choice::new(x.as_str(), w.of("reports.step", x.as_str()), step.as_str())).collect()
    } else {
        Vec::new()
    };
    let (shapes, height) = if name == Name::Districts { choropleth(&s, sheets) } else { (Vec::new(), 0.0) };
    ReportPage {
        title: w.of("reports.name", name.as_str()),
        about: w.of("reports.about", name.as_str()),
        when: in_words(period),
        tabs: tabs.collect(),
        presets: presets.collect(),
        steps,
        path: along.path.clone(),
        within: query(&along.pairs.iter().filter(|(name, _)| *name != "district").cloned().collect::<Vec<_>>()),
        from: period.first_day().to_string(),
        till: period.last_day().to_string(),
        selects: selects(&w, scope, a, name),
        filtered: !named.is_empty(),
        views: sheets.iter().map(|sheet| view(sheet, &labels, &along, &a.sort, !shapes.is_empty())).collect(),
        xlsx: along.with(&[("format", "xlsx".to_owned())]),
        shapes,
        height,
        s,
    }
}

/// The map: districts by requests received.
fn choropleth(s: &Shell<'_>, sheets: &[Sheet]) -> (Vec<Shape>, f64) {
    let mut figures = BTreeMap::new();
    for sheet in sheets.iter().filter(|s| s.name == "districts") {
        for row in &sheet.rows {
            if let Some(Cell::Code(_, code)) = row.cells.first() {
                figures.insert(code.clone(), (count(sheet, row, "received"), count(sheet, row, "overdue"), 0));
            }
        }
    }
    shapes(s, &s.w.book.outlines, &figures)
}

/// A period as people write it: both days are in it.
pub(super) fn in_words(p: &Period) -> String {
    let (first, last) = (p.first_day(), p.last_day());
    let date = |d: Day| d.0.format("%d.%m.%Y").to_string();
    let whole = begins(first) == p.from && begins(day_of(p.to)) == p.to;
    match (whole, first == last) {
        (true, true) => date(first),
        (true, false) => format!("{} – {}", date(first), date(last)),
        _ => format!("{} – {}", local_date_time(p.from), local_date_time(p.to)),
    }
}
