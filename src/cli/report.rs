//! `report`: the managers' figures without a browser.

use super::{Done, Failure, bare_core, log};
use crate::config::Config;
use crate::domain::Instant;
use crate::reports::Table;
use crate::reports::calls::{self, Terms};
use chrono::{Duration, NaiveDate, SecondsFormat, TimeZone};
use chrono_tz::Asia::Almaty;
use std::io::Write;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// The call centre: service level, waits, abandonment, by queue, operator, hour and weekday, repeat callers, call-backs kept.
    Calls(Period),
}

#[derive(clap::Args)]
struct Period {
    /// The first day (2026-11-01) or moment (2026-11-01T08:00:00+05:00); else seven days before the end.
    #[arg(long, value_name = "T", value_parser = moment)]
    from: Option<Instant>,
    /// The day or moment before which it ends; else now.
    #[arg(long, value_name = "T", value_parser = moment)]
    to: Option<Instant>,
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    Table,
    Csv,
    Json,
}

/// A date is its midnight in Almaty.
fn moment(text: &str) -> Result<Instant, String> {
    if let Ok(at) = chrono::DateTime::parse_from_rfc3339(text) {
        return Ok(at.to_utc());
    }
    let day: NaiveDate = text.parse().map_err(|_| "write a date (2026-11-01) or a moment (2026-11-01T08:00:00+05:00)".to_owned())?;
    let midnight = day.and_hms_opt(0, 0, 0).and_then(|m| Almaty.from_local_datetime(&m).earliest());
    midnight.map(|m| m.to_utc()).ok_or_else(|| "this day has no beginning".to_owned())
}

pub async fn run(config: &Config, args: &Args) -> Done {
    log(config)?;
    let core = bare_core(config).await?;
    let What::Calls(period) = &args.what;
    let now = core.now();
    let to = period.to.unwrap_or(now);
    let from = period.from.unwrap_or(to - Duration::days(7));
    if from > to {
        return Err(Failure("--from is later than --to".into()));
    }
    let figures = calls::gather(core.db.read(), Terms::of(&config.calls), from, to, now).await?;
    let text = match period.format {
        Format::Csv => calls::show::csv(&figures),
        Format::Json => {
            let when = |at: Instant| at.with_timezone(&Almaty).to_rfc3339_opts(SecondsFormat::AutoSi, false);
            format!("{}\n", calls::show::json(&figures, &when))
        }
        Format::Table => {
            let mut table = Table::new(&["of", "figure", "value"]);
            calls::show::rows(&figures).into_iter().for_each(|r| table.row(r));
            table.to_string()
        }
    };
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        // Whoever reads has read enough.
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(e.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}
