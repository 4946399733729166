//! Reading the layers: each value is checked against the embedded defaults, so an error can name the key, the layer and the remedy.

use super::origin::{Layered, at, fill_patterns, leaves, nearest, put};
use super::sections::{CallFormat, Config, Deployment, LogFormat, MailDoor, MailTransport, PushTransport, SmsTransport, TelegramMode};
use super::{ConfigErrors, DEFAULT_TOML};
use std::collections::BTreeMap;
use std::path::Path;
use toml::{Table, Value};

const PREFIX: &str = "JAMBYL__";
const FILE_VAR: &str = "JAMBYL_CONFIG";

/// Reads all layers: defaults, then `explicit` or else the file that `JAMBYL_CONFIG` names, then `JAMBYL__SECTION__KEY`, then `..._FILE`.
///
/// Whether the values fit one another is another question: [`Config::problems`].
///
/// # Errors
/// Every unknown key, wrong kind of value and unreadable file, in words.
pub fn load(explicit: Option<&Path>, env: impl Iterator<Item = (String, String)>) -> Result<Config, ConfigErrors> {
    // Sorted, so that the same mistakes are always told in the same order.
    let env: BTreeMap<String, String> = env.filter(|(k, _)| k == FILE_VAR || k.starts_with(PREFIX)).collect();
    let defaults: Table = DEFAULT_TOML.parse().map_err(|e| ConfigErrors::one(format!("the built-in defaults cannot be read: {e}")))?;
    let mut problems = Vec::new();
    let mut sum = Layered { table: defaults.clone(), origins: BTreeMap::new() };
    let named = env.get(FILE_VAR).filter(|v| !v.is_empty());
    if let Some(path) = explicit.or_else(|| named.map(Path::new)) {
        file_layer(path, &defaults, &mut sum, &mut problems);
    }
    env_layer(&env, &defaults, &mut sum, &mut problems);
    fill_patterns(&mut sum.table);
    check_choices(&sum, &mut problems);
    ConfigErrors::check(problems)?;
    Value::Table(sum.table).try_into().map_err(|e| ConfigErrors::one(format!("the settings do not fit together: {e}")))
}

fn file_layer(path: &Path, defaults: &Table, sum: &mut Layered, problems: &mut Vec<String>) {
    let layer = format!("file {}", path.display());
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) => {
            problems.push(format!("{layer} cannot be read ({e}): give the path of a TOML file to --config or {FILE_VAR}"));
            return;
        }
    };
    let table: Table = match text.parse() {
        Ok(table) => table,
        Err(e) => {
            // Only the place and the reason: the line itself may hold a secret.
            let e: toml::de::Error = e;
            let line = e.span().and_then(|s| text.get(..s.start)).map_or(1, |before| before.matches('\n').count() + 1);
            problems.push(format!("{layer}, line {line}: not valid TOML: {}", e.message()));
            return;
        }
    };
    for (key, value) in leaves(&table) {
        // A file may also say what holds for every section of a kind.
        match at(defaults, &key).or_else(|| exact(defaults, &key)) {
            None => problems.push(unknown(&key, &layer, defaults)),
            // An empty section of a name of its own stands with what its pattern says.
            Some(Value::Table(_)) if value.as_table().is_some() => {
                if !has(&sum.table, &key) {
                    put(&mut sum.table, &key, value.clone());
                }
            }
            Some(known) => match fit(known, value) {
                Ok(()) => set(sum, &key, value.clone(), &layer),
                Err(wanted) => problems.push(format!("{layer}: '{key}' must be {wanted}")),
            },
        }
    }
}

fn env_layer(env: &BTreeMap<String, String>, defaults: &Table, sum: &mut Layered, problems: &mut Vec<String>) {
    let mut secrets = Vec::new();
    for (name, text) in env {
        let Some(key) = name.strip_prefix(PREFIX) else {
            continue;
        };
        let layer = format!("variable {name}");
        let key = key.replace("__", ".").to_lowercase();
        match at(defaults, &key) {
            Some(Value::Table(_)) => problems.push(format!("{layer} names a section, not a key: add __KEY to it")),
            Some(known) => match from_text(known, text) {
                Ok(value) => set(sum, &key, value, &layer),
                Err(wanted) => problems.push(format!("{layer}: '{key}' must be {wanted}")),
            },
            None => match key.strip_suffix("_file").filter(|k| matches!(at(defaults, k), Some(Value::String(_)))) {
                Some(secret) => secrets.push((secret.to_owned(), layer, text)),
                None => problems.push(unknown(&key, &layer, defaults)),
            },
        }
    }
    for (key, layer, path) in secrets {
        match std::fs::read_to_string(path) {
            Ok(text) => {
                let text = text.strip_suffix('\n').unwrap_or(&text);
                let text = text.strip_suffix('\r').unwrap_or(text);
                set(sum, &key, Value::String(text.to_owned()), &layer);
            }
            Err(e) => problems.push(format!("{layer}: the file '{path}' cannot be read ({e}): it should hold the value of '{key}'")),
        }
    }
}

