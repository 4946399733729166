//! The commands a person starts. Exit codes: 0 done, 1 failed, 2 wrong usage; `mail-in` 75 instead of 1.

mod backup;
mod check_config;
mod classify;
mod demo;
mod digest;
mod duty;
mod evaluate;
mod healthcheck;
mod import_cdr;
mod mail_in;
mod migrate;
mod recount;
mod replay;
mod report;
mod resident;
mod restore;
mod retention;
mod serve;
mod sla;
mod train;
mod user;
mod verify_journal;

use crate::config::{Config, ConfigErrors};
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Jambyl 109: the single dispatch service of the Zhambyl oblast.
#[derive(Parser)]
#[command(name = "jambyl109", version, about, propagate_version = true)]
struct Cli {
    /// Configuration file; else the one that JAMBYL_CONFIG names; without either the built-in settings.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the service. Example: jambyl109 serve --config /etc/jambyl109.toml
    Serve(serve::Args),
    /// Runs the service on a throw-away database with simulated people. Example: jambyl109 demo --minutes 240 --exit
    Demo(demo::Args),
    /// Brings the schema up to date. Example: jambyl109 migrate --status
    Migrate(migrate::Args),
    /// Says what a text is: class, service, place, hazard, language. Example: jambyl109 classify "су жоқ, Қарасу 5"
    Classify(classify::Args),
    /// Scores triage on labelled messages. Example: jambyl109 evaluate config/triage/messages_frozen.tsv --json
    Evaluate(evaluate::Args),
    /// Fits the model of triage again. Example: jambyl109 train --out model.bin
    Train(train::Args),
    /// Takes call records in. Example: jambyl109 import-cdr --profile asterisk --watch /var/log/asterisk/cdr-csv/Master.csv
    ImportCdr(import_cdr::Args),
    /// Figures of a period. Example: jambyl109 report calls --from 2026-11-01 --format csv
    Report(report::Args),
    /// The digest of a day, for leaders. Example: jambyl109 digest --date 2026-11-22 --print
    Digest(digest::Args),
    /// Takes one letter in from standard input; exit code 75 asks the mail server to try again. Example: jambyl109 mail-in < letter
    MailIn(mail_in::Args),
    /// Works again on stored events that failed; what was done or sent is never done or sent again. Example: jambyl109 replay --only-failed
    Replay(replay::Args),
    /// Proves the history of one request or of all. Example: jambyl109 verify-journal 26-4817-0355
    VerifyJournal(verify_journal::Args),
    /// Copies the embedded database and files of residents while the service runs. Example: jambyl109 backup /backup/jambyl-2026-11-23.tar
    Backup(backup::Args),
    /// Puts a backup in place, after proving it whole. Example: jambyl109 restore /backup/jambyl-2026-11-23.tar
    Restore(restore::Args),
    /// What is kept how long, and what would be let go. Example: jambyl109 retention --dry-run
    Retention(retention::Args),
    /// A resident's rights: what is held about them, and forgetting it. Example: jambyl109 resident export +77011234567 --reason "letter of 3 March" --out a.tar
    Resident(resident::Args),
    /// Compares the kept counts of open requests with the requests themselves. Example: jambyl109 recount --fix
    Recount(recount::Args),
    /// Staff accounts. Example: jambyl109 user add aigul --role dispatcher --queue water_taraz
    User(user::Args),
    /// Clocks: how a deadline came to be, when one would be due, policies and calendars. Example: jambyl109 sla explain 26-4817-0355
    Sla(sla::Args),
    /// Who is told when a clock warns or runs out. Example: jambyl109 duty add aigul head --queue water_taraz
    Duty(duty::Args),
    /// Checks settings, data and texts, and says what to mend. Example: jambyl109 check-config --print
    CheckConfig(check_config::Args),
    /// Exit code 0 when the running service is ready. Example: jambyl109 healthcheck
    Healthcheck(healthcheck::Args),
}

/// Why a command failed; its text is for the person who started it.
#[derive(Debug)]
struct Failure(String);

impl<E: std::error::Error> From<E> for Failure {
    fn from(e: E) -> Self {
        let mut text = e.to_string();
        let mut next = e.source();
        while let Some(cause) = next {
            let more = cause.to_string();
            if !text.contains(&more) {
                text.push_str(": ");
                text.push_str(&more);
            }
            next = cause.source();
        }
        Self(text)
    }
}

type Done = Result<ExitCode, Failure>;

/// Runs the command of this process.
pub async fn run() -> ExitCode {
    crate::telemetry::quiet_panics();
    // Wrong usage ends here, with code 2.
    let cli = Cli::parse();
    // A mail server sends a letter back to its author at any other code, also when our settings cannot be read tonight.
    let failed = if matches!(cli.command, Command::MailIn(_)) { mail_in::TRY_AGAIN.into() } else { ExitCode::FAILURE };
    let done = match load(&cli) {
        Ok(config) => dispatch(cli.command, config).await,
        Err(e) => Err(e.into()),
    };
    done.unwrap_or_else(|Failure(text)| {
        eprintln!("jambyl109: {text}");
        failed
    })
}

fn load(cli: &Cli) -> Result<Config, ConfigErrors> {
    let named = cli.config.clone().or_else(|| std::env::var_os("JAMBYL_CONFIG").filter(|v| !v.is_empty()).map(PathBuf::from));
    crate::config::load(named.as_deref(), std::env::vars())
}

async fn dispatch(command: Command, config: Config) -> Done {
    match command {
        Command::Serve(a) => serve::run(&config, &a).await,
        Command::Demo(a) => demo::run(config, &a).await,
        Command::Migrate(a) => migrate::run(&config, &a).await,
        Command::Classify(a) => classify::run(&config, &a),
        Command::Evaluate(a) => evaluate::run(&config, &a),
        Command::Train(a) => train::run(&config, &a).await,
        Command::ImportCdr(a) => import_cdr::run(&config, a).await,
        Command::Report(a) => report::run(&config, &a).await,
        Command::Digest(a) => digest::run(&config, &a).await,
        Command::MailIn(a) => mail_in::run(&config, &a).await,
        Command::Replay(a) => replay::run(&config, &a).await,
        Command::VerifyJournal(a) => verify_journal::run(&config, &a).await,
        Command::Backup(a) => backup::run(&config, &a).await,
        Command::Restore(a) => restore::run(&config, &a).await,
        Command::Retention(a) => retention::run(&config, &a).await,
        Command::Resident(a) => resident::run(&config, a).await,
        Command::Recount(a) => recount::run(&config, &a).await,
        Command::User(a) => user::run(&config, a).await,
        Command::Sla(a) => sla::run(&config, a).await,
        Command::Duty(a) => duty::run(&config, a).await,
        Command::CheckConfig(a) => check_config::run(&config, &a).await,
        Command::Healthcheck(a) => healthcheck::run(&config, &a).await,
    }
}

fn log(config: &Config) -> Result<(), Failure> {
    let format = match config.log.format {
        crate::config::LogFormat::Text => crate::telemetry::LogFormat::Text,
        crate::config::LogFormat::Json => crate::telemetry::LogFormat::Json,
    };
    Ok(crate::telemetry::init(format, &config.log.level)?)
}

/// What commands other than `serve` stand on: the core without doors and workers.
async fn bare_core(config: &Config) -> Result<crate::dispatch::Core, Failure> {
    ConfigErrors::check(config.problems())?;
    let life = crate::lifecycle::Lifecycle::new();
    Ok(crate::app::core(config, &life, crate::clock::Clocks::system(), None).await?)
}
