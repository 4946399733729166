//! `demo`: the whole service on a throw-away database, with simulated people who use its real doors.
//!
//! Only business time is simulated. Nobody here reaches into the service: residents knock at the webhook and at the API, staff at the API and the bot.
//! The database is opened directly for two things only: to make the accounts, and to prove at the end that nothing was lost.

mod callers;
mod crews;
mod dispatchers;
mod house;
mod ledger;
mod loss;
mod people;
mod phone;
mod plan;
mod progress;
mod residents;
mod tables;
mod telegram;
mod texts;
mod world;

use super::{Done, Failure, log};
use crate::app::{App, Overrides, Role};
use crate::clock::{Clock, Clocks, ScaledClock, SystemClock};
use crate::config::Config;
use crate::dispatch::{Core, secrets};
use crate::domain::report::{Filter, Period};
use crate::reports::facts;
use crate::store::{audit, outbox, raw_events};
use house::{Folder, Member};
use progress::show;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use telegram::StandIn;
use world::{Ground, World};

#[derive(clap::Args)]
pub struct Args {
    /// Simulated minutes.
    #[arg(long, default_value_t = 1440)]
    minutes: u64,
    /// Simulated time per real time.
    #[arg(long, default_value_t = 1440.0)]
    speed: f64,
    /// How many requests residents make.
    #[arg(long, default_value_t = 300)]
    requests: usize,
    /// The seed of everything that is drawn.
    #[arg(long, default_value_t = 109)]
    seed: u64,
    /// Ends after the simulated period, with code 1 if anything was lost.
    #[arg(long)]
    exit: bool,
}

/// How long the service may take to finish what is at hand.
const DRAIN: Duration = Duration::from_secs(90);