/// Whether the very key stands, not only a pattern for it.
fn has(table: &Table, key: &str) -> bool {
    exact(table, key).is_some()
}

/// The value of the very key; a pattern is a key like any other here.
fn exact<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    match key.split_once('.') {
        None => table.get(key),
        Some((head, rest)) => exact(table.get(head)?.as_table()?, rest),
    }
}

fn set(sum: &mut Layered, key: &str, value: Value, layer: &str) {
    put(&mut sum.table, key, value);
    sum.origins.insert(key.to_owned(), layer.to_owned());
}

fn unknown(key: &str, layer: &str, defaults: &Table) -> String {
    let known = leaves(defaults);
    let hint = nearest(key, known.iter().map(|(k, _)| k.as_str()));
    match hint {
        Some(hint) => format!("{layer}: unknown key '{key}': did you mean '{hint}'?"),
        None => format!("{layer}: unknown key '{key}': config/default.toml lists all keys"),
    }
}

/// Whether a file's value is of the default's kind; else what was wanted.
fn fit(known: &Value, value: &Value) -> Result<(), &'static str> {
    let ok = match (known, value) {
        (Value::Integer(_), Value::Integer(n)) => u32::try_from(*n).is_ok(),
        (Value::Array(_), Value::Array(items)) => items.iter().all(Value::is_str),
        _ => known.same_type(value) && !known.is_integer(),
    };
    if ok { Ok(()) } else { Err(wanted(known)) }
}

/// A variable's text as a value of the default's kind. A token made of digits stays a text.
fn from_text(known: &Value, text: &str) -> Result<Value, &'static str> {
    match known {
        Value::Integer(_) => text.trim().parse::<u32>().map(|n| Value::Integer(n.into())).map_err(|_| wanted(known)),
        Value::Float(_) => text.trim().parse::<f64>().ok().filter(|n| n.is_finite()).map(Value::Float).ok_or(wanted(known)),
        Value::Boolean(_) => text.trim().parse().map(Value::Boolean).map_err(|_| wanted(known)),
        Value::Array(_) => {
            Ok(text.split(',').map(str::trim).filter(|s| !s.is_empty()).map(|s| Value::String(s.to_owned())).collect::<Vec<_>>().into())
        }
        _ => Ok(Value::String(text.to_owned())),
    }
}

fn wanted(known: &Value) -> &'static str {
    match known {
        Value::Integer(_) => "a whole number from 0 to 4294967295",
        Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Array(_) => "a list of texts",
        Value::Table(_) => "a section with keys",
        _ => "a text in quotes",
    }
}

fn check_choices(sum: &Layered, problems: &mut Vec<String>) {
    fn words<T: std::fmt::Display>(all: &[T]) -> Vec<String> {
        all.iter().map(ToString::to_string).collect()
    }
    for (key, choices) in [
        ("deployment", words(Deployment::ALL)),
        ("log.format", words(LogFormat::ALL)),
        ("channels.telegram.mode", words(TelegramMode::ALL)),
        ("channels.sms.transport", words(SmsTransport::ALL)),
        ("mail.transport", words(MailTransport::ALL)),
        ("mail.inbound.mode", words(MailDoor::ALL)),
        ("push.transport", words(PushTransport::ALL)),
    ] {
        let value = at(&sum.table, key).and_then(Value::as_str).unwrap_or_default();
        choose(sum, key, value, &choices, problems);
    }
    let doors = at(&sum.table, "calls.doors").and_then(Value::as_table);
    for (name, door) in doors.into_iter().flatten() {
        let value = door.get("format").and_then(Value::as_str).unwrap_or_default();
        choose(sum, &format!("calls.doors.{name}.format"), value, &words(CallFormat::ALL), problems);
    }
}

fn choose(sum: &Layered, key: &str, value: &str, choices: &[String], problems: &mut Vec<String>) {
    if !choices.iter().any(|c| c == value) {
        let layer = sum.origins.get(key).map_or("defaults", String::as_str);
        problems.push(format!("{layer}: '{key}' is '{value}': it must be one of {}", choices.join(", ")));
    }
}
