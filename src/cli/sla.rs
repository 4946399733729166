//! `sla`: why a deadline is what it is, when one would be due, and the policies and calendars behind both.

use super::{Done, Failure, bare_core, log};
use crate::config::{Config, local_date_time};
use crate::dispatch::books::{self, Outlook};
use crate::dispatch::register::Classification;
use crate::dispatch::{Core, ledger};
use crate::domain::actor::Actor;
use crate::domain::inbound::ChannelKind;
use crate::domain::request::Priority;
use crate::domain::sla::{Difference, Facts, preview};
use crate::domain::{Class, DistrictCode, Hazard, Instant, Lang, QueueCode, RequestNumber, ServiceCode};
use crate::store::{books as revisions, requests};
use chrono::{NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Asia::Almaty;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Tells how the deadlines of a request came to be, minute by minute. Example: jambyl109 sla explain 26-4817-0355 --lang ru
    Explain {
        number: String,
        /// kk or ru
        #[arg(long, default_value = "ru")]
        lang: Lang,
    },
    /// Says when a request received at a time would be due. Example: jambyl109 sla preview --at "2026-03-20 18:00" --class complaint
    Preview {
        /// Local time (2026-03-20 18:00), a date, or RFC 3339; default: now.
        #[arg(long)]
        at: Option<String>,
        #[arg(long)]
        class: Option<Class>,
        #[arg(long)]
        service: Option<ServiceCode>,
        #[arg(long)]
        district: Option<DistrictCode>,
        /// Default: where the rules would send it.
        #[arg(long)]
        queue: Option<QueueCode>,
        #[arg(long)]
        hazard: Option<Hazard>,
        /// 0 danger, 1 high, 2 normal, 3 low
        #[arg(long, value_parser = clap::value_parser!(u8).range(0..=3))]
        priority: Option<u8>,
        #[arg(long)]
        vulnerable: bool,
        /// kk or ru
        #[arg(long, default_value = "ru")]
        lang: Lang,
    },
    /// Lists the revisions of policies and calendars.
    Books,
    /// Prints the newest sla.toml or calendar.toml. Example: jambyl109 sla show sla > sla.toml
    Show { which: Which },
    /// Shows what changed files would change, and with --save stores them as the next revision. Example: jambyl109 sla change --sla sla.toml
    Change {
        #[arg(long, value_name = "FILE")]
        sla: Option<PathBuf>,
        #[arg(long, value_name = "FILE")]
        calendar: Option<PathBuf>,
        #[arg(long)]
        save: bool,
        /// Why, for those who read the history.
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Shows which deadlines of open requests the newest revision would move; with --go, running workers move them.
    Apply {
        #[arg(long)]
        go: bool,
    },
    /// Prints the newest calendar with the days of rest of an iCalendar file put in. Example: jambyl109 sla import days.ics > calendar.toml
    Import {
        file: PathBuf,
        /// A word that the note of a day must have, such as "Public holiday".
        #[arg(long)]
        only: Option<String>,
    },
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Which {
    Sla,
    Calendar,
}

/// A moment as a person writes it.
fn moment(text: &str) -> Result<Instant, Failure> {
    let local = |naive: NaiveDateTime| Almaty.from_local_datetime(&naive).earliest().map(|t| t.with_timezone(&Utc));
    let text = text.trim();
    let read = text
        .parse::<Instant>()
        .ok()
        .or_else(|| {
            ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S"].iter().find_map(|f| NaiveDateTime::parse_from_str(text, f).ok()).and_then(local)
        })
        .or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(|d| d.and_hms_opt(0, 0, 0)).and_then(local));
    read.ok_or_else(|| Failure(format!("'{text}' is not a time: write 2026-03-20 18:00")))
}

pub async fn run(config: &Config, args: Args) -> Done {
    log(config)?;
    let core = bare_core(config).await?;
    match args.what {
        What::Explain { number, lang } => explain(&core, &number, lang).await,
        What::Preview { at, class, service, district, queue, hazard, priority, vulnerable, lang } => {
            let at = at.as_deref().map(moment).transpose()?.unwrap_or_else(|| core.now());
            let what =
                Classification { class, service: service.clone(), district: district.clone(), hazard, needs_utility: class == Some(Class::Incident) };
            let queue = queue.or_else(|| core.book.routing.route(&what.route_key(), &core.book.catalog).map(|r| r.queue));
            let facts = Facts {
                class,
                service: service.as_ref(),
                priority: priority.map_or_else(|| what.priority(), Priority),
                district: district.as_ref(),
                queue: queue.as_ref(),
                hazard,
                channel: ChannelKind::Phone,
                vulnerable,
            };
            foresee(&core, &facts, at, lang)
        }
        What::Books => list(&core).await,
        What::Show { which } => show(&core, which).await,
        What::Change { sla, calendar, save, note } => change(&core, sla, calendar, save, &note).await,
        What::Apply { go } => apply(&core, go).await,
        What::Import { file, only } => import(&core, &file, only.as_deref()).await,
    }
}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
async fn explain(core: &Core, number: &str, lang: Lang) -> Done {
    let number = RequestNumber::parse(number)?;
    let stored = requests::by_number(core.db.read(), &number).await?.ok_or_else(|| Failure(format!("there is no request {number}")))?;
    let account = ledger::explain(core, core.db.read(), stored.request.id).await?;
    for e in &account.entries {
        println!("{}  {}", local_date_time(e.at), core.book.sentence(lang, e));
    }
    for b in &account.blame {
        let who = b.owner.as_ref().map_or_else(|| core.book.value(lang, "@sla.nobody"), |q| core.book.value(lang, &format!("@queue.{q}")));
        let late = core.book.value(lang, &format!("@span:{}", b.late_us / 1_000_000));
        let params = [("stage".to_owned(), format!("@stage.{}", b.stage)), ("owner".to_owned(), who), ("late".to_owned(), late)].into();
        println!("{}", core.book.render(lang, "sla.blame", &params));
    }
    let wrong = ledger::disagreements(core, core.db.read(), stored.request.id).await?;
    for w in &wrong {
        eprintln!("the stored clock differs from the account: {w}");
    }
    Ok(if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
fn foresee(core: &Core, facts: &Facts<'_>, at: Instant, lang: Lang) -> Done {
    let books = core.books();
    let p = preview(books.in_force(at.max(core.now())), facts, at);
    let Some(policy) = &p.policy else { return Err(Failure("no policy fits: such a request would have no clocks".into())) };
    let queue = facts.queue.map_or_else(|| core.book.value(lang, "@sla.nobody"), |q| core.book.value(lang, &format!("@queue.{q}")));
    println!("{}  {queue}  «{policy}»", local_date_time(at));
    if let Some(basis) = &p.basis {
        println!("{}", basis.get(lang));
    }
    for (stage, due) in &p.due {
        println!("{}: {}", core.book.value(lang, &format!("@stage.{stage}")), local_date_time(*due));
    }
    Ok(ExitCode::SUCCESS)
}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
async fn list(core: &Core) -> Done {
    for r in revisions::after(core.db.read(), 0).await? {
        let from = if r.effective_at > Instant::UNIX_EPOCH { local_date_time(r.effective_at) } else { "-".to_owned() };
        let diff: Vec<Difference> = serde_json::from_str(&r.diff)?;
        let what: Vec<String> = diff.iter().map(line).collect();
        println!(
            "{}\t{}\t{}\tfrom {from}\tapply: {} ({})\t{}\t{}",
            r.number,
            local_date_time(r.made_at),
            r.author,
            r.apply_state,
            r.applied,
            r.note,
            what.join(", ")
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn line(d: &Difference) -> String {
    if d.name.is_empty() { format!("{} {}", d.part, d.change) } else { format!("{} '{}' {}", d.part, d.name, d.change) }
}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
async fn show(core: &Core, which: Which) -> Done {
    let last = revisions::last(core.db.read()).await?.ok_or_else(|| Failure("there are no revisions".into()))?;
    print!(
        "{}",
        match which {
            Which::Sla => last.sla,
            Which::Calendar => last.calendar,
        }
    );
    Ok(ExitCode::SUCCESS)
}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
fn tell(o: &Outlook) {
    for d in &o.differences {
        println!("{}", line(d));
    }
    println!("of {} open requests {} deadlines would move if it were applied to them", o.open, o.moved);
    for m in &o.moves {
        let at = |t: Option<Instant>| t.map_or_else(|| "-".to_owned(), local_date_time);
        println!("{}\t{}\t{} -> {}", m.number, m.stage, at(m.from), at(m.to));
    }
    if o.moved > o.moves.len() {
        println!("... and {} more", o.moved - o.moves.len());
    }
}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
async fn change(core: &Core, sla: Option<PathBuf>, calendar: Option<PathBuf>, save: bool, note: &str) -> Done {
    let read = |f: Option<PathBuf>| f.map(|f| std::fs::read_to_string(&f).map_err(|e| Failure(format!("{}: {e}", f.display())))).transpose();
    let (sla, calendar) = (read(sla)?, read(calendar)?);
    if sla.is_none() && calendar.is_none() {
        return Err(Failure("give --sla FILE or --calendar FILE".into()));
    }
    tell(&books::outlook(core, sla.as_deref(), calendar.as_deref()).await?);
    if save {
        let row = books::change(core, &Actor::System("cli"), None, sla.as_deref(), calendar.as_deref(), note).await?;
        println!("revision {} holds from {} on; `sla apply --go` puts it on open requests", row.number, local_date_time(row.effective_at));
    } else {
        println!("nothing was stored: add --save");
    }
    Ok(ExitCode::SUCCESS)
}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
async fn apply(core: &Core, go: bool) -> Done {
    let last = revisions::last(core.db.read()).await?.ok_or_else(|| Failure("there are no revisions".into()))?;
    tell(&books::outlook_of(core, last.number).await?);
    if go {
        books::apply(core, &Actor::System("cli"), last.number).await?;
        println!("asked for: running workers put revision {} on open requests", last.number);
    } else {
        println!("nothing was moved: add --go");
    }
    Ok(ExitCode::SUCCESS)
}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
async fn import(core: &Core, file: &std::path::Path, only: Option<&str>) -> Done {
    let text = std::fs::read_to_string(file).map_err(|e| Failure(format!("{}: {e}", file.display())))?;
    let got = books::import(core, &text, None, only).await?;
    for day in &got.added {
        eprintln!("added: {day}");
    }
    for (name, why) in &got.skipped {
        eprintln!("left out: {name}: {why}");
    }
    print!("{}", got.calendar_text);
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_people_write_them() {
        let want: Instant = "2026-03-20T13:00:00Z".parse().unwrap();
        for text in ["2026-03-20 18:00", "2026-03-20T18:00", "2026-03-20 18:00:00", "2026-03-20T18:00:00+05:00", " 2026-03-20T13:00:00Z "] {
            assert_eq!(moment(text).unwrap(), want, "{text}");
        }
        assert!(moment("tomorrow").is_err());
    }
}
