//! `report`: the managers' figures without a browser.

use super::{Done, Failure, bare_core, log};
use crate::config::Config;
use crate::domain::calendar::{Day, begins};
use crate::domain::inbound::ChannelKind;
use crate::domain::report::{Filter, Period, Step};
use crate::domain::{Class, DistrictCode, Instant, QueueCode, ServiceCode};
use crate::reports::calls::{self, Terms};
use crate::reports::export::{self, Bare};
use crate::reports::report::{self, Asked, Name};
use crate::reports::sheet::Sheet;
use crate::reports::{Table, facts};
use chrono::{Duration, NaiveDate, SecondsFormat};
use chrono_tz::Asia::Almaty;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// How many of what: classes, channels, services, districts, organisations. Example: jambyl109 report summary --from 2026-01-01 --to 2027-01-01
    Summary(Wanted),
    /// Over time, beside the year before.
    Dynamics(Wanted),
    /// Targets kept by stage and by owner; how long stages took.
    Sla(Wanted),
    /// The work of each organisation.
    Queues(Wanted),
    /// The work in each district.
    Districts(Wanted),
    /// What was opened again, and what came from one house more than once.
    Repeats(Wanted),
    /// Residents' ratings.
    Satisfaction(Wanted),
    /// What was asked on social pages and not answered.
    Social(Wanted),
    /// The call centre: service level, waits, abandonment, by queue, operator, hour and weekday, repeat callers, call-backs kept.
    Calls(Wanted),
    /// What people corrected of triage's readings.
    Corrections(Wanted),
    /// What became of the messages.
    Deliveries(Wanted),
    /// Adds all past days up anew; figures stay right meanwhile, only slower.
    Rebuild,
}

#[derive(clap::Args)]
struct Wanted {
    /// The first day (2026-11-01) or moment (2026-11-01T08:00:00+05:00); else seven days before the end.
    #[arg(long, value_name = "T", value_parser = moment)]
    from: Option<Instant>,
    /// The day or moment before which it ends; else now.
    #[arg(long, value_name = "T", value_parser = moment)]
    to: Option<Instant>,
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// One table of the report only; CSV takes the first when none is named.
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
    #[arg(long, value_name = "CODE")]
    class: Option<Class>,
    #[arg(long, value_name = "CODE")]
    channel: Option<ChannelKind>,
    #[arg(long, value_name = "CODE")]
    service: Option<ServiceCode>,
    #[arg(long, value_name = "CODE")]
    district: Option<DistrictCode>,
    #[arg(long, value_name = "CODE")]
    queue: Option<QueueCode>,
    /// How finely time is divided: day, week or month; else as it fits.
    #[arg(long, value_name = "STEP")]
    step: Option<Step>,
    /// Write there instead of to standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Table,
    Csv,
    Json,
    Xlsx,
}

impl What {
    fn report(&self) -> Option<(Name, &Wanted)> {
        Some(match self {
            Self::Summary(w) => (Name::Summary, w),
            Self::Dynamics(w) => (Name::Dynamics, w),
            Self::Sla(w) => (Name::Sla, w),
            Self::Queues(w) => (Name::Queues, w),
            Self::Districts(w) => (Name::Districts, w),
            Self::Repeats(w) => (Name::Repeats, w),
            Self::Satisfaction(w) => (Name::Satisfaction, w),
            Self::Social(w) => (Name::Social, w),
            Self::Calls(w) => (Name::Calls, w),
            Self::Corrections(w) => (Name::Corrections, w),
            Self::Deliveries(w) => (Name::Deliveries, w),
            Self::Rebuild => return None,
        })
    }
}

/// A date is its midnight in Almaty.
fn moment(text: &str) -> Result<Instant, String> {
    if let Ok(at) = chrono::DateTime::parse_from_rfc3339(text) {
        return Ok(at.to_utc());
    }
    let day: NaiveDate = text.parse().map_err(|_| "write a date (2026-11-01) or a moment (2026-11-01T08:00:00+05:00)".to_owned())?;
    Ok(begins(Day(day)))
}