pub async fn run(config: Config, args: &Args) -> Done {
    if !(args.speed.is_finite() && args.speed > 0.0) {
        return Err(Failure("--speed must be a number above 0, for instance 600".into()));
    }
    let folder = Folder::make()?;
    let bot = StandIn::start()?;
    let config = house::settings(config, folder.path(), &bot.url(), args.speed)?;
    log(&config)?;
    let book = house::book(&config)?;
    let clock = ScaledClock::starting(SystemClock.now(), 1.0);
    let clocks = Clocks { business: clock.clone(), wall: Arc::new(SystemClock) };
    let app = App::build(&config, Role::All, Overrides { clocks: Some(clocks), book: Some(book), ..Overrides::default() }).await?;
    app.life.listen_for_signals()?;
    let password = secrets::token().chars().take(14).collect::<String>();
    let members = house::staff(&app.core, &password).await?;
    let base = format!("http://{}", app.addr());
    welcome(&base, &members, &password, args);

    let minutes = args.minutes as f64;
    let silence = house::silence_secs(args.speed) as f64 / 60.0;
    let sms = app.wires.sms.clone().ok_or_else(|| Failure("the demo needs the SMS stub".into()))?;
    let ground = Ground {
        base: base.clone(),
        secret: config.channels.telegram.secret.expose().to_owned(),
        bot_name: config.channels.telegram.name.clone(),
        clock: clock.clone(),
        minutes,
        // What is asked after that would be answered by nobody before the end.
        last_word: (minutes - silence - 2.0).max(minutes * 0.8),
        bot: bot.clone(),
        sms,
        stop: app.life.token().child_token(),
    };
    let tokens = people::sign_in(&base, &members, &password).await?;
    clock.set_speed(args.speed);
    let world = Arc::new(World::new(ground)?);
    let from = world.start;
    people::live(&world, &app.core, &members, tokens, args.requests, args.seed).await;
    let whole = !app.life.is_stopping();
    let (core, life) = (app.core.clone(), app.life.clone());
    let mut lost = !whole;
    if whole {
        let drained = drain(&core, &clock).await?;
        let to = core.now() + chrono::Duration::seconds(1);
        let books = loss::Books::read(&core).await?;
        let period = Period { from: from - chrono::Duration::minutes(1), to };
        let summary = facts::gather(&core.db, &Filter::default(), period, to).await?;
        let verdict = loss::check(&core, &world, &books).await?;
        tables::print(&summary, &tables::understood(&world.ledger.write(), &books));
        lost = told(&world, &verdict, drained);
        if !args.exit && !life.is_stopping() {
            show(format!("\nThe service goes on at the world's own speed: {base}/console  (password {password}). Ctrl-C ends it."));
            let ended = app.run_until(std::future::pending()).await;
            bot.stop().await;
            ended?;
            return Ok(ExitCode::SUCCESS);
        }
    }
    let ended = app.run_until(std::future::ready(())).await;
    bot.stop().await;
    ended?;
    Ok(if lost && args.exit { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn welcome(base: &str, members: &[Member], password: &str, args: &Args) {
    show(format!("Jambyl 109, demo: {} requests in {} simulated minutes at {}x\n", args.requests, args.minutes, args.speed));
    show(format!("  console        {base}/console\n  API            {base}/api/docs"));
    show(format!("  accounts       password of all: {password}"));
    let mut crews = 0;
    for m in members {
        if m.crew.is_some() {
            crews += 1;
            if crews > 3 {
                continue;
            }
        }
        show(format!("    {:<22} {:<11} {}", m.login, m.role, m.about));
    }
    if crews > 3 {
        show(format!("    ... and {} more crews, each with its code as login", crews - 3));
    }
    show(format!(
        "  a resident     POST {base}/api/v1/auth/otp {{\"phone\": \"+77010000000\", \"language\": \"kk\"}}; a request is followed at {base}/t/NUMBER\n"
    ));
}

/// Waits until everything that came in is worked on and everything to be said has been said. Time runs at x1, unless a question is still open: then
/// the demo's time goes on until its resident's silence has lasted long enough.
async fn drain(core: &Core, clock: &ScaledClock) -> Result<bool, Failure> {
    let speed = clock.speed();
    let until = tokio::time::Instant::now() + DRAIN;
    let mut calm = 0;
    loop {
        let db = core.db.read();
        let asked = audit::open_questions(db).await?;
        clock.set_speed(if asked > 0 { speed } else { 1.0 });
        let inbox = raw_events::count(db, raw_events::status::WAITING).await?;
        let unsent: i64 = outbox::backlog(db).await?.iter().map(|(_, n, _)| n).sum();
        let files = audit::files(db).await?.values().filter(|(_, s)| s == "waiting").count();
        calm = if asked == 0 && inbox == 0 && unsent == 0 && files == 0 { calm + 1 } else { 0 };
        if calm >= 3 {
            return Ok(true);
        }
        if tokio::time::Instant::now() > until {
            clock.set_speed(1.0);
            show(format!("not finished after {DRAIN:?}: {inbox} events, {unsent} messages, {files} files, {asked} open questions"));
            return Ok(false);
        }
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
}

/// Prints the verdict; true when something is lost.
fn told(world: &World, verdict: &loss::Verdict, drained: bool) -> bool {
    let (sent, busy, files) = world.bot.counts();
    let said = world.ledger.write();
    show("Loss check");
    for (what, n) in &verdict.checked {
        show(format!("  {n:>6}  {what}"));
    }
    show(format!(
        "  Telegram took {sent} messages ({busy} times it asked to wait) and gave {files} files; {} updates were delivered twice, {} API calls repeated; {} conflicts were re-read",
        said.repeated_updates, said.repeated_calls, said.conflicts
    ));
    for (what, n) in &said.troubles {
        show(format!("  trouble: {what} ({n})"));
    }
    for fault in &verdict.faults {
        show(format!("  FAULT: {fault}"));
    }
    // A client that gave up has lost words before they reached us; that counts too.
    let given_up = said
        .troubles
        .keys()
        .any(|t| t.ends_with("given up") || t.contains("not taken") || t.contains("could not be taken") || t.contains("did not give the same"));
    let lost = !verdict.faults.is_empty() || !drained || given_up;
    show(if lost { "  result: NOT everything was found" } else { "  result: nothing lost" });
    lost
}
