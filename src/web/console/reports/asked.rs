//! What a report is asked about, as it stands in the address; and the files that it is given as.

use crate::dispatch::acts::actor_of;
use crate::dispatch::audit;
use crate::domain::access::Scope;
use crate::domain::calendar::{Day, begins, day_of};
use crate::domain::inbound::ChannelKind;
use crate::domain::report::{Bounds, Filter, Period, Step, after};
use crate::domain::{Class, DistrictCode, Instant, QueueCode, ServiceCode};
use crate::reports::report::Name;
use crate::web::api::input;
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::HttpResponse;
use chrono::{NaiveDate, SecondsFormat};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

/// The longest period, in days.
pub(in crate::web) const LONGEST_DAYS: i64 = 1_830;

/// The periods that one press chooses.
pub(super) const PRESETS: [&str; 5] = ["today", "week", "month", "year", "last_year"];

/// What is asked for. Dates of a person: `from` and `till` are both in it; a link says `to`, before which it ends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    pub preset: String,
    pub from: String,
    pub till: String,
    pub to: String,
    pub step: String,
    pub class: String,
    pub channel: String,
    pub service: String,
    pub district: String,
    pub queue: String,
    /// `table.column`, or `-table.column` for the other way round.
    pub sort: String,
    pub format: String,
    pub table: String,
    /// On the wall: nothing but figures.
    pub screen: String,
    // Of the list of requests.
    pub status: String,
    pub open: String,
    pub overdue: String,
    pub reopened: String,
    pub refused: String,
    pub danger: String,
    pub rated: String,
    pub stars: String,
    pub stage: String,
    pub clock: String,
    pub owner: String,
    pub corrected: String,
    pub same_house_as: String,
    /// A property that is not known.
    pub unknown: String,
    pub cursor: String,
}

impl Asked {
    /// The preset that was chosen; `month` when nothing was asked.
    pub(super) fn chosen(&self) -> Option<&'static str> {
        let named = PRESETS.into_iter().find(|p| *p == self.preset);
        let dates = [&self.from, &self.till, &self.to].iter().any(|t| !t.is_empty());
        named.or(if dates { None } else { Some("month") })
    }

    /// The period, which never reaches beyond today.
    ///
    /// # Errors
    /// `unprocessable` for what is no period, or one that is too long.
    pub fn period(&self, now: Instant) -> Result<Period, ApiError> {
        let today = day_of(now);
        let end = begins(after(today, 1));
        if let Some(preset) = self.chosen() {
            let whole = match preset {
                "today" => Period::day(today),
                "week" => Period::week(today),
                "year" => Period::year(chrono::Datelike::year(&today.0)),
                "last_year" => Period::year(chrono::Datelike::year(&today.0) - 1),
                _ => Period::month(today),
            };
            return Ok(Period { from: whole.from, to: whole.to.min(end) });
        }
        let from = input::moment("from", Some(&self.from))?.unwrap_or_else(|| Period::month(today).from);
        let to = match self.till.trim() {
            "" => input::moment("to", Some(&self.to))?.unwrap_or(end),
            date => {
                let day: NaiveDate = date.parse().map_err(|_| input::wrong("till", "a date (2026-03-21)"))?;
                begins(after(Day(day), 1))
            }
        };
        let period = Period::new(from, to).ok_or_else(|| input::wrong("from, to", "from is later than to"))?;
        if (to - from).num_days() > LONGEST_DAYS {
            return Err(input::wrong("from, to", "the period is longer than five years"));
        }
        Ok(period)
    }

    /// The part of the work; words that are no codes filter nothing.
    pub fn filter(&self, scope: &Scope) -> Filter {
        Filter {
            bounds: Bounds::of(scope),
            class: Class::parse(&self.class),
            channel: ChannelKind::parse(&self.channel),
            service: ServiceCode::new(self.service.as_str()).ok(),
            district: DistrictCode::new(self.district.as_str()).ok(),
            queue: QueueCode::new(self.queue.as_str()).ok(),
        }
    }

    pub(super) fn step(&self) -> Option<Step> {
        Step::parse(&self.step)
    }

    /// The period as a query: the preset as it was chosen, else its dates.
    pub(super) fn when(&self, period: &Period) -> Vec<(&'static str, String)> {
        match PRESETS.into_iter().find(|p| *p == self.preset) {
            Some(preset) => vec![("preset", preset.to_owned())],
            None => exactly(period),
        }
    }
}

/// A period as a query: dates where it is whole days.
pub(super) fn exactly(period: &Period) -> Vec<(&'static str, String)> {
    vec![("from", moment(period.from)), ("to", moment(period.to))]
}

/// A date where it is midnight, else a moment.
pub(super) fn moment(at: Instant) -> String {
    let day = day_of(at);
    if begins(day) == at { day.to_string() } else { at.to_rfc3339_opts(SecondsFormat::AutoSi, true) }
}

/// Pairs as the query of a link; a later pair of the same name stands for the earlier one.
pub(super) fn query(pairs: &[(&'static str, String)]) -> String {
    let last = |i: usize, name: &str| !pairs.iter().skip(i + 1).any(|(n, _)| *n == name);
    let kept = pairs.iter().enumerate().filter(|(i, (name, value))| last(*i, name) && !value.is_empty());
    kept.map(|(_, (name, value))| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))).collect::<Vec<_>>().join("&")
}

/// A file of figures. That it was taken is written into the audit first.
///
/// # Errors
/// The store's: then nothing is given.
pub(in crate::web) async fn sent(
    state: &WebState,
    scope: &Scope,
    name: Name,
    period: &Period,
    ending: &str,
    mime: &str,
    body: Vec<u8>,
) -> Result<HttpResponse, ApiError> {
    let about = format!("report:{name} {}..{} {ending}", moment(period.from), moment(period.to));
    audit::enter(&state.core, state.core.db.write(), &actor_of(scope).to_string(), "report_exported", Some(&about), None).await?;
    let file = format!("attachment; filename=\"{name}-{}.{ending}\"", period.first_day());
    Ok(HttpResponse::Ok()
        .content_type(mime.to_owned())
        .insert_header(("content-disposition", file))
        .insert_header(("cache-control", "no-store"))
        .body(body))
}