pub async fn run(config: &Config, args: &Args) -> Done {
    log(config)?;
    let core = bare_core(config).await?;
    let now = core.now();
    let Some((name, wanted)) = args.what.report() else {
        let terms = Terms::of(&config.calls);
        facts::forget(&core.db).await?;
        calls::forget(&core.db).await?;
        facts::roll(&core.db, now, core.wall(), Duration::zero()).await?;
        calls::roll(&core.db, terms, now, core.wall(), Duration::zero()).await?;
        // Changes under way beside this command end within these seconds; what is added up then has them.
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        let days = facts::roll(&core.db, now, core.wall(), Duration::zero()).await?;
        let of_calls = calls::roll(&core.db, terms, now, core.wall(), Duration::zero()).await?;
        return write(None, format!("{days} days of requests and {of_calls} days of calls were added up\n").as_bytes());
    };
    let to = wanted.to.unwrap_or(now);
    let from = wanted.from.unwrap_or(to - Duration::days(7));
    let Some(period) = Period::new(from, to) else { return Err(Failure("--from is later than --to".into())) };
    let filter = Filter {
        class: wanted.class,
        channel: wanted.channel,
        service: wanted.service.clone(),
        district: wanted.district.clone(),
        queue: wanted.queue.clone(),
        ..Filter::default()
    };
    let asked = Asked { filter, period, step: wanted.step, now, terms: Terms::of(&config.calls) };
    let when = |at: Instant| at.with_timezone(&Almaty).to_rfc3339_opts(SecondsFormat::AutoSi, false);
    // The call centre's own form holds more than its tables.
    if name == Name::Calls && wanted.format != Format::Xlsx && wanted.table.is_none() {
        let figures = calls::gather(core.db.read(), asked.terms, from, to, now).await?;
        let text = match wanted.format {
            Format::Csv => calls::show::csv(&figures),
            Format::Json => format!("{}\n", calls::show::json(&figures, &when)),
            Format::Table | Format::Xlsx => {
                let mut table = Table::new(&["of", "figure", "value"]);
                calls::show::rows(&figures).into_iter().for_each(|r| table.row(r));
                table.to_string()
            }
        };
        return write(wanted.out.as_ref(), text.as_bytes());
    }
    let mut sheets = report::build(&core.db, name, &asked).await?;
    if let Some(table) = &wanted.table {
        let names: Vec<&str> = sheets.iter().map(|s| s.name).collect();
        let unknown = format!("--table: this report has {}", names.join(", "));
        sheets.retain(|s| s.name == table);
        if sheets.is_empty() {
            return Err(Failure(unknown));
        }
    }
    let body = match wanted.format {
        Format::Table => sheets.iter().map(|s| format!("{}\n{}\n", s.name, s.table())).collect::<String>().into_bytes(),
        Format::Csv => sheets.first().map(|s| export::csv(s, &Bare)).unwrap_or_default().into_bytes(),
        Format::Json => {
            let tables: serde_json::Map<String, serde_json::Value> = sheets.iter().map(|s: &Sheet| (s.name.to_owned(), s.json())).collect();
            format!("{}\n", serde_json::json!({"report": name, "from": when(from), "to": when(to), "tables": tables})).into_bytes()
        }
        Format::Xlsx if wanted.out.is_none() && std::io::stdout().is_terminal() => {
            return Err(Failure("a workbook is no text: name a file with --out".into()));
        }
        Format::Xlsx => export::xlsx(&sheets, &Bare)?,
    };
    write(wanted.out.as_ref(), &body)
}

fn write(out: Option<&PathBuf>, body: &[u8]) -> Done {
    if let Some(path) = out {
        std::fs::write(path, body).map_err(|e| Failure(format!("{} cannot be written: {e}", path.display())))?;
        return Ok(ExitCode::SUCCESS);
    }
    match std::io::stdout().lock().write_all(body) {
        // Whoever reads has read enough.
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(e.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}
