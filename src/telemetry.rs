//! Logs: set up once per process, written to standard error so that the answers of commands on standard output stay clean.

use std::sync::Mutex;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line, for collectors.
    Json,
}

impl std::str::FromStr for LogFormat {
    type Err = TelemetryError;
    fn from_str(s: &str) -> Result<Self, TelemetryError> {
        match s {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            other => Err(TelemetryError::Format(other.to_owned())),
        }
    }
}

/// What is wrong with the settings of the log.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error("'{0}' is not a log format: text or json is")]
    Format(String),
    #[error("'{0}' is not a log level: use error, warn, info, debug, trace, or a list such as info,jambyl109=debug")]
    Level(String),
    #[error("another part of the process has already taken the log")]
    Taken(#[source] tracing_subscriber::util::TryInitError),
}

/// Libraries that talk too much at the level of the service; a bare level does not wake them.
const QUIET: &str = "sqlx=warn,sea_orm=warn,sea_orm_migration=warn,actix_server=warn,hyper=warn,hyper_util=warn,reqwest=warn,rustls=warn";

/// From now on a panic is told by its place, and by its words only where they are our own: what goes wrong with a text repeats the text.
pub fn quiet_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(|| "somewhere".to_owned(), ToString::to_string);
        tracing::error!(place, said = own_words(info.payload()), "the program panicked");
    }));
}

fn own_words(payload: &(dyn std::any::Any + Send)) -> &'static str {
    payload.downcast_ref::<&'static str>().copied().unwrap_or("words that were put together: they may hold what a person wrote")
}

static STARTED: Mutex<bool> = Mutex::new(false);

/// Turns the log on. `level` is a bare level, which leaves chatty libraries at `warn`, or a full list of directives, taken as it is.
/// A second call checks its arguments and changes nothing, so every test may call it.
///
/// # Errors
/// [`TelemetryError`] when the level cannot be read or something else took the log before.
pub fn init(format: LogFormat, level: &str) -> Result<(), TelemetryError> {
    let filter = filter(level)?;
    let mut started = STARTED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if *started {
        return Ok(());
    }
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let ready = match format {
        LogFormat::Text => builder.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).finish().try_init(),
        LogFormat::Json => builder.json().flatten_event(true).finish().try_init(),
    };
    ready.map_err(TelemetryError::Taken)?;
    *started = true;
    Ok(())
}

fn filter(level: &str) -> Result<EnvFilter, TelemetryError> {
    let level = level.trim();
    let bare = ["error", "warn", "info", "debug", "trace", "off"].iter().any(|word| level.eq_ignore_ascii_case(word));
    let directives = if bare { format!("{level},{QUIET}") } else { level.to_owned() };
    // Without this check a misspelt level would be read as the name of a module and silence everything.
    let known = bare || level.contains('=');
    EnvFilter::try_new(directives).ok().filter(|_| known).ok_or_else(|| TelemetryError::Level(level.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_repeats_nobodys_words() {
        assert_eq!(own_words(&"a lock is poisoned"), "a lock is poisoned");
        let sliced: Box<dyn std::any::Any + Send> = Box::new("byte index 3 is not a char boundary; it is inside 'ж' of `су жоқ`".to_owned());
        assert!(!own_words(&*sliced).contains("жоқ"));
    }

    #[test]
    fn a_second_start_changes_nothing() {
        init(LogFormat::Text, "warn").unwrap();
        init(LogFormat::Json, "debug").unwrap();
    }

    #[test]
    fn levels_and_lists_are_read_and_nonsense_is_refused() {
        for good in ["info", " WARN ", "off", "info,jambyl109=debug", "jambyl109::bus=trace"] {
            assert!(filter(good).is_ok(), "{good}");
        }
        for bad in ["", "loud", "info,jambyl109=loud", "jambyl109=="] {
            assert!(matches!(filter(bad), Err(TelemetryError::Level(..))), "{bad}");
        }
    }

    #[test]
    fn a_bare_level_does_not_wake_chatty_libraries() {
        let text = filter("debug").unwrap().to_string();
        assert!(text.contains("sqlx=warn") && text.contains("debug"), "{text}");
        assert!(!filter("debug,sqlx=info").unwrap().to_string().contains("sqlx=warn"));
    }

    #[test]
    fn formats_have_names() {
        assert_eq!("json".parse::<LogFormat>().unwrap(), LogFormat::Json);
        assert_eq!("text".parse::<LogFormat>().unwrap(), LogFormat::Text);
        assert!("xml".parse::<LogFormat>().is_err());
    }
}
