//! `import-cdr`.

use super::{Done, bare_core, log};
use crate::config::{Config, ConfigErrors};
use crate::lifecycle::Lifecycle;
use crate::telephony::callbacks;
use crate::telephony::centre::Centre;
use crate::telephony::dialects::asterisk::Seventeenth;
use crate::telephony::dialects::generic::Map;
use crate::telephony::files::{ImportError, Importer, Progress, expand};
use crate::telephony::ingest::SETTLE;
use crate::telephony::profile::{PROFILES, Profile};
use crate::telephony::source::Source;
use crate::telephony::verify::Told;
use crate::telephony::watch::Watcher;
use crate::telephony::zone::{Zone, ZoneVerdict};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Profiles: asterisk, asterisk-custom, freepbx, freeswitch-csv, freeswitch-json, queue-log, generic, events. `--profiles` describes them.
#[derive(clap::Args)]
pub struct Args {
    /// What kind of file it is.
    #[arg(long, value_name = "P", required_unless_present = "profiles", value_parser = profile)]
    profile: Option<Profile>,
    /// Describes the profiles and ends.
    #[arg(long)]
    profiles: bool,
    /// The exchange, as [calls.sources.NAME] names it. Files and doors of one exchange make one call together.
    #[arg(long, value_name = "NAME", default_value = "main")]
    source: String,
    /// The zone of stamps that carry none: a name such as Asia/Almaty or UTC, or an offset such as +06:00; else that of the exchange.
    #[arg(long, value_name = "TZ", value_parser = zone, allow_hyphen_values = true)]
    timezone: Option<Zone>,
    /// Goes on reading what is written to the files and folders, until told to stop; the place in each is remembered.
    #[arg(long, conflicts_with = "dry_run")]
    watch: bool,
    /// Reads and tells, and stores nothing.
    #[arg(long)]
    dry_run: bool,
    /// Makes no call-backs of missed calls: for history.
    #[arg(long)]
    no_tasks: bool,
    /// For generic: which column is what, by name or by number from 1, e.g. start=Date,src=From,dst=To,duration=Seconds,disposition=Result.
    #[arg(long, value_name = "COLUMNS", value_parser = map)]
    map: Option<Map>,
    /// For asterisk with 17 columns, when the file does not tell: uniqueid or userfield.
    #[arg(long, value_name = "COLUMN", value_parser = seventeenth)]
    column17: Option<Seventeenth>,
    /// Files and folders.
    #[arg(value_name = "PATH", required_unless_present = "profiles")]
    paths: Vec<PathBuf>,
}

fn profile(text: &str) -> Result<Profile, String> {
    Profile::parse(text).ok_or_else(|| format!("no such profile; there are: {}", PROFILES.iter().map(|a| a.name).collect::<Vec<_>>().join(", ")))
}

fn zone(text: &str) -> Result<Zone, String> {
    Zone::parse(text).map_err(|e| e.to_string())
}

fn map(text: &str) -> Result<Map, String> {
    Map::parse(text).map_err(|e| e.to_string())
}

fn seventeenth(text: &str) -> Result<Seventeenth, String> {
    match text {
        "uniqueid" => Ok(Seventeenth::UniqueId),
        "userfield" => Ok(Seventeenth::UserField),
        _ => Err("uniqueid or userfield".into()),
    }
}

/// Said to the person at the screen, beside the progress.
fn say(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

#[allow(clippy::print_stdout, reason = "the answer of a command")]
fn describe() -> Done {
    for a in PROFILES {
        println!("{:16} {}\n{:16} {}", a.name, a.description, "", a.columns);
    }
    Ok(ExitCode::SUCCESS)
}

pub async fn run(config: &Config, args: Args) -> Done {
    if args.profiles {
        return describe();
    }
    log(config)?;
    ConfigErrors::check(config.problems())?;
    let centre = Centre::of(config)?;
    let Some(found) = centre.sources.get(&args.source) else {
        let known = centre.sources.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        say(format_args!("jambyl109: there is no exchange '{}': add [calls.sources.{}], or name one of: {known}", args.source, args.source));
        return Ok(ExitCode::from(2));
    };
    let Some(profile) = args.profile else { return describe() };
    if profile == Profile::Generic && args.map.is_none() {
        say("jambyl109: --profile generic needs --map, e.g. --map start=Date,src=From,dst=To,duration=Seconds,disposition=Result");
        return Ok(ExitCode::from(2));
    }
    let source = Source { zone: args.timezone.unwrap_or(found.zone), ..found.clone() };
    let core = if args.dry_run { None } else { Some(bare_core(config).await?) };
    let told = Told { map: args.map.clone(), seventeen: args.column17 };
    let importer = Importer { core: core.as_ref(), source: &source, profile, told, tasks: !args.no_tasks };
    if args.watch { watch(importer, args.paths).await } else { once(&importer, &args.paths).await }
}

/// A file that no path leads to, or that is of another kind, is told before anything is stored.
async fn once(importer: &Importer<'_>, paths: &[PathBuf]) -> Done {
    let files = expand(paths)?;
    for path in &files {
        importer.check(path)?;
    }
    for path in &files {
        let mut bar = Bar::new(path.display().to_string());
        let progress = importer.whole(path, &mut |p| bar.show(p)).await?;
        bar.end(&progress, importer.core.is_none());
    }
    if let Some(core) = importer.core
        && importer.tasks
    {
        // These files are whole, so nobody has to wait for further records.
        while callbacks::sweep(core, core.now() + SETTLE).await? > 0 {}
    }
    Ok(ExitCode::SUCCESS)
}

async fn watch(importer: Importer<'_>, paths: Vec<PathBuf>) -> Done {
    let life = Lifecycle::new();
    life.listen_for_signals()?;
    let stop = life.token();
    let mut watcher = Watcher::new(importer.clone(), paths);
    say("watching; Ctrl-C ends it");
    while !stop.is_cancelled() {
        match watcher.round().await {
            Ok(round) => {
                for trouble in &round.troubles {
                    say(format_args!("jambyl109: {trouble}"));
                }
                for (path, p) in &round.progress {
                    Bar::new(path.display().to_string()).end(p, false);
                }
            }
            Err(e @ ImportError::Dispatch(_)) => say(format_args!("jambyl109: {e}; it is tried again")),
            Err(e) => return Err(e.into()),
        }
        if let Some(core) = importer.core
            && importer.tasks
            && let Err(e) = callbacks::sweep(core, core.now()).await
        {
            say(format_args!("jambyl109: call-backs: {e}; it is tried again"));
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What one sees of a file while it is read: a line that changes on a terminal, a line every five seconds elsewhere.
struct Bar {
    name: String,
    began: Instant,
    last: Instant,
    terminal: bool,
}

impl Bar {
    fn new(name: String) -> Self {
        let now = Instant::now();
        Self { name, began: now, last: now, terminal: std::io::stderr().is_terminal() }
    }

    fn line(&self, p: &Progress) -> String {
        let lines = p.records + p.others + p.bad;
        let share = (p.read.min(p.size) * 100).checked_div(p.size).unwrap_or(100);
        let millis = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        let filled = usize::try_from(share / 5).unwrap_or(20).min(20);
        format!(
            "{} [{}{}] {share:3}%  {lines} lines  {} a second",
            self.name,
            "#".repeat(filled),
            "-".repeat(20 - filled),
            lines.saturating_mul(1000) / millis
        )
    }

    fn show(&mut self, p: &Progress) {
        let every = if self.terminal { Duration::from_millis(200) } else { Duration::from_secs(5) };
        if self.last.elapsed() < every {
            return;
        }
        self.last = Instant::now();
        let text = self.line(p);
        let mut err = std::io::stderr().lock();
        // A closed terminal is no reason to stop.
        let _ = if self.terminal { write!(err, "\r\x1b[K{text}").and_then(|()| err.flush()) } else { writeln!(err, "{text}") };
    }

    #[allow(clippy::print_stdout, reason = "the answer of a command")]
    fn end(&self, p: &Progress, dry: bool) {
        if self.terminal {
            let mut err = std::io::stderr().lock();
            let _ = write!(err, "\r\x1b[K").and_then(|()| err.flush());
        }
        let s = &p.sum;
        if dry {
            println!("{}: {} records, {} other lines, {} bad lines; nothing was stored", self.name, p.records, p.others, p.bad);
        } else {
            println!(
                "{}: {} records ({} new, {} known), {} new calls, {} calls changed, {} bad lines",
                self.name, p.records, s.records, s.known, s.calls, s.changed, p.bad
            );
        }
        for bad in &p.shown {
            say(format_args!("  {bad}"));
        }
        if p.bad > p.shown.len() as u64 {
            say(format_args!("  and {} more bad lines", p.bad - p.shown.len() as u64));
        }
        if p.waiting > 0 {
            say(format_args!("  the last line is not finished ({} bytes): it is read when it is", p.waiting));
        }
        match &p.zone {
            Some(z @ (ZoneVerdict::Contradicted { .. } | ZoneVerdict::Stale { .. })) => say(format_args!("  time zone: {z}")),
            Some(z) if dry => println!("  time zone: {z}"),
            _ => {}
        }
    }
}
